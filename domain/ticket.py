"""The state of a ticket: everything its workflow carries from one message to the next."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.calendar import ALWAYS, Calendar
from domain.chat import ChannelRef, FileLink, MessageRef
from domain.clocks import Clock
from domain.duplicates import IssueChoice
from domain.engineering_rules import RequestKind
from domain.frozen import Frozen
from domain.issues import IssueCategory, IssueMeaning, IssueRef
from domain.paging import PageStatus, PageWord, Urgency, Woken
from domain.people import Actor, Customer
from domain.policy import DEFAULT_SLA, Policy
from domain.reach import Reach
from domain.report import EscalationReport
from domain.sla_match import SlaFacts
from domain.snooze import Snooze
from domain.texts import Address, Key, Line, LongText, Name, Word
from domain.tiers import Owner, Priority, Tier, WaitingOn


class TicketStatus(StrEnum):
    """Where a ticket is in its life. Nothing leads out of closed."""

    OPEN = "open"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class EditMode(StrEnum):
    """For which tickets an edited policy counts, and from when. ``NEW`` never touches an open ticket."""

    NEW = "new"
    FROM_NOW = "open-from-now"
    RETROACTIVELY = "open-retroactively"


class Stint(Frozen):
    """One unbroken stay of a ticket in a tier."""

    number: int
    tier: Tier
    entered_at: datetime
    team: Name | None = None
    accepted_at: datetime | None = None
    accepted_by: Actor | None = None
    left_at: datetime | None = None


class LinkedIssue(Frozen):
    """An engineering issue that the ticket is on, as last told by its workflow. ``tickets`` is how many are on it.

    ``meaning`` is None until the issue's workflow has told it; ``told_at`` is the tracker's time of the news that it goes by, ``release`` what
    the fix is waited for in.
    """

    ref: IssueRef
    title: Name = ""
    status: Word = ""
    category: IssueCategory = IssueCategory.TO_DO
    assignee: Word | None = None
    tickets: int = 1
    meaning: IssueMeaning | None = None
    priority: Word | None = None
    release: Word | None = None
    impact: Word | None = None
    told_at: datetime | None = None


def issue_id(ref: IssueRef) -> str:
    """An issue's lasting identity in one word: ``jira/10012``."""
    return f"{ref.tracker.value}/{ref.id}"


class Page(Frozen):
    """A page raised for a stint of this ticket. ``status`` is None until the pager has it.

    ``shared`` is the engineering issue whose tickets share it, ``served_by`` the ``incident_key`` where another ticket had it
    raised.

    ``wanted_at`` is when the need was there, ``ended`` says that Tierline ended it, ``took`` that the ticket is taken by its
    acknowledgement; ``acted_at`` is when somebody last did something on the ticket since. ``last_status``, ``last_holder``,
    ``last_assigned`` and ``last_priority`` are the pager's last words on each, ``heard`` its latest news.

    ``chain_from`` is from when the chain behind the pager counts, ``chain_steps`` how many steps of it were carried out, and
    ``chain_hurried_at`` when the next one became due before its time, because the page, or the step before, reached nobody; ``quiet_until`` is the end of the last snooze, before which
    nothing of it was due.

    ``woken`` and ``acknowledgements`` are the newest of those whom it woke and who acknowledged it, ``out_of_hours`` says that it was wanted outside
    of working hours.
    """

    key: Key
    stint: int
    id: Key | None = None
    url: Address | None = None
    status: PageStatus | None = None
    acknowledged_by: Name | None = None
    via_events: bool = False
    why: Line | None = None
    failed: Line | None = None
    shared: IssueRef | None = None
    served_by: Key | None = None
    wanted_at: datetime | None = None
    urgency: Urgency = Urgency.HIGH
    priority: Name | None = None
    out_of_hours: bool = False
    assigned_to: tuple[Word, ...] = ()
    ended: bool = False
    took: bool = False
    acted_at: datetime | None = None
    last_status: PageWord | None = None
    last_holder: PageWord | None = None
    last_assigned: PageWord | None = None
    last_priority: PageWord | None = None
    heard: tuple[Key, ...] = ()
    chain_from: datetime | None = None
    chain_steps: int = 0
    chain_hurried_at: datetime | None = None
    quiet_until: datetime | None = None
    woken: tuple[Woken, ...] = ()
    acknowledgements: tuple[Woken, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody is, or is about to be, woken by it."""
        return self.status is not PageStatus.RESOLVED and self.failed is None


class VendorCaseLink(Frozen):
    """What a vendor owes this ticket."""

    number: int
    vendor: Name
    vendor_name: Name
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    overdue_at: datetime | None = None
    closed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the vendor still owes an answer."""
        return self.answered_at is None and not self.closed


class LaneTrouble(Frozen):
    """An outside system that does not take what the ticket sends."""

    since: datetime
    error: Line


class Entry(Frozen):
    """One line of a ticket's story, in words that a support lead understands."""

    at: datetime
    who: Name
    text: LongText
    public: bool = False


class Held(Frozen):
    """A stay of a ticket with one owner, from ``since`` up to ``until``, and whom it waited on."""

    owner: Owner
    since: datetime
    until: datetime
    waiting_on: WaitingOn


class FormerPolicy(Frozen):
    """What a ticket keeps of a policy that it was under: with it, the time before an edit is still told right."""

    name: Name
    version: Name
    calendars: dict[Name, Calendar]
    tier_calendars: dict[Tier, Name]

    def calendar(self, name: str) -> Calendar:
        """The calendar of that name."""
        return self.calendars.get(name, ALWAYS)

    def hours_of(self, tier: Tier) -> Calendar:
        """When a tier worked."""
        return self.calendar(self.tier_calendars.get(tier, "always"))


class PolicyEdit(Frozen):
    """A change of the policy that a ticket is under, as somebody chose. ``before`` was in force until ``at``."""

    at: datetime
    by: Name
    why: Line
    mode: EditMode
    before: FormerPolicy


class Ticket(Frozen):
    """A ticket. ``sla`` names the SLA of its policy that it is measured by, None where none matches; ``unanswered_since`` is when the
    oldest customer message came that no person has answered, of which the opening is the first.

    It pins the policy that it was opened under; ``edits`` are the changes of it that somebody chose for this ticket.

    ``owner`` is whose time it has been since ``owner_since``; ``spent`` the time attributed before that, so that together they
    are the ticket's wall time; ``held`` the stays of which ``spent`` is the sum, the newest of them. ``issue_wanted`` is the key of an issue that is being opened,
    ``issue_choice`` what it waits for before that;
    ``duplicates_left`` the issues (``issue_id``) that it left because others are the same; ``files`` are the newest files of the card's
    thread, ``files_attached`` the addresses of those that were copied to its issues;
    ``card_wanted`` says that the card was lost and a new one is on its way, ``cards_lost`` how often that was, ``lost_channels`` in which
    channels Slack lets nobody write any more; ``pages`` and ``reached`` are the newest ones, ``pages_dropped`` how many older pages there
    were; ``folded`` counts, by what it is, what else the ticket no longer carries, the newest of which was over at ``folded_until``; ``severity_channel_tried`` says that a channel of its own was asked for, whatever came of it. ``steps`` counts the intents.
    """

    id: Key
    title: Line
    description: LongText
    customer: Customer
    priority: Priority
    product: Name | None = None
    component: Name | None = None
    channel: Key = "api"
    language: Name | None = None
    external_ref: Key | None = None
    request: RequestKind = RequestKind.BUG
    workaround: LongText | None = None
    opened_at: datetime
    policy: Policy
    sla: Name | None = DEFAULT_SLA
    edits: tuple[PolicyEdit, ...] = ()
    status: TicketStatus = TicketStatus.OPEN
    waiting_on: WaitingOn = WaitingOn.TIER
    stints: tuple[Stint, ...] = ()
    clocks: tuple[Clock, ...] = ()
    issues: tuple[LinkedIssue, ...] = ()
    pages: tuple[Page, ...] = ()
    pages_dropped: int = 0
    reached: tuple[Reach, ...] = ()
    cases: tuple[VendorCaseLink, ...] = ()
    issue_wanted: Key | None = None
    issue_choice: IssueChoice | None = None
    duplicates_left: tuple[Key, ...] = ()
    files: tuple[FileLink, ...] = ()
    files_attached: tuple[Address, ...] = ()
    snooze: Snooze | None = None
    report: EscalationReport | None = None
    severity_channel: ChannelRef | None = None
    severity_channel_tried: bool = False
    merging_into: Key | None = None
    merged_into: Key | None = None
    merged_in: tuple[Key, ...] = ()
    split_from: Key | None = None
    split_into: tuple[Key, ...] = ()
    card: MessageRef | None = None
    card_wanted: bool = False
    cards_lost: int = 0
    lost_channels: tuple[Key, ...] = ()
    lanes: dict[Name, LaneTrouble] = Field(default_factory=dict)
    timeline: tuple[Entry, ...] = ()
    timeline_dropped: int = 0
    first_response_at: datetime | None = None
    unanswered_since: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: Name | None = None
    cancelled_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    reopenings: tuple[datetime, ...] = ()
    handoffs: tuple[datetime, ...] = ()
    returns: tuple[datetime, ...] = ()
    owner: Owner
    owner_since: datetime
    owner_waits_on: WaitingOn = WaitingOn.TIER
    held: tuple[Held, ...] = ()
    spent: dict[Owner, timedelta] = Field(default_factory=dict)
    steps: int = 0
    mails: int = 0
    folded: dict[Name, int] = Field(default_factory=dict)
    folded_until: datetime | None = None

    @property
    def stint(self) -> Stint:
        """The stay in the tier where the ticket is."""
        return self.stints[-1]

    @property
    def tier(self) -> Tier:
        """The tier where the ticket is."""
        return self.stints[-1].tier

    def stint_numbered(self, number: int) -> Stint:
        """The stay with that number; for one that is no longer carried, the oldest that is, after the first."""
        if number == 0:
            return self.stints[0]
        place = len(self.stints) - 1 - (self.stints[-1].number - number)
        return self.stints[min(max(place, 1), len(self.stints) - 1)]

    @property
    def breaches(self) -> int:
        """How many of its clocks were breached, those that it no longer carries as well."""
        return self.folded.get("breaches", 0) + sum(clock.breached_at is not None for clock in self.clocks)

    def policy_until(self, at: datetime) -> Policy | FormerPolicy:
        """The policy that was in force up to this instant."""
        return next((edit.before for edit in self.edits if at <= edit.at), self.policy)

    @property
    def sla_facts(self) -> SlaFacts:
        """What its SLA is chosen by."""
        return SlaFacts(
            plan=self.customer.plan,
            channel=self.channel,
            product=self.product,
            component=self.component,
            priority=self.priority,
            language=self.language,
        )

    @property
    def pages_wanted(self) -> int:
        """How many pages the ticket has had, those that it no longer carries as well."""
        return self.pages_dropped + len(self.pages)

    @property
    def settled_at(self) -> datetime | None:
        """Since when the ticket is resolved or cancelled and may still be reopened; None while it is open, or closed."""
        if self.status is TicketStatus.RESOLVED:
            return self.resolved_at
        return self.cancelled_at if self.status is TicketStatus.CANCELLED else None

    def issue(self, ref: IssueRef) -> LinkedIssue | None:
        """What is known of an issue that the ticket is on, or None."""
        return next((issue for issue in self.issues if issue_id(issue.ref) == issue_id(ref)), None)

    @property
    def open_case(self) -> VendorCaseLink | None:
        """The vendor case that waits for an answer, if there is one."""
        return next((case for case in reversed(self.cases) if case.is_open), None)

    def page(self, key: str) -> Page | None:
        """The page that the ticket calls by this key, or None."""
        return next((page for page in self.pages if page.key == key), None)

    @property
    def open_page(self) -> Page | None:
        """The latest page that is not over, if there is one."""
        return next((page for page in reversed(self.pages) if page.is_open), None)


def home_channel(ticket: Ticket) -> str:
    """The channel of the tier where the ticket began: its card stands there for its whole life.

    Where Slack lets nobody write there any more it is the channel of the tier that has the ticket, or of the last one before it that works.
    """
    return next(iter(card_channels(ticket)), ticket.policy.tiers[ticket.stints[0].tier].channel)


def card_channels(ticket: Ticket) -> tuple[str, ...]:
    """The channels in which the ticket's card can stand, the best first; none when all are lost."""
    tiers = ticket.policy.tiers
    stays = (ticket.stints[0], *reversed(ticket.stints))
    wanted = [tiers[stint.tier].of_team(stint.team).channel for stint in stays[1:] if stint.tier in tiers]
    first = [tiers[ticket.stints[0].tier].channel] if ticket.stints[0].tier in tiers else []
    return tuple(channel for channel in dict.fromkeys([*first, *wanted]) if channel not in ticket.lost_channels)
