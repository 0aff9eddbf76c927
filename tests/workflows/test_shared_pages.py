"""Tickets of the same bug share one page in the live workflows: whoever sleeps is woken once, and it ends with the last need."""

from datetime import UTC, datetime

from temporalio.service import RPCError

from domain.messages import Accept, Escalate, LinkIssue, PageChanged, Return, SetPriority
from domain.paging import PageEvent, PageStatus, Urgency
from domain.tiers import Priority, Tier
from tests.domain.building import ADA, LENA, an_opening, the_tiers, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside


async def first_with_its_page(desk: Desk) -> OpenedTicket:
    """A ticket that was escalated: its page is out, its issue is opened, and the issue knows the page."""
    ticket = await desk.opens(an_opening(ticket_id="T-1", priority=Priority.P3), without_ladders(tiers=the_tiers()))
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    view = await ticket.until(
        lambda view: bool(view.issues and view.pages and view.pages[0].url), "issue and page are there"
    )
    ref = view.issues[0].ref

    async def known() -> bool:
        try:
            return bool((await desk.watched(ref)).pages)
        except RPCError:
            # The issue's workflow begins with the first ticket's word.
            return False

    await until(known, "the issue knows the page")
    return ticket


async def second_on_the_same_issue(desk: Desk, first: OpenedTicket) -> OpenedTicket:
    """A graver ticket that is linked to the issue, and then escalated."""
    ref = (await first.view()).issues[0].ref
    ticket = await desk.opens(an_opening(ticket_id="T-2", priority=Priority.P1), without_ladders(tiers=the_tiers()))
    await ticket.does(LENA, LinkIssue(reference=ref.key))
    await ticket.until(lambda view: bool(view.issues), "the issue was found")
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="the same here"))
    await ticket.until_said("Joined the page that is out for the same issue (with T-1): nobody is woken anew")
    return ticket


async def test_the_second_ticket_joins_the_page_and_makes_it_graver(desk: Desk, outside: Outside) -> None:
    first = await first_with_its_page(desk)
    second = await second_on_the_same_issue(desk, first)
    await until(lambda: bool(outside.pager.updates) and bool(outside.pager.notes), "the page is graver, and noted on")

    assert len(outside.pager.raised) == 1, "one page for both"
    ((page_id, priority, urgency),) = outside.pager.updates
    assert (priority, urgency) == ("P1", Urgency.HIGH)
    assert "T-2 needs the same" in outside.pager.notes[0][1]
    assert [page.url for page in (await second.view()).pages] == [page.url for page in (await first.view()).pages]
    assert page_id


async def test_who_acknowledges_the_page_has_both_tickets(desk: Desk, outside: Outside) -> None:
    first = await first_with_its_page(desk)
    second = await second_on_the_same_issue(desk, first)
    key = outside.pager.raised[0].key
    acknowledged = PageChanged(
        page_key=key, event=PageEvent.ACKNOWLEDGED, at=datetime.now(UTC), status=PageStatus.ACKNOWLEDGED, by="Ada Lind"
    )
    await first.hears(acknowledged)

    for ticket in (first, second):
        await ticket.until_said("Acknowledged the page")
        await ticket.until_said("Taken in L3")


async def test_the_page_ends_when_the_last_of_them_needs_nobody(desk: Desk, outside: Outside) -> None:
    first = await first_with_its_page(desk)
    second = await second_on_the_same_issue(desk, first)
    await first.does(ADA, Accept())
    await until(lambda: any("T-1 needs nobody any more" in text for _, text in outside.pager.notes), "it goes on")
    assert outside.tried("resolve") == 0
    await second.does(LENA, Return(reason="it lacks the logs"))
    await until(lambda: outside.tried("resolve") == 1, "the page ends")
    await second.does(LENA, SetPriority(priority=Priority.P2))
    assert len(outside.pager.raised) == 1
