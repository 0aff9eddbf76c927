"""The workflow of one engineering issue: one bug, one to hundreds of tickets. It fetches the truth when hinted at, and tells its tickets."""

from collections import OrderedDict
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.issue_tracker import CommentInput, FetchIssueInput, IssueTrackerActivities, LinkBackInput
    from activities.pagerduty import (
        NotePageInput,
        PagerDutyActivities,
        RaisePageInput,
        ResolvePageInput,
        UpdatePageInput,
    )
    from domain.engineering_rules import IssueRules
    from domain.frozen import Frozen
    from domain.issue_intents import FetchIssue, IssueIntent, LinkBack, TellTicket, WriteComment
    from domain.issue_messages import (
        IssueEvent,
        IssueFetched,
        IssueMessage,
        IssuePageFailed,
        IssuePageRaised,
        IssueVanished,
        TicketLeft,
    )
    from domain.issue_pages import ChangeIssuePage, EndIssuePage, NoteIssuePage, RaiseIssuePage
    from domain.issue_watch import IssueDecision, WatchedIssue, decide_issue
    from domain.issues import IssueRef, IssueSnapshot
    from domain.messages import Delivery
    from domain.paging import PageRef
    from workflows import continuation, task_queues, urgency, workflow_ids
    from workflows.lanes import ONE_ATTEMPT, Lanes, Refused
    from workflows.ticket import TicketWorkflow

REMEMBERED_MESSAGES = 1_000
"""Ids of messages that are kept, so that each is taken once."""
_GONE = frozenset({"404", "410"})
"""HTTP statuses by which a tracker says that an issue is not there."""
_TRACKER = "tracker"
_PAGER = "pagerduty"
_TICKETS = "tickets"
_PAGE_INTENTS = (RaiseIssuePage, ChangeIssuePage, NoteIssuePage, EndIssuePage)


class QueuedIssueIntent(Frozen):
    """An intent that a run hands to the next."""

    intent: IssueIntent
    begun: bool


class IssueCarry(Frozen):
    """Everything that an issue's next run needs."""

    issue: WatchedIssue
    queued: tuple[QueuedIssueIntent, ...] = ()
    seen: tuple[str, ...] = ()


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
class EngineeringIssueWorkflow:
    """Watches one issue for its tickets, and ends when the last one has left."""

    @workflow.init
    def __init__(self, start: IssueStart) -> None:
        self._start = start
        self._inbox: list[IssueEvent] = []
        self._lanes: Lanes[IssueIntent, IssueSnapshot | PageRef | None] = Lanes(
            self._carry_out, self, overtakes=lambda intent: isinstance(intent, RaiseIssuePage)
        )
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._late: dict[str, str] = {}
        self._unsettled = False
        if start.carry is None:
            self._issue = WatchedIssue(ref=start.ref, watched_since=workflow.now(), rules=start.rules)
        else:
            self._issue = start.carry.issue
            self._seen = OrderedDict.fromkeys(start.carry.seen)

    @workflow.run
    async def run(self, start: IssueStart) -> None:
        """Live as long as a ticket is on the issue."""
        for queued in start.carry.queued if start.carry is not None else ():
            self._queue(queued.intent, begun=queued.begun)
        while True:
            workflow.set_current_details(self._story())
            self._unsettled = False
            await self._lanes.until(self._has_work)
            if self._inbox:
                self._drain()
            elif self._ended():
                return
            elif continuation.due(self._start.continue_after):
                await self._continue_as_new()

    @workflow.signal(name="hear")
    def hear(self, envelope: IssueMessageEnvelope) -> None:
        """Take in a message of a ticket or a hint of the tracker, once per id."""
        message = envelope.message
        if message.id in self._seen:
            return
        self._seen[message.id] = None
        while len(self._seen) > REMEMBERED_MESSAGES:
            self._seen.popitem(last=False)
        self._inbox.append(message)

    @workflow.query(name="issue")
    def issue(self) -> WatchedIssue:
        """What is known of the issue, and its tickets."""
        return self._issue

    # --- the lanes' listener: it only enqueues --------------------------------------------------------------------

    def done(self, intent: IssueIntent, result: IssueSnapshot | PageRef | None) -> None:
        """An intent was carried out."""
        if isinstance(result, PageRef):
            self._inbox.append(IssuePageRaised(ref=result))
        elif result is not None:
            self.well(_TRACKER)
            self._inbox.append(IssueFetched(snapshot=result))

    def refused(self, intent: IssueIntent, error: str, code: str | None) -> None:
        """An intent was refused for good: no ticket may lose its issue because a token ran out, only because the issue is not there."""
        if isinstance(intent, FetchIssue) and code in _GONE:
            self._inbox.append(IssueVanished(why=error))
        elif isinstance(intent, FetchIssue):
            # The next hint leads to the next try.
            self.late(_TRACKER, error)
        elif isinstance(intent, TellTicket):
            # The ticket is over, so it is on no issue any more.
            self._inbox.append(TicketLeft(id=f"{intent.key}/over", ticket_id=intent.ticket_id))
        elif isinstance(intent, RaiseIssuePage):
            self._inbox.append(IssuePageFailed(page_key=intent.draft.key, error=error))
        else:
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

    def _drain(self) -> None:
        while self._inbox:
            self._apply(decide_issue(self._issue, self._inbox.pop(0), workflow.now()))

    def _apply(self, decision: IssueDecision) -> None:
        self._issue = decision.state
        for intent in decision.intents:
            if isinstance(intent, FetchIssue) and self._fetch_is_waiting():
                # The fetch that waits will see this change too.
                continue
            self._queue(intent)

    def _fetch_is_waiting(self) -> bool:
        return any(isinstance(intent, FetchIssue) for intent in self._lanes.waiting(_TRACKER))

    def _queue(self, intent: IssueIntent, *, begun: bool = False) -> None:
        self._lanes.add(_lane_of(intent), intent, begun=begun)

    async def _carry_out(
        self, intent: IssueIntent, policy: RetryPolicy, recheck: bool
    ) -> IssueSnapshot | PageRef | None:
        if isinstance(intent, TellTicket):
            await self._tell(intent)
            return None
        if isinstance(intent, _PAGE_INTENTS):
            return await _page(intent, policy, recheck)
        options: dict[str, Any] = {
            "task_queue": task_queues.of_tracker(self._issue.ref.tracker),
            "start_to_close_timeout": ONE_ATTEMPT,
            "retry_policy": policy,
            "cancellation_type": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            "summary": intent.kind.replace("_", " "),
        }
        ref = self._issue.ref
        match intent:
            case FetchIssue():
                wanted = FetchIssueInput(ref=ref, comments_since=intent.comments_since)
                return await workflow.execute_activity_method(IssueTrackerActivities.fetch_issue, wanted, **options)
            case WriteComment():
                comment = CommentInput(ref=ref, key=intent.key, text=intent.text, recheck=recheck)
                await workflow.execute_activity_method(IssueTrackerActivities.comment, comment, **options)
            case LinkBack():
                link = LinkBackInput(
                    ref=ref,
                    global_id=f"tierline/{intent.ticket_id}",
                    url=self._start.ticket_page.replace("{ticket}", intent.ticket_id),
                    title=f"{intent.ticket_id}: {intent.title}",
                )
                await workflow.execute_activity_method(IssueTrackerActivities.link_back, link, **options)
        return None

    async def _tell(self, intent: TellTicket) -> None:
        ticket = workflow.get_external_workflow_handle_for(TicketWorkflow.run, workflow_ids.ticket_id(intent.ticket_id))
        try:
            await ticket.signal(TicketWorkflow.deliver, Delivery(id=intent.key, body=intent.body))
        except ApplicationError as error:
            raise Refused("the ticket is over", None) from error

    def _story(self) -> str:
        known = self._issue.known
        status = known.status if known is not None else "not read yet"
        trouble = "".join(f"\n\nLate: {lane} ({error})" for lane, error in sorted(self._late.items()))
        tickets = ", ".join(self._issue.tickets[:20]) or "none"
        return (
            f"**[{self._issue.ref.key}]({self._issue.ref.url})** · {status} · {len(self._issue.tickets)} tickets: "
            f"{tickets}{trouble}"
        )

    # --- the end of a run -----------------------------------------------------------------------------------------

    def _ended(self) -> bool:
        finished = bool(self._seen) and not self._issue.tickets
        return finished and not self._inbox and self._lanes.idle and workflow.all_handlers_finished()

    async def _continue_as_new(self) -> None:
        await continuation.come_to_rest(self._lanes, self._inbox, self._drain)
        queued = tuple(
            QueuedIssueIntent(intent=intent, begun=begun)
            for lane in self._lanes.carried().values()
            for intent, begun in lane
        )
        carry = IssueCarry(issue=self._issue, queued=queued, seen=tuple(self._seen))
        workflow.continue_as_new(self._start.model_copy(update={"carry": carry}))


def _lane_of(intent: IssueIntent) -> str:
    if isinstance(intent, TellTicket):
        return _TICKETS
    return _PAGER if isinstance(intent, _PAGE_INTENTS) else _TRACKER


async def _page(
    intent: RaiseIssuePage | ChangeIssuePage | NoteIssuePage | EndIssuePage, policy: RetryPolicy, recheck: bool
) -> PageRef | None:
    """Run an intent of a page that serves the issue's tickets."""
    options: dict[str, Any] = {
        "task_queue": task_queues.PAGERDUTY,
        "start_to_close_timeout": ONE_ATTEMPT,
        "retry_policy": policy,
        "cancellation_type": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        "summary": intent.kind.replace("_", " "),
        "priority": urgency.AFTER_PAGES,
    }
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
