"""Where a ticket's card stands, and what becomes of it when Slack has it no more.

A card that somebody deleted, or that may not be edited any more, is posted anew. In a channel that is archived or gone, or that the bot was put
out of, nothing can be posted: the card moves to the channel of the tier that has the ticket, and where none is left the lead hears of it in
person. Lines of the thread that did not get through follow the card.
"""

from domain.intents import Notice, ShowCard, ThreadLine
from domain.messages import Failed
from domain.telling import lead_of
from domain.ticket import card_channels, home_channel
from domain.turn import Turn

GONE_MESSAGE = frozenset(
    {"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message", "edit_window_closed"}
)
"""Slack's words for a message that can be neither edited nor answered any more."""
GONE_CHANNEL = frozenset({"is_archived", "channel_not_found", "not_in_channel"})
"""Slack's words for a channel in which Tierline cannot write any more."""
NO_CARD = "no_card"
"""Our own word for a line whose card was lost while it waited."""
MOST_LOST = 20
"""Cards that are posted anew in a ticket's life; who deletes more does not want one."""


def is_lost(failed: Failed) -> bool:
    """Whether the card, or its channel, is gone."""
    return failed.code in GONE_MESSAGE or failed.code in GONE_CHANNEL or failed.code == NO_CARD


def lose(turn: Turn, intent: ShowCard | ThreadLine, failed: Failed) -> None:
    """Post the card anew where it can stand, and the line after it."""
    if failed.code != NO_CARD:
        _lose_card(turn, failed)
    if turn.ticket.card_wanted and isinstance(intent, ThreadLine):
        text = intent.text
        turn.intend(lambda key: ThreadLine(key=key, text=text))


def tell_past_channel(turn: Turn, notice: Notice, failed: Failed) -> None:
    """What a channel was to hear and cannot, the lead hears in person."""
    lead = lead_of(turn)
    if failed.code in GONE_CHANNEL and lead is not None and notice.channel[:1] not in ("U", "W", "D"):
        text = f"{notice.text} (for {notice.channel}, which could not be told: {failed.error})"
        turn.intend(lambda key: Notice(key=key, channel=lead, text=text))


def _lose_card(turn: Turn, failed: Failed) -> None:
    ticket = turn.ticket
    lost = ticket.cards_lost + 1
    if failed.code in GONE_CHANNEL:
        gone = ticket.card.channel if ticket.card is not None else home_channel(ticket)
        turn.set(lost_channels=tuple(dict.fromkeys((*ticket.lost_channels, gone))))
        where = f"The card cannot stand in {gone} any more ({failed.error})"
    elif failed.code in ("message_not_found", "thread_not_found"):
        where = "The card was deleted in Slack"
    else:
        where = f"The card cannot be kept in Slack any more ({failed.error})"
    places = card_channels(turn.ticket)
    again = bool(places) and lost <= MOST_LOST
    turn.set(card=None, cards_lost=lost, card_wanted=again)
    if again:
        instead = f" in {places[0]}" if failed.code in GONE_CHANNEL else ""
        turn.say(f"{where}: a new one is posted{instead}", thread=False)
        turn.show_card()
        return
    turn.say(f"{where}: the ticket has no card now, type /tier status {ticket.id}", thread=False)
    lead = lead_of(turn)
    if lead is not None:
        text = f"{ticket.id} has no card in Slack: {failed.error}. Invite the bot, or type `/tier status {ticket.id}`"
        turn.intend(lambda key: Notice(key=key, channel=lead, text=text))
