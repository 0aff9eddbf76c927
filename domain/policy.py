"""The policy: tiers, calendars, clocks, ladders, routes and vendors, as one value that each ticket pins when it opens.

Reading it from a file, with errors that name file and line, is ``config.policy``'s work.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, JsonValue, model_validator

from domain.calendar import ALWAYS, Calendar
from domain.durations import Duration
from domain.engineering_rules import EngineeringRules, IssueRules
from domain.frozen import Frozen
from domain.issues import Tracker
from domain.ladder_rules import Action as Action
from domain.ladder_rules import Ladder as Ladder
from domain.ladder_rules import LadderStep as LadderStep
from domain.ladder_rules import Rung as Rung
from domain.ladder_rules import Unacknowledged as Unacknowledged
from domain.ladder_rules import When as When
from domain.maintenance import MaintenanceWindow
from domain.match import Match as Match
from domain.page_rules import PageRules as PageRules
from domain.people import Role
from domain.sla_match import SlaFacts, SlaMatch
from domain.tiers import Priority, Tier, WaitingOn


class ClockKind(StrEnum):
    """The SLA measures of a ticket. A reply counts as one only where a person wrote it: bots and auto-replies do not.

    - ``first_response``: from opening to the first public reply.
    - ``next_response``: once there was a first response, from the oldest customer message that is not answered to the next reply.
    - ``periodic_update``: from a public reply to the next one; a new clock after each.
    - ``handoff``: from a ticket's entry into a tier to its acceptance there.
    - ``tier_work``: while a tier has the ticket; a new stint is a new clock.
    - ``vendor``: while a vendor owes an answer; its target stands with the vendor.
    - ``requester_wait``: what the requester waits: all but what Tierline waits for the customer.
    - ``agent_work``: while it is the tier's own turn.
    - ``first_resolution``: from opening to the first resolution; a reopening changes nothing.
    - ``resolution``: from opening to the last resolution; a reopening runs on with the time already counted.
    """

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    PERIODIC_UPDATE = "periodic_update"
    HANDOFF = "handoff"
    TIER_WORK = "tier_work"
    VENDOR = "vendor"
    REQUESTER_WAIT = "requester_wait"
    AGENT_WORK = "agent_work"
    FIRST_RESOLUTION = "first_resolution"
    RESOLUTION = "resolution"


PAUSES_BY_KIND: dict[ClockKind, frozenset[WaitingOn]] = {
    ClockKind.REQUESTER_WAIT: frozenset({WaitingOn.CUSTOMER}),
    ClockKind.AGENT_WORK: frozenset(WaitingOn) - {WaitingOn.TIER},
}
"""What a kind never counts, whatever the policy says: that is what the measure is."""
DEFAULT_SLA = "default"
"""The name of the SLA that the policy's own ``clocks`` are."""


class ClockRules(Frozen):
    """How one clock is measured."""

    targets: Annotated[dict[Priority, Duration], Field(description="The target for each priority.")]
    calendar: Annotated[str, Field(description="The calendar that counts it.")] = "always"
    calendars: Annotated[
        dict[Priority, str], Field(description="Another calendar for these priorities, such as P1 around the clock.")
    ] = Field(default_factory=dict)
    pauses: Annotated[
        frozenset[WaitingOn],
        Field(
            description="It stands still while the ticket waits on these. `requester_wait` always does for the customer, "
            "`agent_work` for everybody but the tier."
        ),
    ] = frozenset()
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


class Sla(Frozen):
    """What is promised to the tickets that match."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="Shown on cards and in the API.")]
    match: Annotated[SlaMatch, Field(description="Which tickets it is for; all, if left out.")] = SlaMatch()
    clocks: Annotated[dict[ClockKind, ClockRules], Field(description="What is measured; any subset of the clocks.")]


class ReportField(StrEnum):
    """What a tier can ask of whoever escalates to it."""

    COMPONENT = "component"
    IMPACT = "impact"
    REPRODUCTION = "reproduction"
    CUSTOMER_SUMMARY = "customer_summary"


class TeamRules(Frozen):
    """A team of a tier; what is left out is as in its tier."""

    name: Annotated[str, Field(description="Shown on cards and in timelines.")]
    channel: Annotated[str | None, Field(description="The Slack channel's id that the team reads.")] = None
    lead: Annotated[str | None, Field(description="The Slack user id of its lead.")] = None
    page: Annotated[PageRules | None, Field(description="Whom to page for it.")] = None


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
    requires: Annotated[
        tuple[ReportField, ...],
        Field(description="What must be written down before a person may escalate a ticket to the tier."),
    ] = ()
    teams: Annotated[
        dict[str, TeamRules], Field(description="Teams to which a ticket in the tier can be handed over.")
    ] = Field(default_factory=dict)

    def pages(self, field: str) -> Iterator[tuple[str, PageRules]]:
        """Whom the tier and its teams wake, each with its field in the policy."""
        if self.page is not None:
            yield f"{field}.page", self.page
        for name, team in self.teams.items():
            if team.page is not None:
                yield f"{field}.teams.{name}.page", team.page

    def of_team(self, team: str | None) -> Self:
        """The rules with those of one of its teams; the tier's own without a team."""
        rules = self.teams.get(team) if team is not None else None
        if rules is None:
            return self
        return self.model_copy(update=rules.model_dump(exclude_none=True, exclude={"page"}) | _page_of(rules))


def _page_of(team: TeamRules) -> dict[str, PageRules]:
    return {"page": team.page} if team.page is not None else {}


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
    components: Annotated[tuple[str, ...], Field(description="The project's own names of components (Jira).")] = ()
    fields: Annotated[
        dict[str, JsonValue],
        Field(description="Custom fields by their id or name, with values as Jira takes them (Jira)."),
    ] = Field(default_factory=dict)
    assignee: Annotated[
        str | None, Field(description="Who gets it: Jira's account id (Data Center: user name), or GitHub's login.")
    ] = None
    watchers: Annotated[tuple[str, ...], Field(description="Who watches it (Jira).")] = ()

    @model_validator(mode="after")
    def _fits_the_tracker(self) -> Self:
        if self.tracker is Tracker.GITHUB and self.project.count("/") != 1:
            raise ValueError("a GitHub route's project is written owner/repository")
        if self.tracker is Tracker.JIRA and not self.issue_type:
            raise ValueError("a Jira route needs an issue_type, such as Bug")
        if self.tracker is Tracker.JIRA and "/" in self.project:
            raise ValueError("a Jira route's project is its key, such as PAY")
        if self.tracker is Tracker.GITHUB:
            for field in ("priorities", "components", "fields", "watchers"):
                if getattr(self, field):
                    raise ValueError(f"{field}: GitHub knows none; take it out, or say it with `labels`")
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


class AuditRules(Frozen):
    """The audit that looks for open tickets whose deadline passed without an action."""

    every: Annotated[Duration, Field(description="How often it looks.")]
    grace: Annotated[Duration, Field(description="How late a ticket may be before it counts.")]
    channel: Annotated[str, Field(description="The Slack channel's id of the leads, who are told.")]
    page: Annotated[PageRules | None, Field(description="Whom to wake as well; nobody, if left out.")] = None

    @model_validator(mode="after")
    def _page_is_of_no_ticket(self) -> Self:
        for name in ("fallback", "acknowledged_for"):
            if self.page is not None and getattr(self.page, name):
                raise ValueError(
                    f"page.{name}: the audit's page belongs to no ticket, so nothing is done behind it: take `{name}` out"
                )
        return self


class EmojiRules(Frozen):
    """What a reaction on a ticket's card does: the emoji's name without colons, or nothing where it is null."""

    accept: Annotated[str | None, Field(description="I take it.")] = "eyes"
    resolve: Annotated[str | None, Field(description="It is done.")] = "white_check_mark"
    escalate: Annotated[str | None, Field(description="It must go up.")] = "bangbang"


class SeverityChannelRules(Frozen):
    """A Slack channel of its own for each of the gravest tickets, archived with a summary when the ticket is over."""

    priorities: Annotated[
        frozenset[Priority], Field(min_length=1, description="Tickets of these priorities get one.")
    ] = frozenset({Priority.P1})
    prefix: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9_-]{0,20}$", description="The channel's name begins so; the ticket's id follows."
        ),
    ] = "sev1-"
    invite: Annotated[
        tuple[str, ...], Field(description="Slack user ids, or user group ids, who are in it from the beginning.")
    ] = ()
    private: Annotated[bool, Field(description="Only who is invited sees it.")] = False


class PagerWatchRules(Frozen):
    """The watch over PagerDuty: what missed webhooks should have told, the subscription's state, and hours with nobody on call."""

    every: Annotated[Duration, Field(description="How often it looks.")]
    look_ahead: Annotated[Duration, Field(description="How far ahead somebody must be on call.")]
    channel: Annotated[str, Field(description="The Slack channel's id of the leads, who are told.")]


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
    OPEN_ISSUE = "open_issue"
    WAIT = "wait"
    CANCEL = "cancel"
    SNOOZE = "snooze"
    CUSTOMER_MESSAGE = "customer_message"
    MERGE = "merge"
    SPLIT = "split"
    HAND_OVER = "hand_over"
    APPLY_POLICY = "apply_policy"
    COMMENT = "comment"
    KIND = "kind"
    WORKAROUND = "workaround"
    ATTACH = "attach"
    IMPACT = "impact"


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
    CommandName.OPEN_ISSUE: (Role.LEAD, Role.ENGINEER, Role.OPERATOR),
    CommandName.WAIT: _STAFF,
    CommandName.CANCEL: (Role.LEAD, Role.OPERATOR, Role.INTEGRATION),
    CommandName.SNOOZE: (Role.AGENT, Role.LEAD, Role.OPERATOR),
    CommandName.MERGE: (Role.LEAD, Role.OPERATOR, Role.INTEGRATION),
    CommandName.SPLIT: (Role.AGENT, Role.LEAD, Role.OPERATOR, Role.INTEGRATION),
    CommandName.HAND_OVER: (Role.AGENT, Role.LEAD, Role.ENGINEER, Role.OPERATOR),
    CommandName.APPLY_POLICY: (Role.OPERATOR,),
    CommandName.COMMENT: _STAFF,
    CommandName.KIND: _STAFF,
    CommandName.WORKAROUND: _STAFF,
    CommandName.ATTACH: (Role.AGENT, Role.LEAD, Role.ENGINEER, Role.OPERATOR),
    CommandName.IMPACT: (Role.LEAD,),
    CommandName.CUSTOMER_MESSAGE: (Role.CUSTOMER, Role.INTEGRATION, Role.OPERATOR),
}


class Policy(Frozen):
    """Everything that a team decides. Each ticket carries the policy it was opened under."""

    name: str
    version: Annotated[str, Field(description="Shown with every clock; change it with each edit.")]
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    tiers: dict[Tier, TierRules]
    entry_tier: Annotated[Tier, Field(description="Where a new ticket starts.")] = Tier.L1
    slas: Annotated[
        tuple[Sla, ...],
        Field(description="What is promised to whom, tried in this order; the first that matches wins, else `clocks`."),
    ] = ()
    clocks: Annotated[
        dict[ClockKind, ClockRules],
        Field(
            description="What is measured for tickets that none of `slas` matches: one SLA, named `default`, for all."
        ),
    ] = Field(default_factory=dict)
    ladders: dict[str, Ladder] = Field(default_factory=dict)
    hand_offs: Annotated[
        HandOffs, Field(description="Whether a ladder's hand_off moves the ticket, or advises the lead to.")
    ] = HandOffs.AUTOMATIC
    maintenance: Annotated[
        tuple[MaintenanceWindow, ...],
        Field(description="Times in which ladders page nobody and hand nothing off: they tell the channel instead."),
    ] = ()
    routes: Annotated[tuple[Route, ...], Field(description="First match wins.")] = ()
    engineering: Annotated[
        EngineeringRules, Field(description="What holds for engineering issues: text, impact, sync, telling.")
    ] = EngineeringRules()
    vendors: dict[str, VendorRules] = Field(default_factory=dict)
    quiet_time: Annotated[Duration, Field(description="A resolved ticket is closed after this long without a word.")]
    digest: DigestRules | None = None
    audit: Annotated[AuditRules | None, Field(description="Proves that no deadline passes unattended.")] = None
    pager_watch: Annotated[
        PagerWatchRules | None,
        Field(description="Finds what PagerDuty's webhooks missed, and hours with nobody on call."),
    ] = None
    severity_channel: Annotated[
        SeverityChannelRules | None, Field(description="A Slack channel of its own for the gravest tickets.")
    ] = None
    emoji: Annotated[EmojiRules, Field(description="What reactions on a card do.")] = EmojiRules()
    help_desk_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s]*\{ref\}[^\s]*$",
            description="A ticket's address in the help desk, with `{ref}` where its own number stands.",
        ),
    ] = None
    roles: Annotated[
        dict[Role, tuple[str, ...]],
        Field(description="Who has a role: Slack user ids (`U…`), or user group ids (`S…`) for all their members."),
    ] = Field(default_factory=dict)
    permissions: Annotated[
        dict[CommandName, tuple[Role, ...]],
        Field(description="Which roles may do what; what is left out keeps its default."),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for field, _, rules in self.all_clocks():
            _known(f"{field}.calendar", rules.calendar, ("always", *self.calendars))
            for priority, name in rules.calendars.items():
                _known(f"{field}.calendars.{priority}", name, ("always", *self.calendars))
            if rules.ladder is not None:
                _known(f"{field}.ladder", rules.ladder, self.ladders)
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
            for field, rules_of_page in where.pages(f"tiers.{tier}"):
                if rules_of_page.hours is not None:
                    _known(f"{field}.hours", rules_of_page.hours, ("always", *self.calendars))
        return self

    @model_validator(mode="after")
    def _slas_are_told_apart(self) -> Self:
        if not self.slas and "clocks" not in self.model_fields_set:
            raise ValueError("clocks: missing; say in `clocks`, or in `slas`, what is measured")
        names = [sla.name.casefold() for sla in self.slas] + ([DEFAULT_SLA] if self.clocks else [])
        for number, sla in enumerate(self.slas):
            if names.count(sla.name.casefold()) > 1:
                other = "the SLA of `clocks` has" if sla.name.casefold() == DEFAULT_SLA else "another SLA has"
                raise ValueError(f"slas.{number}.name: {other} the name {sla.name!r} already")
        for field, kind, _ in self.all_clocks():
            if kind is ClockKind.VENDOR:
                raise ValueError(f"{field}: a vendor's target and calendar are written with it, under `vendors`")
        return self

    @model_validator(mode="after")
    def _calendars_hold_the_targets(self) -> Self:
        for field, _, rules in self.all_clocks():
            for priority, target in rules.targets.items():
                last = max((step.amount for step in self.ladder_steps(rules.ladder, target)), default=target)
                self._holds(field, rules.calendar_of(priority), max(target, last))
        for name, vendor in self.vendors.items():
            self._holds(f"vendors.{name}.target", vendor.calendar, vendor.target)
        return self

    @model_validator(mode="after")
    def _ladders_end_with_somebody(self) -> Self:
        for name, ladder in self.ladders.items():
            for rung in ladder.rungs:
                if rung.when.calendar is not None:
                    _known(f"ladders.{name}", rung.when.calendar, ("always", *self.calendars))
        for _, kind, rules in self.all_clocks():
            if rules.ladder is None:
                continue
            where = self.ladders[rules.ladder].ends_in_nobody(self._tiers_of(kind), self._reaches)
            if where is not None:
                raise ValueError(
                    f"ladders.{rules.ladder}: it ends in nobody {where}: its last step there reaches no page, lead or "
                    f"channel; add tell_lead to it, or `unacknowledged: {{do: [tell_lead]}}`"
                )
        return self

    def _tiers_of(self, kind: ClockKind) -> tuple[Tier, ...]:
        """Where a clock of that kind can run: a vendor's stay has neither a hand-off nor a tier's work."""
        in_a_stint = kind in (ClockKind.HANDOFF, ClockKind.TIER_WORK)
        return tuple(sorted(tier for tier in self.tiers if not (in_a_stint and tier is Tier.L4)))

    def _reaches(self, tier: Tier, action: Action) -> bool:
        """Whether a ladder's action reaches somebody in that tier; who should have acted there does not count."""
        if action is Action.PAGE:
            return self.tiers[tier].page is not None
        if action is Action.HAND_OFF:
            return self.tier_above(tier) is not None
        return action in (Action.TELL_LEAD, Action.TELL_CHANNEL)

    def tier_above(self, tier: Tier) -> Tier | None:
        """The policy's next tier up that a ladder may hand to: a vendor is never asked without a person."""
        return min((t for t in self.tiers if tier.rank < t.rank < Tier.L4.rank), default=None)

    def _holds(self, field: str, calendar: str, length: timedelta) -> None:
        if length > self.calendar(calendar).open_in_a_week() * _WEEKS:
            raise ValueError(f"{field}: the calendar {calendar!r} is not open that long in ten years")

    def all_clocks(self) -> Iterator[tuple[str, ClockKind, ClockRules]]:
        """The rules of every clock of every SLA, each with its field: ``slas.0.clocks.handoff``, ``clocks.handoff``."""
        for number, sla in enumerate(self.slas):
            for kind, rules in sla.clocks.items():
                yield f"slas.{number}.clocks.{kind}", kind, rules
        for kind, rules in self.clocks.items():
            yield f"clocks.{kind}", kind, rules

    def sla_for(self, facts: SlaFacts) -> str | None:
        """The name of the first SLA that matches, ``DEFAULT_SLA`` where only the policy's own clocks do, None for no match."""
        for sla in self.slas:
            if sla.match.accepts(facts):
                return sla.name
        return DEFAULT_SLA if self.clocks or not self.slas else None

    def clocks_of(self, sla: str | None) -> dict[ClockKind, ClockRules]:
        """What the SLA of that name measures; nothing for None."""
        if sla is None:
            return {}
        return next((one.clocks for one in self.slas if one.name == sla), self.clocks if sla == DEFAULT_SLA else {})

    def issue_rules(self) -> IssueRules:
        """What the workflow of an engineering issue goes by; L3's lead is asked, in L3's channel."""
        rules, l3 = self.engineering, self.tiers.get(Tier.L3)
        return IssueRules(
            impact=rules.impact,
            fan_out=rules.fan_out,
            summary=rules.summary,
            comments=rules.comments,
            reopen_after=rules.reopen_after,
            conflicts=rules.conflicts,
            projects=rules.projects,
            shares=rules.shares,
            channel=l3.channel if l3 is not None else None,
            lead=l3.lead if l3 is not None else None,
        )

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

    def ladder_steps(self, ladder: str | None, target: timedelta) -> tuple[LadderStep, ...]:
        """Every step and repeat of that ladder for a target; none without a ladder."""
        return self.ladders[ladder].steps(target) if ladder is not None else ()

    def hours_of(self, tier: Tier) -> Calendar:
        """When a tier works; always, where the policy has no such tier."""
        return self.calendar(self.tiers[tier].calendar) if tier in self.tiers else ALWAYS

    def roles_of(self, slack_user: str, groups: Collection[str] = ()) -> frozenset[Role]:
        """The roles that the policy gives to a Slack user, by their own id or by the user groups that they are in."""
        named = {slack_user, *groups}
        return frozenset(role for role, holders in self.roles.items() if not named.isdisjoint(holders))

    @property
    def user_groups(self) -> frozenset[str]:
        """The Slack user groups that the policy names, for roles or for the gravest tickets' channels."""
        invited = self.severity_channel.invite if self.severity_channel is not None else ()
        named = (*(holder for holders in self.roles.values() for holder in holders), *invited)
        return frozenset(name for name in named if name.startswith("S"))

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
