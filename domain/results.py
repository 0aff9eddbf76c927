"""What came of a ticket's own intents, and of the lanes that they run on."""

from domain import (
    card_place,
    clock_changes,
    issue_choice,
    issue_commands,
    merging,
    moves,
    page_chain,
    page_results,
    severity_channel,
    shared_pages,
    splitting,
)
from domain.clocks import ClockOutcome
from domain.intents import (
    DressSeverityChannel,
    FindIssue,
    Intent,
    JoinIssue,
    Lane,
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
    SeekDuplicates,
    ShowCard,
    TellOtherTicket,
    TellSeverityChannel,
    ThreadLine,
    UpdatePage,
    lane_name,
)
from domain.issue_pages import PageWanted
from domain.issues import IssueCategory
from domain.messages import (
    CardShown,
    Done,
    DuplicatesFound,
    Failed,
    FileAttached,
    IssueFound,
    IssueOpened,
    LaneChanged,
    LaneHealth,
    PageRaised,
    SeverityChannelOpened,
    TicketMergedIn,
)
from domain.messages import IntentResult as IntentResult
from domain.people import TIERLINE
from domain.policy import ClockKind
from domain.ticket import LaneTrouble, LinkedIssue, TicketStatus, issue_id
from domain.tiers import Tier, WaitingOn
from domain.turn import Turn


def take_result(turn: Turn, intent: Intent, result: IntentResult) -> None:
    """Take in what came of an intent."""
    match result.body:
        case CardShown():
            turn.set(card=result.body.ref, card_wanted=False)
        case IssueOpened():
            _issue_opened(turn, result.body)
        case IssueFound():
            _issue_found(turn, result.body)
        case DuplicatesFound():
            if isinstance(intent, SeekDuplicates):
                issue_choice.take_found(turn, intent, result.body)
        case FileAttached():
            if isinstance(intent, PutFileOnIssue):
                issue_commands.file_put(turn, intent, result.body)
        case PageRaised():
            page_results.raised(turn, result.body.ref)
        case SeverityChannelOpened():
            severity_channel.opened(turn, result.body.channel)
        case Done():
            page_chain.reached(turn, intent.key)
        case Failed():
            _failed(turn, intent, result.body)
        case _:
            pass


def _issue_opened(turn: Turn, opened: IssueOpened) -> None:
    ref = opened.ref
    turn.set_issue(LinkedIssue(ref=ref, title=turn.ticket.title))
    turn.set(issue_wanted=None)
    turn.say(f"Opened {ref.key}: {ref.url}")
    for sentence in opened.left_out:
        turn.say(sentence)
    if turn.ticket.status is TicketStatus.CLOSED:
        # On an issue that it joined now, a ticket that is over would stay for ever.
        moves.tell_lead(turn, f"{ref.key} was opened after {turn.ticket.id} was closed: it may need nobody any more")
        return
    turn.intend(lambda key: JoinIssue(key=key, ref=ref))
    shared_pages.offer(turn)


def _issue_found(turn: Turn, found: IssueFound) -> None:
    if turn.ticket.issue(found.ref) is not None:
        turn.say(f"{found.ref.key} was linked already")
        issue_choice.linked(turn)
        return
    if turn.ticket.status is TicketStatus.CLOSED:
        turn.say(f"{found.ref.key} was found after the ticket was closed, and not linked")
        return
    turn.set_issue(
        LinkedIssue(
            ref=found.ref, title=found.title, status=found.status, category=found.category, assignee=found.assignee
        )
    )
    # Whoever links it says that it is the one, whatever it was a duplicate of.
    left = tuple(one for one in turn.ticket.duplicates_left if one != issue_id(found.ref))
    turn.set(duplicates_left=left)
    issue_choice.linked(turn)
    turn.say(f"Linked to {found.ref.key} ({found.status}): {found.ref.url}")
    turn.intend(lambda key: JoinIssue(key=key, ref=found.ref))
    shared_pages.offer(turn)
    if found.category is IssueCategory.DONE:
        # Nobody is at work there: the tier still has to answer.
        return
    if turn.ticket.status is TicketStatus.OPEN and turn.ticket.tier.rank < Tier.L3.rank:
        moves.wait_on(turn, WaitingOn.ENGINEERING)


def _failed(turn: Turn, intent: Intent, failed: Failed) -> None:
    """Nothing is lost: what could not be done is said, with who is to do it by hand."""
    error = failed.error
    match intent:
        case OpenIssue():
            where = f"{intent.draft.tracker.value} {intent.draft.project}"
            turn.set(issue_wanted=None)
            turn.say(f"No issue could be opened in {where}: {error}. Open one by hand and use /tier link")
            moves.tell_lead(turn, f"{turn.ticket.id}: no issue could be opened in {where} ({error})")
        case PutFileOnIssue():
            issue_commands.could_not_put(turn, intent, error)
        case FindIssue():
            turn.say(f"{intent.reference} could not be linked: {error}")
            issue_choice.not_linked(turn, intent.key)
        case SeekDuplicates():
            issue_choice.could_not_seek(turn, intent, error)
        case RaisePage():
            page_results.could_not_raise(turn, intent.draft.key, error)
        case PageWithIssue() if isinstance(intent.word, PageWanted):
            page_results.could_not_raise(turn, intent.word.draft.key, error)
        case OpenVendorCase():
            turn.say(f"The vendor could not be asked: {error}")
            moves.tell_lead(turn, f"{turn.ticket.id}: the vendor could not be asked ({error})")
            _take_back_from_vendor(turn, intent.case)
        case MailCustomer():
            turn.say(f"The customer could not be mailed: {error}. Reach them another way")
            moves.tell_lead(turn, f"{turn.ticket.id}: the customer could not be mailed ({error})")
        case TellOtherTicket() if isinstance(intent.body, TicketMergedIn):
            if turn.ticket.merging_into == intent.ticket_id:
                merging.go_on(turn, error)
        case OpenSplitTicket():
            splitting.could_not_open(turn, intent.opening.ticket_id, error)
            moves.tell_owner(turn, f"{turn.ticket.id}: {intent.opening.ticket_id} could not be opened ({error})")
        case OpenSeverityChannel():
            severity_channel.could_not_open(turn, intent.name, error)
        case DressSeverityChannel() | TellSeverityChannel() if failed.code in card_place.GONE_CHANNEL:
            severity_channel.lost(turn, intent.channel, error)
        case UpdatePage():
            turn.say(f"The page's priority could not be raised: {error}")
        case NotePage():
            turn.say(f"The note could not be written on the page: {error}")
        case Notice() | MailStaff() if page_chain.not_reached(turn, intent.key, error):
            pass
        case Notice():
            turn.say(f"{intent.channel} could not be told ({error}): {intent.text}")
            card_place.tell_past_channel(turn, intent, failed)
        case ShowCard() | ThreadLine() if card_place.is_lost(failed):
            card_place.lose(turn, intent, failed)
        case _:
            if isinstance(intent, ShowCard):
                turn.set(card_wanted=False)
            # A line in a thread about a line in a thread that failed would fail as well.
            in_slack = isinstance(intent, ShowCard | ThreadLine)
            turn.say(f"{intent.kind.replace('_', ' ').capitalize()} failed: {error}", thread=not in_slack)


def _take_back_from_vendor(turn: Turn, number: int) -> None:
    """A case that nobody works on has no clock: the tier that asked has the ticket again."""
    case = turn.ticket.open_case
    if turn.ticket.tier is not Tier.L4 or case is None or case.number != number:
        return
    turn.set_case(case.model_copy(update={"closed": True}))
    clock_changes.stop_kind(turn, ClockKind.VENDOR, ending=ClockOutcome.CANCELLED)
    moves.return_to(turn, moves.tier_before_vendor(turn), f"{case.vendor_name} could not be asked", TIERLINE)


def change_lane(turn: Turn, change: LaneChanged) -> None:
    """An outside system stopped taking what the ticket sends, or takes it again."""
    lanes = dict(turn.ticket.lanes)
    if change.health is LaneHealth.LATE:
        if change.lane not in lanes:
            turn.say(
                f"{lane_name(change.lane)} is late: {change.error or 'no answer'}. Tierline keeps trying",
                # Of Slack's own trouble the thread would hear when it is over.
                thread=change.lane != Lane.SLACK.value,
            )
        since = lanes[change.lane].since if change.lane in lanes else turn.at
        lanes[change.lane] = LaneTrouble(since=since, error=change.error or "no answer")
    else:
        trouble = lanes.pop(change.lane, None)
        if trouble is not None:
            turn.say(f"{lane_name(change.lane)} caught up; it was late since {trouble.since:%H:%M:%S} UTC")
    turn.set(lanes=lanes)
