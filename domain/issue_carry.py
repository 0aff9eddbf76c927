"""What a run of an engineering issue's workflow hands to the next one, and what it leaves behind so that it fits.

Who is on the issue, what was told to whom and what has to be done outside is never left behind. News that wait to be told are folded where they
are too many: of how the issue stands the newest says it all, and of comments and files the tickets hear how many there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field

from domain.frozen import Frozen
from domain.issue_intents import IssueIntent
from domain.issue_messages import IssueMessage
from domain.lane_room import bytes_of
from domain.messages import IssueAttached, IssueChanged, IssueCommented, IssueSaid
from domain.texts import Key, Line, Name
from domain.watched_issue import FanOut, WatchedIssue
from domain.whole_texts import with_texts_cut

KEPT_FILES = 5
"""Files of the issue as it was last read; which of them are new is known by their ids."""
KEPT_WORKAROUNDS = 20
"""The newest, of which the first is shown."""


class QueuedIssueIntent(Frozen):
    """An intent that a run hands to the next; ``begun`` means that it may have been done already."""

    intent: IssueIntent
    begun: bool


class IssueCarry(Frozen):
    """Everything that an issue's next run needs. ``inbox`` are messages that the run before received and did not come to."""

    issue: WatchedIssue
    queued: tuple[QueuedIssueIntent, ...] = ()
    seen: tuple[Key, ...] = ()
    seen_of_roll: tuple[Key, ...] = ()
    late: dict[Name, Line] = Field(default_factory=dict)
    inbox: tuple[IssueMessage, ...] = ()


@dataclass(frozen=True)
class IssueRoom:
    """How much an issue carries: ``news`` and ``texts`` are bytes, ``seen`` is a count of each kind."""

    news: int = 200_000
    texts: int = 100_000
    seen: int = 1_000

    @property
    def half(self) -> "IssueRoom":
        """Half of each, but never less than what an issue needs to go on."""
        return IssueRoom(
            news=max(self.news // 2, 20_000), texts=max(self.texts // 2, 400), seen=max(self.seen // 2, 100)
        )


def issue_rooms() -> Iterable[IssueRoom]:
    """From what an issue carries as a rule to the least that it can go on with."""
    room, smaller = IssueRoom(), IssueRoom().half
    yield room
    while smaller != room:
        yield smaller
        room, smaller = smaller, smaller.half


def issue_in_room(carry: IssueCarry, room: IssueRoom) -> IssueCarry:
    """The carry with no more of each thing than there is room for."""
    issue = carry.issue
    known = issue.known
    if known is not None:
        known = known.model_copy(update={"attachments": known.attachments[-KEPT_FILES:]})
    issue = issue.model_copy(
        update={
            "known": known,
            "fan_outs": folded_news(issue.fan_outs, room.news),
            "roll": issue.roll.with_workarounds(KEPT_WORKAROUNDS),
        }
    )
    made = carry.model_copy(
        update={
            "issue": issue,
            "seen": carry.seen[-room.seen :],
            "seen_of_roll": carry.seen_of_roll[-room.seen :],
        }
    )
    return made if room.texts == IssueRoom.texts else with_texts_cut(made, room.texts)


def folded_news(news: tuple[FanOut, ...], most: int) -> tuple[FanOut, ...]:
    """What waits to be told, within ``most`` bytes where folding can do that; what is being told stays."""
    too_many = sum(map(bytes_of, news)) - most
    if too_many <= 0:
        return news
    changed = [each for each in news if isinstance(each.body, IssueChanged)]
    kept: list[FanOut] = []
    first: int | None = None
    count, upto, of = 0, 0, 0
    for each in news:
        waits = each.sent is None and each.cursor == 0 and each.told == 0
        if too_many <= 0 or not waits:
            kept.append(each)
            continue
        if isinstance(each.body, IssueChanged):
            if each is changed[-1]:
                kept.append(each)
                continue
        elif isinstance(each.body, IssueCommented | IssueAttached | IssueSaid):
            count, upto, of = count + max(1, each.folds), max(upto, each.upto), max(of, each.of)
            if first is None:
                first = len(kept)
                kept.append(each)
        else:
            kept.append(each)
            continue
        too_many -= bytes_of(each)
    if first is not None:
        kept[first] = _said(kept[first], count, upto, of)
    return tuple(kept)


def _said(first: FanOut, count: int, upto: int, of: int) -> FanOut:
    """How many comments, files and remarks were not told one by one."""
    assert isinstance(first.body, IssueCommented | IssueAttached | IssueSaid)
    ref = first.body.ref
    text = f"{count:,} more comments, files and remarks on {ref.key}: read them there"
    return first.model_copy(update={"body": IssueSaid(ref=ref, text=text), "upto": upto, "of": of, "folds": count})
