"""The vendors' own OpenAPI descriptions, to hold HTTP exchanges against: what our clients send and what the sandbox answers.

An exchange is recorded on the sandbox's side (`RecordingMiddleware`) and given to the contract that covers its path:

    sandbox.app.add_middleware(RecordingMiddleware, exchanges=exchanges)
    ...
    for exchange in exchanges:
        validate_request(exchange)
        validate_response(exchange)

Where a vendor's description is narrower than what the vendor really sends, it is corrected here, each time with the reason.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathNotFound, ServerNotFound
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from werkzeug.datastructures import MultiDict

from tests.shared import shared_dir

Json = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """One request to the sandbox and its answer, as they went over the wire."""

    method: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: bytes
    status: int
    response_headers: dict[str, str]
    response_body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''} -> {self.status}"


class RecordingMiddleware:
    """Keeps every exchange of an ASGI application."""

    def __init__(self, app: ASGIApp, exchanges: list[Exchange]) -> None:
        self._app = app
        self._exchanges = exchanges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Whole, before anything is answered: a refusal may come without a look at the body.
        waiting = await _request(receive)
        sent = b"".join(message.get("body", b"") for message in waiting)
        answered, start = bytearray(), dict[str, Any]()

        async def listen() -> Message:
            return waiting.pop(0) if waiting else await receive()

        async def speak(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            answered.extend(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, listen, speak)
        finally:
            if start:
                exchange = Exchange(
                    method=scope["method"],
                    path=scope["path"],
                    query=scope["query_string"].decode(),
                    request_headers=_headers(scope["headers"]),
                    request_body=sent,
                    status=start["status"],
                    response_headers=_headers(start["headers"]),
                    response_body=bytes(answered),
                )
                self._exchanges.append(exchange)


async def _request(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in raw}


class ContractViolation(AssertionError):
    """An exchange does not keep to the vendor's description."""


class NotCovered(AssertionError):
    """The vendor's description, as far as we have it, does not know this path and method."""


@dataclass(frozen=True)
class Contract:
    """One vendor's description and where the sandbox serves it."""

    prefix: str
    """What the sandbox puts before the vendor's paths."""
    host: str
    """The vendor's own host: the description knows its paths below this one."""
    file: tuple[str, ...]
    correct: Callable[[Json], None]

    def request(self, exchange: Exchange) -> MockRequest:
        """The request as if it had gone to the vendor."""
        content_type = exchange.request_headers.get("content-type", "application/json")
        return MockRequest(
            host_url=self.host,
            method=exchange.method.lower(),
            # Version 2 and Data Center have no description of their own here: what they share with version 3 is held against that.
            path=exchange.path.removeprefix(self.prefix).replace("/rest/api/2/", "/rest/api/3/"),
            args=MultiDict(parse_qsl(exchange.query, keep_blank_values=True)),
            headers=exchange.request_headers,
            data=exchange.request_body or None,
            content_type=content_type,
        )


def validate_request(exchange: Exchange) -> None:
    """Hold what was sent against the vendor's description.

    Raises:
        ContractViolation: it does not keep to it; the text says where.
        NotCovered: the description does not know the path.
    """
    contract = _contract(exchange)
    try:
        _description(contract).validate_request(contract.request(exchange))
    except (PathNotFound, ServerNotFound) as error:
        raise NotCovered(f"{exchange}: {error}") from None
    except OpenAPIError as error:
        raise ContractViolation(_told(exchange, "request", error)) from None


def validate_response(exchange: Exchange) -> None:
    """Hold what was answered against the vendor's description.

    Raises:
        ContractViolation: it does not keep to it; the text says where.
        NotCovered: the description does not know the path.
    """
    contract = _contract(exchange)
    response = MockResponse(
        data=exchange.response_body,
        status_code=exchange.status,
        headers=exchange.response_headers,
        content_type=exchange.response_headers.get("content-type", "application/json"),
    )
    try:
        _description(contract).validate_response(contract.request(exchange), response)
    except (PathNotFound, ServerNotFound) as error:
        raise NotCovered(f"{exchange}: {error}") from None
    except OpenAPIError as error:
        raise ContractViolation(_told(exchange, "response", error)) from None


def violations(exchanges: Iterable[Exchange]) -> list[str]:
    """What the answers of these exchanges break; paths that no description knows are passed over."""
    found = []
    for exchange in exchanges:
        try:
            validate_response(exchange)
        except NotCovered:
            continue
        except ContractViolation as violation:
            found.append(str(violation))
    return found


def available() -> bool:
    """Whether the descriptions are there; without them nothing can be held against anything."""
    try:
        shared_dir("contracts")
    except pytest.skip.Exception:
        return False
    return True


def _contract(exchange: Exchange) -> Contract:
    for contract in CONTRACTS:
        if exchange.path.startswith(contract.prefix + "/"):
            return contract
    raise NotCovered(f"{exchange}: no vendor's path")


@cache
def _description(contract: Contract) -> OpenAPI:
    document = json.loads(shared_dir("contracts", *contract.file).read_text())
    contract.correct(document)
    return OpenAPI.from_dict(document)


def _told(exchange: Exchange, part: str, error: BaseException) -> str:
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, InvalidSchemaValue):
            lines += [line for schema_error in cause.schema_errors for line in _leaves(schema_error)]
        cause = cause.__cause__
    return "\n  ".join([f"{exchange}: {part}: {type(error).__name__}", *(lines or [str(error)])])


def _leaves(error: Any, indent: str = "") -> Iterable[str]:
    """What is wrong by a validation error of jsonschema, and below an ``anyOf`` what was wrong with each choice."""
    where = "/".join(map(str, error.absolute_path)) or "the whole"
    message = error.message if len(error.message) <= 200 else error.message[:100] + " ... " + error.message[-100:]
    yield f"{indent}{where}: {message}"
    for inner in error.context or ():
        yield from _leaves(inner, indent + "  ")


def _objects(node: Any) -> Iterable[Json]:
    """Every JSON object within a document, outermost first."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(child)


def _operations(document: Json) -> Iterable[Json]:
    for path in document["paths"].values():
        yield from (value for key, value in path.items() if key in ("get", "post", "put", "patch", "delete"))


def _allow_null(schema: Json, *names: str) -> None:
    for name in names:
        schema["properties"][name] = {"anyOf": [schema["properties"][name], {"nullable": True, "enum": [None]}]}


def _correct_jira(document: Json) -> None:
    for node in _objects(document):
        # Jira writes offsets without a colon (2026-01-31T12:00:00.000+0000), which is no RFC 3339 date-time; its own
        # examples and the recorded webhooks have this form.
        if node.get("format") == "date-time":
            del node["format"]
    for operation in _operations(document):
        for response in operation["responses"].values():
            # A JSON body of no shape at all is described where in truth there is none: 204, and a property set.
            if response.get("content", {}).get("application/json", {}).get("schema") == {}:
                del response["content"]
    # A form is no list: its files are parts called file, as the path's own description says.
    form = {"type": "object", "required": ["file"], "properties": {"file": {}}}
    files = document["paths"]["/rest/api/3/issue/{issueIdOrKey}/attachments"]["post"]
    files["requestBody"]["content"]["multipart/form-data"]["schema"] = form
    # One side of a change is null where nothing was, or is, as in every recorded changelog.
    _allow_null(document["components"]["schemas"]["ChangeDetails"], "from", "fromString", "to", "toString")


def _correct_github(document: Json) -> None:
    for node in _objects(document):
        # OpenAPI 3.0 wants null among the values of a nullable enum; GitHub's description leaves it out of
        # state_reason, which is null on every issue that was never closed.
        if node.get("nullable") and "enum" in node and None not in node["enum"]:
            node["enum"].append(None)
    # Every path refuses wrong credentials with 401; few of the lists of answers say so.
    for operation in _operations(document):
        error = {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}
        operation["responses"].setdefault("401", {"description": "Requires authentication", "content": error})
        # And what the token's or App's rights do not allow with 403, and what they do not let us see with 404.
        operation["responses"].setdefault("403", {"description": "Forbidden", "content": error})
        operation["responses"].setdefault("404", {"description": "Not found", "content": error})
    # Every GET knows conditional requests; few of the lists of answers say so.
    # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
    for path in document["paths"].values():
        if "get" in path:
            path["get"]["responses"].setdefault("304", {"description": "Not modified"})
    _add_assignee_check(document)
    # An issue without a text has a null body, in a search as anywhere else.
    _allow_null(document["components"]["schemas"]["issue-search-result-item"], "body")
    # The account of an installation is a user or an enterprise, described as both at once.
    installation = document["paths"]["/app/installations"]["get"]["responses"]["200"]["content"]["application/json"]
    account = installation["schema"]["items"]["properties"]["account"]["anyOf"][0]
    account["anyOf"] = account.pop("allOf")


def _add_assignee_check(document: Json) -> None:
    """The slice lacks the path that tells whether somebody can be assigned.

    https://docs.github.com/en/rest/issues/assignees#check-if-a-user-can-be-assigned
    """
    lists = document["paths"]["/repos/{owner}/{repo}/assignees"]["get"]
    owner_and_repo = [one for one in lists["parameters"] if one.get("$ref", "").endswith(("/owner", "/repo"))]
    assignee = {"name": "assignee", "in": "path", "required": True, "schema": {"type": "string"}}
    document["paths"]["/repos/{owner}/{repo}/assignees/{assignee}"] = {
        "get": {
            "parameters": [*owner_and_repo, assignee],
            "responses": {"204": {"description": "Can be assigned"}, "404": lists["responses"]["404"]},
        }
    }


def _correct_pagerduty(document: Json) -> None:
    schemas = document["components"]["schemas"]
    # What these say of themselves ("null if the incident is not resolved") their types do not.
    _allow_null(
        schemas["Incident"]["allOf"][1],
        "resolved_at",
        "alert_grouping",
        "resolve_reason",
        "conference_bridge",
        "priority",
    )
    _allow_null(schemas["Service"]["allOf"][1], "auto_resolve_timeout", "last_incident_timestamp", "support_hours")
    _allow_null(schemas["User"]["allOf"][1], "job_title")
    # One who is named in the policy is on call without a schedule and without end.
    _allow_null(schemas["Oncall"], "schedule", "start", "end")
    # The kinds of a log entry's channel are meant to exclude one another, but nothing in them does.
    schemas["LogEntry"]["allOf"][1]["properties"]["channel"] = {"type": "object"}
    # The entry's own list of types has acknowledge_log_entry, which is what PagerDuty sends.
    schemas["AcknowledgeLogEntry"]["allOf"][1]["properties"]["type"]["enum"].append("acknowledge_log_entry")
    # Every path refuses a wrong key with 401 and wrong arguments with 400; these two lists of answers lack one each.
    paths = document["paths"]
    paths["/users/me"]["get"]["responses"].setdefault("401", {"$ref": "#/components/responses/Unauthorized"})
    paths["/incidents/{id}"]["put"]["responses"].setdefault("400", {"$ref": "#/components/responses/ArgumentError"})


def _correct_pagerduty_events(_document: Json) -> None:
    pass


CONTRACTS = (
    Contract("/jira-dc", "https://your-domain.atlassian.net", ("jira", "platform-v3.slice.json"), _correct_jira),
    Contract("/jira", "https://your-domain.atlassian.net", ("jira", "platform-v3.slice.json"), _correct_jira),
    # An Enterprise Server's face of the same interface.
    Contract("/github/api/v3", "https://api.github.com", ("github", "rest.slice.json"), _correct_github),
    Contract("/github", "https://api.github.com", ("github", "rest.slice.json"), _correct_github),
    Contract("/pagerduty", "https://api.pagerduty.com", ("pagerduty", "rest-v2.slice.json"), _correct_pagerduty),
    Contract(
        "/pagerduty-events",
        "https://events.pagerduty.com",
        ("pagerduty", "events-v2.openapiv3.json"),
        _correct_pagerduty_events,
    ),
)
