"""The gateway and the sandbox over HTTP: people act in the vendors' own applications, and it reaches the ticket."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from slack_sdk import WebClient

from domain.card import Card, CardButton
from domain.issues import Tracker
from domain.messages import Accept, Escalate, PageChanged, Return
from domain.paging import PageDraft, PageStatus, page_key
from domain.policy import Policy
from domain.tiers import Priority, Tier
from gateway.app import app_for
from gateway.gateway import Gateway, SlackDoor
from gateway.quarantine import Quarantine
from gateway.running import Running
from gateway.slack_answers import LateAnswers
from gateway.slack_surfaces import SlackSurfaces
from integrations.pagerduty.pager import PagerDutyPager
from integrations.slack.room import SlackRoom
from integrations.vendor_portal.links import VendorLinks
from sandbox.server import Sandbox
from tests.gateway.desk import RememberingDesk
from tests.gateway.front_door import LINK_SECRET, a_ticket, eventually
from tests.sandbox.slack_workspace import serving

CHANNEL = "C0SUPL1"


class World:
    """A sandbox whose vendors call a gateway, and the people in it."""

    def __init__(self, sandbox: Sandbox, desk: RememberingDesk, people: httpx2.AsyncClient) -> None:
        self.sandbox, self.desk, self.people = sandbox, desk, people
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
        seen = (await self.people.get(f"/people/slack/channels/{CHANNEL}/messages", params={"user": user})).json()
        return [message["text"] for message in seen["ephemerals"]]


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


async def _in_thread(call: Any, *arguments: Any, **named: Any) -> Any:
    """The integrations' clients block."""
    return await asyncio.to_thread(call, *arguments, **named)
