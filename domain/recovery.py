"""What a ticket says and does when an operator brought its workflow back to work."""

import hashlib
from collections.abc import Callable

from domain.intents import Intent, JoinIssue
from domain.issues import IssueRef
from domain.messages import Recovered
from domain.turn import Turn


def recovered(turn: Turn, news: Recovered) -> None:
    """Say what happened and what may be missing, and ask the engineering issues how they stand.

    An issue whose news could not be delivered took the ticket off its roll; joining again is harmless where it did not.
    """
    if news.ended is not None:
        turn.say(
            f"Reopened by an operator: its workflow {news.ended.words}. What people and other systems told it from then until now "
            "may be missing; what was on its way to other systems was looked for before it was sent again"
        )
    else:
        turn.say(
            f"Repaired by an operator: its workflow stood still and was taken back to {news.at:%Y-%m-%d %H:%M:%S} UTC. What it was told "
            "since then was taken in again, with the times of the repair; what it had done since then was looked for before it was done again"
        )
    for issue in turn.ticket.issues:
        turn.intend(_joining(issue.ref))


def mail_digest(to: str, subject: str, text: str) -> str:
    """What a mail is known again by: its words, since the keys of what is done again may differ."""
    return hashlib.sha256("\0".join((to, subject, text)).encode()).hexdigest()[:32]


def _joining(ref: IssueRef) -> Callable[[str], Intent]:
    return lambda key: JoinIssue(key=key, ref=ref)
