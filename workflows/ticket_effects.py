"""How each of a ticket's intents becomes an activity."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.issue_files import IssueFileActivities, PutFileInput
    from activities.issue_opening import IssueOpeningActivities, SeekInput
    from activities.issue_tracker import FindIssueInput, IssueTrackerActivities, OpenIssueInput
    from activities.mail import CustomerMailInput, MailActivities, StaffMailInput
    from activities.pagerduty import (
        NotePageInput,
        PagerDutyActivities,
        RaisePageInput,
        ResolvePageInput,
        UpdatePageInput,
    )
    from activities.slack import (
        CardInput,
        ChannelClosingInput,
        ChannelDressInput,
        ChannelInput,
        ChannelLineInput,
        LineInput,
        NoticeInput,
        SlackActivities,
    )
    from activities.workflow_links import (
        CloseCaseInput,
        JoinIssueInput,
        LeaveIssueInput,
        OpenTicketInput,
        TellIssueInput,
        WorkflowLinkActivities,
    )
    from domain.card_place import NO_CARD
    from domain.engineering_issue import safe_title, title_on
    from domain.intents import (
        CloseSeverityChannel,
        CloseVendorCase,
        DressSeverityChannel,
        FindIssue,
        Intent,
        JoinIssue,
        LeaveIssue,
        MailCustomer,
        MailStaff,
        NotePage,
        Notice,
        OpenIssue,
        OpenSeverityChannel,
        OpenSplitTicket,
        OpenVendorCase,
        PageWithIssue,
        PutFileOnIssue,
        RaisePage,
        ReopenOnIssue,
        ResolvePage,
        RuleIssue,
        SeekDuplicates,
        ShowCard,
        TellIssue,
        TellOtherTicket,
        TellSeverityChannel,
        ThreadLine,
        UpdateIssue,
        UpdatePage,
        lane_of,
    )
    from domain.issue_messages import (
        IssueNote,
        IssueRulesChanged,
        TicketChanged,
        TicketJoined,
        TicketLeft,
        TicketReopened,
        TicketWord,
    )
    from domain.issues import IssueRef
    from domain.messages import (
        CardShown,
        Delivery,
        Done,
        DuplicatesFound,
        FileAttached,
        IssueFound,
        IssueOpened,
        PageRaised,
        ResultBody,
        SeverityChannelOpened,
    )
    from domain.ticket import Ticket, home_channel
    from domain.ticket_card import card_of
    from domain.ticket_on_issue import on_issue
    from domain.vendor_case import CaseClosed, VendorCase
    from workflows import task_queues, urgency, workflow_ids
    from workflows.lanes import ONE_ATTEMPT, Refused


FILE_ATTEMPT = timedelta(seconds=90)
"""A file goes through us from one system to the other: longer than the time-outs of both together."""


async def carry_out(intent: Intent, ticket: Ticket, policy: RetryPolicy, recheck: bool) -> ResultBody:
    """Run one intent as one activity on its system's task queue, and say what came of it."""
    options: dict[str, Any] = {
        "task_queue": task_queues.of_lane(lane_of(intent)),
        "start_to_close_timeout": ONE_ATTEMPT,
        "retry_policy": policy,
        # An attempt that is given up has ended before another run of the workflow looks for what it did.
        "cancellation_type": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        "summary": _summary(intent, recheck),
        "priority": urgency.of_intent(intent, ticket.priority),
    }
    match intent:
        case ShowCard() | ThreadLine() | Notice():
            return await _in_slack(intent, ticket, recheck, options)
        case OpenSeverityChannel() | DressSeverityChannel() | TellSeverityChannel() | CloseSeverityChannel():
            return await _in_own_channel(intent, ticket, recheck, options)
        case SeekDuplicates() | OpenIssue() | FindIssue():
            return await _in_tracker(intent, ticket, recheck, options)
        case PutFileOnIssue():
            return await _put_file(intent, recheck, options)
        case RaisePage():
            ref = await workflow.execute_activity_method(
                PagerDutyActivities.raise_page, RaisePageInput(draft=intent.draft), **options
            )
            return PageRaised(ref=ref)
        case ResolvePage():
            resolved = ResolvePageInput(
                page_key=intent.page_key, page_id=intent.page_id or _page_id(ticket, intent.page_key)
            )
            await workflow.execute_activity_method(PagerDutyActivities.resolve_page, resolved, **options)
            return Done()
        case UpdatePage() | NotePage():
            return await _on_page(intent, ticket, recheck, options)
        case MailStaff():
            staff = StaffMailInput(key=intent.key, to=intent.to, subject=intent.subject, text=intent.text)
            await workflow.execute_activity_method(MailActivities.mail_staff, staff, **options)
            return Done()
        case MailCustomer():
            mail = CustomerMailInput(
                key=intent.key,
                ticket_id=ticket.id,
                to=intent.to,
                subject=intent.subject,
                text=intent.text,
                first=intent.first,
            )
            await workflow.execute_activity_method(MailActivities.mail_customer, mail, **options)
            return Done()
        case TellOtherTicket():
            return await _to_other_ticket(intent)
        case OpenSplitTicket():
            split = OpenTicketInput(opening=intent.opening, policy=intent.policy, key=intent.key)
            await workflow.execute_activity_method(WorkflowLinkActivities.open_ticket, split, **options)
            return Done()
        case _:
            return await _in_workflows(intent, ticket, options)


async def _on_page(intent: UpdatePage | NotePage, ticket: Ticket, recheck: bool, options: dict[str, Any]) -> ResultBody:
    page_id = _page_id(ticket, intent.page_key)
    if page_id is None:
        raise Refused("PagerDuty has not told the page's id, since it went through the Events API or nowhere", None)
    if isinstance(intent, UpdatePage):
        update = UpdatePageInput(page_id=page_id, priority=intent.priority, urgency=intent.urgency)
        await workflow.execute_activity_method(PagerDutyActivities.update_page, update, **options)
    else:
        note = NotePageInput(key=intent.key, page_id=page_id, text=intent.text, recheck=recheck)
        await workflow.execute_activity_method(PagerDutyActivities.note_page, note, **options)
    return Done()


async def _to_other_ticket(intent: TellOtherTicket) -> ResultBody:
    other = workflow.get_external_workflow_handle(workflow_ids.ticket_id(intent.ticket_id))
    try:
        await other.signal("deliver", Delivery(id=intent.key, body=intent.body))
    except ApplicationError as error:
        raise Refused(f"there is no open ticket {intent.ticket_id}", "404") from error
    return Done()


async def _in_slack(
    intent: ShowCard | ThreadLine | Notice, ticket: Ticket, recheck: bool, options: dict[str, Any]
) -> ResultBody:
    match intent:
        case ShowCard():
            card = CardInput(
                # Another key for another card: the lost one may still be found.
                key=f"{ticket.id}/card" + (f"/{ticket.cards_lost}" if ticket.cards_lost else ""),
                channel=home_channel(ticket),
                card=card_of(ticket, workflow.now()),
                ref=ticket.card,
                recheck=recheck,
            )
            ref = await workflow.execute_activity_method(SlackActivities.show_card, card, **options)
            return CardShown(ref=ref)
        case ThreadLine():
            if ticket.card is None:
                if ticket.card_wanted:
                    raise Refused("the card is on its way", NO_CARD)
                # Without a card there is no thread; the line stands in the ticket's timeline.
                return Done()
            line = LineInput(
                key=intent.key, card=ticket.card, text=intent.text, choices=intent.choices, recheck=recheck
            )
            await workflow.execute_activity_method(SlackActivities.post_line, line, **options)
            return Done()
        case Notice():
            notice = NoticeInput(
                key=intent.key,
                channel=intent.channel,
                text=intent.text,
                mention=intent.mention,
                card=ticket.card,
                recheck=recheck,
            )
            await workflow.execute_activity_method(SlackActivities.post_notice, notice, **options)
            return Done()


async def _in_own_channel(
    intent: OpenSeverityChannel | DressSeverityChannel | TellSeverityChannel | CloseSeverityChannel,
    ticket: Ticket,
    recheck: bool,
    options: dict[str, Any],
) -> ResultBody:
    match intent:
        case OpenSeverityChannel():
            wanted = ChannelInput(
                key=intent.key,
                name=intent.name,
                card=card_of(ticket, workflow.now()),
                ref=ticket.card,
                private=intent.private,
                invite=intent.invite,
                recheck=recheck,
            )
            channel = await workflow.execute_activity_method(SlackActivities.open_channel, wanted, **options)
            return SeverityChannelOpened(channel=channel)
        case DressSeverityChannel():
            # Drawn when it is sent, so it shows the newest state.
            dress = ChannelDressInput(
                channel=intent.channel, card=card_of(ticket, workflow.now()), ref=ticket.card, invite=intent.invite
            )
            await workflow.execute_activity_method(SlackActivities.dress_channel, dress, **options)
        case TellSeverityChannel():
            line = ChannelLineInput(key=intent.key, channel=intent.channel, text=intent.text, recheck=recheck)
            await workflow.execute_activity_method(SlackActivities.tell_channel, line, **options)
        case CloseSeverityChannel():
            end = ChannelClosingInput(
                key=intent.key, channel=intent.channel, summary=intent.summary, ref=ticket.card, recheck=recheck
            )
            await workflow.execute_activity_method(SlackActivities.close_channel, end, **options)
    return Done()


async def _in_tracker(
    intent: SeekDuplicates | OpenIssue | FindIssue, ticket: Ticket, recheck: bool, options: dict[str, Any]
) -> ResultBody:
    if isinstance(intent, SeekDuplicates):
        seek = SeekInput(project=intent.project, sought=intent.sought, rules=intent.rules)
        likely = await workflow.execute_activity_method(IssueOpeningActivities.seek_duplicates, seek, **options)
        return DuplicatesFound(candidates=likely.candidates, error=likely.error, left_out=likely.left_out)
    if isinstance(intent, OpenIssue):
        template = ticket.policy.engineering.template
        opened = OpenIssueInput(draft=intent.draft, facts=intent.facts, template=template, recheck=recheck)
        there = await workflow.execute_activity_method(IssueTrackerActivities.open_issue, opened, **options)
        ref = IssueRef(tracker=there.tracker, id=there.id, key=there.key, url=there.url)
        return IssueOpened(ref=ref, left_out=there.left_out)
    wanted = FindIssueInput(reference=intent.reference)
    found = await workflow.execute_activity_method(IssueTrackerActivities.find_issue, wanted, **options)
    return IssueFound(
        ref=found.ref, title=found.title, status=found.status, category=found.category, assignee=found.assignee
    )


async def _put_file(intent: PutFileOnIssue, recheck: bool, options: dict[str, Any]) -> ResultBody:
    put = PutFileInput(ref=intent.ref, file=intent.file, key=intent.key, recheck=recheck)
    attached = await workflow.execute_activity_method(
        IssueFileActivities.put_file, put, **(options | {"start_to_close_timeout": FILE_ATTEMPT})
    )
    return FileAttached(id=attached)


async def _in_workflows(
    intent: JoinIssue
    | LeaveIssue
    | TellIssue
    | UpdateIssue
    | RuleIssue
    | ReopenOnIssue
    | PageWithIssue
    | OpenVendorCase
    | CloseVendorCase,
    ticket: Ticket,
    options: dict[str, Any],
) -> ResultBody:
    match intent:
        case JoinIssue():
            await workflow.execute_activity_method(
                WorkflowLinkActivities.join_issue,
                JoinIssueInput(joined=_joined(intent.key, intent.ref, ticket), rules=ticket.policy.issue_rules()),
                **options,
            )
        case LeaveIssue():
            leave = LeaveIssueInput(ref=intent.ref, left=TicketLeft(id=intent.key, ticket_id=ticket.id))
            await workflow.execute_activity_method(WorkflowLinkActivities.leave_issue, leave, **options)
        case PageWithIssue():
            word = _tell(f"{intent.key}/join", intent.ref, ticket, intent.word)
            await workflow.execute_activity_method(WorkflowLinkActivities.tell_issue, word, **options)
        case TellIssue() | UpdateIssue() | RuleIssue() | ReopenOnIssue():
            tell = _tell(f"{intent.key}/join", intent.ref, ticket, _word(intent, ticket))
            await workflow.execute_activity_method(WorkflowLinkActivities.tell_issue, tell, **options)
        case OpenVendorCase():
            case = _vendor_case(intent, ticket)
            await workflow.execute_activity_method(WorkflowLinkActivities.open_case, case, **options)
        case CloseVendorCase():
            closed = CaseClosed(id=intent.key, why=intent.why)
            close = CloseCaseInput(ticket_id=ticket.id, number=intent.case, closed=closed)
            await workflow.execute_activity_method(WorkflowLinkActivities.close_case, close, **options)
    return Done()


def _joined(key: str, ref: IssueRef, ticket: Ticket) -> TicketJoined:
    return TicketJoined(id=key, ticket_id=ticket.id, title=title_on(ticket, ref), ref=ref, facts=on_issue(ticket, ref))


def _tell(join_key: str, ref: IssueRef, ticket: Ticket, word: TicketWord) -> TellIssueInput:
    return TellIssueInput(joined=_joined(join_key, ref, ticket), word=word, rules=ticket.policy.issue_rules())


def _word(intent: TellIssue | UpdateIssue | RuleIssue | ReopenOnIssue, ticket: Ticket) -> TicketWord:
    match intent:
        case TellIssue():
            return IssueNote(id=intent.key, ticket_id=ticket.id, text=intent.text, visibility=intent.visibility)
        case UpdateIssue():
            return TicketChanged(id=intent.key, ticket_id=ticket.id, facts=on_issue(ticket, intent.ref))
        case RuleIssue():
            return IssueRulesChanged(id=intent.key, rules=ticket.policy.issue_rules())
        case ReopenOnIssue():
            return TicketReopened(id=intent.key, ticket_id=ticket.id, by_customer=intent.by_customer, text=intent.text)


def _vendor_case(intent: OpenVendorCase, ticket: Ticket) -> VendorCase:
    link = next(case for case in ticket.cases if case.number == intent.case)
    rules = ticket.policy.vendors[intent.vendor]
    return VendorCase(
        ticket_id=ticket.id,
        number=intent.case,
        vendor=intent.vendor,
        vendor_name=rules.name,
        email=rules.email,
        title=safe_title(ticket),
        text=intent.text,
        opened_at=link.opened_at,
        target=rules.target,
        calendar=ticket.policy.calendar(rules.calendar),
    )


def _page_id(ticket: Ticket, key: str) -> str | None:
    """The pager's own id, which may have become known since the intent was made."""
    return next((page.id for page in ticket.pages if page.key == key), None)


def _summary(intent: Intent, recheck: bool) -> str:
    again = ", tried again" if recheck else ""
    return f"{intent.kind.replace('_', ' ')}{again}"
