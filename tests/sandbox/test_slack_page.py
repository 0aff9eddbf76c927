"""The Slack part of the sandbox's page in a real browser: what people see and do beyond messages, cards and modals."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import websockets
from playwright.async_api import expect

from tests.sandbox.slack_workspace import Workspace
from tests.sandbox.slack_workspace import workspace as workspace
from tests.sandbox.test_page import Screen
from tests.sandbox.test_page import screen as screen

pytestmark = pytest.mark.browser


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def home_of(name: str) -> dict[str, Any]:
    button = {"type": "button", "action_id": "take", "text": plain("Take it")}
    return {
        "type": "home",
        "blocks": [{"type": "header", "text": plain(f"Tickets of {name}")}, {"type": "actions", "elements": [button]}],
    }


async def becomes(screen: Screen, name: str) -> None:
    await screen.page.get_by_label("You act as").select_option(name)


async def test_each_person_has_a_home_tab_of_their_own(screen: Screen, workspace: Workspace) -> None:
    await workspace.call("views_publish", user_id="U0LENA", view=home_of("Lena"))
    await screen.opens()
    await screen.page.get_by_role("link", name="Tierline's Home").click()

    await expect(screen.page.get_by_role("heading", name="Tickets of Lena")).to_be_visible()
    await expect(screen.page.get_by_role("textbox", name="Message")).to_be_hidden()
    await screen.page.get_by_role("button", name="Take it").click()
    [clicked] = await workspace.app.wait_for("/slack/interactive")
    await becomes(screen, "Sam Okafor")
    await expect(screen.page.get_by_text("has not published a Home tab for this person")).to_be_visible()
    await workspace.call("views_publish", user_id="U0SAM", view=home_of("Sam"))
    await expect(screen.page.get_by_role("heading", name="Tickets of Sam")).to_be_visible()

    opened = await workspace.app.wait_for("/slack/events", "app_home_opened", count=2)
    assert [each.payload["event"]["user"] for each in opened] == ["U0LENA", "U0SAM"]
    assert (clicked.payload["view"]["type"], clicked.payload["user"]["id"]) == ("home", "U0LENA")


async def test_a_person_edits_deletes_reacts_and_takes_it_back(screen: Screen, workspace: Workspace) -> None:
    await screen.opens()
    await screen.types("the card is 4111")
    mine = screen.page.locator(".conversation .message").last
    await mine.hover()
    await mine.get_by_role("button", name="React with eyes").click()
    await mine.get_by_role("button", name="eyes, 1").click()
    await expect(mine.locator(".reaction")).to_have_count(0)

    await mine.hover()
    await mine.get_by_role("button", name="Edit message").click()
    await screen.page.get_by_role("dialog").get_by_role("textbox").fill("the card is hidden")
    await screen.page.get_by_role("button", name="Save").click()
    await expect(mine).to_contain_text("the card is hidden")
    await expect(mine).to_contain_text("(edited)")
    await becomes(screen, "Sam Okafor")
    await mine.hover()
    await expect(mine.get_by_role("button", name="Edit message")).to_have_count(0)
    await becomes(screen, "Lena Hartmann")
    await mine.hover()
    await mine.get_by_role("button", name="Delete message").click()
    await screen.page.get_by_role("button", name="Delete", exact=True).click()

    await expect(screen.page.get_by_text("Nothing has been said here yet.")).to_be_visible()
    await workspace.app.wait_for("/slack/events", "message/message_deleted")
    assert len(workspace.app.got("/slack/events", "reaction_removed")) == 1


async def test_shortcuts_are_used_on_a_message_and_anywhere(screen: Screen, workspace: Workspace) -> None:
    await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="the customer is angry")
    await screen.opens()
    message = screen.message("the customer is angry")
    await message.hover()
    await message.get_by_role("button", name="Escalate this").click()
    await workspace.app.wait_for("/slack/interactive")
    menu = screen.page.get_by_label("Shortcuts")
    await menu.focus()
    await menu.select_option("Escalate a ticket")

    on_message, anywhere = await workspace.app.wait_for("/slack/interactive", count=2)
    assert (on_message.payload["type"], on_message.payload["callback_id"]) == ("message_action", "escalate_message")
    assert (anywhere.payload["type"], anywhere.payload["callback_id"]) == ("shortcut", "escalate")


async def test_files_previews_and_a_channels_surroundings_are_shown(
    screen: Screen, workspace: Workspace, tmp_path: Path
) -> None:
    link = "https://tierline.example.org/t/T-1"
    channel = (await workspace.call("conversations_create", name="incident-t-1"))["channel"]["id"]
    await workspace.call("conversations_setTopic", channel=channel, topic="P1: checkout fails")
    await workspace.call("bookmarks_add", channel_id=channel, title="Runbook", type="link", link=link)
    await screen.opens(f"#slack/{channel}")
    log = tmp_path / "log.txt"
    log.write_text("boom")

    await screen.types(f"see {link}")
    [shared] = await workspace.app.wait_for("/slack/events", "link_shared")
    preview = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*T-1* is with L2"}}]}
    await workspace.call(
        "chat_unfurl", channel=channel, ts=shared.payload["event"]["message_ts"], unfurls={link: preview}
    )
    await expect(screen.message("T-1 is with L2")).to_be_visible()
    await screen.page.get_by_label("Message: file").set_input_files(log)
    card = screen.page.get_by_role("link", name=re.compile("log.txt"))
    async with screen.page.expect_download() as download:
        await card.click()
    await expect(screen.page.locator(".channel-topic")).to_contain_text("P1: checkout fails")
    await expect(screen.page.get_by_role("link", name="Runbook")).to_have_attribute("href", link)
    saved = await (await download.value).path()
    assert await asyncio.to_thread(saved.read_text) == "boom"

    await workspace.call("conversations_archive", channel=channel)
    await expect(screen.page.get_by_text("This channel is archived")).to_be_visible()
    await expect(screen.page.get_by_role("textbox", name="Message")).to_be_hidden()


async def test_a_stranger_sees_the_shared_channel_alone(screen: Screen, workspace: Workspace) -> None:
    await workspace.call("chat_postMessage", channel="C0SUPL1", text="for our own eyes")
    await screen.opens()
    await expect(screen.message("for our own eyes")).to_be_visible()
    await becomes(screen, "Kiran Rao")

    await expect(screen.page.get_by_text("Kiran Rao is not in this conversation.")).to_be_visible()
    await expect(screen.page.get_by_role("link", name="support-l1")).to_have_count(0)
    await screen.page.get_by_role("link", name="ext-cardnet").click()
    await screen.types("we are on it")
    await expect(screen.message("we are on it")).to_contain_text("EXTERNAL")
    await becomes(screen, "Lena Hartmann")
    await screen.page.get_by_role("link", name="support-l1").click()
    await expect(screen.message("for our own eyes")).to_be_visible()


async def test_transport_sockets_and_limits_are_changed_on_the_page(screen: Screen, workspace: Workspace) -> None:
    token = workspace.sandbox.credentials.slack_app_token.get_secret_value()
    address = (await workspace.call("apps_connections_open", app_token=token))["url"]
    await screen.opens()
    await expect(screen.page.locator(".transport")).to_have_text("HTTP")

    async with websockets.connect(address, proxy=None) as socket:
        await socket.recv()
        await expect(screen.page.locator(".transport")).to_have_text("Socket Mode")
        await screen.page.locator(".transport").click()
        dialog = screen.page.get_by_role("dialog", name="Workspace conditions")
        await expect(dialog).to_contain_text("Connected sockets: 1")
        await dialog.get_by_label("Slack's published rate limits hold").check()
        await dialog.get_by_role("button", name="Ask to reconnect").click()
        assert '"refresh_requested"' in str(await socket.recv())
        await expect(dialog).to_contain_text("Connected sockets: 0")
        await dialog.get_by_label("Events and interactions reach the app").select_option("By socket only")
        await expect(screen.page.locator(".transport")).to_have_text("Socket Mode")

    assert workspace.sandbox.slack.limits.enabled is True
    assert workspace.sandbox.slack.transport == "socket"


async def test_a_typed_word_is_told_as_enter_is_pressed(screen: Screen, workspace: Workspace) -> None:
    element = {"type": "plain_text_input", "action_id": "ticket"}
    search = {"type": "input", "block_id": "find", "dispatch_action": True, "label": plain("Find"), "element": element}
    await workspace.call("views_publish", user_id="U0LENA", view={"type": "home", "blocks": [search]})
    await screen.opens("#slack/home")

    await screen.page.get_by_label("Find").fill("T-7")
    await screen.page.get_by_label("Find").press("Enter")

    [received] = await workspace.app.wait_for("/slack/interactive")
    [action] = received.payload["actions"]
    assert (action["type"], action["value"]) == ("plain_text_input", "T-7")


async def test_charts_and_tables_are_drawn(screen: Screen, workspace: Workspace) -> None:
    points = [{"label": day, "value": number} for number, day in enumerate(("Mon", "Tue"), start=2)]
    chart = {
        "type": "data_visualization",
        "title": "Breaches",
        "chart": {
            "type": "bar",
            "series": [{"name": "L1", "data": points}],
            "axis_config": {"categories": ["Mon", "Tue"]},
        },
    }
    cells = [[{"type": "raw_text", "text": "Tier"}], [{"type": "raw_number", "value": 12}]]
    table = {"type": "data_table", "caption": "Open tickets", "rows": cells}
    await workspace.call("chat_postMessage", channel="C0LEADS", text="digest", blocks=[chart, table])
    await screen.opens("#slack/C0LEADS")

    await expect(screen.page.get_by_role("img", name="L1: Mon 2, Tue 3")).to_be_visible()
    await expect(screen.page.locator(".chart rect")).to_have_count(2)
    await expect(screen.page.get_by_role("table", name="Open tickets")).to_contain_text("12")
