"""Outages on order, seen by the clients that meet them: requests and httpx over real connections."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2
import pytest
import requests
from pydantic import ValidationError

from sandbox.faults import Fault, FaultMiddleware, Faults, system_of
from sandbox.server import Sandbox

T = TypeVar("T")
ISSUE = {"title": "Refund fails"}


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def github(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.credentials.github_token.get_secret_value()}"}


def issues_url(sandbox: Sandbox) -> str:
    return f"{sandbox.http_url}/github/repos/acme/storefront/issues"


async def order(people: httpx2.AsyncClient, **fault: Any) -> None:
    answer = await people.post("/sandbox/faults", json=fault)
    assert answer.status_code == 201, answer.text


def test_a_path_belongs_to_one_system() -> None:
    assert system_of("/pagerduty-events/v2/enqueue") == "pagerduty-events"
    assert system_of("/pagerduty/incidents") == "pagerduty"
    assert system_of("/slack/api/chat.postMessage") == "slack"
    assert system_of("/people/jira/issues") is None
    assert system_of("/sandbox/faults") is None


def test_a_fault_ends_after_its_times_and_after_its_seconds() -> None:
    clock = Clock()
    faults = Faults(clock)
    faults.add(Fault(system="jira", kind="status", times=2))
    faults.add(Fault(system="jira", kind="rate_limit", seconds=10))
    kinds = []
    for moment in (0, 1, 2, 9.9, 10):
        clock.now = moment
        hit = faults.take("jira", "/issue")
        kinds.append(hit.kind if hit else None)
    assert kinds == ["status", "status", "rate_limit", "rate_limit", None]
    assert faults.active() == []


def test_a_fault_hits_only_its_system_operation_and_method() -> None:
    faults = Faults()
    faults.add(Fault(system="slack", operation="chat.postMessage", method="post", kind="status"))
    assert faults.take("slack", "/slack/api/chat.update", "POST") is None
    assert faults.take("jira", "/slack/api/chat.postMessage", "POST") is None
    assert faults.take("slack", "/slack/api/chat.postMessage", "GET") is None
    assert faults.take("slack", "/slack/api/chat.postMessage", "POST") is not None
    faults.clear("jira")
    assert len(faults.active()) == 1
    faults.clear()
    assert faults.active() == []


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "latency"}, {"kind": "status", "status": 200}, {"kind": "explode"}, {"kind": "status", "color": "red"}],
)
def test_an_order_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"system": "jira", **wrong})


async def test_a_status_is_answered_in_the_vendors_shape_and_nothing_is_done(
    sandbox: Sandbox, people: httpx2.AsyncClient
) -> None:
    await order(people, system="github", kind="status", status=502, times=1)
    first = await people.post(issues_url(sandbox), json=ISSUE, headers=github(sandbox))
    assert (first.status_code, first.json()["message"], sandbox.github.issues) == (502, "Server Error", [])
    second = await people.post(issues_url(sandbox), json=ISSUE, headers=github(sandbox))
    assert (second.status_code, len(sandbox.github.issues)) == (201, 1)


@pytest.mark.parametrize(
    ("system", "path", "status", "header"),
    [
        ("slack", "/slack/api/chat.postMessage", 429, "retry-after"),
        ("jira", "/jira/rest/api/3/myself", 429, "retry-after"),
        ("github", "/github/user", 403, "retry-after"),
        ("pagerduty", "/pagerduty/users/me", 429, "ratelimit-reset"),
        ("pagerduty-events", "/pagerduty-events/v2/enqueue", 429, "retry-after"),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    sandbox: Sandbox, people: httpx2.AsyncClient, system: str, path: str, status: int, header: str
) -> None:
    await order(people, system=system, kind="rate_limit", retry_after_s=7)
    answer = await people.post(path)
    assert (answer.status_code, answer.headers[header]) == (status, "7")


async def test_latency_holds_a_call_and_then_does_it(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await order(people, system="github", kind="latency", delay_s=0.3, times=1)
    slow = await people.post(issues_url(sandbox), json=ISSUE, headers=github(sandbox))
    assert (slow.status_code, slow.elapsed.total_seconds() >= 0.3, len(sandbox.github.issues)) == (201, True, 1)


def with_requests(sandbox: Sandbox) -> None:
    requests.post(issues_url(sandbox), json=ISSUE, headers=github(sandbox), timeout=10)


def with_httpx(sandbox: Sandbox) -> None:
    httpx2.post(issues_url(sandbox), json=ISSUE, headers=github(sandbox), timeout=10)


@pytest.mark.parametrize(
    ("call", "error"),
    [(with_requests, requests.ConnectionError), (with_httpx, httpx2.RemoteProtocolError)],
)
async def test_a_connection_is_cut_after_the_work_was_done(
    sandbox: Sandbox, people: httpx2.AsyncClient, call: Callable[[Sandbox], None], error: type[Exception]
) -> None:
    await order(people, system="github", operation="/issues", method="POST", kind="drop_after", times=1)
    with pytest.raises(error):
        await asyncio.to_thread(call, sandbox)
    assert [issue.title for issue in sandbox.github.issues] == ["Refund fails"]
    await asyncio.to_thread(call, sandbox)
    assert len(sandbox.github.issues) == 2


async def test_under_a_server_that_hides_its_connection_the_answer_is_cut_short() -> None:
    faults = Faults()
    faults.add(Fault(system="github", kind="drop_after"))
    done: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        done.append(scope["path"])
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/github/x"}
    await FaultMiddleware(app, faults)(scope, receive, send)
    assert done == ["/github/x"]
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_every_call_is_counted_with_what_hit_it(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await people.get("/jira/rest/api/3/serverInfo")
    await order(people, system="github", kind="drop_after", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        await people.post(issues_url(sandbox), json=ISSUE, headers=github(sandbox))
    await people.get("/people/github/issues")
    counted = (await people.get("/sandbox/requests")).json()
    assert [(one["system"], one["method"], one["status"], one["fault"]) for one in counted] == [
        ("jira", "GET", 200, None),
        ("github", "POST", None, "drop_after"),
    ]
    only = (await people.get("/sandbox/requests", params={"system": "github", "path": "issues"})).json()
    assert len(only) == 1


async def test_faults_are_shown_and_cleared(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await order(people, system="jira", kind="status", times=3)
    await people.get("/jira/rest/api/3/serverInfo")
    [shown] = (await people.get("/sandbox/faults")).json()
    assert (shown["hits"], shown["left"], shown["fault"]["system"]) == (1, 2, "jira")
    assert (await people.delete("/sandbox/faults")).status_code == 204
    assert (await people.get("/jira/rest/api/3/serverInfo")).status_code == 200


async def test_one_fault_is_ended_and_the_others_go_on(people: httpx2.AsyncClient) -> None:
    await order(people, system="jira", kind="status")
    await order(people, system="github", kind="status")
    first, second = (await people.get("/sandbox/faults")).json()
    assert (await people.delete(f"/sandbox/faults/{first['id']}")).status_code == 204
    assert [one["id"] for one in (await people.get("/sandbox/faults")).json()] == [second["id"]]
    assert (await people.get("/jira/rest/api/3/serverInfo")).status_code == 200


async def test_the_ledger_is_read_and_filtered(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    marked = {"title": "Refund fails", "body": "<!-- tierline:T-1/3 -->"}
    for _ in range(2):
        await people.post(issues_url(sandbox), json=marked, headers=github(sandbox))
    entries = (await people.get("/sandbox/ledger", params={"system": "github", "operation": "issue.create"})).json()
    assert [(entry["subject"], entry["marker"], entry["actor"]) for entry in entries] == [
        ("1", "tierline:T-1/3", "tierline-bot"),
        ("2", "tierline:T-1/3", "tierline-bot"),
    ]
    assert sandbox.ledger.duplicates() == {("github", "issue.create", "tierline:T-1/3"): 2}
    assert (await people.get("/sandbox/ledger", params={"system": "jira"})).json() == []
