"""The state of an engineering issue's workflow."""

from datetime import datetime

from domain.engineering_rules import IssueRules
from domain.frozen import Frozen
from domain.issue_intents import IssueIntent, Stream
from domain.issue_pages import IssuePage, Needs
from domain.issue_references import with_aliases
from domain.issue_roll import Roll
from domain.issue_sync import SyncState
from domain.issues import IssueRef, IssueSnapshot
from domain.messages import DeliveryBody, GoneReason
from domain.texts import Key, Line, LongText, ShortKey, with_digest

_LONGEST_ID = 300
"""Bytes of an issue's id in a key; trackers' own have at most 40."""


class FanOut(Frozen):
    """News that are being told to the tickets that joined up to the number ``upto``, batch by batch.

    ``key`` begins the deliveries' ids. Tickets up to the number ``cursor`` are told, ``told`` of the ``of`` that there were when it began.
    ``sent`` is the key of the batch that is under way, which reaches up to ``sent_upto``. ``needs`` are, of news of
    a page, the tickets that it serves, which alone are told, each by its own key of the page; the cursor then counts them. ``folds`` is how many news it stands for, which were
    too many to wait (``domain.issue_carry``).
    """

    stream: Stream = Stream.NEWS
    key: Key
    body: DeliveryBody
    needs: Needs = ()
    upto: int
    of: int
    cursor: int = 0
    told: int = 0
    sent: Key | None = None
    sent_upto: int = 0
    sent_count: int = 0
    folds: int = 0


class ShownSummary(Frozen):
    """The living summary as it stands on the issue.

    ``stale`` says that something may read differently now; ``stale_at`` when it will in any case; ``under_way`` that it is being written.
    """

    comment_id: Key | None = None
    text: LongText = ""
    written_at: datetime | None = None
    stale: bool = True
    stale_at: datetime | None = None
    under_way: bool = False


class WatchedIssue(Frozen):
    """The state of an issue's workflow. ``known`` is the last snapshot without its comments; ``watched_since`` when it began.

    ``sync`` is what both sides know of each other. Tickets up to the number
    ``welcomed`` on the roll were told what is true, or are being told. ``locked`` says that the tracker does not take our credentials.
    ``aliases`` are the ids and keys, other than ``ref.id``, by which the tracker names the issue or once did; the newest first.
    """

    ref: IssueRef
    watched_since: datetime
    rules: IssueRules = IssueRules()
    known: IssueSnapshot | None = None
    roll: Roll = Roll()
    welcomed: int = 0
    fan_outs: tuple[FanOut, ...] = ()
    summary: ShownSummary = ShownSummary()
    sync: SyncState = SyncState()
    pages: tuple[IssuePage, ...] = ()
    gone: Line | None = None
    gone_reason: GoneReason = GoneReason.DELETED
    locked: bool = False
    aliases: tuple[ShortKey, ...] = ()
    steps: int = 0

    @property
    def prefix(self) -> str:
        """What keys begin with: the issue, and since when it is watched.

        They are stable over continue-as-new, and differ from those of an earlier watch: an issue may be left and joined again.
        """
        # A key has a limit, and what is added to this must fit into it.
        issue = with_digest(self.ref.id, _LONGEST_ID)
        return f"{self.ref.tracker.value}-{issue}-{self.watched_since:%Y%m%dT%H%M%S%f}"

    def also_known_as(self, *names: str | None) -> "WatchedIssue":
        """With these names of the tracker's as well."""
        others = [name for name in names if name is not None and name != self.ref.id]
        return self.model_copy(update={"aliases": with_aliases(self.aliases, others)}) if others else self

    def next_key(self) -> "tuple[WatchedIssue, str]":
        """A key that was never given before."""
        step = self.steps + 1
        return self.model_copy(update={"steps": step}), f"{self.prefix}/{step}"


Step = tuple[WatchedIssue, list[IssueIntent]]
"""What one part of the rules makes of an event: the state after it, and what it wants done (``key`` left empty: it is given later)."""
