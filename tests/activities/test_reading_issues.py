"""What of an issue goes into a workflow's history when it is read."""

from datetime import timedelta

from temporalio.testing import ActivityEnvironment

from activities.issue_tracker import FetchIssueInput, IssueTrackerActivities
from config.issue_text import issue_text
from domain.issue_news import REMEMBERED_COMMENTS
from domain.issues import IssueAttachment, IssueCategory, IssueComment, IssueSnapshot
from tests.domain.building import NOON, an_issue
from tests.domain.test_issue_watch import a_snapshot
from tests.workflows.outside import Outside

_MOST_BYTES = 2_000_000
"""Temporal takes no longer result of an activity."""


def a_comment(number: int, text: str, *, ours: bool = False) -> IssueComment:
    return IssueComment(id=str(number), author="Ada", text=text, created_at=NOON + timedelta(seconds=number), ours=ours)


def read(*comments: IssueComment) -> IssueSnapshot:
    tracker = Outside().jira
    tracker.fetch = lambda ref, *, comments_since: a_snapshot(IssueCategory.TO_DO, *comments)  # type: ignore[method-assign]
    activities = IssueTrackerActivities(tracker, name="Jira", setting="TIERLINE_JIRA__URL", text=issue_text)
    return ActivityEnvironment().run(activities.fetch_issue, FetchIssueInput(ref=an_issue()))


def test_hundreds_of_long_comments_fit_into_a_history() -> None:
    found = read(*(a_comment(number, "ж" * 30_000) for number in range(2_000)))
    assert len(found.model_dump_json().encode()) < _MOST_BYTES
    assert len(found.comments) > REMEMBERED_COMMENTS


def test_a_long_comment_is_cut_alike_each_time_and_says_so() -> None:
    first, second = read(a_comment(1, "stack trace " * 1_000)), read(a_comment(1, "stack trace " * 1_000))
    assert first == second
    assert first.comments[0].text.endswith("… (the rest is in the tracker)")
    assert read(a_comment(1, "short")).comments[0].text == "short"


def test_our_own_comments_stand_in_nobodys_way() -> None:
    ours = [a_comment(number, "Tierline says", ours=True) for number in range(1_000)]
    found = read(*ours, a_comment(1_001, "Found it"))
    assert [each.text for each in found.comments] == ["Found it"]


def test_comments_of_nothing_but_line_ends_and_very_many_files_fit_into_a_history() -> None:
    """A line's end is written as two bytes."""
    files = tuple(IssueAttachment(id=str(n), name="f" * 200, url=f"https://x.example/{n}") for n in range(3_000))
    comments = tuple(a_comment(number, "x\n" * 30_000) for number in range(2_000))
    tracker = Outside().jira
    snapshot = a_snapshot(IssueCategory.TO_DO, *comments).model_copy(
        update={"attachments": files, "labels": tuple(f"label-{n}" for n in range(50_000))}
    )
    tracker.fetch = lambda ref, *, comments_since: snapshot  # type: ignore[method-assign]
    activities = IssueTrackerActivities(tracker, name="Jira", setting="TIERLINE_JIRA__URL", text=issue_text)

    found = ActivityEnvironment().run(activities.fetch_issue, FetchIssueInput(ref=an_issue()))

    assert len(found.model_dump_json().encode()) < _MOST_BYTES
    assert len(found.comments) > REMEMBERED_COMMENTS
    assert found.attachments[-1] == files[-1], "the newest files are kept"
    assert all(each.text.endswith("… (the rest is in the tracker)") for each in found.comments)
