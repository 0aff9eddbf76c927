"""Characters that are no text, in the bodies of the REST API: refused, so that the caller can mend its data."""

import json
from collections.abc import Iterator

from fastapi import Request

from domain.clean_text import clean_line, unwritable
from gateway.problems import FieldError, Problem

_MOST_ERRORS = 50


async def refuse_unwritable(request: Request) -> None:
    """Look through a JSON body; one that is no JSON is left to whoever reads it.

    Raises:
        Problem: 422, some text has a control character or half a surrogate pair; the fields are named.
    """
    try:
        body = json.loads(await request.body() or b"null")
    except (ValueError, RecursionError):
        return
    errors = [
        FieldError(field=pointer, message=f"The text has the character {found}, which is no text: leave it out.")
        for pointer, found in _found(body)
    ]
    if errors:
        detail = "Correct the fields named in errors."
        raise Problem(422, "invalid", "The request is not valid", detail, errors=errors[:_MOST_ERRORS])


def _found(body: object) -> Iterator[tuple[str, str]]:
    """Where there is such a character, as a JSON pointer, and which."""
    waiting = [("", body)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{pointer}/{_step(name)}", each) for name, each in reversed(value.items())]
            yield from (
                (f"{pointer}/{_step(name)}", found) for name in value if (found := unwritable(name)) is not None
            )
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{place}", each) for place, each in reversed(list(enumerate(value)))]
        elif isinstance(value, str) and (found := unwritable(value)) is not None:
            yield pointer, found


def _step(name: str) -> str:
    return clean_line(name).replace("~", "~0").replace("/", "~1")
