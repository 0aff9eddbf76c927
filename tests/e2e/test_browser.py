"""A support lead at the sandbox's page, in a real browser, with the real gateway, worker and Temporal behind it."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from cli.front_doors import FrontDoors, Json
from cli.narration import Narrator
from cli.story import PAYMENTS
from sandbox.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(180)]
_TICKET = {
    "ticket_id": PAYMENTS,
    "title": "Card payments are <b>refused</b>",
    "description": "Every card is refused at the till.",
    "customer": {"id": "jo", "name": "Jo's Bakery", "email": "jo@bakery.example", "plan": "gold"},
    "priority": "P2",
    "product": "payments",
}


@pytest.fixture
async def slack(browser: Browser, stack: Stack, open_doors: FrontDoors) -> Page:
    """The page, on the channel where the ticket's card stands."""
    await open_doors.open_ticket(_TICKET)
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    await page.goto(f"{stack.sandbox.http_url}/#slack/C0SUPL1")
    await expect(page.get_by_text(f"{PAYMENTS} · Card payments are <b>refused</b>").first).to_be_visible(timeout=20_000)
    return page


async def _owner(doors: FrontDoors) -> Json | None:
    view = await doors.ticket(PAYMENTS)
    return view if view["owner"] is not None else None


async def test_an_agent_takes_a_ticket_with_a_click(slack: Page, open_doors: FrontDoors, tell: Narrator) -> None:
    await slack.get_by_label(re.compile("act as", re.I)).select_option("U0SAM")
    await slack.get_by_role("button", name="Accept").first.click()

    view = await tell.wait_for("an owner", lambda: _owner(open_doors))
    assert view["owner"] == "sam"
    await expect(slack.get_by_role("button", name="Accept")).to_have_count(0, timeout=20_000)


async def test_a_lead_escalates_in_a_form_and_the_issue_and_the_page_appear(
    slack: Page, open_doors: FrontDoors, stack: Stack, tell: Narrator
) -> None:
    await slack.get_by_label(re.compile("act as", re.I)).select_option("U0LENA")
    await slack.get_by_role("button", name=re.compile("^Escalate")).first.click()
    form = slack.get_by_role("dialog")
    await expect(form).to_be_visible(timeout=20_000)
    await form.locator("select").first.select_option("L3")
    await form.locator("textarea").first.fill("All terminals refuse since the release")
    await form.get_by_role("button", name=re.compile("^Escalate")).click()

    await tell.wait_for("the Jira issue", open_doors.jira_issues)
    await tell.wait_for("the page", open_doors.incidents)
    await slack.goto(f"{stack.sandbox.http_url}/#jira/PAY-1")
    await expect(slack.get_by_text("All terminals refuse since the release").first).to_be_visible(timeout=20_000)
    await slack.goto(f"{stack.sandbox.http_url}/#pagerduty/{(await open_doors.incidents())[0]['id']}")
    await slack.get_by_role("button", name=re.compile("Acknowledge", re.I)).first.click()
    view = await tell.wait_for("an owner", lambda: _owner(open_doors))
    assert view["stints"][-1]["tier"] == "L3"


async def test_somebody_without_a_role_is_refused_where_only_they_see_it(slack: Page, open_doors: FrontDoors) -> None:
    await slack.get_by_label(re.compile("act as", re.I)).select_option("U0EVE")
    box = slack.get_by_role("textbox").first
    await box.fill(f"/tier escalate {PAYMENTS} L3 I want to")
    await box.press("Enter")

    await expect(slack.get_by_text(re.compile("Only visible to you")).first).to_be_visible(timeout=20_000)
    assert (await open_doors.ticket(PAYMENTS))["tier"] in ("L1", "L2")
    assert await open_doors.jira_issues() == []
