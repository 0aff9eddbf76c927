"""Takes the pictures of the documents anew: plays the demo's story, then a lead's morning, and photographs what people see.

Run it after a change of the card, the forms, the home, the digest, the vendor's page or the sandbox: ``.venv/bin/python scripts/take_pictures.py``.
It needs what the browser tests need (Chromium, or a way to get one) and writes into ``docs/pictures``.
"""

import asyncio
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import httpx2
from playwright.async_api import Browser, Locator, Page, async_playwright
from rich.console import Console

from cli.demo import DEMO_POLICY
from cli.front_doors import L1_AGENT, L1_CHANNEL, L2_AGENT, LEAD, LEADS_CHANNEL, FrontDoors, Json
from cli.narration import Missing, Narrator
from cli.story import PAYMENTS, Places, Story
from config.policy import load_policy
from sandbox.engine import DevServer, default_say, find_dev_server
from sandbox.stack import Stack
from tests.browser import FLAGS, find_browser
from tests.e2e.calm_policy import calm_policy

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LARGEST_BYTES = 200_000
_WIDE = (1200, 760)
_HIGH = (1200, 900)
_TALL = (1100, 2400)
_NARROW = (760, 740)
_LOW = (1200, 520)
_FORM = (1200, 1620)
_SHORT = (1200, 280)
_GRAVE = "T-1042"


class Photographer(FrontDoors):
    """The story's front doors, with a camera in the moment when the vendor has opened its page."""

    browser: Browser

    async def vendor_answers(self, link: str, text: str) -> str:
        """Photograph the vendor's page as the vendor fills it in, then answer as always."""
        page = await _page(self.browser, _NARROW)
        await page.goto(link)
        await page.locator("textarea").fill(text)
        await _shoot(page, "vendor")
        return await super().vendor_answers(link, text)


async def _page(browser: Browser, size: tuple[int, int]) -> Page:
    page = await browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="light",
        locale="en-GB",
        timezone_id="Europe/Brussels",
    )
    page.set_default_timeout(20_000)
    return page


async def _shoot(page: Page, name: str, *, of: Locator | None = None) -> None:
    await page.evaluate("document.fonts.ready")
    file = PICTURES / f"{name}.png"
    await (of or page).screenshot(path=file, animations="disabled", caret="hide")
    print(f"{file.relative_to(PICTURES.parent.parent)}: {file.stat().st_size // 1000} kB")
    if file.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{file.name} is larger than {LARGEST_BYTES // 1000} kB; make its page smaller")


async def _slack(browser: Browser, stack: Stack, card: Json) -> None:
    page = await _page(browser, _WIDE)
    await page.goto(f"{stack.sandbox.http_url}/#slack/{card['channel']}")
    await page.locator(".message .replies").first.click()
    await page.locator(".thread .message").nth(3).wait_for()
    await page.locator(".message").filter(has_text=PAYMENTS).first.scroll_into_view_if_needed()
    # Away from the message, whose toolbar would lie over the card.
    await page.evaluate("document.activeElement.blur()")
    await page.mouse.move(5, 5)
    await _shoot(page, "slack")


async def _digest(browser: Browser, stack: Stack) -> None:
    page = await _page(browser, _TALL)
    await page.goto(f"{stack.sandbox.http_url}/#slack/{LEADS_CHANNEL}")
    digest = page.locator(".message").filter(has_text="Time waiting on whom").last
    await digest.wait_for()
    await _shoot(page, "digest", of=digest)


async def _temporal(browser: Browser, places: Places) -> None:
    address = places.workflow(f"ticket/{PAYMENTS}")
    assert address is not None  # the dev server that is started here has a UI
    page = await _page(browser, _HIGH)
    await page.goto(address)
    await (
        page.get_by_role("link", name="User Metadata").or_(page.get_by_text("User Metadata", exact=True)).first.click()
    )
    # The details are rendered in a frame of their own.
    await page.frame_locator("iframe").last.get_by_text("Path: L1").wait_for()
    await _shoot(page, "temporal")


# --- a lead's morning ----------------------------------------------------------------------------------------------


async def _open_tickets(doors: FrontDoors) -> None:
    for ticket_id, title, customer, priority, product in (
        ("T-1040", "A receipt is misprinted", "Nia Bikes", "P3", "payments"),
        ("T-1041", "Basket is empty after login", "Max Books", "P2", "storefront"),
        (_GRAVE, "Card payments are refused", "Jo's Bakery", "P2", "payments"),
    ):
        await doors.open_ticket(
            {
                "ticket_id": ticket_id,
                "title": title,
                "description": "See the title.",
                "customer": {"id": ticket_id, "name": customer, "email": "orders@customer.example", "plan": "gold"},
                "priority": priority,
                "product": product,
            }
        )


async def _at_slack(browser: Browser, stack: Stack, user: str, place: str, size: tuple[int, int]) -> Page:
    page = await _page(browser, size)
    await page.goto(f"{stack.sandbox.http_url}/#slack/{place}")
    await page.get_by_label("You act as").select_option(user)
    return page


def _card(page: Page) -> Locator:
    return page.locator(".conversation .message", has_text=f"{_GRAVE} ·")


async def _rests(page: Page) -> None:
    """The pointer and the keyboard are nowhere, so that no toolbar lies over what is photographed."""
    await page.evaluate("document.activeElement.blur()")
    await page.mouse.move(5, 5)


async def _refusal(browser: Browser, stack: Stack) -> None:
    page = await _at_slack(browser, stack, L1_AGENT, L1_CHANNEL, _LOW)
    await _card(page).get_by_role("button", name="Escalate…").click()
    await page.locator(".message.ephemeral").wait_for()
    await _rests(page)
    await _shoot(page, "refusal")


async def _escalation(browser: Browser, stack: Stack) -> None:
    page = await _at_slack(browser, stack, LEAD, L1_CHANNEL, _FORM)
    card = _card(page)
    await card.hover()
    await card.get_by_role("button", name="Escalate this").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("To", exact=True).select_option("L3")
    await form.get_by_text("goes from L1 Frontline to L3 Engineering").wait_for()
    await form.get_by_label("Severity").select_option("P1")
    await form.get_by_text("has priority P1 instead of P2").wait_for()
    await form.get_by_label("Why?").fill("All terminals refuse since the release")
    await form.get_by_label("Impact").fill("Three shops cannot take cards")
    await page.evaluate("document.activeElement.blur()")
    await _shoot(page, "escalate", of=form)
    await form.get_by_role("button", name="Escalate", exact=True).click()
    await card.get_by_text("L1 → L3").wait_for()


async def _pager(browser: Browser, stack: Stack, incident: Json) -> None:
    page = await _page(browser, _SHORT)
    await page.goto(f"{stack.sandbox.http_url}/#pagerduty/{incident['id']}")
    await page.get_by_role("button", name="Acknowledge").click()
    await page.get_by_role("link", name="Who was woken").click()
    await page.get_by_role("row", name=re.compile(_GRAVE)).wait_for()
    await _shoot(page, "woken")


async def _card_of_an_escalation(browser: Browser, stack: Stack) -> None:
    page = await _at_slack(browser, stack, LEAD, L1_CHANNEL, _HIGH)
    card = _card(page)
    await card.get_by_text("acknowledged by Ada").wait_for()
    await card.get_by_text("sev1-").wait_for()
    await _rests(page)
    await _shoot(page, "card", of=card)


async def _own_channel(browser: Browser, stack: Stack) -> None:
    page = await _at_slack(browser, stack, LEAD, L1_CHANNEL, _LOW)
    await page.locator(".channels a", has_text=f"sev1-{_GRAVE.lower()}").click()
    await page.locator(".bookmarks").get_by_text("PagerDuty").wait_for()
    await page.get_by_text("acknowledged the page").wait_for()
    await _rests(page)
    await _shoot(page, "severity-channel")


async def _to_the_customer(browser: Browser, stack: Stack) -> None:
    page = await _at_slack(browser, stack, L2_AGENT, L1_CHANNEL, _HIGH)
    card = _card(page)
    await card.hover()
    await card.get_by_role("button", name="Reply in thread").click()
    line = page.get_by_role("textbox", name="Reply")
    await line.fill("The acquirer's certificate expired. Payments work again.")
    await line.press("Enter")
    written = page.locator(".thread .message", has_text="certificate expired").last
    await written.hover()
    await written.get_by_role("button", name="Send to the customer").click()
    await page.get_by_text("What Jo's Bakery gets").wait_for()
    await page.evaluate("document.activeElement.blur()")
    await _shoot(page, "send-to-customer", of=page.get_by_role("dialog"))


async def _home(browser: Browser, stack: Stack, narrator: Narrator) -> None:
    page = await _at_slack(browser, stack, LEAD, "home", _HIGH)
    home = page.get_by_role("region", name="Home tab")

    async def complete() -> bool:
        await home.get_by_role("button", name="Refresh").click()
        text = await home.inner_text()
        return 0 < text.find("T-1041") < text.find("My team's") < text.find(_GRAVE) < text.find("T-1040")

    await narrator.wait_for("the lead's home", complete)
    await home.locator("button:enabled", has_text="Refresh").wait_for()
    await _rests(page)
    await _shoot(page, "home")


async def _take_a_morning(browser: Browser, server: DevServer, folder: Path) -> None:
    narrator = Narrator(Console(highlight=False, quiet=True))
    policy = calm_policy(folder, quiet_time=timedelta(hours=1))
    stack = Stack(server, policy=policy, log_folder=folder, namespace="morning")
    async with stack, httpx2.AsyncClient(timeout=15) as http:
        doors = FrontDoors(http, gateway=stack.gateway_url, sandbox=stack.sandbox.http_url, token=stack.tokens.helpdesk)
        await _open_tickets(doors)
        await doors.types(LEAD, "accept T-1041")
        await _refusal(browser, stack)
        await _escalation(browser, stack)
        await _pager(browser, stack, (await narrator.wait_for("the page", doors.incidents))[0])
        await _card_of_an_escalation(browser, stack)
        await _own_channel(browser, stack)
        await _to_the_customer(browser, stack)
        await _home(browser, stack, narrator)


async def _take(browser: Browser, folder: Path) -> bool:
    quiet = Console(highlight=False, quiet=True)
    narrator = Narrator(quiet)
    async with DevServer(find_dev_server(default_say()), log_folder=folder) as server:
        await _take_a_morning(browser, server, folder)
        stack = Stack(server, policy=DEMO_POLICY, log_folder=folder)
        async with stack, httpx2.AsyncClient(timeout=15) as http:
            doors = Photographer(
                http, gateway=stack.gateway_url, sandbox=stack.sandbox.http_url, token=stack.tokens.helpdesk
            )
            doors.browser = browser
            places = Places(sandbox=stack.sandbox.http_url, ui=server.ui_url, namespace=stack.namespace)
            story = Story(doors, narrator, places, load_policy(DEMO_POLICY))
            await story.open_a_ticket()
            await story.hand_over_by_the_clock()
            await story.escalate_to_engineering()
            await story.work_in_the_tracker()
            await _slack(browser, stack, (await doors.cards(PAYMENTS))[0])
            await story.ask_the_vendor()
            await story.solve_reopen_and_close()
            await _temporal(browser, places)
            await story.read_the_digest()
            await _digest(browser, stack)
    return all(finding.matched for finding in narrator.findings)


async def _main() -> int:
    executable = find_browser()
    if executable is None:
        print("There is no browser: install Chromium or Chrome, then try again.", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tierline-pictures-") as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
            try:
                matched = await _take(browser, Path(folder))
            except Missing as missing:
                print(f"The story ends here: {missing} did not come.", file=sys.stderr)
                matched = False
            finally:
                await browser.close()
    if not matched:
        print("The story did not go as expected; the pictures may show that.", file=sys.stderr)
    return 0 if matched else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
