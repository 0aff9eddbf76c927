"""Tickets whose one clock runs out soon, and that then page: for what is measured, and tested, about many breaches at a time."""

import functools
from datetime import timedelta

from temporalio.client import Client

from config.policy import load_policy
from domain.messages import OpenTicket
from domain.people import Actor, ActorKind, Customer
from domain.policy import Action, ClockKind, ClockRules, Ladder, PageRules, Policy, Rung
from domain.tiers import Priority, Tier
from sandbox.stack import ROOT
from workflows import task_queues, urgency, workflow_ids
from workflows.ticket import TicketStart, TicketWorkflow

DEMO_POLICY = ROOT / "config" / "policies" / "demo.yaml"


@functools.cache
def _demo() -> Policy:
    return load_policy(DEMO_POLICY)


def breaching(target: timedelta) -> Policy:
    """The demo's policy with one clock of that length (in whole seconds, one at least), whose breach pages and tells the lead."""
    base = _demo()
    seconds = timedelta(seconds=max(round(target.total_seconds()), 1))
    clock = ClockRules(targets=dict.fromkeys(Priority, seconds), ladder="breach")
    l1 = base.tiers[Tier.L1].model_copy(update={"page": PageRules(service="PSVCPAY")})
    changes = {
        "tiers": {**base.tiers, Tier.L1: l1},
        "clocks": {ClockKind.HANDOFF: clock},
        "ladders": {"breach": Ladder(rungs=(Rung(at=100, do=(Action.PAGE, Action.TELL_LEAD)),))},
        "digest": None,
        "audit": None,
        "severity_channel": None,
    }
    return base.model_copy(update=changes)


async def hand_in(client: Client, ticket_id: str, priority: Priority, policy: Policy) -> None:
    """Open a ticket without a gateway, as that would."""
    opening = OpenTicket(
        ticket_id=ticket_id,
        title="Card payments fail",
        description="Every payment is refused.",
        customer=Customer(id="c", name="Customer"),
        priority=priority,
        opened_by=Actor(kind=ActorKind.API, id="desk", name="Help desk"),
    )
    await client.start_workflow(
        TicketWorkflow.run,
        TicketStart(opening=opening, policy=policy),
        id=workflow_ids.ticket_id(ticket_id),
        task_queue=task_queues.WORKFLOWS,
        priority=urgency.of_ticket(priority),
    )
