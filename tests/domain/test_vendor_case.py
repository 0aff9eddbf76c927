"""A vendor case: asked, reminded, overdue, answered."""

from datetime import timedelta

import pytest

from domain.calendar import ALWAYS
from domain.messages import DeliveryBody, VendorAnswered, VendorOverdue
from domain.vendor_case import (
    CaseClosed,
    CaseDecision,
    CaseEvent,
    CaseTimePassed,
    MailVendor,
    TellCaseTicket,
    VendorCase,
    VendorReply,
    decide_case,
    open_case,
)
from tests.domain.building import DAY, HOUR, INSTANT, NOON, office_hours

REPLY = VendorReply(id="r", text="Fixed", solved=True)


def a_case(**changes: object) -> VendorCase:
    fields: dict[str, object] = {
        "ticket_id": "T-1042",
        "number": 1,
        "vendor": "cardnet",
        "vendor_name": "Cardnet",
        "email": "desk@cardnet.example",
        "title": "Card payment fails",
        "text": "Refusals from your gateway",
        "opened_at": NOON,
        "target": 4 * HOUR,
        "calendar": ALWAYS,
    }
    return VendorCase.model_validate(fields | changes)


class Case:
    """A case's life: the clock moves by ``at``."""

    def __init__(self, case: VendorCase | None = None) -> None:
        self.decisions: list[CaseDecision] = [open_case(case or a_case(), a_case().opened_at)]

    @property
    def state(self) -> VendorCase:
        return self.decisions[-1].state

    def at(self, since: timedelta, event: CaseEvent) -> "Case":
        self.decisions.append(decide_case(self.state, event, NOON + since))
        return self

    @property
    def mails(self) -> list[str]:
        return [i.text for d in self.decisions for i in d.intents if isinstance(i, MailVendor)]

    @property
    def news(self) -> list[DeliveryBody]:
        return [i.body for d in self.decisions for i in d.intents if isinstance(i, TellCaseTicket)]


def test_the_vendor_is_asked_with_when_it_is_due() -> None:
    (mail,) = Case().decisions[0].intents
    assert isinstance(mail, MailVendor)
    assert (mail.subject, mail.first, mail.link) == ("[T-1042/1] Card payment fails", True, True)
    assert "Refusals from your gateway" in mail.text
    assert "by 2026-11-16 16:00:00 UTC" in mail.text


def test_it_is_reminded_at_three_quarters_and_overdue_at_the_very_instant() -> None:
    case = Case()
    assert case.state.deadline() == NOON + 3 * HOUR
    case.at(3 * HOUR, CaseTimePassed())
    assert case.state.deadline() == NOON + 4 * HOUR
    case.at(4 * HOUR - INSTANT, CaseTimePassed())
    assert case.state.overdue_at is None
    case.at(4 * HOUR, CaseTimePassed())
    assert case.state.overdue_at == NOON + 4 * HOUR
    assert case.state.deadline() is None
    assert case.news == [
        VendorOverdue(case=1, at=NOON + 3 * HOUR, warning=True),
        VendorOverdue(case=1, at=NOON + 4 * HOUR),
    ]
    assert "A reminder" in case.mails[1]
    assert "is overdue" in case.mails[2]


def test_late_code_does_the_same_at_the_same_instants() -> None:
    late = Case().at(3 * DAY, CaseTimePassed())
    on_time = Case().at(3 * HOUR, CaseTimePassed()).at(4 * HOUR, CaseTimePassed()).at(3 * DAY, CaseTimePassed())
    assert late.state == on_time.state
    assert [i for d in late.decisions for i in d.intents] == [i for d in on_time.decisions for i in d.intents]


def test_an_answer_at_the_very_instant_is_in_time() -> None:
    case = Case().at(3 * HOUR, CaseTimePassed()).at(4 * HOUR, REPLY)
    assert case.state.overdue_at is None
    assert case.state.answered_at == NOON + 4 * HOUR
    assert case.news[-1] == VendorAnswered(case=1, text="Fixed", solved=True)


def test_an_answer_that_is_late_is_overdue_first() -> None:
    case = Case().at(5 * HOUR, REPLY)
    assert case.state.overdue_at == NOON + 4 * HOUR
    assert [news.kind for news in case.news] == ["vendor_overdue", "vendor_overdue", "vendor_answered"]


@pytest.mark.parametrize("ending", [REPLY, CaseClosed(id="c", why="resolved")])
def test_a_case_that_is_over_hears_nothing_more(ending: CaseEvent) -> None:
    case = Case().at(HOUR, ending)
    assert case.state.finished
    assert case.state.deadline() is None
    over = case.state
    case.at(2 * HOUR, REPLY).at(2 * HOUR, CaseClosed(id="d", why="again")).at(DAY, CaseTimePassed())
    assert case.state == over


def test_a_case_that_is_closed_thanks_the_vendor_without_a_link() -> None:
    case = Case().at(HOUR, CaseClosed(id="c", why="the ticket is resolved"))
    (mail,) = case.decisions[-1].intents
    assert isinstance(mail, MailVendor)
    assert not mail.link
    assert "nothing more is needed" in mail.text
    assert case.state.closed == "the ticket is resolved"


def test_the_vendors_clock_counts_on_its_calendar() -> None:
    case = Case(a_case(calendar=office_hours("UTC"), target=10 * HOUR))
    assert case.state.due_at == NOON + DAY  # six hours until the evening, four in the morning


def test_keys_are_stable_and_unique_and_the_state_can_be_kept() -> None:
    case = Case().at(5 * HOUR, REPLY)
    keys = [intent.key for decision in case.decisions for intent in decision.intents]
    assert keys == [f"T-1042/case-1/{number}" for number in range(1, 7)]
    assert VendorCase.model_validate_json(case.state.model_dump_json()) == case.state
