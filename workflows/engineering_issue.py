"""The workflow of one engineering issue: one bug, one ticket or ten thousand. It fetches the truth when hinted at, and tells its tickets."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, get_args

from temporalio import workflow
from temporalio.common import Priority as TaskPriority
from temporalio.common import RetryPolicy, SearchAttributeUpdate, TypedSearchAttributes
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.failures import LOCKED_OUT
    from activities.issue_tracker import (
        ChangeFieldsInput,
        CommentInput,
        FetchIssueInput,
        IssueTrackerActivities,
        LinkBackInput,
        SummaryInput,
    )
    from activities.pagerduty import (
        NotePageInput,
        PagerDutyActivities,
        RaisePageInput,
        ResolvePageInput,
        UpdatePageInput,
    )
    from activities.slack import NoticeInput, SlackActivities
    from activities.ticket_telling import TellTicketsInput, TicketTellingActivities, ToldTickets
    from domain import lane_room
    from domain.engineering_rules import IssueRules
    from domain.frozen import Frozen
    from domain.impact_choices import impact_choices
    from domain.issue_carry import IssueCarry, QueuedIssueIntent, issue_in_room, issue_rooms
    from domain.issue_differences import differences
    from domain.issue_intents import (
        AskLead,
        ChangeFields,
        FetchIssue,
        IssueIntent,
        LinkBack,
        ShowSummary,
        TellTicket,
        TellTickets,
        WriteComment,
    )
    from domain.issue_messages import (
        CatchingUp,
        CatchUp,
        CommentRefused,
        FieldsChanged,
        HintSource,
        IssueEvent,
        IssueFetched,
        IssueHint,
        IssueMessage,
        IssuePageFailed,
        IssuePageRaised,
        IssueVanished,
        SummaryShown,
        TicketChanged,
        TicketJoined,
        TicketLeft,
        TicketsTold,
        TimeCame,
        TrackerLocked,
        TrackerOpen,
    )
    from domain.issue_pages import ChangeIssuePage, EndIssuePage, NoteIssuePage, RaiseIssuePage
    from domain.issue_view import IssueView, story_of, view_of
    from domain.issue_watch import IssueDecision, decide_issue
    from domain.issues import IssueRef, IssueSnapshot
    from domain.messages import Delivery, GoneReason
    from domain.paging import PageRef
    from domain.texts import with_digest
    from domain.ticket_references import keyword
    from domain.watched_issue import WatchedIssue
    from telemetry.search_attributes import REFERENCES, TRACKER_ISSUE, issue_attributes
    from workflows import continuation, task_queues, urgency, workflow_ids
    from workflows.deadline_timer import DeadlineTimer
    from workflows.lanes import ONE_ATTEMPT, Lanes, Refused
    from workflows.signals import RefusesUnknownSignals, signal
    from workflows.ticket import TicketWorkflow

REMEMBERED_MESSAGES = 1_000
"""Ids of messages that are kept, so that each is taken once; they come again within seconds.

What tickets say of themselves is kept apart, so that ten thousand that join push nothing out of memory that must not be done twice. Of
them no more need be known: who is on the roll, and what it says of itself, is the same when it is said again.
"""
REMEMBERED_HINTS = 20
"""How many issues as they were before a reading are kept, to say what the reading brought; whoever asks comes back within seconds."""
REMEMBERED_BYTES = 100
"""Bytes of such an id; of a longer one the beginning and a digest are kept."""
_OF_ROLL = (TicketJoined, TicketChanged, TicketLeft)
_MESSAGES: tuple[type[Any], ...] = get_args(get_args(IssueMessage)[0])
"""What reaches an issue from outside; the rest of its inbox follows from its own state."""
_GONE = {
    "403": GoneReason.FORBIDDEN,
    "404": GoneReason.DELETED,
    "410": GoneReason.DELETED,
}
"""HTTP statuses by which a tracker says that an issue is not there for us."""
_TRACKER = "tracker"
_PAGER = "pagerduty"
_SLACK = "slack"
_TICKETS = "tickets"
_PAGE_INTENTS = (RaiseIssuePage, ChangeIssuePage, NoteIssuePage, EndIssuePage)
_SAME_SECOND = timedelta(seconds=5)
"""GitHub tells whole seconds: what was read so soon after a change may lack another one of that second."""
_TELLING = timedelta(minutes=3)
"""What a batch may take beyond its own pace, where the server is slow."""
_TELLER_LOST = timedelta(seconds=10)
"""A batch whose worker died is taken up by another one after this time."""

IssueResult = IssueSnapshot | PageRef | ToldTickets | str | None


class IssueStart(Frozen):
    """How an issue's workflow starts: with the issue, or with what the run before it carried."""

    ref: IssueRef
    ticket_page: str
    """The address of a ticket, with ``{ticket}`` in it, that is shown on the issue."""
    rules: IssueRules = IssueRules()
    carry: IssueCarry | None = None
    continue_after: int | None = None


class IssueMessageEnvelope(Frozen):
    """A message for an issue."""

    message: IssueMessage


@workflow.defn(name="EngineeringIssue")
class EngineeringIssueWorkflow(RefusesUnknownSignals):
    """Watches one issue for its tickets, and ends when the last one has left."""

    @workflow.init
    def __init__(self, start: IssueStart) -> None:
        self._start = start
        self._inbox: list[IssueEvent] = []
        self._timer = DeadlineTimer(lambda: self._inbox.append(TimeCame()))
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._seen_of_roll: OrderedDict[str, None] = OrderedDict()
        self._late: dict[str, str] = {}
        self._before_hint: OrderedDict[str, WatchedIssue] = OrderedDict()
        self._unsettled = False
        self._read_at: datetime | None = None
        self._shown = TypedSearchAttributes.empty
        if start.carry is None:
            self._issue = WatchedIssue(ref=start.ref, watched_since=workflow.now(), rules=start.rules)
        else:
            self._issue = start.carry.issue
            self._seen = _remembered(start.carry.seen)
            self._seen_of_roll = _remembered(start.carry.seen_of_roll)
            self._late = dict(start.carry.late)
            self._shown = issue_attributes(self._issue)
            for message in start.carry.inbox:
                self._take_in(message)
        self._lanes: Lanes[IssueIntent, IssueResult] = Lanes(
            self._carry_out,
            self,
            late=self._late,
            overtakes=lambda intent: isinstance(intent, RaiseIssuePage),
            fold=lane_room.folded_of_issue,
        )

    @workflow.run
    async def run(self, start: IssueStart) -> None:
        """Live as long as a ticket is on the issue."""
        if start.carry is not None:
            for queued in start.carry.queued:
                self._queue(queued.intent, begun=queued.begun)
            # The deadline is a part of no state: it follows from it.
            self._inbox.append(TimeCame())
        while True:
            self._settle()
            self._unsettled = False
            await self._lanes.until(self._has_work)
            if self._inbox:
                self._drain()
            elif self._ended():
                self._timer.cancel()
                return
            elif continuation.due(self._start.continue_after):
                await self._continue_as_new()

    # --- what reaches the issue -----------------------------------------------------------------------------------

    @signal("hear")
    def hear(self, envelope: IssueMessageEnvelope) -> None:
        """Take in a message of a ticket or a hint of the tracker, once per id."""
        self._take_in(envelope.message)

    @workflow.query(name="carry")
    def carry(self) -> IssueCarry:
        """Everything that another run needs to go on from here; also told of a run that ended before its time."""
        carry = self._next_start().carry
        assert carry is not None  # it has just been made
        return carry

    def _take_in(self, message: IssueMessage) -> None:
        seen = self._seen_of_roll if isinstance(message, _OF_ROLL) else self._seen
        known_by = with_digest(message.id, REMEMBERED_BYTES)
        if known_by in seen:
            return
        seen[known_by] = None
        while len(seen) > REMEMBERED_MESSAGES:
            seen.popitem(last=False)
        if isinstance(message, IssueHint) and message.source is HintSource.RECONCILE:
            self._before_hint[message.id] = self._issue
            while len(self._before_hint) > REMEMBERED_HINTS:
                self._before_hint.popitem(last=False)
        self._inbox.append(message)

    @workflow.query(name="catching_up")
    def catching_up(self, wanted: CatchUp) -> CatchingUp:
        """Whether the issue knows already what the tracker's own feed says has changed; else what a reading brought, once it is done.

        Asked before the hint of that id is sent, so that what is known costs nothing, and after it until the reading is done.
        """
        before = self._before_hint.get(wanted.id)
        if before is None:
            return CatchingUp(key=self._issue.ref.key, up_to_date=self._knows(wanted.updated_at))
        if not self._is_settled():
            return CatchingUp(key=self._issue.ref.key)
        return CatchingUp(key=self._issue.ref.key, changes=differences(before, self._issue))

    def _knows(self, updated_at: datetime | None) -> bool:
        known = self._issue.known
        if updated_at is None or known is None or self._issue.gone is not None:
            return False
        return known.updated_at > updated_at or (known.updated_at == updated_at and not self._may_lack_of(updated_at))

    def _may_lack_of(self, second: datetime) -> bool:
        """Whether something else may have happened in the second of the last change, after it was read."""
        return not second.microsecond and (self._read_at is None or self._read_at < second + _SAME_SECOND)

    @workflow.query(name="issue")
    def issue(self) -> IssueView:
        """What is known of the issue, and how many tickets are on it."""
        return view_of(self._issue)

    # --- the lanes' listener: it only enqueues --------------------------------------------------------------------

    def done(self, intent: IssueIntent, result: IssueResult) -> None:
        """An intent was carried out."""
        match intent, result:
            case _, PageRef():
                self._inbox.append(IssuePageRaised(ref=result))
            case _, IssueSnapshot():
                self._read_at = workflow.now()
                self.well(_TRACKER)
                self._inbox.append(IssueFetched(snapshot=result))
            case TellTickets(), ToldTickets():
                self._inbox.append(TicketsTold(key=intent.key, over=result.over))
            case ShowSummary(), str():
                self._inbox.append(SummaryShown(key=intent.key, comment_id=result))
            case ChangeFields(), _:
                self._inbox.append(FieldsChanged(key=intent.key))
        if _lane_of(intent) == _TRACKER and self._issue.locked:
            self._inbox.append(TrackerOpen())

    def refused(self, intent: IssueIntent, error: str, code: str | None) -> None:
        """An intent was refused for good: no ticket may lose its issue because a token ran out, only because the issue is not there."""
        match intent:
            case FetchIssue() if code in _GONE:
                self._inbox.append(IssueVanished(why=error, reason=_GONE[code]))
            case FetchIssue():
                # The next hint leads to the next try.
                self.late(_TRACKER, error)
            case TellTicket():
                # The ticket is over, so it is on no issue any more.
                self._inbox.append(TicketLeft(id=f"{intent.key}/over", ticket_id=intent.ticket_id))
            case TellTickets():
                workflow.logger.error("a batch of tickets could not be told: %s", error)
                self._inbox.append(TicketsTold(key=intent.key))
            case RaiseIssuePage():
                self._inbox.append(IssuePageFailed(page_key=intent.draft.key, error=error))
            case WriteComment():
                self._inbox.append(
                    CommentRefused(key=intent.key, ticket_id=intent.ticket_id, text=intent.text, error=error)
                )
            case ShowSummary():
                self._inbox.append(SummaryShown(key=intent.key, error=error))
            case ChangeFields():
                self._inbox.append(FieldsChanged(key=intent.key, error=error))
            case _:
                workflow.logger.warning("%s was refused: %s", intent.kind, error)

    def late(self, lane: str, error: str) -> None:
        """The tracker, or the pager, does not answer."""
        self._late[lane] = error
        self._unsettled = True

    def well(self, lane: str) -> None:
        """It answers again."""
        self._late.pop(lane, None)
        self._unsettled = True

    # --- the main loop's steps ------------------------------------------------------------------------------------

    def _has_work(self) -> bool:
        return bool(self._inbox) or self._unsettled or self._ended() or continuation.due(self._start.continue_after)

    def _settle(self) -> None:
        """Show operators the story, and let lists find the issue by what changed of its names and of the release that it waits for."""
        workflow.set_current_details(story_of(self._issue, self._late))
        attributes = issue_attributes(self._issue)
        if attributes == self._shown:
            return
        updates: list[SearchAttributeUpdate] = [TRACKER_ISSUE.value_set(keyword(self._issue.ref.key))]  # type: ignore[type-arg]
        references = attributes.get(REFERENCES)
        if references is not None:
            updates.append(REFERENCES.value_set(references))
        elif self._shown.get(REFERENCES) is not None:
            updates.append(REFERENCES.value_unset())
        self._shown = attributes
        workflow.upsert_search_attributes(updates)

    def _is_settled(self) -> bool:
        """Whether everything heard is taken in, and no reading of the issue is waited for."""
        reading = any(isinstance(intent, FetchIssue) for intent in self._lanes.under_way().values())
        return not self._inbox and not reading

    def _drain(self) -> None:
        while self._inbox:
            self._apply(decide_issue(self._issue, self._inbox.pop(0), workflow.now()))

    def _apply(self, decision: IssueDecision) -> None:
        self._issue = decision.state
        for intent in decision.intents:
            if isinstance(intent, FetchIssue) and self._fetch_is_waiting():
                # The fetch that waits will see this change too.
                continue
            if isinstance(intent, NoteIssuePage):
                self._lanes.withdraw(_PAGER, _older_notes(intent))
            self._queue(intent)
        self._wait_until(decision.deadline)

    def _wait_until(self, deadline: datetime | None) -> None:
        """A timer that comes too early asks once too often; one that is set anew with every ticket costs two events each time."""
        if deadline is not None and (self._timer.at is None or deadline < self._timer.at):
            self._timer.set(deadline, "until the issue is looked at again")

    def _fetch_is_waiting(self) -> bool:
        return any(isinstance(intent, FetchIssue) for intent in self._lanes.waiting(_TRACKER))

    def _queue(self, intent: IssueIntent, *, begun: bool = False) -> None:
        self._lanes.add(_lane_of(intent), intent, begun=begun)

    async def _carry_out(self, intent: IssueIntent, policy: RetryPolicy, recheck: bool) -> IssueResult:
        recheck = recheck or continuation.was_reset()
        match intent:
            case TellTicket():
                await self._tell(intent)
                return None
            case TellTickets():
                return await _tell_batch(intent, policy)
            case RaiseIssuePage() | ChangeIssuePage() | NoteIssuePage() | EndIssuePage():
                return await _page(intent, policy, recheck)
            case AskLead():
                await _ask_lead(intent, self._issue.ref, policy, recheck)
                return None
        try:
            return await self._in_tracker(intent, policy, recheck)
        except ActivityError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == LOCKED_OUT:
                self._inbox.append(TrackerLocked(error=error.cause.message))
            raise

    async def _in_tracker(
        self,
        intent: FetchIssue | WriteComment | LinkBack | ShowSummary | ChangeFields,
        policy: RetryPolicy,
        recheck: bool,
    ) -> IssueResult:
        reading = isinstance(intent, FetchIssue | ShowSummary | LinkBack)
        priority = urgency.LAST if reading else urgency.AFTER_OPENING
        options = _options(task_queues.of_tracker(self._issue.ref.tracker), intent, policy, priority)
        ref = self._issue.ref
        match intent:
            case FetchIssue():
                wanted = FetchIssueInput(ref=ref, comments_since=intent.comments_since)
                return await workflow.execute_activity_method(IssueTrackerActivities.fetch_issue, wanted, **options)
            case WriteComment():
                comment = CommentInput(
                    ref=ref, key=intent.key, text=intent.text, recheck=recheck, visibility=intent.visibility
                )
                await workflow.execute_activity_method(IssueTrackerActivities.comment, comment, **options)
            case LinkBack():
                link = LinkBackInput(
                    ref=ref,
                    global_id=f"tierline/{intent.ticket_id}",
                    url=self._start.ticket_page.replace("{ticket}", intent.ticket_id),
                    title=f"{intent.ticket_id}: {intent.title}",
                )
                await workflow.execute_activity_method(IssueTrackerActivities.link_back, link, **options)
            case ShowSummary():
                # An earlier watch of the issue may have left one: an issue has one summary, whoever writes it.
                summary = SummaryInput(
                    ref=ref,
                    key=f"summary/{ref.id}",
                    text=intent.text,
                    comment_id=intent.comment_id,
                    recheck=recheck or intent.comment_id is None,
                )
                return await workflow.execute_activity_method(IssueTrackerActivities.show_summary, summary, **options)
            case ChangeFields():
                change = ChangeFieldsInput(ref=ref, changes=intent.changes)
                await workflow.execute_activity_method(IssueTrackerActivities.change_fields, change, **options)
        return None

    async def _tell(self, intent: TellTicket) -> None:
        ticket = workflow.get_external_workflow_handle_for(TicketWorkflow.run, workflow_ids.ticket_id(intent.ticket_id))
        try:
            await ticket.signal(TicketWorkflow.deliver, Delivery(id=intent.key, body=intent.body))
        except ApplicationError as error:
            raise Refused("the ticket is over", None) from error

    # --- the end of a run -----------------------------------------------------------------------------------------

    def _ended(self) -> bool:
        heard = bool(self._seen or self._seen_of_roll)
        finished = heard and not self._issue.roll
        return finished and not self._inbox and self._lanes.idle and workflow.all_handlers_finished()

    async def _continue_as_new(self) -> None:
        await continuation.come_to_rest(self._lanes, self._inbox, self._drain)
        self._timer.cancel()
        # Given anew: Temporal would hand on one that was unset as null.
        workflow.continue_as_new(self._next_start(), search_attributes=issue_attributes(self._issue))

    def _carry(self) -> IssueCarry:
        queued = tuple(
            QueuedIssueIntent(intent=intent, begun=begun or continuation.was_reset())
            for lane in self._lanes.carried().values()
            for intent, begun in lane
        )
        inbox = tuple(message for message in self._inbox if isinstance(message, _MESSAGES))
        waiting = {with_digest(message.id, REMEMBERED_BYTES) for message in inbox}
        return IssueCarry(
            issue=self._issue,
            queued=queued,
            seen=tuple(seen for seen in self._seen if seen not in waiting),
            seen_of_roll=tuple(seen for seen in self._seen_of_roll if seen not in waiting),
            late=self._late,
            inbox=inbox,
        )

    def _next_start(self) -> IssueStart:
        """What the next run starts with, as much as the server takes."""
        carry = self._carry()
        smaller = (issue_in_room(carry, room) for room in issue_rooms())
        return continuation.first_that_fits(self._start.model_copy(update={"carry": each}) for each in smaller)


def _remembered(ids: Iterable[str]) -> OrderedDict[str, None]:
    return OrderedDict.fromkeys(with_digest(each, REMEMBERED_BYTES) for each in ids)


def _lane_of(intent: IssueIntent) -> str:
    match intent:
        case TellTicket():
            return _TICKETS
        case TellTickets():
            return f"{_TICKETS} ({intent.stream.value})"
        case RaiseIssuePage() | ChangeIssuePage() | NoteIssuePage() | EndIssuePage():
            return _PAGER
        case AskLead():
            return _SLACK
    return _TRACKER


def _older_notes(newer: NoteIssuePage) -> Callable[[IssueIntent], bool]:
    """Each note says for whom the page is by then: the newest says it all."""
    return lambda waiting: isinstance(waiting, NoteIssuePage) and waiting.page_id == newer.page_id


def _options(queue: str, intent: IssueIntent, policy: RetryPolicy, priority: TaskPriority) -> dict[str, Any]:
    return {
        "task_queue": queue,
        "start_to_close_timeout": ONE_ATTEMPT,
        "retry_policy": policy,
        # An attempt that is given up has ended before another run of the workflow looks for what it did.
        "cancellation_type": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        "summary": intent.kind.replace("_", " "),
        "priority": priority,
    }


async def _tell_batch(intent: TellTickets, policy: RetryPolicy) -> ToldTickets:
    """Tell a batch of a fan-out."""
    options = _options(task_queues.TELLING, intent, policy, urgency.LAST)
    options["start_to_close_timeout"] = _TELLING + timedelta(seconds=len(intent.ticket_ids) / intent.per_second)
    options["heartbeat_timeout"] = _TELLER_LOST
    options["summary"] = f"tell {intent.told + 1:,} to {intent.told + len(intent.ticket_ids):,} of {intent.of:,}"
    batch = TellTicketsInput(
        delivery=intent.delivery,
        ticket_ids=intent.ticket_ids,
        page_keys=intent.page_keys,
        body=intent.body,
        per_second=intent.per_second,
    )
    return await workflow.execute_activity_method(TicketTellingActivities.tell_tickets, batch, **options)


async def _ask_lead(intent: AskLead, ref: IssueRef, policy: RetryPolicy, recheck: bool) -> None:
    notice = NoticeInput(
        key=intent.key,
        channel=intent.channel,
        text=intent.text,
        mention=intent.lead,
        choices=impact_choices(ref) if intent.choices else (),
        recheck=recheck or intent.shared,
    )
    options = _options(task_queues.SLACK, intent, policy, urgency.AFTER_OPENING)
    await workflow.execute_activity_method(SlackActivities.post_notice, notice, **options)


async def _page(
    intent: RaiseIssuePage | ChangeIssuePage | NoteIssuePage | EndIssuePage, policy: RetryPolicy, recheck: bool
) -> PageRef | None:
    """Run an intent of a page that serves the issue's tickets."""
    options = _options(task_queues.PAGERDUTY, intent, policy, urgency.AFTER_PAGES)
    match intent:
        case RaiseIssuePage():
            options["priority"] = urgency.of_page(intent.draft.urgency, intent.severity)
            wanted = RaisePageInput(draft=intent.draft)
            return await workflow.execute_activity_method(PagerDutyActivities.raise_page, wanted, **options)
        case ChangeIssuePage():
            changed = UpdatePageInput(page_id=intent.page_id, priority=intent.priority, urgency=intent.urgency)
            await workflow.execute_activity_method(PagerDutyActivities.update_page, changed, **options)
        case NoteIssuePage():
            note = NotePageInput(page_id=intent.page_id, text=intent.text, key=intent.key, recheck=recheck)
            await workflow.execute_activity_method(PagerDutyActivities.note_page, note, **options)
        case EndIssuePage():
            ended = ResolvePageInput(page_key=intent.page_key, page_id=intent.page_id)
            await workflow.execute_activity_method(PagerDutyActivities.resolve_page, ended, **options)
    return None
