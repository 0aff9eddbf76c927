"""Reads the arguments of a Web API call as Slack does: from a form, from JSON or from the query string."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from sandbox.slack.errors import SlackError


class Arguments:
    """The named arguments of one call. Forms carry lists and objects as JSON text; both spellings are read."""

    def __init__(self, values: dict[str, Any], *, missing_charset: bool = False) -> None:
        self._values = values
        self.missing_charset = missing_charset
        """Whether the body was JSON without a charset, which Slack answers with a warning."""

    def given(self, name: str) -> bool:
        """Whether the caller sent it, with whatever value."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str | None:
        """A string; None when it was not sent."""
        value = self._values.get(name)
        return None if value is None else value if isinstance(value, str) else str(value)

    def required(self, name: str) -> str:
        """A string that must be there.

        Raises:
            SlackError: ``invalid_arguments``, naming the field.
        """
        value = self.text(name)
        if not value:
            raise SlackError("invalid_arguments", f"missing required field: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value: JSON's own, or ``1``, ``true`` in a form."""
        value = self._values.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            SlackError: ``invalid_arguments``.
        """
        value = self.text(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except ValueError:
            raise SlackError("invalid_arguments", f"must be an integer: {name}") from None

    def names(self, name: str) -> list[str]:
        """A list of ids: separated by commas, or a JSON list."""
        value = self._values.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return [str(item) for item in value]
        return [part.strip() for part in str(value).split(",") if part.strip()]

    def structure(self, name: str, refusal: str) -> Any:
        """A list or an object; None when it was not sent.

        Raises:
            SlackError: `refusal`, when it is text that is no JSON.
        """
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(refusal) from None


async def read_arguments(request: Request) -> Arguments:
    """The arguments in the body and the query string of one call.

    Raises:
        SlackError: ``invalid_json`` or ``json_not_object``.
    """
    values: dict[str, Any] = dict(request.query_params)
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    missing_charset = False
    if kind == "application/json":
        values |= _json_object(await request.body())
        missing_charset = "charset" not in content_type.lower()
    elif kind == "multipart/form-data":
        values |= _form_texts(await request.form())
    else:
        values |= dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    return Arguments(values, missing_charset=missing_charset)


def _json_object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def _form_texts(form: FormData) -> dict[str, Any]:
    return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
