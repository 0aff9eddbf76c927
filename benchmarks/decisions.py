"""What a decision costs: a ticket that is opened, taken, answered, escalated and resolved, over and over."""

from datetime import UTC, datetime, timedelta

from rich.table import Table

from benchmarks.measuring import seconds_per_call
from config.policy import load_policy
from config.settings import DEFAULT_POLICY
from domain.decide import decide, open_ticket
from domain.messages import Accept, Command, Escalate, OpenTicket, Reply, Request, Resolve
from domain.people import Actor, ActorKind, Customer, Role
from domain.tiers import Tier

_START = datetime(2026, 11, 20, 9, 17, tzinfo=UTC)
_LEAD = Actor(kind=ActorKind.SLACK, id="U1", name="lead", roles=frozenset({Role.LEAD, Role.AGENT}))
_STEPS: tuple[Request, ...] = (
    Accept(),
    Reply(text="We are looking into it.", awaits_customer=False),
    Escalate(to=Tier.L2, reason="needs a specialist"),
    Accept(),
    Resolve(text="It works again."),
)


def decisions() -> Table:
    """Decisions a second, for the rules alone: no Temporal, no network."""
    policy = load_policy(DEFAULT_POLICY)
    opening = OpenTicket(
        ticket_id="T-1",
        title="Prints are late",
        description="Every page takes a minute.",
        customer=Customer(id="c", name="Customer"),
        opened_by=_LEAD,
    )

    def a_ticket() -> None:
        now = _START
        ticket = open_ticket(opening, policy, now).state
        for number, request in enumerate(_STEPS):
            now += timedelta(minutes=1)
            ticket = decide(ticket, Command(id=str(number), by=_LEAD, request=request), now).state

    seconds = seconds_per_call(a_ticket)
    table = Table(title="Decisions of the rules", title_justify="left")
    table.add_column("decisions per ticket", justify="right")
    table.add_column("ms per ticket", justify="right")
    table.add_column("decisions per second", justify="right")
    count = len(_STEPS) + 1
    table.add_row(str(count), f"{seconds * 1e3:.2f}", f"{count / seconds:,.0f}")
    return table
