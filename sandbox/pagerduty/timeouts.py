"""Does what happens to incidents by itself, when its time has come."""

import asyncio
import contextlib
from datetime import datetime

from sandbox.pagerduty import changes
from sandbox.pagerduty.escalation_policies import next_step
from sandbox.pagerduty.pending_actions import Action, pending_actions
from sandbox.pagerduty.state import Incident, PagerDutyState


class Timeouts:
    """Carries out the time-outs of one account while its task runs."""

    def __init__(self, state: PagerDutyState) -> None:
        self._state = state
        self._task: asyncio.Task[None] | None = None
        self._next: dict[str, datetime] = {}
        """When the next thing happens to an incident by itself, by its id."""

    def start(self) -> None:
        """Begin; within an event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            soonest = self.carry_out_what_is_due()
            seconds = None if soonest is None else max(0.0, (soonest - self._state.clock()).total_seconds())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._state.touched.wait(), seconds)

    def carry_out_what_is_due(self) -> datetime | None:
        """Do what is due now, each incident's soonest first; give when the next thing will be."""
        now = self._state.clock()
        due = {id_ for id_, at in self._next.items() if at <= now}
        # Hundreds of incidents may be open: only those to which something happened are worked out again.
        while todo := due | self._state.touched.take():
            due = set()
            for id_ in todo:
                self._carry_out(self._state.incidents[id_])
        return min(self._next.values(), default=None)

    def _carry_out(self, incident: Incident) -> None:
        # What is done moves the incident's other time-outs, so that they are worked out again after each.
        while (pending := pending_actions(self._state, incident)) and pending[0][1] <= self._state.clock():
            self._do(incident, pending[0][0])
        if pending:
            self._next[incident.id] = pending[0][1]
        else:
            self._next.pop(incident.id, None)

    def _do(self, incident: Incident, action: Action) -> None:
        match action:
            case "escalate" if next_step(incident.escalation_policy, incident.step) is None:
                changes.exhaust(self._state, incident)
            case "escalate":
                changes.escalate_by_itself(self._state, incident)
            case "unacknowledge":
                changes.unacknowledge(self._state, incident)
            case "resolve":
                changes.resolve(self._state, incident.service, incident)
