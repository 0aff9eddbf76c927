"""Catching up with the trackers: what their own change feeds tell that no webhook did, and what no feed tells.

A round is a function of what the round before left (``ReconcileState``) and of what is read. An issue is found by the feed, and its own
workflow says whether that is news to it; so a round that finds nothing new wakes nobody for long. What could not be asked is owed, and
asked by the next round: the watermark moves when all that was found is answered or owed.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.durations import Duration, format_duration
from domain.frozen import Frozen
from domain.issues import ChangedIssue, ChangeFeed, Tracker, project_of
from domain.policy import Policy
from domain.texts import Key, Line, LongText, Name
from domain.tiers import Tier

NAMES = {Tracker.JIRA: "Jira", Tracker.GITHUB: "GitHub"}
AT_ONCE = 50
"""Issues that one activity asks: a worker that dies repeats no more than these, which is harmless."""

_OVERLAP = timedelta(minutes=5)
"""How far a round looks back behind the one before: clocks differ, and a search may lag behind its tracker."""
_SETTLED = timedelta(seconds=15)
"""What is younger is left to its webhook, and to the next round."""
_MOST_LOOK_BACK = timedelta(days=14)
"""After a longer silence every watched issue is read anew instead: that costs less than the feed of months, and misses nothing."""
_SWEEP_EVERY = timedelta(days=1)
_SWEPT_AT_ONCE = 100
_LISTED_EVERY = timedelta(minutes=15)
_LONG_AWAY = timedelta(minutes=30)
_MOST_OWED = 2_000
_MOST_READINGS = 20
_MOST_READ = 5_000
"""About 130 bytes each."""
_MOST_TOLD = 10
_MOST_KEPT = 200


class Answer(StrEnum):
    """What the workflow of an issue said when it was asked to catch up."""

    UNWATCHED = "unwatched"
    """No ticket is on the issue."""
    AGREES = "agrees"
    MENDED = "mended"
    PENDING = "pending"
    """It has the question, and reads the issue as soon as the tracker answers."""
    UNREACHED = "unreached"
    """Its workflow took no notice: no worker runs, or it fails."""
    UNKNOWN = "unknown"
    """The tracker has no such issue."""


class AskedIssue(Frozen):
    """An issue whose workflow is asked; without ``updated_at`` it is to read the issue anew whatever it knows."""

    id: Key
    key: Key
    updated_at: datetime | None = None


class IssueAnswer(Frozen):
    """An issue's answer. ``changes`` are words for people, free of personal data; ``why`` is the refusal of one that is unknown."""

    id: Key
    key: Key
    answer: Answer
    changes: tuple[Line, ...] = ()
    why: Line | None = None


class WatchedKey(Frozen):
    """An issue that tickets are on, as lists know it. ``key`` is None where its workflow has not shown it yet."""

    id: Key
    key: Key | None = None


class ReconcileNotice(Frozen):
    """Something for a Slack channel; posted once for its key."""

    key: Key
    channel: Key
    text: LongText


class ReconcileTask(Frozen):
    """What is caught up with: the tracker's projects that the policy names, how often and how far back.

    ``channel`` hears what was mended, ``trouble_channel`` what keeps a tracker from being read; None for nobody.
    """

    tracker: Tracker
    projects: tuple[Name, ...]
    every: Duration
    look_back: Duration
    channel: Key | None = None
    trouble_channel: Key | None = None


class ReconcileState(Frozen):
    """A round's result, which the next round begins with.

    ``watermark`` is the instant up to which all changes were handled; ``cursors`` the tracker's own; ``handled`` what was answered of the
    time that the next round looks at again; ``owed`` what is still to be asked. ``elsewhere`` are projects that no route names and that
    watched issues are in, as of ``listed_at``. ``swept_at`` is when all watched issues were last read anew, ``swept_to`` how far the
    present sweep is. ``away_since`` is when the tracker could first not be read, ``away_told`` what the leads were told of it.

    The rest is this round's: the requests that it took, the issues that changed, of these the ones that tickets are on (``known``), those
    that were ``mended``, and (at most 200 of) them by name.
    """

    watermark: datetime | None = None
    cursors: dict[Line, Line] = Field(default_factory=dict)
    handled: dict[Key, datetime] = Field(default_factory=dict)
    owed: tuple[AskedIssue, ...] = ()
    elsewhere: tuple[Key, ...] = ()
    listed_at: datetime | None = None
    swept_at: datetime | None = None
    swept_to: Key | None = None
    sweeping: bool = False
    away_since: datetime | None = None
    away_told: Line | None = None
    untold: tuple[ReconcileNotice, ...] = ()
    requests: int = 0
    changed: int = 0
    known: int = 0
    mended: int = 0
    mends: tuple[IssueAnswer, ...] = ()

    def say(self, key: str, channel: str | None, text: str) -> "ReconcileState":
        """With one more thing to be told, where there is a channel for it."""
        if channel is None:
            return self
        notice = ReconcileNotice(key=f"reconcile/{key}", channel=channel, text=text)
        return self.model_copy(update={"untold": (*self.untold, notice)})


class ResyncRequest(Frozen):
    """What somebody wants caught up with at once: these issues (by their keys), or whatever changed since."""

    tracker: Tracker
    issues: tuple[Key, ...] = ()
    projects: tuple[Name, ...] = ()
    since: Duration = timedelta(days=1)

    def projects_with(self, watched: "Iterable[WatchedKey]") -> tuple[str, ...]:
        """Those that were named, and those that watched issues are in."""
        return _each_once([*self.projects, *_projects_of(watched)])


class ResyncReport(Frozen):
    """What came of it; ``trouble`` is why it could not be done, in one sentence. Unwatched issues of a feed are not listed."""

    tracker: Tracker
    answers: tuple[IssueAnswer, ...] = ()
    changed: int = 0
    requests: int = 0
    trouble: Line | None = None


class ReleaseNews(Frozen):
    """A release or version was published; ``project`` is None where the tracker's news does not name it (Jira's has a number alone)."""

    tracker: Tracker
    project: Name | None = None


# --- what is to be done ----------------------------------------------------------------------------------------------


def reconcile_task(policy: Policy, tracker: Tracker) -> ReconcileTask | None:
    """What is caught up with in a tracker under a policy; None where it wants nothing."""
    rules = policy.engineering.reconcile
    if rules is None:
        return None
    l3 = policy.tiers.get(Tier.L3)
    return ReconcileTask(
        tracker=tracker,
        projects=named_projects(policy, tracker),
        every=rules.every,
        look_back=rules.look_back,
        channel=rules.channel,
        trouble_channel=rules.channel or (l3.channel if l3 is not None else None),
    )


def named_projects(policy: Policy, tracker: Tracker) -> tuple[str, ...]:
    """The projects of a tracker that a policy names, in its routes and its rules for projects, each once."""
    routed = [route.project for route in policy.routes if route.tracker is tracker]
    ruled = [project for project in policy.engineering.projects if _tracker_of(project) is tracker]
    return _each_once([*routed, *ruled])


def _tracker_of(project: str) -> Tracker:
    return Tracker.GITHUB if "/" in project else Tracker.JIRA


def _each_once(projects: Iterable[str]) -> tuple[str, ...]:
    """Trackers take a project's name in any case of letters."""
    return tuple({project.casefold(): project for project in reversed([*projects])}.values())[::-1]


# --- a round ---------------------------------------------------------------------------------------------------------


def begun(state: ReconcileState, task: ReconcileTask, now: datetime) -> ReconcileState:
    """What a round begins with: nothing counted yet; after a silence that is too long for the feed, everything is to be read anew."""
    state = state.model_copy(update={"requests": 0, "changed": 0, "known": 0, "mended": 0, "mends": ()})
    if state.swept_at is None:
        # What was linked before the first round was read then.
        state = state.model_copy(update={"swept_at": now})
    if state.watermark is None or now - state.watermark <= _MOST_LOOK_BACK:
        return state
    last = state.watermark
    state = state.model_copy(
        update={"watermark": now - _MOST_LOOK_BACK, "cursors": {}, "sweeping": True, "swept_to": None}
    )
    return state.say(
        f"{task.tracker.value}/silence/{_written(last)}",
        task.trouble_channel,
        f"{NAMES[task.tracker]} was last caught up with on {last:%Y-%m-%d %H:%M} UTC, which is further back than its list of changes is "
        "read: every issue that tickets are on is read anew instead, over the next rounds",
    )


def look_from(state: ReconcileState, task: ReconcileTask, now: datetime) -> datetime:
    """The instant from which a round reads the feed."""
    return state.watermark - _OVERLAP if state.watermark is not None else now - task.look_back


def projects_of(state: ReconcileState, task: ReconcileTask) -> tuple[str, ...]:
    """Those that the policy names, and those that watched issues are in."""
    return _each_once([*task.projects, *state.elsewhere])


def list_is_due(state: ReconcileState, now: datetime) -> bool:
    """Whether it is to be looked up in which projects watched issues are."""
    return state.listed_at is None or now - state.listed_at >= _LISTED_EVERY


def listed(state: ReconcileState, watched: Iterable[WatchedKey], now: datetime) -> ReconcileState:
    """With the projects of the watched issues, which a person may have linked, or moved, to anywhere."""
    return state.model_copy(update={"elsewhere": _projects_of(watched), "listed_at": now})


def _projects_of(watched: Iterable[WatchedKey]) -> tuple[str, ...]:
    return tuple(sorted({project_of(issue.key) for issue in watched if issue.key is not None}))


def feed_to_ask(feed: ChangeFeed, answered_before: Container[str]) -> list[AskedIssue]:
    """The issues of a feed that were not asked before, for somebody who wants everything asked at once."""
    return [issue for issue in _open(ReconcileState(), feed) if issue.id not in answered_before]


def to_ask(state: ReconcileState, feed: ChangeFeed, now: datetime) -> tuple[AskedIssue, ...]:
    """Whom to ask now: what is owed, and what the feed found; of one issue the newest change."""
    settled = now - _SETTLED
    return tuple(issue for issue in _open(state, feed) if issue.updated_at is None or issue.updated_at <= settled)


def answered(
    state: ReconcileState, task: ReconcileTask, feed: ChangeFeed, answers: Sequence[IssueAnswer], now: datetime
) -> ReconcileState:
    """The state when the issues that the feed found were asked.

    Whoever could not be asked is owed, and so is what is too young. Where too much is owed nothing moves on: it is read once more.
    """
    heard = {answer.id for answer in answers if answer.answer is not Answer.UNREACHED}
    found = _open(state, feed)
    owed = tuple(issue for issue in found if issue.id not in heard)
    state = _counted(state, answers).model_copy(
        update={"requests": state.requests + feed.requests, "changed": state.changed + len(feed.issues)}
    )
    if len(owed) > _MOST_OWED:
        return state
    watermark = max(feed.until, state.watermark) if state.watermark is not None else feed.until
    watermark = min(watermark, now)
    since = watermark - _OVERLAP
    times = {
        **state.handled,
        **{issue.id: issue.updated_at for issue in found if issue.id in heard and issue.updated_at is not None},
    }
    return state.model_copy(
        update={
            "watermark": watermark,
            # With the cursors of a part a tracker would answer that nothing else is new.
            "cursors": feed.cursors if feed.until >= now - _OVERLAP else state.cursors,
            "owed": owed,
            "handled": {issue: at for issue, at in times.items() if at >= since},
        }
    )


def bounded(feed: ChangeFeed, cursors: dict[str, str]) -> ChangeFeed:
    """The feed, or its oldest part where more changed than fits into an activity's result (2 MB).

    Args:
        feed: as it was read.
        cursors: those that it was read with, which a part keeps: with the new ones the tracker would answer that nothing else is new.
    """
    if len(feed.issues) <= _MOST_READ:
        return feed
    until = feed.issues[_MOST_READ - 1].updated_at
    issues = tuple(issue for issue in feed.issues if issue.updated_at <= until)
    return feed.model_copy(update={"issues": issues, "until": until, "cursors": cursors})


def is_whole(feed: ChangeFeed, since: datetime, now: datetime, readings: int) -> bool:
    """Whether the feed has been read up to now; else it is read on, unless it does not come further or that was often enough."""
    return feed.until >= now - _OVERLAP or feed.until <= since or readings >= _MOST_READINGS


def one_answer(issue: AskedIssue, answers: Sequence[IssueAnswer], *, all_asked: bool) -> IssueAnswer:
    """The answer of an issue that is watched under several ids: what is to be asked again, or was mended, counts before the rest.

    Args:
        issue: as the feed names it.
        answers: of its workflows, at least one.
        all_asked: whether it is known under which ids it is watched; where it is not, it is asked again.
    """
    said = [answer.answer for answer in answers if answer.answer is not Answer.UNWATCHED]
    if Answer.UNREACHED in said or (not said and not all_asked):
        return IssueAnswer(id=issue.id, key=issue.key, answer=Answer.UNREACHED)
    told = next((each for each in (Answer.MENDED, Answer.PENDING, Answer.AGREES) if each in said), Answer.UNWATCHED)
    changes = tuple(dict.fromkeys(change for answer in answers for change in answer.changes))
    key = next((answer.key for answer in answers if answer.answer is told), issue.key)
    return IssueAnswer(id=issue.id, key=key, answer=told, changes=changes)


def _open(state: ReconcileState, feed: ChangeFeed) -> list[AskedIssue]:
    """What is owed and what the feed found, without what was answered already; of one issue the newest change, in the feed's order."""
    newest: dict[str, AskedIssue] = {}
    for issue in (*state.owed, *(_asked(changed) for changed in feed.issues)):
        if issue.updated_at is not None and state.handled.get(issue.id) == issue.updated_at:
            continue
        before = newest.pop(issue.id, None)
        newest[issue.id] = before if before is not None and _is_newer(before, issue) else issue
    return list(newest.values())


def _is_newer(one: AskedIssue, other: AskedIssue) -> bool:
    # Without a time an issue is to be read in any case.
    return one.updated_at is None or (other.updated_at is not None and one.updated_at > other.updated_at)


def _asked(changed: ChangedIssue) -> AskedIssue:
    return AskedIssue(id=changed.id, key=changed.key, updated_at=changed.updated_at)


def _counted(state: ReconcileState, answers: Sequence[IssueAnswer]) -> ReconcileState:
    mends = tuple(answer for answer in answers if answer.answer is Answer.MENDED)
    return state.model_copy(
        update={
            "known": state.known + sum(a.answer not in (Answer.UNWATCHED, Answer.UNREACHED) for a in answers),
            "mended": state.mended + len(mends),
            "mends": (*state.mends, *mends)[:_MOST_KEPT],
        }
    )


# --- what no feed tells: issues that were deleted or moved away ------------------------------------------------------


def sweep_is_due(state: ReconcileState, now: datetime) -> bool:
    """Whether watched issues are to be read anew in this round: once a day all of them, some in each round until it is done."""
    return state.sweeping or state.swept_at is None or now - state.swept_at >= _SWEEP_EVERY


def to_sweep(state: ReconcileState, watched: Iterable[WatchedKey]) -> tuple[AskedIssue, ...]:
    """The next of the watched issues, by their ids."""
    rest = sorted((issue for issue in watched if state.swept_to is None or issue.id > state.swept_to), key=_by_id)
    return tuple(AskedIssue(id=issue.id, key=issue.key or issue.id) for issue in rest[:_SWEPT_AT_ONCE])


def swept(
    state: ReconcileState, asked: Sequence[AskedIssue], answers: Sequence[IssueAnswer], now: datetime
) -> ReconcileState:
    """The state when they were asked; one that could not be is asked again tomorrow."""
    state = _counted(state, answers)
    if len(asked) < _SWEPT_AT_ONCE:
        return state.model_copy(update={"swept_at": now, "swept_to": None, "sweeping": False})
    return state.model_copy(update={"swept_to": asked[-1].id, "sweeping": True})


def _by_id(issue: WatchedKey) -> str:
    return issue.id


# --- what is told ----------------------------------------------------------------------------------------------------


def told_of_mends(state: ReconcileState, task: ReconcileTask, now: datetime) -> ReconcileState:
    """Say what the round mended, where it did."""
    if state.mended == 0:
        return state
    named = "\n".join(f"- {line_of(mend)}" for mend in state.mends[:_MOST_TOLD])
    more = f"\n- and {state.mended - _MOST_TOLD} more" if state.mended > _MOST_TOLD else ""
    one = state.mended == 1
    head = (
        f"{state.mended} {'issue' if one else 'issues'} in {NAMES[task.tracker]} had changed, and no webhook had told. "
        f"{'Its' if one else 'Their'} tickets know now:"
    )
    return state.say(f"{task.tracker.value}/mended/{_written(now)}", task.channel, f"{head}\n{named}{more}")


def line_of(answer: IssueAnswer) -> str:
    """``PAY-12: status To Do -> Done; 2 comments``."""
    return f"{answer.key}: {'; '.join(answer.changes) or 'read anew'}"


def unreadable(state: ReconcileState, task: ReconcileTask, refusal: str | None, now: datetime) -> ReconcileState:
    """The tracker could not be read. A refusal is told at once, an outage when it lasts; each once for as long as it does."""
    since = state.away_since or now
    state = state.model_copy(update={"away_since": since})
    name = NAMES[task.tracker]
    if refusal is not None:
        if state.away_told == refusal:
            return state
        text = (
            f"{name} refuses to be read: {refusal}. What its webhooks miss is not found until that is mended (`tierline check`); "
            "then it is caught up with"
        )
        return state.model_copy(update={"away_told": refusal}).say(
            f"{task.tracker.value}/refused/{_written(now)}", task.trouble_channel, text
        )
    if state.away_told is not None or now - since < _LONG_AWAY:
        return state
    text = (
        f"{name} has not answered since {since:%Y-%m-%d %H:%M} UTC. Nothing is to be done here: what happens there meanwhile is caught up "
        "with as soon as it answers"
    )
    return state.model_copy(update={"away_told": "away"}).say(
        f"{task.tracker.value}/away/{_written(since)}", task.trouble_channel, text
    )


def readable(state: ReconcileState, task: ReconcileTask, now: datetime) -> ReconcileState:
    """The tracker could be read (again)."""
    if state.away_told is not None and state.away_since is not None:
        away = timedelta(seconds=int((now - state.away_since).total_seconds()))
        state = state.say(
            f"{task.tracker.value}/back/{_written(now)}",
            task.trouble_channel,
            f"{NAMES[task.tracker]} can be read again after {format_duration(away)}, and is caught up with",
        )
    return state.model_copy(update={"away_since": None, "away_told": None})


def chunks(issues: Sequence[AskedIssue]) -> Iterator[tuple[AskedIssue, ...]]:
    """What one activity asks at a time."""
    for first in range(0, len(issues), AT_ONCE):
        yield tuple(issues[first : first + AT_ONCE])


def story(state: ReconcileState) -> str:
    """The round in a line, for the Temporal UI and the log."""
    return (
        f"{state.requests} requests, {state.changed} changed, {state.known} of them with tickets, {state.mended} mended"
        + (f", {len(state.owed)} to be asked in the next round" if state.owed else "")
    )


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}Z"
