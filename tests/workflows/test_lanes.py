"""One outside system in trouble delays no other; in its own lane order holds, and nothing is lost or done twice."""

import asyncio
from datetime import timedelta

from temporalio.client import Client

from domain.messages import Escalate, Note, Reply, Return, SetPriority
from domain.paging import PageStatus
from domain.tiers import Priority, Tier
from integrations.clients import Clients
from tests.domain.building import LENA, SAM, an_opening
from tests.workflows.desk import Desk, OpenedTicket, said, until
from tests.workflows.outside import Outside


async def late(ticket: OpenedTicket, lane: str) -> None:
    """Wait until the ticket shows that this lane is late."""
    await ticket.until(lambda view: lane in view.late, f"{lane} is late")


async def test_slack_is_down_and_page_issue_and_mail_go_out_all_the_same(desk: Desk, outside: Outside) -> None:
    outside.chat.system.fails()
    ticket = await desk.opens()
    await ticket.does(SAM, Reply(text="We look into it", awaits_customer=False))
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until(lambda view: bool(view.issues and view.pages[0].url), "issue and page are there")
    await until(lambda: len(outside.mail.sent) == 1, "the customer is written to")
    assert not outside.chat.messages

    await late(ticket, "slack")
    assert said(await ticket.view(), "Slack is late: slack: 500 Server Error. Tierline keeps trying")

    outside.chat.system.works()
    view = await ticket.until(lambda view: not view.late and view.card_permalink is None, "Slack caught up")
    await ticket.until_said("Slack caught up")
    await ticket.rests()
    card = outside.chat.cards["T-1042"]
    assert (card.tier, [issue.ref.key for issue in card.issues]) == (Tier.L3, [view.issues[0].ref.key])
    assert card.troubles == ()


async def test_the_card_catches_up_with_its_newest_contents_in_one_message(desk: Desk, outside: Outside) -> None:
    outside.chat.system.fails()
    ticket = await desk.opens()
    await late(ticket, "slack")
    for priority in (Priority.P1, Priority.P2, Priority.P4):
        await ticket.does(LENA, SetPriority(priority=priority))
    outside.chat.system.works()
    await ticket.until_said("Slack caught up")
    await ticket.rests()
    assert outside.chat.drawn[-1].priority is Priority.P4
    assert (
        len(outside.chat.drawn) <= 3
    )  # the one that was under way, one for all three changes, one without the trouble
    assert outside.chat.texts("C0SUPL1").count("T-1042") == 1


async def test_order_holds_within_a_lane_through_an_outage(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens()
    await ticket.rests()
    outside.chat.system.fails(times=5)
    for number in range(6):
        await ticket.does(SAM, Note(text=f"note {number}"))
    await ticket.until(lambda view: said(view, "Slack caught up"), "Slack caught up")
    await ticket.rests()
    notes = [text for text in outside.chat.texts() if "note" in text]
    assert notes == [f"sam: note {number}" for number in range(6)]


async def test_a_page_waits_for_none_that_cannot_be_ended(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(an_opening(product=None))
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until(lambda view: bool(view.pages and view.pages[0].url), "the page is there")
    outside.pager.system.fails(operation="resolve")
    await ticket.does(LENA, Return(reason="it lacks the logs"))
    await until(lambda: outside.tried("resolve") > 0, "the page is being ended")

    await ticket.does(LENA, Escalate(to=Tier.L3, reason="here they are"))
    await until(lambda: len(outside.pager.raised) == 2, "somebody is woken all the same")

    outside.pager.system.works()
    await ticket.rests()
    assert [outside.pager.pages[draft.key] for draft in outside.pager.raised] == [
        PageStatus.RESOLVED,
        PageStatus.TRIGGERED,
    ]


async def test_an_answer_that_was_lost_does_not_double_the_work(desk: Desk, outside: Outside) -> None:
    with outside.jira.system.held():
        ticket = await desk.opens()
        await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
        await until(lambda: outside.jira.system.waiting == 1, "the issue is there, its answer is not")
        # While Jira is silent, the ticket goes on.
        await ticket.until(lambda view: bool(view.pages[0].url), "the page is there")
        assert not (await ticket.view()).issues
    view = await ticket.until(lambda view: bool(view.issues), "the answer came")
    assert len(outside.jira.issues) == 1
    assert view.issues[0].ref.key == "PAY-1"


async def test_what_the_tracker_refuses_is_told_with_what_to_do(desk: Desk, outside: Outside) -> None:
    outside.jira.system.refuses("the project PAY takes no Bug", operation="open_issue")
    ticket = await desk.opens()
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until_said(
        "No issue could be opened in jira PAY: jira: the project PAY takes no Bug. Open one by hand"
    )
    await ticket.rests()
    assert any("T-1042: no issue could be opened" in text for text in outside.chat.texts("C0ENG"))
    assert outside.tried("open_issue") == 1


async def test_what_the_pager_refuses_is_told_to_the_lead(desk: Desk, outside: Outside) -> None:
    outside.pager.system.refuses("no such service")
    ticket = await desk.opens()
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    view = await ticket.until_said("Nobody could be paged: pagerduty: no such service")
    assert view.pages[0].failed == "pagerduty: no such service"
    await ticket.rests()
    assert any("Call the on-call yourself" in text for text in outside.chat.texts("C0ENG"))


async def test_a_card_that_was_deleted_is_posted_anew(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens()
    await ticket.rests()
    outside.chat.system.refuses("message_not_found", operation="update_card", code="message_not_found")
    await ticket.does(LENA, SetPriority(priority=Priority.P1))
    await ticket.until_said("The card was deleted in Slack: a new one is posted")
    await ticket.rests()
    assert outside.chat.texts("C0SUPL1").count("T-1042") == 2
    assert outside.chat.cards["T-1042"].priority is Priority.P1


async def test_a_system_that_is_not_set_up_says_so_at_once(namespace: Client, outside: Outside) -> None:
    with_slack_alone = Clients(chat=outside.chat)
    async with Desk(namespace, outside, with_slack_alone) as desk:
        ticket = await desk.opens()
        await ticket.does(SAM, Reply(text="We look into it", awaits_customer=False))
        await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
        await ticket.until_said("Jira is not set up: set TIERLINE_JIRA__URL")
        await ticket.until_said("Nobody could be paged: PagerDuty is not set up: set TIERLINE_PAGERDUTY__API_KEY")
        view = await ticket.until_said("Mail is not set up: set TIERLINE_MAIL__HOST")
        assert view.late == ()


async def test_a_rate_limit_is_waited_out(desk: Desk, outside: Outside) -> None:
    wait = timedelta(seconds=2)
    outside.jira.system.limits(wait)
    ticket = await desk.opens()
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await until(lambda: outside.tried("open_issue") == 1, "Jira was asked")
    asked = asyncio.get_running_loop().time()
    await ticket.until(lambda view: bool(view.issues), "the issue is there")
    # The engine's own first interval would have been one second.
    assert asyncio.get_running_loop().time() - asked > wait.total_seconds() * 0.9
    assert outside.tried("open_issue") == 2


async def test_a_rate_limit_at_the_end_of_a_round_is_waited_out_as_well(desk: Desk, outside: Outside) -> None:
    outside.jira.system.limits(timedelta(milliseconds=50), times=2)
    ticket = await desk.opens()
    outside.jira.system.limits(timedelta(seconds=2), times=1)
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await late(ticket, "jira")
    asked = asyncio.get_running_loop().time()
    await ticket.until(lambda view: bool(view.issues), "the issue is there")
    assert asyncio.get_running_loop().time() - asked > 1.5
    assert outside.tried("open_issue") == 4


async def test_two_tickets_wait_for_nobody_but_their_own_systems(desk: Desk, outside: Outside) -> None:
    outside.jira.system.fails()
    first = await desk.opens(an_opening(ticket_id="T-1"))
    second = await desk.opens(an_opening(ticket_id="T-2", product="storefront"))
    for ticket in (first, second):
        await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await late(first, "jira")
    view = await second.until(lambda view: bool(view.issues), "GitHub has the issue")
    assert view.late == ()
