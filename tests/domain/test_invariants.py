"""What holds in every life of a ticket, whatever happens and whenever."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.attribution import owner_of
from domain.calendar import Week
from domain.chat import MessageRef
from domain.clocks import Clock, ClockOutcome, ClockStatus, counted_at
from domain.decide import Decision, decide, open_ticket
from domain.engineering_rules import RequestKind
from domain.intents import FindIssue, Intent, JoinIssue, OpenIssue, OpenVendorCase, ShowCard
from domain.issues import IssueCategory, IssueDraft, IssueMeaning, Tracker, Visibility
from domain.ladders import next_deadline
from domain.maintenance import MaintenanceWindow
from domain.messages import (
    Accept,
    AttachFile,
    CardShown,
    Command,
    CommentIssue,
    CustomerMessage,
    Delivery,
    DeliveryBody,
    Escalate,
    Event,
    Failed,
    GoneReason,
    IntentResult,
    IssueCommented,
    IssueFound,
    IssueGone,
    IssueMerged,
    IssueOpened,
    LaneChanged,
    LaneHealth,
    LinkIssue,
    Note,
    PageChanged,
    PageRaised,
    Reopen,
    Reply,
    Request,
    Resolve,
    ResultBody,
    Return,
    SetPriority,
    SetRequestKind,
    SetWorkaround,
    Snooze,
    TimePassed,
    VendorAnswered,
    VendorOverdue,
)
from domain.paging import PageRef, PageStatus, page_key
from domain.people import Actor, Role
from domain.policy import Action, ClockKind, Policy, Rung, Unacknowledged, When
from domain.ticket import Ticket, TicketStatus
from domain.ticket_card import card_of, facts_of
from domain.ticket_story import story_of
from domain.tiers import Priority, Tier
from domain.views import view_of
from tests.domain.building import (
    DAY,
    EVE,
    GRACE_HERSELF,
    HELPDESK,
    HOUR,
    MINUTE,
    NOON,
    a_change,
    a_comment,
    a_ladder,
    a_person,
    a_policy,
    an_issue,
    an_opening,
    essence,
    office_hours,
    rung,
    the_clocks,
    the_ladders,
    without_ladders,
)

_INTENT: TypeAdapter[Intent] = TypeAdapter(Intent)
ANYBODY = a_person("U0ALL", "all", *Role)


def busy_policy() -> Policy:
    """Every action on some ladder, on calendars with nights, weekends and holidays."""
    clocks = {kind: rules.model_copy(update={"calendar": "office"}) for kind, rules in the_clocks().items()}
    clocks[ClockKind.HANDOFF] = clocks[ClockKind.HANDOFF].model_copy(update={"calendar": "always"})
    ladders = the_ladders() | {
        "tell": a_ladder(
            rung(25, Action.TELL_OWNER, every=HOUR, times=3),
            rung(75, Action.TELL_CHANNEL, Action.PAGE),
            rung(100, Action.TELL_LEAD, every=5 * HOUR, times=2),
            rung(150, Action.HAND_OFF, Action.PAGE),
            unacknowledged=Unacknowledged(do=(Action.PAGE, Action.TELL_LEAD), after=HOUR, every=HOUR, times=2),
        ),
        "handoff": a_ladder(
            rung(20, Action.PAGE),
            Rung(before=20 * MINUTE, do=(Action.TELL_CHANNEL,), when=When(working_hours=True, calendar="office")),
            Rung(before=10 * MINUTE, do=(Action.RAISE_PRIORITY,), when=When(plan=("gold",))),
            rung(100, Action.HAND_OFF, Action.TELL_LEAD),
        ),
    }
    maintenance = (MaintenanceWindow(name="release", product="Payments", weekly=Week(tue=("10:00-14:00",))),)
    calendars = {"office": office_hours(holidays=(date(2026, 11, 18),))}
    return a_policy(calendars=calendars, clocks=clocks, ladders=ladders, maintenance=maintenance)


POLICIES = st.sampled_from([a_policy(), busy_policy(), without_ladders()])

# --- whatever may happen -------------------------------------------------------------------------------------------------

_REFS = [an_issue(1), an_issue(2), an_issue(3, Tracker.GITHUB)]
_TEXTS = st.sampled_from(["Yes", "It fails: grace@navy.example", "Ø" * 50])
_NUMBERS = st.integers(1, 3)
_AT = st.just(NOON)

_REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.just(Accept()),
    st.builds(Reply, text=_TEXTS, awaits_customer=st.booleans()),
    *[st.builds(CustomerMessage, text=_TEXTS)] * 2,
    st.builds(Note, text=_TEXTS),
    st.builds(Escalate, to=st.sampled_from([Tier.L2, Tier.L3, Tier.L4]), reason=_TEXTS),
    st.builds(Escalate, to=st.sampled_from(Tier), reason=_TEXTS, vendor=st.sampled_from([None, "cardnet", "acme"])),
    st.builds(Return, to=st.sampled_from([None, *Tier]), reason=_TEXTS),
    *[st.builds(Resolve, text=_TEXTS)] * 2,
    st.builds(Reopen, reason=_TEXTS),
    st.builds(SetPriority, priority=st.sampled_from(Priority)),
    st.just(LinkIssue(reference="PAY-1")),
    *[st.builds(Snooze, length=st.sampled_from([MINUTE, 20 * MINUTE, HOUR, 2 * DAY]))] * 2,
    st.builds(Snooze, until=st.sampled_from([NOON + 30 * MINUTE, NOON + DAY])),
    st.builds(CommentIssue, text=_TEXTS, visibility=st.sampled_from([None, *Visibility])),
    st.builds(SetRequestKind, request=st.sampled_from(RequestKind)),
    st.builds(SetWorkaround, text=st.sampled_from([None, "Pay by transfer"])),
    st.just(AttachFile()),
)
_BODIES: st.SearchStrategy[DeliveryBody] = st.one_of(
    st.builds(
        lambda number, status, note: PageChanged(
            page_key=page_key("T-1042", number), status=status, by="Ada", note=note
        ),
        _NUMBERS,
        st.sampled_from([None, *PageStatus]),
        st.sampled_from([None, "on it"]),
    ),
    st.builds(a_change, st.sampled_from(_REFS), st.sampled_from(IssueCategory), _AT, st.sampled_from([None, "Ada"])),
    st.builds(lambda ref: IssueCommented(ref=ref, comment=a_comment(1)), st.sampled_from(_REFS)),
    st.builds(
        lambda change, meaning, into: change.model_copy(update={"meaning": meaning, "duplicate_of": into}),
        st.builds(a_change, st.sampled_from(_REFS), st.just(IssueCategory.DONE), _AT),
        st.sampled_from([each for each in IssueMeaning if each not in (IssueMeaning.TO_DO, IssueMeaning.IN_PROGRESS)]),
        st.sampled_from([None, *_REFS]),
    ),
    st.builds(
        lambda ref, into: IssueMerged(ref=ref, into=into, title="x", status="", category=IssueCategory.TO_DO),
        st.sampled_from(_REFS),
        st.sampled_from(_REFS),
    ),
    st.builds(
        lambda ref, reason: IssueGone(ref=ref, why="404", reason=reason),
        st.sampled_from(_REFS),
        st.sampled_from(GoneReason),
    ),
    st.builds(VendorAnswered, case=_NUMBERS, text=_TEXTS, solved=st.booleans()),
    st.builds(VendorOverdue, case=_NUMBERS, at=_AT, warning=st.booleans()),
)
_KEY = "T-1042/1"
_DRAFT = IssueDraft(key="d", tracker=Tracker.JIRA, project="PAY", title="x", body="x")
_RESULTS: st.SearchStrategy[tuple[Intent, ResultBody]] = st.one_of(
    st.builds(lambda ref: (OpenIssue(key=_KEY, draft=_DRAFT), IssueOpened(ref=ref)), st.sampled_from(_REFS)),
    st.builds(
        lambda ref, category: (
            FindIssue(key=_KEY, tracker=ref.tracker, reference=ref.key),
            IssueFound(ref=ref, title="x", status="x", category=category),
        ),
        st.sampled_from(_REFS),
        st.sampled_from(IssueCategory),
    ),
    st.builds(
        lambda number: (ShowCard(key=_KEY), PageRaised(ref=PageRef(key=page_key("T-1042", number), id="Q"))), _NUMBERS
    ),
    st.just((ShowCard(key=_KEY), CardShown(ref=MessageRef(channel="C0SUPL1", ts="1.1")))),
    st.just((ShowCard(key=_KEY), Failed(error="gone", code="message_not_found"))),
    st.just((OpenIssue(key=_KEY, draft=_DRAFT), Failed(error="gone"))),
    st.just((JoinIssue(key=_KEY, ref=an_issue(1)), Failed(error="gone"))),
    st.builds(
        lambda case: (
            OpenVendorCase(key=_KEY, case=case, vendor="cardnet", text="x", due_at=NOON),
            Failed(error="gone"),
        ),
        _NUMBERS,
    ),
)
_PEOPLE = st.sampled_from([ANYBODY] * 7 + [HELPDESK, GRACE_HERSELF, EVE])


def _command(by: Actor, request: Request) -> tuple[Event, dict[str, Intent]]:
    return Command(id="c", by=by, request=request), {}


def _delivery(body: DeliveryBody) -> tuple[Event, dict[str, Intent]]:
    return Delivery(id="d", body=body), {}


def _result(outcome: tuple[Intent, ResultBody]) -> tuple[Event, dict[str, Intent]]:
    return IntentResult(key=_KEY, body=outcome[1]), {_KEY: outcome[0]}


def _lane(lane: str, health: LaneHealth) -> tuple[Event, dict[str, Intent]]:
    return LaneChanged(lane=lane, health=health, error="500"), {}


_COMMANDS = st.builds(_command, _PEOPLE, _REQUESTS)
_EVENTS = st.one_of(
    *[_COMMANDS] * 6,
    *[st.builds(_delivery, _BODIES)] * 2,
    st.builds(_result, _RESULTS),
    st.builds(_lane, st.sampled_from(["slack", "jira"]), st.sampled_from(LaneHealth)),
)
_DELAYS = st.one_of(
    st.sampled_from([timedelta(0), MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * DAY]),
    st.timedeltas(timedelta(0), 20 * MINUTE),
    st.timedeltas(timedelta(0), 3 * DAY),
)
LIVES = st.lists(st.tuples(_DELAYS, _EVENTS), min_size=6, max_size=20)
Life = list[tuple[timedelta, tuple[Event, dict[str, Intent]]]]
END = 10 * DAY
"""After the last event: long enough for every ladder to run out, and for a resolved ticket to close."""


def _distinct(event: Event, intents: dict[str, Intent], number: int) -> tuple[Event, dict[str, Intent]]:
    """The event as the only one of its id: a workflow takes each once."""
    if isinstance(event, Command | Delivery):
        return event.model_copy(update={"id": f"{event.id}-{number}"}), intents
    if isinstance(event, IntentResult):
        key = f"{event.key}-{number}"
        return event.model_copy(update={"key": key}), {key: intents[event.key]}
    return event, intents


def lived(policy: Policy, life: Life, *, on_time: bool) -> list[tuple[datetime, Decision]]:
    """Every decision of a life. ``on_time`` meets each deadline at its instant, else the worker sleeps until something happens."""
    now = NOON
    decisions = [(now, open_ticket(an_opening(), policy, now))]

    def take(at: datetime, event: Event, intents: dict[str, Intent]) -> None:
        decisions.append((at, decide(decisions[-1][1].state, event, at, intents)))

    def sleep(until: datetime) -> None:
        while on_time and (deadline := next_deadline(decisions[-1][1].state)) is not None and deadline.at < until:
            take(max(deadline.at, decisions[-1][0]), TimePassed(), {})

    for delay, (event, intents) in life:
        now += delay
        sleep(now)
        take(now, *_distinct(event, intents, len(decisions)))
    now += END
    sleep(now)
    take(now, TimePassed(), {})
    return decisions


# --- the invariants ------------------------------------------------------------------------------------------------------


@given(POLICIES, LIVES)
def test_the_time_of_a_ticket_adds_up_exactly(policy: Policy, life: Life) -> None:
    for now, decision in lived(policy, life, on_time=True):
        ticket = decision.state
        assert all(length >= timedelta(0) for length in ticket.spent.values())
        assert sum(ticket.spent.values(), timedelta(0)) + (now - ticket.owner_since) == now - NOON
        assert ticket.owner is owner_of(ticket)
        until = ticket.closed_at or now
        assert abs(sum(view_of(ticket, now).spent_s.values()) - (until - NOON).total_seconds()) < 1e-3


@given(POLICIES, LIVES)
def test_a_decision_is_a_function_of_what_it_is_given(policy: Policy, life: Life) -> None:
    now = NOON
    ticket = open_ticket(an_opening(), policy, now).state
    for delay, (event, intents) in life:
        now += delay
        kept = ticket.model_dump_json()
        decision = decide(ticket, event, now, intents)
        assert decide(ticket, event, now.astimezone(ZoneInfo("Europe/Brussels")), intents) == decision
        assert ticket.model_dump_json() == kept
        ticket = decision.state


@given(POLICIES, LIVES)
def test_deciding_late_is_deciding_on_time(policy: Policy, life: Life) -> None:
    on_time, late = lived(policy, life, on_time=True), lived(policy, life, on_time=False)
    punctual, slept = on_time[-1][1].state, late[-1][1].state
    assert punctual.model_copy(update={"steps": 0}) == slept.model_copy(update={"steps": 0})

    def intents(decisions: list[tuple[datetime, Decision]]) -> list[Intent]:
        return [intent for _, decision in decisions for intent in decision.intents]

    assert essence(intents(on_time)) == essence(intents(late))


@given(POLICIES, LIVES)
def test_states_and_intents_can_be_kept_and_keys_are_unique(policy: Policy, life: Life) -> None:
    keys: list[str] = []
    for now, decision in lived(policy, life, on_time=False):
        ticket = decision.state
        assert Ticket.model_validate_json(ticket.model_dump_json()) == ticket
        for intent in decision.intents:
            assert _INTENT.validate_json(_INTENT.dump_json(intent)) == intent
            keys.append(intent.key)
        for shown in (card_of(ticket, now), view_of(ticket, now), facts_of(ticket, now)):
            assert type(shown).model_validate_json(shown.model_dump_json()) == shown
        assert story_of(ticket)
    assert len(set(keys)) == len(keys)
    assert all(key.startswith("T-1042/") for key in keys)


@given(POLICIES, LIVES)
def test_nothing_leads_out_of_closed(policy: Policy, life: Life) -> None:
    closed: Ticket | None = None
    for _, decision in lived(policy, life, on_time=True):
        if closed is not None:
            after = decision.state
            assert after.status is TicketStatus.CLOSED
            # What the pager answers late is kept (that it has a page of which nothing was known); nobody is woken by it.
            pages = zip(closed.pages, after.pages, strict=True)
            assert all(known.status in (None, now_known.status) for known, now_known in pages)
            assert (after.stints, after.clocks, after.spent) == (closed.stints, closed.clocks, closed.spent)
            assert not any(isinstance(intent, JoinIssue | OpenIssue | OpenVendorCase) for intent in decision.intents)
            assert decision.deadline is None
        elif decision.state.status is TicketStatus.CLOSED:
            closed = decision.state


@given(POLICIES, LIVES)
def test_no_deadline_is_ever_behind(policy: Policy, life: Life) -> None:
    for now, decision in lived(policy, life, on_time=True):
        assert decision.deadline is None or decision.deadline.at >= now
        after = decide(decision.state, TimePassed(), now)
        assert after.deadline is None or after.deadline.at > now


@given(POLICIES, LIVES)
def test_clocks_never_run_backwards_and_end_once(policy: Policy, life: Life) -> None:
    before: dict[str, Clock] = {}
    then = NOON
    for now, decision in lived(policy, life, on_time=True):
        ticket = decision.state
        for clock in ticket.clocks:
            calendar = policy.calendar(clock.calendar)
            old = before.get(clock.id, clock)
            assert counted_at(clock, calendar, now) >= counted_at(old, calendar, then)
            assert old.steps_done <= clock.steps_done
            assert old.breached_at is None or clock.breached_at == old.breached_at
            assert clock.breached_at is None or clock.started_at <= clock.breached_at <= now
            if clock.stopped:
                assert (clock.outcome is ClockOutcome.BREACHED) == (clock.breached_at is not None)
                assert clock.running_since is None
            runs_on = {ClockKind.RESOLUTION, ClockKind.REQUESTER_WAIT, ClockKind.AGENT_WORK}
            if old.stopped and clock.kind not in runs_on:
                assert clock == old
        before, then = {clock.id: clock for clock in ticket.clocks}, now


@given(POLICIES, LIVES)
def test_a_breach_is_the_instant_at_which_the_target_is_reached(policy: Policy, life: Life) -> None:
    unchanged = [(delay, event) for delay, event in life if not _changes_priority(event[0])]
    for now, decision in lived(policy, unchanged, on_time=False):
        if decision.state.priority is not an_opening().priority:
            return  # a ladder raised it: the targets are others now
        for clock in decision.state.clocks:
            counted = counted_at(clock, policy.calendar(clock.calendar), now)
            assert (clock.breached_at is None) <= (counted <= clock.target)
            assert (clock.breached_at is not None) <= (counted >= clock.target)
            if clock.breached_at is not None and clock.running_since is not None:
                since_breach = policy.calendar(clock.calendar).elapsed(clock.breached_at, now)
                assert counted - clock.target <= since_breach


def _changes_priority(event: Event) -> bool:
    return isinstance(event, Command) and isinstance(event.request, SetPriority)


@given(POLICIES, LIVES)
def test_there_is_one_of_each_thing_that_there_can_be_one_of(policy: Policy, life: Life) -> None:
    for _, decision in lived(policy, life, on_time=True):
        ticket = decision.state
        running = [clock for clock in ticket.clocks if clock.status is not ClockStatus.STOPPED]
        for kind in ClockKind:
            assert sum(clock.kind is kind for clock in running) <= 1
        if ticket.status is not TicketStatus.OPEN:
            assert not running
        assert sum(page.is_open for page in ticket.pages) <= 1
        open_cases = [case for case in ticket.cases if case.is_open]
        assert len(open_cases) == (1 if ticket.tier is Tier.L4 and ticket.status is TicketStatus.OPEN else 0)
        assert [stint.number for stint in ticket.stints] == list(range(len(ticket.stints)))
        assert all(stint.left_at is not None for stint in ticket.stints[:-1])
        assert len({(issue.ref.tracker, issue.ref.id) for issue in ticket.issues}) == len(ticket.issues)
        assert sum(isinstance(intent, ShowCard) for intent in decision.intents) <= 1


@given(POLICIES, LIVES)
def test_no_vendor_is_asked_without_a_person(policy: Policy, life: Life) -> None:
    now = NOON
    ticket = open_ticket(an_opening(), policy, now).state
    for delay, (event, intents) in life:
        now += delay
        by_time = decide(ticket, TimePassed(), now)
        assert not any(isinstance(intent, OpenVendorCase) for intent in by_time.intents)
        ticket = decide(ticket, event, now, intents).state


@given(LIVES)
def test_every_card_is_drawn_when_what_it_shows_has_changed(life: Life) -> None:
    policy = a_policy()
    previous: Ticket | None = None
    for now, decision in lived(policy, life, on_time=True):
        if previous is not None and card_of(previous, now) != card_of(decision.state, now):
            assert any(isinstance(intent, ShowCard) for intent in decision.intents)
        previous = decision.state
