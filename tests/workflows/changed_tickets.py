"""The ticket's workflow as somebody might change it. A module of its own, since the workflow sandbox imports it anew."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.digest import TicketFacts
    from workflows.ticket import TicketStart, TicketWorkflow


@workflow.defn(name="Ticket")
class TicketThatWaitsFirst(TicketWorkflow):
    """A changed sequence of commands: a timer before everything else."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: TicketStart) -> TicketFacts:
        """Wait, then live."""
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)


@workflow.defn(name="Ticket")
class TicketThatWaitsFirstFromNowOn(TicketWorkflow):
    """The same change, guarded: tickets that live already go on as they began."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: TicketStart) -> TicketFacts:
        """Wait if it is a new ticket, then live."""
        if workflow.patched("wait-first"):
            await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)
