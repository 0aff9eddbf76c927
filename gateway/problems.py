"""Errors as problem documents (RFC 9457): what went wrong and what to do, never a traceback."""

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.timeline import WhyUntold
from gateway.tickets import (
    CommandDiffers,
    CommandRefused,
    DeskError,
    DeskUnavailable,
    OpeningDiffers,
    TicketClosed,
    TicketEnded,
    TicketExists,
    TicketUnknown,
    TimelineUntold,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
_TYPE = "urn:tierline:problem:"


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where, as a JSON pointer into the body, or a header or parameter.")
    message: str


class ProblemDocument(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="A stable name of this kind of error.", examples=[f"{_TYPE}unknown-ticket"])
    title: str = Field(examples=["Unknown ticket"])
    status: int = Field(examples=[404])
    detail: str | None = Field(None, examples=["There is no ticket T-9; check the number."])
    instance: str | None = Field(None, examples=["/api/v1/tickets/T-9"])
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A request that cannot be met. ``kind`` is the error's stable name in kebab case."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str | None = None,
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


def problem_of(error: DeskError) -> Problem:
    """The problem that tells of this failure."""
    detail = str(error)
    match error:
        case TicketUnknown():
            return Problem(404, "unknown-ticket", "Unknown ticket", detail)
        case TicketClosed():
            return Problem(409, "ticket-closed", "Ticket closed", detail)
        case TicketEnded():
            return Problem(410, "ticket-ended", "Ticket ended before its time", detail)
        case TicketExists():
            return Problem(409, "ticket-exists", "Ticket exists", detail)
        case OpeningDiffers() | CommandDiffers():
            return Problem(422, "idempotency-key-reused", "Idempotency-Key used before", detail)
        case TimelineUntold():
            status, kind, title = _UNTOLD[error.why]
            return Problem(status, kind, title, detail)
        case CommandRefused():
            return Problem(409, "refused", "Not possible now", detail)
        case DeskUnavailable():
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return Problem(503, "unavailable", "Not available now", detail, headers=headers)
        case _:
            return Problem(500, "internal", "Internal error")


def respond(request: Request, problem: Problem) -> Response:
    """The problem as an HTTP response."""
    document = ProblemDocument(
        type=_TYPE + problem.kind,
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=_instance(request),
        errors=problem.errors,
    )
    # ASCII only: names of fields come from the caller and may hold what UTF-8 cannot write.
    content = json.dumps(document.model_dump(exclude_none=True), ensure_ascii=True)
    return Response(content, problem.status, media_type=MEDIA_TYPE, headers=problem.headers)


def install(app: FastAPI) -> None:
    """Make every foreseen error of this app a problem document; ``gateway.unexpected`` answers the others."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return respond(request, error)

    async def on_desk_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, DeskError)
        return respond(request, problem_of(error))

    async def on_validation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [FieldError(field=_pointer(found), message=str(found["msg"])) for found in error.errors()[:50]]
        return respond(
            request,
            Problem(422, "invalid", "The request is not valid", "Correct the fields named in errors.", errors=errors),
        )

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title, kind, detail = _HTTP_PROBLEMS.get(error.status_code, ("Request refused", "refused-request", None))
        headers = dict(error.headers or {})
        return respond(request, Problem(error.status_code, kind, title, detail, headers=headers))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(DeskError, on_desk_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_error)


def route_of(scope: Any) -> str:
    """The route's pattern, which unlike the path holds no secret and no number of a ticket."""
    route = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    return path if isinstance(path, str) else "unmatched"


_UNTOLD = {
    WhyUntold.IN_THE_FUTURE: (422, "as-of-in-the-future", "Not yet"),
    WhyUntold.BEFORE_OPENING: (404, "as-of-before-opening", "Not there yet"),
    WhyUntold.NOT_CARRIED: (410, "as-of-not-carried", "Too long ago"),
}
_HTTP_PROBLEMS: dict[int, tuple[str, str, str | None]] = {
    400: ("The body cannot be read", "unreadable-body", "Send JSON in UTF-8."),
    404: ("Not found", "not-found", None),
    405: ("Method not allowed", "method-not-allowed", None),
    413: ("The body is too large", "body-too-large", None),
    415: ("Unsupported media type", "unsupported-media-type", None),
}


def _pointer(found: Any) -> str:
    where, *rest = [str(step) for step in found["loc"]] or [""]
    if where == "body":
        return "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in rest)
    return " ".join([where, *rest])


def _instance(request: Request) -> str | None:
    # A vendor's address holds a token; it is not repeated.
    path = request.url.path
    return path if path.startswith("/api/") and path.isascii() else None
