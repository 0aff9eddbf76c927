"""Two versions of Tierline at work at once, as in every upgrade: what the newer one sends is never lost on the older one."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.converter import DataConverter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.calendar import ALWAYS
from domain.issue_messages import TicketJoined
from domain.messages import Command, Delivery, Note, Reply, ThreadChange, ThreadMessage
from domain.policy import Policy
from domain.vendor_case import CaseClosed, VendorCase, VendorReply
from gateway.api import NewTicket
from telemetry.converter import TolerantPayloadConverter
from tests.domain.arbitrary import a_model, members
from tests.domain.building import HOUR, SAM, a_policy
from tests.workflows.desk import PUBLIC_URL, Desk, said, until
from tests.workflows.outside import Outside
from worker import WORKFLOWS
from workflows import task_queues, workflow_ids
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope, IssueStart
from workflows.signals import MESSAGE
from workflows.ticket import TicketWorkflow
from workflows.vendor_case import VendorCaseWorkflow

NEW_FIELD = {"since_the_next_release": {"deep": [1]}}
NEXT = "next_release_"
INSIDE = ("body", "message", "request")
"""The fields of an envelope that hold the message itself."""
_TASK = timedelta(seconds=1)
"""After so long the server hands a failed task out again."""


def signals() -> dict[str, type[BaseModel]]:
    """The message of every signal of every workflow, as ``Workflow.signal``."""
    return {
        f"{each.__name__}.{name}": getattr(handler.fn, MESSAGE)
        for each in WORKFLOWS
        for name, handler in workflow._Definition.must_from_class(each).signals.items()
        if name is not None
    }


def every_message() -> list[Any]:
    """Each message of each signal: the model that is decoded, the field of it that holds the message, and the message's own model."""
    found = []
    for signal, envelope in signals().items():
        inside = next((name for name in envelope.model_fields if name in INSIDE), None)
        kinds = members(envelope.model_fields[inside].annotation) if inside is not None else [envelope]
        found += [pytest.param(envelope, inside, kind, id=f"{signal}-{kind.__name__}") for kind in kinds]
    return found


def with_more(written: Any, value: Any) -> Any:
    """The same JSON with one field more in every model of the value."""
    if isinstance(value, BaseModel) and isinstance(written, dict):
        names = {field.alias or name: name for name, field in type(value).model_fields.items()}
        return {key: with_more(each, getattr(value, names[key])) for key, each in written.items()} | NEW_FIELD
    if isinstance(value, tuple) and isinstance(written, list) and len(value) == len(written):
        return [with_more(each, one) for each, one in zip(written, value, strict=True)]
    return written


def of_a_new_kind(written: dict[str, Any]) -> dict[str, Any]:
    """The same JSON as a message of a kind that is not known yet."""
    inside = next((name for name in INSIDE if isinstance(written.get(name), dict)), None)
    if inside is not None:
        return written | {inside: of_a_new_kind(written[inside])}
    tag = "do" if "do" in written else "kind"
    return written | {tag: NEXT + written[tag]}


def in_json(message: BaseModel) -> dict[str, Any]:
    """As it is written."""
    written: dict[str, Any] = json.loads(message.model_dump_json(by_alias=True))
    return written


def a_payload(written: Any) -> Payload:
    """As it travels."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(written).encode())


# --- each message ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("envelope", "inside", "kind"), every_message())
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_field_that_this_version_does_not_know_is_left_out_and_a_kind_is_no_other(
    envelope: type[BaseModel], inside: str | None, kind: type[BaseModel], data: st.DataObject
) -> None:
    message = data.draw(a_model(kind))
    if inside is not None:
        message = data.draw(a_model(envelope)).model_copy(update={inside: message})
    written, read = in_json(message), TolerantPayloadConverter().from_payload
    assert read(a_payload(written), envelope) == message
    assert read(a_payload(with_more(written, message)), envelope) == message
    with pytest.raises(ValidationError):
        read(a_payload(of_a_new_kind(written)), envelope)


def test_whoever_writes_by_hand_is_told_of_a_field_that_does_not_exist() -> None:
    policy = a_policy().model_dump(mode="json")
    for model, given_by_hand in (
        (Policy, policy),
        (NewTicket, {"title": "t", "description": "d", "customer": {"id": "c", "name": "n"}}),
        (Reply, {"text": "t"}),
    ):
        model.model_validate(given_by_hand)
        with pytest.raises(ValidationError, match="extra_forbidden"):
            model.model_validate(given_by_hand | NEW_FIELD)


# --- each signal, on a server ---------------------------------------------------------------------------------------------


@dataclass
class Case:
    """A workflow, a message for it, and how it is seen that the workflow took it."""

    start: Callable[[Desk], Awaitable[WorkflowHandle[Any, Any]]]
    message: BaseModel
    taken: Callable[[Desk], Awaitable[bool]]


async def _a_ticket(desk: Desk) -> WorkflowHandle[Any, Any]:
    ticket = await desk.opens(task_timeout=_TASK)
    return (await ticket.rests()).handle


_ISSUE = Outside().jira.has("Card payment fails").ref


async def _an_issue(desk: Desk) -> WorkflowHandle[Any, Any]:
    desk.outside.jira.has("Card payment fails")
    return await desk.client.start_workflow(
        EngineeringIssueWorkflow.run,
        IssueStart(ref=_ISSUE, ticket_page=f"{PUBLIC_URL}/{{ticket}}"),
        id=workflow_ids.issue_id_of(_ISSUE),
        task_queue=task_queues.WORKFLOWS,
        task_timeout=_TASK,
    )


async def _a_case(desk: Desk) -> WorkflowHandle[Any, Any]:
    case = VendorCase(
        ticket_id="T-1042",
        number=1,
        vendor="cardnet",
        vendor_name="Cardnet",
        email="desk@cardnet.example",
        title="Card payment fails",
        text="Refusals",
        opened_at=datetime.now(UTC),
        target=HOUR,
        calendar=ALWAYS,
    )
    return await desk.client.start_workflow(
        VendorCaseWorkflow.run,
        case,
        id=workflow_ids.case_id("T-1042", 1),
        task_queue=task_queues.WORKFLOWS,
        task_timeout=_TASK,
    )


def _ticket_says(text: str) -> Callable[[Desk], Awaitable[bool]]:
    async def says(desk: Desk) -> bool:
        view = await desk.client.get_workflow_handle_for(TicketWorkflow.run, "ticket/T-1042").query(
            TicketWorkflow.ticket
        )
        return said(view, text)

    return says


async def _issue_has_the_ticket(desk: Desk) -> bool:
    return (await desk.watched(_ISSUE)).ticket_count == 1


def _case_is(text: str) -> Callable[[Desk], Awaitable[bool]]:
    async def is_so(desk: Desk) -> bool:
        handle = desk.client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id("T-1042", 1))
        case = await handle.query(VendorCaseWorkflow.case)
        return text in (case.answer, case.closed)

    return is_so


_LINE = ThreadMessage(change=ThreadChange.POSTED, text="Said in the thread", by=SAM, ts="1700000000.000100")
CASES = {
    "TicketWorkflow.deliver": Case(_a_ticket, Delivery(id="1", body=_LINE), _ticket_says("Said in the thread")),
    "TicketWorkflow.execute": Case(
        _a_ticket, Command(id="1", by=SAM, request=Note(text="Said by command")), _ticket_says("Said by command")
    ),
    "EngineeringIssueWorkflow.hear": Case(
        _an_issue,
        IssueMessageEnvelope(message=TicketJoined(id="1", ticket_id="T-1042", title="t", ref=_ISSUE)),
        _issue_has_the_ticket,
    ),
    "VendorCaseWorkflow.answer": Case(_a_case, VendorReply(id="1", text="Fixed", solved=True), _case_is("Fixed")),
    "VendorCaseWorkflow.close": Case(_a_case, CaseClosed(id="1", why="Solved"), _case_is("Solved")),
}


class _NextRelease(TolerantPayloadConverter):
    """How the next release reads: it knows the new kinds."""

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """As ever, with the new kinds for what they mean."""
        known = [Payload(metadata=each.metadata, data=each.data.replace(NEXT.encode(), b"")) for each in payloads]
        return super().from_payloads(known, type_hints)


def _newer(client: Client) -> Client:
    return Client(**{**client.config(), "data_converter": DataConverter(payload_converter_class=_NextRelease)})  # type: ignore[misc]


async def _failures(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """Why tasks of the workflow failed."""
    return [
        event.workflow_task_failed_event_attributes.failure.message
        async for event in handle.fetch_history_events()
        if event.event_type is EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]


def test_every_signal_has_its_case() -> None:
    assert set(CASES) == set(signals())


@pytest.mark.parametrize("signal", sorted(CASES))
async def test_a_signal_with_a_field_more_is_taken(desk: Desk, signal: str) -> None:
    case = CASES[signal]
    handle = await case.start(desk)
    await handle.signal(signal.rpartition(".")[2], with_more(in_json(case.message), case.message))
    await until(lambda: case.taken(desk), "the message is taken")
    assert await _failures(handle) == []


@pytest.mark.unreplayable("only the next release reads what was sent")
@pytest.mark.parametrize("signal", sorted(CASES))
async def test_a_signal_of_a_new_kind_waits_for_the_newer_worker(
    namespace: Client, outside: Outside, signal: str
) -> None:
    case = CASES[signal]
    async with Desk(namespace, outside) as older:
        handle = await case.start(older)
        await handle.signal(signal.rpartition(".")[2], of_a_new_kind(in_json(case.message)))

        async def fails() -> bool:
            return bool(await _failures(handle))

        await until(fails, "the workflow's task fails")
        (why, *_) = await _failures(handle)
        assert why.startswith(f"the signal '{signal.rpartition('.')[2]}' cannot be read: ")
        assert "Said" not in why
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    async with Desk(_newer(namespace), outside) as newer:
        await until(lambda: case.taken(newer), "the message is taken by the newer version")


@workflow.defn(name="VendorCase")
class NextVendorCase(VendorCaseWorkflow):
    """The case of the next release, which hears one signal more."""

    @workflow.run
    async def run(self, case: VendorCase) -> VendorCase:
        """As ever."""
        return await super().run(case)

    @workflow.signal(name="withdraw")
    def withdraw(self, why: str) -> None:
        """The vendor is not needed."""
        self._hear(CaseClosed(id="w", why=why))


@pytest.mark.unreplayable("only the next release reads what was sent")
async def test_a_signal_whose_name_is_not_known_waits_for_the_newer_worker(namespace: Client, outside: Outside) -> None:
    async with Desk(namespace, outside) as older:
        handle = await _a_case(older)
        await handle.signal("withdraw", "Solved")

        async def fails() -> bool:
            return "there is no signal 'withdraw' in this version" in await _failures(handle)

        await until(fails, "the workflow's task fails")
    async with Worker(
        namespace,
        task_queue=task_queues.WORKFLOWS,
        workflows=[NextVendorCase],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        # Its mail is not sent, so it goes on living.
        await until(lambda: _case_is("Solved")(older), "the newer version hears the signal")
