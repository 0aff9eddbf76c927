"""Days of a ticket's life in milliseconds: the real workflows on the time-skipping server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.calendar import ALWAYS
from domain.issues import IssueCategory
from domain.policy import Action, ClockKind, ClockRules
from domain.ticket import TicketStatus
from domain.tiers import Owner, Tier
from domain.vendor_case import CaseClosed, VendorCase, VendorReply
from domain.views import ClockView, TicketView
from telemetry.registration import adding
from telemetry.search_attributes import REGISTRY
from tests.domain.building import (
    DAY,
    HOUR,
    MINUTE,
    a_ladder,
    a_policy,
    office_hours,
    rung,
    targets,
    the_ladders,
)
from tests.workflows.desk import Desk
from tests.workflows.outside import Outside
from workflows import workflow_ids
from workflows.vendor_case import VendorCaseWorkflow


@pytest.fixture
async def desk(time_skipping: WorkflowEnvironment, outside: Outside) -> AsyncIterator[Desk]:
    """A Tierline at work where time is skipped."""
    client = time_skipping.client
    # This server can add search attributes, and not list them.
    await client.operator_service.add_search_attributes(adding(client.namespace, REGISTRY))
    async with Desk(time_skipping.client, outside) as at_work:
        yield at_work


def clock(view: TicketView, kind: ClockKind, number: int = 1) -> ClockView:
    """A clock of the ticket."""
    return next(clock for clock in view.clocks if clock.id == f"{kind.value}/{number}")


async def friday_at_five(environment: WorkflowEnvironment) -> datetime:
    """Let time pass until a Friday, 17:00 in Brussels."""
    now = await environment.get_current_time()
    brussels = ZoneInfo("Europe/Brussels")
    day = now.astimezone(brussels).date() + DAY
    while day.weekday() != 4:
        day += DAY
    friday = datetime.combine(day, time(17), brussels)
    await environment.sleep(friday - now)
    return friday


async def test_a_first_response_promised_in_office_hours_is_breached_after_the_weekend(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    friday = await friday_at_five(time_skipping)
    first_response = ClockRules(targets=targets(4 * HOUR), calendar="office", ladder="answer")
    policy = a_policy(
        calendars={"office": office_hours()},
        clocks={ClockKind.FIRST_RESPONSE: first_response},
        ladders={"answer": a_ladder(rung(75, Action.TELL_CHANNEL), rung(100, Action.TELL_LEAD, every=HOUR, times=2))},
    )
    ticket = await desk.opens(policy=policy)
    opened = (await ticket.view()).opened_at
    spill = opened - friday  # milliseconds of the test's own
    await time_skipping.sleep(2 * DAY)  # Sunday
    assert not outside.chat.texts("C0SUPL1")[1:]  # the card, and no word

    monday = friday + 3 * DAY  # of the wall clock: three days later at 17:00
    await time_skipping.sleep(monday.replace(hour=18) - await time_skipping.get_current_time())
    view = await ticket.until(lambda view: clock(view, ClockKind.FIRST_RESPONSE).breached_at is not None, "breached")
    # One hour on Friday, three on Monday from eight.
    assert clock(view, ClockKind.FIRST_RESPONSE).breached_at == (monday.replace(hour=11) + spill).astimezone(UTC)
    await ticket.rests()
    said = [text for text in outside.chat.texts("C0SUPL1") if "first response" in text]
    assert [text for text in said if "is breached" in text] == ["The first response clock is breached: 4h are over"]
    told = [text for text in said if "is breached" not in text]
    assert ["75 %" in text for text in told] == [True, False, False, False]


async def test_what_nobody_takes_is_handed_up_to_engineering_and_never_to_a_vendor(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    policy = a_policy(
        clocks={ClockKind.HANDOFF: ClockRules(targets=targets(30 * MINUTE), ladder="handoff")}, ladders=the_ladders()
    )
    ticket = await desk.opens(policy=policy)
    opened = (await ticket.view()).opened_at
    await time_skipping.sleep(DAY)
    view = await ticket.until(lambda view: bool(view.pages and view.pages[0].url), "engineering is paged")
    assert [(stint.tier, stint.entered_at - opened) for stint in view.stints] == [
        (Tier.L1, timedelta(0)),
        (Tier.L2, 30 * MINUTE),
        (Tier.L3, 60 * MINUTE),
    ]
    assert [clock.breached_at for clock in view.clocks] == [opened + n * 30 * MINUTE for n in (1, 2, 3)]
    assert len(outside.jira.issues) == 1
    assert len(outside.pager.raised) == 1
    await ticket.rests()
    assert any("there is no tier above L3 to hand it to by itself" in text for text in outside.chat.texts("C0ENG"))


async def test_clocks_run_on_exactly_from_run_to_run(desk: Desk, time_skipping: WorkflowEnvironment) -> None:
    policy = a_policy(
        clocks={ClockKind.RESOLUTION: ClockRules(targets=targets(DAY), ladder="promise")},
        ladders={"promise": a_ladder(*(rung(at, Action.TELL_CHANNEL) for at in range(10, 100, 10)))},
    )
    ticket = await desk.opens(policy=policy, continue_after=25)
    first_run = await ticket.run_id()
    opened = (await ticket.view()).opened_at
    await time_skipping.sleep(2 * DAY)
    view = await ticket.until(lambda view: clock(view, ClockKind.RESOLUTION).breached_at is not None, "breached")
    assert clock(view, ClockKind.RESOLUTION).breached_at == opened + DAY
    assert await ticket.run_id() != first_run


async def test_a_resolved_ticket_closes_after_the_quiet_time_and_leaves_its_issue(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    ticket = await desk.opens(policy=a_policy(quiet_time=3 * DAY))
    await time_skipping.sleep(2 * HOUR)
    view = await ticket.until(lambda view: bool(view.issues), "engineering has an issue")
    ref = view.issues[0].ref
    outside.jira.moves(ref.id, IssueCategory.DONE, "Ada")
    await desk.hints(ref)
    view = await ticket.until(lambda view: view.status is TicketStatus.RESOLVED, "it is resolved")
    await time_skipping.sleep(3 * DAY + HOUR)
    facts = await ticket.ends()
    assert facts.status == TicketStatus.CLOSED.value
    assert view.resolved_at is not None
    assert facts.resolved_at == view.resolved_at
    closed = facts.as_of
    assert timedelta(0) <= closed - (view.resolved_at + 3 * DAY) < MINUTE
    assert facts.seconds_by_owner[Owner.RESOLVED] == pytest.approx(3 * DAY.total_seconds(), abs=60)
    assert sum(facts.seconds_by_owner.values()) == pytest.approx((closed - facts.opened_at).total_seconds(), abs=60)
    await desk.issue(ref).result()


async def test_a_vendor_is_reminded_then_overdue_and_its_answer_still_counts(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    await desk.opens()
    opened = await time_skipping.get_current_time()
    case = VendorCase(
        ticket_id="T-1042",
        number=1,
        vendor="cardnet",
        vendor_name="Cardnet",
        email="desk@cardnet.example",
        title="Card payment fails",
        text="Please look at the gateway's log.",
        opened_at=opened,
        target=8 * HOUR,
        calendar=ALWAYS,
    )
    await desk.links().open_case(case)
    await desk.links().open_case(case)  # once
    handle = desk.client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id("T-1042", 1))
    await time_skipping.sleep(7 * HOUR)
    known = await handle.query(VendorCaseWorkflow.case)
    assert (known.reminded_at, known.overdue_at) == (opened + 6 * HOUR, None)
    await time_skipping.sleep(2 * HOUR)
    known = await handle.query(VendorCaseWorkflow.case)
    assert known.overdue_at == opened + 8 * HOUR

    for _ in range(2):
        await handle.signal(VendorCaseWorkflow.answer, VendorReply(id="page-1", text="Restarted", solved=True))
    ended = await handle.result()
    assert (ended.answer, ended.solved) == ("Restarted", True)
    mails = [mail for mail in outside.mail.sent if mail.to == "desk@cardnet.example"]
    assert [("reminder" in mail.text, "overdue" in mail.text) for mail in mails] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    assert all("https://tierline.example" in mail.text for mail in mails)
    assert len({mail.message_id for mail in mails}) == 3


async def test_a_vendor_case_that_is_closed_says_so_and_ends(desk: Desk, outside: Outside) -> None:
    case = VendorCase(
        ticket_id="T-1042",
        number=2,
        vendor="cardnet",
        vendor_name="Cardnet",
        email="desk@cardnet.example",
        title="Card payment fails",
        text="Please look at the gateway's log.",
        opened_at=datetime.now(UTC),
        target=8 * HOUR,
        calendar=ALWAYS,
    )
    await desk.links().open_case(case)
    await desk.links().close_case("T-1042", 2, CaseClosed(id="close-1", why="the ticket is resolved"))
    handle = desk.client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id("T-1042", 2))
    assert (await handle.result()).closed == "the ticket is resolved"
    assert "nothing more is needed" in outside.mail.sent[-1].text
    await desk.links().close_case("T-1042", 2, CaseClosed(id="close-2", why="again"))  # harmless
