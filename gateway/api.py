"""The REST API: tickets, and what can be asked of them. Errors are problem documents (RFC 9457)."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import Field

from domain.clean_text import ONE_LINE
from domain.frozen import Frozen
from domain.instants import Instant
from domain.mail_address import MailAddress
from domain.messages import (
    Accept,
    AttachFile,
    Cancel,
    Command,
    CommandResult,
    CommentIssue,
    CustomerMessage,
    Escalate,
    HandOver,
    LinkIssue,
    Merge,
    Note,
    Opening,
    OpenNewIssue,
    OpenTicket,
    Reopen,
    Reply,
    Resolve,
    Return,
    SetPriority,
    SetRequestKind,
    SetWorkaround,
    Snooze,
    Split,
    Text,
    TicketId,
    Wait,
)
from domain.messages import Request as TicketRequest
from domain.people import Actor, ActorKind, Customer, Role
from domain.texts import GivenKey, GivenName
from domain.timeline import TicketTimeline
from domain.views import TicketView
from gateway import api_examples as examples
from gateway.access import OPENERS, READERS, caller_of, may, named, verb
from gateway.gateway import gateway_of
from gateway.payloads import digest
from gateway.problems import Problem, ProblemDocument
from gateway.ticket_numbers import ticket_number
from gateway.tickets import DeskUnavailable
from gateway.unwritable import refuse_unwritable

logger = logging.getLogger("tierline.gateway")

_bearer = HTTPBearer(auto_error=False, description="A token of TIERLINE_GATEWAY__API_TOKENS.")


class _Authenticated(APIRoute):
    """A route that looks at nothing of a request before it knows who sends it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticate(request: Request) -> Response:
            caller = caller_of(request.headers.get("authorization"), gateway_of(request).api_tokens)
            if caller is None:
                detail = "Send a token that the operator gave you: Authorization: Bearer …"
                challenge = {"WWW-Authenticate": 'Bearer realm="tierline"'}
                raise Problem(401, "not-authenticated", "Not authenticated", detail, headers=challenge)
            request.state.caller = caller
            await refuse_unwritable(request)
            return await handle(request)

        return authenticate


def _caller(request: Request) -> Actor:
    caller: Actor = request.state.caller
    return caller


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    documented: dict[int | str, dict[str, Any]] = {}
    for status in (401, 403, 413, 422, 503, *statuses):
        documented |= _problem(status, examples.PROBLEMS[status])
    return documented


def _problem(status: int, example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "model": ProblemDocument,
            "description": example["title"],
            "content": {"application/problem+json": {"example": example}},
        }
    }


def _command_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return _problems(400, *statuses)


_ENDED = _problem(410, examples.TICKET_ENDED)
"""Of everything that only a ticket whose workflow lives, or came to its own end, can answer."""


router = APIRouter(
    prefix="/api/v1/tickets", tags=["Tickets"], route_class=_Authenticated, dependencies=[Depends(_bearer)]
)

Caller = Annotated[Actor, Depends(_caller)]
Id = Annotated[TicketId, Path(description="The ticket's id.", examples=["T-1042"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Send a request again with the same key, and it is done once.",
        examples=["4b2c8a52-6f0e-4bb2-9f4b-2a7d3f4c1e10"],
    ),
]


AsOf = Annotated[
    Instant | None,
    Query(
        description="A past instant (RFC 3339, with its offset; write + as %2B), from the ticket's opening on; now if left out.",
        examples=["2026-11-20T12:00:00Z"],
    ),
]


class NewCustomer(Customer):
    """Who has the problem."""

    id: GivenKey
    name: GivenName
    email: Annotated[
        MailAddress | None,
        Field(description="Where Tierline writes to; without one you tell the customer yourself."),
    ] = None
    plan: GivenName | None = None


class NewTicket(Opening):
    """A customer's ticket."""

    ticket_id: Annotated[TicketId | None, Field(description="Your own number; a free one is given if left out.")] = None
    customer: NewCustomer
    channel: Annotated[str, Field(min_length=1, max_length=50), ONE_LINE] = "api"


class CustomerName(Frozen):
    """The customer's person who wrote."""

    name: Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]


class FromCustomer(Frozen):
    """What the customer wrote."""

    text: Text
    by: CustomerName | None = None


@router.post(
    "",
    summary="Open a ticket",
    status_code=201,
    response_model=TicketView,
    responses={
        200: {"model": TicketView, "description": "An earlier request with this key opened it."},
        **_command_problems(409),
    },
)
async def open_ticket(
    request: Request,
    response: Response,
    body: Annotated[NewTicket, Body(openapi_examples=examples.NEW_TICKET)],
    caller: Caller,
    idempotency_key: IdempotencyKey = None,
) -> TicketView:
    """Starts the ticket's workflow; its clocks run from now on."""
    _require(caller, OPENERS, "open a ticket")
    key = f"{caller.id}\n{idempotency_key}" if idempotency_key is not None else None
    fields = body.model_dump(exclude={"ticket_id"})
    opening = OpenTicket(ticket_id=body.ticket_id or ticket_number(key), opened_by=caller, **fields)
    opened = await gateway_of(request).desk.open(opening, idempotency_key=key)
    response.headers["Location"] = f"/api/v1/tickets/{opened.view.id}"
    response.status_code = 201 if opened.created else 200
    return opened.view


@router.get("/{ticket_id}", summary="Read a ticket", response_model=TicketView, responses=_problems(404) | _ENDED)
async def read_ticket(request: Request, ticket_id: Id, caller: Caller) -> TicketView:
    """The ticket as it stands.

    410 (`ticket-ended`) says that its workflow was terminated, failed, timed out or was canceled, and when: an operator can reopen it.
    """
    _require(caller, READERS, "read tickets")
    return await gateway_of(request).desk.view(ticket_id)


@router.get(
    "/{ticket_id}/timeline",
    summary="Read a ticket's timeline, also as of a past instant",
    response_model=TicketTimeline,
    responses=_problems(404, 410),
)
async def read_timeline(request: Request, ticket_id: Id, caller: Caller, as_of: AsOf = None) -> TicketTimeline:
    """What happened, in words; whose every second was; and the clocks, each with the policy version that it ran under then.

    It is told from what the ticket itself carries: its newest 1,000 entries (at most 250,000 bytes), 400 stays with an owner and 60
    changes of each clock. An instant before the oldest of these is refused with 410; the workflow's history in Temporal has it. So is one after
    the end of a workflow that was terminated, failed, timed out or was canceled. Spans divide a
    tier's time into its own and closed hours by the tier's calendar in force then. What the ticket itself was then besides (its title,
    issues and pages) is not told.
    """
    _require(caller, READERS, "read tickets")
    return await gateway_of(request).desk.timeline(ticket_id, as_of)


class Door:
    """Brings a command of a caller to its ticket."""

    def __init__(
        self,
        request: Request,
        response: Response,
        ticket_id: Id,
        caller: Caller,
        idempotency_key: IdempotencyKey = None,
    ) -> None:
        self._gateway = gateway_of(request)
        self._response = response
        self._ticket_id = ticket_id
        self._caller = caller
        self._key = idempotency_key or secrets.token_hex(16)

    async def execute(self, wanted: TicketRequest, *, by: Actor | None = None) -> CommandResult:
        """Have it carried out, and wait for what comes of it."""
        _require(self._caller, self._gateway.policy.allowed(wanted.do), verb(wanted.do))
        self._response.headers["Idempotency-Key"] = self._key.encode("ascii", "replace").decode()
        command_id = f"api/{digest(self._caller.id, wanted.do, self._key)}"
        actor = by or self._caller
        asked = digest(actor.name, wanted.model_dump_json(exclude_defaults=True))
        command = Command(id=command_id, by=actor, request=wanted, fingerprint=asked)
        try:
            async with asyncio.timeout(self._gateway.api_patience):
                result = await self._gateway.desk.execute(self._ticket_id, command)
        except TimeoutError:
            raise DeskUnavailable from None
        if not result.accepted:
            raise Problem(409, "refused", "Not possible now", result.message)
        return result


AtDoor = Annotated[Door, Depends()]
_COMMAND: dict[str, Any] = {"response_model": CommandResult, "responses": _command_problems(404, 409) | _ENDED}


@router.post("/{ticket_id}/accept", summary="Take the ticket", **_COMMAND)
async def accept(
    door: AtDoor, body: Annotated[Accept | None, Body(openapi_examples=examples.ACCEPT)] = None
) -> CommandResult:
    """The tier's acceptance; stops its hand-off clock."""
    return await door.execute(Accept())


@router.post("/{ticket_id}/reply", summary="Answer the customer", **_COMMAND)
async def reply(door: AtDoor, body: Annotated[Reply, Body(openapi_examples=examples.REPLY)]) -> CommandResult:
    """A public answer."""
    return await door.execute(body)


@router.post("/{ticket_id}/note", summary="Write an internal remark", **_COMMAND)
async def note(door: AtDoor, body: Annotated[Note, Body(openapi_examples=examples.NOTE)]) -> CommandResult:
    """Colleagues read it, the customer does not."""
    return await door.execute(body)


@router.post("/{ticket_id}/escalate", summary="Hand the ticket up", **_COMMAND)
async def escalate(door: AtDoor, body: Annotated[Escalate, Body(openapi_examples=examples.ESCALATE)]) -> CommandResult:
    """To L2, engineering (L3) or a vendor (L4)."""
    return await door.execute(body)


@router.post("/{ticket_id}/return", summary="Hand the ticket back down", **_COMMAND)
async def return_(door: AtDoor, body: Annotated[Return, Body(openapi_examples=examples.RETURN)]) -> CommandResult:
    """With the reason why the tier does not take it."""
    return await door.execute(body)


@router.post("/{ticket_id}/resolve", summary="Solve the ticket", **_COMMAND)
async def resolve(door: AtDoor, body: Annotated[Resolve, Body(openapi_examples=examples.RESOLVE)]) -> CommandResult:
    """The customer is told how; it closes after the policy's quiet time."""
    return await door.execute(body)


@router.post("/{ticket_id}/reopen", summary="Reopen a solved ticket", **_COMMAND)
async def reopen(door: AtDoor, body: Annotated[Reopen, Body(openapi_examples=examples.REOPEN)]) -> CommandResult:
    """It is not solved after all."""
    return await door.execute(body)


@router.post("/{ticket_id}/priority", summary="Change the priority", **_COMMAND)
async def priority(
    door: AtDoor, body: Annotated[SetPriority, Body(openapi_examples=examples.PRIORITY)]
) -> CommandResult:
    """Running clocks get new targets and keep what they have counted."""
    return await door.execute(body)


@router.post("/{ticket_id}/snooze", summary="Keep the ticket's ladders silent for a while", **_COMMAND)
async def snooze(door: AtDoor, body: Annotated[Snooze, Body(openapi_examples=examples.SNOOZE)]) -> CommandResult:
    """The clocks count on. What falls due meanwhile is made up for, once, when it ends or somebody takes the ticket."""
    return await door.execute(body)


@router.post("/{ticket_id}/link", summary="Put the ticket on an issue that exists", **_COMMAND)
async def link(door: AtDoor, body: Annotated[LinkIssue, Body(openapi_examples=examples.LINK)]) -> CommandResult:
    """A Jira or GitHub issue, by its key or address."""
    return await door.execute(body)


@router.post("/{ticket_id}/open-issue", summary="Open the issue that waits for its likely duplicates", **_COMMAND)
async def open_issue(
    door: AtDoor, body: Annotated[OpenNewIssue | None, Body(openapi_examples=examples.OPEN_ISSUE)] = None
) -> CommandResult:
    """None of the issues in the ticket's `issue_choice` is the same. To take one of them, link it."""
    return await door.execute(OpenNewIssue())


@router.post("/{ticket_id}/comment", summary="Write to the engineers", **_COMMAND)
async def comment(
    door: AtDoor, body: Annotated[CommentIssue, Body(openapi_examples=examples.COMMENT)]
) -> CommandResult:
    """On the issues that the ticket is on; personal data is taken out. An internal one is refused where strangers read the issue."""
    return await door.execute(body)


@router.post("/{ticket_id}/kind", summary="Say whether it is a bug or a feature request", **_COMMAND)
async def kind(door: AtDoor, body: Annotated[SetRequestKind, Body(openapi_examples=examples.KIND)]) -> CommandResult:
    """Engineering counts them apart."""
    return await door.execute(body)


@router.post("/{ticket_id}/workaround", summary="Keep how customers can help themselves", **_COMMAND)
async def workaround(
    door: AtDoor, body: Annotated[SetWorkaround, Body(openapi_examples=examples.WORKAROUND)]
) -> CommandResult:
    """The engineering issue shows it, without personal data; without a text it is taken back."""
    return await door.execute(body)


@router.post("/{ticket_id}/attach", summary="Copy a file of the card's thread to the issues", **_COMMAND)
async def attach(door: AtDoor, body: Annotated[AttachFile, Body(openapi_examples=examples.ATTACH)]) -> CommandResult:
    """The named one, or the newest that is not there yet; at most 20 MB, and never to where strangers read."""
    return await door.execute(body)


@router.post("/{ticket_id}/wait", summary="Say whom the ticket waits on", **_COMMAND)
async def wait(door: AtDoor, body: Annotated[Wait, Body(openapi_examples=examples.WAIT)]) -> CommandResult:
    """The customer, engineering, the vendor, a hold, or the tier itself again; clocks pause by the policy."""
    return await door.execute(body)


@router.post("/{ticket_id}/merge", summary="Merge the ticket into another one", **_COMMAND)
async def merge(door: AtDoor, body: Annotated[Merge, Body(openapi_examples=examples.MERGE)]) -> CommandResult:
    """The other one must be open and of the same customer; it answers, and the timeline of both says what came of it."""
    return await door.execute(body)


@router.post("/{ticket_id}/split", summary="Make a ticket of its own of a second problem", **_COMMAND)
async def split(door: AtDoor, body: Annotated[Split, Body(openapi_examples=examples.SPLIT)]) -> CommandResult:
    """For the same customer; the new ticket's number is in the answer."""
    return await door.execute(body)


@router.post("/{ticket_id}/hand-over", summary="Hand the ticket to another team of its tier", **_COMMAND)
async def hand_over(
    door: AtDoor, body: Annotated[HandOver, Body(openapi_examples=examples.HAND_OVER)]
) -> CommandResult:
    """A new acceptance is due; the ticket's own clocks run on."""
    return await door.execute(body)


@router.post("/{ticket_id}/cancel", summary="Cancel a ticket that nobody needs any more", **_COMMAND)
async def cancel(door: AtDoor, body: Annotated[Cancel, Body(openapi_examples=examples.CANCEL)]) -> CommandResult:
    """Its clocks end as cancelled."""
    return await door.execute(body)


@router.post("/{ticket_id}/customer-message", summary="Hand in what the customer wrote", **_COMMAND)
async def customer_message(
    door: AtDoor, caller: Caller, body: Annotated[FromCustomer, Body(openapi_examples=examples.CUSTOMER_MESSAGE)]
) -> CommandResult:
    """On a solved ticket it reopens."""
    # The ticket's own rules ask for a role as well: whoever writes for the customer keeps the caller's.
    name = body.by.name if body.by is not None else "Customer"
    roles = caller.roles | {Role.CUSTOMER}
    by = Actor(kind=ActorKind.CUSTOMER, id=caller.id, name=name, roles=roles)
    return await door.execute(CustomerMessage(text=body.text), by=by)


def _require(caller: Actor, allowed: tuple[Role, ...], what: str) -> None:
    if not may(caller, allowed):
        detail = f"This token may not {what}: that is for {named(allowed)}."
        raise Problem(403, "not-allowed", "Not allowed", detail)
