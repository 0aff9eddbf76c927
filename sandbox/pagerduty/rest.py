"""What every path of the local PagerDuty's REST API shares: its key, its limits, its errors, its parameters, its pages."""

import json
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from secrets import compare_digest
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from sandbox.pagerduty.account import Named, User
from sandbox.pagerduty.account_shapes import AccountShapes
from sandbox.pagerduty.changes import IncidentError
from sandbox.pagerduty.limits import Allowance
from sandbox.pagerduty.state import PagerDutyState

Json = dict[str, Any]

# The numbers and words of PagerDuty's own list of error codes.
_INVALID = (2001, "Invalid Input Provided")
_ARGUMENTS = (2002, "Arguments Caused Error")


class PagerDutyError(Exception):
    """A refusal in PagerDuty's words."""

    def __init__(self, status: int, code: int, message: str, errors: Sequence[str] = ()) -> None:
        super().__init__(status, message)
        self.status = status
        error: Json = {"message": message, "code": code}
        if errors:
            error["errors"] = list(errors)
        self.body: Json = {"error": error}


def invalid(*errors: str) -> PagerDutyError:
    """The refusal of what was sent."""
    return PagerDutyError(400, _INVALID[0], _INVALID[1], errors)


class Route(APIRoute):
    """Turns refusals into PagerDuty's JSON and adds the headers that every answer has."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler that FastAPI calls."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except PagerDutyError as error:
                response = JSONResponse(error.body, error.status)
            except IncidentError as error:
                body = PagerDutyError(400, _ARGUMENTS[0], _ARGUMENTS[1], [str(error)]).body
                response = JSONResponse(body, 400)
            allowance: Allowance | None = getattr(request.state, "allowance", None)
            response.headers.update(allowance.headers() if allowance else {})
            return response

        return answer


def counting(state: PagerDutyState) -> Callable[[Request], Coroutine[Any, Any, None]]:
    """A dependency that counts each call against its key's limit, and refuses what is above it."""

    async def count(request: Request) -> None:
        request.state.allowance = state.limits.rest(request.headers.get("authorization", ""))
        if not request.state.allowance.allowed:
            raise PagerDutyError(429, 2020, "Rate Limit Exceeded")

    return count


class Part:
    """One group of paths over the same state."""

    def __init__(self, state: PagerDutyState) -> None:
        self.state = state
        self.shapes = AccountShapes(state)

    def authenticate(self, request: Request) -> None:
        """Refuse a caller without the account's key."""
        expected = f"Token token={self.state.credentials.pagerduty_api_key.get_secret_value()}"
        if not compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
            raise PagerDutyError(401, 2006, "Unauthorized")

    def requester(self, request: Request) -> User:
        """The user in whose name the caller writes, from the ``From`` header."""
        self.authenticate(request)
        address = request.headers.get("from")
        if not address:
            raise PagerDutyError(
                400, 2016, 'You must specify a user\'s email address in the "From" header to perform this action'
            )
        if "@" not in address:
            raise PagerDutyError(400, 1028, 'Malformed "From" header')
        user = next((user for user in self.state.users if user.email == address.lower()), None)
        if user is None:
            raise PagerDutyError(400, 1008, "Requester User Not Found")
        return user

    def user(self, reference: Any, what: str) -> User:
        """The user that a reference in what was sent names."""
        id_ = reference.get("id") if isinstance(reference, dict) else None
        for user in self.state.users:
            if user.id == id_:
                return user
        raise invalid(f"{what} not found")

    @staticmethod
    async def content(request: Request) -> Json:
        """The JSON object that was sent; without one, an empty object."""
        try:
            content = json.loads(await request.body())
        except ValueError:
            content = None
        return content if isinstance(content, dict) else {}

    async def body(self, request: Request, name: str) -> Any:
        """The member of the sent JSON that holds the resource."""
        content = await self.content(request)
        if name not in content:
            raise invalid(f"{name.replace('_', ' ').capitalize()} cannot be empty")
        return content[name]

    def page(self, request: Request, name: str, items: Sequence[Json]) -> Json:
        """One page of a list, in PagerDuty's classic pagination."""
        query = request.query_params
        limit, offset = whole(query.get("limit"), 25), whole(query.get("offset"), 0)
        if limit > 100:
            limit = 100
        return {
            name: list(items[offset : offset + limit]),
            "limit": limit,
            "offset": offset,
            "total": len(items) if query.get("total") == "true" else None,
            "more": offset + limit < len(items),
        }


def whole(text: str | None, otherwise: int) -> int:
    """A parameter's whole number, or another where it is none."""
    return int(text) if text is not None and text.isdigit() else otherwise


def listed(request: Request, name: str) -> list[str]:
    """A parameter that may be given several times."""
    return [*request.query_params.getlist(f"{name}[]"), *request.query_params.getlist(name)]


def moment(text: str | None, name: str) -> datetime | None:
    """A parameter's instant; without an offset it is UTC."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise PagerDutyError(400, 2004, f"Invalid '{name}' Parameter Value") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def named(known: Sequence[Named], reference: Any, what: str) -> Named:
    """What a reference in what was sent names."""
    id_ = reference.get("id") if isinstance(reference, dict) else None
    for item in known:
        if item.id == id_:
            return item
    raise invalid(f"{what} not found")
