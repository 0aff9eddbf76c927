"""Asking the workflows of issues that a feed names: under every id by which an issue is watched."""

from collections.abc import Sequence

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reconcile import CatchUpInput, ReconcileActivities
from domain.issues import Tracker
from domain.reconcile import Answer, AskedIssue, IssueAnswer, WatchedKey

MOVED = AskedIssue(id="I_new", key="acme/payments#1")


class AnsweringDesk:
    """``integrations.issue_desk.IssueDesk``: issues that answer so, and the names that they are known by (None: nobody can say now)."""

    def __init__(self, answers: dict[str, Answer], names: dict[str, frozenset[str]] | None) -> None:
        self.answers = answers
        self.names = names
        self.asked: list[str] = []

    async def catch_up(self, tracker: Tracker, issue: AskedIssue, *, key: str) -> IssueAnswer:
        self.asked.append(issue.id)
        answer = self.answers.get(issue.id, Answer.UNWATCHED)
        changes = (f"status of {issue.id}",) if answer is Answer.MENDED else ()
        return IssueAnswer(id=issue.id, key=issue.key, answer=answer, changes=changes)

    async def known_as(self, tracker: Tracker, names: Sequence[str]) -> dict[str, frozenset[str]] | None:
        return self.names

    async def watched(self, tracker: Tracker) -> list[WatchedKey]:
        raise NotImplementedError

    async def watched_by_key(self, tracker: Tracker, key: str) -> WatchedKey | None:
        raise NotImplementedError

    async def awaiting_release(self, tracker: Tracker, projects: Sequence[str]) -> list[str]:
        raise NotImplementedError

    async def tell_of_release(self, tracker: Tracker, issue_id: str, *, key: str) -> bool:
        raise NotImplementedError


async def asked(desk: AnsweringDesk, tracker: Tracker = Tracker.GITHUB) -> IssueAnswer:
    wanted = CatchUpInput(tracker=tracker, asking="round-1", issues=(MOVED,))
    (answer,) = await ActivityEnvironment().run(ReconcileActivities(desk).catch_up, wanted)
    return answer


@pytest.mark.parametrize("name", [MOVED.id, MOVED.key])
async def test_a_transferred_issue_is_asked_under_the_id_by_which_it_is_watched(name: str) -> None:
    desk = AnsweringDesk({"I_old": Answer.MENDED}, {name: frozenset({"I_old"})})

    answer = await asked(desk)

    assert desk.asked == ["I_new", "I_old"]
    # The round knows the issue by the feed's id, and would ask again for any other.
    assert answer == IssueAnswer(id="I_new", key="acme/payments#1", answer=Answer.MENDED, changes=("status of I_old",))


@pytest.mark.parametrize(
    ("old", "new", "together"),
    [
        (Answer.UNREACHED, Answer.MENDED, Answer.UNREACHED),
        (Answer.MENDED, Answer.AGREES, Answer.MENDED),
        (Answer.AGREES, Answer.PENDING, Answer.PENDING),
        (Answer.AGREES, Answer.UNWATCHED, Answer.AGREES),
        (Answer.UNWATCHED, Answer.UNWATCHED, Answer.UNWATCHED),
    ],
)
async def test_an_issue_that_is_watched_under_two_ids_is_asked_under_both(
    old: Answer, new: Answer, together: Answer
) -> None:
    names = {MOVED.id: frozenset({"I_old", "I_new"}), MOVED.key: frozenset({"I_new"})}

    assert (await asked(AnsweringDesk({"I_old": old, "I_new": new}, names))).answer is together


async def test_an_issue_is_asked_again_while_nobody_can_say_under_which_ids_it_is_watched() -> None:
    assert (await asked(AnsweringDesk({}, None))).answer is Answer.UNREACHED
    assert (await asked(AnsweringDesk({"I_new": Answer.AGREES}, None))).answer is Answer.AGREES


async def test_jiras_ids_last_so_its_issues_are_asked_without_a_search() -> None:
    desk = AnsweringDesk({"I_new": Answer.AGREES}, None)
    assert (await asked(desk, Tracker.JIRA)).answer is Answer.AGREES
    assert (await asked(AnsweringDesk({}, None), Tracker.JIRA)).answer is Answer.UNWATCHED
