"""Effects for the joint retro: counting what happened."""

from datetime import datetime

from temporalio import activity

from domain.digest import Digest, summarise
from domain.frozen import Frozen
from integrations.workflow_desk import WorkflowDesk


class RetroPeriod(Frozen):
    """The period that a digest looks back on, ``[start, end)``."""

    team: str
    start: datetime
    end: datetime


class RetroActivities:
    """Counts a period from the tickets' facts."""

    def __init__(self, desk: WorkflowDesk) -> None:
        self._desk = desk

    @activity.defn(name="retro_count")
    async def count(self, period: RetroPeriod) -> Digest:
        """The digest of a period. Only numbers leave the activity, so that its size does not grow with the tickets."""
        facts = await self._desk.ticket_facts(period.start)
        return summarise(period.team, facts, period.start, period.end)
