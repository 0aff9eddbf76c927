"""The workflow of one vendor case: it asks, reminds, hears the answer, and tells the ticket."""

from collections import OrderedDict

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.mail import MailActivities, VendorMailInput
    from domain.messages import Delivery
    from domain.vendor_case import (
        CaseClosed,
        CaseDecision,
        CaseEvent,
        CaseIntent,
        CaseTimePassed,
        TellCaseTicket,
        VendorCase,
        VendorReply,
        decide_case,
        open_case,
    )
    from workflows import task_queues, workflow_ids
    from workflows.deadline_timer import DeadlineTimer
    from workflows.lanes import ONE_ATTEMPT, Lanes, Refused
    from workflows.signals import RefusesUnknownSignals, signal
    from workflows.ticket import TicketWorkflow

_MAIL = "mail"
_TICKET = "ticket"
_SHOWN = 10
"""The newest mails that could not be sent, which are shown."""
_REMEMBERED = 100
"""Ids of messages that are kept, so that each is taken once."""


@workflow.defn(name="VendorCase")
class VendorCaseWorkflow(RefusesUnknownSignals):
    """Lives until the vendor answered or nothing more is needed of it: a dozen events, so it never continues as new."""

    @workflow.init
    def __init__(self, case: VendorCase) -> None:
        self._inbox: list[CaseEvent] = []
        self._lanes: Lanes[CaseIntent, None] = Lanes(self._carry_out, self)
        self._timer = DeadlineTimer(lambda: self._inbox.append(CaseTimePassed()))
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._case = case
        self._unsent: list[str] = []
        self._unsettled = False

    @workflow.run
    async def run(self, case: VendorCase) -> VendorCase:
        """Ask, and wait for the answer; returns the case as it ended."""
        self._apply(open_case(case, workflow.now()))
        while True:
            workflow.set_current_details(self._story())
            self._unsettled = False
            await self._lanes.until(lambda: bool(self._inbox) or self._unsettled or self._ended())
            if not self._inbox and self._ended():
                self._timer.cancel()
                return self._case
            while self._inbox:
                self._apply(decide_case(self._case, self._inbox.pop(0), workflow.now()))

    @signal("answer")
    def answer(self, reply: VendorReply) -> None:
        """The vendor answered on its page."""
        self._hear(reply)

    @signal("close")
    def close(self, closed: CaseClosed) -> None:
        """The ticket needs nothing more."""
        self._hear(closed)

    @workflow.query(name="case")
    def case(self) -> VendorCase:
        """The case, for the vendor's page."""
        return self._case

    @workflow.query(name="carry")
    def carry(self) -> VendorCase:
        """Everything that another run needs to go on from here; also told of a run that ended before its time."""
        queued = tuple(intent for lane in self._lanes.carried().values() for intent, _ in lane)
        return self._case.model_copy(update={"queued": queued})

    def _hear(self, message: VendorReply | CaseClosed) -> None:
        if message.id not in self._seen:
            self._seen[message.id] = None
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            self._inbox.append(message)

    # --- the lanes' listener --------------------------------------------------------------------------------------

    def done(self, intent: CaseIntent, result: None) -> None:
        """An intent was carried out."""

    def refused(self, intent: CaseIntent, error: str, code: str | None) -> None:
        """The mail server refused the vendor's address, or the ticket is over: operators read it here, the deadline tells the lead."""
        self._unsent = [*self._unsent, f"{intent.kind.replace('_', ' ')}: {error}"][-_SHOWN:]
        self._unsettled = True
        workflow.logger.warning("%s was refused: %s", intent.kind, error)

    def late(self, lane: str, error: str) -> None:
        """A lane does not answer; it is tried on."""

    def well(self, lane: str) -> None:
        """A lane answers again."""

    # --- steps ----------------------------------------------------------------------------------------------------

    def _apply(self, decision: CaseDecision) -> None:
        self._case = decision.state
        for intent in decision.intents:
            self._lanes.add(_TICKET if isinstance(intent, TellCaseTicket) else _MAIL, intent)
        self._timer.set(self._case.deadline(), "the vendor's answer is due")

    async def _carry_out(self, intent: CaseIntent, policy: RetryPolicy, recheck: bool) -> None:
        if isinstance(intent, TellCaseTicket):
            await self._tell(intent)
            return
        mail = VendorMailInput(
            key=intent.key,
            ticket_id=self._case.ticket_id,
            case=self._case.number,
            to=self._case.email,
            subject=intent.subject,
            text=intent.text,
            first=intent.first,
            link=intent.link,
        )
        await workflow.execute_activity_method(
            MailActivities.mail_vendor,
            mail,
            task_queue=task_queues.MAIL,
            start_to_close_timeout=ONE_ATTEMPT,
            retry_policy=policy,
            summary="mail to the vendor",
        )

    async def _tell(self, intent: TellCaseTicket) -> None:
        ticket = workflow.get_external_workflow_handle_for(
            TicketWorkflow.run, workflow_ids.ticket_id(self._case.ticket_id)
        )
        try:
            await ticket.signal(TicketWorkflow.deliver, Delivery(id=intent.key, body=intent.body))
        except ApplicationError as error:
            raise Refused("the ticket is over", None) from error

    def _ended(self) -> bool:
        return self._case.finished and self._lanes.idle and workflow.all_handlers_finished()

    def _story(self) -> str:
        case = self._case
        if case.answered_at is not None:
            state = f"answered at {case.answered_at:%Y-%m-%d %H:%M:%S} UTC"
        elif case.closed is not None:
            state = f"closed: {case.closed}"
        elif case.overdue_at is not None:
            state = f"overdue since {case.overdue_at:%Y-%m-%d %H:%M:%S} UTC"
        else:
            state = f"due at {case.due_at:%Y-%m-%d %H:%M:%S} UTC"
        unsent = "".join(f"\n\nNot sent: {line}" for line in self._unsent)
        return f"**{case.ticket_id}** waits for {case.vendor_name} · {state}{unsent}"
