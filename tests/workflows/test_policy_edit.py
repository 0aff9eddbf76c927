"""`tierline policy apply` on tickets that are open: told before, done once, kept by their workflows."""

from temporalio.client import Client

from cli.policy_apply import OPEN_TICKETS, bring
from domain.messages import ApplyPolicy
from domain.people import Role
from domain.policy import ClockKind
from domain.ticket import EditMode
from domain.views import ClockView, TicketView
from tests.domain.building import HOUR, a_person, an_opening, targets, without_ladders
from tests.workflows.desk import Desk, until

OLGA = a_person("olga", "olga", Role.OPERATOR)


def resolution(view: TicketView) -> ClockView:
    """The resolution's clock."""
    return next(clock for clock in view.clocks if clock.kind is ClockKind.RESOLUTION)


async def test_an_edited_policy_reaches_every_open_ticket_once(desk: Desk, namespace: Client) -> None:
    first = await desk.opens(policy=without_ladders())
    other = await desk.opens(an_opening(ticket_id="T-1043"), policy=without_ladders())
    rules = without_ladders().clocks[ClockKind.RESOLUTION].model_copy(update={"targets": targets(HOUR)})
    clocks = without_ladders().clocks | {ClockKind.RESOLUTION: rules}
    request = ApplyPolicy(
        policy=without_ladders(version="8", clocks=clocks), mode=EditMode.FROM_NOW, why="new contract"
    )

    async def both_are_found() -> bool:
        return len([execution async for execution in namespace.list_workflows(OPEN_TICKETS)]) == 2

    await until(both_are_found, "visibility lists both tickets")
    handles = [first.handle, other.handle]
    foreseen = await bring(handles, request, OLGA, per_second=100, dry_run=True)
    assert (foreseen.done, resolution(await first.view()).policy_version) == (2, "7")

    done = await bring(handles, request, OLGA, per_second=100, dry_run=False)
    again = await bring(handles, request, OLGA, per_second=100, dry_run=False)
    assert (done.done, done.refused, again.unreached) == (2, [], [])
    for ticket in (first, other):
        view = await ticket.view()
        assert (resolution(view).policy_version, resolution(view).target_s, view.policy) == ("8", 3600, "Acme 8")
        assert sum("Put under the policy Acme 8" in entry.text for entry in view.timeline) == 1
