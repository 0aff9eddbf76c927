"""Lives of tickets in which commands, deliveries, results, time and restarts come at random, and so in any bundles.

What is proven: whatever a worker with a cold cache rebuilds from history is what the living workflow knew; no workflow task fails. That
each history replays is checked after the test, as after every test.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client

from domain.engineering_rules import EngineeringRules
from domain.messages import (
    Accept,
    CustomerMessage,
    Escalate,
    Note,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    ThreadMessage,
)
from domain.people import Actor
from domain.policy import Policy
from domain.tiers import Priority, Tier
from domain.views import TicketView
from tests.domain.building import HELPDESK, LENA, SAM, TOM, a_policy, an_opening, the_clocks
from tests.workflows.desk import Desk, OpenedTicket
from tests.workflows.outside import Outside
from workflows import ticket_commands

_PATIENCE_S = 120.0
_SHORT = timedelta(seconds=1)


class Bundles:
    """Plays lives on workers that keep only so many workflows in memory."""

    def __init__(self, client: Client, outside: Outside, chance: random.Random, *, cached: int) -> None:
        self._client = client
        self._outside = outside
        self._chance = chance
        self._cached = cached

    async def play(self, *, lives: int, steps: int) -> None:
        """Play so many lives at once, restart the workers meanwhile, and compare what they know with what a cold worker rebuilds.

        Raises:
            AssertionError: a workflow task failed, or the two differ; the message names the seed.
        """
        seed = self._chance.randrange(10**9)
        chance = random.Random(seed)
        tickets: list[OpenedTicket] = []
        async with AsyncExitStack() as running:
            desk = await running.enter_async_context(Desk(self._client, self._outside, cached=self._cached))
            for number in range(lives):
                ticket_id = f"T-{seed}N{number}"
                tickets.append(
                    await desk.opens(
                        an_opening(ticket_id=ticket_id), _policy(), continue_after=chance.choice([40, 10_000])
                    )
                )
            for _ in range(steps):
                await asyncio.gather(*(self._step(ticket, chance) for ticket in tickets))
                if chance.random() < 0.2:
                    await running.aclose()
                    await running.enter_async_context(Desk(self._client, self._outside, cached=self._cached))
            self._outside_works()
            for ticket in tickets:
                await asyncio.wait_for(ticket.rests(), _PATIENCE_S)
            warm = [_lasting(await ticket.view()) for ticket in tickets]
        async with Desk(self._client, self._outside, cached=self._cached):
            cold = [_lasting(await ticket.view()) for ticket in tickets]
        assert cold == warm, f"seed {seed}: a cold worker knows something else"
        for ticket in tickets:
            failed = await failed_tasks(self._client, ticket.handle.id)
            assert failed == [], f"seed {seed}: {ticket.handle.id} has failed tasks"

    async def _step(self, ticket: OpenedTicket, chance: random.Random) -> None:
        deeds: list[Callable[[], Awaitable[object]]] = [
            lambda: self._asks(ticket, chance),
            lambda: self._asks(ticket, chance),
            lambda: ticket.hears(
                ThreadMessage(change="posted", text="a line", by=SAM, ts=f"17{chance.randrange(10**8)}.0001")
            ),
            lambda: asyncio.sleep(chance.uniform(0, 0.4)),
            lambda: self._trouble(chance),
        ]
        await asyncio.gather(*(deed() for deed in chance.sample(deeds, chance.randint(1, 3))))

    async def _asks(self, ticket: OpenedTicket, chance: random.Random) -> None:
        by, request = chance.choice(_REQUESTS)
        with suppress(ticket_commands.NotAllowed, ticket_commands.Over):
            await ticket.does(by, request)

    async def _trouble(self, chance: random.Random) -> None:
        system = chance.choice([self._outside.chat.system, self._outside.jira.system, self._outside.mail.system])
        match chance.randrange(3):
            case 0:
                system.fails(times=chance.randint(1, 4))
            case 1:
                with system.held():
                    await asyncio.sleep(chance.uniform(0, 0.3))
            case _:
                system.works()

    def _outside_works(self) -> None:
        for system in (self._outside.chat.system, self._outside.jira.system, self._outside.mail.system):
            system.works()


_REQUESTS: tuple[tuple[Actor, Request], ...] = (
    (SAM, Accept()),
    (LENA, Escalate(to=Tier.L2, reason="needs the logs")),
    (LENA, Escalate(to=Tier.L3, reason="needs the logs")),
    (LENA, Escalate(to=Tier.L4, vendor="cardnet", reason="theirs")),
    (TOM, Return(to=Tier.L1, reason="no logs")),
    (SAM, Note(text="a note")),
    (SAM, Reply(text="We look into it", awaits_customer=False)),
    (HELPDESK, CustomerMessage(text="Is there any news?")),
    (LENA, SetPriority(priority=Priority.P1)),
    (SAM, Resolve(text="It works again")),
)


def _policy() -> Policy:
    """Clocks that run out within seconds, so that time is among what happens."""
    clocks = {
        kind: rules.model_copy(update={"targets": dict.fromkeys(Priority, _SHORT)})
        for kind, rules in the_clocks().items()
    }
    return a_policy(clocks=clocks, quiet_time=timedelta(days=3), engineering=EngineeringRules())


def _lasting(view: TicketView) -> dict[str, object]:
    """The view without what passes while somebody looks."""
    shown = view.model_dump(mode="json")
    return {
        name: shown[name]
        for name in ("id", "status", "tier", "priority", "timeline", "issues", "late", "owner")
        if name in shown
    }


async def failed_tasks(client: Client, workflow_id: str) -> list[str]:
    """Why workflow tasks of any run failed; a task that the server repeats because a message came just then has not failed."""
    found: list[str] = []
    async for execution in client.list_workflows(f"WorkflowId = '{workflow_id}'"):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        async for event in handle.fetch_history_events():
            if event.event_type is not EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                continue
            failed = event.workflow_task_failed_event_attributes
            if failed.cause != WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND:
                found.append(f"{WorkflowTaskFailedCause.Name(failed.cause)}: {failed.failure.message}")
    return found
