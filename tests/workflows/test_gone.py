"""Whether a workflow is gone: one answer for everybody who asks, and a server in trouble gives none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from temporalio.api.common.v1 import GrpcStatus
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure, NotFoundFailure
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.issue_messages import TicketLeft
from domain.issues import Tracker
from domain.messages import Delivery, MergeAnswered
from domain.reconcile import Answer, AskedIssue
from gateway.temporal_desk import TemporalDesk
from gateway.tickets import DeskUnavailable
from sandbox.engine import DevServer
from telemetry.converter import data_converter
from tests.domain.building import NOON, a_policy
from tests.workflows.desk import PUBLIC_URL
from workflows.desk import TemporalWorkflowDesk
from workflows.gone import is_gone
from workflows.issue_desk import TemporalIssueDesk
from workflows.schedules import keep_schedules

A_DELIVERY = Delivery(id="1", body=MergeAnswered(by_ticket="T-2"))


def an_error(status: RPCStatusCode, *details: Message) -> RPCError:
    """An error as the server writes it."""
    packed = []
    for detail in details:
        message = AnyMessage()
        message.Pack(detail)
        packed.append(message)
    written = GrpcStatus(code=status.value, message="not found", details=packed).SerializeToString()
    return RPCError("not found", status, written)


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (an_error(RPCStatusCode.NOT_FOUND), True),
        (an_error(RPCStatusCode.NOT_FOUND, NotFoundFailure()), True),
        (an_error(RPCStatusCode.NOT_FOUND, NamespaceNotFoundFailure(namespace="default")), False),
        (an_error(RPCStatusCode.NOT_FOUND, NotFoundFailure(), NamespaceNotFoundFailure(namespace="default")), False),
        (an_error(RPCStatusCode.UNAVAILABLE), False),
    ],
)
def test_a_namespace_that_is_not_found_says_nothing_of_a_workflow(error: RPCError, gone: bool) -> None:
    assert is_gone(error) is gone


def test_everybody_asks_at_this_one_place() -> None:
    for folder in ("activities", "gateway", "workflows"):
        for source in Path(folder).rglob("*.py"):
            asks = "RPCStatusCode.NOT_FOUND" in source.read_text()
            assert asks == (source.name == "gone.py"), (
                f"{source} decides for itself whether a workflow is gone: ask workflows.gone"
            )


@pytest.fixture
async def nowhere(dev_server: DevServer) -> Client:
    """A client of a namespace that the server does not find."""
    return await Client.connect(dev_server.address, namespace="not-found", data_converter=data_converter)


@pytest.mark.unreplayable("there is no namespace, so nothing runs in it")
async def test_while_the_namespace_is_not_found_no_ticket_and_no_issue_counts_as_gone(nowhere: Client) -> None:
    front = TemporalDesk(nowhere, a_policy(), now=lambda: NOON)
    with pytest.raises(DeskUnavailable):
        await front.view("T-1")
    with pytest.raises(DeskUnavailable):
        await front.deliver("T-1", A_DELIVERY)

    within = TemporalWorkflowDesk(nowhere, public_url=PUBLIC_URL, now=lambda: datetime.now(UTC))
    with pytest.raises(RPCError):
        await within.deliver("T-1", A_DELIVERY)
    with pytest.raises(RPCError):
        await within.leave_issue("jira", "10012", TicketLeft(id="1", ticket_id="T-1"))

    issues = TemporalIssueDesk(nowhere)
    answer = await issues.catch_up(Tracker.JIRA, AskedIssue(id="10012", key="PAY-1"), key="k")
    assert answer.answer is Answer.UNREACHED
    with pytest.raises(RPCError):
        await issues.tell_of_release(Tracker.JIRA, "10012", key="k")
    with pytest.raises(RPCError):
        await keep_schedules(nowhere, a_policy(), PUBLIC_URL)
