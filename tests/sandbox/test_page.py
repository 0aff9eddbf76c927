"""The sandbox's page in a real browser: a person reads it, presses its buttons and types into it."""

import asyncio
import re
import smtplib
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.sandbox.slack_workspace import Received, Workspace
from tests.sandbox.slack_workspace import workspace as workspace

pytestmark = pytest.mark.browser

NASTY = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'

CARD: list[dict[str, Any]] = [
    {"type": "header", "text": {"type": "plain_text", "text": ":ticket: T-1 Checkout fails"}},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*P1* for <@U0SAM>, see <https://status.example/1|the status page>"},
        "fields": [{"type": "mrkdwn", "text": "*Tier*\nL2"}, {"type": "mrkdwn", "text": "*Owner*\nnobody"}],
    },
    {"type": "divider"},
    {
        "type": "actions",
        "block_id": "buttons",
        "elements": [
            {
                "type": "button",
                "action_id": "ack",
                "style": "primary",
                "value": "T-1",
                "text": {"type": "plain_text", "text": "Acknowledge"},
            },
            {
                "type": "static_select",
                "action_id": "snooze",
                "placeholder": {"type": "plain_text", "text": "Snooze"},
                "options": [{"text": {"type": "plain_text", "text": f"{n} minutes"}, "value": str(n)} for n in (5, 30)],
            },
            {
                "type": "button",
                "action_id": "resolve",
                "style": "danger",
                "text": {"type": "plain_text", "text": "Resolve"},
                "confirm": {
                    "title": {"type": "plain_text", "text": "Resolve T-1?"},
                    "text": {"type": "mrkdwn", "text": "The customer is told."},
                    "confirm": {"type": "plain_text", "text": "Yes, resolve"},
                    "deny": {"type": "plain_text", "text": "Keep open"},
                },
            },
        ],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "due in 5 minutes"}]},
]

MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Escalate T-1"},
    "submit": {"type": "plain_text", "text": "Escalate"},
    "blocks": [
        {
            "type": "input",
            "block_id": "impact",
            "label": {"type": "plain_text", "text": "Impact"},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "who",
            "label": {"type": "plain_text", "text": "Engineer"},
            "element": {"type": "users_select", "action_id": "user"},
        },
        {
            "type": "input",
            "block_id": "severity",
            "label": {"type": "plain_text", "text": "Severity"},
            "element": {
                "type": "radio_buttons",
                "action_id": "level",
                "options": [
                    {"text": {"type": "plain_text", "text": name}, "value": name.lower()} for name in ("P1", "P2")
                ],
            },
        },
        {
            "type": "input",
            "block_id": "options",
            "optional": True,
            "label": {"type": "plain_text", "text": "Options"},
            "element": {
                "type": "checkboxes",
                "action_id": "boxes",
                "options": [{"text": {"type": "plain_text", "text": "Tell the customer"}, "value": "tell"}],
            },
        },
    ],
}


class Screen:
    """A person in front of the page."""

    def __init__(self, page: Page, workspace: Workspace) -> None:
        self.page = page
        self.workspace = workspace
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    async def opens(self, place: str = "") -> None:
        """Goes to a place of the page, as by a link from elsewhere."""
        await self.page.goto("about:blank")
        await self.page.goto(f"{self.workspace.sandbox.http_url}/{place}")

    def message(self, text: str) -> Locator:
        """A message in the channel that holds a text."""
        return self.page.locator(".conversation .message", has_text=text)

    async def types(self, text: str, label: str = "Message") -> None:
        """Writes into the line for messages and presses Enter."""
        line = self.page.get_by_role("textbox", name=label)
        await line.fill(text)
        await line.press("Enter")


@pytest.fixture
async def screen(workspace: Workspace, browser: Browser) -> Any:
    """The page in a fresh browser window; a test fails when the page's own code did."""
    page = await browser.new_page()
    page.set_default_timeout(10_000)
    screen = Screen(page, workspace)
    yield screen
    await page.close()
    assert screen.errors == []


async def posted_card(workspace: Workspace, **more: Any) -> str:
    answer = await workspace.call("chat_postMessage", channel="C0SUPL1", text="T-1", blocks=CARD, **more)
    ts: str = answer["ts"]
    return ts


async def test_the_page_says_that_it_is_a_sandbox(screen: Screen) -> None:
    await screen.opens()

    await expect(screen.page.locator(".banner")).to_contain_text("for trial and tests")
    await expect(screen.page.get_by_role("tab", name="Slack")).to_have_attribute("aria-selected", "true")


async def test_a_card_is_shown_and_its_button_arrives_signed(screen: Screen, workspace: Workspace) -> None:
    await screen.opens()
    ts = await posted_card(workspace)

    card = screen.message("T-1 Checkout fails")
    await expect(card.get_by_role("heading")).to_have_text("🎫 T-1 Checkout fails")
    await expect(card.locator("strong", has_text="P1")).to_be_visible()
    await expect(card.locator(".mention")).to_have_text("@sam")
    await expect(card.get_by_role("link", name="the status page")).to_have_attribute("href", "https://status.example/1")
    await card.get_by_role("button", name="Acknowledge").click()

    [received] = await workspace.app.wait_for("/slack/interactive")
    assert received.payload["user"]["id"] == "U0LENA"
    assert received.payload["container"]["message_ts"] == ts
    assert received.payload["actions"][0]["value"] == "T-1"
    assert workspace.app.refused == []


async def test_a_select_and_a_confirmed_button_arrive(screen: Screen, workspace: Workspace) -> None:
    await posted_card(workspace)
    await screen.opens()
    card = screen.message("T-1 Checkout fails")

    await card.get_by_label("Snooze").select_option("30 minutes")
    await workspace.app.wait_for("/slack/interactive")
    await card.get_by_role("button", name="Resolve").click()
    await screen.page.get_by_role("button", name="Keep open").click()
    await card.get_by_role("button", name="Resolve").click()
    await expect(screen.page.get_by_role("dialog")).to_contain_text("The customer is told.")
    await screen.page.get_by_role("button", name="Yes, resolve").click()

    snoozed, resolved = await workspace.app.wait_for("/slack/interactive", count=2)
    assert snoozed.payload["actions"][0]["selected_option"]["value"] == "30"
    assert resolved.payload["actions"][0]["action_id"] == "resolve"


async def test_a_typed_command_arrives_and_only_the_person_sees_its_answer(
    screen: Screen, workspace: Workspace
) -> None:
    workspace.app.answer = lambda received: {"text": "*T-1* is with L2"}
    await screen.opens()

    await screen.types("/tier status T-1")

    [received] = await workspace.app.wait_for("/slack/commands")
    assert (received.form["command"], received.form["text"]) == ("/tier", "status T-1")
    answer = screen.message("T-1 is with L2")
    await expect(answer).to_contain_text("Only visible to you")
    await screen.page.get_by_label("You act as").select_option("Sam Okafor")
    await expect(answer).to_have_count(0)
    await screen.types("/tier status T-2")
    assert (await workspace.app.wait_for("/slack/commands", count=2))[1].form["user_id"] == "U0SAM"


async def test_a_command_that_nobody_answers_is_told(screen: Screen, workspace: Workspace, free_port: int) -> None:
    workspace.sandbox.gateway_url = f"http://127.0.0.1:{free_port}"
    await screen.opens()

    await screen.types("/tier status")

    await expect(screen.message('/tier failed with the error "dispatch_failed"')).to_be_visible()


async def test_html_in_a_text_is_text(screen: Screen, workspace: Workspace) -> None:
    await workspace.people.post("/people/jira/issues", json={"user": "ada", "summary": NASTY, "text": NASTY})
    await workspace.people.post(
        "/people/github/issues/acme/storefront", json={"user": "ada", "title": NASTY, "text": NASTY}
    )
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": NASTY}},
        {"type": "section", "text": {"type": "mrkdwn", "text": f"{NASTY} <javascript:window.pwned=1|press me>"}},
    ]
    await workspace.call("chat_postMessage", channel="C0SUPL1", text="x", blocks=blocks)
    await screen.opens()

    await screen.types(NASTY)

    await expect(screen.message("window.pwned=1")).to_have_count(2)
    await expect(screen.page.locator(".conversation .message-text").last).to_have_text(NASTY)
    await expect(screen.page.locator(".conversation .block-header")).to_have_text(NASTY)
    for place in ("jira/PAY-1", "github/acme/storefront/1"):
        await screen.opens(f"#{place}")
        await expect(screen.page.locator(".detail-title")).to_have_text(NASTY)
        await expect(screen.page.locator(".detail-content")).to_contain_text("onerror")
    assert await screen.page.evaluate("window.pwned") is None
    assert await screen.page.locator("img[src=x], a[href^='javascript']").count() == 0


async def test_a_modal_is_filled_in_corrected_and_sent(screen: Screen, workspace: Workspace) -> None:
    def answer(received: Received) -> Any:
        if received.path == "/slack/commands":
            return asyncio.to_thread(
                lambda: workspace.client.views_open(trigger_id=received.form["trigger_id"], view=MODAL) and None
            )
        text = received.payload["view"]["state"]["values"]["impact"]["text"]["value"]
        return {"response_action": "errors", "errors": {"impact": "Say more."}} if len(text) < 5 else None

    workspace.app.answer = answer
    await screen.opens()
    await screen.types("/tier escalate T-1")
    modal = screen.page.get_by_role("dialog", name="Escalate T-1")

    await modal.get_by_role("button", name="Escalate").click()
    await expect(modal.get_by_text("Please complete this required field.")).to_have_count(3)
    await modal.get_by_label("Impact").fill("bad")
    await modal.get_by_label("Engineer").select_option("Ada Moreau (ada)")
    await modal.get_by_label("P2").check()
    await modal.get_by_label("Tell the customer").check()
    await modal.get_by_role("button", name="Escalate").click()
    await expect(modal.get_by_text("Say more.")).to_be_visible()
    await expect(modal.get_by_label("P2")).to_be_checked()
    await modal.get_by_label("Impact").fill("all card payments fail")
    await modal.get_by_role("button", name="Escalate").click()
    await expect(modal).to_have_count(0)

    values = workspace.app.got("/slack/interactive")[-1].payload["view"]["state"]["values"]
    assert values["impact"]["text"]["value"] == "all card payments fail"
    assert values["who"]["user"]["selected_user"] == "U0ADA"
    assert values["severity"]["level"]["selected_option"]["value"] == "p2"
    assert [option["value"] for option in values["options"]["boxes"]["selected_options"]] == ["tell"]


async def test_a_reply_is_written_in_the_thread(screen: Screen, workspace: Workspace) -> None:
    ts = await posted_card(workspace)
    await workspace.call("chat_postMessage", channel="C0SUPL1", thread_ts=ts, text="handed to L2")
    await screen.opens()

    await screen.page.get_by_role("button", name=re.compile("1 reply")).click()
    thread = screen.page.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("handed to L2")
    await screen.types("I take it, @tierline", label="Reply")

    await expect(thread.locator(".message")).to_have_count(3)
    [mention] = await workspace.app.wait_for("/slack/events", "app_mention")
    assert mention.payload["event"]["thread_ts"] == ts
    assert mention.payload["event"]["text"] == "I take it, <@U0TIERLINE>"
    await screen.types("/tier status", label="Reply")
    await expect(screen.page.locator(".toast")).to_contain_text("can't be used in threads")
    assert workspace.app.got("/slack/commands") == []


async def test_a_permalink_shows_its_message_in_its_thread(screen: Screen, workspace: Workspace) -> None:
    ts = await posted_card(workspace)
    reply = await workspace.call("chat_postMessage", channel="C0SUPL1", thread_ts=ts, text="the one I mean")
    link = (await workspace.call("chat_getPermalink", channel="C0SUPL1", message_ts=reply["ts"]))["permalink"]

    await screen.page.goto(link)

    shown = screen.page.locator(".thread .message.highlight")
    await expect(shown).to_contain_text("the one I mean")


async def test_a_changed_card_is_seen_and_a_begun_reply_is_kept(screen: Screen, workspace: Workspace) -> None:
    ts = await posted_card(workspace)
    await screen.opens()
    line = screen.page.get_by_role("textbox", name="Message")
    await line.fill("I was just writ")

    await workspace.call("chat_update", channel="C0SUPL1", ts=ts, text="T-1 is resolved", blocks=[CARD[2], CARD[4]])
    await expect(screen.page.get_by_role("button", name="Acknowledge")).to_have_count(0)

    await expect(line).to_have_value("I was just writ")


async def test_an_engineer_moves_and_comments_a_jira_issue(screen: Screen, workspace: Workspace) -> None:
    await workspace.people.post(
        "/people/jira/issues", json={"user": "ada", "summary": "3DS times out", "text": "since 2"}
    )
    await screen.opens("#jira")

    await screen.page.get_by_role("region", name="To Do").get_by_role("link", name="3DS times out").click()
    await expect(screen.page).to_have_url(re.compile("#jira/PAY-1$"))
    await screen.page.get_by_role("button", name="In Progress").click()
    await expect(screen.page.get_by_role("region", name="In Progress").get_by_role("link")).to_have_count(1)
    await screen.page.get_by_label("Comment as Ada").fill("Looking into it")
    await screen.page.get_by_role("button", name="Comment").click()
    await expect(screen.page.locator(".comment")).to_contain_text("Looking into it")

    issue = workspace.sandbox.jira.issue("PAY-1")
    assert issue is not None
    assert (issue.status.name, len(issue.comments)) == ("In Progress", 1)


async def test_an_engineer_closes_and_reopens_a_github_issue(screen: Screen, workspace: Workspace) -> None:
    body = "## Impact\n\n**two** customers\n\n- a\n- b"
    await workspace.people.post(
        "/people/github/issues/acme/storefront", json={"user": "ada", "title": "Cart is emptied", "text": body}
    )
    await screen.opens("#github/acme/storefront/1")

    await expect(screen.page.get_by_role("heading", name="Impact")).to_be_visible()
    await screen.page.get_by_role("button", name="Assign yourself").click()
    await expect(screen.page.locator(".facts")).to_contain_text("ada-dev")
    await screen.page.get_by_role("button", name="Close issue").click()
    await expect(screen.page.locator(".lozenge")).to_contain_text("Closed")
    await screen.page.get_by_role("button", name="Reopen issue").click()
    await expect(screen.page.locator(".lozenge")).to_have_text("Open")


async def test_an_engineer_plans_releases_and_transfers_a_github_issue(screen: Screen, workspace: Workspace) -> None:
    github = workspace.sandbox.github
    for title in ("Cart is emptied", "Cart is lost"):
        await workspace.people.post("/people/github/issues/acme/storefront", json={"user": "ada", "title": title})
    await screen.opens("#github/acme/storefront/2")

    await screen.page.get_by_text("More", exact=True).click()
    await screen.page.get_by_label("Milestone").fill("2.4.0")
    await screen.page.get_by_role("button", name="Set milestone").click()
    await expect(screen.page.locator(".facts")).to_contain_text("2.4.0")
    await screen.page.get_by_label("Release of acme/storefront").fill("v2.4.0")
    await screen.page.get_by_role("button", name="Publish release").click()
    await screen.page.get_by_label("Duplicate of issue").fill("#1")
    await screen.page.get_by_role("button", name="Close as duplicate").click()
    await expect(screen.page.locator(".lozenge")).to_have_text("Closed · duplicate")
    await expect(screen.page.locator(".comments")).to_contain_text("Duplicate of #1")
    assert [release.tag for release in github.repository.releases] == ["v2.4.0"]

    await screen.page.get_by_text("More", exact=True).click()
    await screen.page.get_by_role("button", name="Transfer issue").click()
    await screen.opens("#github/acme/payments/1")
    await screen.page.get_by_text("More", exact=True).click()
    await screen.page.get_by_role("button", name="Delete issue").click()
    await expect(screen.page.get_by_text("There is no acme/payments/1 here.")).to_be_visible()
    assert [issue.title for issue in github.issues if issue.is_here] == ["Cart is emptied"]


async def test_the_on_call_acknowledges_notes_and_resolves_an_incident(screen: Screen, workspace: Workspace) -> None:
    event = {
        "routing_key": workspace.sandbox.credentials.pagerduty_routing_key.get_secret_value(),
        "event_action": "trigger",
        "dedup_key": "T-1",
        "payload": {"summary": "T-1 needs L3", "source": "tierline", "severity": "critical"},
    }
    await workspace.people.post("/pagerduty-events/v2/enqueue", json=event)
    await screen.opens("#pagerduty")

    await screen.page.get_by_role("link", name="T-1 needs L3").click()
    await screen.page.get_by_role("button", name="Acknowledge").click()
    detail = screen.page.get_by_role("article", name="Details")
    await expect(detail.locator(".lozenge")).to_have_text("acknowledged")
    await screen.page.get_by_label("Note as Ada").fill("rolling back")
    await screen.page.get_by_role("button", name="Add note").click()
    await expect(detail).to_contain_text("rolling back")
    await screen.page.get_by_role("button", name="Resolve").click()
    await expect(detail.locator(".lozenge")).to_have_text("resolved")


async def test_mail_is_read_and_its_links_lead_out(screen: Screen, workspace: Workspace) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "support@acme.example", "desk@psp.example", "Case T-1/1"
    mail.set_content("Please answer: http://127.0.0.1:8080/vendor/abc.def\n")

    def send() -> None:
        with smtplib.SMTP(workspace.sandbox.smtp_host, workspace.sandbox.smtp_port) as server:
            server.send_message(mail)

    await asyncio.to_thread(send)
    await screen.opens("#mail")

    await screen.page.get_by_role("link", name="Case T-1/1").click()
    answer = screen.page.get_by_role("link", name="http://127.0.0.1:8080/vendor/abc.def")
    await expect(answer).to_have_attribute("href", "http://127.0.0.1:8080/vendor/abc.def")


async def test_a_fault_is_started_and_cleared(screen: Screen, workspace: Workspace) -> None:
    await screen.opens("#faults")

    await screen.page.get_by_label("What it does").select_option("Says: too many requests")
    await screen.page.get_by_label("For how many calls").fill("3")
    await screen.page.get_by_role("button", name="Start the fault").click()
    await expect(screen.page.get_by_text("0 hits, 3 left")).to_be_visible()
    [active] = workspace.sandbox.faults.active()
    await screen.page.get_by_role("button", name="Clear all faults").click()
    await expect(screen.page.get_by_text("Everything is well.")).to_be_visible()

    assert (active.fault.system, active.fault.kind, active.fault.times) == ("slack", "rate_limit", 3)
    assert workspace.sandbox.faults.active() == []


async def test_deliveries_show_what_the_gateway_answered(screen: Screen, workspace: Workspace) -> None:
    await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")
    await screen.opens("#deliveries")

    row = screen.page.get_by_role("row", name=re.compile("slash_command"))
    await expect(row).to_contain_text("/slack/commands")
    await expect(row).to_contain_text("200")


async def test_the_tabs_are_walked_with_the_keyboard(screen: Screen) -> None:
    await screen.opens()

    await screen.page.get_by_role("tab", name="Slack").focus()
    await screen.page.keyboard.press("ArrowDown")

    await expect(screen.page.get_by_role("tab", name="Jira")).to_be_focused()
    await expect(screen.page.get_by_role("heading", name="Payments board")).to_be_visible()
