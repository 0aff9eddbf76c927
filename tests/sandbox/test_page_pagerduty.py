"""The page's PagerDuty, its faults and its deliveries in a real browser: what tests can order, a person can too."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from sandbox.server import Sandbox
from tests.sandbox.pagerduty_client import HOOK, event_types, raise_incident
from tests.sandbox.receiver import Receiver

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(sandbox: Sandbox, browser: Browser) -> AsyncIterator[Page]:
    """The sandbox's page; a test fails when the page's own code did."""
    errors: list[str] = []
    page = await browser.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield page
    await page.close()
    assert errors == []


async def opens(page: Page, sandbox: Sandbox, place: str) -> None:
    await page.goto("about:blank")
    await page.goto(f"{sandbox.http_url}/#{place}")


async def test_an_incident_is_handed_on_and_talked_about(sandbox: Sandbox, gateway: Receiver, page: Page) -> None:
    id_ = await raise_incident(sandbox)
    await opens(page, sandbox, f"pagerduty/{id_}")
    facts = page.locator(".facts")
    await expect(facts).to_contain_text("Engineering on call, level 1 of 2")

    await page.get_by_role("button", name="Escalate").click()
    await expect(facts).to_contain_text("level 2 of 2")
    await page.get_by_label("Person to ask for help").select_option("Tom")
    await page.get_by_role("button", name="Ask for help").click()
    await page.get_by_role("button", name="Tom declines").click()
    await expect(page.locator(".detail-content")).to_contain_text("Tom: declined")
    await page.get_by_label("Escalation policy to delegate to").select_option("Support on call")
    await page.get_by_role("button", name="Delegate").click()
    await expect(facts).to_contain_text("Support on call, level 1 of 1")
    await page.get_by_label("Status update for those who wait").fill("A fix is near.")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator(".detail-content")).to_contain_text("A fix is near.")
    await page.get_by_role("button", name="Acknowledge").click()
    await page.get_by_role("button", name="Trigger again").click()
    await expect(page.locator(".detail .lozenge")).to_have_text("triggered")

    assert event_types(await gateway.wait_for(HOOK, 8)) == [
        "incident.triggered",
        "incident.escalated",
        "incident.responder.added",
        "incident.responder.replied",
        "incident.delegated",
        "incident.status_update_published",
        "incident.acknowledged",
        "incident.unacknowledged",
    ]


async def test_nobody_is_put_on_call_and_the_limits_are_enforced(sandbox: Sandbox, page: Page) -> None:
    await opens(page, sandbox, "pagerduty/on-call")
    await page.get_by_label("On call for Engineering rota").select_option("Nobody")
    await page.get_by_role("button", name="Put on call").first.click()
    await expect(page.get_by_text("nobody").first).to_be_visible()
    await page.get_by_label("Pace of time-outs").select_option("60 times faster: a minute is a second")
    await page.get_by_role("button", name="Set pace").click()
    await page.get_by_role("button", name="Enforce the limits").click()
    await expect(page.get_by_role("button", name="Lift the limits")).to_be_visible()
    await page.get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("button", name="Enable")).to_be_visible()

    pagerduty = sandbox.pagerduty
    assert pagerduty.schedules["PSCHENG"].layers == []
    assert (pagerduty.seconds_per_minute, pagerduty.limits.limits.enforced) == (1.0, True)
    assert pagerduty.subscription.disabled_until is not None


async def test_it_is_shown_who_was_woken(sandbox: Sandbox, page: Page) -> None:
    await raise_incident(sandbox)
    await opens(page, sandbox, "pagerduty")
    await page.get_by_role("link", name="Who was woken").click()

    row = page.get_by_role("row", name=re.compile("ada"))
    await expect(row).to_contain_text("a new incident")
    await expect(row).to_contain_text("tierline/T-1/3")


async def test_one_fault_is_ended_from_the_table(sandbox: Sandbox, people: httpx2.AsyncClient, page: Page) -> None:
    for system in ("jira", "pagerduty"):
        await people.post("/sandbox/faults", json={"system": system, "kind": "drop_after", "times": 2})
    await opens(page, sandbox, "faults")

    row = page.get_by_role("row", name=re.compile("^Jira"))
    await expect(row).to_contain_text("does the work, then drops the answer")
    await row.get_by_role("button", name="End").click()
    await expect(page.get_by_role("row", name=re.compile("^Jira"))).to_have_count(0)

    assert [active.fault.system for active in sandbox.faults.active()] == ["pagerduty"]


async def test_deliveries_are_lost_and_held_from_the_page(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient, page: Page
) -> None:
    await opens(page, sandbox, "deliveries")
    await page.get_by_label("Only events with").fill("incident.triggered")
    await page.get_by_role("button", name="Order it").click()
    await expect(page.get_by_text("0 so far, 1 left")).to_be_visible()
    await page.get_by_label("Only events with").fill("")
    await page.get_by_label("What happens to it").select_option("is held back")
    await page.get_by_role("button", name="Order it").click()
    await expect(page.locator(".orders li")).to_have_count(2)

    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/acknowledge", json={"user": "ada"})
    await expect(page.get_by_role("row", name=re.compile("lost, as ordered", re.I))).to_be_visible()
    await expect(page.get_by_text("1 held back: incident.acknowledged")).to_be_visible()
    assert gateway.at(HOOK) == []
    await page.get_by_role("button", name="Release").click()

    assert event_types(await gateway.wait_for(HOOK)) == ["incident.acknowledged"]
