"""The ticket's workflow as somebody might change it. A module of its own, since the workflow sandbox imports it anew."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.digest import TicketFacts
    from domain.messages import Command, CommandResult, Escalate
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


@workflow.defn(name="Ticket")
class TicketThatTakesUpdates(TicketWorkflow):
    """The way before ADR 0022: a command comes as an update, which has no event of its own before the ticket accepts it."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: TicketStart) -> TicketFacts:
        """Live as ever."""
        return await super().run(start)

    @workflow.update(name="execute_by_update")
    async def execute_by_update(self, command: Command) -> CommandResult:
        """Queue the command and wait for its answer."""
        self._take_in(command)
        await workflow.wait_condition(lambda: command.id in self._answers)
        return self._answers[command.id]


@workflow.defn(name="Ticket")
class TicketThatNotesEscalations(TicketWorkflow):
    """A command more, late in a ticket's life: when somebody escalates."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: TicketStart) -> TicketFacts:
        """Live as ever."""
        return await super().run(start)

    def _answer(self, command: Command) -> None:
        if isinstance(command.request, Escalate):
            workflow.upsert_memo({"escalated_by": command.by.id})
        super()._answer(command)
