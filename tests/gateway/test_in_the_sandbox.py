"""The gateway and the sandbox over HTTP: people act in the vendors' own applications, and it reaches the ticket."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from slack_sdk import WebClient

from domain.card import Card, CardButton
from domain.issues import Tracker
from domain.messages import Accept, Escalate, PageChanged, Reply, Return, ThreadChange, ThreadMessage
from domain.paging import PageDraft, PageStatus, page_key
from domain.policy import Policy
from domain.report import EscalationReport
from domain.ticket_references import card_reference
from domain.tiers import Owner, Priority, Tier
from gateway.app import app_for
from gateway.gateway import Gateway, SlackDoor
from gateway.quarantine import Quarantine
from gateway.running import Running
from gateway.slack_answers import LateAnswers
from gateway.slack_surfaces import SlackSurfaces
from gateway.tickets import ListedTicket
from integrations.pagerduty.pager import PagerDutyPager
from integrations.slack.room import SlackRoom
from integrations.vendor_portal.links import VendorLinks
from sandbox.server import Sandbox
from tests.gateway.desk import RememberingDesk
from tests.gateway.front_door import LINK_SECRET, a_ticket, eventually, eventually_true
from tests.sandbox.slack_workspace import serving

CHANNEL = "C0SUPL1"


class World:
    """A sandbox whose vendors call a gateway, and the people in it."""

    def __init__(self, sandbox: Sandbox, desk: RememberingDesk, people: httpx2.AsyncClient) -> None:
        self.sandbox, self.desk, self.people = sandbox, desk, people
        self.now: datetime | None = None
        credentials = sandbox.credentials
        self.room = SlackRoom(credentials.slack_bot_token, f"{sandbox.http_url}/slack/api/")
        self.pager = PagerDutyPager(
            credentials.pagerduty_api_key, "tierline@acme.example", f"{sandbox.http_url}/pagerduty"
        )

    async def does(self, what: str, **fields: Any) -> Any:
        answer = await self.people.post(f"/people/{what}", json=fields)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def told(self, user: str) -> list[str]:
        """What this person alone was told in the channel."""
        return [message["text"] for message in await self.seen_alone(user)]

    async def seen_alone(self, user: str) -> list[dict[str, Any]]:
        """The messages in the channel that this person alone sees."""
        seen = (await self.people.get(f"/people/slack/channels/{CHANNEL}/messages", params={"user": user})).json()
        messages: list[dict[str, Any]] = seen["ephemerals"]
        return messages

    async def home_of(self, user: str) -> dict[str, Any]:
        """A person's App Home, once there is one."""
        await eventually(lambda: user in self.sandbox.slack.homes)
        shown: dict[str, Any] = (await self.people.get("/people/slack/home", params={"user": user})).json()["view"]
        return shown

    async def home_says(self, user: str, words: str) -> bool:
        """Whether these words stand on a person's App Home."""
        return words in json.dumps((await self.home_of(user))["blocks"])


@pytest.fixture
async def world(policy: Policy, tmp_path: Path) -> AsyncIterator[World]:
    """Ticket T-1042 is open; the vendors' webhooks lead to the gateway."""
    async with Sandbox() as sandbox, httpx2.AsyncClient(base_url=sandbox.http_url, timeout=15) as people:
        desk = RememberingDesk(policy)
        desk.have(a_ticket())
        world = World(sandbox, desk, people)
        credentials = sandbox.credentials
        client = WebClient(
            token=credentials.slack_bot_token.get_secret_value(),
            base_url=f"{sandbox.http_url}/slack/api/",
            retry_handlers=[],
        )
        running = Running(desk)
        async with httpx2.AsyncClient() as web:
            gateway = Gateway(
                policy=policy,
                desk=desk,
                running=running,
                links=VendorLinks(LINK_SECRET, "https://tierline.example"),
                quarantine=Quarantine(tmp_path / "quarantine"),
                slack=SlackDoor(credentials.slack_signing_secret, SlackSurfaces(client), LateAnswers(web)),
                jira_secret=credentials.jira_webhook_secret,
                github_secret=credentials.github_webhook_secret,
                pagerduty_secret=credentials.pagerduty_webhook_secret,
                pager=world.pager,
                public_url="https://tierline.example",
                now=lambda: world.now or datetime.now(UTC),
            )
            async with serving(app_for(gateway)) as url:
                sandbox.gateway_url = url
                yield world
                await running.finish(2)


def a_card() -> Card:
    return Card(
        ticket_id="T-1042",
        title="Card payments fail",
        status="open",
        tier=Tier.L1,
        tier_name="Support",
        priority=Priority.P2,
        customer="Contoso",
        path=(Tier.L1,),
        waiting_on="tier",
        buttons=tuple(CardButton),
    )


async def test_a_lead_escalates_with_the_cards_button_and_its_form(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="k", recheck=False)
    pressed = await world.does("slack/click", user="U0LENA", channel=CHANNEL, ts=card.ts, action_id="tierline.escalate")
    await eventually_true(lambda: form_says(world, "goes from L1 Support"))
    (view,) = (await world.people.get("/people/slack/views", params={"user": "U0LENA"})).json()["views"]
    values = {"tier": "L3", "reason": "The gateway answers 502"}
    submitted = await world.does("slack/submit", user="U0LENA", view_id=view["id"], values=values)

    assert pressed["status"] == 200
    assert submitted["status"] == 200, submitted
    ((ticket_id, command),) = world.desk.commands
    assert (ticket_id, command.by.id) == ("T-1042", "U0LENA")
    assert command.request == Escalate(to=Tier.L3, reason="The gateway answers 502")
    assert (await world.people.get("/people/slack/views")).json()["views"] == []


async def test_the_rules_refusal_stands_in_the_form(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="k", recheck=False)
    await world.does("slack/click", user="U0LENA", channel=CHANNEL, ts=card.ts, action_id="tierline.return")
    (view,) = (await world.people.get("/people/slack/views")).json()["views"]
    values = {"tier": "any", "reason": "no steps"}

    world.desk.refusal = "T-1042 is in L1: there is no tier below"
    await world.does("slack/submit", user="U0LENA", view_id=view["id"], values=values)
    (view,) = (await world.people.get("/people/slack/views")).json()["views"]
    world.desk.refusal = None
    await world.does("slack/submit", user="U0LENA", view_id=view["id"], values=values)

    assert view["errors"] == {"reason": "T-1042 is in L1: there is no tier below"}
    ((_, command),) = world.desk.commands
    assert command.request == Return(reason="no steps")


async def test_accepting_on_the_card_tells_the_one_who_pressed(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="k", recheck=False)
    await world.does("slack/click", user="U0SAM", channel=CHANNEL, ts=card.ts, action_id="tierline.accept")
    await eventually(lambda: bool(world.sandbox.slack.ephemerals))

    assert world.desk.commands[0][1].request == Accept()
    assert await world.told("U0SAM") == ["Done: accept T-1042"]
    assert await world.told("U0LENA") == []


async def test_a_typed_command_acts_and_a_stranger_is_told_who_may(world: World) -> None:
    done = await world.does(
        "slack/command", user="U0LENA", channel=CHANNEL, command="/tier", text="escalate T-1042 L3 it burns"
    )
    await world.does("slack/command", user="U0EVE", channel=CHANNEL, command="/tier", text="accept T-1042")

    assert done["status"] == 200
    assert [command.request for _, command in world.desk.commands] == [Escalate(to=Tier.L3, reason="it burns")]
    (told,) = await world.told("U0EVE")
    assert "You cannot accept a ticket" in told


async def test_what_people_write_below_the_card_reaches_its_ticket_and_what_they_change_of_it(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="k", recheck=False)
    world.desk.references["T-1042"] = {card_reference(card)}
    # The card is no longer so young that visibility might not know of it.
    world.now = datetime.now(UTC) + timedelta(minutes=1)
    thread = {"channel": CHANNEL, "thread_ts": card.ts}
    written = await world.does("slack/message", user="U0SAM", text="it is the *gatway*", **thread)
    own = {"channel": CHANNEL, "ts": written["ts"]}
    await world.does("slack/edit", user="U0SAM", text="it is the *gateway*", **own)
    await world.does("slack/file", user="U0SAM", name="trace.log", content="502", **thread)
    await world.does("slack/delete", user="U0SAM", **own)
    await _in_thread(world.room.post_line, card, "sam: took it", key="line", recheck=False)
    await world.does("slack/message", user="U0SAM", channel=CHANNEL, text="not in the thread")
    await world.sandbox.deliveries.settled()

    heard = [delivery.body for _, delivery in world.desk.deliveries]
    told = sorted((m.change, m.text, m.by.id) for m in heard if isinstance(m, ThreadMessage))
    assert told == [
        (ThreadChange.DELETED, "", "U0SAM"),
        (ThreadChange.EDITED, "it is the *gateway*", "U0SAM"),
        (ThreadChange.POSTED, "", "U0SAM"),
        (ThreadChange.POSTED, "it is the *gatway*", "U0SAM"),
    ]
    files = [file.name for m in heard if isinstance(m, ThreadMessage) for file in m.files]
    assert files == ["trace.log"]


async def test_a_vendors_person_in_a_shared_channel_is_told_once_that_their_words_stay_there(world: World) -> None:
    card = await _in_thread(world.room.post_card, "C0CARDNET", a_card(), key="k", recheck=False)
    world.desk.references["T-1042"] = {card_reference(card)}
    for text in ("any news?", "hello?"):
        await world.does("slack/message", user="U0KIRAN", channel="C0CARDNET", thread_ts=card.ts, text=text)
    await world.does("slack/message", user="U0SAM", channel="C0CARDNET", thread_ts=card.ts, text="soon")
    await world.sandbox.deliveries.settled()
    await eventually(lambda: bool(world.sandbox.slack.ephemerals))

    (told,) = world.sandbox.slack.ephemerals
    assert (told.visible_to, told.thread_ts) == ("U0KIRAN", card.ts)
    assert "it is not taken to T-1042" in told.text
    heard = [delivery.body for _, delivery in world.desk.deliveries]
    assert [message.text for message in heard if isinstance(message, ThreadMessage)] == ["soon"]


async def test_an_emoji_takes_the_ticket_and_another_asks_for_words_with_a_form(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="k", recheck=False)
    world.desk.references["T-1042"] = {card_reference(card)}
    for emoji in ("eyes", "white_check_mark"):
        await world.does("slack/reaction", user="U0SAM", channel=CHANNEL, ts=card.ts, name=emoji)
    await world.sandbox.deliveries.settled()
    await eventually(lambda: bool(world.sandbox.slack.ephemerals))
    (asked,) = await world.seen_alone("U0SAM")
    await world.does("slack/click", user="U0SAM", channel=CHANNEL, ts=asked["ts"], action_id="tierline.resolve")

    assert [(ticket, command.request) for ticket, command in world.desk.commands] == [("T-1042", Accept())]
    assert asked["text"] == "Done with T-1042? Say how, so that the customer can be told."
    (view,) = (await world.people.get("/people/slack/views", params={"user": "U0SAM"})).json()["views"]
    assert "T-1042" in view["title"]["text"]


async def test_the_home_shows_what_is_open_and_its_buttons_act(world: World) -> None:
    now = datetime.now(UTC)
    ticket = ListedTicket("T-1042", Tier.L1, Priority.P3, Owner.L1, now, now, now + timedelta(hours=1))
    world.desk.listed.append(ticket)
    await world.does("slack/home", user="U0SAM")
    home = await world.home_of("U0SAM")
    assert "Card payments fail" in json.dumps(home["blocks"])
    await world.does(
        "slack/click",
        user="U0SAM",
        view_id=home["id"],
        block_id="tierline.home.T-1042",
        action_id="tierline.accept",
    )
    await eventually_true(lambda: world.home_says("U0SAM", "Done: accept T-1042"))

    assert [(ticket, command.request) for ticket, command in world.desk.commands] == [("T-1042", Accept())]


async def test_a_link_to_a_ticket_gets_a_preview_from_a_colleague_alone(world: World) -> None:
    world.sandbox.slack.unfurl_domains = {"tierline.example"}
    text = "have a look at https://tierline.example/tickets/T-1042 please"
    await world.does("slack/message", user="U0EVE", channel=CHANNEL, text=text)
    by_sam = await world.does("slack/message", user="U0SAM", channel=CHANNEL, text=text)
    await world.sandbox.deliveries.settled()
    await eventually(lambda: bool(world.sandbox.slack.message(CHANNEL, by_sam["ts"]).attachments))

    shown = json.dumps(world.sandbox.slack.message(CHANNEL, by_sam["ts"]).attachments)
    assert "Card payments fail" in shown
    assert "Contoso" not in shown
    unfurled = [entry for entry in world.sandbox.ledger.entries() if entry.operation == "chat.unfurl"]
    assert len(unfurled) == 1


async def test_slack_verifies_the_events_address(world: World) -> None:
    assert (await world.does("slack/verify-events"))["verified"] is True


async def test_what_the_on_call_does_in_pagerduty_reaches_the_ticket(world: World) -> None:
    key = page_key("T-1042", 1)
    draft = PageDraft(key=key, title="[P1] T-1042: Card payments fail", details="L3 needs somebody", service="PSVCPAY")
    page = await _in_thread(world.pager.raise_page, draft)
    await world.does(f"pagerduty/incidents/{page.id}/acknowledge", user="PUSRADA")
    await world.does(f"pagerduty/incidents/{page.id}/note", user="PUSRADA", text="looking")
    await world.does(f"pagerduty/incidents/{page.id}/resolve", user="PUSRADA")
    await world.sandbox.deliveries.settled()

    news = [delivery.body for _, delivery in world.desk.deliveries]
    assert all(isinstance(change, PageChanged) and change.page_key == key for change in news)
    assert [(c.status, c.by, c.note) for c in news if isinstance(c, PageChanged)] == [
        (PageStatus.TRIGGERED, "Tierline", None),
        (PageStatus.ACKNOWLEDGED, "Ada", None),
        (None, "Ada", "looking"),
        (PageStatus.RESOLVED, "Ada", None),
    ]


async def test_what_engineers_do_in_their_trackers_becomes_hints(world: World) -> None:
    jira = await world.does("jira/issues", user="ada", summary="502", text="since 9:00")
    github = await world.does("github/issues/acme/storefront", user="ada", title="502", text="since 9:00")
    jira_id = next(issue.id for issue in world.sandbox.jira.issues.values() if issue.key == jira["key"])
    world.desk.watched = {(Tracker.JIRA, str(jira_id)), (Tracker.GITHUB, github["node_id"])}
    await world.sandbox.deliveries.settled()
    world.desk.hints.clear()

    await world.does(f"jira/issues/{jira['key']}/comment", user="ada", text="a rule was wrong")
    await world.does(f"jira/issues/{jira['key']}/transition", user="ada", to="In Progress")
    await world.does(f"github/issues/acme/storefront/{github['number']}/comment", user="ada", text="same here")
    await world.does(f"github/issues/acme/storefront/{github['number']}/close", user="ada")
    await world.sandbox.deliveries.settled()

    assert {(tracker, issue) for tracker, issue, _ in world.desk.hints} == world.desk.watched
    assert len({delivery_id for _, _, delivery_id in world.desk.hints}) == len(world.desk.hints) >= 4
    refused = [entry for entry in world.sandbox.deliveries.log() if entry.status not in (200, 202)]
    assert refused == []


async def test_a_vendors_message_that_is_forwarded_into_the_thread_keeps_its_words_its_file_and_its_names(
    world: World,
) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="T-1042/0", recheck=False)
    world.desk.references["T-1042"] = {card_reference(card)}
    said = "<@U0ADA>, the HSM is down: <!subteam^S0LEADS>, see <#C0ENG>"
    theirs = await world.does("slack/file", user="U0KIRAN", channel="C0CARDNET", name="hsm.log", content="x", text=said)

    place = {"channel": "C0CARDNET", "ts": theirs["ts"], "to": CHANNEL, "thread_ts": card.ts}
    await world.does("slack/forward", user="U0SAM", text="from &lt;Cardnet&gt;", **place)
    await eventually(lambda: bool(world.desk.deliveries))

    ((_, delivery),) = world.desk.deliveries
    assert isinstance(delivery.body, ThreadMessage)
    words = "@ada, the HSM is down: @leads, see #engineering"
    assert delivery.body.text == f"from <Cardnet>\n[forwarded, from Kiran Rao: {words}]"
    (file,) = delivery.body.files
    assert (file.name, file.id) == ("hsm.log", theirs["file"])
    assert file.download is not None


async def test_a_message_in_a_tickets_thread_goes_up_with_a_preview_that_keeps_what_was_typed(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="T-1042/0", recheck=False)
    world.desk.references = {"T-1042": {f"card/{CHANNEL}/{card.ts}"}}
    written = await world.does(
        "slack/message", user="U0SAM", channel=CHANNEL, text="every card is declined", thread_ts=card.ts
    )
    chosen = {"user": "U0LENA", "channel": CHANNEL, "ts": written["ts"], "callback_id": "escalate_message"}
    assert (await world.does("slack/shortcut", **chosen))["status"] == 200
    await eventually_true(lambda: form_says(world, "goes from L1 Support to L2 Technical"))
    view = await form_of(world)

    await world.does(
        "slack/click",
        user="U0LENA",
        view_id=view["id"],
        action_id="value",
        block_id="tier",
        value="L3",
        values={"impact": "Everybody", "customer_summary": "We look at it"},
    )
    await eventually_true(lambda: form_says(world, "goes from L1 Support to L3 Engineering"))
    view = await form_of(world)
    assert view["state"]["values"]["impact"]["value"]["value"] == "Everybody"
    await world.does("slack/submit", user="U0LENA", view_id=view["id"])

    ((ticket_id, command),) = world.desk.commands
    assert (ticket_id, command.by.id) == ("T-1042", "U0LENA")
    report = EscalationReport(impact="Everybody", customer_summary="We look at it")
    assert command.request == Escalate(to=Tier.L3, reason="every card is declined", report=report)
    await eventually_true(lambda: is_told(world, "U0LENA", "Done: escalate T-1042"))


async def test_a_reply_is_shown_in_the_form_before_the_customer_gets_it(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="T-1042/0", recheck=False)
    await world.does("slack/click", user="U0SAM", channel=CHANNEL, ts=card.ts, action_id="tierline.reply")
    view = await form_of(world)
    await world.does("slack/submit", user="U0SAM", view_id=view["id"], values={"text": "Which <card> is it?"})
    assert world.desk.commands == []
    assert await form_says(world, "What Contoso gets")

    await world.does("slack/submit", user="U0SAM", view_id=view["id"])

    assert [command.request for _, command in world.desk.commands] == [Reply(text="Which <card> is it?")]
    assert (await world.people.get("/people/slack/views")).json()["views"] == []


async def test_a_trigger_that_expired_on_the_way_is_answered_kindly(world: World) -> None:
    card = await _in_thread(world.room.post_card, CHANNEL, a_card(), key="T-1042/0", recheck=False)
    world.sandbox.slack.trigger_seconds = 0.0

    await world.does("slack/click", user="U0LENA", channel=CHANNEL, ts=card.ts, action_id="tierline.escalate")

    await eventually_true(lambda: is_told(world, "U0LENA", "did not let me open the form in time"))


async def form_of(world: World) -> dict[str, Any]:
    """The one form that is open."""
    (view,) = (await world.people.get("/people/slack/views")).json()["views"]
    form: dict[str, Any] = view
    return form


async def form_says(world: World, words: str) -> bool:
    """Whether these words stand in the form that is open."""
    return words in json.dumps((await form_of(world))["blocks"])


async def is_told(world: World, user: str, words: str) -> bool:
    """Whether this person alone was told so in the channel."""
    return any(words in text for text in await world.told(user))


async def _in_thread(call: Any, *arguments: Any, **named: Any) -> Any:
    """The integrations' clients block."""
    return await asyncio.to_thread(call, *arguments, **named)
