"""Threads of cards: what people write, change and delete there becomes part of the ticket's story, internally.

Nothing of it reaches the customer. Files stay where they are: their addresses are kept, and Slack asks whoever opens one for access.
Names are looked up for what is mentioned by an id, and the addresses of files of another company's workspace, while Slack waits.
Events: https://docs.slack.dev/reference/events/message
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from domain.messages import Delivery, FileLink, ThreadChange, ThreadMessage
from domain.texts import LONGEST_TEXT
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import at, needed, text_at
from gateway.slack_contents import MOST_FILES, NOTHING, Contents, contents_of, note
from gateway.slack_people import NO_STRANGERS, actor_of, turned_away
from gateway.slack_text import plain
from gateway.slack_whispers import whisper
from gateway.tickets import DeskError, TicketClosed, TicketDesk, TicketEnded
from integrations.slack.mrkdwn import escaped

_WRITTEN = frozenset({None, "file_share", "me_message", "thread_broadcast"})
"""Kinds of messages that people write; everything else is Slack's own (somebody joined, a topic was set) or an app's."""
_TEAMS = ("user_team", "source_team", "team")
_LONGEST_ID = 100


@dataclass(frozen=True)
class Written:
    """A change in a thread: ``thread`` is its parent's time stamp, ``teams`` whose people its author is of, where Slack says so."""

    change: ThreadChange
    channel: str
    thread: str
    ts: str
    user: str
    teams: tuple[str | None, ...] = ()
    contents: Contents = NOTHING


async def thread_message(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> None:
    """Tell the ticket, if the thread is one of a card.

    Raises:
        Unreadable: it has no id.
        DeskUnavailable: Slack is to send it again.
    """
    event_id = needed(text_at(payload, "event_id", longest=_LONGEST_ID), "event_id")
    written = written_in(payload)
    if written is None:
        return
    ticket_id = await slack.cards.ticket_of(gateway.desk, written.channel, written.thread, gateway.now())
    if ticket_id is None:
        return
    refusal = await turned_away(gateway, slack.directory, written.user, written.teams)
    if refusal is not None:
        if refusal == NO_STRANGERS:
            text = f"What you write here stays in Slack: it is not taken to {ticket_id}. {refusal}"
            whisper(gateway, slack, written.channel, written.user, text, key="stranger", thread=written.thread)
        return
    text, files = await _read(slack, written.contents)
    message = ThreadMessage(
        change=written.change, ts=written.ts, by=actor_of(gateway, written.user, None), text=text, files=files
    )
    if not await gateway.desk.deliver(ticket_id, Delivery(id=f"slack/{event_id}", body=message)):
        text = escaped(f"This was not recorded. {await _why_not(gateway.desk, ticket_id)}")
        whisper(gateway, slack, written.channel, written.user, text, key=f"closed/{ticket_id}", thread=written.thread)


async def _why_not(desk: TicketDesk, ticket_id: str) -> DeskError:
    """Why a ticket hears nothing any more: it is closed, or its workflow ended before its time."""
    try:
        await desk.view(ticket_id)
    except TicketEnded as ended:
        return ended
    except DeskError:
        pass
    return TicketClosed(ticket_id)


def written_in(payload: object) -> Written | None:
    """What a person wrote, changed or deleted in some thread; None for everything else that Slack calls a message."""
    subtype = text_at(payload, "event", "subtype")
    event = at(payload, "event")
    if subtype == "message_changed":
        message, before = at(event, "message"), at(event, "previous_message")
        if text_at(message, "subtype") == "tombstone":
            return _written(payload, ThreadChange.DELETED, before)
        if contents_of(message) == contents_of(before):
            # A preview was added, or somebody answered: nobody changed the words.
            return None
        return _written(payload, ThreadChange.EDITED, message)
    if subtype == "message_deleted":
        return _written(payload, ThreadChange.DELETED, at(event, "previous_message"))
    return _written(payload, ThreadChange.POSTED, event)


def bots_of(payload: object) -> frozenset[str]:
    """The user ids under which we are in the workspace that this event comes from."""
    authorizations = at(payload, "authorizations")
    listed = authorizations if isinstance(authorizations, list) else []
    found = (text_at(one, "user_id") for one in listed if at(one, "is_bot") is True)
    return frozenset(user for user in found if user is not None)


def _written(payload: object, change: ThreadChange, message: object) -> Written | None:
    channel, thread = text_at(payload, "event", "channel"), text_at(message, "thread_ts")
    ts, author = text_at(message, "ts"), text_at(message, "user")
    if channel is None or thread is None or ts is None or ts == thread or author is None:
        return None
    ours = bots_of(payload)
    parent = text_at(message, "parent_user_id")
    if ours and parent is not None and parent not in ours:
        # Cards are ours: the thread below what a person wrote is none of a card.
        return None
    by_app = at(message, "bot_id") is not None or author in ours
    if by_app or text_at(message, "subtype") not in _WRITTEN:
        return None
    contents = contents_of(message)
    if change is ThreadChange.POSTED and not contents:
        return None
    editor = text_at(message, "edited", "user") if change is ThreadChange.EDITED else None
    return Written(
        change=change,
        channel=channel,
        thread=thread,
        ts=ts,
        user=editor or author,
        teams=(next((team for name in _TEAMS if (team := text_at(message, name))), None),),
        contents=NOTHING if change is ThreadChange.DELETED else contents,
    )


async def _read(slack: SlackDoor, contents: Contents) -> tuple[str, tuple[FileLink, ...]]:
    """The words with names for ids, at most ``LONGEST_TEXT`` characters, and the files; what Slack does not tell now is said."""
    names, found = await asyncio.gather(
        slack.directory.names_in(contents.words),
        asyncio.gather(*(slack.directory.file(file) for file in contents.unread_files)),
    )
    links = [link for link in found if link is not None]
    notes = [
        plain(note(f"a file that Slack does not show to Tierline: {file}"))
        for file, link in zip(contents.unread_files, found, strict=True)
        if link is None
    ]
    text = "\n".join(part for part in (plain(contents.words, names), *notes) if part)
    return _cut(text), (*contents.files, *links)[:MOST_FILES]


def _cut(text: str) -> str:
    """With a mark where it was longer than what a ticket takes."""
    if len(text) <= LONGEST_TEXT:
        return text
    mark = f" [… cut here: {len(text):,} characters, all of them in Slack]"
    return text[: LONGEST_TEXT - len(mark)] + mark
