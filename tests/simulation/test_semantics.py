"""Scenarios: what lines of a log mean for a ticket's clocks, each rule of docs/simulation.md by itself."""

from datetime import timedelta
from pathlib import Path

from config.policy import load_policy
from domain.policy import ReportField
from domain.tiers import Tier
from simulation.judged import JudgedCase
from tests.simulation.logs import (
    CANCELLED,
    CLOSED,
    OFFICE_HOURS,
    QUEUED,
    RESOLVED,
    WORKING,
    a_log,
    clocks_of,
    row,
    simulated,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# 2012-03-05 is a Monday; the last line of each log belongs to another case and says when the log ends.
END = row("2012-03-30 12:00", CLOSED, case="1-9")


def the_case(folder: Path, *rows: str, end: str = END) -> JudgedCase:
    """The first case of a log of these lines."""
    run, cases = simulated(a_log(folder, *rows, end))
    assert run.bad.count == 0
    assert cases[0].refused == ()
    return cases[0]


def told(case: JudgedCase, kind: str) -> list[tuple[int | None, str, str, timedelta]]:
    """Each clock of a kind: stint, tier, outcome and counted time."""
    return [(clock.stint, clock.tier.value, clock.outcome.value, clock.counted) for clock in clocks_of(case, kind)]


def test_the_first_line_opens_the_ticket_in_its_line_with_the_priority_of_its_impact(tmp_path: Path) -> None:
    lines = [("2012-03-05 09:00", QUEUED), ("2012-03-05 09:20", WORKING)]
    case = the_case(tmp_path, *(row(at, status, 2, impact="High") for at, status in lines))
    clocks = {clock.clock.value: clock for clock in case.clocks}
    assert {clock.tier.value for clock in clocks.values()} == {"L2"}
    assert clocks["first_response"].as_json() == {
        "case_id": "1-1",
        "clock": "first_response",
        "stint": None,
        "tier": "L2",
        "priority": "P2",
        "target_s": 3600,
        "started_at": "2012-03-05T08:00:00Z",
        "stopped_at": "2012-03-05T08:20:00Z",
        "counted_s": 1200,
        "breached_at": None,
        "outcome": "met",
    }


def test_a_line_in_another_tier_hands_over_and_begins_a_stint(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", WORKING),
        row("2012-03-05 10:00", QUEUED, 3),
        row("2012-03-05 10:30", WORKING, 3),
        row("2012-03-05 11:00", WORKING, 1),
        row("2012-03-05 11:10", RESOLVED, 1),
    )
    assert told(case, "handoff") == [
        (0, "L1", "met", 0 * HOUR),
        (1, "L3", "met", 30 * MINUTE),
        (2, "L1", "met", 0 * HOUR),
    ]
    assert told(case, "tier_work") == [
        (0, "L1", "met", HOUR),
        (1, "L3", "met", HOUR),
        (2, "L1", "met", 10 * MINUTE),
    ]


def test_a_tier_that_asks_for_a_report_takes_what_the_log_handed_to_it(tmp_path: Path) -> None:
    """The log does not tell what was written down, only that the ticket was taken."""
    lines = [row("2012-03-05 09:00", WORKING), row("2012-03-05 10:00", QUEUED, 3), row("2012-03-05 10:30", WORKING, 3)]
    policy = load_policy(OFFICE_HOURS)
    strict = policy.tiers[Tier.L3].model_copy(update={"requires": tuple(ReportField)})
    _, cases = simulated(
        a_log(tmp_path, *lines, END), policy.model_copy(update={"tiers": policy.tiers | {Tier.L3: strict}})
    )
    assert cases[0].refused == ()
    assert told(cases[0], "handoff")[1] == (1, "L3", "met", 30 * MINUTE)


def test_a_ticket_that_leaves_a_tier_before_anybody_took_it_leaves_its_handoff_clock(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", QUEUED),
        row("2012-03-05 10:00", QUEUED, 2),
        row("2012-03-05 11:00", RESOLVED, 2),
    )
    assert told(case, "handoff") == [(0, "L1", "left", HOUR), (1, "L2", "met", HOUR)]
    assert told(case, "tier_work")[0] == (0, "L1", "met", HOUR)


def test_a_handoff_clock_that_was_breached_stays_so_when_the_ticket_leaves(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", QUEUED, impact="High"),
        row("2012-03-05 09:31", QUEUED, 2, impact="High"),
        row("2012-03-05 09:40", RESOLVED, 2, impact="High"),
    )
    first = clocks_of(case, "handoff")[0]
    assert (first.outcome, first.counted) == ("breached", 31 * MINUTE)
    assert first.as_json()["breached_at"] == "2012-03-05T08:30:00Z"


def test_waiting_pauses_by_the_clock_and_lasts_until_the_next_line(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", WORKING),
        row("2012-03-05 09:10", "Accepted,Wait - User"),
        row("2012-03-05 09:40", "Accepted,Wait - Vendor"),
        row("2012-03-05 10:00", "Accepted,Wait - Implementation"),
        row("2012-03-05 10:05", "Accepted,Wait"),
        row("2012-03-05 10:15", "Accepted,Wait - Customer"),
        row("2012-03-05 10:20", QUEUED),
        row("2012-03-05 10:30", "Completed,In Call"),
    )
    # Tier work stands still 30 minutes for the user, 20 for the vendor and 5 for the customer; resolution not for the vendor.
    assert told(case, "tier_work") == [(0, "L1", "met", 35 * MINUTE)]
    assert told(case, "resolution") == [(None, "L1", "met", 55 * MINUTE)]


def test_a_line_that_matches_nothing_is_ignored_also_as_the_end_of_a_wait(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", WORKING),
        row("2012-03-05 09:10", "Accepted,Wait - User"),
        row("2012-03-05 09:20", "Unmatched,Unmatched", 3),
        row("2012-03-05 09:30", RESOLVED),
    )
    assert told(case, "tier_work") == [(0, "L1", "met", 10 * MINUTE)]


def test_closing_what_is_resolved_changes_nothing_and_its_line_is_ignored(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", WORKING),
        row("2012-03-05 10:00", RESOLVED),
        row("2012-03-06 10:00", CLOSED, 2),
        row("2012-03-07 10:00", RESOLVED, 3),
    )
    assert told(case, "resolution") == [(None, "L1", "met", HOUR)]
    assert [clock.stint for clock in clocks_of(case, "tier_work")] == [0]


def test_closing_what_is_open_resolves_it(tmp_path: Path) -> None:
    case = the_case(tmp_path, row("2012-03-05 09:00", QUEUED), row("2012-03-05 10:00", CLOSED))
    assert [clock.outcome for clock in case.clocks] == ["met"] * 4
    assert {clock.counted for clock in case.clocks} == {HOUR}


def test_work_after_the_end_reopens_in_a_new_stint_of_that_lines_tier(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", WORKING),
        row("2012-03-05 10:00", RESOLVED),
        row("2012-03-05 11:00", CLOSED),
        row("2012-03-06 09:00", QUEUED, 1),
        row("2012-03-06 09:30", WORKING, 1),
        row("2012-03-06 10:00", RESOLVED, 1),
    )
    assert told(case, "handoff") == [(0, "L1", "met", 0 * HOUR), (1, "L1", "met", 30 * MINUTE)]
    assert told(case, "tier_work") == [(0, "L1", "met", HOUR), (1, "L1", "met", HOUR)]
    # It counts on, and not while it was resolved.
    assert told(case, "resolution") == [(None, "L1", "met", 2 * HOUR)]


def test_cancelling_ends_what_runs_as_cancelled(tmp_path: Path) -> None:
    case = the_case(tmp_path, row("2012-03-05 09:00", QUEUED), row("2012-03-05 10:00", CANCELLED))
    assert [(clock.clock.value, clock.outcome) for clock in sorted(case.clocks, key=lambda c: c.clock.value)] == [
        ("first_response", "cancelled"),
        ("handoff", "cancelled"),
        ("resolution", "cancelled"),
        ("tier_work", "cancelled"),
    ]


def test_a_clock_that_was_breached_stays_so_when_the_ticket_is_cancelled(tmp_path: Path) -> None:
    case = the_case(
        tmp_path, row("2012-03-05 09:00", QUEUED, impact="High"), row("2012-03-05 10:00", CANCELLED, impact="High")
    )
    assert told(case, "handoff") == [(0, "L1", "breached", HOUR)]


def test_what_still_runs_is_judged_at_the_last_instant_of_the_whole_log(tmp_path: Path) -> None:
    case = the_case(tmp_path, row("2012-03-05 09:00", WORKING), end=row("2012-03-05 11:00", CLOSED, case="1-9"))
    assert told(case, "tier_work") == [(0, "L1", "running", 2 * HOUR)]
    assert clocks_of(case, "resolution")[0].stopped_at is None


def test_a_target_reached_at_the_very_instant_of_the_stop_is_kept(tmp_path: Path) -> None:
    for minute, outcome in (("11:00:00", "met"), ("11:00:01", "breached")):
        case = the_case(tmp_path, row("2012-03-05 09:00", QUEUED), row(f"2012-03-05 {minute}", WORKING))
        assert clocks_of(case, "handoff")[0].outcome == outcome


def test_a_target_reached_at_the_last_instant_of_the_log_is_kept(tmp_path: Path) -> None:
    for end, outcome, at in (("11:00:00", "running", None), ("11:00:01", "breached", "2012-03-05T10:00:00Z")):
        case = the_case(tmp_path, row("2012-03-05 09:00", QUEUED), end=row(f"2012-03-05 {end}", CLOSED, case="1-9"))
        clock = clocks_of(case, "handoff")[0]
        assert (clock.outcome, clock.as_json()["breached_at"]) == (outcome, at)


def test_lunch_nights_weekends_and_public_holidays_do_not_count_but_for_p1(tmp_path: Path) -> None:
    # Easter Monday of 2012 is 9 April: from Thursday 16:30 to Tuesday 14:00 there are 1 + 8.5 + 4 + 1 hours.
    lines = [("2012-04-05 16:30", QUEUED), ("2012-04-10 14:00", RESOLVED)]
    for impact, counted in (("Low", 14.5 * HOUR), ("Major", 117.5 * HOUR)):
        case = the_case(
            tmp_path,
            *(row(at, status, impact=impact) for at, status in lines),
            end=row("2012-04-30 12:00", CLOSED, case="1-9"),
        )
        assert clocks_of(case, "resolution")[0].counted == counted


def test_a_line_of_another_priority_gives_what_runs_its_targets(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", QUEUED),
        row("2012-03-05 09:20", QUEUED, impact="High"),
        row("2012-03-05 09:40", WORKING, impact="High"),
    )
    clock = clocks_of(case, "handoff")[0]
    assert (clock.priority, clock.target, clock.outcome, clock.counted) == ("P2", 30 * MINUTE, "breached", 40 * MINUTE)


def test_the_ladders_moves_are_counted_and_not_made(tmp_path: Path) -> None:
    # Nobody takes it: half of the four hours, all of them (hand over) and twice as many (wake somebody) go by.
    case = the_case(
        tmp_path,
        row("2012-03-05 09:00", QUEUED, 2, impact="Low"),
        row("2012-03-08 09:00", WORKING, 2, impact="Low"),
        row("2012-03-08 10:00", RESOLVED, 2, impact="Low"),
    )
    assert (case.hand_offs, case.pages) == (1, 1)
    assert [stint for stint, *_ in told(case, "handoff")] == [0]


def test_the_time_of_a_ticket_is_divided_among_whose_turn_it_was(tmp_path: Path) -> None:
    case = the_case(
        tmp_path,
        row("2012-03-05 16:30", WORKING),
        row("2012-03-06 09:00", "Accepted,Wait - User"),
        row("2012-03-06 10:00", WORKING, 2),
        row("2012-03-06 11:00", RESOLVED, 2),
        row("2012-03-06 13:00", CLOSED, 2),
    )
    spent = {owner.value: length for owner, length in case.spent.items() if length}
    assert spent == {"L1": 2 * HOUR, "closed_hours": 14.5 * HOUR, "customer": HOUR, "L2": HOUR, "resolved": 2 * HOUR}
