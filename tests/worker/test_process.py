"""The worker's process: what it says when it cannot work, how it stops, and what is not repeated after it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from sandbox.engine import DevServer
from sandbox.faults import Fault
from sandbox.stack import ROOT, Stack
from tests.worker.processes import WorkerProcess
from tests.workflows.desk import until

POLICY = ROOT / "config" / "policies" / "demo.yaml"
ENOUGH = {
    "TIERLINE_GATEWAY__LINK_SECRET": "a-secret-for-signing-links-in-tests",
    "TIERLINE_POLICY_FILE": str(POLICY),
    "TIERLINE_WORKER__HEALTH_PORT": "0",
    "TIERLINE_SLACK__BOT_TOKEN": "xoxb-for-tests",
    "TIERLINE_SLACK__SIGNING_SECRET": "for-tests",
    "TIERLINE_GITHUB__TOKEN": "for-tests",
    "TIERLINE_GITHUB__WEBHOOK_SECRET": "for-tests",
}


async def test_what_is_missing_is_one_line_each(tmp_path: Path) -> None:
    environment = {"TIERLINE_SLACK__SIGNING_SECRET": "s", "TIERLINE_JIRA__URL": "https://acme.example"}
    with WorkerProcess(tmp_path, environment) as worker:
        assert await worker.ends() == 1
    lines = worker.said.strip().splitlines()
    for name in ("GATEWAY__LINK_SECRET", "SLACK__BOT_TOKEN", "JIRA__EMAIL", "JIRA__API_TOKEN"):
        assert sum(f"TIERLINE_{name}" in line for line in lines) == 1
    assert "Traceback" not in worker.said


async def test_temporal_that_is_not_there_is_waited_for(tmp_path: Path, free_port: int) -> None:
    with WorkerProcess(tmp_path, ENOUGH | {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port}"}) as worker:
        await worker.says(f"Temporal at 127.0.0.1:{free_port} does not answer")
        await worker.says("trying on; TEMPORAL_ADDRESS names another")
        worker.asked_to_stop()
        assert await worker.ends() == 0
    assert "Traceback" not in worker.said


@contextmanager
def a_silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_it_stops_while_a_silent_server_keeps_it_waiting(tmp_path: Path) -> None:
    with (
        a_silent_server() as port,
        WorkerProcess(tmp_path, ENOUGH | {"TEMPORAL_ADDRESS": f"127.0.0.1:{port}"}) as worker,
    ):
        await worker.says("connecting to Temporal")
        worker.asked_to_stop()
        assert await worker.ends() == 0
    assert "Traceback" not in worker.said


async def test_a_namespace_that_is_not_there_is_named_and_waited_for(tmp_path: Path, dev_server: DevServer) -> None:
    environment = ENOUGH | {"TEMPORAL_ADDRESS": dev_server.address, "TEMPORAL_NAMESPACE": "nowhere"}
    with WorkerProcess(tmp_path, environment) as worker:
        await worker.says("Temporal has no namespace nowhere: create it, or correct TEMPORAL_NAMESPACE; trying on")
        worker.asked_to_stop()
        assert await worker.ends() == 0
    assert "Traceback" not in worker.said


def a_ticket(number: int) -> dict[str, object]:
    """What a help desk sends to open a ticket."""
    return {
        "ticket_id": f"T-{number}",
        "title": "Card payment fails",
        "description": "Every card payment ends with error 502.",
        "customer": {"id": "cus-77", "name": "Grace Hopper", "email": "grace@navy.example"},
        "product": "payments",
    }


async def opened(stack: Stack, number: int) -> None:
    """The help desk opens a ticket."""
    async with httpx2.AsyncClient(timeout=20) as http:
        answer = await http.post(
            f"{stack.gateway_url}/api/v1/tickets",
            json=a_ticket(number),
            headers={"Authorization": f"Bearer {stack.tokens.helpdesk}"},
        )
    assert answer.status_code in {200, 201, 202}, answer.text


def of_tickets(stack: Stack) -> list[str]:
    """The keys of the tickets' messages that the sandbox's Slack has taken; a digest may come at any time."""
    posted = stack.sandbox.ledger.entries("slack", "chat.postMessage")
    found = [(entry.marker or "").removeprefix("tierline,key=") for entry in posted]
    return [key for key in found if key.startswith("T-")]


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path, request: pytest.FixtureRequest) -> Stack:
    """A Tierline that runs as processes, in a namespace of its own."""
    name = f"worker-{request.node.name[:40].replace('_', '-')}"
    return Stack(dev_server, policy=POLICY, log_folder=tmp_path / "stack", namespace=name)


async def test_health_readiness_and_metrics_are_served(stack: Stack) -> None:
    async with stack, httpx2.AsyncClient(timeout=10) as http:
        base = f"http://127.0.0.1:{stack.environment()['TIERLINE_WORKER__HEALTH_PORT']}"
        assert (await http.get(f"{base}/healthz")).json() == {"status": "live"}
        assert (await http.get(f"{base}/readyz")).json() == {"status": "ready"}
        metrics = (await http.get(f"{base}/metrics")).text
    assert "temporal_" in metrics


async def test_sigterm_lets_an_activity_finish_and_loses_nothing(stack: Stack, tmp_path: Path) -> None:
    slack = stack.sandbox.faults
    async with stack:
        stack.kill_worker()
        environment = stack.environment()
        with WorkerProcess(tmp_path, environment) as worker:
            await worker.says("working on")
            slack.add(Fault(system="slack", operation="chat.postMessage", kind="latency", delay_s=2, times=1))
            await opened(stack, 1)
            await until(lambda: not slack.active(), "the post is under way")
            worker.asked_to_stop()
            assert await worker.ends() == 0
            assert "Traceback" not in worker.said
        # The post that was under way ended, and Temporal knows it: the next worker does not repeat it.
        assert of_tickets(stack) == ["T-1/card"]
        stack.start_worker()
        await stack.until_worker_ready()
        await until(lambda: len(of_tickets(stack)) > 1, "the ticket goes on")
        assert of_tickets(stack).count("T-1/card") == 1
