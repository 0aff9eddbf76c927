"""Each clock of the field's table: what it counts, what starts it and what stops it."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from domain.clocks import ClockOutcome, ClockStatus, counted_at
from domain.decide import Decision
from domain.messages import Cancel, Note, Reopen, Reply, Resolve, SetPriority, VendorAnswered, VendorOverdue, Wait
from domain.policy import ClockKind, ClockRules, Policy
from domain.ticket import Ticket, TicketStatus
from domain.ticket_card import card_of
from domain.tiers import Priority, Tier, WaitingOn
from domain.views import view_of
from tests.domain.building import (
    ADA,
    DAY,
    GRACE_HERSELF,
    HELPDESK,
    HOUR,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_policy,
    office_hours,
    targets,
)
from tests.domain.test_invariants import LIVES, Life, lived

CUSTOMER = frozenset({WaitingOn.CUSTOMER})


def measuring(**changes: Any) -> Policy:
    """A policy that measures everything, and reminds nobody. ``kind=ClockRules`` replaces one of its clocks."""
    clocks = dict.fromkeys(ClockKind, ClockRules(targets=targets(8 * HOUR)))
    del clocks[ClockKind.VENDOR]
    clocks |= {ClockKind(kind): rules for kind, rules in changes.items()}
    return a_policy(clocks=clocks, slas=())


def status_of(story: Story, kind: ClockKind) -> ClockStatus | None:
    """How the latest clock of that kind stands; None where there was none."""
    clocks = story.clocks(kind)
    return clocks[-1].status if clocks else None


def counted(story: Story, kind: ClockKind) -> timedelta:
    """What the latest clock of that kind has counted."""
    clock = story.clock(kind)
    return counted_at(clock, story.ticket.policy.calendar(clock.calendar), story.now)


# --- next response ---------------------------------------------------------------------------------------------------


def test_until_the_first_response_there_is_no_next_one() -> None:
    story = Story(measuring()).passes(HOUR).customer_writes().passes(HOUR)
    assert story.clocks(ClockKind.NEXT_RESPONSE) == []
    assert story.clock(ClockKind.FIRST_RESPONSE).status is ClockStatus.RUNNING


def test_the_next_response_runs_from_the_oldest_message_that_is_not_answered() -> None:
    story = Story(measuring()).replied().passes(HOUR).customer_writes().passes(HOUR).customer_writes().passes(HOUR)
    (clock,) = story.clocks(ClockKind.NEXT_RESPONSE)
    assert (clock.started_at, clock.target) == (NOON + HOUR, 8 * HOUR)
    story.replied()
    assert (story.clock(ClockKind.NEXT_RESPONSE).outcome, counted(story, ClockKind.NEXT_RESPONSE)) == (
        ClockOutcome.MET,
        2 * HOUR,
    )
    story.passes(HOUR).customer_writes()
    assert [clock.started_at for clock in story.clocks(ClockKind.NEXT_RESPONSE)] == [NOON + HOUR, NOON + 4 * HOUR]


def test_a_solution_answers_and_a_customer_who_says_that_it_is_none_is_owed_a_response() -> None:
    story = Story(measuring()).replied().passes(HOUR).customer_writes().passes(HOUR).resolved()
    assert story.clock(ClockKind.NEXT_RESPONSE).outcome is ClockOutcome.MET
    story.passes(HOUR).customer_writes()
    assert story.clock(ClockKind.NEXT_RESPONSE).started_at == NOON + 3 * HOUR
    assert status_of(story, ClockKind.NEXT_RESPONSE) is ClockStatus.RUNNING


def test_a_ticket_that_support_reopens_owes_no_response() -> None:
    story = Story(measuring()).resolved().passes(HOUR).does(LENA, Reopen(reason="the log shows it again"))
    assert story.clocks(ClockKind.NEXT_RESPONSE) == []


def test_a_note_answers_nobody() -> None:
    story = Story(measuring()).replied().customer_writes().does(SAM, Note(text="It is the terminal."))
    assert status_of(story, ClockKind.NEXT_RESPONSE) is ClockStatus.RUNNING


# --- periodic update -------------------------------------------------------------------------------------------------


def test_each_public_update_ends_one_clock_and_starts_the_next() -> None:
    story = Story(measuring()).passes(HOUR)
    assert story.clocks(ClockKind.PERIODIC_UPDATE) == []
    story.replied(awaits_customer=False).passes(3 * HOUR).replied(awaits_customer=False).passes(HOUR)
    first, second = story.clocks(ClockKind.PERIODIC_UPDATE)
    assert (first.started_at, first.stopped_at, first.outcome) == (NOON + HOUR, NOON + 4 * HOUR, ClockOutcome.MET)
    assert (second.started_at, second.status) == (NOON + 4 * HOUR, ClockStatus.RUNNING)
    story.customer_writes().resolved()
    assert len(story.clocks(ClockKind.PERIODIC_UPDATE)) == 2
    assert status_of(story, ClockKind.PERIODIC_UPDATE) is ClockStatus.STOPPED


@pytest.mark.parametrize(("pauses", "expected"), [(frozenset(), 3 * HOUR), (CUSTOMER, HOUR)], ids=["plain", "pausable"])
def test_the_pausable_kind_skips_the_time_that_waits_on_the_customer(
    pauses: frozenset[WaitingOn], expected: timedelta
) -> None:
    rules = ClockRules(targets=targets(8 * HOUR), pauses=pauses)
    story = Story(measuring(periodic_update=rules)).replied().passes(2 * HOUR).customer_writes().passes(HOUR)
    assert counted(story, ClockKind.PERIODIC_UPDATE) == expected


def test_a_reopened_ticket_is_owed_updates_again() -> None:
    story = Story(measuring()).resolved().passes(HOUR).customer_writes()
    assert story.clock(ClockKind.PERIODIC_UPDATE).started_at == NOON + HOUR


# --- requester wait, agent work, first and total resolution ----------------------------------------------------------


def test_whose_time_the_requesters_wait_and_the_agents_work_are() -> None:
    story = Story(measuring()).passes(HOUR)
    for on in (WaitingOn.HOLD, WaitingOn.ENGINEERING, WaitingOn.VENDOR, WaitingOn.CUSTOMER, WaitingOn.TIER):
        story.does(SAM, Wait(on=on)).passes(HOUR)
    assert counted(story, ClockKind.REQUESTER_WAIT) == 5 * HOUR
    assert counted(story, ClockKind.AGENT_WORK) == 2 * HOUR
    story.resolved()
    assert story.clock(ClockKind.REQUESTER_WAIT).outcome is ClockOutcome.MET
    story.passes(HOUR).customer_writes().passes(HOUR)
    assert (counted(story, ClockKind.REQUESTER_WAIT), counted(story, ClockKind.AGENT_WORK)) == (6 * HOUR, 3 * HOUR)
    assert len(story.clocks(ClockKind.REQUESTER_WAIT)) == len(story.clocks(ClockKind.AGENT_WORK)) == 1


def test_what_a_measure_never_counts_stands_whatever_the_policy_says() -> None:
    rules = ClockRules(targets=targets(HOUR), pauses=frozenset({WaitingOn.HOLD}))
    story = Story(measuring(requester_wait=rules))
    assert story.clock(ClockKind.REQUESTER_WAIT).pauses == {WaitingOn.CUSTOMER, WaitingOn.HOLD}


def test_a_reopening_is_ignored_by_the_first_resolution_and_runs_on_in_the_total() -> None:
    story = Story(measuring()).passes(2 * HOUR).resolved().passes(HOUR).customer_writes().passes(HOUR).resolved()
    first, total = story.clock(ClockKind.FIRST_RESOLUTION), story.clock(ClockKind.RESOLUTION)
    assert (first.stopped_at, first.counted) == (NOON + 2 * HOUR, 2 * HOUR)
    assert (total.stopped_at, total.counted) == (NOON + 4 * HOUR, 3 * HOUR)
    assert len(story.clocks(ClockKind.FIRST_RESOLUTION)) == len(story.clocks(ClockKind.RESOLUTION)) == 1


def test_what_is_cancelled_is_neither_met_nor_breached() -> None:
    story = Story(measuring()).replied().customer_writes().does(LENA, Cancel(reason="a test"))
    running = [
        clock for clock in story.ticket.clocks if clock.kind is not ClockKind.FIRST_RESPONSE and not clock.outcome
    ]
    assert running == []
    assert story.clock(ClockKind.NEXT_RESPONSE).outcome is ClockOutcome.CANCELLED


# --- the vendor ------------------------------------------------------------------------------------------------------


def test_what_a_vendor_owes_is_a_clock_of_the_ticket_from_the_case_to_the_answer() -> None:
    story = Story(measuring()).passes(HOUR).escalated(Tier.L4).passes(HOUR)
    clock = story.clock(ClockKind.VENDOR)
    assert (clock.id, clock.stint, clock.started_at, clock.target) == ("vendor/1", 1, NOON + HOUR, 4 * HOUR)
    assert view_of(story.ticket, story.now).clocks[-1].due_at == story.ticket.cases[0].due_at == NOON + 5 * HOUR
    story.told_of(VendorAnswered(case=1, text="Routing corrected.", solved=True))
    assert (story.clock(ClockKind.VENDOR).outcome, counted(story, ClockKind.VENDOR)) == (ClockOutcome.MET, HOUR)


def test_a_vendor_that_is_no_longer_needed_has_neither_met_nor_missed_its_target() -> None:
    story = Story(measuring()).escalated(Tier.L4).passes(HOUR).resolved(ADA)
    assert story.clock(ClockKind.VENDOR).outcome is ClockOutcome.CANCELLED


def test_a_vendors_target_counts_on_its_own_calendar_and_in_any_sla() -> None:
    vendors = {name: rules.model_copy(update={"calendar": "office"}) for name, rules in a_policy().vendors.items()}
    policy = a_policy(calendars={"office": office_hours("UTC")}, vendors=vendors, clocks={}, slas=())
    story = Story(policy).passes(4 * HOUR).escalated(Tier.L4).passes(DAY)
    assert [clock.kind for clock in story.ticket.clocks] == [ClockKind.VENDOR]
    assert story.clock(ClockKind.VENDOR).breached_at == NOON + 22 * HOUR == story.ticket.cases[0].overdue_at


@pytest.mark.parametrize("told_by_the_case_first", [True, False])
def test_a_late_vendor_is_told_once_by_whichever_clock_is_first(told_by_the_case_first: bool) -> None:
    story = Story(measuring()).escalated(Tier.L4)
    overdue = VendorOverdue(case=1, at=NOON + 4 * HOUR)
    story = story.jumps(4 * HOUR).told_of(overdue) if told_by_the_case_first else story.passes(4 * HOUR)
    story.passes(MINUTE).told_of(overdue).passes(DAY)
    assert len([line for line in story.timeline if "Cardnet is overdue since 2026-11-16 16:00:00 UTC" in line]) == 1
    assert story.clock(ClockKind.VENDOR).breached_at == NOON + 4 * HOUR


# --- the story of the clocks -----------------------------------------------------------------------------------------


def lines_of(story: Story) -> list[str]:
    """What the ticket's story says of its clocks."""
    return [entry.text for entry in story.ticket.timeline if entry.text.startswith(("Clocks: ", "SLA "))]


def test_each_change_of_a_clock_is_one_clause_of_one_sentence() -> None:
    story = Story(a_policy()).passes(10 * MINUTE).replied().passes(HOUR).customer_writes()
    opened, answered, came_back = lines_of(story)
    assert opened == (
        "Clocks: acceptance in L1 starts, 30m, due 2026-11-16 12:30:00 UTC; "
        "tier work in L1 starts, 8h, due 2026-11-16 20:00:00 UTC; first response starts, 1h, due 2026-11-16 13:00:00 UTC; "
        "resolution starts, 2d, due 2026-11-18 12:00:00 UTC"
    )
    assert answered == (
        "Clocks: acceptance in L1 was met after 10m of 30m; "
        "tier work in L1 stands still at 10m of 8h while it waits on the customer; first response was met after 10m of 1h; "
        "resolution stands still at 10m of 2d while it waits on the customer"
    )
    assert came_back == (
        "Clocks: tier work in L1 counts on from 10m of 8h, due 2026-11-16 21:00:00 UTC; "
        "resolution counts on from 10m of 2d, due 2026-11-18 13:00:00 UTC; "
        "acceptance in L1 starts, 30m, due 2026-11-16 13:40:00 UTC"
    )


def test_pauses_of_clocks_that_remind_nobody_are_not_told() -> None:
    story = Story(measuring()).accepted()
    before = len(lines_of(story))
    story.does(SAM, Wait(on=WaitingOn.CUSTOMER)).does(SAM, Wait(on=WaitingOn.TIER))
    assert len(lines_of(story)) == before


def test_new_targets_and_runs_after_a_reopening_are_told_with_what_was_counted() -> None:
    story = Story(a_policy()).accepted().passes(HOUR).does(LENA, SetPriority(priority=Priority.P1))
    assert "resolution now has 4h, 1h of them counted, due 2026-11-16 16:00:00 UTC" in lines_of(story)[-1]
    story.resolved().passes(HOUR).customer_writes()
    assert "resolution runs on with 1h of 4h counted, due 2026-11-16 17:00:00 UTC" in lines_of(story)[-1]


def test_a_breach_has_one_sentence_of_its_own() -> None:
    story = Story(measuring()).passes(9 * HOUR)
    breaches = [line for line in story.timeline if "breached" in line]
    assert len(breaches) == sum(clock.breached_at is not None for clock in story.ticket.clocks)


# --- in every life of a ticket ---------------------------------------------------------------------------------------


def everything() -> Policy:
    """Every clock, some of them paused by this or that."""
    return measuring(
        periodic_update=ClockRules(targets=targets(6 * HOUR), pauses=CUSTOMER),
        next_response=ClockRules(targets=targets(HOUR, P1=10 * MINUTE)),
        resolution=ClockRules(targets=targets(DAY, P1=HOUR), pauses=CUSTOMER, ladder="tell"),
        tier_work=ClockRules(targets=targets(4 * HOUR), pauses=CUSTOMER | {WaitingOn.HOLD}, ladder="tell"),
    )


def _lived(life: Life) -> list[tuple[Any, Decision]]:
    return lived(everything(), life, on_time=True)


@given(LIVES)
def test_what_is_counted_and_what_is_left_are_the_target(life: Life) -> None:
    for now, decision in _lived(life):
        for clock in decision.state.clocks:
            if clock.running_since is None or clock.breached_at is not None:
                continue
            calendar = decision.state.policy.calendar(clock.calendar)
            left = calendar.elapsed(now, calendar.due(clock.running_since, clock.target - clock.counted))
            so_far = counted_at(clock, calendar, now)
            # A shorter target may be used up already: then nothing is left, and the breach is at once.
            assert so_far + left == max(clock.target, so_far)


@given(LIVES)
def test_no_response_is_awaited_where_nothing_is_unanswered(life: Life) -> None:
    for _, decision in _lived(life):
        ticket = decision.state
        running = {clock.kind for clock in ticket.clocks if not clock.stopped}
        assert ClockKind.NEXT_RESPONSE not in running or ticket.unanswered_since is not None
        assert not {ClockKind.NEXT_RESPONSE, ClockKind.FIRST_RESPONSE} <= running
        if ticket.status is TicketStatus.OPEN and ticket.unanswered_since is not None:
            assert {ClockKind.NEXT_RESPONSE, ClockKind.FIRST_RESPONSE} & running or ticket.reopened


@given(LIVES)
def test_one_clock_of_a_kind_runs_at_a_time_and_each_stands_as_the_ticket_waits(life: Life) -> None:
    for _, decision in _lived(life):
        ticket = decision.state
        alive = [clock for clock in ticket.clocks if not clock.stopped]
        assert len({clock.kind for clock in alive}) == len(alive)
        for clock in alive:
            assert (clock.status is ClockStatus.PAUSED) == (ticket.waiting_on in clock.pauses)


@given(LIVES)
def test_waiting_on_the_same_twice_changes_no_clock(life: Life) -> None:
    for now, decision in _lived(life)[:-1]:
        ticket = decision.state
        if ticket.status is not TicketStatus.OPEN:
            continue
        story = Story(everything())
        story.decisions, story.now = [decision], now
        other = WaitingOn.HOLD if ticket.waiting_on is not WaitingOn.HOLD else WaitingOn.CUSTOMER
        once = story.does(LENA, Wait(on=other)).ticket.clocks
        assert story.refuses(LENA, Wait(on=other)).endswith("already")
        assert story.ticket.clocks == once


@given(LIVES)
def test_a_next_response_is_started_and_ended_in_turn(life: Life) -> None:
    _, last = _lived(life)[-1]
    clocks = [clock for clock in last.state.clocks if clock.kind is ClockKind.NEXT_RESPONSE]
    for before, after in pairwise(clocks):
        assert before.stopped_at is not None
        assert before.stopped_at <= after.started_at


def test_the_card_shows_the_clock_that_ends_next_of_all_kinds() -> None:
    story = Story(measuring(next_response=ClockRules(targets=targets(MINUTE)))).replied().customer_writes()
    shown = card_of(story.ticket, story.now).clock
    assert shown is not None
    assert shown.name == "next response"


# --- machines --------------------------------------------------------------------------------------------------------


def test_an_automatic_reply_is_sent_and_changes_nothing_else() -> None:
    story = Story(measuring()).replied().passes(HOUR).customer_writes()
    before: Ticket = story.ticket
    story.does(HELPDESK, Reply(text="We have your message.", automatic=True))
    assert story.ticket.mails == before.mails + 1
    assert story.timeline[-1] == "Help desk: To the customer: We have your message."
    assert (story.ticket.clocks, story.ticket.stint, story.ticket.waiting_on, story.ticket.owner) == (
        before.clocks,
        before.stint,
        before.waiting_on,
        before.owner,
    )


def test_an_automatic_solution_is_no_response_of_a_person() -> None:
    story = Story(measuring()).passes(HOUR).does(HELPDESK, Resolve(text="This was a duplicate.", automatic=True))
    assert (story.ticket.status, story.ticket.first_response_at) == (TicketStatus.RESOLVED, None)
    assert story.clock(ClockKind.FIRST_RESPONSE).outcome is ClockOutcome.CANCELLED
    assert story.clock(ClockKind.HANDOFF).outcome is ClockOutcome.LEFT
    assert story.clock(ClockKind.RESOLUTION).outcome is ClockOutcome.MET


def test_the_customers_own_words_are_no_response() -> None:
    policy = measuring().model_copy(update={"permissions": {"reply": tuple(GRACE_HERSELF.roles)}})
    story = Story(policy)
    story.does(GRACE_HERSELF, Reply(text="I wrote this myself."))
    assert status_of(story, ClockKind.FIRST_RESPONSE) is ClockStatus.RUNNING
