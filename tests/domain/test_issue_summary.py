"""The living summary of an issue: what it says, and when it is written."""

from datetime import datetime, timedelta

from domain.engineering_rules import IssueRules, RequestKind, SummaryRules
from domain.issue_impact import ImpactState
from domain.issue_intents import ShowSummary
from domain.issue_messages import IssueFetched, SummaryShown, TicketChanged, TicketJoined, TicketLeft, TimeCame
from domain.issue_roll import Roll
from domain.issue_summary import TRY_AGAIN, text_of
from domain.issue_sync import SyncState
from domain.tiers import Priority
from domain.watched_issue import WatchedIssue
from tests.domain.building import DAY, HOUR, MINUTE, NOON, an_issue
from tests.domain.test_issue_roll import a_roll, facts
from tests.domain.test_issue_watch import Watch, a_snapshot

EVERY = MINUTE


class Summarised(Watch):
    """An issue with its clock, and every summary that was written."""

    def __init__(self) -> None:
        super().__init__(IssueRules(summary=SummaryRules(every=EVERY)))
        self.now_is = NOON
        self.asked: list[ShowSummary] = []

    def happens(self, *events: object, answered: bool = True) -> "Summarised":
        """These events, and the tracker takes each summary at once, unless it does not answer."""
        for event in events:
            self.hears(event, self.now_is)  # type: ignore[arg-type]
            for intent in self.now(ShowSummary):
                self.asked.append(intent)
                if answered:
                    self.hears(SummaryShown(key=intent.key, comment_id="c-77"), self.now_is)
        return self

    def joins(self, ticket: str, **about: object) -> "Summarised":
        return self.happens(
            TicketJoined(id=f"j-{ticket}", ticket_id=ticket, title="x", ref=an_issue(), facts=facts(**about))  # type: ignore[arg-type]
        )

    def after(self, span: timedelta) -> "Summarised":
        """Time passes; the workflow's timer asks when it was told to."""
        until = self.now_is + span
        while (at := self.decisions[-1].deadline) is not None and at <= until:
            self.now_is = max(at, self.now_is)
            self.happens(TimeCame())
        self.now_is = until
        return self

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.asked]


def read_at(now: datetime = NOON) -> IssueFetched:
    return IssueFetched(snapshot=a_snapshot(at=now))


def test_it_is_written_once_the_issue_was_read_and_then_edited_in_place() -> None:
    issue = Summarised().joins("T-1")
    assert issue.asked == []
    issue.happens(read_at())
    assert [each.comment_id for each in issue.asked] == [None]
    assert issue.texts[0].startswith("Support: 1 ticket of 1 customer")
    issue.joins("T-2", customer="c-2").after(EVERY)
    assert [each.comment_id for each in issue.asked] == [None, "c-77"]
    assert issue.texts[1].startswith("Support: 2 tickets of 2 customers")


def test_what_comes_within_a_minute_is_in_one_edit() -> None:
    issue = Summarised().joins("T-1").happens(read_at())
    for number in range(2, 50):
        issue.joins(f"T-{number}")
    assert len(issue.asked) == 1
    issue.after(EVERY)
    assert len(issue.asked) == 2
    assert issue.texts[-1].startswith("Support: 49 tickets")


def test_what_reads_the_same_is_not_written_again() -> None:
    issue = Summarised().joins("T-1").joins("T-2").happens(read_at())
    issue.happens(TicketLeft(id="l", ticket_id="T-2")).joins("T-2").after(5 * EVERY)
    assert len(issue.asked) == 1


def test_while_one_is_on_its_way_no_other_is_asked_for() -> None:
    issue = Summarised().joins("T-1").happens(read_at(), answered=False)
    issue.joins("T-2").after(10 * EVERY)
    assert len(issue.asked) == 1
    issue.happens(SummaryShown(key=issue.asked[0].key, comment_id="c-1")).after(EVERY)
    assert issue.texts[-1].startswith("Support: 2 tickets")
    assert issue.asked[-1].comment_id == "c-1"


def test_a_comment_that_was_deleted_and_written_anew_is_the_one_to_edit() -> None:
    issue = Summarised().joins("T-1").happens(read_at()).joins("T-2")
    issue.now_is += EVERY
    issue.happens(TimeCame(), answered=False)
    issue.happens(SummaryShown(key="k", comment_id="c-99")).joins("T-3").after(EVERY)
    assert issue.asked[-1].comment_id == "c-99"


def test_a_summary_that_is_refused_is_tried_again_after_a_while() -> None:
    issue = Summarised().joins("T-1").happens(read_at(), answered=False)
    issue.happens(SummaryShown(key="k", error="no permission to comment")).joins("T-2").after(HOUR / 2)
    assert len(issue.asked) == 1
    issue.after(TRY_AGAIN)
    assert len(issue.asked) == 2


def test_when_the_last_ticket_leaves_it_says_so_at_once() -> None:
    issue = Summarised().joins("T-1").happens(read_at(), TicketLeft(id="l", ticket_id="T-1"))
    assert issue.texts[-1] == "Support: no ticket is open on this issue any more."


def test_a_new_day_and_a_deadline_that_passes_are_news() -> None:
    issue = Summarised().joins("T-1", due_at=NOON + HOUR).happens(read_at())
    assert "Next deadline promised to a customer: 2026-11-16 13:00 UTC" in issue.texts[0]
    issue.after(HOUR)
    assert "Deadlines that have passed: 1" in issue.texts[-1]
    issue.after(8 * DAY)
    assert "New in the last 7 days: 0, after 1 in the 7 days before (falling)" in issue.texts[-1]


def test_other_facts_of_a_ticket_are_news() -> None:
    issue = Summarised().joins("T-1").happens(read_at())
    changed = TicketChanged(id="c", ticket_id="T-1", facts=facts(severity=Priority.P1, workaround="Pay in cash"))
    issue.happens(changed).after(EVERY)
    assert "- Workaround (from T-1): Pay in cash" in issue.texts[-1]
    assert "- Tickets by severity: P1 1" in issue.texts[-1]


def test_it_says_whom_the_issue_hits_and_how_it_grows() -> None:
    roll = Roll()
    roll = roll.joined("T-1", facts("c-1", "enterprise", Priority.P1, opened_at=NOON - 9 * DAY), NOON - 9 * DAY)
    roll = roll.joined("T-2", facts("c-1", "enterprise", Priority.P3), NOON)
    roll = roll.joined("T-3", facts("c-2", None, Priority.P3, due_at=NOON + HOUR), NOON)
    roll = roll.joined("T-4", facts("c-3", "free", Priority.P4, RequestKind.FEATURE), NOON)
    sync = SyncState(impact=ImpactState(name="high", scores={RequestKind.BUG: 84.0}))
    state = WatchedIssue(ref=an_issue(), watched_since=NOON, roll=roll, sync=sync)
    assert text_of(state, NOON).splitlines() == [
        "Support: 4 tickets of 3 customers",
        "- Impact: high (score 84)",
        "- Customers by plan: enterprise 1, free 1, no plan 1",
        "- Tickets by severity: P1 1, P3 2, P4 1",
        "- Of these, feature requests: 1 ticket of 1 customer; bugs: 3 tickets of 2 customers",
        "- New in the last 7 days: 3, after 1 in the 7 days before (rising)",
        "- Next deadline promised to a customer: 2026-11-16 13:00 UTC",
        "- First reported: 2026-11-07",
    ]


def test_it_is_as_long_for_ten_thousand_tickets_and_names_no_customer() -> None:
    state = WatchedIssue(ref=an_issue(), watched_since=NOON, roll=a_roll(10_000))
    text = text_of(state, NOON)
    assert len(text) < 1_000
    assert "cust-" not in text


def test_a_plans_name_is_one_line_of_plain_words_however_a_customer_came_by_it() -> None:
    plan = "gold\n## Everything is fine\n- grace@navy.example " + "x" * 100
    text = text_of(Summarised().joins("T-1", plan=plan).happens(read_at()).state, NOON)

    (line,) = [line for line in text.splitlines() if "Customers by plan" in line]
    assert line.startswith("- Customers by plan: gold ## Everything is fine - [e-mail] x")
    assert len(line) < 80
    assert not [line for line in text.splitlines() if line.startswith("#")]


def test_many_plans_are_counted_together() -> None:
    issue = Summarised()
    for number in range(30):
        issue.joins(f"T-{number}", customer=f"c-{number}", plan=f"plan {number:02}")
    text = text_of(issue.happens(read_at()).state, NOON)

    assert "plan 19 1, 10 more plans 10" in text
    assert "plan 20" not in text
