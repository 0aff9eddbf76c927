"""Faults read in other systems' code, as far as they concern clocks: none of them happens here."""

from itertools import product

import pytest

from domain.clocks import ClockOutcome, ClockStatus
from domain.intents import MailCustomer, Notice
from domain.ladders import next_deadline
from domain.messages import IssueCommented, Note, Reply, SetPriority, Wait
from domain.policy import ClockKind, ClockRules
from domain.ticket_card import card_of
from domain.tiers import Owner, Priority, WaitingOn
from domain.views import view_of
from tests.domain.building import (
    HELPDESK,
    HOUR,
    LENA,
    MINUTE,
    NOON,
    SAM,
    TOM,
    Story,
    a_comment,
    a_policy,
    an_issue,
    targets,
    without_ladders,
)

AUTO = Reply(text="Thank you, we have your message.", automatic=True)


def measuring(**rules: ClockRules) -> Story:
    """A ticket of which these alone are measured."""
    return Story(a_policy(clocks={ClockKind(kind): one for kind, one in rules.items()}))


def test_zammad_5177_the_update_time_does_not_override_the_first_response() -> None:
    story = measuring(
        first_response=ClockRules(targets=targets(4 * HOUR)), periodic_update=ClockRules(targets=targets(HOUR))
    )
    # Before anybody answered, the customer writes again: the first response is what is due, and when it was due.
    story.passes(HOUR).customer_writes().passes(30 * MINUTE)
    assert story.clocks(ClockKind.PERIODIC_UPDATE) == []
    deadline = next_deadline(story.ticket)
    assert deadline is not None
    assert (deadline.at, deadline.what) == (NOON + 4 * HOUR, "first response clock: breach")
    story.replied(awaits_customer=False)
    assert story.clock(ClockKind.FIRST_RESPONSE).outcome is ClockOutcome.MET
    assert story.clock(ClockKind.PERIODIC_UPDATE).started_at == NOON + HOUR + 30 * MINUTE


@pytest.mark.parametrize("kind", [ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE])
def test_zammad_3140_nothing_escalates_once_the_agent_has_replied(kind: ClockKind) -> None:
    story = measuring(**{kind.value: ClockRules(targets=targets(HOUR), ladder="tell")})
    if kind is ClockKind.NEXT_RESPONSE:
        story.customer_writes()
    story.passes(30 * MINUTE).replied()
    assert next_deadline(story.ticket) is None
    story.passes(5 * HOUR)
    assert story.all(Notice) == []
    assert story.clock(kind).breached_at is None


def test_zammad_2082_no_escalation_time_is_stale() -> None:
    story = Story(without_ladders()).accepted()

    def shown() -> list[object]:
        deadline, card = next_deadline(story.ticket), card_of(story.ticket, story.now).clock
        view = [clock.due_at for clock in view_of(story.ticket, story.now).clocks if clock.due_at is not None]
        return [deadline.at if deadline else None, card.due_at if card else None, min(view, default=None)]

    assert shown() == [NOON + HOUR] * 3
    story.passes(10 * MINUTE).replied(awaits_customer=False)
    assert shown() == [NOON + 8 * HOUR] * 3
    story.does(LENA, SetPriority(priority=Priority.P1))
    assert shown() == [NOON + 2 * HOUR] * 3
    story.does(SAM, Wait(on=WaitingOn.CUSTOMER))
    assert shown() == [None] * 3
    story.passes(HOUR).does(SAM, Wait(on=WaitingOn.TIER))
    assert shown() == [NOON + 3 * HOUR] * 3
    story.resolved()
    assert shown()[1:] == [None] * 2


def test_osticket_1684_a_ticket_that_was_answered_is_not_overdue() -> None:
    story = measuring(first_response=ClockRules(targets=targets(HOUR))).passes(59 * MINUTE).replied().passes(5 * HOUR)
    first = story.clock(ClockKind.FIRST_RESPONSE)
    assert (first.outcome, first.breached_at) == (ClockOutcome.MET, None)
    assert card_of(story.ticket, story.now).breached == ()
    # And once more after the customer came back: the answer ends what was owed.
    story.customer_writes().replied().passes(5 * HOUR)
    assert not any(clock.breached_at for clock in story.ticket.clocks)


@pytest.mark.parametrize(("paused_on", "waits_on"), product(set(WaitingOn) - {WaitingOn.TIER}, WaitingOn))
def test_flags_test_true_for_any_flag(paused_on: WaitingOn, waits_on: WaitingOn) -> None:
    """Osticket's bit test was true for any flag: a state pauses the clocks that name it, and no others."""
    rules = ClockRules(targets=targets(8 * HOUR), pauses=frozenset({paused_on}))
    story = measuring(resolution=rules)
    if waits_on is not WaitingOn.TIER:
        story.does(SAM, Wait(on=waits_on))
    expected = ClockStatus.PAUSED if waits_on is paused_on else ClockStatus.RUNNING
    assert story.clock(ClockKind.RESOLUTION).status is expected


def test_frappe_1675_the_due_time_is_recalculated_at_each_pause() -> None:
    pauses = frozenset({WaitingOn.CUSTOMER, WaitingOn.HOLD})
    story = measuring(resolution=ClockRules(targets=targets(4 * HOUR), pauses=pauses))
    for waits in (WaitingOn.CUSTOMER, WaitingOn.HOLD, WaitingOn.CUSTOMER):
        story.passes(HOUR).does(SAM, Wait(on=waits))
        assert view_of(story.ticket, story.now).clocks[0].due_at is None
        story.passes(10 * HOUR).does(SAM, Wait(on=WaitingOn.TIER))
    assert view_of(story.ticket, story.now).clocks[0].due_at == NOON + 34 * HOUR
    story.passes(2 * HOUR)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 34 * HOUR


def test_chatwoot_12058_a_bots_reply_is_no_first_response() -> None:
    story = Story(without_ladders()).passes(MINUTE).does(HELPDESK, AUTO).passes(HOUR)
    assert story.ticket.first_response_at is None
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at == NOON + HOUR
    story.replied(TOM)
    assert story.ticket.first_response_at == NOON + HOUR + MINUTE


def test_chatwoot_7679_a_bots_reply_is_in_nobodys_handle_time() -> None:
    clocks = without_ladders().clocks | {ClockKind.AGENT_WORK: ClockRules(targets=targets(8 * HOUR))}
    story, without = Story(without_ladders(clocks=clocks)), Story(without_ladders(clocks=clocks))
    story.passes(HOUR).does(HELPDESK, AUTO).passes(HOUR)
    without.passes(2 * HOUR)
    assert story.ticket.clocks == without.ticket.clocks
    assert story.ticket.stint == without.ticket.stint
    assert story.spent() == without.spent() == {Owner.L1: 2 * HOUR}


def test_chatwoot_15605_what_is_said_inside_reaches_no_customer() -> None:
    story = Story().with_engineering()
    mails = len(story.all(MailCustomer))
    story.does(TOM, Note(text="Grace's contract ends in May: do not say so."))
    story.told_of(IssueCommented(ref=an_issue(), comment=a_comment(1, "the merchant's keys leaked")))
    assert len(story.all(MailCustomer)) == mails
    assert not any(entry.public for entry in story.ticket.timeline[-2:])
    assert story.ticket.first_response_at is None
    assert story.clock(ClockKind.FIRST_RESPONSE).status is ClockStatus.RUNNING
