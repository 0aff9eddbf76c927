"""The joint retro's numbers."""

from datetime import datetime, timedelta

from domain.digest import TicketFacts, summarise
from domain.issues import Tracker
from domain.policy import ClockKind
from domain.ticket_card import facts_of
from domain.tiers import Owner, Tier
from tests.domain.building import DAY, HOUR, INSTANT, NOON, Story, an_issue, office_hours

END = NOON + 7 * DAY


def a_fact(ticket_id: str = "T-1", **changes: object) -> TicketFacts:
    fields: dict[str, object] = {
        "ticket_id": ticket_id,
        "tier": Tier.L1,
        "status": "open",
        "opened_at": NOON + HOUR,
        "as_of": END,
        "owner": Owner.L1,
        "seconds_by_owner": {Owner.L1: 3600.0},
    }
    return TicketFacts.model_validate(fields | changes)


def resolved(ticket_id: str, at: datetime, by: str = "Ada", **changes: object) -> TicketFacts:
    return a_fact(ticket_id, status="resolved", resolved_at=at, solved_by=by, owner=Owner.RESOLVED, **changes)


def test_a_week_without_tickets_is_a_page_of_zeros() -> None:
    digest = summarise("support", [], NOON, END)
    assert (digest.opened, digest.resolved, digest.open_now, digest.handoffs) == (0, 0, 0, 0)
    nothing = digest.model_dump(include={"by_tier", "breaches", "waiting", "top_issues", "oldest", "thanks"})
    assert not any(nothing.values())


def test_a_period_begins_with_its_first_instant_and_ends_before_its_last() -> None:
    facts = [
        a_fact("T-1", opened_at=NOON),
        a_fact("T-2", opened_at=NOON - INSTANT),
        a_fact("T-3", opened_at=END - INSTANT),
        a_fact("T-4", opened_at=END),
        resolved("T-5", NOON - INSTANT, opened_at=NOON - DAY),
        resolved("T-6", NOON, opened_at=NOON - DAY),
        resolved("T-7", END, opened_at=NOON - DAY),
    ]
    digest = summarise("support", facts, NOON, END)
    assert (digest.opened, digest.resolved, digest.open_now) == (2, 1, 4)
    assert [old.ticket_id for old in digest.oldest] == ["T-7", "T-2", "T-1", "T-3"]
    assert digest.oldest[1].age == 7 * DAY + INSTANT


def test_moves_breaches_and_reopenings_count_in_the_period_in_which_they_happened() -> None:
    before, within = NOON - HOUR, NOON + HOUR
    fact = a_fact(
        opened_at=NOON - DAY,
        handoffs=(before, within, within),
        returns=(before, within, END),
        breaches=((ClockKind.HANDOFF, before), (ClockKind.HANDOFF, within), (ClockKind.RESOLUTION, within)),
        reopened=3,
        reopenings=(before, within, END),
    )
    digest = summarise("support", [fact], NOON, END)
    assert (digest.handoffs, digest.returns, digest.reopened) == (2, 1, 1)
    assert digest.breaches == {ClockKind.HANDOFF: 1, ClockKind.RESOLUTION: 1}


def test_tiers_waiting_and_thanks_are_summed() -> None:
    facts = [
        a_fact("T-1", tier=Tier.L2, owner=Owner.CUSTOMER, seconds_by_owner={Owner.L1: 60.0, Owner.CUSTOMER: 30.0}),
        a_fact("T-2", tier=Tier.L2, seconds_by_owner={Owner.L1: 60.0}),
        resolved("T-3", NOON + DAY, seconds_by_owner={Owner.L3: 5.0, Owner.RESOLVED: 99.0}),
        resolved("T-4", NOON + DAY, "Bob", seconds_by_owner={}),
        resolved("T-5", NOON + DAY, "Bob", seconds_by_owner={}),
    ]
    digest = summarise("support", facts, NOON, END)
    assert digest.by_tier == {Tier.L1: 3, Tier.L2: 2}
    assert digest.waiting == {
        Owner.L1: timedelta(seconds=120),
        Owner.CUSTOMER: timedelta(seconds=30),
        Owner.L3: timedelta(seconds=5),
    }
    assert digest.thanks == (("Bob", 2), ("Ada", 1))


def test_time_goes_on_as_closed_hours_where_the_tier_is_closed() -> None:
    evening = NOON + 5 * HOUR
    fact = a_fact(as_of=evening, owner=Owner.L1, owner_hours=office_hours(), seconds_by_owner={Owner.L1: 60.0})
    waiting = summarise("support", [fact], NOON, evening + HOUR).waiting
    assert waiting == {Owner.L1: timedelta(minutes=1), Owner.CLOSED_HOURS: HOUR}


def test_time_goes_on_for_whose_turn_it_is_since_the_facts_were_noted() -> None:
    fact = a_fact(as_of=END - HOUR, owner=Owner.VENDOR, seconds_by_owner={Owner.VENDOR: 60.0})
    assert summarise("support", [fact], NOON, END).waiting == {Owner.VENDOR: HOUR + timedelta(minutes=1)}


def test_issues_are_ranked_by_tickets_and_trackers_are_kept_apart() -> None:
    jira, github = an_issue(1), an_issue(2, Tracker.GITHUB)
    same_id = github.model_copy(update={"id": jira.id})
    facts = [
        a_fact("T-1", issues=(jira, github)),
        a_fact("T-2", issues=(github,)),
        a_fact("T-3", issues=(same_id,)),
    ]
    loads = summarise("support", facts, NOON, END).top_issues
    assert [(load.ref.key, load.tickets) for load in loads] == [
        ("acme/storefront#2", 2),
        ("acme/storefront#2", 1),
        ("PAY-1", 1),
    ]
    assert len(summarise("support", facts, NOON, END, top=1).top_issues) == 1


def test_a_tickets_facts_are_what_a_digest_counts() -> None:
    story = Story().passes(40 * HOUR).resolved().passes(HOUR).customer_writes().resolved().passes(3 * DAY)
    facts = facts_of(story.ticket, story.now)
    digest = summarise("support", [facts], NOON, NOON + 30 * DAY)
    assert (digest.opened, digest.resolved, digest.reopened, digest.handoffs) == (1, 1, 1, 2)
    assert digest.thanks == (("sam", 1),)
    assert digest.waiting == {Owner.L1: HOUR / 2, Owner.L2: HOUR / 2, Owner.L3: 39 * HOUR}
    assert sum(facts.seconds_by_owner.values()) == (story.ticket.closed_at - NOON).total_seconds()  # type: ignore[operator]


def test_somebody_whom_two_systems_write_differently_is_thanked_once() -> None:
    facts = [resolved("T-1", NOON + DAY, by="ada"), resolved("T-2", NOON + DAY, by="Ada")]
    assert summarise("support", facts, NOON, END).thanks == (("Ada", 2),)
