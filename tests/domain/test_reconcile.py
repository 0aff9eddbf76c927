"""The rules of catching up with a tracker: what is asked, when the watermark moves, what is told, and what no feed tells."""

from datetime import UTC, datetime, timedelta

from domain.engineering_rules import EngineeringRules, ProjectRules, ReconcileRules
from domain.issues import ChangedIssue, ChangeFeed, Tracker
from domain.reconcile import (
    Answer,
    IssueAnswer,
    ReconcileState,
    ReconcileTask,
    WatchedKey,
    answered,
    begun,
    bounded,
    is_whole,
    list_is_due,
    listed,
    look_from,
    projects_of,
    readable,
    reconcile_task,
    sweep_is_due,
    swept,
    to_ask,
    to_sweep,
    told_of_mends,
    unreadable,
)
from tests.domain.building import DAY, HOUR, MINUTE, a_policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEADS = "C0LEADS"
TASK = ReconcileTask(
    tracker=Tracker.JIRA,
    projects=("PAY",),
    every=5 * MINUTE,
    look_back=DAY,
    channel=LEADS,
    trouble_channel=LEADS,
)
FRESH = ReconcileState()


def a_feed(*changes: tuple[str, datetime], until: datetime = NOW, cursors: dict[str, str] | None = None) -> ChangeFeed:
    issues = tuple(ChangedIssue(id=issue, key=f"PAY-{issue}", updated_at=at) for issue, at in changes)
    return ChangeFeed(issues=issues, until=until, cursors=cursors or {}, requests=1)


def an_answer(issue: str, answer: Answer = Answer.AGREES, *changes: str) -> IssueAnswer:
    return IssueAnswer(id=issue, key=f"PAY-{issue}", answer=answer, changes=changes)


def after(state: ReconcileState, feed: ChangeFeed, *answers: IssueAnswer, now: datetime = NOW) -> ReconcileState:
    return answered(state, TASK, feed, answers, now)


# --- the feed ------------------------------------------------------------------------------------------------------


def test_the_first_round_looks_as_far_back_as_the_policy_says_and_later_ones_a_little_behind_the_one_before() -> None:
    assert look_from(FRESH, TASK, NOW) == NOW - DAY

    state = after(FRESH, a_feed())
    assert (state.watermark, look_from(state, TASK, NOW + HOUR)) == (NOW, NOW - 5 * MINUTE)


def test_what_was_answered_is_not_asked_again_and_what_changed_once_more_is() -> None:
    at = NOW - MINUTE
    state = after(FRESH, a_feed(("1", at), ("2", at)), an_answer("1"), an_answer("2", Answer.UNWATCHED))
    later = NOW + MINUTE

    asked = to_ask(state, a_feed(("1", at), ("2", NOW), ("3", NOW)), later)

    assert [(issue.id, issue.updated_at) for issue in asked] == [("2", NOW), ("3", NOW)]


def test_of_one_issue_only_the_newest_change_is_asked() -> None:
    asked = to_ask(FRESH, a_feed(("1", NOW - HOUR), ("2", NOW - HOUR), ("1", NOW - MINUTE)), NOW)

    assert [(issue.id, issue.updated_at) for issue in asked] == [("2", NOW - HOUR), ("1", NOW - MINUTE)]


def test_what_could_not_be_asked_is_owed_though_the_feed_tells_of_it_no_more() -> None:
    """GitHub answers that nothing changed: what it told once is told once."""
    at = NOW - MINUTE
    state = after(
        FRESH, a_feed(("1", at), ("2", at), cursors={"a": "1"}), an_answer("1"), an_answer("2", Answer.UNREACHED)
    )

    assert (state.watermark, state.cursors) == (NOW, {"a": "1"})
    assert [issue.id for issue in to_ask(state, a_feed(until=NOW + MINUTE), NOW + MINUTE)] == ["2"]
    done = after(state, a_feed(until=NOW + MINUTE), an_answer("2", Answer.MENDED, "closed"), now=NOW + MINUTE)
    assert (done.owed, done.mended) == ((), 1)


def test_what_changed_a_moment_ago_is_left_to_its_webhook_and_asked_in_the_next_round() -> None:
    feed = a_feed(("1", NOW - timedelta(seconds=2)))
    assert to_ask(FRESH, feed, NOW) == ()

    state = after(FRESH, feed)
    assert [issue.id for issue in to_ask(state, a_feed(), NOW + MINUTE)] == ["1"]


def test_while_too_much_is_owed_nothing_moves_on() -> None:
    many = a_feed(*((str(number), NOW - HOUR) for number in range(2_001)))
    state = after(ReconcileState(watermark=NOW - DAY, cursors={"a": "0"}), many)

    assert (state.watermark, state.cursors, state.owed) == (NOW - DAY, {"a": "0"}, ())


def test_the_watermark_never_goes_back_nor_ahead_of_the_round() -> None:
    state = ReconcileState(watermark=NOW)

    assert after(state, a_feed(until=NOW - HOUR)).watermark == NOW
    assert after(state, a_feed(until=NOW + HOUR), now=NOW + MINUTE).watermark == NOW + MINUTE


def test_what_was_handled_is_kept_only_as_long_as_the_next_round_looks_back() -> None:
    state = after(FRESH, a_feed(("1", NOW - HOUR), ("2", NOW - MINUTE)), an_answer("1"), an_answer("2"))

    assert set(state.handled) == {"2"}


def test_a_long_feed_is_read_on_until_it_is_whole_or_comes_no_further() -> None:
    start = NOW - DAY

    assert not is_whole(a_feed(until=NOW - HOUR), start, NOW, 1)
    assert is_whole(a_feed(until=NOW - MINUTE), start, NOW, 1)
    assert is_whole(a_feed(until=start), start, NOW, 1)
    assert is_whole(a_feed(until=NOW - HOUR), start, NOW, 20)


def test_of_a_part_of_the_feed_the_cursors_are_not_kept() -> None:
    """With them GitHub would answer that nothing is new, and the other part would be lost."""
    state = ReconcileState(watermark=NOW - DAY, cursors={"a": "old"})

    part = after(state, a_feed(until=NOW - HOUR, cursors={"a": "new"}))
    assert (part.watermark, part.cursors) == (NOW - HOUR, {"a": "old"})
    assert after(part, a_feed(cursors={"a": "new"})).cursors == {"a": "new"}


def test_a_feed_that_is_too_long_for_an_activity_is_cut_to_its_oldest_part() -> None:
    changes = [(str(number), NOW - DAY + number * timedelta(seconds=1)) for number in range(5_100)]
    # The last one of the part and the one after it changed at the same time.
    changes[5_000] = ("5000", changes[4_999][1])

    cut = bounded(a_feed(*changes, cursors={"a": "new"}), {"a": "old"})

    assert (len(cut.issues), cut.until, cut.cursors) == (5_001, changes[4_999][1], {"a": "old"})
    assert bounded(a_feed(*changes[:5_000]), {}).until == NOW


# --- which projects ------------------------------------------------------------------------------------------------


def test_the_feed_is_read_of_the_projects_that_the_policy_names_and_of_those_that_watched_issues_are_in() -> None:
    policy = a_policy(
        engineering=EngineeringRules(
            reconcile=ReconcileRules(every=5 * MINUTE),
            projects={"pay": ProjectRules(), "OPS": ProjectRules(), "acme/storefront": ProjectRules()},
        )
    )
    routed = {route.project for route in policy.routes if route.tracker is Tracker.JIRA}
    task = reconcile_task(policy, Tracker.JIRA)
    assert task is not None
    assert {project.casefold() for project in task.projects} == {p.casefold() for p in routed} | {"pay", "ops"}

    watched = [WatchedKey(id="7", key="LEGAL-7"), WatchedKey(id="8", key="Ops-1"), WatchedKey(id="9")]
    state = listed(FRESH, watched, NOW)
    assert [project for project in projects_of(state, task) if project not in task.projects] == ["LEGAL"]
    assert not list_is_due(state, NOW + 14 * MINUTE)
    assert list_is_due(state, NOW + 15 * MINUTE)


def test_without_rules_nothing_is_caught_up_with() -> None:
    assert reconcile_task(a_policy(), Tracker.JIRA) is None


# --- what no feed tells --------------------------------------------------------------------------------------------


def test_once_a_day_every_watched_issue_is_read_anew_some_in_each_round() -> None:
    watched = [WatchedKey(id=f"{number:04d}", key=f"PAY-{number}") for number in range(250)]
    state = begun(FRESH, TASK, NOW)
    assert not sweep_is_due(state, NOW + HOUR)

    asked: list[str] = []
    for rounds in range(3):
        now = NOW + DAY + rounds * 5 * MINUTE
        assert sweep_is_due(state, now)
        part = to_sweep(state, reversed(watched))
        assert all(issue.updated_at is None for issue in part)
        asked += [issue.id for issue in part]
        state = swept(state, part, [an_answer(issue.id) for issue in part], now)

    assert asked == [issue.id for issue in watched]
    assert not sweep_is_due(state, NOW + DAY + HOUR)


def test_after_weeks_of_silence_everything_is_read_anew_and_that_is_told_once() -> None:
    last = NOW - timedelta(days=40)
    silent = ReconcileState(watermark=last, cursors={"a": "1"}, swept_at=last)

    state = begun(silent, TASK, NOW)

    assert (state.watermark, state.cursors, state.sweeping) == (NOW - timedelta(days=14), {}, True)
    (told,) = state.untold
    assert "Jira was last caught up with on 2026-10-11 12:00 UTC" in told.text
    assert begun(after(state, a_feed()), TASK, NOW + HOUR).untold == (told,)


# --- what is told --------------------------------------------------------------------------------------------------


def test_what_was_mended_is_said_and_nothing_where_nothing_was() -> None:
    assert told_of_mends(after(FRESH, a_feed(), an_answer("1")), TASK, NOW).untold == ()

    mends = [an_answer(str(number), Answer.MENDED, "moved from To Do to Done", "2 comments") for number in range(12)]
    (told,) = told_of_mends(after(FRESH, a_feed(), *mends), TASK, NOW).untold

    assert told.channel == LEADS
    first, second, *_, last = told.text.splitlines()
    assert first == "12 issues in Jira had changed, and no webhook had told. Their tickets know now:"
    assert second == "- PAY-0: moved from To Do to Done; 2 comments"
    assert last == "- and 2 more"
    silent = TASK.model_copy(update={"channel": None})
    assert told_of_mends(after(FRESH, a_feed(), *mends), silent, NOW).untold == ()


def test_a_tracker_that_is_down_for_a_day_is_told_once_and_so_is_its_return() -> None:
    state, texts = ReconcileState(watermark=NOW), []
    for rounds in range(24 * 12):
        state = unreadable(begun(state, TASK, NOW), TASK, None, NOW + rounds * 5 * MINUTE)
        texts += [(rounds, notice.text) for notice in state.untold]
        state = state.model_copy(update={"untold": ()})
    back = readable(state, TASK, NOW + DAY)

    # Six rounds are half an hour: what is shorter passes by itself.
    ((when, text),) = texts
    assert (when, text.partition(".")[0]) == (6, "Jira has not answered since 2026-11-20 12:00 UTC")
    assert [notice.text for notice in back.untold] == ["Jira can be read again after 1d, and is caught up with"]
    # Nothing that happened meanwhile is passed over.
    assert look_from(back, TASK, NOW + DAY) == NOW - 5 * MINUTE


def test_a_token_that_expired_is_told_at_once_and_once() -> None:
    state = FRESH
    for rounds in range(3):
        state = unreadable(state, TASK, "jira: the API token is not accepted", NOW + rounds * 5 * MINUTE)
    (told,) = state.untold
    assert "Jira refuses to be read: jira: the API token is not accepted" in told.text

    # Another refusal is another thing to do.
    state = unreadable(state, TASK, "jira: there is no project PAY", NOW + HOUR)
    assert len(state.untold) == 2
    assert readable(state, TASK, NOW + HOUR).away_since is None


def test_an_outage_that_nobody_was_told_of_ends_unsaid() -> None:
    assert readable(unreadable(FRESH, TASK, None, NOW), TASK, NOW + MINUTE).untold == ()
