"""What Tierline wants to set on an issue, and who wins where people have changed the same field meanwhile.

A wish is based on what was known when it arose; before it is carried out the issue is read anew. A field that differs both from that base and
from the wish was changed on both sides: the policy says per field who wins, and the loser is written down where both sides see it. Labels are
merged one by one, so that nobody loses there.

Between that reading and our writing somebody may still change the field. The tracker's history tells (``FieldStamp.before``), and the same
rule settles it afterwards.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.engineering_rules import Winner
from domain.frozen import Frozen
from domain.issue_follows import Follow, TellAll
from domain.issue_intents import ChangeFields, WriteComment
from domain.issues import FieldStamp, IssueCategory, IssueFieldChanges, IssueSnapshot, SyncedField, Visibility
from domain.messages import IssueSaid
from domain.texts import Line, Name, Word

REMEMBERED_CONFLICTS = 20
"""The latest conflicts are kept for whoever asks; all are written on the issue and in its tickets."""
_WORDS = {SyncedField.PRIORITY: "priority", SyncedField.STATUS: "status", SyncedField.LABELS: "labels"}


class Wish(Frozen):
    """A field that Tierline wants to set: to ``value``, or labels to be put on and taken off.

    ``base`` is what was known when it arose; ``theirs`` says that the value is a person's, put back after we had overwritten it unseen.
    """

    field: SyncedField
    base: Line | None = None
    theirs: bool = False
    value: Line | None = None
    add_labels: tuple[Word, ...] = ()
    remove_labels: tuple[Word, ...] = ()
    at: datetime
    why: Line


class Conflict(Frozen):
    """Both sides changed a field. ``theirs`` was set in the tracker by ``by``; ``base`` is what it was before both."""

    field: SyncedField
    base: Line | None
    ours: Line | None
    theirs: Line | None
    by: Name | None = None
    winner: Winner
    at: datetime


class Wishes(Frozen):
    """What is wanted and not decided yet, what is being written (a batch for each ``ChangeFields``, in order), what is written and not seen
    yet, and the latest conflicts.
    """

    wanted: tuple[Wish, ...] = ()
    writing: tuple[tuple[Wish, ...], ...] = ()
    written: tuple[Wish, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def wanting(self, wish: Wish) -> "Wishes":
        """With this wish; it takes the place of an earlier one for the same field."""
        others = tuple(each for each in self.wanted if each.field is not wish.field)
        return self.model_copy(update={"wanted": (*others, wish)})

    def without(self, field: SyncedField) -> "Wishes":
        """Without a wish for this field."""
        return self.model_copy(update={"wanted": tuple(each for each in self.wanted if each.field is not field)})

    def applied_to(self, known: IssueSnapshot) -> IssueSnapshot:
        """The issue as it will be when what was made, or is on its way, is seen."""
        for wish in itertools.chain(self.written, *self.writing):
            if wish.field is SyncedField.PRIORITY:
                known = known.model_copy(update={"priority": wish.value})
            elif wish.field is SyncedField.LABELS:
                off = {same_label(label) for label in (*wish.remove_labels, *wish.add_labels)}
                kept = tuple(label for label in known.labels if same_label(label) not in off)
                known = known.model_copy(update={"labels": (*kept, *wish.add_labels)})
        return known

    def rebased(self, done: Sequence[Wish]) -> "Wishes":
        """With what was done as the base of what is still to be done: our own value conflicts with nothing that we want."""
        values = {wish.field: wish.value for wish in done}

        def on_top(wish: Wish) -> Wish:
            return wish.model_copy(update={"base": values[wish.field]}) if wish.field in values else wish

        return self.model_copy(update={"wanted": tuple(on_top(wish) for wish in self.wanted)})


def settle(
    wishes: Wishes, truth: IssueSnapshot, conflicts: Mapping[SyncedField, Winner], visibility: Visibility, now: datetime
) -> tuple[Wishes, list[Follow]]:
    """Decide what is wanted by what was just read: one ``ChangeFields`` for what is to be set, and words for each conflict.

    A wish waits while an earlier one for the same field is being written: what was read may be from before or after it.
    """
    busy = {wish.field for batch in wishes.writing for wish in batch}
    settled: list[Wish] = []
    found: list[Conflict] = []
    for wish in wishes.wanted:
        if wish.field in busy or _is_so(wish, truth):
            continue
        conflict = _conflict(wish, truth, conflicts, now)
        if conflict is not None:
            found.append(conflict)
        if conflict is None or conflict.winner is Winner.TIERLINE:
            settled.append(wish)
    overwritten = [
        conflict for wish in wishes.written if (conflict := _overwritten(wish, truth, conflicts, now)) is not None
    ]
    settled += [_put_back(conflict, now) for conflict in overwritten if conflict.winner is not Winner.TIERLINE]
    found += overwritten
    after = wishes.model_copy(
        update={
            "wanted": tuple(wish for wish in wishes.wanted if wish.field in busy),
            "written": (),
            "writing": (*wishes.writing, tuple(settled)) if settled else wishes.writing,
            "conflicts": (*wishes.conflicts, *found)[-REMEMBERED_CONFLICTS:],
        }
    )
    follows: list[Follow] = [ChangeFields(key="", changes=_changes(settled, truth))] if settled else []
    for conflict in found:
        text = conflict_words(truth.ref.key, conflict)
        follows.append(WriteComment(key="", text=text, visibility=visibility))
        follows.append(TellAll(IssueSaid(ref=truth.ref, text=text)))
    return after, follows


def written(wishes: Wishes, error: str | None) -> tuple[Wishes, tuple[Wish, ...]]:
    """The oldest change on its way was made, or refused for good: gives what it was. Changes are made in the order they were asked for."""
    if not wishes.writing:
        return wishes, ()
    batch, *others = wishes.writing
    rest = wishes.model_copy(update={"writing": tuple(others)})
    if error is not None:
        return rest, batch
    return rest.model_copy(update={"written": (*wishes.written, *batch)}).rebased(batch), batch


def conflict_words(key: str, conflict: Conflict) -> str:
    """The conflict in a sentence or two, with who won and what was lost."""
    field = _WORDS.get(conflict.field, conflict.field.value)
    who = conflict.by or "somebody in the tracker"
    kept, lost = (
        (conflict.ours, conflict.theirs)
        if conflict.winner is Winner.TIERLINE
        else (
            conflict.theirs,
            conflict.ours,
        )
    )
    return (
        f"Both sides changed the {field} of {key} at the same time, from {conflict.base or 'none'}: {who} to "
        f"{conflict.theirs or 'none'}, Tierline to {conflict.ours or 'none'}. By the policy {kept or 'none'} stays, and "
        f"{lost or 'none'} is dropped."
    )


def same_label(label: str) -> str:
    """A label as it is compared: GitHub knows no case of letters in labels, and Jira no blanks."""
    return re.sub(r"\s+", "-", label).casefold()


def _is_so(wish: Wish, truth: IssueSnapshot) -> bool:
    """Whether the tracker has already what is wanted."""
    match wish.field:
        case SyncedField.LABELS:
            there = {same_label(label) for label in truth.labels}
            lacks = any(same_label(label) not in there for label in wish.add_labels)
            return not lacks and not any(same_label(label) in there for label in wish.remove_labels)
        case SyncedField.STATUS:
            # A status is only ever wanted to have an issue open again; whoever opened it, it is.
            return truth.category is not IssueCategory.DONE
        case _:
            return same(value_of(truth, wish.field), wish.value)


def _conflict(
    wish: Wish, truth: IssueSnapshot, conflicts: Mapping[SyncedField, Winner], now: datetime
) -> Conflict | None:
    theirs = value_of(truth, wish.field)
    if wish.field is SyncedField.LABELS or same(theirs, wish.base):
        return None
    stamp = truth.stamps.get(wish.field)
    winner = _winner(conflicts, wish, stamp.at if stamp is not None else truth.updated_at)
    return _clash(wish, theirs, stamp, winner, now)


def _overwritten(
    wish: Wish, truth: IssueSnapshot, conflicts: Mapping[SyncedField, Winner], now: datetime
) -> Conflict | None:
    """What somebody set between our reading and our writing, by the tracker's history: our change went from a value we never saw."""
    stamp = truth.stamps.get(wish.field)
    if wish.field is SyncedField.LABELS or stamp is None or not stamp.ours or stamp.before is None:
        return None
    if any(same(stamp.before, known) for known in (wish.base, wish.value)):
        return None
    # Theirs came before our writing, and after our wish: the newest is theirs.
    winner = conflicts.get(wish.field, Winner.TRACKER)
    winner = Winner.TRACKER if winner is Winner.NEWEST else winner
    theirs = stamp.model_copy(update={"by": None})
    return _clash(wish, stamp.before, theirs, winner, now)


def _clash(wish: Wish, theirs: str | None, stamp: FieldStamp | None, winner: Winner, now: datetime) -> Conflict:
    by = stamp.by if stamp is not None and not stamp.ours else None
    return Conflict(field=wish.field, base=wish.base, ours=wish.value, theirs=theirs, by=by, winner=winner, at=now)


def _winner(conflicts: Mapping[SyncedField, Winner], wish: Wish, changed_at: datetime) -> Winner:
    winner = conflicts.get(wish.field, Winner.TRACKER)
    if winner is Winner.NEWEST:
        # The tracker tells whole seconds at worst: who may be as new as we are is newer.
        return Winner.TRACKER if changed_at >= wish.at.replace(microsecond=0) else Winner.TIERLINE
    return winner


def _put_back(conflict: Conflict, now: datetime) -> Wish:
    """Give the field the value again that was overwritten."""
    why = "put back what somebody had set at the same time"
    return Wish(field=conflict.field, base=conflict.ours, value=conflict.theirs, theirs=True, at=now, why=why)


def _changes(settled: list[Wish], truth: IssueSnapshot) -> IssueFieldChanges:
    there = {same_label(label) for label in truth.labels}
    by_field = {wish.field: wish for wish in settled}
    labels = by_field.get(SyncedField.LABELS)
    priority, status = by_field.get(SyncedField.PRIORITY), by_field.get(SyncedField.STATUS)
    return IssueFieldChanges(
        priority=priority.value if priority is not None else None,
        status=status.value if status is not None else None,
        add_labels=tuple(x for x in labels.add_labels if same_label(x) not in there) if labels is not None else (),
        remove_labels=tuple(x for x in labels.remove_labels if same_label(x) in there) if labels is not None else (),
    )


def value_of(issue: IssueSnapshot, field: SyncedField) -> str | None:
    """A field's value in words that can be compared."""
    match field:
        case SyncedField.PRIORITY:
            return issue.priority
        case SyncedField.STATUS:
            return issue.status
        case SyncedField.ASSIGNEE:
            return issue.assignee
        case SyncedField.TITLE:
            return issue.title
        case SyncedField.LABELS:
            return ", ".join(sorted(issue.labels)) or None
        case SyncedField.FIX_VERSION:
            return ", ".join(sorted(version.name for version in issue.fix_versions)) or None


def same(one: str | None, other: str | None) -> bool:
    """Whether two values are one, in any case of letters: trackers take names so."""
    return (one or "").casefold() == (other or "").casefold()
