"""Support at the sandbox's page, in a real browser, with the real gateway, worker and Temporal behind it.

The stack and the browser are the file's; each test has a page and tickets of its own.
"""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from cli.front_doors import L1_CHANNEL, L2_AGENT, LEAD, FrontDoors, Json
from cli.narration import Narrator
from sandbox.engine import DevServer
from sandbox.stack import Stack
from tests.browser import FLAGS
from tests.e2e.calm_policy import calm_policy

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]
_PATIENCE_MS = 20_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(dev_server: DevServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One running stack, which Slack can reach by HTTP and by socket."""
    folder: Path = tmp_path_factory.mktemp("browser")
    policy = calm_policy(folder, quiet_time=timedelta(seconds=1))
    name = f"e2e-{uuid4().hex[:12]}"
    async with Stack(dev_server, policy=policy, log_folder=folder, namespace=name, socket_mode=True) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(browser_executable: Path) -> AsyncIterator[Browser]:
    """The file's browser: the one for every test lives in another event loop."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_executable, headless=True, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_doors(stack: Stack) -> AsyncIterator[FrontDoors]:
    """The stack's front doors."""
    async with httpx2.AsyncClient(timeout=15) as http:
        yield FrontDoors(http, gateway=stack.gateway_url, sandbox=stack.sandbox.http_url, token=stack.tokens.helpdesk)


class Desk:
    """Somebody's place of work: the page, the tickets that they see there, and what comes of what they do."""

    def __init__(self, page: Page, stack: Stack, doors: FrontDoors, tell: Narrator) -> None:
        self.page, self.stack, self.doors, self.tell = page, stack, doors, tell
        self.dialog = page.get_by_role("dialog")

    async def opens(self, ticket_id: str, *, priority: str = "P2", title: str = "Card payments are refused") -> Locator:
        """A help desk hands a ticket over; its card, as soon as it stands in L1's channel."""
        await self.doors.open_ticket(
            {
                "ticket_id": ticket_id,
                "title": title,
                "description": "Every card is refused at the till.",
                "customer": {"id": "jo", "name": "Jo's Bakery", "email": f"{ticket_id.lower()}@bakery.example"},
                "priority": priority,
                "product": "payments",
            }
        )
        await self.goes(f"slack/{L1_CHANNEL}")
        card = self.page.locator(".conversation .message", has_text=f"{ticket_id} · {title}")
        await expect(card).to_be_visible()
        return card

    async def goes(self, place: str) -> None:
        """To a place of the page, as by a link from elsewhere."""
        await self.page.goto("about:blank")
        await self.page.goto(f"{self.stack.sandbox.http_url}/#{place}")

    async def becomes(self, user: str) -> None:
        """Somebody else sits down."""
        await self.page.get_by_label("You act as").select_option(user)

    async def uses(self, shortcut: str, message: Locator) -> None:
        """A button of the toolbar that a message has under the pointer; a form is open then."""
        await message.hover()
        await message.get_by_role("button", name=shortcut).click()

    async def sees_alone(self, words: str) -> None:
        """An answer that only this person sees."""
        await expect(self.page.locator(".message.ephemeral", has_text=words).first).to_be_visible()

    async def ticket(self, ticket_id: str, what: str, **wanted: str) -> Json:
        """The ticket, as soon as the API shows it so."""

        async def look() -> Json | None:
            view = await self.doors.ticket(ticket_id)
            return view if all(view[field] == value for field, value in wanted.items()) else None

        return await self.tell.wait_for(what, look)

    async def page_of(self, ticket_id: str) -> Json:
        """The ticket's incident in PagerDuty."""

        async def look() -> Json | None:
            found = [one for one in await self.doors.incidents() if f"/{ticket_id}/" in (one["incident_key"] or "")]
            assert len(found) <= 1
            return found[0] if found else None

        return await self.tell.wait_for("the page", look)

    async def issue_of(self, ticket_id: str) -> Json:
        """The ticket's issue in Jira, once it is linked there."""

        async def look() -> Json | None:
            found = [one for one in await self.doors.jira_issues() if ticket_id in str(one)]
            assert len(found) <= 1
            return found[0] if found else None

        return await self.tell.wait_for("the issue", look)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, stack: Stack, open_doors: FrontDoors, tell: Narrator) -> AsyncIterator[Desk]:
    """A page that Slack's signed HTTP serves; a test fails when the page's own code did."""
    stack.sandbox.slack.transport = "http"
    errors: list[str] = []
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(_PATIENCE_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    expect.set_options(timeout=_PATIENCE_MS)
    yield Desk(page, stack, open_doors, tell)
    await page.close()
    assert errors == []


async def test_a_lead_escalates_from_the_card_and_the_page_the_issue_and_the_card_follow(desk: Desk) -> None:
    card = await desk.opens("T-2001")
    await desk.becomes(LEAD)
    await desk.uses("Escalate this", card)

    await expect(desk.dialog).to_contain_text("Card payments are refused")
    await expect(desk.dialog).to_contain_text("goes from L1 Frontline to L2 Technical support")
    await desk.dialog.get_by_label("Why?").fill("All terminals refuse since the release")
    await desk.dialog.get_by_label("To", exact=True).select_option("L3")
    await expect(desk.dialog).to_contain_text("pages the Engineering on-call now: Ada, then Lena")
    await expect(desk.dialog).to_contain_text("looks for issues in Jira PAY that may be the same, and opens one")
    await desk.dialog.get_by_label("Severity").select_option("P3")
    await expect(desk.dialog).to_contain_text("has priority P3 instead of P2")
    await expect(desk.dialog.get_by_label("Why?")).to_have_value("All terminals refuse since the release")
    assert (await desk.doors.ticket("T-2001"))["tier"] == "L1"
    await desk.dialog.get_by_role("button", name="Escalate", exact=True).click()

    await expect(desk.dialog).to_have_count(0)
    await expect(card).to_contain_text("L1 → L3 Engineering")
    await expect(card).to_contain_text("P3 · open")
    await expect(card.get_by_role("link", name=re.compile(r"^PAY-\d+$"))).to_be_visible()
    incident = await desk.page_of("T-2001")
    assert (incident["status"], incident["assignees"]) == ("triggered", ["Ada"])
    issue = await desk.issue_of("T-2001")
    assert "All terminals refuse since the release" in str(issue)


async def test_the_on_call_acknowledges_in_pagerduty_and_the_card_shows_it(desk: Desk) -> None:
    card = await desk.opens("T-2002")
    await desk.doors.types(LEAD, "escalate T-2002 L3 all terminals of two shops")
    await desk.goes(f"pagerduty/{(await desk.page_of('T-2002'))['id']}")
    await desk.page.get_by_role("button", name="Acknowledge").click()
    await expect(desk.page.locator(".facts")).to_contain_text("Ada")
    await desk.page.get_by_role("link", name="Who was woken").click()
    await expect(desk.page.get_by_role("row", name=re.compile("T-2002"))).to_have_count(1)

    await desk.goes(f"slack/{L1_CHANNEL}")
    await expect(card).to_contain_text("acknowledged by Ada")
    view = await desk.ticket("T-2002", "Ada has it", owner="Ada")
    assert view["tier"] == "L3"


async def test_eyes_on_a_card_take_the_ticket(desk: Desk) -> None:
    card = await desk.opens("T-2003")
    await desk.becomes(L2_AGENT)
    await desk.uses("React with eyes", card)

    await expect(card.get_by_role("button", name="Accept")).to_have_count(0)
    await desk.ticket("T-2003", "Tom has it", owner="tom")


async def test_words_of_a_thread_reach_the_customer_only_by_a_confirmed_form(desk: Desk) -> None:
    card = await desk.opens("T-2004")
    await desk.becomes(L2_AGENT)
    await desk.uses("Reply in thread", card)
    line = desk.page.get_by_role("textbox", name="Reply")
    await line.fill("The acquirer's certificate expired. Payments work again.")
    await line.press("Enter")
    written = desk.page.locator(".thread .message", has_text="The acquirer's certificate expired").last
    await desk.uses("Send to the customer", written)

    await expect(desk.dialog).to_contain_text("What Jo's Bakery gets")
    await expect(desk.dialog).to_contain_text("mails the customer")
    assert await desk.doors.mails_to("t-2004@bakery.example") == []
    await desk.dialog.get_by_role("button", name="Send to the customer").click()

    await expect(desk.dialog).to_have_count(0)
    await expect(card).to_contain_text("customer since")
    await desk.goes("mail")
    await desk.page.get_by_role("link", name=re.compile("T-2004")).click()
    await expect(desk.page.locator(".letter")).to_contain_text("Payments work again.")
    assert len(await desk.doors.mails_to("t-2004@bakery.example")) == 1


async def test_the_home_lists_by_soonest_breach_and_its_buttons_act(desk: Desk) -> None:
    await desk.opens("T-2005", priority="P4", title="A receipt is misprinted")
    await desk.opens("T-2006", priority="P2", title="Refunds hang")
    for ticket in ("T-2005", "T-2006"):
        await desk.doors.types(LEAD, f"accept {ticket}")
    await desk.becomes(LEAD)
    await desk.page.get_by_role("link", name="Tierline's Home").click()
    home = desk.page.get_by_role("region", name="Home tab")

    async def both_are_mine() -> bool:
        await home.get_by_role("button", name="Refresh").click()
        mine = (await home.inner_text()).partition("My team's")[0]
        return 0 < mine.find("T-2006") < mine.find("T-2005")

    await desk.tell.wait_for("both on the home, the sooner breach first", both_are_mine)
    await (
        home.locator(".block-actions:below(:text('Refunds hang'))").get_by_role("button", name="Resolve…").first.click()
    )
    await desk.dialog.get_by_role("textbox").first.fill("All refunds are through")
    await desk.dialog.get_by_role("button", name="Resolve", exact=True).click()

    await expect(home).to_contain_text("T-2006 is resolved")
    assert (await desk.doors.ticket("T-2006"))["status"] in ("resolved", "closed")


async def test_who_may_not_escalate_is_told_alone_who_can(desk: Desk) -> None:
    card = await desk.opens("T-2007")
    await desk.becomes("U0SAM")
    await card.get_by_role("button", name="Escalate…").click()
    await desk.sees_alone("You cannot escalate a ticket: that is for support leads, engineers or operators. Ask @lena")
    await desk.becomes("U0EVE")
    await desk.uses("Escalate this", card)
    await desk.sees_alone("You cannot escalate a ticket")

    await expect(desk.dialog).to_have_count(0)
    assert (await desk.doors.ticket("T-2007"))["tier"] == "L1"
    await desk.becomes(L2_AGENT)
    await expect(desk.page.locator(".message.ephemeral", has_text="You cannot escalate")).to_have_count(0)


async def test_the_highest_severity_has_a_channel_until_it_is_over(desk: Desk) -> None:
    card = await desk.opens("T-2008", priority="P1")
    await desk.becomes(LEAD)
    await expect(card).to_contain_text("#sev1-t-2008")
    channel = desk.page.locator(".channels a", has_text="sev1-t-2008")
    await channel.click()
    await expect(desk.page.locator(".channel-topic")).to_contain_text("P1 · L1 Frontline · nobody yet")
    await expect(desk.page.locator(".bookmarks")).to_contain_text("Card")
    await desk.goes(f"slack/{L1_CHANNEL}")
    await card.get_by_role("button", name="Resolve…").click()
    await desk.dialog.get_by_role("textbox").first.fill("The acquirer renewed its certificate")
    await desk.dialog.get_by_role("button", name="Resolve", exact=True).click()

    await expect(card).to_contain_text("P1 · closed")
    await channel.click()
    await expect(desk.page.get_by_text("This channel is archived")).to_be_visible()
    await expect(desk.page.locator(".conversation")).to_contain_text("T-2008 is over")
    await expect(desk.page.locator(".conversation")).to_contain_text("resolved")


async def test_all_of_it_works_without_a_public_address(desk: Desk) -> None:
    """Socket Mode: a reaction, a command, a button and a form, of which none is sent over HTTP."""
    card = await desk.opens("T-2009")
    await desk.page.locator(".transport").click()
    await desk.dialog.get_by_label("Events and interactions reach the app").select_option("By socket only")
    await expect(desk.dialog).to_contain_text("Connected sockets: 1")
    await desk.dialog.get_by_role("button", name="Close").click()
    before = len(desk.stack.sandbox.deliveries.log("slack"))
    await desk.becomes(L2_AGENT)
    await desk.uses("React with eyes", card)
    await desk.ticket("T-2009", "Tom has it", owner="tom")
    await desk.becomes(LEAD)
    line = desk.page.get_by_role("textbox", name="Message")
    await line.fill("/tier priority T-2009 P3")
    await line.press("Enter")
    await expect(card).to_contain_text("P3 · open")
    await card.get_by_role("button", name="Escalate…").click()
    await desk.dialog.get_by_label("To", exact=True).select_option("L2")
    await expect(desk.dialog).to_contain_text("goes from L1 Frontline to L2 Technical support")
    await desk.dialog.get_by_label("Why?").fill("It needs a look at the terminals")
    await desk.dialog.get_by_role("button", name="Escalate", exact=True).click()

    await expect(card).to_contain_text("L1 → L2 Technical support")
    sent = desk.stack.sandbox.deliveries.log("slack")[before:]
    assert {one.event for one in sent} >= {
        "reaction_added",
        "slash_command",
        "block_actions",
        "view_submission",
    }
    assert {(one.url.partition(":")[0], one.status) for one in sent} == {("socket", 200)}
