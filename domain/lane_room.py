"""What waits on a lane for a system that is away, and how it stays small: lines that only tell something are folded into one that says how many.

What has to be done (an issue, a page, a mail to the customer) is never folded. Where too much of that waits, the ticket refuses
what would add to it, so that whoever asks knows that it was not sent.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from domain.intents import Intent, MailStaff, NotePage, Notice, TellIssue, TellSeverityChannel, ThreadLine
from domain.issue_intents import IssueIntent, WriteComment
from domain.messages import Reply, Request, Resolve, Split
from domain.texts import size_of

LANE_BYTES = 100_000
"""From so many bytes on a lane's lines are folded, down to half of that."""
MOST_WAITING_BYTES = 300_000
"""While so many bytes wait on all lanes of a ticket, it takes no reply, resolution or split."""
_I = TypeVar("_I", bound=BaseModel)


class Written(Protocol):
    """Whatever is written as JSON."""

    def model_dump_json(self) -> str:
        """The JSON."""
        ...


def bytes_of(intent: Written) -> int:
    """How many bytes an intent takes in what a run hands to the next."""
    return size_of(intent.model_dump_json())


def no_room(request: Request, waiting: int) -> str | None:
    """Why a command that has something sent cannot be taken while so many bytes wait; None where it can."""
    if not isinstance(request, Reply | Resolve | Split) or waiting + bytes_of(request) <= MOST_WAITING_BYTES:
        return None
    return (
        "too much waits to be sent because a system does not answer, so this was not taken: send it again when the card shows that "
        "the system has caught up"
    )


def folded(waiting: Sequence[Intent], keep: Collection[str] = ()) -> list[Intent]:
    """A ticket's waiting intents, in order, within half of ``LANE_BYTES`` where folding can do that; those with a key to ``keep`` stay."""
    return _folded(waiting, lambda intent: None if intent.key in keep else _group(intent), _line)


def folded_of_issue(waiting: Sequence[IssueIntent]) -> list[IssueIntent]:
    """The same for what an engineering issue's workflow wants."""
    return _folded(waiting, _group_of_issue, _comment)


def _folded(waiting: Sequence[_I], group: Callable[[_I], object], line: Callable[[_I, int], _I]) -> list[_I]:
    """From the oldest on, as many as are too many; one in the place of the first of each group stands for them."""
    too_many = sum(map(bytes_of, waiting)) - LANE_BYTES // 2
    counts: dict[object, int] = {}
    kept: list[tuple[_I, object]] = []
    for intent in waiting:
        of = group(intent)
        if of is None or too_many <= 0:
            kept.append((intent, None))
            continue
        if of not in counts:
            kept.append((intent, of))
        counts[of] = counts.get(of, 0) + max(1, _folds(intent))
        too_many -= bytes_of(intent)
    return [line(intent, counts[of]) if of is not None else intent for intent, of in kept]


def _folds(intent: Any) -> int:
    count: int = intent.folds
    return count


def _group(intent: Intent) -> object:
    """What is folded together; None for what is never folded."""
    match intent:
        case ThreadLine() if not intent.choices:
            return intent.kind
        case Notice():
            return intent.kind, intent.channel
        case TellSeverityChannel():
            return intent.kind, intent.channel.id
        case TellIssue():
            return intent.kind, intent.ref.tracker, intent.ref.id, intent.visibility
        case NotePage():
            return intent.kind, intent.page_key
        case MailStaff():
            return intent.kind, intent.to
    return None


def _line(intent: Intent, count: int) -> Intent:
    ticket = intent.key.rpartition("/")[0]
    text = f"{ticket}: {_more(count, 'message')}, in the ticket's history"
    if isinstance(intent, ThreadLine):
        text = f"{_more(count, 'line')}, in the ticket's history"
    return intent.model_copy(update={"text": text, "folds": count})


def _group_of_issue(intent: IssueIntent) -> object:
    return (intent.kind, intent.visibility) if isinstance(intent, WriteComment) else None


def _comment(intent: IssueIntent, count: int) -> IssueIntent:
    text = f"{_more(count, 'comment')} could not be written in time: they are in the histories of the tickets on this issue"
    return intent.model_copy(update={"text": text, "folds": count, "ticket_id": None})


def _more(count: int, what: str) -> str:
    return f"{count:,} more {what}{'s' if count != 1 else ''}"
