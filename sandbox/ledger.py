"""Every write that took effect in the sandbox, so that a test can count what was done and what was done twice."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict


class LedgerEntry(BaseModel):
    """One effective write: something in an outside system is different after it."""

    model_config = ConfigDict(frozen=True)

    system: str
    operation: str
    """What was done, in the sandbox's words: ``issue.create``, ``incident.create``, ``chat.postMessage``."""
    subject: str
    """The vendor's id of what was written."""
    marker: str | None = None
    """The idempotency key or marker that the caller sent and the vendor could see, if there was one."""
    actor: str | None = None
    """The account that wrote; a person's, or the bot's."""
    repeatable: bool = False
    """Whether it may rightly be done again under the same marker, such as an edit."""
    at: AwareDatetime


class Ledger:
    """An append-only list of effective writes, oldest first."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._entries: list[LedgerEntry] = []

    def record(
        self,
        system: str,
        operation: str,
        subject: str,
        marker: str | None = None,
        actor: str | None = None,
        *,
        repeatable: bool = False,
    ) -> LedgerEntry:
        """Add one write and return its entry."""
        entry = LedgerEntry(
            system=system,
            operation=operation,
            subject=subject,
            marker=marker,
            actor=actor,
            repeatable=repeatable,
            at=self._clock(),
        )
        self._entries.append(entry)
        return entry

    def entries(self, system: str | None = None, operation: str | None = None) -> list[LedgerEntry]:
        """The writes, oldest first, of one system and one operation where these are given."""
        return [
            entry
            for entry in self._entries
            if (system is None or entry.system == system) and (operation is None or entry.operation == operation)
        ]

    def duplicates(self, system: str | None = None) -> dict[tuple[str, str, str], int]:
        """How often each (system, operation, marker) was written, for those written more often than is right."""
        counted = Counter(
            (entry.system, entry.operation, entry.marker)
            for entry in self.entries(system)
            if entry.marker is not None and not entry.repeatable
        )
        return {(s, o, m): count for (s, o, m), count in counted.items() if count > 1}


def build_router(ledger: Ledger) -> APIRouter:
    """``GET /sandbox/ledger``: the writes, oldest first, filtered by ``system`` and ``operation``."""
    router = APIRouter(prefix="/sandbox")

    @router.get("/ledger")
    async def read_ledger(system: str | None = None, operation: str | None = None) -> list[LedgerEntry]:
        return ledger.entries(system, operation)

    return router
