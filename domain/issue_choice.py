"""How an issue comes to be opened: its likely duplicates are asked for, people choose, and when nobody does in time it is opened.

Nothing holds it up for good. Where the tracker cannot be asked, where nothing is alike, and when the time to choose is over, it is opened.
Whoever links another issue meanwhile, resolves the ticket or returns it, ends the wait.
"""

from datetime import datetime

from domain.chat import NoticeChoice
from domain.duplicates import IssueChoice, Sought
from domain.durations import format_duration
from domain.intents import OpenIssue, SeekDuplicates, ThreadLine
from domain.issue_facts import IssueFacts
from domain.issues import IssueCandidate, IssueDraft
from domain.messages import DuplicatesFound
from domain.people import Actor
from domain.telling import tell_lead
from domain.ticket import Ticket
from domain.turn import Turn

LINK_ACTION, OPEN_ACTION = "tierline.issue_choice.link", "tierline.issue_choice.open"
"""The action ids of the buttons; that of a link has its number behind it. A value is the ticket's id and, to link, the issue's key."""
_LONGEST_LABEL = 75


def begin(turn: Turn, draft: IssueDraft, facts: IssueFacts) -> None:
    """An issue is wanted: look for its likely duplicates first, where the policy says so."""
    turn.set(issue_wanted=draft.key)
    rules = turn.ticket.policy.engineering.duplicates
    if rules is None:
        turn.intend(lambda key: OpenIssue(key=key, draft=draft, facts=facts))
        return
    turn.set(issue_choice=IssueChoice(draft=draft, facts=facts))
    text = "\n".join(part for part in (facts.summary, facts.impact, facts.reproduction, facts.report) if part)
    sought = Sought(title=facts.title, text=text, components=draft.components or _components(turn.ticket))
    turn.intend(
        lambda key: SeekDuplicates(
            key=key, tracker=draft.tracker, project=draft.project, issue=draft.key, sought=sought, rules=rules
        )
    )


def take_found(turn: Turn, intent: SeekDuplicates, found: DuplicatesFound) -> None:
    """What the tracker has that may be the same: nothing, or nothing that it could tell, opens the issue at once."""
    choice = turn.ticket.issue_choice
    if choice is None or choice.sought or choice.draft.key != intent.issue:
        return
    candidates = tuple(each for each in found.candidates if not _is_on(turn.ticket, each))
    choice = choice.model_copy(update={"sought": True, "candidates": candidates})
    turn.set(issue_choice=choice)
    for sentence in found.left_out:
        turn.say(sentence)
    if choice.linking is not None:
        # Somebody named an issue before these were known; that one is looked up.
        return
    if candidates:
        _ask(turn, choice)
        return
    if found.error is not None:
        turn.say(f"Likely duplicates could not be looked for ({found.error}): a new issue is opened")
    _open(turn, choice)


def could_not_seek(turn: Turn, intent: SeekDuplicates, error: str) -> None:
    """The tracker refused to be asked: the issue is opened all the same."""
    take_found(turn, intent, DuplicatesFound(error=error))


def next_due(ticket: Ticket) -> datetime | None:
    """When the issue is opened though nobody chose, or None."""
    choice = ticket.issue_choice
    return choice.until if choice is not None and choice.linking is None else None


def time_is_over(turn: Turn) -> None:
    """Nobody chose in time."""
    choice = turn.ticket.issue_choice
    assert choice is not None  # its time is over
    turn.say("Nobody chose in time: a new issue is opened. If it is the same as another, close it there as a duplicate")
    _open(turn, choice)


def refusal_of(ticket: Ticket) -> str | None:
    """Why no new issue can be opened by choice; None when it can."""
    choice = ticket.issue_choice
    if choice is None:
        waits = "its issue is being opened already" if ticket.issue_wanted is not None else "it waits for no choice"
        return f"{ticket.id}: {waits}; escalate it to engineering to open an issue"
    if choice.linking is not None:
        return f"{ticket.id} is being linked to the issue that somebody named: wait for what comes of it"
    return None


def open_new(turn: Turn, by: Actor) -> str:
    """Somebody decided that none of the likely duplicates is the same."""
    choice = turn.ticket.issue_choice
    assert choice is not None  # refused before
    turn.say("None of them is the same: a new issue is opened", by)
    _open(turn, choice)
    return f"Opening an issue for {turn.ticket.id} in {choice.draft.project}"


def look_up(turn: Turn, key: str) -> None:
    """Somebody named an issue, which the intent with this key looks up: nothing is opened until that is known."""
    choice = turn.ticket.issue_choice
    if choice is not None:
        turn.set(issue_choice=choice.model_copy(update={"linking": key}))


def linked(turn: Turn) -> None:
    """The ticket is on an issue: no other one is needed."""
    if turn.ticket.issue_choice is not None:
        turn.set(issue_choice=None, issue_wanted=None)


def not_linked(turn: Turn, key: str) -> None:
    """The issue that somebody named could not be linked: the choice goes on, with its whole time again."""
    choice = turn.ticket.issue_choice
    if choice is None or choice.linking != key:
        return
    choice = choice.model_copy(update={"linking": None})
    turn.set(issue_choice=choice)
    if not choice.sought:
        return
    if choice.candidates:
        _ask(turn, choice)
    else:
        _open(turn, choice)


def drop(turn: Turn, why: str) -> None:
    """Nobody needs the issue any more, before it was opened; ``why`` ends a sentence."""
    if turn.ticket.issue_choice is not None:
        turn.set(issue_choice=None, issue_wanted=None)
        turn.say(f"No issue is opened: {why}")


def buttons(ticket: Ticket) -> tuple[NoticeChoice, ...]:
    """What somebody can press while the ticket waits for a choice."""
    choice = ticket.issue_choice
    if choice is None or choice.linking is not None or not choice.candidates:
        return ()
    link = (
        NoticeChoice(
            action_id=f"{LINK_ACTION}.{number}",
            label=f"Link {each.ref.key}"[:_LONGEST_LABEL],
            value=f"{ticket.id} {each.ref.key}",
        )
        for number, each in enumerate(choice.candidates)
    )
    return (*link, NoticeChoice(action_id=OPEN_ACTION, label="Open a new issue", value=ticket.id))


def _ask(turn: Turn, choice: IssueChoice) -> None:
    rules = turn.ticket.policy.engineering.duplicates
    if rules is None:
        # The policy was edited meanwhile.
        _open(turn, choice)
        return
    turn.set(issue_choice=choice.model_copy(update={"until": turn.at + rules.wait}))
    likely = "\n".join(_in_words(each) for each in choice.candidates)
    text = (
        f"Before an issue is opened in {choice.draft.project}: is it one of these? Link it, or open a new one; "
        f"without a word it is opened in {format_duration(rules.wait)}.\n{likely}"
    )
    turn.say(text, thread=False)
    turn.intend(lambda key: ThreadLine(key=key, text=text, choices=buttons(turn.ticket)))
    first = choice.candidates[0]
    tell_lead(
        turn,
        f"{turn.ticket.id} may be the same as {first.ref.key} ({first.similarity} %): link it, or open a new issue",
    )


def _in_words(candidate: IssueCandidate) -> str:
    ref = candidate.ref
    return f"• {ref.key} ({candidate.similarity} %, {candidate.status}): {candidate.title} {ref.url}"


def _open(turn: Turn, choice: IssueChoice) -> None:
    turn.set(issue_choice=None)
    turn.intend(lambda key: OpenIssue(key=key, draft=choice.draft, facts=choice.facts))


def _components(ticket: Ticket) -> tuple[str, ...]:
    return (ticket.component,) if ticket.component is not None else ()


def _is_on(ticket: Ticket, candidate: IssueCandidate) -> bool:
    return ticket.issue(candidate.ref) is not None
