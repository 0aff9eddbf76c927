"""What people write in a card's thread: internal, kept in the ticket's story, and never told to the customer.

The words are in the thread already, so nothing is posted; no clock hears of them. What was edited or deleted in the chat stays in the
story as it was first said: the story tells what people knew when they acted.
"""

from datetime import UTC, datetime, timedelta

from domain.messages import FileLink, ThreadChange, ThreadMessage
from domain.turn import Turn

FILES_KEPT = 20
_AT_ONCE = timedelta(minutes=1)
"""What comes this soon after it was written needs no time of its own."""


def take_message(turn: Turn, message: ThreadMessage) -> None:
    """Add what was written, changed or deleted to the ticket's story."""
    written = _written_at(message.ts)
    said = " ".join((message.text, *(_file(file) for file in message.files))).strip()
    match message.change:
        case ThreadChange.POSTED:
            late = written is not None and turn.at - written > _AT_ONCE
            text = f"in the thread{_time(' at', written) if late else ''}: {said}"
        case ThreadChange.EDITED:
            text = f"changed the message{_time(' of', written)} in the thread to: {said}"
        case ThreadChange.DELETED:
            # The chat does not tell who deleted it: the author, or an administrator.
            text = f"the message{_time(' of', written)} in the thread was deleted; what it said stays in this story"
    turn.say(text, message.by, thread=False)
    _keep_files(turn, message)


def _keep_files(turn: Turn, message: ThreadMessage) -> None:
    """The newest files can be copied to an engineering issue; where they are is all that is kept of them."""
    if message.files:
        new = {file.url for file in message.files}
        files = (*(file for file in turn.ticket.files if file.url not in new), *message.files)
        turn.set(files=files[-FILES_KEPT:])


def _written_at(ts: str) -> datetime | None:
    """When a message was written: its time stamp is seconds since 1970, and a number within them."""
    try:
        return datetime.fromtimestamp(int(ts.partition(".")[0]), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _time(word: str, written: datetime | None) -> str:
    return f"{word} {written:%Y-%m-%d %H:%M:%S} UTC" if written is not None else ""


def _file(file: FileLink) -> str:
    return f"[file {file.name}: {file.url}]"
