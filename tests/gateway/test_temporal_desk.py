"""The gateway on a real Temporal server: what its requests do to real workflows, with and without a worker."""

import asyncio
import dataclasses
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.worker import Worker

from cli import replay_server
from cli.past_run import carried_by
from config.sections import ApiToken, GatewaySettings, JiraSettings, PagerDutySettings
from config.settings import Settings
from domain.calendar import ALWAYS
from domain.engineering_rules import IssueRules
from domain.issue_messages import TicketJoined
from domain.issues import IssueRef, Tracker
from domain.messages import Accept, Command, Delivery, Escalate, ThreadChange, ThreadMessage
from domain.people import TIERLINE, Actor, ActorKind, Role
from domain.policy import Policy
from domain.ticket_references import ReferenceKind, assignee_of, reference
from domain.tiers import Owner, Priority, Tier
from domain.vendor_case import VendorCase
from gateway.app import app_for
from gateway.composition import gateway_with
from gateway.gateway import Gateway, utc_now
from gateway.temporal_desk import TemporalDesk
from gateway.tickets import DeskUnavailable, TicketEnded, TicketUnknown
from sandbox.signatures import jira_signature, pagerduty_signature
from telemetry.converter import data_converter
from telemetry.registration import register_search_attributes
from tests.gateway.front_door import JIRA, LINK_SECRET, PAGERDUTY, eventually_true, token
from worker import WORKFLOWS, workflow_runner
from workflows import task_queues, workflow_ids
from workflows.desk import TemporalWorkflowDesk
from workflows.engineering_issue import EngineeringIssueWorkflow
from workflows.reopening import reopen
from workflows.vendor_case import VendorCaseWorkflow

pytestmark = pytest.mark.e2e

NEW = {"title": "Card payments fail", "description": "502", "customer": {"id": "c-17", "name": "Contoso"}}


def a_number() -> str:
    """A ticket's id of this test alone."""
    return f"T-{secrets.token_hex(6).upper()}"


def settings_for(folder: Path) -> Settings:
    tokens = tuple(ApiToken(name=role.value, roles=(role,), token=SecretStr(token(role))) for role in Role)
    return Settings(
        gateway=GatewaySettings(link_secret=LINK_SECRET, api_tokens=tokens, quarantine_dir=folder / "quarantine"),
        jira=JiraSettings(
            url="http://127.0.0.1:1", email="bot@acme.example", api_token=SecretStr("t"), webhook_secret=JIRA
        ),
        pagerduty=PagerDutySettings(
            api_key=SecretStr("k"),
            from_email="bot@acme.example",
            webhook_secret=PAGERDUTY,
            base_url="http://127.0.0.1:1",
        ),
    )


class Caller:
    """Calls one gateway over HTTP, in this process."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        transport = httpx2.ASGITransport(app=app_for(gateway))
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://tierline.example", timeout=30)

    async def api(
        self, method: str, path: str, body: object = None, *, role: Role = Role.LEAD, key: str | None = None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token(role)}"} | ({"Idempotency-Key": key} if key else {})
        return await self.http.request(method, f"/api/v1/tickets{path}", json=body, headers=headers)

    async def open(self, ticket_id: str) -> None:
        assert (await self.api("POST", "", NEW | {"ticket_id": ticket_id})).status_code == 201


@pytest.fixture
async def client(temporal_client: Client) -> Client:
    """A client of a server that knows our search attributes."""
    await register_search_attributes(temporal_client)
    return temporal_client


@pytest.fixture
async def caller(client: Client, policy: Policy, tmp_path: Path) -> AsyncIterator[Caller]:
    """A caller of a gateway on the dev server."""
    async with gateway_with(settings_for(tmp_path), policy, client) as gateway:
        yield Caller(gateway)


@asynccontextmanager
async def working(client: Client) -> AsyncIterator[None]:
    """With a worker for workflows; no system outside is there."""
    async with Worker(client, task_queue=task_queues.WORKFLOWS, workflows=WORKFLOWS, workflow_runner=workflow_runner()):
        yield


async def end(client: Client, *workflows: str) -> None:
    """Leave nothing running on the server that the tests share."""
    for workflow_id in workflows:
        await client.get_workflow_handle(workflow_id).terminate("end of test")


async def test_a_ticket_is_opened_once_and_taken_by_command(client: Client, caller: Caller) -> None:
    ticket, key = a_number(), secrets.token_hex(8)
    body = NEW | {"ticket_id": ticket}
    async with working(client):
        first = await caller.api("POST", "", body, key=key)
        again = await caller.api("POST", "", body, key=key)
        differs = await caller.api("POST", "", body | {"title": "Else"}, key=key)
        taken = await caller.api("POST", "", body, key="another")
        accepted = await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT, key=key)
        repeated = await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT, key=key)
        refused = await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT)
        view = (await caller.api("GET", f"/{ticket}")).json()
        timeline = (await caller.api("GET", f"/{ticket}/timeline")).json()
    await end(client, workflow_ids.ticket_id(ticket))

    assert [r.status_code for r in (first, again, differs, taken)] == [201, 200, 422, 409]
    assert (accepted.status_code, accepted.json()) == (200, repeated.json())
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tierline:problem:refused")
    assert "was taken by agent already" in refused.json()["detail"]
    assert (view["owner"], view["title"]) == ("agent", "Card payments fail")
    assert any("agent" in entry["who"] for entry in timeline["entries"])


async def test_a_ticket_opens_without_a_worker_and_what_needs_one_says_so(
    client: Client, caller: Caller, policy: Policy
) -> None:
    ticket = a_number()

    opened = await caller.api("POST", "", NEW | {"ticket_id": ticket})
    object.__setattr__(caller.gateway, "api_patience", 1.0)
    command = await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT, key="k")
    async with working(client):
        later = await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT, key="k")
        view = (await caller.api("GET", f"/{ticket}")).json()
    await end(client, workflow_ids.ticket_id(ticket))

    assert opened.status_code == 201
    assert (opened.json()["id"], opened.json()["tier"]) == (ticket, "L1")
    assert (command.status_code, command.headers["retry-after"]) == (503, "5")
    assert later.status_code == 200
    assert [clock["target_s"] for clock in view["clocks"]] == [clock["target_s"] for clock in opened.json()["clocks"]]


async def test_open_tickets_are_listed_without_asking_them(client: Client, caller: Caller, policy: Policy) -> None:
    mine, free = a_number(), a_number()
    sam = Actor(kind=ActorKind.SLACK, id=f"U0{secrets.token_hex(4).upper()}", name="sam", roles=frozenset({Role.AGENT}))
    desk = caller.gateway.desk

    async def assigned() -> list[str]:
        listed = await desk.open_tickets(assignee=assignee_of(sam))
        return [ticket.ticket_id for ticket in listed.tickets]

    async with working(client):
        for ticket in (mine, free):
            await caller.open(ticket)
        await desk.execute(mine, Command(id=secrets.token_hex(8), by=sam, request=Accept()))
        await eventually_true(lambda: _is(assigned, [mine]))
    # The workers are gone: a list needs none.
    everyone = {ticket.ticket_id: ticket for ticket in (await desk.open_tickets()).tickets}
    few = await desk.open_tickets(most=1)
    soon, later = [
        {ticket.ticket_id for ticket in (await desk.open_tickets(due_before=utc_now() + within)).tickets}
        for within in (timedelta(minutes=30), timedelta(minutes=90))
    ]
    await end(client, workflow_ids.ticket_id(mine), workflow_ids.ticket_id(free))

    assert {mine, free} <= set(everyone)
    listed = everyone[free]
    assert (listed.tier, listed.priority, listed.owner) == (Tier.L1, Priority.P3, Owner.L1)
    # There is one clock of an hour, and no ladder.
    assert listed.due_at == listed.opened_at + timedelta(hours=1)
    assert (listed.owner_since, listed.breaches, listed.late) == (listed.opened_at, 0, ())
    assert (len(few.tickets), few.more) == (1, True)
    assert free not in soon
    assert free in later


async def test_what_is_written_below_a_card_is_told_by_its_ticket_once(client: Client, caller: Caller) -> None:
    ticket, desk = a_number(), caller.gateway.desk
    sam = Actor(kind=ActorKind.SLACK, id="U0SAM", name="sam")
    ts = f"{int(utc_now().timestamp())}.000100"
    said = ThreadMessage(change=ThreadChange.POSTED, ts=ts, by=sam, text="the acquirer rotated its key")
    async with working(client):
        await caller.open(ticket)
        for _ in range(2):
            assert await desk.deliver(ticket, Delivery(id="slack/Ev01", body=said))
        view = await desk.view(ticket)
    await end(client, workflow_ids.ticket_id(ticket))

    told = [(entry.who, entry.text, entry.public) for entry in view.timeline if entry.who == "sam"]
    assert told == [("sam", "in the thread: the acquirer rotated its key", False)]
    assert view.first_response_at is None


@asynccontextmanager
async def an_outside_that_takes_all(client: Client) -> AsyncIterator[None]:
    """With workers for what a ticket does outside: they say that it is done."""
    async with AsyncExitStack() as stack:
        for queue in (task_queues.SLACK, task_queues.PAGERDUTY, task_queues.MAIL, task_queues.LINKS):
            await stack.enter_async_context(Worker(client, task_queue=queue, activities=[replay_server.answer]))
        yield


async def test_unknown_and_closed_tickets_are_told_apart(client: Client, caller: Caller, policy: Policy) -> None:
    ticket = a_number()
    soon_closed = policy.model_copy(update={"quiet_time": timedelta(seconds=1)})
    caller = Caller(dataclasses.replace(caller.gateway, desk=TemporalDesk(client, soon_closed, now=utc_now)))
    async with working(client), an_outside_that_takes_all(client):
        await caller.open(ticket)
        assert (await caller.api("POST", f"/{ticket}/resolve", {"text": "solved"})).status_code == 200
        await asyncio.wait_for(client.get_workflow_handle(workflow_ids.ticket_id(ticket)).result(), 30)
        unknown = await caller.api("POST", f"/{a_number()}/accept")
        ended = await caller.api("POST", f"/{ticket}/accept")
        reused = await caller.api("POST", "", NEW | {"ticket_id": ticket})
        missing = await caller.api("GET", f"/{a_number()}")

    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:tierline:problem:unknown-ticket")
    assert (ended.status_code, ended.json()["type"]) == (409, "urn:tierline:problem:ticket-closed")
    assert (reused.status_code, reused.json()["type"]) == (409, "urn:tierline:problem:ticket-exists")
    assert missing.status_code == 404


async def test_a_pagerduty_delivery_reaches_the_ticket_also_without_a_worker(client: Client, caller: Caller) -> None:
    ticket = a_number()
    await caller.open(ticket)
    event = {
        "id": secrets.token_hex(8),
        "event_type": "incident.annotated",
        "agent": {"summary": "Ada"},
        "data": {"content": "looking", "incident": {"id": "P1", "incident_key": f"tierline/{ticket}/page/1"}},
    }
    body = httpx2.Request("POST", "http://x", json={"event": event}).content
    headers = pagerduty_signature(PAGERDUTY, body)

    answers = [await caller.http.post("/webhooks/pagerduty", content=body, headers=headers) for _ in range(2)]

    assert [answer.json() for answer in answers] == [{"outcome": "taken"}] * 2
    history = await client.get_workflow_handle(workflow_ids.ticket_id(ticket)).fetch_history()
    await end(client, workflow_ids.ticket_id(ticket))
    signals = [event.workflow_execution_signaled_event_attributes for event in history.events]
    assert [signal.signal_name for signal in signals if signal.signal_name] == ["deliver", "deliver"]


async def test_a_jira_delivery_hints_the_issues_workflow_and_other_issues_are_ignored(
    client: Client, caller: Caller
) -> None:
    issue_id = str(secrets.randbelow(10**9))
    ref = IssueRef(tracker=Tracker.JIRA, id=issue_id, key="PAY-1", url="https://acme.example/browse/PAY-1")
    desk = TemporalWorkflowDesk(client, public_url="https://tierline.example", now=utc_now)
    await desk.join_issue(TicketJoined(id="j", ticket_id="T-1", title="t", ref=ref), IssueRules())

    async def told(issue: str) -> Any:
        body = httpx2.Request("POST", "http://x", json={"webhookEvent": "jira:issue_updated", "issue": {"id": issue}})
        headers = jira_signature(JIRA, body.content)
        return (await caller.http.post("/webhooks/jira", content=body.content, headers=headers)).json()

    assert await told(issue_id) == {"outcome": "taken"}
    assert await told("0") == {"outcome": "ignored"}
    handle = client.get_workflow_handle_for(EngineeringIssueWorkflow.run, workflow_ids.issue_id("jira", issue_id))
    history = await handle.fetch_history()
    await handle.terminate("end of test")
    signals = [event.workflow_execution_signaled_event_attributes for event in history.events]
    assert [signal.signal_name for signal in signals if signal.signal_name] == ["hear", "hear"]


async def test_the_vendors_answer_reaches_its_case_once(client: Client, caller: Caller) -> None:
    ticket = a_number()
    case = VendorCase(
        ticket_id=ticket,
        number=1,
        vendor="acquirer",
        vendor_name="Acquirer Ltd",
        email="desk@acquirer.example",
        title="Cards declined",
        text="Why?",
        opened_at=datetime.now(UTC),
        target=timedelta(hours=4),
        calendar=ALWAYS,
    )
    await TemporalWorkflowDesk(client, public_url="https://tierline.example", now=utc_now).open_case(case)
    url = caller.gateway.links.url(ticket, 1)
    handle = client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id(ticket, 1))

    async with working(client):
        page = await caller.http.get(url)
        form = {"answer": "A rule was wrong.", "solved": "yes", "nonce": "n-1"}
        sent = [await caller.http.post(url, data=form) for _ in range(2)]
        await eventually_true(lambda: _answered(handle))
        state = await handle.query(VendorCaseWorkflow.case)
        afterwards = await caller.http.get(url)
    await handle.terminate("end of test")

    assert "Acquirer Ltd" in page.text
    assert [answer.status_code for answer in sent] == [200, 200]
    assert (state.answer, state.solved) == ("A rule was wrong.", True)
    assert "A rule was wrong." in afterwards.text


async def test_a_server_that_is_not_there_is_unavailable_and_not_ready(policy: Policy, free_port: int) -> None:
    client = await Client.connect(f"127.0.0.1:{free_port}", lazy=True, data_converter=data_converter)
    desk = TemporalDesk(client, policy, now=utc_now)

    async with asyncio.timeout(5):
        assert not await desk.reachable()
        with pytest.raises(DeskUnavailable):
            await desk.view("T-1042")
        with pytest.raises(DeskUnavailable):
            await desk.vendor_case("T-1042", 1)


async def test_the_gateway_is_ready_when_the_server_answers(caller: Caller) -> None:
    assert (await caller.http.get("/readyz")).json() == {"status": "ok"}


async def _is(ask: Callable[[], Awaitable[object]], wanted: object) -> bool:
    return await ask() == wanted


async def _answered(handle: Any) -> bool:
    state: VendorCase = await handle.query(VendorCaseWorkflow.case)
    return state.answered_at is not None


async def test_tickets_are_found_by_what_they_are_known_by_open_ones_first(client: Client, caller: Caller) -> None:
    word = f"O'Hara & Söhne %_ {secrets.token_hex(4)}"
    known = reference(ReferenceKind.HELP_DESK, word)
    closed, first, second = (a_number() for _ in range(3))
    desk = caller.gateway.desk
    async with working(client):
        for number in (closed, first, second):
            body = NEW | {"ticket_id": number, "external_ref": word}
            assert (await caller.api("POST", "", body)).status_code == 201
        await end(client, workflow_ids.ticket_id(closed))

        async def shown() -> bool:
            found = await desk.find([known])
            return len(found) == 3 and found[-1] == closed

        await eventually_true(shown)
        found = await desk.find(["helpdesk/of nobody", known])
        of_nobody = [
            await desk.find([reference(ReferenceKind.HELP_DESK, written)])
            for written in (f"{word}' OR TierlineTier = 'L1", f"{word}\\", f'{word}"', f"{word}\\' OR 1 = 1")
        ]
    await end(client, workflow_ids.ticket_id(first), workflow_ids.ticket_id(second))

    assert (set(found[:2]), found[2]) == ({first, second}, closed)
    assert of_nobody == [[], [], [], []]
    assert await desk.find([]) == []


async def test_no_more_tickets_are_found_than_a_person_can_choose_from(client: Client, caller: Caller) -> None:
    word = secrets.token_hex(8)
    numbers = [a_number() for _ in range(7)]
    async with working(client):
        for number in numbers:
            await caller.api("POST", "", NEW | {"ticket_id": number, "external_ref": word})

        async def shown() -> bool:
            return len(await caller.gateway.desk.find([f"helpdesk/{word}"])) == 6

        await eventually_true(shown)
    await end(client, *(workflow_ids.ticket_id(number) for number in numbers))


async def test_a_real_ticket_tells_what_a_command_would_bring_and_what_it_lacks(client: Client, caller: Caller) -> None:
    number = a_number()
    lead = Actor(kind=ActorKind.SLACK, id="U0LENA", name="Lena", roles=frozenset({Role.LEAD}))
    escalate = Command(id="preview", by=lead, request=Escalate(to=Tier.L2, reason="why"))
    async with working(client):
        assert (await caller.api("POST", "", NEW | {"ticket_id": number})).status_code == 201
        looked = await caller.gateway.desk.preview(number, [escalate])
        refused = await caller.gateway.desk.preview(number, [escalate.model_copy(update={"by": TIERLINE})])
        unchanged = await caller.gateway.desk.view(number)
    await end(client, workflow_ids.ticket_id(number))

    assert looked.refusal is None
    assert looked.promises[0].text.startswith("goes from L1")
    assert refused.refusal is not None
    assert unchanged.tier is Tier.L1
    with pytest.raises(TicketUnknown):
        await caller.gateway.desk.preview(a_number(), [escalate])


async def test_a_ticket_that_ended_before_its_time_says_so_plainly(client: Client, caller: Caller) -> None:
    ticket, key = a_number(), secrets.token_hex(8)
    async with working(client):
        await caller.open(ticket)
        before = (await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT, key=key)).json()
        seen_at = datetime.now(UTC)
        await client.get_workflow_handle(workflow_ids.ticket_id(ticket)).terminate("by hand")
        read = await caller.api("GET", f"/{ticket}")
        command = await caller.api("POST", f"/{ticket}/note", {"text": "hello?"}, role=Role.AGENT)
        timeline = await caller.api("GET", f"/{ticket}/timeline")
        past = await caller.api("GET", f"/{ticket}/timeline?as_of={seen_at.isoformat().replace('+', '%2B')}")
        repeated = await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT, key=key)
        heard = await caller.gateway.desk.deliver(ticket, a_thread_message())
        with pytest.raises(TicketEnded):
            await caller.gateway.desk.preview(ticket, [])
        await reopen(client, workflow_ids.ticket_id(ticket), carried_by, now=datetime.now(UTC), in_flight=timedelta(0))
        after = await caller.api("POST", f"/{ticket}/note", {"text": "hello?"}, role=Role.AGENT)
        view = await caller.api("GET", f"/{ticket}")
    await end(client, workflow_ids.ticket_id(ticket))

    for answer in (read, command, timeline):
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:tierline:problem:ticket-ended")
        assert answer.json()["detail"].startswith(f"The workflow of ticket {ticket} was terminated on 20")
        assert f"`tierline doctor --reopen {ticket}`" in answer.json()["detail"]
    assert past.status_code == 200
    assert (repeated.status_code, repeated.json()) == (200, before)
    assert heard is False
    assert after.status_code == 200
    assert (view.json()["status"], view.json()["owner"]) == ("open", "agent")


def a_thread_message() -> Delivery:
    """Somebody wrote in the card's thread."""
    by = Actor(kind=ActorKind.SLACK, id="U1", name="sam")
    return Delivery(id="slack/1", body=ThreadMessage(change=ThreadChange.POSTED, ts="1.0", by=by, text="hello?"))


async def test_a_ticket_that_ended_with_messages_unread_says_so_too(client: Client, caller: Caller) -> None:
    """No worker answers for such a run: what came after its last task never gets a task of its own."""
    ticket = a_number()
    async with working(client):
        await caller.open(ticket)
        assert (await caller.api("POST", f"/{ticket}/accept", role=Role.AGENT)).status_code == 200
        accepted_at = datetime.now(UTC)
    assert await caller.gateway.desk.deliver(ticket, a_thread_message())
    await client.get_workflow_handle(workflow_ids.ticket_id(ticket)).terminate("by hand")
    as_of = accepted_at.isoformat().replace("+", "%2B")
    async with working(client):
        answers = [
            await caller.api("GET", f"/{ticket}"),
            await caller.api("POST", f"/{ticket}/note", {"text": "hello?"}, role=Role.AGENT),
            await caller.api("GET", f"/{ticket}/timeline?as_of={as_of}"),
        ]

    assert [answer.status_code for answer in answers] == [410] * 3
