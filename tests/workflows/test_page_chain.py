"""The chain behind the pager in the live workflow: each person is reached once, at the exact instant, whatever else is down."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from domain.messages import Escalate, Note, PageChanged, SetPriority
from domain.page_rules import FallbackStep, PageRules, ReachBy
from domain.paging import PageEvent, PageStatus, Urgency
from domain.policy import Policy, TierRules
from domain.reach import ReachOutcome
from domain.tiers import Priority, Tier
from telemetry.registration import adding
from telemetry.search_attributes import REGISTRY
from tests.domain.building import DAY, L3_CHANNEL, LENA, MINUTE, SAM, SECOND, an_opening, the_tiers, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside


def chained(unit: timedelta) -> Policy:
    """Behind the pager: Sam in Slack after five units, Lena by mail after ten, Tom in Slack after twenty."""
    steps = (
        FallbackStep(after=5 * unit, by=ReachBy.SLACK, people=("U0SAM",)),
        FallbackStep(after=10 * unit, by=ReachBy.MAIL, people=("lena@acme.example",)),
        FallbackStep(after=20 * unit, by=ReachBy.SLACK, people=("U0TOM",)),
    )
    engineering = TierRules(
        name="Engineering",
        channel=L3_CHANNEL,
        lead=LENA.id,
        page=PageRules(service="PSVCPAY", fallback=steps),
        page_on_entry=True,
    )
    return without_ladders(tiers=the_tiers() | {Tier.L3: engineering}, routes=())


async def paged(desk: Desk, policy: Policy) -> OpenedTicket:
    """A ticket whose page is out, and which is on no issue."""
    ticket = await desk.opens(an_opening(product=None), policy)
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until(lambda view: bool(view.pages and view.pages[0].url), "somebody is paged")
    return ticket


@pytest.fixture
async def skipping(time_skipping: WorkflowEnvironment, outside: Outside) -> AsyncIterator[Desk]:
    """A Tierline at work where time is skipped."""
    client = time_skipping.client
    # This server can add search attributes, and not list them.
    await client.operator_service.add_search_attributes(adding(client.namespace, REGISTRY))
    async with Desk(client, outside) as at_work:
        yield at_work


async def test_who_does_not_answer_the_pager_is_reached_in_slack_then_by_mail_until_somebody_acknowledges(
    skipping: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    ticket = await paged(skipping, chained(MINUTE))
    wanted = (await ticket.view()).pages[0].wanted_at
    assert wanted is not None
    await time_skipping.sleep(11 * MINUTE)
    view = await ticket.until(
        lambda view: [one.outcome for one in view.reached] == [ReachOutcome.DONE] * 2, "Sam and Lena are reached"
    )
    assert [(one.step, one.person, one.at - wanted) for one in view.reached] == [
        (1, "U0SAM", 5 * MINUTE),
        (2, "lena@acme.example", 10 * MINUTE),
    ]

    page = view.pages[0]
    acknowledged = PageChanged(
        page_key=page.key,
        event=PageEvent.ACKNOWLEDGED,
        at=await time_skipping.get_current_time(),
        status=PageStatus.ACKNOWLEDGED,
        by="Ada",
    )
    await ticket.hears(acknowledged)
    await ticket.hears(acknowledged)
    await ticket.until(lambda view: view.owner == "Ada", "Ada has it")
    await time_skipping.sleep(DAY)
    await ticket.rests()
    assert len((await ticket.view()).reached) == 2
    assert len(outside.chat.texts("U0SAM")) == 1
    assert not outside.chat.texts("U0TOM")
    assert [mail.to for mail in outside.mail.sent] == ["lena@acme.example"]
    assert len(outside.pager.raised) == 1


async def test_slack_that_is_down_holds_up_neither_mail_nor_what_goes_onto_the_page(
    namespace: Client, outside: Outside
) -> None:
    async with Desk(namespace, outside) as desk:
        ticket = await paged(desk, chained(SECOND / 5))
        outside.chat.system.fails()
        await ticket.does(SAM, Note(text="Grace Hopper called again"))
        await ticket.does(LENA, SetPriority(priority=Priority.P1))
        await until(lambda: len(outside.mail.sent) == 1, "Lena is mailed while Slack is down")
        await until(lambda: bool(outside.pager.updates), "the page is graver")
        outside.chat.system.works()
        view = await ticket.until(
            lambda view: [one.outcome for one in view.reached] == [ReachOutcome.DONE] * 3, "everybody is reached"
        )
    assert outside.pager.notes == [("QINC1", "sam: [customer] called again")]
    assert outside.pager.updates == [("QINC1", "P1", Urgency.HIGH)]
    assert [len(outside.chat.texts(user)) for user in ("U0SAM", "U0TOM")] == [1, 1]
    assert len({one.person for one in view.reached}) == 3
