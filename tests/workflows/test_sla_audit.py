"""The audit of deadlines: it finds a wedged ticket, wakes people once, and its silence is the alarm when it cannot see."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

import workflows.ticket
from cli.past_run import carried_by
from domain.messages import LinkIssue, Reply, TimePassed
from domain.paging import PageStatus
from domain.policy import AuditRules, ClockKind, ClockRules, PageRules, Policy
from domain.sla_audit import AuditReport, LateTickets
from integrations.clients import Clients
from integrations.errors import PassingFailure
from tests.domain.building import DAY, LENA, SAM, an_opening, targets, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, the_settings, until
from tests.workflows.outside import Outside
from tests.workflows.test_faults import faulty, until_task_fails
from worker import build_workers
from workflows import task_queues, workflow_ids
from workflows.desk import TemporalWorkflowDesk
from workflows.reopening import reopen
from workflows.schedules import audit_schedule_id, keep_audit_schedule
from workflows.sla_audit import SlaAuditWorkflow

SECOND = timedelta(seconds=1)
LEADS = "C0LEADS"
RULES = AuditRules(
    every=DAY, grace=SECOND, channel=LEADS, page=PageRules(service="PSVCPAY", escalation_policy="PEPENG")
)


class RecordedSwitch:
    """A dead-man's switch. ``pings`` is how often it was told that all is well."""

    def __init__(self) -> None:
        self.pings = 0
        self.failures = 0

    def ping(self) -> None:
        if self.failures:
            self.failures -= 1
            raise PassingFailure("dead-man's switch", "no answer")
        self.pings += 1


@pytest.fixture
def switch() -> RecordedSwitch:
    """A switch that listens."""
    return RecordedSwitch()


@pytest.fixture
async def desk(namespace: Client, outside: Outside, switch: RecordedSwitch) -> AsyncIterator[Desk]:
    """A Tierline at work, with a switch."""
    async with Desk(namespace, outside, dataclasses.replace(outside.clients, dead_man=switch)) as at_work:
        yield at_work


def soon_due(after: timedelta = SECOND) -> Policy:
    """A ticket that acts by itself that long after its opening."""
    return without_ladders(clocks={ClockKind.FIRST_RESPONSE: ClockRules(targets=targets(after))})


async def audits(client: Client, rules: AuditRules = RULES, number: int = 1) -> AuditReport:
    """One audit by the schedule, which hands each the result of the one before; waits for its end."""
    await keep_audit_schedule(client, rules)
    await client.get_schedule_handle(audit_schedule_id()).trigger()
    reports: list[AuditReport] = []

    async def ended() -> bool:
        reports[:] = [
            await client.get_workflow_handle(e.id, run_id=e.run_id, result_type=AuditReport).result()
            async for e in client.list_workflows("WorkflowType = 'SlaAudit' AND ExecutionStatus = 'Completed'")
        ]
        return len(reports) >= number

    await until(ended, f"audit {number} has ended")
    return max(reports, key=lambda report: report.as_of)


async def until_late(desk: Desk, since: timedelta = SECOND) -> LateTickets:
    """Wait until visibility shows a ticket whose deadline is over."""
    found = LateTickets(count=0)

    async def late() -> bool:
        nonlocal found
        now = datetime.now().astimezone()
        found = await desk.links().late_tickets(now - since, most=10)
        return found.count > 0

    await until(late, "visibility shows the deadline")
    return found


async def wedged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[OpenedTicket, pytest.MonkeyPatch]:
    """A ticket whose rules fail when its deadline comes: its workflow task fails again and again."""
    monkeypatch.setattr(workflows.ticket, "decide", faulty(TimePassed))
    ticket = await desk.opens(policy=soon_due(), task_timeout=SECOND)
    await until_task_fails(ticket)
    return ticket, monkeypatch


async def test_all_is_well_and_the_switch_hears_of_it(desk: Desk, outside: Outside, switch: RecordedSwitch) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.rests()
    report = await audits(desk.client)
    assert (report.late.count, report.pinged, report.drift_since) == (0, True, None)
    assert switch.pings == 1
    assert not outside.pager.raised
    assert not outside.chat.texts(LEADS)


async def test_it_finds_a_ticket_whose_workflow_task_fails(
    desk: Desk, outside: Outside, switch: RecordedSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, patched = await wedged(desk, monkeypatch)
    await until_late(desk)
    found = await audits(desk.client)
    assert [late.ticket_id for late in found.late.tickets] == ["T-1042"]
    assert switch.pings == 0
    (page,) = outside.pager.raised
    assert page.service == "PSVCPAY"
    assert "1 open ticket is past a deadline" in page.title
    assert "T-1042" in page.details
    assert "Grace" not in page.details + page.title
    (told,) = outside.chat.texts(LEADS)
    assert "T-1042" in told

    # It lasts: nobody is woken, and told, a second time.
    again = await audits(desk.client, number=2)
    assert (again.drift_since, len(outside.pager.raised), len(outside.chat.texts(LEADS))) == (found.as_of, 1, 1)

    # Mended: the page is ended, the leads are told, and the switch hears of it again.
    patched.undo()

    async def met() -> bool:
        return (await desk.links().late_tickets(datetime.now().astimezone() - SECOND, most=1)).count == 0

    await until(met, "the deadline was met after all")
    assert (await ticket.rests()).handle.id == "ticket/T-1042"
    over = await audits(desk.client, number=3)
    assert (over.late.count, over.drift_since, over.pinged) == (0, None, True)
    assert outside.pager.pages == {page.key: PageStatus.RESOLVED}
    assert "kept again" in outside.chat.texts(LEADS)[-1]


@asynccontextmanager
async def auditor_alone(client: Client, clients: Clients) -> AsyncIterator[None]:
    """The workers of the outside systems and of the audit: nobody works on tickets."""
    with ThreadPoolExecutor(8) as executor:
        workers = [
            worker
            for worker in build_workers(client, the_settings(), clients, executor)
            if worker.task_queue in {task_queues.AUDIT, task_queues.SLACK, task_queues.PAGERDUTY}
        ]
        for worker in workers:
            await worker.__aenter__()
        try:
            yield
        finally:
            for worker in workers:
                await worker.__aexit__(None, None, None)


async def test_it_finds_a_ticket_whose_workers_are_gone(
    namespace: Client, outside: Outside, switch: RecordedSwitch
) -> None:
    clients = dataclasses.replace(outside.clients, dead_man=switch)
    async with Desk(namespace, outside, clients) as desk:
        # Long enough for the workers to be gone before it: a breach that they still see to leaves nothing late.
        ticket = await desk.opens(policy=soon_due(10 * SECOND))
        assert (await ticket.view()).clocks
        attribute = "TierlineDueAt"

        async def shown() -> bool:
            return bool((await ticket.handle.describe()).search_attributes.get(attribute))

        await until(shown, "the deadline is shown")
    async with auditor_alone(namespace, clients):
        await until_late(desk)
        report = await audits(namespace)
    assert [late.ticket_id for late in report.late.tickets] == ["T-1042"]
    assert (len(outside.pager.raised), switch.pings) == (1, 0)


async def test_it_stays_silent_when_visibility_cannot_be_read(
    desk: Desk, outside: Outside, switch: RecordedSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(self: TemporalWorkflowDesk, due_before: datetime, *, most: int) -> LateTickets:
        raise RPCError("visibility is away", RPCStatusCode.UNAVAILABLE, b"")

    monkeypatch.setattr(TemporalWorkflowDesk, "late_tickets", unreadable)
    monkeypatch.setattr("workflows.sla_audit._READING", SECOND)
    handle = await desk.client.start_workflow(
        SlaAuditWorkflow.run, RULES, id=workflow_ids.audit_id(), task_queue=task_queues.AUDIT
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(handle.result(), 30)
    assert isinstance(failed.value.cause, ApplicationError)
    assert "visibility could not be read" in failed.value.cause.message
    assert (switch.pings, outside.pager.raised, outside.chat.texts(LEADS)) == (0, [], [])


async def test_a_drift_that_nobody_can_be_paged_for_is_told_with_that(
    desk: Desk, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.pager.system.refuses("no such service")
    await wedged(desk, monkeypatch)
    await until_late(desk)
    report = await audits(desk.client)
    assert (report.paged, report.told) == (False, True)
    (told,) = outside.chat.texts(LEADS)
    assert "Nobody could be paged (pagerduty: no such service): call the on-call yourself" in told
    outside.pager.system.works()
    assert (await audits(desk.client, number=2)).paged
    assert len(outside.chat.texts(LEADS)) == 1


async def test_a_ticket_that_waits_for_its_next_deadline_is_no_drift(desk: Desk, switch: RecordedSwitch) -> None:
    ticket = await desk.opens(an_opening(ticket_id="T-2"), soon_due())
    await ticket.until(lambda view: view.clocks[0].breached_at is not None, "its deadline was met")
    await ticket.does(SAM, Reply(text="We look into it"))
    await ticket.rests()
    assert (await audits(desk.client)).late.count == 0
    assert switch.pings == 1


async def test_the_schedule_follows_the_policy_and_never_doubles(namespace: Client) -> None:
    await keep_audit_schedule(namespace, RULES)
    await keep_audit_schedule(namespace, RULES.model_copy(update={"every": timedelta(hours=1)}))
    described = (await namespace.get_schedule_handle(audit_schedule_id()).describe()).schedule
    assert [interval.every for interval in described.spec.intervals] == [timedelta(hours=1)]


async def test_a_switch_that_does_not_answer_fails_no_audit(desk: Desk, switch: RecordedSwitch) -> None:
    switch.failures = 1
    report = await audits(desk.client)
    assert (report.pinged, switch.pings) == (True, 1)
    described = [e async for e in desk.client.list_workflows("WorkflowType = 'SlaAudit'")]
    assert {e.status for e in described} == {WorkflowExecutionStatus.COMPLETED}


async def listed_as_ended(desk: Desk, *names: str) -> None:
    """Wait until visibility shows that these, and no others, ended before their time."""

    async def listed() -> bool:
        found = await desk.links().ended_workflows(most=10)
        return {workflow.name for workflow in found.workflows} == set(names)

    await until(listed, f"{', '.join(names) or 'nothing'} is listed as ended")


async def is_terminated(desk: Desk, name: str) -> None:
    """A ticket that an operator, or the server, terminates."""
    ticket = await desk.opens(an_opening(ticket_id=name), without_ladders())
    await ticket.rests()
    await ticket.handle.terminate("too large")


async def test_a_ticket_that_ended_before_its_time_is_paged_for_once(
    namespace: Client, outside: Outside, switch: RecordedSwitch
) -> None:
    clients = dataclasses.replace(outside.clients, dead_man=switch)
    async with Desk(namespace, outside, clients) as desk:
        await is_terminated(desk, "T-1")
        await listed_as_ended(desk, "T-1")
        report = await audits(desk.client)
        assert [(alarm.paged, alarm.told, alarm.found) for alarm in report.ended] == [(True, True, 1)]
        (page,) = outside.pager.raised
        assert (page.service, page.title) == ("PSVCPAY", "Tierline: 1 workflow ended before its time")
        assert "T-1 was terminated on" in page.details
        assert "tierline doctor --reopen T-1" in page.details
        (told,) = outside.chat.texts(LEADS)
        assert "T-1 was terminated on" in told
        assert "Grace" not in page.details + told
        # People know: the switch is not for this.
        assert switch.pings == 1
    async with Desk(namespace, outside, clients) as desk:
        again = await audits(desk.client, number=2)
        assert again.ended == report.ended
        assert (len(outside.pager.raised), len(outside.chat.texts(LEADS))) == (1, 1)

        await is_terminated(desk, "T-2")
        await listed_as_ended(desk, "T-1", "T-2")
        await audits(desk.client, number=3)
        assert [("T-1" in page.details, "T-2" in page.details) for page in outside.pager.raised] == [
            (True, False),
            (False, True),
        ]

        await reopen(desk.client, "ticket/T-1", carried_by, now=datetime.now().astimezone(), in_flight=timedelta(0))
        await listed_as_ended(desk, "T-2")
        left = await audits(desk.client, number=4)
        assert len(left.ended) == 1
        assert [outside.pager.pages[page.key] for page in outside.pager.raised] == [
            PageStatus.RESOLVED,
            PageStatus.TRIGGERED,
        ]
        assert outside.chat.texts(LEADS)[-1] == "1 workflow ended before its time: by now reopened or deleted"


async def test_issues_and_vendor_cases_are_looked_after_as_well_and_rounds_are_not(
    desk: Desk, outside: Outside
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, LinkIssue(reference=ref.key))
    await ticket.until(lambda view: bool(view.issues), "it is linked")
    await ticket.rests()
    await desk.issue(ref).terminate("by hand")
    digest = await desk.client.start_workflow(
        "RetroDigest", id="retro-digest/none", task_queue="nobody", run_timeout=timedelta(days=1)
    )
    await digest.terminate("by hand")
    await listed_as_ended(desk, workflow_ids.issue_id_of(ref))
    await audits(desk.client)
    (page,) = outside.pager.raised
    assert f"--reopen {workflow_ids.issue_id_of(ref)}" in page.details


async def test_the_switch_alarms_while_nobody_could_be_told_of_an_ended_ticket(
    desk: Desk, outside: Outside, switch: RecordedSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.sla_audit._TELLING", SECOND)
    outside.pager.system.refuses("no such service")
    outside.chat.system.fails(operation="post_notice")
    await is_terminated(desk, "T-1")
    await listed_as_ended(desk, "T-1")
    report = await audits(desk.client)
    assert [(alarm.paged, alarm.told) for alarm in report.ended] == [(False, False)]
    assert (report.pinged, switch.pings) == (False, 0)

    outside.pager.system.works()
    outside.chat.system.works()
    after = await audits(desk.client, number=2)
    assert [(alarm.paged, alarm.told) for alarm in after.ended] == [(True, True)]
    assert switch.pings == 1
