"""The policy: tiers, calendars, clocks, ladders, routes and vendors, as one value that each ticket pins when it opens.

Reading it from a file, with errors that name file and line, is ``config.policy``'s work.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.calendar import ALWAYS, Calendar
from domain.durations import Duration
from domain.frozen import Frozen
from domain.issues import Tracker
from domain.paging import Urgency
from domain.people import Role
from domain.tiers import Priority, Tier, WaitingOn


class ClockKind(StrEnum):
    """The SLA measures of a ticket."""

    FIRST_RESPONSE = "first_response"
    HANDOFF = "handoff"
    TIER_WORK = "tier_work"
    RESOLUTION = "resolution"


class Action(StrEnum):
    """What a rung of a ladder does."""

    TELL_OWNER = "tell_owner"
    TELL_CHANNEL = "tell_channel"
    TELL_LEAD = "tell_lead"
    PAGE = "page"
    HAND_OFF = "hand_off"


class Rung(Frozen):
    """One step of a ladder, at a percentage of the clock's target (100 is the breach).

    ``every`` and ``times`` repeat the step: ``times`` more times, ``every`` apart on the clock's calendar.
    """

    at: Annotated[int, Field(ge=1, le=1000, description="Percent of the clock's target; 100 is the breach.")]
    do: Annotated[tuple[Action, ...], Field(description="What happens at this step, in this order.")]
    every: Annotated[Duration | None, Field(description="Repeat the step this often.")] = None
    times: Annotated[int, Field(ge=0, le=100, description="How many times the step is repeated.")] = 0

    @model_validator(mode="after")
    def _repeats_have_an_interval(self) -> Self:
        if self.times and self.every is None:
            raise ValueError("`times` needs `every`: how far apart the repeats are")
        if self.every is not None and not self.times:
            raise ValueError("`every` needs `times`: how often the step is repeated at the most")
        return self


class Ladder(Frozen):
    """What happens as a clock runs."""

    rungs: tuple[Rung, ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        percentages = [rung.at for rung in self.rungs]
        if percentages != sorted(percentages):
            raise ValueError("write the steps of a ladder in rising order of `at`")
        return self


class ClockRules(Frozen):
    """How one clock is measured."""

    targets: Annotated[dict[Priority, Duration], Field(description="The target for each priority.")]
    calendar: Annotated[str, Field(description="The calendar that counts it.")] = "always"
    calendars: Annotated[
        dict[Priority, str], Field(description="Another calendar for these priorities, such as P1 around the clock.")
    ] = Field(default_factory=dict)
    pauses: Annotated[frozenset[WaitingOn], Field(description="It stands still while the ticket waits on these.")] = (
        frozenset()
    )
    ladder: Annotated[str | None, Field(description="What happens as it runs.")] = None

    @model_validator(mode="after")
    def _every_priority_has_a_target(self) -> Self:
        missing = [priority.value for priority in Priority if priority not in self.targets]
        if missing:
            raise ValueError(f"give a target for {', '.join(missing)} as well")
        if WaitingOn.TIER in self.pauses:
            raise ValueError(
                "a clock cannot pause while the tier itself is to act; allowed: customer, engineering, hold, vendor"
            )
        return self

    def calendar_of(self, priority: Priority) -> str:
        """The name of the calendar that counts it at that priority."""
        return self.calendars.get(priority, self.calendar)


class PageRules(Frozen):
    """Whom a page for a tier wakes."""

    service: Annotated[str, Field(description="PagerDuty's service id.")]
    escalation_policy: Annotated[
        str | None, Field(description="PagerDuty's escalation policy id; the service's own if left out.")
    ] = None
    low_urgency: Annotated[frozenset[Priority], Field(description="Priorities that wait until the morning.")] = (
        frozenset({Priority.P3, Priority.P4})
    )

    def urgency(self, priority: Priority) -> Urgency:
        """High unless the policy lets this priority wait."""
        return Urgency.LOW if priority in self.low_urgency else Urgency.HIGH


class TierRules(Frozen):
    """Where a tier lives."""

    name: str
    channel: Annotated[str, Field(description="The Slack channel's id; its tickets' cards are posted there.")]
    lead: Annotated[str | None, Field(description="The Slack user id of its lead.")] = None
    calendar: Annotated[
        str, Field(description="When the tier works: time outside of it counts as closed hours, not as the tier's.")
    ] = "always"
    page: Annotated[
        PageRules | None, Field(description="Whom to page when a ticket enters the tier or a ladder says so.")
    ] = None
    page_on_entry: Annotated[bool, Field(description="Page as soon as a ticket is escalated to the tier.")] = False


class Match(Frozen):
    """A condition on a ticket: each field that is set must be equal, in any case of letters."""

    product: str | None = None
    component: str | None = None
    priority: Priority | None = None
    plan: str | None = None

    def accepts(self, *, product: str | None, component: str | None, priority: Priority, plan: str | None) -> bool:
        """Whether a ticket with these values fits."""
        wanted = ((self.product, product), (self.component, component), (self.priority, priority), (self.plan, plan))
        return all(want is None or (have is not None and want.casefold() == have.casefold()) for want, have in wanted)


class Route(Frozen):
    """Where engineering issues for the tickets that match are opened."""

    match: Match = Match()
    tracker: Tracker
    project: Annotated[str, Field(description="Jira's project key, or GitHub's owner/repository.")]
    issue_type: Annotated[str | None, Field(description="Jira's issue type, such as Bug.")] = None
    labels: tuple[str, ...] = ()
    priorities: Annotated[dict[Priority, str], Field(description="The tracker's own names of priorities (Jira).")] = (
        Field(default_factory=dict)
    )

    @model_validator(mode="after")
    def _fits_the_tracker(self) -> Self:
        if self.tracker is Tracker.GITHUB and self.project.count("/") != 1:
            raise ValueError("a GitHub route's project is written owner/repository")
        if self.tracker is Tracker.JIRA and not self.issue_type:
            raise ValueError("a Jira route needs an issue_type, such as Bug")
        return self


class VendorRules(Frozen):
    """An outside vendor and what it owes (its underpinning contract)."""

    name: str
    email: str
    target: Annotated[Duration, Field(description="How soon the vendor owes an answer.")]
    calendar: str = "always"
    match: Annotated[Match | None, Field(description="Tickets that go to this vendor when none is named.")] = None


class DigestRules(Frozen):
    """The joint retro's page."""

    team: str
    channel: Annotated[str, Field(description="The Slack channel's id that it is posted to.")]
    period: Annotated[Duration, Field(description="How far it looks back.")]
    every: Annotated[Duration | None, Field(description="Post it this often …")] = None
    cron: Annotated[str | None, Field(description="… or at these times (cron, UTC).")] = None

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if (self.every is None) == (self.cron is None):
            raise ValueError("give either `every` or `cron`, and not both")
        return self


class HandOffs(StrEnum):
    """Whether a ladder's ``hand_off`` moves the ticket by itself, or advises the lead to."""

    AUTOMATIC = "automatic"
    ADVISED = "advised"


class CommandName(StrEnum):
    """What people can ask of a ticket; the policy says which roles may."""

    ACCEPT = "accept"
    REPLY = "reply"
    NOTE = "note"
    ESCALATE = "escalate"
    RETURN = "return"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    PRIORITY = "priority"
    LINK = "link"
    WAIT = "wait"
    CANCEL = "cancel"
    CUSTOMER_MESSAGE = "customer_message"


_WEEKS = 520
_STAFF = (Role.AGENT, Role.LEAD, Role.ENGINEER, Role.OPERATOR, Role.INTEGRATION)
DEFAULT_PERMISSIONS: dict[CommandName, tuple[Role, ...]] = {
    CommandName.ACCEPT: _STAFF,
    CommandName.REPLY: _STAFF,
    CommandName.NOTE: _STAFF,
    CommandName.ESCALATE: (Role.LEAD, Role.ENGINEER, Role.OPERATOR),
    CommandName.RETURN: (Role.LEAD, Role.ENGINEER, Role.OPERATOR),
    CommandName.RESOLVE: _STAFF,
    CommandName.REOPEN: (*_STAFF, Role.CUSTOMER),
    CommandName.PRIORITY: (Role.LEAD, Role.OPERATOR, Role.INTEGRATION),
    CommandName.LINK: (Role.LEAD, Role.ENGINEER, Role.OPERATOR),
    CommandName.WAIT: _STAFF,
    CommandName.CANCEL: (Role.LEAD, Role.OPERATOR, Role.INTEGRATION),
    CommandName.CUSTOMER_MESSAGE: (Role.CUSTOMER, Role.INTEGRATION, Role.OPERATOR),
}


class Policy(Frozen):
    """Everything that a team decides. Each ticket carries the policy it was opened under."""

    name: str
    version: Annotated[str, Field(description="Shown with every clock; change it with each edit.")]
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    tiers: dict[Tier, TierRules]
    entry_tier: Annotated[Tier, Field(description="Where a new ticket starts.")] = Tier.L1
    clocks: dict[ClockKind, ClockRules]
    ladders: dict[str, Ladder] = Field(default_factory=dict)
    hand_offs: Annotated[
        HandOffs, Field(description="Whether a ladder's hand_off moves the ticket, or advises the lead to.")
    ] = HandOffs.AUTOMATIC
    routes: Annotated[tuple[Route, ...], Field(description="First match wins.")] = ()
    vendors: dict[str, VendorRules] = Field(default_factory=dict)
    quiet_time: Annotated[Duration, Field(description="A resolved ticket is closed after this long without a word.")]
    digest: DigestRules | None = None
    roles: Annotated[dict[Role, tuple[str, ...]], Field(description="Slack user ids by role.")] = Field(
        default_factory=dict
    )
    permissions: Annotated[
        dict[CommandName, tuple[Role, ...]],
        Field(description="Which roles may do what; what is left out keeps its default."),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for kind, rules in self.clocks.items():
            _known(f"clocks.{kind}.calendar", rules.calendar, ("always", *self.calendars))
            for priority, name in rules.calendars.items():
                _known(f"clocks.{kind}.calendars.{priority}", name, ("always", *self.calendars))
            if rules.ladder is not None:
                _known(f"clocks.{kind}.ladder", rules.ladder, self.ladders)
        for name, vendor in self.vendors.items():
            _known(f"vendors.{name}.calendar", vendor.calendar, ("always", *self.calendars))
        if self.entry_tier not in self.tiers:
            raise ValueError(f"entry_tier: {self.entry_tier} is not among the tiers")
        if self.entry_tier is Tier.L4:
            raise ValueError("entry_tier: a vendor is asked by people, so no ticket starts in L4")
        for tier, where in self.tiers.items():
            _known(f"tiers.{tier}.calendar", where.calendar, ("always", *self.calendars))
            if where.page_on_entry and where.page is None:
                raise ValueError(f"tiers.{tier}: page_on_entry needs `page`: whom to wake")
        return self

    @model_validator(mode="after")
    def _calendars_hold_the_targets(self) -> Self:
        for kind, rules in self.clocks.items():
            target = max(rules.targets.values())
            rungs = self.rungs(rules.ladder)
            last = max((target * r.at / 100 + (r.every or timedelta(0)) * r.times for r in rungs), default=target)
            self._holds(f"clocks.{kind}", rules.calendar, max(target, last))
        for name, vendor in self.vendors.items():
            self._holds(f"vendors.{name}.target", vendor.calendar, vendor.target)
        return self

    def _holds(self, field: str, calendar: str, length: timedelta) -> None:
        if length > self.calendar(calendar).open_in_a_week() * _WEEKS:
            raise ValueError(f"{field}: the calendar {calendar!r} is not open that long in ten years")

    def calendar(self, name: str) -> Calendar:
        """The calendar of that name; ``always`` is there in every policy unless it is redefined."""
        return self.calendars.get(name, ALWAYS)

    def pinned(self, opened_at: datetime) -> Self:
        """The policy as a ticket that opens then keeps it: without holidays of long ago, so that what each ticket carries is small.

        The year before stays: a ticket that is merged in brings an earlier start.
        """
        first = date(opened_at.year - 1, 1, 1)
        calendars = {name: calendar.holidays_from(first) for name, calendar in self.calendars.items()}
        return self.model_copy(update={"calendars": calendars})

    def rungs(self, ladder: str | None) -> tuple[Rung, ...]:
        """The steps of that ladder; none without one."""
        return self.ladders[ladder].rungs if ladder is not None else ()

    def hours_of(self, tier: Tier) -> Calendar:
        """When a tier works; always, where the policy has no such tier."""
        return self.calendar(self.tiers[tier].calendar) if tier in self.tiers else ALWAYS

    def roles_of(self, slack_user: str) -> frozenset[Role]:
        """The roles that the policy gives to a Slack user."""
        return frozenset(role for role, users in self.roles.items() if slack_user in users)

    def allowed(self, command: CommandName) -> tuple[Role, ...]:
        """The roles that may do this."""
        return self.permissions.get(command, DEFAULT_PERMISSIONS[command])

    def route(
        self, *, product: str | None, component: str | None, priority: Priority, plan: str | None
    ) -> Route | None:
        """The first route that matches, or None."""
        for route in self.routes:
            if route.match.accepts(product=product, component=component, priority=priority, plan=plan):
                return route
        return None

    def vendor_for(
        self, *, product: str | None, component: str | None, priority: Priority, plan: str | None
    ) -> str | None:
        """The name of the first vendor whose match fits, or of the only vendor there is, or None."""
        for name, vendor in self.vendors.items():
            if vendor.match is not None and vendor.match.accepts(
                product=product, component=component, priority=priority, plan=plan
            ):
                return name
        return next(iter(self.vendors)) if len(self.vendors) == 1 else None


def _known(field: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        allowed = ", ".join(sorted(names)) or "none are defined"
        raise ValueError(f"{field}: there is no {name!r}; defined: {allowed}")
