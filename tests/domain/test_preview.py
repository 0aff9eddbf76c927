"""The preview of a command promises what the command then does: no more, no less, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.clocks import Clock, ClockStatus, due_at
from domain.decide import Decision, decide
from domain.intents import (
    CloseVendorCase,
    FindIssue,
    Intent,
    MailCustomer,
    Notice,
    OpenIssue,
    OpenSplitTicket,
    OpenVendorCase,
    PageWithIssue,
    RaisePage,
    ReopenOnIssue,
    ResolvePage,
    RuleIssue,
    ShowCard,
    TellIssue,
    TellOtherTicket,
    ThreadLine,
    UpdateIssue,
)
from domain.issue_pages import PageOffered, PageWanted
from domain.messages import (
    Accept,
    Cancel,
    Command,
    Escalate,
    HandOver,
    LinkIssue,
    Merge,
    Note,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Snooze,
    Split,
    Wait,
)
from domain.page_rules import PageTarget
from domain.policy import ReportField, TeamRules
from domain.preview import Preview, PreviewQuestion, Promise, answer, preview
from domain.report import EscalationReport
from domain.ticket import Ticket
from domain.tiers import Priority, Tier, WaitingOn
from tests.domain.building import (
    EVE,
    HOUR,
    LENA,
    MINUTE,
    NOON,
    Story,
    a_policy,
    an_opening,
    the_tiers,
)


def with_teams_and_a_gate() -> Any:
    tiers = the_tiers()
    tiers[Tier.L2] = tiers[Tier.L2].model_copy(update={"teams": {"database": TeamRules(name="Databases")}})
    tiers[Tier.L3] = tiers[Tier.L3].model_copy(update={"requires": (ReportField.IMPACT,)})
    return a_policy(tiers=tiers)


TICKETS: dict[str, Callable[[], Story]] = {
    "new": lambda: Story(with_teams_and_a_gate()),
    "taken": lambda: Story(with_teams_and_a_gate()).accepted().passes(5 * MINUTE),
    "without a route": lambda: Story(opening=an_opening(product=None, component=None)),
    "without an address": lambda: Story(
        opening=an_opening(customer=an_opening().customer.model_copy(update={"email": None}))
    ),
    "in L2": lambda: Story(with_teams_and_a_gate()).escalated(Tier.L2).passes(10 * MINUTE),
    "with engineering": lambda: Story().with_engineering().passes(MINUTE),
    "returned": lambda: Story().with_engineering().does(LENA, Return(reason="steps?")),
    "with the vendor": lambda: Story().escalated(Tier.L4, vendor="cardnet").passes(HOUR),
    "waiting for the customer": lambda: Story().replied().passes(HOUR),
    "breached": lambda: Story().passes(6 * HOUR),
    "snoozed": lambda: Story().does(LENA, Snooze(length=HOUR)),
    "resolved": lambda: Story().resolved(),
}
REQUESTS: dict[str, Request] = {
    "to L2": Escalate(to=Tier.L2, reason="why"),
    "to L3": Escalate(to=Tier.L3, reason="why", report=EscalationReport(impact="everybody")),
    "to L3 as P1": Escalate(to=Tier.L3, reason="why", priority=Priority.P1, report=EscalationReport(impact="all")),
    "to the vendor": Escalate(to=Tier.L4, reason="why", vendor="cardnet"),
    "return": Return(reason="steps?"),
    "accept": Accept(),
    "reply": Reply(text="Which card is it?"),
    "resolve": Resolve(text="It works again."),
    "reopen": Reopen(reason="not for Amex"),
    "wait": Wait(on=WaitingOn.CUSTOMER),
    "priority": SetPriority(priority=Priority.P1),
    "snooze": Snooze(length=HOUR),
    "link": LinkIssue(reference="PAY-12"),
    "note": Note(text="seen before"),
    "hand over": HandOver(to="database", reason="slow queries"),
    "cancel": Cancel(reason="a duplicate"),
    "merge": Merge(into="T-1001"),
    "split": Split(title="Invoices", description="They are late"),
}


def command(request: Request) -> Command:
    return Command(id="c1", by=LENA, request=request)


@pytest.mark.parametrize("asked", REQUESTS)
@pytest.mark.parametrize("state", TICKETS)
def test_what_is_promised_is_what_happens(state: str, asked: str) -> None:
    story = TICKETS[state]()
    request = REQUESTS[asked]

    looked = preview(story.ticket, command(request), story.now)
    done = decide(story.ticket, command(request), story.now)

    assert looked.refusal == done.refusal
    assert looked.missing == ()
    if done.refusal is not None:
        assert looked.promises == ()
        return
    counted = [kind for intent in done.intents if (kind := seen_outside(intent)) is not None]
    assert sorted(filter(None, map(kind_promised, looked.promises))) == sorted(counted)
    assert whom(looked) == paged(done)
    assert {p.at for p in looked.promises if p.at is not None} == instants(story.ticket, done)
    assert looked.told == mailed_or_noted(story.ticket, done)


def seen_outside(intent: Intent) -> str | None:
    """What somebody outside would notice of it, beside the card."""
    match intent:
        case ShowCard() | ThreadLine() | UpdateIssue() | RuleIssue():
            return None
        case PageWithIssue(word=PageWanted(draft=draft)):
            return f"page {draft.service}"
        case PageWithIssue(word=PageOffered()):
            return None
        case RaisePage():
            return f"page {intent.draft.service}"
        case Notice():
            return f"tell {intent.mention or intent.channel}"
        case OpenIssue():
            return f"issue {intent.draft.project}"
        case TellIssue() | ReopenOnIssue():
            return f"comment {intent.ref.key}"
        case OpenVendorCase():
            return f"vendor {intent.due_at.isoformat()}"
        case FindIssue():
            return f"find {intent.reference}"
        case ResolvePage() | CloseVendorCase() | MailCustomer():
            return intent.kind
        case TellOtherTicket() | OpenSplitTicket():
            return "another ticket"
        case _:
            return intent.kind


def kind_promised(promise: Promise) -> str | None:
    """The same, read off the promise's own words."""
    text = promise.text
    if promise.wakes is not None:
        return f"page {promise.wakes.service}"
    if promise.where is not None:
        return f"tell {promise.where}"
    if text.startswith("asks") and promise.at is not None:
        return f"vendor {promise.at.isoformat()}"
    starts = {
        "opens a Jira": f"issue {text.rpartition(' ')[2]}",
        "tells the engineers in ": f"comment {text.rpartition(' ')[2]}",
        "looks up ": f"find {text.split(' ')[2] if text.startswith('looks') else ''}",
        "ends the page": "resolve_page",
        "needs nothing more of": "close_vendor_case",
        "mails the customer": "mail_customer",
        "raises the page": "update_page",
        "notes it on the page": "note_page",
        "mails those": "mail_staff",
        "needs the page": "page_with_issue",
        "asks T-": "another ticket",
        "opens T-": "another ticket",
    }
    return next((kind for start, kind in starts.items() if text.startswith(start)), None)


def whom(looked: Preview) -> list[PageTarget]:
    return [promise.wakes for promise in looked.promises if promise.wakes is not None]


def paged(done: Decision) -> list[PageTarget]:
    drafts = [intent.draft for intent in done.intents if isinstance(intent, RaisePage)]
    words_to_issues = [intent.word for intent in done.intents if isinstance(intent, PageWithIssue)]
    drafts += [word.draft for word in words_to_issues if isinstance(word, PageWanted)]
    return [PageTarget(service=draft.service, escalation_policy=draft.escalation_policy) for draft in drafts]


def instants(before: Ticket, done: Decision) -> set[datetime]:
    """The ends of clocks that are new or moved, what a vendor owes, and the end of a new snooze."""
    found = {intent.due_at for intent in done.intents if isinstance(intent, OpenVendorCase)}
    was = {clock.id: ends(before, clock) for clock in before.clocks}
    found |= {end for clock in done.state.clocks if (end := ends(done.state, clock)) and end != was.get(clock.id)}
    if done.state.snooze is not None and done.state.snooze != before.snooze:
        found.add(done.state.snooze.until)
    return found


def ends(ticket: Ticket, clock: Clock) -> datetime | None:
    if clock.status is not ClockStatus.RUNNING or clock.breached_at is not None:
        return None
    return due_at(clock, ticket.policy.calendar(clock.calendar), clock.target)


def mailed_or_noted(before: Ticket, done: Decision) -> bool:
    return any(entry.public for entry in done.state.timeline[len(before.timeline) :])


# --- in words ------------------------------------------------------------------------------------------------------


def words(looked: Preview) -> list[str]:
    return [promise.text for promise in looked.promises]


def test_an_escalation_to_engineering_in_words() -> None:
    story = Story()

    looked = preview(story.ticket, command(REQUESTS["to L3 as P1"]), story.now)

    assert words(looked)[:2] == ["goes from L1 Frontline to L3 Engineering", "has priority P1 instead of P3"]
    assert "opens a Jira Bug in PAY" in words(looked)
    (page,) = [promise for promise in looked.promises if promise.wakes is not None]
    assert page.text == "pages the Engineering on-call now"
    assert page.wakes == PageTarget(service="PSVCPAY", escalation_policy="PEPENG")
    (clock,) = [promise for promise in looked.promises if "resolution" in promise.text]
    assert (clock.text, clock.at) == ("the 4h resolution clock ends", NOON + 4 * HOUR)
    assert not looked.told


def test_who_is_not_woken_is_not_promised_to_be() -> None:
    story = Story()
    looked = preview(story.ticket, command(REQUESTS["to L3"]), story.now)
    assert "pages the Engineering on-call without waking anybody" in words(looked)


def test_what_is_missing_is_named_and_the_rest_is_told_as_if_it_were_there() -> None:
    story = Story(with_teams_and_a_gate())

    looked = preview(story.ticket, command(Escalate(to=Tier.L3, reason="why")), story.now)

    assert looked.refusal is None
    assert looked.missing == (ReportField.IMPACT,)
    assert "opens a Jira Bug in PAY" in words(looked)


def test_what_is_refused_promises_nothing() -> None:
    story = Story()
    looked = preview(story.ticket, Command(id="c", by=EVE, request=Accept()), story.now)
    assert looked.refusal is not None
    assert "eve may not accept" in looked.refusal
    assert (looked.promises, looked.told) == ((), False)


def test_a_page_that_is_held_back_by_maintenance_is_not_promised() -> None:
    window = {"name": "upgrade", "start": NOON - HOUR, "end": NOON + HOUR}
    story = Story(a_policy(maintenance=(window,)))

    looked = preview(story.ticket, command(REQUESTS["to L3"]), story.now)

    assert whom(looked) == []
    assert "tells" in words(looked)


def test_what_time_has_brought_already_is_no_part_of_it() -> None:
    """The workflow may be late: a ladder's step that fell due is nobody's doing."""
    story = Story(a_policy(tiers=the_tiers(page_on_entry=False))).jumps(timedelta(hours=3))
    looked = preview(story.ticket, command(Note(text="hello")), story.now)
    assert looked.promises == ()


def test_telling_the_customer_with_the_escalation_leaves_the_page_out() -> None:
    """The reply comes first: it takes the ticket in the tier that has it, and not in the one that is paged."""
    story = Story()
    both = (command(Reply(text="Engineers look at it", awaits_customer=False)), command(REQUESTS["to L3"]))

    looked = answer(story.ticket, PreviewQuestion(commands=both, now=story.now))

    assert looked.told
    assert "mails the customer" in words(looked)
    assert len(whom(looked)) == 1
    assert "ends the page that is out" not in words(looked)


def test_the_first_refusal_ends_the_whole() -> None:
    story = Story()
    both = (command(Return(reason="why")), command(REQUESTS["to L3"]))
    looked = answer(story.ticket, PreviewQuestion(commands=both, now=story.now))
    assert looked.refusal is not None
    assert looked.promises == ()


def test_a_clock_that_nobody_met_is_told_so() -> None:
    story = Story()
    looked = preview(story.ticket, command(REQUESTS["to L3"]), story.now)
    assert "stops the acceptance clock (nobody took it there)" in words(looked)


def test_it_changes_nothing() -> None:
    story = Story()
    before = story.ticket
    preview(story.ticket, command(REQUESTS["to L3"]), story.now)
    assert story.ticket == before
