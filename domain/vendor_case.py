"""One vendor case: what a vendor owes one ticket, with its own clock, a reminder before it is due and an answer."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from domain.calendar import Calendar
from domain.frozen import Frozen
from domain.messages import DeliveryBody, VendorAnswered, VendorOverdue
from domain.texts import Address, Key, Line, LongText, Name, Text

REMIND_AT = 0.75
"""The share of the target after which the vendor is reminded."""


class VendorReply(Frozen):
    """The vendor's answer, from the page behind its link."""

    kind: Literal["vendor_reply"] = "vendor_reply"
    id: Key
    text: Text
    solved: bool = False


class CaseClosed(Frozen):
    """The ticket needs nothing more of the vendor."""

    kind: Literal["case_closed"] = "case_closed"
    id: Key
    why: Line


class CaseTimePassed(Frozen):
    """A deadline may have been reached."""

    kind: Literal["case_time_passed"] = "case_time_passed"


CaseMessage = Annotated[VendorReply | CaseClosed, Field(discriminator="kind")]
CaseEvent = CaseMessage | CaseTimePassed


class MailVendor(Frozen):
    """Write to the vendor, with the signed link to the page where it answers."""

    kind: Literal["mail_vendor"] = "mail_vendor"
    key: Key
    subject: Line
    text: LongText
    first: bool = False
    link: bool = True


class TellCaseTicket(Frozen):
    """Tell the ticket."""

    kind: Literal["tell_case_ticket"] = "tell_case_ticket"
    key: Key
    body: DeliveryBody


CaseIntent = Annotated[MailVendor | TellCaseTicket, Field(discriminator="kind")]


class VendorCase(Frozen):
    """The state of a case. ``steps`` is above 0 once the vendor was asked; ``queued`` is what an earlier run had not carried out."""

    ticket_id: Key
    number: int
    vendor: Name
    vendor_name: Name
    email: Address
    title: Line
    text: LongText
    opened_at: datetime
    target: timedelta
    calendar: Calendar
    answer: LongText | None = None
    solved: bool = False
    answered_at: datetime | None = None
    reminded_at: datetime | None = None
    overdue_at: datetime | None = None
    closed: Line | None = None
    steps: int = 0
    queued: tuple[CaseIntent, ...] = ()

    @property
    def due_at(self) -> datetime:
        """When the vendor owes its answer."""
        return self.calendar.due(self.opened_at, self.target)

    @property
    def finished(self) -> bool:
        """Whether nothing is owed any more."""
        return self.answered_at is not None or self.closed is not None

    def deadline(self) -> datetime | None:
        """When the case acts next by itself."""
        if self.finished or self.overdue_at is not None:
            return None
        return self.due_at if self.reminded_at is not None else self._remind_at()

    def _remind_at(self) -> datetime:
        return self.calendar.due(self.opened_at, self.target * REMIND_AT)


class CaseDecision(Frozen):
    """What a message to a case leads to."""

    state: VendorCase
    intents: tuple[CaseIntent, ...] = ()


def open_case(state: VendorCase, now: datetime) -> CaseDecision:
    """Ask the vendor; a case that goes on in another run carries out what is left, and what fell due meanwhile."""
    if state.steps:
        left = state.queued
        decision = decide_case(state.model_copy(update={"queued": ()}), CaseTimePassed(), now)
        return decision.model_copy(update={"intents": (*left, *decision.intents)})
    text = f"{state.text}\n\nPlease answer by {state.due_at:%Y-%m-%d %H:%M:%S} UTC on this page:"
    return _with(state, [MailVendor(key="", subject=_subject(state), text=text, first=True)])


def decide_case(state: VendorCase, event: CaseEvent, now: datetime) -> CaseDecision:
    """What the event means for the case; deadlines before it are carried out at their own instants."""
    state, intents = _advance(state, now, inclusive=isinstance(event, CaseTimePassed))
    if state.finished:
        return _with(state, intents)
    match event:
        case VendorReply():
            state = state.model_copy(update={"answer": event.text, "solved": event.solved, "answered_at": now})
            answered = VendorAnswered(case=state.number, text=event.text, solved=event.solved)
            intents = [*intents, TellCaseTicket(key="", body=answered)]
        case CaseClosed():
            state = state.model_copy(update={"closed": event.why})
            text = "Thank you, nothing more is needed of you for this case."
            intents = [*intents, MailVendor(key="", subject=_subject(state), text=text, link=False)]
        case _:
            pass
    return _with(state, intents)


def _advance(state: VendorCase, now: datetime, *, inclusive: bool) -> tuple[VendorCase, list[CaseIntent]]:
    intents: list[CaseIntent] = []
    while (at := state.deadline()) is not None and (at < now or (inclusive and at == now)):
        if state.reminded_at is None:
            state = state.model_copy(update={"reminded_at": at})
            words = f"A reminder: your answer is due by {state.due_at:%Y-%m-%d %H:%M:%S} UTC."
        else:
            state = state.model_copy(update={"overdue_at": at})
            words = f"Your answer was due by {state.due_at:%Y-%m-%d %H:%M:%S} UTC and is overdue."
        warning = state.overdue_at is None
        intents.append(MailVendor(key="", subject=_subject(state), text=f"{words}\n\n{state.text}"))
        intents.append(TellCaseTicket(key="", body=VendorOverdue(case=state.number, at=at, warning=warning)))
    return state, intents


def _subject(state: VendorCase) -> str:
    return f"[{state.ticket_id}/{state.number}] {state.title}"


def _with(state: VendorCase, intents: list[CaseIntent]) -> CaseDecision:
    prefix, first = f"{state.ticket_id}/case-{state.number}", state.steps + 1
    numbered = tuple(i.model_copy(update={"key": f"{prefix}/{first + n}"}) for n, i in enumerate(intents))
    return CaseDecision(state=state.model_copy(update={"steps": state.steps + len(intents)}), intents=numbered)
