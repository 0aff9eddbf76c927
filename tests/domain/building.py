"""Builders of what the scenarios need, and ``Story``: a ticket's life, told line by line."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from domain.attribution import totals
from domain.calendar import Calendar, Week
from domain.clocks import Clock
from domain.decide import Decision, decide, open_ticket
from domain.intents import (
    FindIssue,
    Intent,
    Notice,
    OpenIssue,
    PageWithIssue,
    RaisePage,
    ResolvePage,
    ShowCard,
    ThreadLine,
    UpdateIssue,
)
from domain.issue_pages import PageReleased, PageWanted
from domain.issues import IssueCategory, IssueComment, IssueRef, Tracker
from domain.ladders import next_deadline
from domain.messages import (
    Accept,
    Command,
    CustomerMessage,
    Delivery,
    DeliveryBody,
    Done,
    Escalate,
    Event,
    Failed,
    IntentResult,
    IssueChanged,
    IssueFound,
    IssueOpened,
    LinkIssue,
    OpenTicket,
    PageChanged,
    PageRaised,
    Reply,
    Request,
    Resolve,
    ResultBody,
    TimePassed,
)
from domain.paging import PageDraft, PageRef, PageStatus
from domain.people import Actor, ActorKind, Customer, Role
from domain.policy import (
    Action,
    ClockKind,
    ClockRules,
    Ladder,
    Match,
    PageRules,
    Policy,
    Route,
    Rung,
    TierRules,
    Unacknowledged,
    VendorRules,
)
from domain.ticket import Ticket
from domain.tiers import Owner, Priority, Tier, WaitingOn

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
"""A Monday."""
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)
"""The shortest time there is."""


def a_person(user: str, name: str, *roles: Role, kind: ActorKind = ActorKind.SLACK) -> Actor:
    """Somebody with roles."""
    return Actor(kind=kind, id=user, name=name, roles=frozenset(roles))


LENA = a_person("U0LENA", "lena", Role.LEAD)
SAM = a_person("U0SAM", "sam", Role.AGENT)
TOM = a_person("U0TOM", "tom", Role.AGENT)
ADA = a_person("U0ADA", "ada", Role.ENGINEER)
EVE = a_person("U0EVE", "eve")
HELPDESK = a_person("helpdesk", "Help desk", Role.INTEGRATION, kind=ActorKind.API)
GRACE = Customer(id="cus-77", name="Grace Hopper", email="grace@navy.example", plan="Gold")
GRACE_HERSELF = a_person("cus-77", "Grace Hopper", Role.CUSTOMER, kind=ActorKind.CUSTOMER)

L1_CHANNEL, L2_CHANNEL, L3_CHANNEL, L4_CHANNEL = "C0SUPL1", "C0SUPL2", "C0ENG", "C0VENDORS"


def targets(length: timedelta, **others: timedelta) -> dict[Priority, timedelta]:
    """The same target for every priority but the named ones: ``targets(HOUR, P1=MINUTE)``."""
    return dict.fromkeys(Priority, length) | {Priority(name): other for name, other in others.items()}


def rung(at: int, *do: Action, every: timedelta | None = None, times: int = 0) -> Rung:
    """A step of a ladder."""
    return Rung(at=at, do=do, every=every, times=times)


def a_ladder(*rungs: Rung, unacknowledged: Unacknowledged | None = None) -> Ladder:
    """A ladder of these steps."""
    return Ladder(rungs=rungs, unacknowledged=unacknowledged)


def office_hours(zone: str = "Europe/Brussels", **other: Any) -> Calendar:
    """Eight to six from Monday to Friday, with a lunch break on no day."""
    day = ("08:00-18:00",)
    return Calendar(zone=zone, weekly=Week(mon=day, tue=day, wed=day, thu=day, fri=day), **other)


def the_tiers(*, page_on_entry: bool = True) -> dict[Tier, TierRules]:
    """Four tiers; engineering is paged."""
    return {
        Tier.L1: TierRules(name="Frontline", channel=L1_CHANNEL, lead=LENA.id),
        Tier.L2: TierRules(name="Technical", channel=L2_CHANNEL, lead=LENA.id),
        Tier.L3: TierRules(
            name="Engineering",
            channel=L3_CHANNEL,
            lead=LENA.id,
            page=PageRules(service="PSVCPAY", escalation_policy="PEPENG"),
            page_on_entry=page_on_entry,
        ),
        Tier.L4: TierRules(name="Vendors", channel=L4_CHANNEL, lead=LENA.id),
    }


def the_clocks() -> dict[ClockKind, ClockRules]:
    """First response in one hour, acceptance in half an hour, a tier's work in eight hours, a solution in two days."""
    away = frozenset({WaitingOn.CUSTOMER, WaitingOn.VENDOR})
    return {
        ClockKind.FIRST_RESPONSE: ClockRules(targets=targets(HOUR), ladder="tell"),
        ClockKind.HANDOFF: ClockRules(targets=targets(30 * MINUTE), ladder="handoff"),
        ClockKind.TIER_WORK: ClockRules(targets=targets(8 * HOUR, P1=2 * HOUR), pauses=away, ladder="tell"),
        ClockKind.RESOLUTION: ClockRules(
            targets=targets(2 * DAY, P1=4 * HOUR), pauses=frozenset({WaitingOn.CUSTOMER}), ladder="tell"
        ),
    }


def the_ladders() -> dict[str, Ladder]:
    """Tell at 75 and 100 percent; hand over what nobody took."""
    return {
        "tell": a_ladder(rung(75, Action.TELL_OWNER), rung(100, Action.TELL_LEAD)),
        "handoff": a_ladder(rung(50, Action.TELL_CHANNEL), rung(100, Action.HAND_OFF, Action.TELL_LEAD)),
    }


def a_policy(**changes: Any) -> Policy:
    """The policy of a team with all tiers, two trackers and one vendor; each field can be replaced."""
    fields: dict[str, Any] = {
        "name": "Acme",
        "version": "7",
        "tiers": the_tiers(),
        "clocks": the_clocks(),
        "ladders": the_ladders(),
        "routes": (
            Route(
                match=Match(product="payments"),
                tracker=Tracker.JIRA,
                project="PAY",
                issue_type="Bug",
                labels=("support",),
                priorities={Priority.P1: "Highest"},
            ),
            Route(match=Match(product="storefront"), tracker=Tracker.GITHUB, project="acme/storefront"),
        ),
        "vendors": {
            "cardnet": VendorRules(
                name="Cardnet", email="desk@cardnet.example", target=4 * HOUR, match=Match(component="cards")
            )
        },
        "quiet_time": 2 * DAY,
    }
    return Policy(**(fields | changes))


def without_ladders(**changes: Any) -> Policy:
    """A policy whose clocks only count."""
    clocks = {kind: rules.model_copy(update={"ladder": None}) for kind, rules in the_clocks().items()}
    return a_policy(**({"clocks": clocks, "tiers": the_tiers(page_on_entry=False)} | changes))


def an_opening(**changes: Any) -> OpenTicket:
    """Grace's ticket about payments."""
    fields: dict[str, Any] = {
        "ticket_id": "T-1042",
        "title": "Card payment fails",
        "description": "Every card payment ends with error 502 since this morning.",
        "customer": GRACE,
        "product": "payments",
        "component": "cards",
        "opened_by": HELPDESK,
    }
    return OpenTicket(**(fields | changes))


def an_issue(number: int = 12, tracker: Tracker = Tracker.JIRA) -> IssueRef:
    """The identity of an issue: ``PAY-12`` or ``acme/storefront#12``."""
    if tracker is Tracker.JIRA:
        return IssueRef(
            tracker=tracker, id=f"100{number}", key=f"PAY-{number}", url=f"https://acme.example/browse/PAY-{number}"
        )
    key = f"acme/storefront#{number}"
    return IssueRef(tracker=tracker, id=f"I_{number}", key=key, url=f"https://github.example/{key}")


def a_change(ref: IssueRef, category: IssueCategory, at: datetime = NOON, assignee: str | None = "Ada") -> IssueChanged:
    """The news that an issue is in this state."""
    status = {IssueCategory.TO_DO: "To Do", IssueCategory.IN_PROGRESS: "In Progress", IssueCategory.DONE: "Done"}
    return IssueChanged(
        ref=ref, title="Card payment fails", status=status[category], category=category, assignee=assignee, at=at
    )


def a_comment(number: int, text: str = "Looking at it", at: datetime = NOON, *, ours: bool = False) -> IssueComment:
    """What somebody wrote on an issue."""
    return IssueComment(id=f"c{number}", author="Ada", text=text, created_at=at, ours=ours)


_I = TypeVar("_I", bound=Intent)


class Story:
    """A ticket's life. The clock moves only by ``passes`` and ``jumps``; deadlines are carried out as they come.

    ``intents`` is everything intended so far, ``last`` what the last event brought.
    """

    def __init__(self, policy: Policy | None = None, opening: OpenTicket | None = None, at: datetime = NOON) -> None:
        self.now = at
        self.decisions: list[Decision] = []
        self._deliveries = 0
        self._take(open_ticket(opening or an_opening(), policy or a_policy(), at))

    # --- what happened ---------------------------------------------------------------------------------------------

    @property
    def ticket(self) -> Ticket:
        """The ticket now."""
        return self.decisions[-1].state

    @property
    def intents(self) -> list[Intent]:
        """Everything intended so far, in order."""
        return [intent for decision in self.decisions for intent in decision.intents]

    @property
    def last(self) -> Sequence[Intent]:
        """What the last event brought."""
        return self.decisions[-1].intents

    def all(self, kind: type[_I]) -> list[_I]:
        """The intents of a kind so far."""
        return [intent for intent in self.intents if isinstance(intent, kind)]

    def now_intended(self, kind: type[_I]) -> list[_I]:
        """The intents of a kind that the last event brought."""
        return [intent for intent in self.last if isinstance(intent, kind)]

    def only(self, kind: type[_I]) -> _I:
        """The one intent of a kind that there was so far."""
        (intent,) = self.all(kind)
        return intent

    @property
    def wanted_pages(self) -> list[PageDraft]:
        """The pages that were wanted so far, by itself or from the issue that the ticket shares them with."""
        drafts = {intent.key: intent.draft for intent in self.all(RaisePage)}
        for intent in self.all(PageWithIssue):
            if isinstance(intent.word, PageWanted):
                drafts[intent.key] = intent.word.draft
        return [drafts[intent.key] for intent in self.intents if intent.key in drafts]

    @property
    def ended_pages(self) -> list[str]:
        """The keys of the pages that were needed no longer, in order."""
        ended = {intent.key: intent.page_key for intent in self.all(ResolvePage)}
        for intent in self.all(PageWithIssue):
            if isinstance(intent.word, PageReleased):
                ended[intent.key] = intent.word.page_key
        return [ended[intent.key] for intent in self.intents if intent.key in ended]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Whom the last event's notices go to, and what they say."""
        return [(notice.channel, notice.text) for notice in self.now_intended(Notice)]

    @property
    def thread(self) -> list[str]:
        """The lines of the card's thread."""
        return [line.text for line in self.all(ThreadLine)]

    @property
    def timeline(self) -> list[str]:
        """The ticket's story."""
        return [f"{entry.who}: {entry.text}" for entry in self.ticket.timeline]

    def clock(self, kind: ClockKind) -> Clock:
        """The latest clock of a kind."""
        return self.clocks(kind)[-1]

    def clocks(self, kind: ClockKind) -> list[Clock]:
        """All clocks of a kind, oldest first."""
        return [clock for clock in self.ticket.clocks if clock.kind is kind]

    def spent(self) -> dict[Owner, timedelta]:
        """The whole time since opening by whose turn it was."""
        return totals(self.ticket, self.now)

    # --- what happens ----------------------------------------------------------------------------------------------

    def passes(self, length: timedelta) -> "Story":
        """Time passes, and each deadline up to its end is met on time."""
        end = self.now + length
        while (deadline := next_deadline(self.ticket)) is not None and deadline.at <= end:
            self.now = max(self.now, deadline.at)
            self.hears(TimePassed())
        self.now = end
        return self

    def jumps(self, length: timedelta) -> "Story":
        """Time passes, and nothing of ours runs."""
        self.now += length
        return self

    def does(self, by: Actor, request: Request) -> "Story":
        """Somebody asks for something, and gets it."""
        decision = self.hears(Command(id=f"command-{len(self.decisions)}", by=by, request=request))
        assert decision.refusal is None, decision.refusal
        assert decision.answer
        return self

    def refuses(self, by: Actor, request: Request) -> str:
        """Somebody asks for something, and is refused with these words, and nothing else happens."""
        before = self.ticket
        decision = self.hears(Command(id=f"command-{len(self.decisions)}", by=by, request=request))
        assert decision.refusal is not None
        assert decision.answer is None
        assert decision.state == before
        assert not decision.intents
        return decision.refusal

    def told_of(self, body: DeliveryBody) -> "Story":
        """Another system tells something."""
        self._deliveries += 1
        self.hears(Delivery(id=f"delivery-{self._deliveries}", body=body))
        return self

    def comes_of(self, intent: Intent, body: ResultBody) -> "Story":
        """An intent was carried out, or was not."""
        self.hears(IntentResult(key=intent.key, body=body), {intent.key: intent})
        return self

    def fails(self, kind: type[Intent], error: str = "no such thing", code: str | None = None) -> "Story":
        """The latest intent of this kind failed for good."""
        return self.comes_of(self.all(kind)[-1], Failed(error=error, code=code))

    def hears(self, event: Event, intents: Mapping[str, Intent] | None = None) -> Decision:
        """Any event, now."""
        return self._take(decide(self.ticket, event, self.now, intents))

    def _take(self, decision: Decision) -> Decision:
        self.decisions.append(decision)
        return decision

    # --- what happens often ----------------------------------------------------------------------------------------

    def accepted(self, by: Actor = SAM) -> "Story":
        """Somebody takes the ticket."""
        return self.does(by, Accept())

    def replied(self, by: Actor = SAM, *, awaits_customer: bool = True) -> "Story":
        """Somebody answers the customer."""
        return self.does(by, Reply(text="Which card is it?", awaits_customer=awaits_customer))

    def customer_writes(self, text: str = "It still fails.", by: Actor = HELPDESK) -> "Story":
        """The customer writes."""
        return self.does(by, CustomerMessage(text=text))

    def escalated(self, to: Tier, reason: str = "needs the logs", vendor: str | None = None) -> "Story":
        """The lead hands the ticket up."""
        return self.does(LENA, Escalate(to=to, reason=reason, vendor=vendor))

    def resolved(self, by: Actor = SAM) -> "Story":
        """Somebody solves it."""
        return self.does(by, Resolve(text="Please try again: it works now."))

    def issue_opened(self, ref: IssueRef | None = None) -> "Story":
        """The tracker has the issue."""
        return self.comes_of(self.all(OpenIssue)[-1], IssueOpened(ref=ref or an_issue()))

    def issue_is(self, category: IssueCategory, ref: IssueRef | None = None, assignee: str | None = "Ada") -> "Story":
        """The issue moved."""
        return self.told_of(a_change(ref or an_issue(), category, self.now, assignee))

    def page_raised(self, page_id: str = "QINC1") -> "Story":
        """The pager has the page."""
        raised = self.all(RaisePage)[-1]
        url = f"https://pager.example/{page_id}"
        return self.comes_of(raised, PageRaised(ref=PageRef(key=raised.draft.key, id=page_id, url=url)))

    def page_is(self, status: PageStatus | None, by: str | None = "Ada", **other: Any) -> "Story":
        """The latest page changed."""
        key = self.ticket.pages[-1].key
        return self.told_of(PageChanged(page_key=key, status=status, by=by, **other))

    def with_engineering(self) -> "Story":
        """In L3, with an issue and a page."""
        return self.escalated(Tier.L3).issue_opened().page_raised()

    def linked(self, category: IssueCategory = IssueCategory.IN_PROGRESS, ref: IssueRef | None = None) -> "Story":
        """A person links an issue, which is found."""
        where = ref or an_issue()
        self.does(LENA, LinkIssue(reference=where.key))
        change = a_change(where, category)
        found = IssueFound(ref=where, title=change.title, status=change.status, category=category)
        return self.comes_of(self.all(FindIssue)[-1], found)

    def carried_out(self, kind: type[Intent]) -> "Story":
        """The latest intent of a kind whose result nobody needs was carried out."""
        return self.comes_of(self.all(kind)[-1], Done())


def essence(intents: Sequence[Intent]) -> list[dict[str, Any]]:
    """What is intended, apart from the keys, and from cards and what issues know of the ticket, which are told once for several changes."""
    # What is said to another workflow carries the intent's key as its own id.
    return [
        intent.model_dump(mode="json", exclude={"key": True, "word": {"id"}})
        for intent in intents
        if not isinstance(intent, ShowCard | UpdateIssue)
    ]
