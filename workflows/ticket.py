"""The workflow of one ticket, from its opening to its closing, for months."""

from collections import Counter, OrderedDict

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from domain import lane_room
    from domain.commands import refusal
    from domain.decide import Decision, decide, open_ticket
    from domain.digest import TicketFacts
    from domain.frozen import Frozen
    from domain.intents import (
        DressSeverityChannel,
        Intent,
        MailCustomer,
        MailStaff,
        RaisePage,
        ShowCard,
        UpdateIssue,
        lane_of,
    )
    from domain.messages import (
        Command,
        CommandResult,
        CommandStanding,
        Delivery,
        Done,
        Event,
        Failed,
        IntentResult,
        LaneChanged,
        LaneHealth,
        OpenTicket,
        Recovered,
        ResultBody,
        TimePassed,
    )
    from domain.policy import Policy
    from domain.policy_edit import PolicyEffect, PolicyQuestion, effect_of
    from domain.preview import Preview, PreviewQuestion
    from domain.preview import answer as preview_of
    from domain.reach import ReachOutcome
    from domain.recovery import mail_digest
    from domain.texts import with_digest
    from domain.ticket import TicketStatus
    from domain.ticket_card import facts_of
    from domain.ticket_carry import QueuedIntent, TicketCarry, in_room, rooms
    from domain.ticket_story import story_of
    from domain.timeline import TimelineAnswer, TimelineQuestion, answer
    from domain.views import TicketView, view_of
    from telemetry.search_attributes import REGISTRY, ticket_attributes
    from workflows import continuation
    from workflows.deadline_timer import DeadlineTimer
    from workflows.lanes import Lanes
    from workflows.signals import RefusesUnknownSignals, signal
    from workflows.ticket_effects import carry_out

REMEMBERED_DELIVERIES = 500
"""Ids of deliveries that are kept, so that each is taken once; vendors repeat within hours, and within fewer deliveries than that."""
REMEMBERED_BYTES = 100
"""Bytes of such an id; of a longer one the beginning and a digest are kept."""
REMEMBERED_ANSWERS = 100
"""Answers to commands that are kept, so that a repeated command gets the same answer."""
FACTS_MEMO = "tierline_facts"
"""The memo that a digest reads, so that counting wakes no ticket."""


class TicketStart(Frozen):
    """How a ticket's workflow starts: with its opening and the policy in force, or with what the run before it carried.

    ``continue_after`` is the number of history events after which a run hands over to the next; the server's own suggestion when None.
    """

    opening: OpenTicket
    policy: Policy
    carry: TicketCarry | None = None
    continue_after: int | None = None


@workflow.defn(name="Ticket")
class TicketWorkflow(RefusesUnknownSignals):
    """Receives messages, has the domain decide, and runs what it intends on a lane per outside system."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        self._start = start
        self._inbox: list[Event] = []
        self._timer = DeadlineTimer(lambda: self._inbox.append(TimePassed()))
        self._shown: tuple[object, ...] = ()
        self._unsettled = False
        self._mailed: Counter[str] = Counter()
        carry = start.carry
        if carry is None:
            self._seen: OrderedDict[str, None] = OrderedDict()
            self._answers: OrderedDict[str, CommandResult] = OrderedDict()
            self._fingerprints: dict[str, str] = {}
            self._first = open_ticket(start.opening, start.policy, workflow.info().workflow_start_time)
            self._ticket = self._first.state
        else:
            self._seen = OrderedDict.fromkeys(with_digest(each, REMEMBERED_BYTES) for each in carry.seen)
            self._answers = OrderedDict(carry.answers)
            self._fingerprints = dict(carry.fingerprints)
            self._first = Decision(state=carry.ticket)
            self._ticket = carry.ticket
            for message in carry.inbox:
                self._take_in(message)
        self._lanes: Lanes[Intent, ResultBody] = Lanes(
            self._carry_out,
            self,
            late=self._ticket.lanes,
            overtakes=lambda intent: isinstance(intent, RaisePage),
            fold=self._fold,
        )

    @workflow.run
    async def run(self, start: TicketStart) -> TicketFacts:
        """Live until the ticket is closed and everything that it intended is done; returns its facts."""
        self._begin()
        while True:
            self._settle()
            await self._lanes.until(self._has_work)
            if self._inbox:
                self._drain()
            elif self._ended():
                self._timer.cancel()
                return facts_of(self._ticket, workflow.now())
            elif continuation.due(self._start.continue_after):
                await self._continue_as_new()

    # --- what reaches the ticket ---------------------------------------------------------------------------------

    # No update: an update and the results of activities may come together when live and apart on replay (ADR 0022).

    @signal("execute")
    def execute(self, command: Command) -> None:
        """Carry out a person's command, once for its id. ``standing`` has the answer as soon as this signal is handled."""
        self._take_in(command)

    @workflow.query(name="standing")
    def standing(self, command: Command) -> CommandStanding:
        """The command's answer if there is one; else whether the ticket would refuse the command now. Reading changes nothing."""
        known = self._answers.get(command.id)
        if known is not None:
            differs = self._fingerprints.get(command.id, command.fingerprint) != command.fingerprint
            return CommandStanding(differs=True) if differs else CommandStanding(result=known)
        no_room = lane_room.no_room(command.request, self._lanes.bytes_waiting())
        return CommandStanding(refusal=refusal(self._ticket, command, workflow.now()) or no_room)

    @signal("deliver")
    def deliver(self, delivery: Delivery) -> None:
        """Take in what an outside system or another workflow tells, once per delivery id."""
        self._take_in(delivery)

    @workflow.query(name="ticket")
    def ticket(self) -> TicketView:
        """The ticket as the API shows it."""
        return view_of(self._ticket, workflow.now())

    @workflow.query(name="timeline")
    def timeline(self, question: TimelineQuestion) -> TimelineAnswer:
        """Who had the ticket when, and how its clocks stood, as of now or a past instant."""
        return answer(self._ticket, question)

    @workflow.query(name="policy_effect")
    def policy_effect(self, question: PolicyQuestion) -> PolicyEffect:
        """What an edited policy would change of the ticket."""
        return effect_of(self._ticket, question.request, question.by, question.now)

    @workflow.query(name="preview")
    def preview(self, question: PreviewQuestion) -> Preview:
        """What commands would bring, by the same rules that would carry them out."""
        return preview_of(self._ticket, question)

    @workflow.query(name="carry")
    def carry(self) -> TicketCarry:
        """Everything that another run needs to go on from here; also told of a run that ended before its time."""
        carry = self._next_start().carry
        assert carry is not None  # it has just been made
        return carry

    def _take_in(self, message: Command | Delivery) -> None:
        if isinstance(message, Delivery):
            known_by = with_digest(message.id, REMEMBERED_BYTES)
            if known_by in self._seen:
                return
            self._seen[known_by] = None
            while len(self._seen) > REMEMBERED_DELIVERIES:
                self._seen.popitem(last=False)
            if isinstance(message.body, Recovered):
                self._mailed.update(message.body.mails)
        self._inbox.append(message)

    # --- what becomes of its intents (the lanes' listener: it only enqueues) --------------------------------------

    def done(self, intent: Intent, result: ResultBody) -> None:
        """An intent was carried out."""
        self._take_result(intent, result)

    def refused(self, intent: Intent, error: str, code: str | None) -> None:
        """An intent was refused for good."""
        self._take_result(intent, Failed(error=error, code=code))

    def late(self, lane: str, error: str) -> None:
        """An outside system does not answer."""
        self._inbox.append(LaneChanged(lane=lane, health=LaneHealth.LATE, error=error))

    def well(self, lane: str) -> None:
        """An outside system answers again."""
        self._inbox.append(LaneChanged(lane=lane, health=LaneHealth.WELL))

    def _take_result(self, intent: Intent, body: ResultBody) -> None:
        # Decided at once, not queued: the next intent of the lane may need it (a thread line needs the card).
        self._apply(decide(self._ticket, IntentResult(key=intent.key, body=body), workflow.now(), {intent.key: intent}))
        self._unsettled = True

    # --- the main loop's steps ------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._start.carry is not None:
            for queued in self._start.carry.queued:
                self._lanes.add(lane_of(queued.intent).value, queued.intent, begun=queued.begun)
            self._apply(decide(self._ticket, TimePassed(), workflow.now()))
        else:
            self._apply(self._first)

    def _has_work(self) -> bool:
        return bool(self._inbox) or self._unsettled or self._ended() or continuation.due(self._start.continue_after)

    def _drain(self) -> None:
        while self._inbox:
            message = self._inbox.pop(0)
            if isinstance(message, Command):
                self._answer(message)
            else:
                self._apply(decide(self._ticket, message, workflow.now()))

    def _answer(self, command: Command) -> None:
        if command.id in self._answers:
            return
        no_room = lane_room.no_room(command.request, self._lanes.bytes_waiting())
        if no_room is not None:
            decision = decide(self._ticket, TimePassed(), workflow.now()).model_copy(update={"refusal": no_room})
        else:
            decision = decide(self._ticket, command, workflow.now())
        self._apply(decision)
        self._answers[command.id] = CommandResult(
            ticket_id=self._ticket.id,
            accepted=decision.refusal is None,
            message=decision.refusal or decision.answer or "",
        )
        if command.fingerprint:
            self._fingerprints[command.id] = command.fingerprint
        while len(self._answers) > REMEMBERED_ANSWERS:
            forgotten, _ = self._answers.popitem(last=False)
            self._fingerprints.pop(forgotten, None)

    def _apply(self, decision: Decision) -> None:
        self._ticket = decision.state
        for intent in decision.intents:
            lane = lane_of(intent).value
            if self._stands_for(lane, intent):
                # What waits is drawn when it is sent, so it will show the newest state.
                continue
            self._lanes.add(lane, intent)
        deadline = decision.deadline
        self._timer.set(deadline.at if deadline is not None else None, deadline.what if deadline is not None else "")

    def _stands_for(self, lane: str, intent: Intent) -> bool:
        """Whether what waits on the lane already does what this intent is for."""
        if isinstance(intent, ShowCard):
            return any(isinstance(waiting, ShowCard) for waiting in self._lanes.waiting(lane))
        if isinstance(intent, UpdateIssue):
            waiting = self._lanes.waiting(lane)
            return any(isinstance(other, UpdateIssue) and other.ref == intent.ref for other in waiting)
        if isinstance(intent, DressSeverityChannel) and not intent.invite:
            return any(isinstance(waiting, DressSeverityChannel) for waiting in self._lanes.waiting(lane))
        return False

    def _settle(self) -> None:
        """Show operators what changed, once a task: the story, search attributes, the digest's memo.

        The story costs nothing. The others are commands that the server indexes: only where what they tell has changed.
        """
        self._unsettled = False
        ticket = self._ticket
        workflow.set_current_details(story_of(ticket))
        attributes, facts = ticket_attributes(ticket), facts_of(ticket, workflow.now())
        # The totals grow by themselves while the owner stays the same; the digest adds what has passed since.
        lasting = facts.model_copy(update={"as_of": ticket.opened_at, "seconds_by_owner": {}})
        shown = (*attributes, lasting, ticket.spent, ticket.owner_since)
        if shown == self._shown:
            return
        self._shown = shown
        present = {pair.key.name: pair for pair in attributes}
        updates: list[SearchAttributeUpdate] = [  # type: ignore[type-arg]
            key.value_set(present[key.name].value) if key.name in present else key.value_unset() for key in REGISTRY
        ]
        workflow.upsert_search_attributes(updates)
        workflow.upsert_memo({FACTS_MEMO: facts})

    def _fold(self, queue: list[Intent]) -> list[Intent]:
        """Of whom the chain behind the pager reaches it is to be known what came of it."""
        wanted = {reach.key for reach in self._ticket.reached if reach.outcome is ReachOutcome.WANTED}
        return lane_room.folded(queue, keep=wanted)

    async def _carry_out(self, intent: Intent, policy: RetryPolicy, recheck: bool) -> ResultBody:
        if isinstance(intent, MailCustomer | MailStaff):
            mail = mail_digest(intent.to, intent.subject, intent.text)
            if self._mailed[mail]:
                self._mailed[mail] -= 1
                return Done()
        return await carry_out(intent, self._ticket, policy, recheck or continuation.was_reset())

    # --- the end of a run -----------------------------------------------------------------------------------------

    def _ended(self) -> bool:
        return self._ticket.status is TicketStatus.CLOSED and self._lanes.idle and workflow.all_handlers_finished()

    async def _continue_as_new(self) -> None:
        await continuation.come_to_rest(self._lanes, self._inbox, self._drain)
        self._timer.cancel()
        # Given anew: Temporal would hand on one that was unset as null, which a date cannot be read from, and the run could not begin.
        workflow.continue_as_new(self._next_start(), search_attributes=ticket_attributes(self._ticket))

    def _carry(self) -> TicketCarry:
        queued = tuple(
            QueuedIntent(intent=intent, begun=begun or continuation.was_reset())
            for lane in self._lanes.carried().values()
            for intent, begun in lane
        )
        inbox = tuple(message for message in self._inbox if isinstance(message, Command | Delivery))
        waiting = {with_digest(message.id, REMEMBERED_BYTES) for message in inbox}
        return TicketCarry(
            ticket=self._ticket,
            queued=queued,
            seen=tuple(seen for seen in self._seen if seen not in waiting),
            answers=tuple(self._answers.items()),
            fingerprints=tuple(self._fingerprints.items()),
            inbox=inbox,
        )

    def _next_start(self) -> TicketStart:
        """What the next run starts with, as much as the server takes."""
        carry = self._carry()
        smaller = (in_room(carry, room, workflow.now()) for room in rooms())
        return continuation.first_that_fits(self._start.model_copy(update={"carry": each}) for each in smaller)
