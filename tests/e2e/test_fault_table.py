"""Each fault x each action: no message, page or note is lost, and none is doubled. The sandbox's own ledger counts.

A row is a ticket's short story (its card, a page, an acknowledgement, a note, its end) with one fault laid over every call that it makes, or
over every webhook that it depends on.
"""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from cli import front_doors
from cli.demo import DEMO_POLICY
from cli.front_doors import FrontDoors, Json
from cli.narration import Narrator
from sandbox.engine import DevServer
from sandbox.faults import Fault
from sandbox.misdeliveries import Misdelivery
from sandbox.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(480)]
_PATIENCE_S = 90
_CALLS = (
    ("slack", "chat.postMessage", "POST"),
    ("slack", "chat.update", "POST"),
    ("pagerduty", "/notes", "POST"),
    ("pagerduty", "/incidents", "POST"),
    ("pagerduty", "/incidents", "PUT"),
)
_FAULTS: dict[str, dict[str, Any]] = {
    "latency": {"kind": "latency", "delay_s": 1.5, "times": 2},
    "429 with a delay": {"kind": "rate_limit", "retry_after_s": 2, "times": 2},
    "500": {"kind": "status", "status": 500, "times": 2},
    "work done, connection cut": {"kind": "drop_after", "times": 1},
}
_MISDELIVERIES = ("lose", "double", "swap")


def policy_that_pages_soon(folder: Path) -> Path:
    """The demo's, where L1 pages two seconds after nobody took a ticket, and what webhooks missed is looked for often."""
    policy = yaml.safe_load(DEMO_POLICY.read_text(encoding="utf-8"))
    policy["clocks"] = {
        "handoff": {"targets": dict.fromkeys(("P1", "P2", "P3", "P4"), "2s"), "ladder": "handoff"},
    }
    policy["ladders"] = {"handoff": {"rungs": [{"at": 100, "do": ["page", "tell_lead"]}]}}
    policy["tiers"]["L1"]["page"] = {"service": "PSVCPAY", "low_urgency": []}
    policy["pager_watch"] = {"every": "5s", "look_ahead": "1m", "channel": "C0LEADS"}
    for name in ("digest", "audit", "severity_channel"):
        policy.pop(name, None)
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(policy), encoding="utf-8")
    return file


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """A running stack under that policy."""
    running = Stack(
        dev_server, policy=policy_that_pages_soon(tmp_path), log_folder=tmp_path, namespace=f"faults-{uuid4().hex[:12]}"
    )
    async with running:
        yield running


class Row:
    """One ticket's story under one fault."""

    def __init__(self, ticket_id: str, stack: Stack, doors: FrontDoors, tell: Narrator) -> None:
        self.ticket_id = ticket_id
        self._stack = stack
        self._doors = doors
        self._tell = tell
        self.note = f"The terminals in {ticket_id} are rebooted"

    async def play(self) -> None:
        """Opened, paged, acknowledged in PagerDuty, noted on, resolved."""
        await self._doors.open_ticket(
            {
                "ticket_id": self.ticket_id,
                "title": "Card payments fail",
                "description": "Every payment is refused.",
                "customer": {"id": "c", "name": "Customer"},
                "priority": "P1",
            }
        )
        incident = await self._tell.wait_for(f"{self.ticket_id}: the page", self._incident, patience_s=_PATIENCE_S)
        await self._until("the page is known", lambda view: view["pages"][0]["status"] == "triggered")
        await self._doors.acknowledges(incident["id"])
        await self._until("it is taken", lambda view: view["pages"][0]["status"] == "acknowledged")
        await self._doors.types(front_doors.LEAD, f"note {self.ticket_id} {self.note}")
        await self._tell.wait_for(f"{self.ticket_id}: the note", self._noted, patience_s=_PATIENCE_S)
        await self._doors.types(front_doors.LEAD, f"resolve {self.ticket_id} It works again")
        await self._tell.wait_for(f"{self.ticket_id}: the page is over", self._over, patience_s=_PATIENCE_S)
        await self._tell.wait_for(f"{self.ticket_id}: all is said", self._all_is_said, patience_s=_PATIENCE_S)

    async def incidents(self) -> list[Json]:
        """The pages of the ticket."""
        key = f"tierline/{self.ticket_id}/page/"
        return [one for one in await self._doors.incidents() if str(one.get("incident_key", "")).startswith(key)]

    async def notes(self) -> list[str]:
        """Our notes on its page."""
        texts = [note["text"] for one in await self.incidents() for note in one["notes"]]
        return [text for text in texts if self.note in text]

    async def thread(self) -> list[str]:
        """The lines of the card's thread."""
        return [line["text"] for card in await self._doors.cards(self.ticket_id) for line in card["replies"]]

    async def _incident(self) -> Json | None:
        return next(iter(await self.incidents()), None)

    async def _noted(self) -> bool:
        return bool(await self.notes())

    async def _over(self) -> bool:
        return all(one["status"] == "resolved" for one in await self.incidents())

    async def _all_is_said(self) -> bool:
        """The thread's last line, and the card as it is at last."""
        cards = await self._doors.cards(self.ticket_id)
        return (
            bool(cards) and any("Resolved" in line for line in await self.thread()) and "resolved" in cards[0]["text"]
        )

    async def _until(self, what: str, holds: Any) -> None:
        async def look() -> bool:
            view = await self._doors.ticket(self.ticket_id)
            return bool(view["pages"]) and holds(view)

        await self._tell.wait_for(f"{self.ticket_id}: {what}", look, patience_s=_PATIENCE_S)


async def _is_whole(row: Row, doors: FrontDoors) -> None:
    assert len(await row.incidents()) == 1, "one page"
    assert len(await row.notes()) == 1, "the note is on it, once"
    assert len(await doors.cards(row.ticket_id)) == 1, "one card"
    lines = Counter(await row.thread())
    for said in ("Paged the on-call", "Acknowledged the page", row.note, "Resolved"):
        assert sum(count for line, count in lines.items() if said in line and "in PagerDuty" not in line) == 1, said


async def test_no_fault_loses_or_doubles_a_message_a_page_or_a_note(
    stack: Stack, open_doors: FrontDoors, tell: Narrator
) -> None:
    for number, (name, fault) in enumerate(_FAULTS.items(), 1):
        tell.tell("The outside", f"is at fault: {name}")
        for system, operation, method in _CALLS:
            where = {"system": system, "operation": operation, "method": method}
            stack.sandbox.faults.add(Fault.model_validate(where | fault))
        row = Row(f"T-{number}", stack, open_doors, tell)
        await row.play()

        assert all(active.hits for active in stack.sandbox.faults.active()), f"{name}: every action met its fault"
        stack.sandbox.faults.clear()
        await _is_whole(row, open_doors)
        assert stack.sandbox.ledger.duplicates() == {}


async def test_no_webhook_that_goes_astray_loses_or_doubles_an_acknowledgement(
    stack: Stack, open_doors: FrontDoors, tell: Narrator
) -> None:
    for number, kind in enumerate(_MISDELIVERIES, 1):
        tell.tell("PagerDuty's webhooks", f"go astray: {kind}")
        stack.sandbox.deliveries.misdeliveries.add(
            Misdelivery.model_validate({"system": "pagerduty", "kind": kind, "times": 2})
        )
        row = Row(f"T-{number}", stack, open_doors, tell)
        await row.play()

        await _is_whole(row, open_doors)
        assert stack.sandbox.ledger.duplicates() == {}
