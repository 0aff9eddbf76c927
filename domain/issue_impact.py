"""What follows from an issue's impact: its class, the tracker's priority and labels by it, and the question where a person decided otherwise.

A priority that was set by hand stays. Only when the evidence changes the class is the lead asked, with the choice to let it follow or to
keep it. Labels are never asked about: only those that Tierline itself put on are taken off, and one that a person took off stays off for as
long as the class holds.
"""

from datetime import datetime, timedelta

from pydantic import Field

from domain import impact
from domain.engineering_rules import ImpactClass, ImpactRules, IssueRules, RequestKind
from domain.frozen import Frozen
from domain.issue_conflicts import Wish, Wishes, same, same_label
from domain.issue_follows import Follow
from domain.issue_intents import AskLead, FetchIssue, WriteComment
from domain.issue_messages import ImpactAnswered
from domain.issue_roll import Roll
from domain.issues import FieldStamp, IssueCategory, IssueSnapshot, SyncedField, Tracker
from domain.texts import Line, Name

WEIGH_AGAIN = timedelta(days=1)
"""A score that changes by time alone changes with the days."""


class ImpactState(Frozen):
    """The impact of an issue, and what was made of it.

    ``name`` is the class, None below the lowest; ``scores`` are those of bugs and of feature requests, and ``kind`` the one that counts.
    ``priority`` is what Tierline last set, ``labels`` those that it put on. ``by_hand`` says that the priority is a person's, who set it
    while the class was ``by_hand_in`` or kept it then; ``asked`` is the class for which the lead has been asked and has not answered.
    ``weigh_at`` is when time alone may change the score, ``refused`` why the tracker did not take what was last set.
    """

    scores: dict[RequestKind, float] = Field(default_factory=dict)
    kind: RequestKind = RequestKind.BUG
    name: Name | None = None
    priority: Name | None = None
    labels: tuple[Name, ...] = ()
    by_hand: bool = False
    by_hand_in: Name | None = None
    asked: Line | None = None
    weigh_at: datetime | None = None
    refused: Line | None = None

    @property
    def score(self) -> float:
        """The score that counts."""
        return self.scores.get(self.kind, 0.0)


def weighed(state: ImpactState, rules: ImpactRules, roll: Roll, now: datetime) -> ImpactState:
    """With the score of the tickets as they are now, and the class that follows from it."""
    kind = impact.kind_of(roll)
    counts = {each: impact.counted(roll, each, now) for each in RequestKind}
    scores = {each: impact.score(rules.weights, counts[each], now) for each in RequestKind}
    # Another kind goes by other classes: the border that holds a class back is none between them.
    before = state.name if kind is state.kind else None
    reached = impact.class_after(rules, before, scores[kind], kind)
    moves = bool(rules.classes or rules.features) and any(
        impact.changes_with_time(rules.weights, each, now) for each in counts.values()
    )
    return state.model_copy(
        update={
            "scores": {each: round(score, 6) for each, score in scores.items() if counts[each].tickets},
            "kind": kind,
            "name": reached.name if reached is not None else None,
            "weigh_at": now + WEIGH_AGAIN if moves else None,
        }
    )


def class_changed(
    state: ImpactState, wishes: Wishes, rules: IssueRules, known: IssueSnapshot | None, now: datetime
) -> tuple[ImpactState, Wishes, list[Follow]]:
    """The class is another one: what is to be set in the tracker is wanted, or asked about; the issue is read anew before anything is set.

    Before the issue was ever read nothing is known of a person's will: ``seen`` comes here when it is. Of an issue that is done nothing is
    set any more.
    """
    if known is None or known.category is IssueCategory.DONE:
        return state, wishes, []
    expected = wishes.applied_to(known)
    reached = _class(state, rules.impact)
    why = f"its impact is {state.name}" if state.name is not None else "its impact is below every class"
    labels = reached.labels if reached is not None else ()
    add = tuple(label for label in labels if not _has(expected.labels, label))
    after = _relabelled(state, wishes.without(SyncedField.PRIORITY), labels, add, now, why)
    wanted = _priority(reached, known.ref.tracker)
    if state.asked != state.name:
        state = state.model_copy(update={"asked": None})
    follows: list[Follow] = []
    if wanted is not None and not same(wanted, expected.priority):
        if not state.by_hand:
            wish = Wish(field=SyncedField.PRIORITY, base=expected.priority, value=wanted, at=now, why=why)
            after = after.wanting(wish)
        elif state.name not in (state.by_hand_in, state.asked):
            state, follows = _ask(state, rules, known, wanted)
    if after.wanted and after.wanted != wishes.wanted:
        follows.append(FetchIssue(key="", comments_since=None))
    return state, after, follows


def seen(
    state: ImpactState,
    wishes: Wishes,
    known: IssueSnapshot | None,
    truth: IssueSnapshot,
    rules: IssueRules,
    now: datetime,
) -> tuple[ImpactState, Wishes, list[Follow]]:
    """Learn from what was just read whether the priority is a person's. An echo of what Tierline set itself is not.

    An echo is all of this: our own account did it, it is the value that we set, and it is no news. That a program did it proves nothing:
    another one's priority is as good as a person's. Where the tracker tells no history, a value that is neither what was known nor what
    we set is a person's.
    """
    labels = tuple(label for label in state.labels if _has(truth.labels, label))
    if labels != state.labels:
        state = state.model_copy(update={"labels": labels})
    if known is None:
        state = state.model_copy(update=_person(state) if _by_somebody(truth) else {})
        return class_changed(state, wishes, rules, truth, now)
    changed = not same(known.priority, truth.priority)
    ours = same(truth.priority, state.priority)
    before, after = known.stamps.get(SyncedField.PRIORITY), truth.stamps.get(SyncedField.PRIORITY)
    if changed and ours and (after is None or after.ours):
        return state.model_copy(update={"by_hand": False, "by_hand_in": None}), wishes, []
    touched = after is not None and not after.ours and (before is None or after.at > before.at)
    if changed or touched:
        # A wish that was based on the old value meets the new one as a conflict, and needs no question.
        return state.model_copy(update=_person(state)), wishes, []
    return state, wishes, []


def answered(
    state: ImpactState,
    wishes: Wishes,
    rules: IssueRules,
    event: ImpactAnswered,
    known: IssueSnapshot | None,
    now: datetime,
) -> tuple[ImpactState, Wishes, list[Follow]]:
    """A person chose: the priority follows the impact from now on, or stays until the class is yet another one."""
    if known is None or not state.by_hand:
        return state, wishes, []
    if not event.accept:
        return state.model_copy(update={"asked": None, "by_hand_in": state.name}), wishes, []
    state = state.model_copy(update={"asked": None, "by_hand": False, "by_hand_in": None})
    wanted = _priority(_class(state, rules.impact), known.ref.tracker)
    if wanted is None or same(wanted, known.priority):
        return state, wishes, []
    why = f"{event.by} lets the priority follow the impact"
    wish = Wish(field=SyncedField.PRIORITY, base=known.priority, value=wanted, at=now, why=why)
    return state, wishes.wanting(wish), [FetchIssue(key="", comments_since=None)]


def wrote(
    state: ImpactState, batch: tuple[Wish, ...], error: str | None, rules: IssueRules, known: IssueSnapshot | None
) -> tuple[ImpactState, list[Follow]]:
    """A change is made, or refused for good: the lead hears what the tracker does not take, once for each class."""
    fields = {wish.field: wish for wish in batch}
    priority, labels = fields.get(SyncedField.PRIORITY), fields.get(SyncedField.LABELS)
    if priority is None and labels is None:
        return state, []
    if error is None:
        update: dict[str, object] = {"refused": None}
        if labels is not None:
            put_on = tuple(label for label in labels.add_labels if not _has(state.labels, label))
            kept = tuple(label for label in state.labels if not _has(labels.remove_labels, label))
            update["labels"] = (*kept, *put_on)
        if priority is not None and not priority.theirs:
            # What was put back for somebody is theirs.
            update |= {"priority": priority.value, "by_hand": False, "by_hand_in": None}
        return state.model_copy(update=update), []
    refused = state.model_copy(update={"refused": error})
    if rules.channel is None or known is None:
        return refused, []
    text = (
        f"{known.ref.key}: {known.ref.tracker.value} does not take the priority or labels of impact {state.name or 'none'} ({error}). "
        "Correct `engineering.impact` in the policy, or the rights of Tierline's account."
    )
    return refused, [AskLead(key="", channel=rules.channel, lead=rules.lead, text=text)]


def stale_labels(state: ImpactState, wishes: Wishes, rules: ImpactRules, now: datetime) -> tuple[Wishes, list[Follow]]:
    """Take off labels of a class that ended while they were being put on."""
    reached = _class(state, rules)
    labels = reached.labels if reached is not None else ()
    waiting = next((wish for wish in wishes.wanted if wish.field is SyncedField.LABELS), None)
    add = waiting.add_labels if waiting is not None else ()
    after = _relabelled(state, wishes, labels, add, now, "its impact is another one by now")
    changed = after.wanted and after.wanted != wishes.wanted
    return after, [FetchIssue(key="", comments_since=None)] if changed else []


def _relabelled(
    state: ImpactState, wishes: Wishes, labels: tuple[str, ...], add: tuple[str, ...], now: datetime, why: str
) -> Wishes:
    remove = tuple(label for label in state.labels if not _has(labels, label))
    if not add and not remove:
        return wishes.without(SyncedField.LABELS)
    wish = Wish(field=SyncedField.LABELS, add_labels=add, remove_labels=remove, at=now, why=why)
    return wishes.wanting(wish)


def _ask(state: ImpactState, rules: IssueRules, known: IssueSnapshot, wanted: str) -> tuple[ImpactState, list[Follow]]:
    now_is = known.priority or "none"
    impact_is = f"{state.name} (score {state.score:g})"
    follows: list[Follow] = [
        WriteComment(
            key="",
            text=(
                f"The impact of this issue is now {impact_is}, which asks for priority {wanted}. The priority {now_is} was set by hand "
                "and stays, unless support's lead or you change it."
            ),
            visibility=rules.comments,
        )
    ]
    if rules.channel is not None:
        text = (
            f"{known.ref.key}: its impact is now {impact_is}, which asks for priority {wanted}. Somebody set {now_is} by hand: "
            f"set {wanted}, or keep {now_is}?"
        )
        follows.append(AskLead(key="", channel=rules.channel, lead=rules.lead, text=text, choices=True))
    return state.model_copy(update={"asked": state.name}), follows


def _person(state: ImpactState) -> dict[str, object]:
    return {"by_hand": True, "by_hand_in": state.name, "asked": None}


def _by_somebody(truth: IssueSnapshot) -> bool:
    """Whether the history tells that somebody else set the priority; what it had from the beginning is nobody's decision."""
    stamp: FieldStamp | None = truth.stamps.get(SyncedField.PRIORITY)
    return stamp is not None and not stamp.ours


def _class(state: ImpactState, rules: ImpactRules) -> ImpactClass | None:
    classes = rules.features if state.kind is RequestKind.FEATURE else rules.classes
    return next((each for each in classes if each.name == state.name), None)


def _priority(reached: ImpactClass | None, tracker: Tracker) -> str | None:
    """The priority of a class; GitHub's issues have none."""
    return reached.priority if reached is not None and tracker is Tracker.JIRA else None


def _has(labels: tuple[str, ...], label: str) -> bool:
    return any(same_label(label) == same_label(each) for each in labels)
