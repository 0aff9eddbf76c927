"""An issue and its tickets in step, both ways: what the tracker shows is told to the tickets, what they come to is set in the tracker.

Each part has its own rules and its own state: ``issue_news`` (what is new), ``issue_meaning`` and ``issue_release`` (what it means for tickets),
``issue_impact`` (priority and labels), ``issue_reopening`` (customers who come back), ``issue_conflicts`` (both sides at once).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import issue_conflicts, issue_impact, issue_lead, issue_news, issue_release, issue_reopening
from domain.engineering_rules import IssueRules
from domain.frozen import Frozen
from domain.issue_conflicts import Wishes
from domain.issue_follows import Follow, TellAll
from domain.issue_impact import ImpactState
from domain.issue_intents import FetchIssue
from domain.issue_meaning import meaning_of
from domain.issue_messages import FieldsChanged, ImpactAnswered, TicketReopened
from domain.issue_news import News, NewsState
from domain.issue_release import ReleaseState, release_words
from domain.issue_reopening import ReopeningState
from domain.issue_roll import Roll
from domain.issues import IssueCategory, IssueMeaning, IssueRef, IssueSnapshot
from domain.messages import (
    GoneReason,
    IssueAttached,
    IssueChanged,
    IssueCommented,
    IssueGone,
    IssueMerged,
    IssueSaid,
)
from domain.texts import Key


class SyncState(Frozen):
    """The state of each part.

    ``merged_into`` is the id of the issue that this one was told to be a duplicate of. ``at`` is the time of how the issue stands: the
    tracker's, and an instant later each time that it stands otherwise at one and the same time of the tracker's, so that a ticket, which
    takes nothing older than what it knows, takes it.
    """

    news: NewsState = NewsState()
    impact: ImpactState = ImpactState()
    wishes: Wishes = Wishes()
    reopening: ReopeningState = ReopeningState()
    release: ReleaseState = ReleaseState()
    merged_into: Key | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Around:
    """What else of the issue's state the parts go by: ``known`` is what was last read, None before that and while the issue is gone."""

    rules: IssueRules
    roll: Roll
    known: IssueSnapshot | None
    watched_since: datetime


Synced = tuple[SyncState, list[Follow]]


def fetched(
    state: SyncState, around: Around, snapshot: IssueSnapshot, now: datetime, *, was_gone: bool = False
) -> tuple[SyncState, IssueSnapshot, list[Follow]]:
    """Take in what was just read: the state after it, the issue as it is known from now on, and what follows."""
    known, rules = around.known, around.rules
    news_state, news, again = issue_news.take(state.news, known, snapshot, around.watched_since)
    truth = news.truth
    impact, wishes, asked = issue_impact.seen(state.impact, state.wishes, known, truth, rules, now)
    wishes, settled = issue_conflicts.settle(wishes, truth, rules.conflicts, rules.comments, now)
    state = state.model_copy(
        update={
            "news": news_state,
            "impact": impact,
            "wishes": wishes,
            "reopening": issue_reopening.seen(state.reopening, known, truth),
        }
    )
    state, follows = _told(state, around, news, was_gone=was_gone)
    state = _as_of(state, truth)
    state, merged = _merged(state, truth)
    state, waits = _release_asked(state, rules, truth)
    # What was wanted is decided by this very reading: no other one is needed for it.
    asked = [each for each in asked if not isinstance(each, FetchIssue)]
    heard = issue_lead.has_changed(rules, known, truth, len(around.roll))
    follows += [*merged, *waits, *heard, *asked, *settled, *again]
    if known is not None and known.category is IssueCategory.DONE and truth.category is not IssueCategory.DONE:
        # What the tickets came to while it was done counts now.
        state, reweighed = _weighed(state, replace(around, known=truth), now)
        follows += reweighed
    return state, truth, _read(state, around, follows)


def weigh(state: SyncState, around: Around, now: datetime) -> Synced:
    """Weigh the issue by the tickets as they are now; only another class has consequences.

    An issue that is done is weighed no more: its tickets leave one by one, and nobody is to hear of that as of less impact.
    """
    if not around.roll or (around.known is not None and around.known.category is IssueCategory.DONE):
        idle = state.impact.model_copy(update={"weigh_at": None})
        return state.model_copy(update={"impact": idle}), []
    return _weighed(state, around, now)


def rules_changed(state: SyncState, around: Around, before: IssueRules, now: datetime) -> Synced:
    """Other rules (``around`` has the new ones) may mean another class, and another meaning of the same status."""
    was = state.impact.name
    state = state.model_copy(
        update={"impact": issue_impact.weighed(state.impact, around.rules.impact, around.roll, now)}
    )
    if around.known is None:
        return state, []
    follows: list[Follow] = []
    if before.impact != around.rules.impact:
        state, follows = _class_changed(state, around, now)
    if state.impact.name != was or _standing(before, around.known) != _standing(around.rules, around.known):
        state, told = _stands(state, around, around.known)
        follows.insert(0, told)
    return state, follows


def answered(state: SyncState, around: Around, event: ImpactAnswered, now: datetime) -> Synced:
    """A person chose whether the priority is to follow the impact."""
    impact, wishes, follows = issue_impact.answered(state.impact, state.wishes, around.rules, event, around.known, now)
    return state.model_copy(update={"impact": impact, "wishes": wishes}), _read(state, around, follows)


def reopened(state: SyncState, around: Around, event: TicketReopened, now: datetime) -> Synced:
    """A ticket is open again after the fix."""
    known = around.known
    reopening, wishes, follows = issue_reopening.ticket_reopened(
        state.reopening,
        state.wishes,
        event,
        rules=around.rules,
        known=known,
        meaning=meaning_of(around.rules.of_project(known.project), known) if known is not None else None,
        now=now,
    )
    return state.model_copy(update={"reopening": reopening, "wishes": wishes}), _read(state, around, follows)


def fields_changed(state: SyncState, around: Around, event: FieldsChanged, now: datetime) -> Synced:
    """What was to be set is set, or was refused; either way the issue is read anew."""
    wishes, batch = issue_conflicts.written(state.wishes, event.error)
    impact, told = issue_impact.wrote(state.impact, batch, event.error, around.rules, around.known)
    wishes, stale = issue_impact.stale_labels(impact, wishes, around.rules.impact, now)
    why = issue_reopening.wrote(batch, event.error, around.rules, around.known)
    follows: list[Follow] = [*why, *told, *stale, FetchIssue(key="", comments_since=None)]
    return state.model_copy(update={"impact": impact, "wishes": wishes}), _read(state, around, follows)


def time_came(state: SyncState, around: Around, now: datetime) -> Synced:
    """Do what was put off until now."""
    reopening, follows = issue_reopening.time_came(state.reopening, around.rules, around.known, now)
    state = state.model_copy(update={"reopening": reopening})
    if state.impact.weigh_at is None or now < state.impact.weigh_at:
        return state, follows
    state, weighed = weigh(state, around, now)
    return state, [*follows, *weighed]


def deadline(state: SyncState) -> datetime | None:
    """When something is to be done by time alone."""
    tell_at = state.reopening.tell_at if state.reopening.waiting else None
    return min((at for at in (tell_at, state.impact.weigh_at) if at is not None), default=None)


def changed_body(state: SyncState, around: Around, truth: IssueSnapshot) -> IssueChanged:
    """How the issue stands, as its tickets are told."""
    meaning, release = _standing(around.rules, truth)
    return IssueChanged(
        ref=truth.ref,
        title=truth.title,
        status=truth.status,
        category=truth.category,
        assignee=truth.assignee,
        tickets=max(1, len(around.roll)),
        at=state.at or truth.updated_at,
        meaning=meaning,
        priority=truth.priority,
        release=release,
        impact=state.impact.name,
        resolution=truth.resolution if truth.category is IssueCategory.DONE else None,
        duplicate_of=truth.duplicate_of if truth.category is IssueCategory.DONE else None,
    )


def gone_body(ref: IssueRef, why: str, reason: GoneReason) -> IssueGone:
    """That the issue cannot be read any more; what to do is the ticket's to say."""
    return IssueGone(ref=ref, why=why, reason=reason)


def _told(state: SyncState, around: Around, news: News, *, was_gone: bool) -> Synced:
    truth, known = news.truth, around.known
    written: list[Follow] = [
        *(TellAll(IssueCommented(ref=truth.ref, comment=comment)) for comment in news.comments),
        *(TellAll(IssueCommented(ref=truth.ref, comment=comment, edited=True)) for comment in news.edited),
        *(TellAll(IssueAttached(ref=truth.ref, attachment=file)) for file in news.files),
    ]
    if known is not None and not was_gone and _facts(around.rules, known) == _facts(around.rules, truth):
        return state, written
    back: list[Follow] = []
    if was_gone:
        back.append(TellAll(IssueSaid(ref=truth.ref, text=f"{truth.ref.key} can be read again")))
    state, stands = _stands(state, around, truth)
    # What an engineer wrote is told before the news that the issue is done, so that a ticket hears it while it is open.
    done = truth.category is IssueCategory.DONE
    return state, [*back, *written, stands] if done else [*back, stands, *written]


def _stands(state: SyncState, around: Around, truth: IssueSnapshot) -> tuple[SyncState, TellAll]:
    """Tell how the issue stands, at a later time than how it stood before."""
    at = truth.updated_at if state.at is None else max(truth.updated_at, state.at + timedelta(microseconds=1))
    state = state.model_copy(update={"at": at})
    return state, TellAll(changed_body(state, around, truth))


def _as_of(state: SyncState, truth: IssueSnapshot) -> SyncState:
    """Its time is at least the tracker's."""
    later = state.at is not None and truth.updated_at > state.at
    return state.model_copy(update={"at": truth.updated_at}) if later else state


def _facts(rules: IssueRules, issue: IssueSnapshot) -> tuple[object, ...]:
    """What a ticket is told of; not when it changed, which every comment (ours as well) moves."""
    seen = issue.ref, issue.title, issue.status, issue.category, issue.assignee, issue.priority
    ended = (issue.resolution, issue.duplicate_of) if issue.category is IssueCategory.DONE else ()
    return *seen, *ended, *_standing(rules, issue)


def _standing(rules: IssueRules, issue: IssueSnapshot) -> tuple[IssueMeaning, str | None]:
    project = rules.of_project(issue.project)
    meaning = meaning_of(project, issue)
    return meaning, release_words(project, issue, meaning)


def _merged(state: SyncState, truth: IssueSnapshot) -> tuple[SyncState, list[Follow]]:
    """The tickets go on with the issue that this one was closed in favour of."""
    into = truth.duplicate_of
    if into is None or into.id == truth.ref.id or truth.category is not IssueCategory.DONE:
        return state.model_copy(update={"merged_into": None}), []
    if state.merged_into == into.id:
        return state, []
    # Of the other issue only its name is known yet; its own workflow tells the tickets how it stands.
    body = IssueMerged(ref=truth.ref, into=into, title=truth.title, status="", category=IssueCategory.TO_DO)
    return state.model_copy(update={"merged_into": into.id}), [TellAll(body)]


def _release_asked(state: SyncState, rules: IssueRules, truth: IssueSnapshot) -> tuple[SyncState, list[Follow]]:
    meaning, release = _standing(rules, truth)
    asked, follows = issue_release.ask_for_release(
        state.release, truth, meaning=meaning, release=release, channel=rules.channel, lead=rules.lead
    )
    return state.model_copy(update={"release": asked}), [*follows]


def _weighed(state: SyncState, around: Around, now: datetime) -> Synced:
    was = state.impact.name
    impact = issue_impact.weighed(state.impact, around.rules.impact, around.roll, now)
    state = state.model_copy(update={"impact": impact})
    if impact.name == was or around.known is None:
        return state, []
    state, follows = _class_changed(state, around, now)
    state, told = _stands(state, around, around.known)
    return state, [told, *follows]


def _class_changed(state: SyncState, around: Around, now: datetime) -> Synced:
    impact, wishes, follows = issue_impact.class_changed(state.impact, state.wishes, around.rules, around.known, now)
    return state.model_copy(update={"impact": impact, "wishes": wishes}), _read(state, around, follows)


def _read(state: SyncState, around: Around, follows: list[Follow]) -> list[Follow]:
    """The same with each reading beginning where comments may be new, and one reading for all that want one."""
    others = [each for each in follows if not isinstance(each, FetchIssue)]
    if len(others) == len(follows):
        return follows
    return [*others, FetchIssue(key="", comments_since=state.news.read_from(around.watched_since))]
