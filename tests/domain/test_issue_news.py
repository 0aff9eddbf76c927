"""What a fetched issue tells its tickets: differences alone, each once, in whatever order it is heard of."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engineering_rules import ImpactRules
from domain.issue_intents import WriteComment
from domain.issue_messages import HintSource, IssueVanished
from domain.issue_references import MOST_ALIASES
from domain.issues import (
    FieldStamp,
    FixVersion,
    IssueAttachment,
    IssueCategory,
    SyncedField,
    Visibility,
)
from domain.messages import GoneReason, IssueAttached, IssueChanged, IssueCommented, IssueGone, IssueMerged, IssueSaid
from tests.domain.issue_life import (
    ENGINEER,
    GITHUB_ISSUE,
    HOUR,
    JIRA_ISSUE,
    MINUTE,
    NOON,
    SECOND,
    Life,
    an_engineers_comment,
    by_engineer,
    in_project,
    the_rules,
)


def a_life() -> Life:
    """An issue with a ticket on it, read once. Impact is another subject."""
    return (
        Life(the_rules(impact=ImpactRules(), projects=in_project(wait_for_release=True))).joined("T-1").reads().later()
    )


def a_file(number: int, at: datetime | None = NOON + MINUTE, **more: Any) -> IssueAttachment:
    return IssueAttachment(
        **({"id": f"f{number}", "name": "trace.log", "url": "https://x", "author": ENGINEER, "created_at": at} | more)
    )


def statuses(life: Life) -> list[str]:
    return [body.status for body in life.told_of(IssueChanged)]


# --- only differences ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Card payment fails in Belgium"),
        ("assignee", ENGINEER),
        ("priority", "High"),
        ("status", "In Progress"),
        ("ref", JIRA_ISSUE.model_copy(update={"key": "CORE-9"})),
    ],
)
def test_each_field_that_is_different_is_told_once(field: str, value: object) -> None:
    life = a_life().reads(**{field: value})
    (body,) = life.told_of(IssueChanged)
    assert getattr(body, field) == value
    for _ in range(3):
        assert not life.later().reads().told


def test_a_move_to_another_project_goes_by_its_rules() -> None:
    life = a_life()
    elsewhere = JIRA_ISSUE.model_copy(update={"key": "CORE-9"})
    life.reads(status="Done", category=IssueCategory.DONE)
    assert life.told_of(IssueChanged)[0].meaning == "fixed"
    life.reads(ref=elsewhere, project="CORE")
    assert life.told_of(IssueChanged)[0].meaning == "released"
    assert life.state.ref.key == "CORE-9"


def test_an_echo_of_what_tierline_wrote_is_no_news_and_another_bots_comment_is() -> None:
    """github-for-jira 291 and 403: ignoring all bots blocks legitimate automation. Ours is what our account wrote with our mark."""
    ours = an_engineers_comment(1, ours=True, author="tierline[bot]")
    bot = an_engineers_comment(2, author="ci[bot]", text="The build of the fix is green.")
    same_account_no_mark = an_engineers_comment(
        3, author="tierline[bot]", text="Written by hand, with the bot's account."
    )
    life = a_life().reads(comments=(ours, bot, same_account_no_mark))
    assert [body.comment.id for body in life.told_of(IssueCommented)] == ["c2", "c3"]


def test_a_change_that_overtook_another_changes_nothing_back() -> None:
    """Deliveries come late and swapped (Sentry's watermarks of 2026): an older truth is not believed after a newer one."""
    life = a_life()
    early = life.shown.model_copy(update={"status": "In Progress", "updated_at": life.now})
    life.later().reads(status="Done", category=IssueCategory.DONE)
    life.reads(status=early.status, category=IssueCategory.IN_PROGRESS, updated_at=early.updated_at)
    assert not life.told
    assert life.state.known is not None
    assert life.state.known.status == "Done"


def test_a_field_that_is_older_than_what_is_known_of_it_changes_nothing() -> None:
    """The issue was touched later, but this answer's priority is of before the one that is known."""
    life = a_life()
    stamp = by_engineer(life.now)
    life.reads(priority="High", stamps={SyncedField.PRIORITY: stamp}).later()
    older = FieldStamp(at=stamp.at - MINUTE, by=ENGINEER)
    life.reads(priority="Low", title="Another title", stamps={SyncedField.PRIORITY: older})
    (body,) = life.told_of(IssueChanged)
    assert (body.priority, body.title) == ("High", "Another title")


def test_a_terminal_state_wins_a_tie_and_the_other_is_believed_when_it_is_said_twice() -> None:
    life = a_life()
    tie = life.now
    life.reads(status="Done", category=IssueCategory.DONE)
    life.reads(status="To Do", category=IssueCategory.TO_DO, updated_at=tie)
    assert not life.told
    assert life.reads_again
    life.reads(updated_at=tie)
    assert statuses(life) == ["To Do"]
    life.reads(status="Done", category=IssueCategory.DONE, updated_at=tie)
    assert statuses(life) == ["Done"]


def test_each_standing_is_later_than_the_one_before_so_that_a_ticket_takes_it() -> None:
    life, times = a_life(), []
    for status in ("Done", "To Do", "To Do", "Done"):
        category = IssueCategory.DONE if status == "Done" else IssueCategory.TO_DO
        life.reads(status=status, category=category, updated_at=NOON + HOUR)
        times += [body.at for body in life.told_of(IssueChanged)]
    assert times == sorted(set(times))
    assert len(times) == 3


def test_a_status_that_is_newer_by_its_own_stamp_is_no_tie() -> None:
    life = a_life()
    tie = life.now.replace(microsecond=0) + MINUTE
    life.reads(
        status="Done", category=IssueCategory.DONE, updated_at=tie, stamps={SyncedField.STATUS: by_engineer(tie)}
    )
    later = {SyncedField.STATUS: by_engineer(tie + SECOND / 10)}
    life.reads(status="To Do", category=IssueCategory.TO_DO, updated_at=tie, stamps=later)
    assert statuses(life) == ["To Do"]


# --- comments and files --------------------------------------------------------------------------------------------


def test_a_comment_is_told_once_by_its_remote_id() -> None:
    life = a_life().reads(comments=(an_engineers_comment(1),))
    assert len(life.told_of(IssueCommented)) == 1
    assert not life.later().reads().told


def test_an_edit_is_told_as_one_and_each_edit_once() -> None:
    life = a_life().reads(comments=(an_engineers_comment(1),)).later()
    once = an_engineers_comment(1, text="better words", edited_at=NOON + HOUR)
    life.reads(comments=(once,))
    assert [(body.comment.text, body.edited) for body in life.told_of(IssueCommented)] == [("better words", True)]
    assert not life.reads(comments=(once,)).told
    twice = once.model_copy(update={"edited_at": NOON + 2 * HOUR, "text": "the best words"})
    assert [body.edited for body in life.reads(comments=(twice,)).told_of(IssueCommented)] == [True]


def test_an_edit_within_the_second_in_which_the_comment_was_told_is_told() -> None:
    life = a_life().reads(comments=(an_engineers_comment(1),))
    life.reads(comments=(an_engineers_comment(1, text="better words"),))
    assert [body.comment.text for body in life.told_of(IssueCommented)] == ["better words"]


def test_an_edit_that_changes_no_word_and_one_that_was_overtaken_are_no_news() -> None:
    life = a_life().reads(comments=(an_engineers_comment(1, edited_at=NOON + HOUR),))
    life.reads(comments=(an_engineers_comment(1, edited_at=NOON + 2 * HOUR),))
    assert not life.told
    life.reads(comments=(an_engineers_comment(1, text="old words", edited_at=NOON + MINUTE),))
    assert not life.told


def test_an_edit_of_a_comment_from_before_the_watch_is_not_told() -> None:
    old = an_engineers_comment(1, at=NOON - HOUR, edited_at=NOON + HOUR)
    assert not a_life().reads(comments=(old,)).told


def test_a_comment_that_is_deleted_is_not_told_and_not_told_anew() -> None:
    comment = an_engineers_comment(1)
    life = a_life().reads(comments=(comment,)).reads(comments=())
    assert not life.told
    assert not life.reads(comments=(comment,)).told


def test_the_visibility_of_a_comment_is_kept() -> None:
    """mozilla/fxa 13267: an internal bug report was published. What is internal in the tracker stays so on its way."""
    internal, public = (an_engineers_comment(n, visibility=v) for n, v in enumerate(Visibility))
    life = a_life().reads(comments=(internal, public))
    assert [body.comment.visibility for body in life.told_of(IssueCommented)] == list(Visibility)


def test_what_tierline_writes_itself_is_internal_unless_the_policy_says_otherwise() -> None:
    life = a_life().reads(status="Done", category=IssueCategory.DONE).reopened("T-1")
    assert {each.visibility for each in life.of(WriteComment)} == {Visibility.INTERNAL}


def test_a_file_is_told_once_and_ours_and_old_ones_never() -> None:
    files = (a_file(1), a_file(2, ours=True), a_file(3, at=NOON - HOUR))
    life = a_life().reads(attachments=files)
    assert [body.attachment.id for body in life.told_of(IssueAttached)] == ["f1"]
    assert not life.later().reads().told


def test_a_file_without_a_time_is_new_unless_it_was_there_at_first() -> None:
    life = Life().joined("T-1").reads(attachments=(a_file(1, at=None),))
    assert not life.told_of(IssueAttached)
    life.reads(attachments=(a_file(1, at=None), a_file(2, at=None)))
    assert [body.attachment.id for body in life.told_of(IssueAttached)] == ["f2"]


# --- hints ---------------------------------------------------------------------------------------------------------


def test_a_hint_of_something_older_than_what_is_known_needs_no_reading() -> None:
    life = a_life().reads()
    assert not life.hint(updated_at=life.now - SECOND).reads_again
    assert life.hint(updated_at=life.now).reads_again
    assert life.hint().reads_again


def test_a_release_leads_to_a_reading_although_the_issue_was_not_touched() -> None:
    life = a_life().reads(status="Done", category=IssueCategory.DONE, fix_versions=(FixVersion(name="2.4.1"),))
    assert life.told_of(IssueChanged)[0].release == "2.4.1"
    assert life.hint(source=HintSource.RELEASE, updated_at=life.now - HOUR).reads_again
    life.reads(fix_versions=(FixVersion(name="2.4.1", released=True),))
    assert life.told_of(IssueChanged)[0].meaning == "released"


# --- duplicates, ends and returns ----------------------------------------------------------------------------------


def test_an_issue_that_is_closed_in_favour_of_another_hands_its_tickets_on_once() -> None:
    into = JIRA_ISSUE.model_copy(update={"id": "10099", "key": "PAY-99"})
    life = a_life().reads(duplicate_of=into)
    assert not life.told_of(IssueMerged)
    life.reads(status="Done", category=IssueCategory.DONE, resolution="Duplicate")
    assert [body.into.key for body in life.told_of(IssueMerged)] == ["PAY-99"]
    assert life.told_of(IssueChanged)[0].meaning == "duplicate"
    assert not life.later().reads().told


@pytest.mark.parametrize("reason", list(GoneReason))
def test_an_issue_that_vanished_is_told_with_why(reason: GoneReason) -> None:
    """Deleted issues vanish from listings: 404 and 410 become a tombstone that is told to the ticket, as is a lost right to read."""
    life = a_life().hears(IssueVanished(why="HTTP 404", reason=reason))
    assert [(body.why, body.reason) for body in life.told_of(IssueGone)] == [("HTTP 404", reason)]


def test_an_issue_that_can_be_read_again_is_told_with_how_it_stands() -> None:
    life = a_life().hears(IssueVanished(why="403", reason=GoneReason.FORBIDDEN)).later().reads()
    assert "can be read again" in life.told_of(IssueSaid)[0].text
    assert life.told_of(IssueChanged)


def test_a_github_transfer_keeps_the_issue_and_tells_its_new_key() -> None:
    life = Life(the_rules(impact=ImpactRules()), GITHUB_ISSUE).joined("T-1").reads()
    moved = GITHUB_ISSUE.model_copy(update={"key": "acme/core#3"})
    life.later().reads(ref=moved, project="acme/core")
    assert [body.ref.key for body in life.told_of(IssueChanged)] == ["acme/core#3"]


def test_a_github_transfer_gives_comments_new_ids_and_tells_none_of_them_again() -> None:
    before, after = an_engineers_comment(1, NOON + SECOND), an_engineers_comment(3, NOON + 90 * SECOND)
    life = Life(the_rules(impact=ImpactRules()), GITHUB_ISSUE).joined("T-1").later().reads(comments=(before,))
    assert [body.comment.id for body in life.told_of(IssueCommented)] == ["c1"]

    copy = before.model_copy(update={"id": "c2"})
    moved = GITHUB_ISSUE.model_copy(update={"key": "acme/core#3"})
    life.later().reads(ref=moved, project="acme/core", alias="I_kwDO2", comments=(copy, after))
    assert [body.comment.id for body in life.told_of(IssueCommented)] == ["c3"]

    life.later().reads(comments=(copy.model_copy(update={"text": "no", "edited_at": life.now}), after))
    assert [(body.comment.id, body.edited) for body in life.told_of(IssueCommented)] == [("c2", True)]


def test_an_issue_remembers_the_names_that_a_tracker_gave_it() -> None:
    life = Life(the_rules(impact=ImpactRules()), GITHUB_ISSUE).joined("T-1").reads()
    assert life.state.aliases == ()

    life.hint(alias="I_kwDO2")
    assert life.state.aliases == ("I_kwDO2",)
    moved = GITHUB_ISSUE.model_copy(update={"key": "acme/core#3"})
    life.later().reads(ref=moved, project="acme/core", alias="I_kwDO2")
    assert life.state.aliases == ("I_kwDO2", "acme/checkout#7")

    for number in range(3, 20):
        life.later().reads(ref=moved.model_copy(update={"key": f"acme/core#{number}"}), alias=f"I_kwDO{number}")
    assert life.state.aliases[:3] == ("I_kwDO19", "acme/core#18", "I_kwDO18")
    assert len(life.state.aliases) == MOST_ALIASES
    life.hint(alias="x" * 1_000).hint(alias=GITHUB_ISSUE.id)
    assert life.state.aliases[0] == "I_kwDO19"


_ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(["To Do", "In Progress", "Done"]),
        st.integers(0, 20),
        st.sets(st.integers(1, 4)),
        st.sets(st.integers(1, 4)),
    ),
    max_size=15,
)
_EDITED: dict[str, Any] = {"edited_at": NOON + HOUR, "text": "edited"}
_CATEGORIES = {"To Do": IssueCategory.TO_DO, "In Progress": IssueCategory.IN_PROGRESS, "Done": IssueCategory.DONE}


@given(_ANSWERS)
def test_in_whatever_order_answers_come_each_comment_is_told_once_and_the_newest_truth_holds(
    answers: list[tuple[str, int, set[int], set[int]]],
) -> None:
    life = a_life()
    told: list[tuple[str, bool]] = []
    newest = NOON
    for status, minutes, comments, edited in answers:
        at = NOON + minutes * MINUTE
        life.reads(
            status=status,
            category=_CATEGORIES[status],
            updated_at=at,
            comments=tuple(an_engineers_comment(n, **(_EDITED if n in edited else {})) for n in sorted(comments)),
        )
        told += [(body.comment.id, body.edited) for body in life.told_of(IssueCommented)]
        known = life.state.known
        assert known is not None
        assert known.updated_at >= newest
        newest = known.updated_at
    assert len(told) == len(set(told))
    assert {comment for comment, _ in told} == {f"c{n}" for _, _, comments, _ in answers for n in comments}
