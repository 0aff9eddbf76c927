"""What an engineering issue's workflow hands from run to run fits, however many tickets and news there are."""

from datetime import timedelta
from typing import get_args

import pytest

from domain.issue_carry import IssueCarry, QueuedIssueIntent, folded_news, issue_in_room, issue_rooms
from domain.issue_intents import IssueIntent, WriteComment
from domain.issue_messages import TicketOnIssue
from domain.issue_roll import Roll
from domain.lane_room import LANE_BYTES, bytes_of, folded_of_issue
from domain.messages import IssueChanged, IssueCommented, IssueSaid
from domain.tiers import Priority
from domain.watched_issue import FanOut
from tests.domain.building import NOON, a_change, a_comment, an_issue
from tests.domain.filling import WIDE, full
from workflows.continuation import MOST_BYTES

GROWN = {
    "IssueCarry.seen": 1_000,
    "IssueCarry.seen_of_roll": 1_000,
    "IssueCarry.queued": 0,
    # A run that comes to rest has taken all in; what a reopened one gets is limited by itself.
    "IssueCarry.inbox": 0,
    "IssueSnapshot.attachments": 400,
    "IssueSnapshot.labels": 200,
    "IssueSnapshot.fix_versions": 50,
    "NewsState.comments": 500,
    "NewsState.files": 500,
    "WatchedIssue.fan_outs": 0,
    "WatchedIssue.pages": 20,
    "Wishes.conflicts": 20,
    "Wishes.wanted": 6,
}
REF = an_issue()


def a_crowd(tickets: int) -> Roll:
    """A roll on which each ticket has a customer of its own and a long workaround."""
    roll = Roll()
    for number in range(tickets):
        facts = TicketOnIssue(
            customer=f"{number}{WIDE * 190}",
            plan=f"plan {number % 5}",
            severity=Priority.P2,
            opened_at=NOON + timedelta(minutes=number),
            workaround=f"{number} {WIDE * 1_900}",
        )
        roll = roll.joined(f"T-{number}", facts, NOON)
    return roll


def told(number: int, body: IssueCommented | IssueChanged, **changes: int | str) -> FanOut:
    """News that wait."""
    return FanOut(key=f"issue/{number}", body=body, upto=number, of=number, **changes)


def test_an_issue_that_has_grown_to_every_limit_at_once_fits() -> None:
    roll = a_crowd(2_000)
    news = tuple(told(n, IssueCommented(ref=REF, comment=a_comment(n, "x" * 3_000))) for n in range(500))
    queued = tuple(QueuedIssueIntent(intent=full(kind), begun=True) for kind in get_args(get_args(IssueIntent)[0]))
    carry = full(IssueCarry, GROWN).model_copy(update={"queued": queued})
    carry = carry.model_copy(update={"issue": carry.issue.model_copy(update={"roll": roll, "fan_outs": news})})
    assert bytes_of(carry) > 3 * MOST_BYTES, "else nothing is tried here"

    made = next(fit for room in issue_rooms() if bytes_of(fit := issue_in_room(carry, room)) <= MOST_BYTES)

    assert IssueCarry.model_validate_json(made.model_dump_json()) == made
    assert list(made.issue.roll) == list(roll), "no ticket is forgotten"
    assert made.issue.roll.tally.customers == 2_000
    assert made.issue.roll.workaround() is not None
    assert [each.intent.key for each in made.queued] == [each.intent.key for each in queued]


def test_news_that_wait_are_folded_and_say_how_many() -> None:
    comments = [told(n, IssueCommented(ref=REF, comment=a_comment(n, "x" * 3_000))) for n in range(1, 300)]
    changes = [told(n, a_change(REF, category)) for n, category in ((300, "in_progress"), (301, "done"))]  # type: ignore[arg-type]
    under_way = told(0, IssueCommented(ref=REF, comment=a_comment(0, "x" * 3_000)), sent="k", sent_upto=0)

    news = folded_news((under_way, *comments, *changes), 100_000)

    assert sum(map(bytes_of, news)) <= 101_000
    assert news[0] is under_way, "what is being told stays"
    line = news[1].body
    assert isinstance(line, IssueSaid)
    whole = sum(isinstance(each.body, IssueCommented) for each in news[1:])
    assert line.text == f"{299 - whole:,} more comments, files and remarks on {REF.key}: read them there"
    assert news[-1] is changes[-1], "how the issue stands is told"
    again = folded_news(news, 20_000)
    assert again[1].folds + sum(isinstance(each.body, IssueCommented) for each in again[1:]) == 299


@pytest.mark.parametrize("count", [700])
def test_comments_that_wait_for_the_tracker_are_folded_and_say_how_many(count: int) -> None:
    waiting: list[IssueIntent] = [WriteComment(key=f"c/{n}", text="x" * 4_000, ticket_id="T-1") for n in range(count)]

    made = folded_of_issue(waiting)

    assert sum(map(bytes_of, made)) <= LANE_BYTES
    first = made[0]
    assert isinstance(first, WriteComment)
    assert first.folds == count - len(made) + 1
    assert first.text.startswith(f"{first.folds} more comments could not be written in time")
    assert made[-1] is waiting[-1]
