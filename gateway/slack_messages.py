"""A message that somebody chose a shortcut on, and the ticket that it belongs to."""

import re
from dataclasses import dataclass
from typing import Any

from domain.chat import MessageRef
from domain.ticket_references import ReferenceKind, card_reference, reference
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import at, needed, text_at
from gateway.slack_contents import contents_of
from gateway.slack_text import plain

_METADATA = "tierline"
_MENTIONED = re.compile(r"(?<![\w-])T-[0-9A-Z]{1,20}(?![\w-])", re.ASCII)
_KEY = re.compile(r"(T-[0-9A-Z]{1,20})/(?:card(?:/\d+)?|\d+)", re.ASCII)


@dataclass(frozen=True)
class PickedMessage:
    """The message: where it stands, the thread that it is in, what it says in Slack's text format. ``ticket`` is its ticket's id where
    its metadata has it.
    """

    channel: str
    ts: str
    thread: str | None
    words: str
    ticket: str | None
    response_url: str | None

    @property
    def is_ours(self) -> bool:
        """Whether Tierline wrote it: a card or a line, no words of a person's."""
        return self.ticket is not None

    @property
    def mentioned(self) -> str | None:
        """The one ticket that its text names, or None."""
        named = set(_MENTIONED.findall(plain(self.words)))
        return named.pop() if len(named) == 1 else None


def message_of(payload: dict[str, Any]) -> PickedMessage:
    """The message of a message shortcut.

    Raises:
        Unreadable: it lacks the channel or the message's time stamp.
    """
    channel = needed(text_at(payload, "channel", "id"), "channel.id")
    ts = needed(text_at(payload, "message", "ts") or text_at(payload, "message_ts"), "message.ts")
    return PickedMessage(
        channel=channel,
        ts=ts,
        thread=text_at(payload, "message", "thread_ts"),
        words=contents_of(at(payload, "message")).words,
        ticket=_of_metadata(payload),
        response_url=text_at(payload, "response_url", longest=2_000),
    )


async def text_of(slack: SlackDoor, message: PickedMessage) -> str:
    """What the message says, with the names of whom and what it mentions."""
    return plain(message.words, await slack.directory.names_in(message.words))


async def tickets_of(gateway: Gateway, message: PickedMessage) -> list[str]:
    """The ids of the tickets that the message belongs to: as their card, a line in its thread, or in a ticket's own channel.

    Raises:
        DeskUnavailable: they cannot be looked up now.
    """
    if message.ticket is not None:
        return [message.ticket]
    stands = [message.ts] if message.thread in (None, message.ts) else [message.thread or "", message.ts]
    cards = [card_reference(MessageRef(channel=message.channel, ts=ts)) for ts in stands]
    return await gateway.desk.find([*cards, reference(ReferenceKind.CHANNEL, message.channel)])


def _of_metadata(payload: dict[str, Any]) -> str | None:
    """Our own messages carry the key of what wrote them, which begins with the ticket's id."""
    if text_at(payload, "message", "metadata", "event_type") != _METADATA:
        return None
    key = _KEY.fullmatch(text_at(payload, "message", "metadata", "event_payload", "key") or "")
    return key[1] if key is not None else None
