"""Effects in Slack."""

from urllib.parse import quote

from temporalio import activity

from activities.failures import classified, not_configured, repeated
from domain.card import Card
from domain.chat import ChannelRef, MessageRef, NoticeChoice
from domain.digest import Digest
from domain.frozen import Frozen
from integrations.chat_room import ChatRoom


class CardInput(Frozen):
    """A card to be shown: posted to ``channel`` where ``ref`` is None, else updated in place."""

    key: str
    channel: str
    card: Card
    ref: MessageRef | None = None
    recheck: bool = False


class LineInput(Frozen):
    """A line for a card's thread; ``choices`` are buttons below it."""

    key: str
    card: MessageRef
    text: str
    choices: tuple[NoticeChoice, ...] = ()
    recheck: bool = False


class NoticeInput(Frozen):
    """A message to a channel or a person; ``choices`` are buttons below it."""

    key: str
    channel: str
    text: str
    mention: str | None = None
    card: MessageRef | None = None
    choices: tuple[NoticeChoice, ...] = ()
    recheck: bool = False


class DigestInput(Frozen):
    """A digest to be posted."""

    key: str
    channel: str
    digest: Digest
    recheck: bool = False


class ChannelInput(Frozen):
    """A ticket's own channel that is to be there."""

    key: str
    name: str
    card: Card
    ref: MessageRef | None = None
    private: bool = False
    invite: tuple[str, ...] = ()
    recheck: bool = False


class ChannelDressInput(Frozen):
    """What the topic and the bookmarks of a ticket's channel are to show, and who is to be in it from now on."""

    channel: ChannelRef
    card: Card
    ref: MessageRef | None = None
    invite: tuple[str, ...] = ()


class ChannelLineInput(Frozen):
    """A line for a ticket's channel."""

    key: str
    channel: ChannelRef
    text: str
    recheck: bool = False


class ChannelClosingInput(Frozen):
    """The end of a ticket's channel."""

    key: str
    channel: ChannelRef
    summary: str
    ref: MessageRef | None = None
    recheck: bool = False


class SlackActivities:
    """Posts to Slack. ``ui_url`` is the Temporal UI's address of the namespace's workflows, for links on cards."""

    def __init__(self, chat: ChatRoom | None, *, ui_url: str | None = None) -> None:
        self._chat = chat
        self._ui_url = ui_url

    @activity.defn(name="slack_show_card")
    def show_card(self, card: CardInput) -> MessageRef:
        """Post or update a ticket's card and say where it stands."""
        shown = self._with_links(card.card, card.ref)
        with classified():
            if card.ref is None:
                return self._room().post_card(card.channel, shown, key=card.key, recheck=repeated(card.recheck))
            self._room().update_card(card.ref, shown)
            return card.ref

    @activity.defn(name="slack_post_line")
    def post_line(self, line: LineInput) -> MessageRef:
        """Write into a card's thread."""
        with classified():
            return self._room().post_line(
                line.card, line.text, key=line.key, recheck=repeated(line.recheck), choices=line.choices
            )

    @activity.defn(name="slack_post_notice")
    def post_notice(self, notice: NoticeInput) -> MessageRef:
        """Write to a channel or a person."""
        with classified():
            return self._room().post_notice(
                notice.channel,
                notice.text,
                mention=notice.mention,
                card=notice.card,
                choices=notice.choices,
                key=notice.key,
                recheck=repeated(notice.recheck),
            )

    @activity.defn(name="slack_post_digest")
    def post_digest(self, post: DigestInput) -> MessageRef:
        """Post a joint-retro digest."""
        with classified():
            return self._room().post_digest(post.channel, post.digest, key=post.key, recheck=repeated(post.recheck))

    @activity.defn(name="slack_open_channel")
    def open_channel(self, wanted: ChannelInput) -> ChannelRef:
        """Have a ticket's own channel, with its people, topic, bookmarks and the link to its card."""
        with classified():
            return self._room().open_severity_channel(
                wanted.name,
                self._with_links(wanted.card, wanted.ref),
                private=wanted.private,
                invite=wanted.invite,
                key=wanted.key,
                recheck=repeated(wanted.recheck),
            )

    @activity.defn(name="slack_dress_channel")
    def dress_channel(self, dress: ChannelDressInput) -> None:
        """Bring a ticket's channel up to date."""
        with classified():
            shown = self._with_links(dress.card, dress.ref)
            self._room().dress_severity_channel(dress.channel, shown, invite=dress.invite)

    @activity.defn(name="slack_tell_channel")
    def tell_channel(self, line: ChannelLineInput) -> MessageRef:
        """Write into a ticket's channel."""
        with classified():
            recheck = repeated(line.recheck)
            return self._room().tell_severity_channel(line.channel, line.text, key=line.key, recheck=recheck)

    @activity.defn(name="slack_close_channel")
    def close_channel(self, end: ChannelClosingInput) -> None:
        """Sum up in a ticket's channel and archive it."""
        with classified():
            self._room().close_severity_channel(
                end.channel, end.summary, card=end.ref, key=end.key, recheck=repeated(end.recheck)
            )

    def _with_links(self, card: Card, ref: MessageRef | None) -> Card:
        """The card with the addresses that only this side knows."""
        card_url = ref.permalink if ref is not None else None
        return card.model_copy(update={"ticket_url": self._ticket_url(card.ticket_id), "card_url": card_url})

    def _room(self) -> ChatRoom:
        if self._chat is None:
            raise not_configured("Slack", "TIERLINE_SLACK__BOT_TOKEN")
        return self._chat

    def _ticket_url(self, ticket_id: str) -> str | None:
        return f"{self._ui_url}/{quote(f'ticket/{ticket_id}', safe='')}" if self._ui_url is not None else None
