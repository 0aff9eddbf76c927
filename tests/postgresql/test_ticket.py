"""A real ticket on the real server: what PostgreSQL holds outlives the server's death, to the instant."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from rich.console import Console

from cli import front_doors
from cli.demo import DEMO_POLICY
from cli.front_doors import DoorClosed, FrontDoors, Json
from cli.narration import Narrator
from sandbox.engine import DevServer, EngineChoice
from sandbox.stack import Stack
from tests.postgresql.server import TemporalServer

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(240)]
TICKET = "T-2001"


@pytest.fixture
async def stack(postgresql_server: TemporalServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """Sandbox, gateway and worker on the server that keeps its state in PostgreSQL."""
    server = DevServer(EngineChoice("address", "", address=postgresql_server.address), namespace="default")
    async with server:
        namespace = f"ticket-{uuid4().hex[:12]}"
        async with Stack(server, policy=DEMO_POLICY, log_folder=tmp_path, namespace=namespace) as running:
            yield running


async def test_a_tickets_clock_runs_through_the_death_of_the_server(
    stack: Stack, postgresql_server: TemporalServer
) -> None:
    tell = Narrator(Console(width=140))
    async with httpx2.AsyncClient(timeout=20) as http:
        doors = FrontDoors(http, gateway=stack.gateway_url, sandbox=stack.sandbox.http_url, token=stack.tokens.helpdesk)
        opened = await doors.open_ticket(
            {
                "ticket_id": TICKET,
                "title": "Card payments are refused",
                "description": "Every card is refused at the till.",
                "customer": {"id": "jo", "name": "Jo's Bakery", "email": "jo@bakery.example"},
                "priority": "P2",
                "product": "payments",
            }
        )
        await tell.wait_for("a card", lambda: doors.cards(TICKET))
        postgresql_server.kill()
        await postgresql_server.start()

        async def in_l2() -> Json | None:
            try:
                view = await doors.ticket(TICKET)
            except (DoorClosed, httpx2.HTTPError):
                # The gateway says 503 until the server is back.
                return None
            return view if view["tier"] == "L2" else None

        moved = await tell.wait_for("the ladder's hand-over", in_l2)
        handoff = next(clock for clock in opened["clocks"] if clock["kind"] == "handoff")
        # The ticket's own instant: the answer to its opening may have been worked out before its first task ran.
        due = datetime.fromisoformat(moved["opened_at"]) + timedelta(seconds=handoff["target_s"])
        entered = datetime.fromisoformat(moved["stints"][1]["entered_at"])
        assert abs(entered - due) < timedelta(seconds=1), "the instant is the clock's, whatever time the code ran"
        await doors.types(front_doors.LEAD, f"escalate {TICKET} L3 all terminals refuse")
        await tell.wait_for("the Jira issue", doors.jira_issues)
        await tell.wait_for("the page", doors.incidents)
        assert len(await doors.cards(TICKET)) == 1
        assert stack.sandbox.ledger.duplicates() == {}
