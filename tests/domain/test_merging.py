"""Merging, splitting and handing over: what becomes of both tickets, and of their clocks."""

import pytest

from domain.clocks import ClockOutcome, ClockStatus
from domain.intents import (
    CloseVendorCase,
    JoinIssue,
    LeaveIssue,
    MailCustomer,
    Notice,
    OpenSplitTicket,
    PageWithIssue,
    RaisePage,
    TellOtherTicket,
)
from domain.issue_pages import PageReleased
from domain.messages import Accept, HandOver, Merge, MergeAnswered, Split, TicketMergedIn
from domain.people import Customer
from domain.policy import ClockKind, Policy, TeamRules
from domain.ticket import TicketStatus
from domain.tiers import Tier
from tests.domain.building import (
    DAY,
    EVE,
    HOUR,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_policy,
    an_opening,
    the_tiers,
    without_ladders,
)


def merge(away: Story, into: Story) -> None:
    """The lead merges; both tickets hear of one another at one instant."""
    away.does(LENA, Merge(into=into.ticket.id, reason="the same outage"))
    offer = away.now_intended(TellOtherTicket)[-1]
    assert isinstance(offer.body, TicketMergedIn)
    into.told_of(offer.body)
    answer = into.now_intended(TellOtherTicket)[-1]
    assert (offer.ticket_id, answer.ticket_id) == (into.ticket.id, away.ticket.id)
    assert isinstance(answer.body, MergeAnswered)
    away.told_of(answer.body)


def two(policy: Policy | None = None) -> tuple[Story, Story]:
    """T-1042, and an hour later T-1001 of the same customer."""
    old = (Story(without_ladders()) if policy is None else Story(policy).accepted()).passes(HOUR)
    policy = old.ticket.policy
    return old, Story(policy, an_opening(ticket_id="T-1001", title="Cards"), at=NOON + HOUR)


def test_zammad_904_a_merged_ticket_still_escalates() -> None:
    away, into = two(a_policy())
    away.escalated(Tier.L3).issue_opened().page_raised()
    merge(away, into)
    # The page may serve other tickets of the issue: that ends it with the last of them.
    released = [one.word for one in away.now_intended(PageWithIssue) if isinstance(one.word, PageReleased)]
    assert [word.page_key for word in released] == [away.ticket.pages[-1].key]
    before = len(away.intents)
    away.passes(30 * DAY)
    assert len(away.intents) == before
    assert away.decisions[-1].deadline is None
    assert len(away.all(RaisePage)) == 1


def test_clocks_of_the_ticket_merged_away_end_as_merged_never_as_met() -> None:
    away, into = two()
    running = {clock.id for clock in away.ticket.clocks if not clock.stopped}
    merge(away, into)
    assert all(clock.status is ClockStatus.STOPPED for clock in away.ticket.clocks)
    outcomes = {clock.id: clock.outcome for clock in away.ticket.clocks if clock.id in running}
    # Acceptance was due after half an hour, first response after an hour.
    assert outcomes.pop("handoff/1") is ClockOutcome.BREACHED
    assert outcomes.pop("first_response/1") is ClockOutcome.BREACHED
    assert set(outcomes.values()) == {ClockOutcome.MERGED}


def test_the_earliest_start_wins() -> None:
    away, into = two()
    into.passes(30 * MINUTE)
    away.passes(30 * MINUTE)
    merge(away, into)
    clock = into.clock(ClockKind.RESOLUTION)
    assert (clock.started_at, clock.counted) == (NOON, 90 * MINUTE)
    assert into.passes(3 * DAY).clock(ClockKind.RESOLUTION).breached_at == NOON + 2 * DAY


def test_a_later_start_changes_nothing_and_time_is_never_given_back() -> None:
    old, new = two()
    before = old.clock(ClockKind.RESOLUTION)
    merge(new, old)
    assert old.clock(ClockKind.RESOLUTION) == before


def test_a_finished_clock_of_the_survivor_is_never_rewritten() -> None:
    away, into = two()
    into.replied(awaits_customer=False)
    before = into.clock(ClockKind.FIRST_RESPONSE)
    merge(away, into)
    assert into.clock(ClockKind.FIRST_RESPONSE) == before


def test_the_survivor_is_on_the_issues_before_the_other_leaves_them() -> None:
    away, into = two(a_policy())
    away.escalated(Tier.L3).issue_opened()
    away.does(LENA, Merge(into="T-1001"))
    offer = away.now_intended(TellOtherTicket)[-1].body
    assert isinstance(offer, TicketMergedIn)
    assert not away.all(LeaveIssue)
    into.told_of(offer)
    kinds = [type(intent) for intent in into.last if isinstance(intent, JoinIssue | TellOtherTicket)]
    assert kinds == [JoinIssue, TellOtherTicket]
    away.told_of(MergeAnswered(by_ticket="T-1001"))
    assert [intent.ref for intent in away.now_intended(LeaveIssue)] == [issue.ref for issue in into.ticket.issues]


def test_the_customer_is_told_where_to_go_on_and_both_stories_say_it() -> None:
    away, into = two()
    merge(away, into)
    assert "We go on with your request as T-1001" in away.now_intended(MailCustomer)[0].text
    assert (away.ticket.status, away.ticket.merged_into) == (TicketStatus.CLOSED, "T-1001")
    assert "Tierline: Merged into T-1001: its clocks have ended, and everything goes on there" in away.timeline
    assert "Tierline: T-1042 was merged into this ticket by lena: Card payment fails" in into.timeline
    assert into.ticket.merged_in == ("T-1042",)
    assert away.refuses(SAM, Accept()) == "T-1042 was merged into T-1001: go on there"


def test_a_vendor_is_not_left_waiting() -> None:
    away, into = two(a_policy())
    away.escalated(Tier.L4)
    merge(away, into)
    assert len(away.now_intended(CloseVendorCase)) == 1


def test_a_survivor_that_cannot_take_it_in_says_why_and_nothing_is_lost() -> None:
    away, into = two()
    into.resolved()
    merge(away, into)
    assert (away.ticket.status, away.ticket.merging_into) == (TicketStatus.OPEN, None)
    assert "Tierline: Not merged into T-1001: T-1001 is resolved: reopen it first" in away.timeline
    assert len(away.now_intended(Notice)) == 1


def test_a_closed_survivor_answers() -> None:
    away, into = two()
    into.resolved().passes(10 * DAY)
    assert into.ticket.status is TicketStatus.CLOSED
    merge(away, into)
    assert "Tierline: Not merged into T-1001: T-1001 is closed" in away.timeline


def test_a_survivor_that_is_not_there_is_told() -> None:
    away, _ = two()
    away.does(LENA, Merge(into="T-9999")).fails(TellOtherTicket, "there is no open ticket T-9999")
    assert (away.ticket.status, away.ticket.merging_into) == (TicketStatus.OPEN, None)
    assert "Tierline: Not merged into T-9999: there is no open ticket T-9999" in away.timeline


def test_tickets_of_two_customers_stay_apart() -> None:
    away, _ = two()
    other = Story(without_ladders(), an_opening(ticket_id="T-1001", customer=Customer(id="x", name="X")))
    merge(away, other)
    assert away.timeline[-1].endswith("T-1001 is another customer's: link both tickets to one issue instead")


def test_two_tickets_that_merge_into_each_other_both_stay() -> None:
    away, into = two()
    for story, other in ((away, into), (into, away)):
        story.does(LENA, Merge(into=other.ticket.id))
    bodies = [story.now_intended(TellOtherTicket)[-1].body for story in (away, into)]
    for story, body in zip((into, away), bodies, strict=True):
        story.told_of(body)
        assert "is itself being merged into" in str(story.now_intended(TellOtherTicket)[-1].body)


def test_an_offer_that_comes_twice_is_taken_once() -> None:
    away, into = two()
    merge(away, into)
    again = TicketMergedIn(ticket_id="T-1042", title="x", customer_id="cus-77", by="lena")
    into.told_of(again)
    assert into.ticket.merged_in == ("T-1042",)


@pytest.mark.parametrize(
    ("by", "request_", "words"),
    [
        (LENA, Merge(into="T-1042"), "T-1042 cannot be merged into itself: name the other ticket"),
        (EVE, Merge(into="T-1"), "eve may not merge: it takes the role lead, operator or integration"),
        (LENA, HandOver(to="db", reason="x"), "the policy names no teams in L1, where T-1042 is"),
        (
            LENA,
            Split(title="x", description="x", tier=Tier.L4),
            "a ticket does not start in L4; choose one of L1, L2, L3",
        ),
        (
            LENA,
            Split(title="x", description="x", ticket_id="T-1042"),
            "there is a ticket T-1042 already: choose another number, or leave it out",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(by: object, request_: object, words: str) -> None:
    assert Story(without_ladders()).refuses(by, request_) == words  # type: ignore[arg-type]


# --- splitting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clocks", "start"), [("split", NOON + HOUR), ("opening", NOON)])
def test_a_split_ticket_counts_from_now_or_from_the_opening(clocks: str, start: object) -> None:
    story = Story(without_ladders()).passes(HOUR)
    request = Split.model_validate({"title": "Invoices", "description": "They are late.", "clocks": clocks})
    story.does(LENA, request)
    intent = story.only(OpenSplitTicket)
    new = Story(intent.policy, intent.opening, at=story.now)
    assert (new.ticket.id, new.ticket.customer, new.ticket.split_from) == ("T-1042S1", story.ticket.customer, "T-1042")
    assert story.ticket.split_into == ("T-1042S1",)
    assert new.clock(ClockKind.RESOLUTION).started_at == start
    assert new.clock(ClockKind.HANDOFF).started_at == NOON + HOUR
    assert (
        new.passes(3 * DAY).clock(ClockKind.RESOLUTION).breached_at
        == new.clock(ClockKind.RESOLUTION).started_at + 2 * DAY
    )
    assert any("Split off T-1042" in line for line in new.timeline)
    assert any("T-1042S1 is opened for “Invoices”" in line for line in story.timeline)


def test_a_split_whose_number_is_taken_is_told() -> None:
    story = Story(without_ladders()).does(LENA, Split(title="x", description="x", ticket_id="T-7"))
    story.fails(OpenSplitTicket, "there is a ticket T-7 already")
    assert story.ticket.split_into == ()
    assert any("T-7 could not be opened: there is a ticket T-7 already" in line for line in story.timeline)


# --- handing over --------------------------------------------------------------------------------------------------


def teams_policy() -> Policy:
    """L2 has a team for databases with a channel of its own."""
    tiers = the_tiers(page_on_entry=False)
    teams = {"database": TeamRules(name="Databases", channel="C0DB", lead="U0DBA"), "web": TeamRules(name="Web")}
    tiers[Tier.L2] = tiers[Tier.L2].model_copy(update={"teams": teams})
    return without_ladders(tiers=tiers)


def test_handing_over_begins_a_new_stint_and_the_resolution_goes_on() -> None:
    story = Story(teams_policy()).escalated(Tier.L2).accepted().passes(HOUR)
    story.does(SAM, HandOver(to="database", reason="slow queries")).passes(HOUR)
    ticket = story.ticket
    assert (ticket.tier, ticket.stint.team, ticket.stint.accepted_by, ticket.stint.number) == (
        Tier.L2,
        "database",
        None,
        2,
    )
    assert (story.clock(ClockKind.HANDOFF).stint, story.clock(ClockKind.HANDOFF).started_at) == (2, NOON + HOUR)
    assert story.clocks(ClockKind.TIER_WORK)[1].outcome is ClockOutcome.MET
    assert story.clock(ClockKind.RESOLUTION).started_at == NOON
    assert any("sam: Handed over to Databases in L2: slow queries" in line for line in story.timeline)


def test_the_teams_own_channel_and_lead_are_told() -> None:
    story = Story(teams_policy()).escalated(Tier.L2).does(SAM, HandOver(to="database", reason="slow"))
    assert story.told == [("C0DB", "T-1042 was handed over to Databases by sam: slow")]


def test_a_team_that_is_not_there_or_has_it_is_refused() -> None:
    story = Story(teams_policy()).escalated(Tier.L2)
    assert story.refuses(SAM, HandOver(to="dba", reason="x")) == "L2 has no team 'dba'; it has database, web"
    story.does(SAM, HandOver(to="web", reason="x"))
    assert story.refuses(SAM, HandOver(to="web", reason="x")) == "T-1042 is with Web already"
