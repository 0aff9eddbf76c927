"""``/tier``: what people type, who may, and what they read."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from domain.messages import (
    Accept,
    Cancel,
    Escalate,
    HandOver,
    LinkIssue,
    Merge,
    Note,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Snooze,
    Split,
    Wait,
)
from domain.people import ActorKind, Role
from domain.policy import CommandName, Policy, ReportField
from domain.tiers import Priority, Tier, WaitingOn
from gateway.slack_words import WORKING
from tests.gateway.front_door import AGENT, ENGINEER, LEAD, NOBODY, FrontDoor, eventually
from tests.shared import shared_dir

LINK = "https://acme.atlassian.net/browse/PAY-12"


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("accept T-1042", Accept()),
        ("ACCEPT t-1042", Accept()),
        ("accept #T-1042:", Accept()),
        ("reply T-1042 We see it &amp; work on it", Reply(text="We see it & work on it")),
        ("note T-1042 like &lt;b&gt; in T-7", Note(text="like <b> in T-7")),
        ("escalate T-1042 L3 card payments fail", Escalate(to=Tier.L3, reason="card payments fail")),
        ("escalate T-1042 l4 Acquirer declines all", Escalate(to=Tier.L4, vendor="acquirer", reason="declines all")),
        ("escalate T-1042 L4 they decline all", Escalate(to=Tier.L4, reason="they decline all")),
        ("return T-1042 no steps", Return(reason="no steps")),
        ("return T-1042 L1 no steps", Return(to=Tier.L1, reason="no steps")),
        ("resolve T-1042 It works\nagain", Resolve(text="It works\nagain")),
        ("reopen T-1042 not for Amex", Reopen(reason="not for Amex")),
        ("priority T-1042 p1", SetPriority(priority=Priority.P1)),
        ("snooze T-1042 2h", Snooze(length=timedelta(hours=2))),
        ("snooze T-1042 90m asleep", Snooze(length=timedelta(minutes=90), reason="asleep")),
        ("snooze T-1042 2026-12-24T18:00+01:00", Snooze(until=datetime(2026, 12, 24, 17, tzinfo=UTC))),
        ("merge T-1042 t-1001 the same outage", Merge(into="T-1001", reason="the same outage")),
        ("split T-1042 Invoices are late", Split(title="Invoices are late", description="Invoices are late")),
        ("handoff T-1042 database slow queries", HandOver(to="database", reason="slow queries")),
        ("hand-over T-1042 database slow queries", HandOver(to="database", reason="slow queries")),
        ("vendor T-1042 Acquirer declines all", Escalate(to=Tier.L4, vendor="acquirer", reason="declines all")),
        ("vendor T-1042 they decline all", Escalate(to=Tier.L4, reason="they decline all")),
        ("wait T-1042 customer for a trace", Wait(on=WaitingOn.CUSTOMER, reason="for a trace")),
        ("cancel T-1042 a test", Cancel(reason="a test")),
        ("link T-1042 acme/storefront#7", LinkIssue(reference="acme/storefront#7")),
        (f"link T-1042 <{LINK}|PAY-12>", LinkIssue(reference=LINK)),
        ("note T-1042 ask <@U0TOM|tom>", Note(text="ask @tom")),
    ],
)
async def test_what_is_typed_becomes_a_command_of_that_person(door: FrontDoor, text: str, request_: Request) -> None:
    answer = await door.types(text, user=LEAD)

    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.request) == ("T-1042", request_)
    assert (command.by.kind, command.by.id, command.by.name) == (ActorKind.SLACK, LEAD, "lena")
    assert command.by.roles == {Role.LEAD}
    assert answer == f"Done: {request_.do} T-1042"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("accept", "/tier accept T-1042"),
        ("accept it", "/tier accept T-1042"),
        ("accept", "Slack does not tell me in which thread"),
        ("reply T-1042", "/tier reply T-1042"),
        ("escalate T-1042 L9 why", "one of L0, L1, L2, L3, L4"),
        ("priority T-1042", "/tier priority T-1042 P1"),
        ("return T-1042", "/tier return T-1042 [L1] reason"),
        ("return T-1042 L1", "/tier return T-1042 [L1] reason"),
        ("handoff T-1042 database", "/tier handoff T-1042 team reason"),
        ("wait T-1042 weather", "one of tier, customer"),
        ("merge T-1042 PAY-12", "/tier merge T-1042 T-1001 [reason]"),
        ("split T-1042", "/tier split T-1042 title"),
        ("cancel T-1042", "/tier cancel T-1042 reason"),
        ("status", "/tier status T-1042"),
        ("who knows", "/tier who [T-1042 | L3]"),
        ("priority T-1042 high", "one of P1, P2, P3, P4"),
        ("snooze T-1042", "/tier snooze T-1042 2h"),
        ("snooze T-1042 later", "/tier snooze T-1042 2h"),
        ("snooze T-1042 2026-12-24", "/tier snooze T-1042 2h"),
        ("link T-1042", "/tier link T-1042 PAY-12"),
        ("frobnicate T-1042", "I do not know “frobnicate”"),
        ("<!channel>", "I do not know"),
    ],
)
async def test_what_cannot_be_understood_is_answered_with_how_to_write_it(
    door: FrontDoor, text: str, told: str
) -> None:
    answer = await door.types(text)

    assert told in answer
    assert "<!" not in answer
    assert door.desk.commands == []


async def test_without_words_the_help_is_shown_grouped_and_short(door: FrontDoor) -> None:
    for text in ("", "  ", "help", "HELP", "?"):
        answer = await door.types(text)
        elsewhere = {
            CommandName.CUSTOMER_MESSAGE,
            CommandName.APPLY_POLICY,
            CommandName.HAND_OVER,
            CommandName.OPEN_ISSUE,
        }
        others = ("handoff", "vendor", "open", "status", "who")
        typed = [*(name.value for name in CommandName if name not in elsewhere), *others]
        assert all(f"`{word}`" in answer for word in typed)
        assert len(answer.splitlines()) <= 8


@pytest.mark.parametrize("word", ["escalate", "handoff", "hand-over", "status", "who", "vendor", "help"])
async def test_help_tells_everything_about_one_command(door: FrontDoor, word: str) -> None:
    answer = await door.types(f"help {word}")

    assert f"`/tier {word.replace('hand-over', 'handoff')}" in answer
    if word == "escalate":
        assert "It is for support leads, engineers or operators." in answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("escalate T-1042", ""),
        ("escalate T-1042 L3", ""),
        ("escalate T-1042 cards fail since noon", "cards fail since noon"),
        ("escalate T-1042 L4 acquirer", ""),
        ("vendor T-1042", ""),
        ("escalate T-1042 L2 cards fail", "cards fail"),
    ],
)
async def test_what_is_still_to_be_said_of_an_escalation_is_asked_for_in_a_form(
    build: Callable[..., FrontDoor], policy: Policy, text: str, reason: str
) -> None:
    rules = policy.tiers[Tier.L2].model_copy(update={"requires": (ReportField.IMPACT,)})
    door = build(policy=policy.model_copy(update={"tiers": policy.tiers | {Tier.L2: rules}}))

    assert await door.types(text) == ""

    assert door.desk.commands == []
    await eventually(lambda: len(door.forms.views) >= 2)
    assert "T-1042" in json.dumps(door.forms.views[0])
    assert reason in json.dumps(door.forms.views[-1])


async def test_the_form_has_the_tier_that_was_named(build: Callable[..., FrontDoor], policy: Policy) -> None:
    rules = policy.tiers[Tier.L3].model_copy(update={"requires": (ReportField.IMPACT,)})
    door = build(policy=policy.model_copy(update={"tiers": policy.tiers | {Tier.L3: rules}}))

    assert await door.types("escalate T-1042 L3 cards fail") == ""

    await eventually(lambda: len(door.forms.views) >= 2)
    (tiers,) = [block for block in door.forms.views[-1]["blocks"] if block.get("block_id") == "tier"]
    assert tiers["element"]["initial_option"]["value"] == Tier.L3


def _under_an_older_policy(build: Callable[..., FrontDoor], policy: Policy) -> FrontDoor:
    """A ticket that pins a policy by which engineering asks for the impact; the one in force asks for nothing."""
    rules = policy.tiers[Tier.L3].model_copy(update={"requires": (ReportField.IMPACT,)})
    door = build()
    door.desk.policy = policy.model_copy(update={"tiers": policy.tiers | {Tier.L3: rules}})
    door.desk.refusal = "L3 Engineering does not take T-1042 without the impact"
    return door


async def test_what_the_ticket_itself_lacks_is_asked_for_in_the_form(
    build: Callable[..., FrontDoor], policy: Policy
) -> None:
    door = _under_an_older_policy(build, policy)

    assert await door.types("escalate T-1042 L3 cards fail") == ""

    await eventually(lambda: len(door.forms.views) >= 2)
    assert "cards fail" in json.dumps(door.forms.views[-1])


async def test_where_no_form_opens_the_sentence_says_what_is_missing(
    build: Callable[..., FrontDoor], policy: Policy
) -> None:
    door = _under_an_older_policy(build, policy)
    door.forms.works, door.forms.code = False, "expired_trigger_id"

    assert "without the impact" in await door.types("escalate T-1042 L3 cards fail")


async def test_an_escalation_of_nothing_opens_a_form_that_asks_which_ticket(door: FrontDoor) -> None:
    assert await door.types("escalate") == ""
    assert len(door.forms.views) == 1


async def test_a_trigger_that_has_expired_is_answered_kindly(door: FrontDoor) -> None:
    door.forms.works, door.forms.code = False, "expired_trigger_id"
    assert "did not let me open the form in time" in await door.types("escalate T-1042")


async def test_who_may_not_escalate_gets_no_form(door: FrontDoor) -> None:
    assert "You cannot escalate" in await door.types("escalate T-1042", user=AGENT)
    assert door.forms.views == []


async def test_a_person_without_the_role_is_told_who_can_do_it(door: FrontDoor) -> None:
    agent = await door.types("escalate T-1042 L3 it burns", user=AGENT)
    stranger = await door.types("accept T-1042", user=NOBODY)

    assert agent == (
        f"You cannot escalate a ticket: that is for support leads, engineers or operators. Ask <@{LEAD}> or <@{ENGINEER}>."
    )
    assert f"<@{AGENT}>" in stranger
    assert door.desk.commands == []


async def test_slack_repeating_a_command_changes_nothing_and_a_new_one_counts(door: FrontDoor) -> None:
    first = await door.types("note T-1042 again", trigger="1.1.a")
    second = await door.types("note T-1042 again", trigger="1.1.a")
    await door.types("note T-1042 again", trigger="1.1.b")

    assert first == second
    assert len(door.desk.commands) == 2


async def test_refusals_of_the_rules_and_unknown_tickets_are_told(door: FrontDoor) -> None:
    assert await door.types("accept T-9") == "There is no ticket T-9; check the number."
    door.desk.refusal = "T-1042 is resolved: reopen it <first> & ask"
    assert await door.types("accept T-1042") == "T-1042 is resolved: reopen it &lt;first&gt; &amp; ask"
    door.desk.closed.add("T-1042")
    assert "is closed" in await door.types("accept T-1042")


async def test_what_takes_longer_is_acknowledged_in_time_and_told_later(build: Callable[..., FrontDoor]) -> None:
    door = build(slack_patience=0.05)
    door.desk.held = asyncio.Event()

    began = time.monotonic()
    answer = await door.types("escalate T-1042 L3 it burns")
    took = time.monotonic() - began
    assert (answer, door.response_urls.told) == (WORKING, [])
    door.desk.held.set()
    await eventually(lambda: bool(door.response_urls.told))

    assert took < 2.5
    assert door.response_urls.told == ["Done: escalate T-1042"]


async def test_a_command_survives_temporal_being_away_for_a_while(build: Callable[..., FrontDoor]) -> None:
    door = build(slack_patience=0.05)
    door.desk.away = True

    assert await door.types("accept T-1042") == WORKING
    door.desk.away = False
    await eventually(lambda: bool(door.response_urls.told))

    assert door.response_urls.told == ["Done: accept T-1042"]
    assert len(door.desk.commands) == 1


async def test_a_late_answer_is_tried_again_when_slack_fails(build: Callable[..., FrontDoor]) -> None:
    door = build(slack_patience=0.05)
    door.response_urls.statuses = [500, 429]
    door.desk.held = asyncio.Event()

    await door.types("accept T-1042")
    door.desk.held.set()
    await eventually(lambda: bool(door.response_urls.told))

    assert door.response_urls.told == ["Done: accept T-1042"]


async def test_status_shows_the_ticket_to_people_with_a_role_alone(door: FrontDoor) -> None:
    shown = await door.types("status T-1042", user=AGENT)
    hidden = await door.types("status T-1042", user=NOBODY)

    assert "*T-1042* Card payments fail" in shown
    assert "L1 Support, P3, open, nobody has taken it; waiting on L1 Support" in shown
    assert "Customer: Contoso" in shown
    assert "resolution: 0%, due <!date^" in shown
    assert "Card payments" not in hidden
    assert "There is no ticket T-9" in await door.types("status T-9")
    door.desk.away = True
    assert "cannot reach" in await door.types("status T-1042")


async def test_who_names_people_channels_and_permissions(door: FrontDoor) -> None:
    answer = await door.types("who", user=NOBODY)

    assert f"*Support leads*: <@{LEAD}>" in answer
    assert f"*L1* Support: <#C0SUPL1>, led by <@{LEAD}>" in answer
    assert "To escalate, return: support leads, engineers or operators" in answer


async def test_the_recorded_slash_command_gets_an_answer(door: FrontDoor) -> None:
    body = _recorded().read_bytes()
    assert parse_qs(body.decode())["text"] == ["Hi"]

    response = await door.slack("commands", body)

    assert response.status_code == 200
    assert "I do not know “Hi”" in response.json()["text"]


async def test_slacks_certificate_check_is_answered(door: FrontDoor) -> None:
    assert (await door.slack("commands", b"ssl_check=1&token=x")).status_code == 200


@pytest.mark.parametrize("body", [b"", b"text=accept+T-1042", b"user_id=U0LENA", b"user_id=&trigger_id=1", b"&" * 500])
async def test_a_command_that_lacks_who_sent_it_is_kept_aside_and_said_so(door: FrontDoor, body: bytes) -> None:
    response = await door.slack("commands", body)

    assert response.status_code == 200
    assert "could not read" in response.json()["text"]
    assert len(list(door.quarantine.iterdir())) == 1


def _recorded() -> Path:
    return shared_dir("contracts", "slack", "payloads", "slash_command__slash_command_body.form")
