"""What a fetched issue tells that was not known: only differences are news.

Hints arrive late, twice and in the wrong order, and a tracker may answer with what was true a moment ago. So each field has a watermark (when
the tracker says that it was last changed), and what is older than that changes nothing. Where two answers bear the same time, the one that
says done wins the tie; the other is believed when the tracker says it a second time.

Nothing is ignored for who wrote it: what another program writes is news like anything else. What is not told is only what Tierline wrote
itself, by its own account and with its own mark (``ours``), and what is known already.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.frozen import Frozen
from domain.issue_intents import FetchIssue
from domain.issues import (
    FieldStamp,
    IssueAttachment,
    IssueCategory,
    IssueComment,
    IssueSnapshot,
    SyncedField,
)
from domain.texts import Key, Mark

REMEMBERED_COMMENTS = 500
"""Remote ids of comments and of files that are kept, to tell each once; older ones lie before the watermark anyway."""
_TOGETHER: dict[SyncedField, tuple[str, ...]] = {
    SyncedField.STATUS: ("status", "category", "resolution", "duplicate_of"),
    SyncedField.PRIORITY: ("priority",),
    SyncedField.LABELS: ("labels",),
    SyncedField.ASSIGNEE: ("assignee",),
    SyncedField.TITLE: ("title",),
}
"""What of a snapshot changes with a field. Versions are left out: they are released without the issue being touched."""


class ToldComment(Frozen):
    """A comment that was told, with the last edit of it that was; ``reads`` is a digest of its text.

    Trackers tell the times of edits in whole seconds: one of the very second in which a comment was told shows in its text alone.
    """

    id: Mark
    edited_at: datetime | None = None
    reads: Mark = ""


class NewsState(Frozen):
    """What of an issue is told already.

    ``forgotten_until`` is when the newest comment was written whose id is no longer kept, ``forgotten_files_until`` the same of files.
    ``doubted`` is the status of an answer that lost a tie.
    """

    comments: tuple[ToldComment, ...] = ()
    files: tuple[Mark, ...] = ()
    forgotten_until: datetime | None = None
    forgotten_files_until: datetime | None = None
    doubted: Key | None = None

    def read_from(self, watched_since: datetime) -> datetime:
        """Comments of this time and later are read. Trackers tell whole seconds: one of the very second in which the watch began is news."""
        if self.forgotten_until is None:
            return watched_since.replace(microsecond=0)
        return self.forgotten_until + timedelta(microseconds=1)


class News(Frozen):
    """What is new: ``truth`` is the issue as it is known from now on, ``comments`` are new ones, ``edited`` those that read differently now."""

    truth: IssueSnapshot
    comments: tuple[IssueComment, ...] = ()
    edited: tuple[IssueComment, ...] = ()
    files: tuple[IssueAttachment, ...] = ()


def take(
    state: NewsState, known: IssueSnapshot | None, fetched: IssueSnapshot, watched_since: datetime
) -> tuple[NewsState, News, list[FetchIssue]]:
    """What is new in what was just read, and the issue as it is known now."""
    state, truth, intents = _merged(state, known, fetched)
    since = state.read_from(watched_since)
    theirs = sorted((each for each in fetched.comments if not each.ours), key=lambda each: (each.created_at, each.id))
    if known is not None and fetched.alias is not None and fetched.alias != known.alias:
        state = _under_new_ids(state, known, theirs)
    told = {each.id: each for each in state.comments}
    new = tuple(each for each in theirs if each.id not in told and each.created_at >= since)
    edited = tuple(each for each in theirs if each.id in told and _is_edited(each, told[each.id]))
    files = _new_files(state, known, fetched, watched_since)
    state = _remember_comments(state, (*new, *edited), fetched.comments)
    state = _remember_files(state, fetched.attachments if known is None else files, fetched.attachments)
    return state, News(truth=truth, comments=new, edited=edited, files=files), intents


def is_new_to(known: IssueSnapshot | None, updated_at: datetime | None) -> bool:
    """Whether a hint that bears this time is worth reading the issue for: what is known as new as that needs no reading.

    Times are of whole seconds in some trackers, and a second change within one would be missed: only a time that is older is known.
    """
    return known is None or updated_at is None or updated_at >= known.updated_at


def _merged(
    state: NewsState, known: IssueSnapshot | None, fetched: IssueSnapshot
) -> tuple[NewsState, IssueSnapshot, list[FetchIssue]]:
    bare = fetched.model_copy(update={"comments": ()})
    if known is None:
        return state, bare, []
    if fetched.updated_at < known.updated_at:
        # An answer that overtook a newer one says nothing new of the fields.
        return state, known, []
    kept: dict[str, Any] = {}
    stamps = dict(fetched.stamps)
    for field, names in _TOGETHER.items():
        if _is_older(fetched.stamps.get(field), known.stamps.get(field)):
            kept |= {name: getattr(known, name) for name in names}
            stamps[field] = known.stamps[field]
    for field, stamp in known.stamps.items():
        stamps.setdefault(field, stamp)
    intents: list[FetchIssue] = []
    lost_tie = _loses_tie(known, bare) and "status" not in kept
    if lost_tie and state.doubted != bare.status:
        kept |= {name: getattr(known, name) for name in _TOGETHER[SyncedField.STATUS]}
        state = state.model_copy(update={"doubted": bare.status})
        intents.append(FetchIssue(key="", comments_since=None))
    else:
        state = state.model_copy(update={"doubted": None})
    return state, bare.model_copy(update={**kept, "stamps": stamps}), intents


def _loses_tie(known: IssueSnapshot, fetched: IssueSnapshot) -> bool:
    before, after = known.stamps.get(SyncedField.STATUS), fetched.stamps.get(SyncedField.STATUS)
    if before is not None and after is not None and after.at > before.at:
        return False
    tied = fetched.updated_at == known.updated_at
    return tied and known.category is IssueCategory.DONE and fetched.category is not IssueCategory.DONE


def _is_older(stamp: FieldStamp | None, than: FieldStamp | None) -> bool:
    return stamp is not None and than is not None and stamp.at < than.at


def _is_edited(comment: IssueComment, told: ToldComment) -> bool:
    """Whether it reads differently than it was told, and is not how it read before that."""
    last = comment.edited_at or comment.created_at
    return _digest(comment) != told.reads and last >= (told.edited_at or last)


def _under_new_ids(state: NewsState, known: IssueSnapshot, theirs: Sequence[IssueComment]) -> NewsState:
    """The comments that were told, by the ids that they have now that the issue has a new id: with it its comments got new ones too.

    A comment that is not known, is no newer than the last reading, and has the text of a told one that is not there any more, is that one.
    """
    ids = {each.id for each in theirs}
    missing = [told for told in state.comments if told.id not in ids]
    if not missing:
        return state
    told_ids = {told.id for told in state.comments}
    found: dict[str, str] = {}
    for comment in theirs:
        if comment.id in told_ids or comment.created_at > known.updated_at:
            continue
        same = next((told for told in missing if told.id not in found and told.reads == _digest(comment)), None)
        if same is not None:
            found[same.id] = comment.id
    renamed = tuple(told.model_copy(update={"id": found.get(told.id, told.id)}) for told in state.comments)
    return state.model_copy(update={"comments": renamed}) if found else state


def _digest(comment: IssueComment) -> str:
    return hashlib.sha256(comment.text.encode()).hexdigest()[:8]


def _new_files(
    state: NewsState, known: IssueSnapshot | None, fetched: IssueSnapshot, watched_since: datetime
) -> tuple[IssueAttachment, ...]:
    since = max(
        (at for at in (watched_since.replace(microsecond=0), state.forgotten_files_until) if at is not None),
    )
    return tuple(
        each
        for each in fetched.attachments
        if not each.ours and each.id not in state.files and _is_since(each, since, first=known is None)
    )


def _is_since(file: IssueAttachment, since: datetime, *, first: bool) -> bool:
    """A file without a time is new unless it was there when the issue was read first."""
    return not first if file.created_at is None else file.created_at >= since


def _remember_comments(state: NewsState, told: Sequence[IssueComment], fetched: Sequence[IssueComment]) -> NewsState:
    if not told:
        return state
    again = {each.id for each in told}
    kept = [each for each in state.comments if each.id not in again]
    kept += [ToldComment(id=each.id, edited_at=each.edited_at, reads=_digest(each)) for each in told]
    forgotten = {each.id for each in kept[:-REMEMBERED_COMMENTS]}
    written = [each.created_at for each in fetched if each.id in forgotten]
    until = max((*written, *([state.forgotten_until] if state.forgotten_until is not None else [])), default=None)
    return state.model_copy(update={"comments": tuple(kept[-REMEMBERED_COMMENTS:]), "forgotten_until": until})


def _remember_files(state: NewsState, told: Sequence[IssueAttachment], fetched: Sequence[IssueAttachment]) -> NewsState:
    new = [each.id for each in told if each.id not in state.files]
    if not new:
        return state
    kept = (*state.files, *new)
    forgotten = set(kept[:-REMEMBERED_COMMENTS])
    at = [each.created_at for each in fetched if each.id in forgotten and each.created_at is not None]
    until = max(
        (*at, *([state.forgotten_files_until] if state.forgotten_files_until is not None else [])), default=None
    )
    return state.model_copy(update={"files": kept[-REMEMBERED_COMMENTS:], "forgotten_files_until": until})
