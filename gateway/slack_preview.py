"""What a command would bring, in Slack's words: with the names of those who would be woken, and times in the reader's own zone."""

import asyncio
from collections.abc import Sequence

from domain.messages import Command
from domain.preview import Preview, Promise
from domain.report import in_words
from gateway.gateway import Gateway
from gateway.on_call import on_call
from gateway.tickets import DeskUnavailable
from integrations.slack.mrkdwn import escaped, moment, person, shortened

_LONGEST = 2_900
_NOT_KNOWN = "_I cannot look ahead at the moment. What you send is decided by the ticket's own rules all the same._"


async def preview_of(gateway: Gateway, ticket_id: str, commands: Sequence[Command]) -> Preview | None:
    """What these commands would bring; None while that cannot be known.

    Raises:
        TicketUnknown: there is no such ticket.
    """
    try:
        return await gateway.desk.preview(ticket_id, commands)
    except DeskUnavailable:
        return None


async def preview_text(gateway: Gateway, preview: Preview | None) -> str:
    """The preview as a list, or why there is none."""
    if preview is None:
        return _NOT_KNOWN
    if preview.refusal is not None:
        return f"⛔ {escaped(preview.refusal)}"
    lines = await asyncio.gather(*(_line(gateway, promise) for promise in preview.promises))
    if not preview.told:
        lines.append("the customer is told nothing yet")
    shown = "\n".join(f"• {line}" for line in dict.fromkeys(lines))
    lacks = f"\n\n✍️ Still to be written down: {in_words(preview.missing)}." if preview.missing else ""
    return shortened(f"*What will happen*\n{shown}", _LONGEST - len(lacks)) + lacks


async def _line(gateway: Gateway, promise: Promise) -> str:
    parts = [escaped(promise.text)]
    if promise.where is not None:
        parts.append(f"<#{promise.where}>" if promise.where.startswith(("C", "G")) else person(promise.where))
    if promise.at is not None:
        parts.append(moment(promise.at))
    line = " ".join(parts)
    if promise.wakes is None or gateway.pager is None:
        return line
    return f"{line}: {escaped((await on_call(gateway, promise.wakes)).words)}"
