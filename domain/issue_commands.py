"""What people do with the engineering issues of a ticket beside linking them: writing to the engineers, files, what the ticket is to them.

Whatever goes into a tracker is redacted. An internal word is never written where strangers read.
"""

from domain.chat import FileLink
from domain.engineering_issue import is_public, text_on
from domain.engineering_rules import RequestKind
from domain.intents import PutFileOnIssue, TellIssue
from domain.issues import Visibility
from domain.messages import AttachFile, CommentIssue, FileAttached, SetRequestKind, SetWorkaround
from domain.people import Actor
from domain.ticket import LinkedIssue, Ticket
from domain.turn import Turn

_KINDS = {RequestKind.BUG: "a bug", RequestKind.FEATURE: "a feature request"}


# --- writing to the engineers --------------------------------------------------------------------------------------


def comment_refusal(ticket: Ticket, request: CommentIssue) -> str | None:
    """Why it cannot be written, and what can be done instead; None when it can."""
    if not ticket.issues:
        return _no_issue(ticket)
    if _visibility(ticket, request) is Visibility.PUBLIC or _private(ticket):
        return None
    return (
        f"{_projects(ticket)} is public, so everybody would read it there: write `/tier comment {ticket.id} public TEXT` "
        f"if strangers may, or `/tier note {ticket.id} TEXT` for colleagues alone"
    )


def comment(turn: Turn, request: CommentIssue, by: Actor) -> str:
    """Have the engineers read it, on each issue where it may stand."""
    ticket = turn.ticket
    visibility = _visibility(ticket, request)
    where = ticket.issues if visibility is Visibility.PUBLIC else _private(ticket)
    turn.say(f"To the engineers ({visibility.value}): {request.text}", by)
    for issue in where:
        ref, safe = issue.ref, text_on(ticket, issue.ref, f"Support, on {ticket.id}: {request.text}")
        turn.intend(
            lambda key, ref=ref, safe=safe: TellIssue(key=key, ref=ref, text=safe, visibility=visibility)  # type: ignore[misc]
        )
    left_out = [issue.ref.key for issue in ticket.issues if issue not in where]
    but = f"; not on {', '.join(left_out)}, which strangers read" if left_out else ""
    return f"The engineers read it on {', '.join(issue.ref.key for issue in where)}{but}"


def _visibility(ticket: Ticket, request: CommentIssue) -> Visibility:
    return request.visibility or ticket.policy.engineering.comments


# --- files ---------------------------------------------------------------------------------------------------------


def attach_refusal(ticket: Ticket, request: AttachFile) -> str | None:
    """Why no file can be copied, and what can be done instead; None when one can."""
    if not ticket.issues:
        return _no_issue(ticket)
    if not _private(ticket):
        return f"{_projects(ticket)} is public, so everybody could open the file there: give it to the engineers another way"
    file = _chosen(ticket, request)
    if file is None and request.name is not None:
        known = ", ".join(dict.fromkeys(file.name for file in reversed(ticket.files))) or "none"
        return f"there is no file {request.name} in the thread of {ticket.id}; there is {known}"
    if file is None:
        return f"there is no new file in the thread of {ticket.id}: post it below its card, then ask again"
    if file.download is None:
        return f"Slack does not let Tierline fetch {file.name}: put it on the issue by hand"
    return None


def attach(turn: Turn, request: AttachFile, by: Actor) -> str:
    """Copy a file of the thread to the issues that are not public."""
    file = _chosen(turn.ticket, request)
    assert file is not None  # refused before
    where = _private(turn.ticket)
    turn.set(files_attached=tuple(dict.fromkeys((*turn.ticket.files_attached, file.url)))[-len(turn.ticket.files) :])
    turn.say(f"Copies {file.name} to {', '.join(issue.ref.key for issue in where)}", by)
    for issue in where:
        ref = issue.ref
        turn.intend(lambda key, ref=ref: PutFileOnIssue(key=key, ref=ref, file=file))  # type: ignore[misc]
    return f"{file.name} is being copied to {', '.join(issue.ref.key for issue in where)}"


def file_put(turn: Turn, intent: PutFileOnIssue, put: FileAttached) -> None:
    """The file is on the issue; where the tracker takes none, engineers read where it is."""
    name, key = intent.file.name, intent.ref.key
    if put.id is not None:
        turn.say(f"{name} is on {key}")
        return
    turn.say(
        f"{key} takes no files: its address in Slack is written there instead, which asks whoever opens it for access"
    )
    text = text_on(
        turn.ticket,
        intent.ref,
        f"Support has a file for {turn.ticket.id}: {name}, {intent.file.url} (Slack asks for access)",
    )
    turn.intend(lambda key: TellIssue(key=key, ref=intent.ref, text=text, visibility=Visibility.INTERNAL))


def could_not_put(turn: Turn, intent: PutFileOnIssue, error: str) -> None:
    """The file is not on the issue: it can be asked for again."""
    left = tuple(url for url in turn.ticket.files_attached if url != intent.file.url)
    turn.set(files_attached=left)
    turn.say(f"{intent.file.name} could not be copied to {intent.ref.key}: {error}")


def _chosen(ticket: Ticket, request: AttachFile) -> FileLink | None:
    newest = reversed(ticket.files)
    if request.name is not None:
        wanted = request.name.casefold()
        return next((file for file in newest if file.name.casefold() == wanted), None)
    return next((file for file in newest if file.url not in ticket.files_attached), None)


# --- what the ticket is to engineering -----------------------------------------------------------------------------


def kind_refusal(ticket: Ticket, request: SetRequestKind) -> str | None:
    """Why it is no change; None when it is one."""
    return f"{ticket.id} is {_KINDS[request.request]} already" if request.request is ticket.request else None


def set_kind(turn: Turn, request: SetRequestKind, by: Actor) -> str:
    """Engineering counts it the other way from now on."""
    turn.set(request=request.request)
    turn.say(f"Is {_KINDS[request.request]} to engineering", by)
    return f"{turn.ticket.id} is {_KINDS[request.request]}"


def workaround_refusal(ticket: Ticket, request: SetWorkaround) -> str | None:
    """Why there is nothing to take back; None when there is, or something is to be kept."""
    return f"{ticket.id} has no workaround" if request.text is None and ticket.workaround is None else None


def set_workaround(turn: Turn, request: SetWorkaround, by: Actor) -> str:
    """Keep how customers can help themselves; the issues show it."""
    turn.set(workaround=request.text)
    turn.say(f"Workaround: {request.text}" if request.text is not None else "The workaround does not hold any more", by)
    return (
        f"{turn.ticket.id} has a workaround"
        if request.text is not None
        else f"{turn.ticket.id} has no workaround any more"
    )


# --- where strangers read ------------------------------------------------------------------------------------------


def _private(ticket: Ticket) -> tuple[LinkedIssue, ...]:
    return tuple(issue for issue in ticket.issues if not is_public(ticket, issue.ref.project))


def _projects(ticket: Ticket) -> str:
    return " and ".join(dict.fromkeys(issue.ref.project for issue in ticket.issues))


def _no_issue(ticket: Ticket) -> str:
    return f"{ticket.id} is on no engineering issue: link one with `/tier link {ticket.id} PAY-12`, or escalate to L3"
