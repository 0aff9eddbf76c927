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
        state = self._state
        while True:
            state.changed.clear()
            soonest = self.carry_out_what_is_due()
            seconds = None if soonest is None else max(0.0, (soonest - state.clock()).total_seconds())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(state.changed.wait(), seconds)

    def carry_out_what_is_due(self) -> datetime | None:
        """Do what is due now, each incident's soonest first; give when the next thing will be."""
        state = self._state
        for incident in list(state.incidents.values()):
            # What is done moves the incident's other time-outs, so that they are worked out again after each.
            while (due := pending_actions(state, incident)) and due[0][1] <= state.clock():
                self._do(incident, due[0][0])
        waiting = [action for each in state.incidents.values() for action in pending_actions(state, each)[:1]]
        return min((at for _, at in waiting), default=None)

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
