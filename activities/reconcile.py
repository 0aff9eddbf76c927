"""Effects of catching up with the trackers: reading their change feeds, and asking the workflows of issues."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from pydantic import Field
from temporalio import activity

from activities.failures import classified, not_configured
from domain.frozen import Frozen
from domain.issues import ChangeFeed, Tracker
from domain.reconcile import AskedIssue, IssueAnswer, ReleaseNews, WatchedKey, bounded, one_answer
from integrations.issue_desk import IssueDesk
from integrations.issue_tracker import IssueTracker

ASKED_AT_ONCE = 8
"""Issues of a tracker that are read for a round at a time: whoever else wants something of the tracker waits behind these at the most."""


class FeedInput(Frozen):
    """Whose changes, since when, and where the reading before ended."""

    projects: tuple[str, ...]
    since: datetime
    cursors: dict[str, str] = Field(default_factory=dict)


class CatchUpInput(Frozen):
    """Issues that are asked. ``asking`` begins each asking's key, so that an attempt that is repeated asks nothing twice."""

    tracker: Tracker
    asking: str
    issues: tuple[AskedIssue, ...]


class WatchedInput(Frozen):
    """The watched issues of a tracker; of these the one with this key, where it is given."""

    tracker: Tracker
    key: str | None = None


class ReleaseInput(Frozen):
    """What was published; ``key`` makes each issue hear of it once. Without ``projects`` it may be any of the tracker's."""

    tracker: Tracker
    projects: tuple[str, ...] = ()
    key: str


class ChangeFeedActivities:
    """Reads a tracker's change feed; one instance for each tracker. ``setting`` is the variable that sets the tracker up."""

    def __init__(self, tracker: IssueTracker | None, *, name: str, setting: str) -> None:
        self._client = tracker
        self._name = name
        self._setting = setting

    @activity.defn(name="tracker_changed_since")
    def changed_since(self, wanted: FeedInput) -> ChangeFeed:
        """What changed, oldest first, as far as one reading comes."""
        if self._client is None:
            raise not_configured(self._name, self._setting)
        with classified():
            feed = self._client.changed_since(wanted.projects, wanted.since, dict(wanted.cursors))
        return bounded(feed, wanted.cursors)


class ReconcileActivities:
    """Reaches the workflows of engineering issues."""

    def __init__(self, desk: IssueDesk) -> None:
        self._desk = desk

    @activity.defn(name="workflows_catch_up")
    async def catch_up(self, wanted: CatchUpInput) -> list[IssueAnswer]:
        """Ask each issue, few at a time, in their order; the answers are in that order too."""
        places = asyncio.Semaphore(ASKED_AT_ONCE)
        others = await self._under_other_ids(wanted)

        async def ask(issue: AskedIssue) -> IssueAnswer:
            changed = issue.updated_at.isoformat() if issue.updated_at is not None else "anew"
            key = f"{wanted.asking}/{issue.id}/{changed}"
            async with places:
                answers = []
                for issue_id in (issue.id, *(others[issue.id] if others is not None else ())):
                    asked = issue.model_copy(update={"id": issue_id})
                    answers.append(await self._desk.catch_up(wanted.tracker, asked, key=key))
                    activity.heartbeat()
            return one_answer(issue, answers, all_asked=others is not None)

        return await asyncio.gather(*(ask(issue) for issue in wanted.issues))

    async def _under_other_ids(self, wanted: CatchUpInput) -> dict[str, list[str]] | None:
        """For each issue the ids by which else it is watched; None where that cannot be known now."""
        if wanted.tracker.keeps_ids:
            return {issue.id: [] for issue in wanted.issues}
        names = [name for issue in wanted.issues for name in (issue.id, issue.key)]
        found = await self._desk.known_as(wanted.tracker, names)
        if found is None:
            return None
        none: frozenset[str] = frozenset()
        return {
            issue.id: sorted((found.get(issue.id, none) | found.get(issue.key, none)) - {issue.id})
            for issue in wanted.issues
        }

    @activity.defn(name="workflows_watched_issues")
    async def watched(self, wanted: WatchedInput) -> list[WatchedKey]:
        """The issues that tickets are on."""
        if wanted.key is None:
            return await self._desk.watched(wanted.tracker)
        found = await self._desk.watched_by_key(wanted.tracker, wanted.key)
        return [found] if found is not None else []

    @activity.defn(name="workflows_tell_of_release")
    async def tell_of_release(self, wanted: ReleaseInput) -> int:
        """Tell the issues that wait for a release there; returns how many heard."""
        waiting = await self._desk.awaiting_release(wanted.tracker, wanted.projects)
        return sum([await self._told(wanted, issue_id) for issue_id in waiting])

    async def _told(self, wanted: ReleaseInput, issue_id: str) -> bool:
        activity.heartbeat()
        return await self._desk.tell_of_release(wanted.tracker, issue_id, key=wanted.key)


def projects_of_news(news: ReleaseNews) -> Sequence[str]:
    """The projects that the news is about; none where it may be any."""
    return (news.project,) if news.project is not None else ()
