"""The forms: opened at once and filled in afterwards, with a preview of what will happen, and what is sent of them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.engineering_rules import RequestKind
from domain.issues import Tracker
from domain.messages import (
    Escalate,
    HandOver,
    LinkIssue,
    Note,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Snooze,
)
from domain.paging import OnCall
from domain.people import Role
from domain.policy import (
    ClockKind,
    ClockRules,
    CommandName,
    Match,
    PageRules,
    Policy,
    ReportField,
    Route,
    TeamRules,
    TierRules,
    VendorRules,
)
from domain.report import EscalationReport
from domain.tiers import Priority, Tier
from tests.gateway.form_filling import FormFilling
from tests.gateway.front_door import AGENT, ENGINEER, LEAD, NOBODY, FrontDoor, a_ticket, eventually


@pytest.fixture
def policy() -> Policy:
    """Engineering is paged, asks for impact and steps, and has a Jira project; L1 has two teams."""
    hour = timedelta(hours=1)
    return Policy(
        name="acme",
        version="1",
        tiers={
            Tier.L1: TierRules(
                name="Support", channel="C0SUPL1", lead=LEAD, teams={"database": TeamRules(name="Databases")}
            ),
            Tier.L2: TierRules(name="Technical", channel="C0SUPL2"),
            Tier.L3: TierRules(
                name="Engineering",
                channel="C0ENG",
                page=PageRules(service="PSVCPAY", escalation_policy="PEPENG", low_urgency=frozenset()),
                page_on_entry=True,
                requires=(ReportField.IMPACT, ReportField.REPRODUCTION),
            ),
        },
        clocks={ClockKind.RESOLUTION: ClockRules(targets=dict.fromkeys(Priority, 4 * hour))},
        routes=(
            Route(match=Match(component="checkout"), tracker=Tracker.JIRA, project="PAY", issue_type="Bug"),
            Route(tracker=Tracker.GITHUB, project="acme/storefront"),
        ),
        vendors={"acquirer": VendorRules(name="Acquirer Ltd", email="desk@acquirer.example", target=hour)},
        quiet_time=hour,
        roles={Role.LEAD: (LEAD,), Role.AGENT: (AGENT,), Role.ENGINEER: (ENGINEER,)},
    )


class OnCallAda:
    """A pager that knows who is on call."""

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        assert (escalation_policy, service) == ("PEPENG", "PSVCPAY")
        return [OnCall(level=1, name="Ada Lind")]


def sent(door: FrontDoor) -> list[tuple[str, Request]]:
    return [(ticket, command.request) for ticket, command in door.desk.commands]


def told(door: FrontDoor) -> list[str]:
    return door.response_urls.told


# --- the escalation, from a card -----------------------------------------------------------------------------------


async def test_a_skeleton_opens_before_anything_is_looked_up(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)

    skeleton, filled = door.forms.views
    assert "Looking up T-1042" in str(skeleton)
    assert "submit" not in skeleton
    assert filled["callback_id"] == "tierline.escalate"
    assert "Card payments fail" in lead.text
    assert {"tier", "priority", "component", "reason", "impact", "reproduction", "customer_summary", "send"} <= set(
        lead.inputs()
    )
    assert lead.offered("tier") == ["L2", "L3", "L4"]
    assert lead.offered("component") == ["checkout"]


async def test_the_preview_names_who_is_woken_and_follows_what_is_chosen(build: Callable[..., FrontDoor]) -> None:
    door = build(pager=OnCallAda())
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    first = lead.text
    lead.fills(reason="It burns", impact="Everybody")

    await lead.chooses("tier", "L3")
    for_engineering = lead.text
    await lead.chooses("component", "checkout")
    for_checkout = lead.text
    await lead.chooses("tier", "L4")

    assert "goes from L1 Support to L2 Technical" in first
    assert "pages the Engineering on-call now: Ada Lind" in for_engineering
    assert "opens a GitHub issue in acme/storefront" in for_engineering
    assert "Still to be written down: how to reproduce it." in for_engineering
    assert "the customer is told nothing yet" in for_engineering
    assert "opens a Jira Bug in PAY" in for_checkout
    assert "asks Acquirer Ltd, which owes an answer by <!date^" in lead.text
    assert "vendor" in lead.inputs()
    # What was typed is still there, under the same names.
    assert lead.values()["reason"]["value"]["value"] == "It burns"
    assert lead.values()["impact"]["value"]["value"] == "Everybody"
    assert sent(door) == []


async def test_a_clock_that_moves_ends_at_an_instant_that_everybody_reads_in_their_own_zone(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    await lead.chooses("tier", "L3")
    assert "pages the Engineering on-call now" in lead.text
    await lead.chooses("tier", "L4")
    assert "<!date^" in lead.text


async def test_inputs_that_the_tier_asks_for_must_be_filled_in(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    optional_before = {name for name, block in lead.inputs().items() if block.get("optional")}
    await lead.chooses("tier", "L3")
    optional_after = {name for name, block in lead.inputs().items() if block.get("optional")}

    assert {"impact", "reproduction", "customer_summary"} <= optional_before
    assert optional_before - optional_after == {"impact", "reproduction"}


async def test_the_filled_form_becomes_one_command_however_often_it_comes(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    await lead.chooses("tier", "L3")
    lead.fills(
        priority="P1", other_component="wallets", reason="It burns", impact="Everybody", reproduction="Pay by card"
    )

    assert await lead.sends() is None
    assert await lead.sends() is None

    report = EscalationReport(component="wallets", impact="Everybody", reproduction="Pay by card")
    assert sent(door) == [
        ("T-1042", Escalate(to=Tier.L3, reason="It burns", priority=Priority.P1, report=report)),
    ]
    assert told(door) == []


async def test_what_is_not_touched_is_not_changed(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    await lead.sends(reason="needs logs")
    assert sent(door) == [("T-1042", Escalate(to=Tier.L2, reason="needs logs"))]


async def test_a_refusal_stands_under_the_inputs_that_are_missing(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    lead.fills(tier="L3", reason="It burns", impact="Everybody")
    door.desk.refusal = "L3 Engineering does not take T-1042 without how to reproduce it"

    errors = await lead.sends()

    assert errors == {"reproduction": "L3 asks for this before it takes the ticket."}


async def test_the_customer_is_told_first_and_only_where_that_is_ticked(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    lead.fills(reason="needs logs", customer_summary="We are looking at it")
    await lead.chooses("send", ["now"])
    preview = lead.text

    assert await lead.sends() is None
    assert await lead.sends() is None

    assert "mails the customer" in preview
    assert "told nothing" not in preview
    assert [request.do for _, request in sent(door)] == ["reply", "escalate"]
    assert sent(door)[0][1] == Reply(text="We are looking at it", awaits_customer=False)
    assert len({command.id for _, command in door.desk.commands}) == 2


async def test_the_customer_is_told_nothing_of_an_escalation_that_is_refused(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    lead.fills(tier="L3", reason="why", customer_summary="We are looking at it", send=["now"])
    # The ticket's own rules ask for more than was written, and the desk would have taken the reply.
    door.desk.refused_commands = {CommandName.ESCALATE}

    errors = await lead.sends()

    assert set(errors) == {"impact", "reproduction"}
    assert sent(door) == []


async def test_words_that_are_not_there_cannot_be_sent(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    assert set(await lead.sends(reason="why", send=["now"])) == {"customer_summary"}
    assert sent(door) == []


async def test_a_ticket_that_does_not_exist_can_be_named_anew(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("escalate", ticket="T-9999", states=2)

    assert "There is no ticket T-9999" in lead.text
    await lead.chooses("ticket", "t-1042")
    assert "Card payments fail" in lead.text
    await lead.sends(reason="needs logs")

    assert sent(door) == [("T-1042", Escalate(to=Tier.L2, reason="needs logs"))]


async def test_the_form_can_be_sent_while_nothing_can_be_looked_up(door: FrontDoor) -> None:
    lead = FormFilling(door)
    door.desk.away = True
    await lead.presses("escalate", states=2)
    assert "Tierline cannot reach its workflows" in lead.text
    door.desk.away = False

    await lead.sends(reason="needs logs")

    assert sent(door) == [("T-1042", Escalate(to=Tier.L2, reason="needs logs"))]


async def test_a_form_that_slack_does_not_fill_is_said_so(door: FrontDoor) -> None:
    door.forms.failing_updates = ["timeout", "timeout"]
    await FormFilling(door).presses("escalate")
    await eventually(lambda: told(door) == ["I could not fill the form in; please close it and open it again."])


async def test_a_form_that_was_closed_meanwhile_is_left_alone(door: FrontDoor) -> None:
    door.forms.failing_updates = ["not_found"]
    await FormFilling(door).presses("escalate")
    await eventually(lambda: door.forms.failing_updates == [])
    await door.gateway.running.finish(1)
    assert told(door) == []


async def test_the_newest_change_is_what_stays_shown(door: FrontDoor) -> None:
    """Slack refuses to replace a state that was replaced already: only the newest change may insist."""
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    door.forms.failing_updates = ["hash_conflict"]

    await lead.chooses("tier", "L3")

    assert "pages the Engineering on-call" in lead.text
    assert door.forms.hashes[-1] == ""


async def test_who_may_not_escalate_gets_no_form_and_is_told_who_can(door: FrontDoor) -> None:
    sam = FormFilling(door, AGENT)
    await door.presses("tierline.escalate", user=AGENT)
    await sam.on_message("escalate_message", "please look")
    await sam.shortcut("escalate")

    await eventually(lambda: len(told(door)) == 2 and len(door.forms.letters) == 1)
    assert door.forms.views == []
    assert all("You cannot escalate a ticket" in words and f"<@{LEAD}>" in words for words in told(door))


# --- shortcuts -----------------------------------------------------------------------------------------------------


async def test_the_global_shortcut_lets_the_ticket_be_named_by_anything_that_it_is_known_by(door: FrontDoor) -> None:
    door.desk.references = {"T-1042": {"issue/PAY-12"}}
    lead = FormFilling(door)
    assert (await lead.shortcut("escalate")).content == b""
    assert "ticket" in lead.inputs()

    lead.fills(ticket="PAY-12", reason="needs logs")
    await lead.chooses("tier", "L2")
    assert "Card payments fail" in lead.text
    assert await lead.sends() is None

    assert sent(door) == [("T-1042", Escalate(to=Tier.L2, reason="needs logs"))]
    # There is no channel to tell it in.
    await eventually(lambda: door.forms.letters == [(LEAD, "Done: escalate T-1042")])


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("PAY-99", "I know no ticket by “PAY-99”"),
        ("the one of yesterday", "Which ticket?"),
        ("ZD-1", "Several tickets"),
    ],
)
async def test_a_ticket_that_is_not_known_is_said_under_its_input(door: FrontDoor, written: str, words: str) -> None:
    door.desk.references = {"T-1042": {"helpdesk/ZD-1"}, "T-1043": {"helpdesk/ZD-1"}}
    lead = FormFilling(door)
    await lead.shortcut("escalate")
    errors = await lead.sends(ticket=written, reason="why")
    assert words in errors["ticket"]
    assert sent(door) == []


async def test_a_message_in_a_tickets_thread_knows_its_ticket(door: FrontDoor) -> None:
    door.desk.references = {"T-1042": {"card/C0SUPL1/1.0"}}
    lead = FormFilling(door)

    await lead.on_message("escalate_message", "it is the &lt;acquirer&gt;", ts="1.7", thread_ts="1.0")
    await eventually(lambda: len(door.forms.views) == 2)

    assert "Card payments fail" in lead.text
    assert lead.values()["reason"]["value"]["value"] == "it is the <acquirer>"
    await lead.sends()
    assert sent(door)[0][0] == "T-1042"
    await eventually(lambda: told(door) == ["Done: escalate T-1042"])


@pytest.mark.parametrize("key", ["T-1042/7", "T-1042/card", "T-1042/card/2"])
async def test_a_message_of_ours_knows_its_ticket_by_its_metadata(door: FrontDoor, key: str) -> None:
    lead = FormFilling(door)
    metadata = {"event_type": "tierline", "event_payload": {"key": key}}
    await lead.on_message("escalate_message", "T-1042: the acceptance clock is at 75 %", metadata=metadata)
    await eventually(lambda: len(door.forms.views) == 2)

    assert "Card payments fail" in lead.text
    assert lead.values()["reason"]["value"]["value"] is None
    assert door.desk.searches == []


async def test_words_of_ours_are_not_put_into_the_mouth_of_whoever_writes_to_the_customer(door: FrontDoor) -> None:
    lead = FormFilling(door)
    metadata = {"event_type": "tierline", "event_payload": {"key": "T-1042/card"}}
    await lead.on_message("send_to_customer", "T-1042 Card payments fail: L3 Engineering, P1", metadata=metadata)
    await eventually(lambda: len(door.forms.views) == 2)

    assert lead.values()["text"]["value"]["value"] is None
    assert "L3 Engineering" not in lead.text


async def test_a_message_that_names_a_ticket_suggests_it(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.on_message("escalate_message", "can somebody look at T-1042?")
    await eventually(lambda: len(door.forms.views) == 2)
    assert lead.values()["ticket"]["value"]["value"] == "T-1042"
    assert "goes from L1 Support" in lead.text


async def test_a_message_of_no_ticket_becomes_one_and_goes_up(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.on_message("escalate_message", "Contoso cannot pay\nsince 9:00, error &lt;502&gt; & more")
    await eventually(lambda: len(door.forms.views) == 2)
    assert "No ticket is known for this message" in lead.text
    await lead.clicks("tierline.new_ticket")
    assert lead.values()["title"]["value"]["value"] == "Contoso cannot pay"

    lead.fills(customer="Contoso", email="it@contoso.example", new_priority="P1", new_component="checkout")
    view = await lead.sends()
    (ticket_id,) = door.desk.tickets.keys() - {"T-1042"}
    opened = door.desk.tickets[ticket_id]
    again = await lead.sends(reason="It burns")

    assert view["callback_id"] == "tierline.escalate"
    assert f"{ticket_id} is open" in lead.text
    assert (opened.title, opened.customer.name, opened.priority) == ("Contoso cannot pay", "Contoso", Priority.P1)
    assert opened.description == "Contoso cannot pay\nsince 9:00, error <502> & more"
    assert (opened.component, opened.channel, opened.opened_by.id) == ("checkout", "slack", LEAD)
    assert again is None
    assert sent(door) == [(ticket_id, Escalate(to=Tier.L2, reason="It burns"))]


async def test_a_new_ticket_is_opened_once_however_often_the_form_comes(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.on_message("escalate_message", "Contoso cannot pay")
    await eventually(lambda: len(door.forms.views) == 2)
    await lead.clicks("tierline.new_ticket")
    form = lead.form
    lead.fills(customer="Contoso")
    await lead.sends()
    door.forms.views.append(form)
    await lead.sends()

    assert len(door.desk.tickets) == 2


async def test_a_wish_is_opened_as_one(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.on_message("escalate_message", "Contoso wants to pay by invoice")
    await eventually(lambda: len(door.forms.views) == 2)
    await lead.clicks("tierline.new_ticket")
    lead.fills(customer="Contoso", new_kind="feature")
    await lead.sends()
    assert door.desk.tickets["T-1042"].request is RequestKind.BUG
    assert [ticket.request for name, ticket in door.desk.tickets.items() if name != "T-1042"] == [RequestKind.FEATURE]


@pytest.mark.parametrize(
    ("given", "block"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "=?utf-8?q? <a@b?=.example>"}, "email"),
        ({"customer": "   "}, "customer"),
        ({"title": " "}, "title"),
    ],
)
async def test_a_new_ticket_that_lacks_something_says_what(door: FrontDoor, given: dict[str, str], block: str) -> None:
    lead = FormFilling(door)
    await lead.on_message("escalate_message", "Contoso cannot pay")
    await eventually(lambda: len(door.forms.views) == 2)
    await lead.clicks("tierline.new_ticket")
    errors = await lead.sends(**{"customer": "Contoso", **given})
    assert set(errors) == {block}
    assert len(door.desk.tickets) == 1


@pytest.mark.parametrize("callback", ["escalate", "escalate_message", "send_to_customer"])
async def test_an_expired_trigger_is_answered_kindly(door: FrontDoor, callback: str) -> None:
    door.forms.works, door.forms.code = False, "expired_trigger_id"
    lead = FormFilling(door)
    response = await (lead.shortcut(callback) if callback == "escalate" else lead.on_message(callback, "words"))
    assert response.content == b""
    await eventually(lambda: len(told(door)) + len(door.forms.letters) == 1)
    words = (told(door) or [letter for _, letter in door.forms.letters])[0]
    assert "did not let me open the form in time" in words


@pytest.mark.parametrize("payload", [{"callback_id": "somebody_elses"}, {"callback_id": None}, {}])
async def test_shortcuts_and_closings_that_are_not_ours_are_acknowledged(
    door: FrontDoor, payload: dict[str, Any]
) -> None:
    for kind in ("shortcut", "message_action", "view_closed", "block_suggestion", "workflow_step_edit"):
        response = await door.interacts({"type": kind, "user": {"id": LEAD}, "trigger_id": "1", **payload})
        assert (response.status_code, response.content) == (200, b"")
    assert [*door.desk.handed, *door.forms.views, *told(door), *door.forms.letters] == []
    assert not door.quarantine.exists()


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "shortcut", "callback_id": "escalate"},
        {"type": "message_action", "callback_id": "escalate_message", "user": {"id": LEAD}, "message": {"ts": "1.1"}},
        {"type": "message_action", "callback_id": "send_to_customer", "user": {"id": LEAD}, "channel": {"id": "C1"}},
        {"type": "view_submission", "view": {"callback_id": "tierline.escalate"}},
    ],
)
async def test_a_shortcut_that_cannot_be_read_is_kept_aside(door: FrontDoor, payload: dict[str, Any]) -> None:
    assert (await door.interacts(payload)).status_code == 200
    assert len(list(door.quarantine.iterdir())) == 1
    assert door.forms.views == []


# --- answers to the customer ---------------------------------------------------------------------------------------


async def test_a_reply_is_shown_before_it_is_sent_and_what_is_sent_is_what_was_shown(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("reply")
    shown = await lead.sends(text="Which card is it?")
    assert "What Contoso gets" in lead.text
    assert "[T-1042] Card payments fail" in lead.text
    assert "Which card is it?" in lead.text
    assert "waits on the customer" in lead.text
    assert shown["submit"]["text"] == "Send to the customer"
    assert sent(door) == []

    changed = await lead.sends(text="Which card is it, please?")
    assert "Which card is it, please?" in lead.text
    assert changed is not None
    assert sent(door) == []

    assert await lead.sends() is None
    assert await lead.sends() is None
    assert sent(door) == [("T-1042", Reply(text="Which card is it, please?", awaits_customer=True))]


async def test_a_reply_that_the_rules_refuse_is_said_in_its_form(door: FrontDoor) -> None:
    door.desk.have(a_ticket())
    lead = FormFilling(door)
    await lead.presses("reply")
    await lead.sends(text="hello")
    door.desk.refusal = "T-1042 is resolved: reopen it first"
    assert await lead.sends() == {"text": "T-1042 is resolved: reopen it first"}


async def test_a_thread_message_is_sent_to_the_customer_after_a_look_at_it(door: FrontDoor) -> None:
    door.desk.references = {"T-1042": {"card/C0SUPL1/1.0"}}
    sam = FormFilling(door, AGENT)

    await sam.on_message("send_to_customer", "Please restart &amp; retry", ts="1.7", thread_ts="1.0")
    await eventually(lambda: len(door.forms.views) == 2)
    assert "What Contoso gets" in sam.text
    assert sent(door) == []
    assert await sam.sends(wait=[]) is not None
    assert await sam.sends() is None

    assert sent(door) == [("T-1042", Reply(text="Please restart & retry", awaits_customer=False))]


async def test_a_message_in_no_thread_of_ours_is_sent_to_nobody(door: FrontDoor) -> None:
    sam = FormFilling(door, AGENT)
    await sam.on_message("send_to_customer", "lunch?")
    await eventually(lambda: len(door.forms.views) == 2)
    assert "I do not know which customer is meant" in sam.text
    assert "submit" not in sam.form


async def test_who_may_not_reply_is_told_so(door: FrontDoor) -> None:
    await FormFilling(door, NOBODY).on_message("send_to_customer", "hello", thread_ts="1.0")
    await eventually(lambda: len(told(door)) == 1)
    assert "You cannot reply to a customer" in told(door)[0]


# --- the other buttons, by themselves or in the menu ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "given", "wanted"),
    [
        ("note", {"text": "seen before"}, Note(text="seen before")),
        ("resolve", {"text": "Works again"}, Resolve(text="Works again")),
        (
            "return",
            {"missing": ["impact", "reproduction"]},
            Return(reason="missing: the impact and how to reproduce it"),
        ),
        (
            "return",
            {"tier": "L1", "missing": ["impact"], "reason": "how many?"},
            Return(to=Tier.L1, reason="missing: the impact; how many?"),
        ),
        ("snooze", {"length": "2h", "reason": "lunch"}, Snooze(length=timedelta(hours=2), reason="lunch")),
        ("snooze", {"until": 1_796_000_000}, Snooze(until=datetime.fromtimestamp(1_796_000_000, UTC))),
        ("priority", {"priority": "P1"}, SetPriority(priority=Priority.P1)),
        ("link", {"reference": "PAY-12"}, LinkIssue(reference="PAY-12")),
    ],
)
async def test_each_button_of_the_menu_has_its_form(
    door: FrontDoor, button: str, given: dict[str, Any], wanted: Request
) -> None:
    lead = FormFilling(door)
    await picks(door, f"{button}:T-1042")
    await eventually(lambda: len(door.forms.views) == 1)

    for _ in range(2):
        assert await lead.sends(**given) is None

    assert sent(door) == [("T-1042", wanted)]


async def test_handing_over_offers_the_teams_of_the_tickets_tier(door: FrontDoor) -> None:
    lead = FormFilling(door)
    await lead.presses("hand_over", states=2)
    assert lead.offered("team") == ["database"]
    await lead.sends(team="database", reason="slow queries")
    assert sent(door) == [("T-1042", HandOver(to="database", reason="slow queries"))]


@pytest.mark.parametrize(
    ("button", "given", "block"),
    [
        ("return", {"reason": "  "}, "reason"),
        ("snooze", {}, "length"),
        ("snooze", {"length": "2h", "until": 1_796_000_000}, "length"),
        ("snooze", {"until": 10**17}, "until"),
        ("note", {"text": " "}, "text"),
    ],
)
async def test_what_cannot_be_taken_is_said_under_its_input(
    door: FrontDoor, button: str, given: dict[str, Any], block: str
) -> None:
    lead = FormFilling(door)
    await picks(door, f"{button}:T-1042")
    await eventually(lambda: len(door.forms.views) == 1)
    errors = await lead.sends(**given)
    assert set(errors) == {block}
    assert sent(door) == []


@pytest.mark.parametrize("value", ["note:", "note:../x", "dance:T-1042", ":T-1042", "note", ""])
async def test_a_menu_that_is_none_of_ours_does_nothing(door: FrontDoor, value: str) -> None:
    await picks(door, value)
    await door.gateway.running.finish(1)
    assert [*door.desk.handed, *door.forms.views, *told(door)] == []


async def test_a_slow_answer_is_told_where_the_person_asked(build: Callable[..., FrontDoor]) -> None:
    door = build(slack_patience=0.05)
    lead = FormFilling(door)
    await lead.presses("escalate", states=2)
    door.desk.held = asyncio.Event()
    assert await lead.sends(reason="needs logs") is None
    door.desk.held.set()
    await eventually(lambda: told(door) == ["Done: escalate T-1042"])


async def picks(door: FrontDoor, value: str, user: str = LEAD) -> None:
    """A person picks something in the menu of a card."""
    option = {"text": {"type": "plain_text", "text": "…"}, "value": value}
    action = {"type": "overflow", "action_id": "tierline.more", "selected_option": option, "action_ts": "1.1"}
    payload = {"type": "block_actions", "user": {"id": user}, "trigger_id": "1.2.b", "actions": [action]}
    response = await door.interacts({**payload, "channel": {"id": "C0SUPL1"}})
    assert (response.status_code, response.content) == (200, b"")
