"""Lives of tickets, issues and vendor cases in which anything may happen, in any order and at any time.

Besides the decision, everything is called that a workflow's task or query calls with its state: an exception in any of it would stop the
workflow until somebody mends the code. What a decision makes must also come back whole from its JSON: else the next run cannot begin.
"""

from collections.abc import Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from hypothesis import strategies as st
from pydantic import TypeAdapter
from temporalio.common import RetryPolicy

from domain.calendar import ALWAYS
from domain.decide import Decision, decide, open_ticket
from domain.digest import summarise
from domain.intents import Intent
from domain.issue_differences import differences
from domain.issue_intents import IssueIntent
from domain.issue_messages import IssueEvent, IssueMessage, TicketJoined
from domain.issue_view import story_of as story_of_issue
from domain.issue_view import view_of as view_of_issue
from domain.issue_watch import IssueDecision, decide_issue
from domain.issues import IssueRef
from domain.messages import (
    ApplyPolicy,
    Command,
    Delivery,
    DeliveryBody,
    Event,
    IntentResult,
    LaneChanged,
    OpenTicket,
    Request,
    ResultBody,
    TimePassed,
)
from domain.policy_edit import effect_of
from domain.preview import PreviewQuestion
from domain.preview import answer as preview_of
from domain.ticket import Ticket
from domain.ticket_card import facts_of
from domain.ticket_story import story_of
from domain.timeline import TimelineQuestion, answer
from domain.vendor_case import CaseDecision, CaseMessage, CaseTimePassed, VendorCase, decide_case, open_case
from domain.views import view_of
from domain.watched_issue import WatchedIssue
from telemetry.search_attributes import issue_attributes, ticket_attributes
from tests.domain.arbitrary import POLICIES, SHIPPED, a_model, anything, members, one_of_these
from tests.domain.building import NOON
from workflows import ticket_effects
from workflows.lanes import Refused

_INTENT: TypeAdapter[Any] = TypeAdapter(Intent)
_ISSUE_INTENT: TypeAdapter[Any] = TypeAdapter(IssueIntent)
_TICKET, _ISSUE, _CASE = TypeAdapter(Ticket), TypeAdapter(WatchedIssue), TypeAdapter(VendorCase)
_JUMPS = st.one_of(
    st.just(timedelta(0)),
    st.sampled_from([timedelta(microseconds=1), timedelta(minutes=20), timedelta(hours=3), timedelta(days=2)]),
    st.builds(lambda minutes: timedelta(minutes=minutes), st.integers(0, 60 * 24 * 40)),
    st.just(timedelta(days=500)),
)


def _any_of(union: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(members(union)).flatmap(a_model)


_REQUESTS, _BODIES, _RESULTS = _any_of(Request), _any_of(DeliveryBody), _any_of(ResultBody)
_ACTORS = anything(Command.model_fields["by"].annotation)
_ISSUE_EVENTS = st.one_of(_any_of(IssueMessage), _any_of(IssueEvent))
_RULES = POLICIES.map(lambda policy: policy.issue_rules())
_TARGETS = st.sampled_from([timedelta(seconds=1), timedelta(hours=4), timedelta(days=10)])
_NUMBERS = st.integers(0, 10**6)


class Lived:
    """How long the lives of one example are, and what stands in for Temporal."""

    def __init__(self, data: st.DataObject, steps: int) -> None:
        self._data = data
        self._steps = steps
        self.now = NOON

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        """Something of it."""
        return self._data.draw(strategy)

    def each_instant(self) -> Iterator[datetime]:
        """One after the other, never back."""
        for _ in range(self.draw(st.integers(1, self._steps))):
            self.now += self.draw(_JUMPS)
            yield self.now


def live_as_a_ticket(life: Lived) -> None:
    """Open a ticket, and have anything happen to it."""
    decision = open_ticket(life.draw(a_model(OpenTicket)), life.draw(POLICIES), life.now)
    under_way: dict[str, Intent] = {}
    _look_at_ticket(decision, life)
    for now in life.each_instant():
        under_way |= {intent.key: intent for intent in decision.intents}
        decision = decide(decision.state, _ticket_event(life, under_way), now, under_way)
        _look_at_ticket(decision, life)
    _ask_a_ticket(decision.state, life)


def _ticket_event(life: Lived, under_way: dict[str, Intent]) -> Event:
    which = life.draw(st.sampled_from(["command", "command", "delivery", "delivery", "result", "lane", "time"]))
    if which == "command":
        return Command(id=f"c{life.draw(_NUMBERS)}", by=life.draw(_ACTORS), request=life.draw(_REQUESTS))
    if which == "delivery":
        return Delivery(id=f"d{life.draw(_NUMBERS)}", body=life.draw(_BODIES))
    if which == "result" and under_way:
        key = life.draw(st.sampled_from(sorted(under_way)))
        return IntentResult(key=key, body=life.draw(_RESULTS))
    if which == "lane":
        lane: LaneChanged = life.draw(a_model(LaneChanged))
        return lane
    return TimePassed()


def _look_at_ticket(decision: Decision, life: Lived) -> None:
    """What every task of a ticket's workflow asks of its state."""
    ticket = decision.state
    facts_of(ticket, life.now)
    story_of(ticket)
    ticket_attributes(ticket)
    for intent in decision.intents:
        _comes_back(_INTENT, intent)
        _carry_out(ticket_effects.carry_out(intent, ticket, RetryPolicy(), False))


def _ask_a_ticket(ticket: Ticket, life: Lived) -> None:
    """What queries ask, and what the next run is given."""
    view_of(ticket, life.now)
    answer(ticket, TimelineQuestion(now=life.now, as_of=life.draw(st.sampled_from([None, life.now, NOON]))))
    wanted = Command(id="p", by=life.draw(_ACTORS), request=life.draw(_REQUESTS))
    preview_of(ticket, PreviewQuestion(commands=(wanted,), now=life.now))
    effect_of(ticket, life.draw(a_model(ApplyPolicy)), life.draw(_ACTORS), life.now)
    summarise("Acme", [facts_of(ticket, life.now)], life.now - timedelta(days=7), life.now)
    _comes_back(_TICKET, ticket)


def live_as_an_issue(life: Lived) -> None:
    """Watch an issue, and have anything be told of it."""
    rules = life.draw(_RULES)
    state = WatchedIssue(ref=life.draw(a_model(IssueRef)), watched_since=life.now, rules=rules)
    before = state
    decision = decide_issue(state, life.draw(a_model(TicketJoined)), life.now)
    _look_at_issue(decision, before)
    for now in life.each_instant():
        before = decision.state
        decision = decide_issue(before, life.draw(_ISSUE_EVENTS), now)
        _look_at_issue(decision, before)
    _comes_back(_ISSUE, decision.state)


def _look_at_issue(decision: IssueDecision, before: WatchedIssue) -> None:
    state = decision.state
    view_of_issue(state)
    story_of_issue(state, {"tracker": "down"})
    differences(before, state)
    issue_attributes(state)
    for intent in decision.intents:
        _comes_back(_ISSUE_INTENT, intent)


def live_as_a_vendor_case(life: Lived) -> None:
    """Open a case, and have anything happen to it."""
    # Tickets open cases: with the present instant, and by their policy.
    calendars = [calendar for policy in SHIPPED for calendar in (ALWAYS, *policy.calendars.values())]
    made = {"opened_at": life.now, "target": life.draw(_TARGETS), "calendar": life.draw(one_of_these(calendars))}
    case: VendorCase = life.draw(a_model(VendorCase)).model_copy(update=made)
    decision = open_case(case, life.now)
    _look_at_case(decision)
    for now in life.each_instant():
        event = life.draw(st.one_of(_any_of(CaseMessage), st.just(CaseTimePassed())))
        decision = decide_case(decision.state, event, now)
        _look_at_case(decision)


def _look_at_case(decision: CaseDecision) -> None:
    decision.state.deadline()
    _comes_back(_CASE, decision.state)


class _Reached(Exception):
    """What is to be done outside is made out, and would be handed to Temporal now."""


def _carry_out(effect: Coroutine[Any, Any, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ticket_effects.workflow, "execute_activity_method", _hand_over)
        patch.setattr(ticket_effects.workflow, "get_external_workflow_handle", _hand_over)
        patch.setattr(ticket_effects.workflow, "now", lambda: NOON)
        try:
            effect.send(None)
        except (_Reached, Refused, StopIteration):
            return
    raise AssertionError("an effect waits for something that is no activity")


def _hand_over(activity: Any, argument: Any = None, **options: Any) -> NoReturn:
    if argument is not None:
        kind = type(argument)
        _comes_back(TypeAdapter(kind), argument)
    raise _Reached


def _comes_back(adapter: TypeAdapter[Any], value: Any) -> None:
    """Texts over a limit are cut as they are read; the key, by which the result is known, must stay."""
    read = adapter.validate_json(adapter.dump_json(value))
    assert getattr(read, "key", None) == getattr(value, "key", None)


LIVES = {"ticket": live_as_a_ticket, "issue": live_as_an_issue, "vendor case": live_as_a_vendor_case}
