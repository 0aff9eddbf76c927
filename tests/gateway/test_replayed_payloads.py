"""What vendors really send, replayed through the gateway: each recorded or documented payload, and everything that follows from it.

Recorded payloads are about other people's channels and incidents, which must move nothing; each is also sent with the few fields
changed that make it one of ours. What is documented and not recorded is written here in the documented shape.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2
import pytest

from domain.messages import (
    Accept,
    Delivery,
    Escalate,
    FileLink,
    Note,
    PageChanged,
    Request,
    ThreadChange,
    ThreadMessage,
)
from domain.page_notes import with_marker
from domain.paging import PageEvent, PageStatus, Urgency
from domain.people import Actor, ActorKind, Role
from domain.ticket_references import ReferenceKind, reference
from domain.tiers import Tier
from gateway.slack_home_layout import REFRESH
from gateway.slack_people import NO_STRANGERS
from gateway.slack_surfaces import Profile
from tests.gateway import pagerduty_deliveries as pd
from tests.gateway.front_door import AGENT, LEAD, NOBODY, FrontDoor, a_ticket, chosen, written
from tests.gateway.slack_happenings import (
    CARD,
    CHANNEL,
    a_deletion,
    a_home,
    a_reaction,
    a_reply,
    an_edit,
    enveloped,
    links,
)
from tests.gateway.test_webhooks import KnownPages
from tests.shared import shared_dir

SLACK_FILES, PAGERDUTY_FILES = "slack/payloads", "pagerduty/webhooks"
PAGE = "tierline/T-1042/page/1"
STRANGER = "U0KIRAN"
HOOK = "https://hooks.slack.example/actions/1"
OURS = "https://tierline.example/tickets/T-1042"
TAKEN, IGNORED = {"outcome": "taken"}, {"outcome": "ignored"}
RECORDED_INCIDENTS = {"PQ1K5C8": PAGE, "Q3B15VLMF3ASBD": PAGE, "PCPZE64": PAGE, "PFQZPSY": PAGE}


@dataclass(frozen=True)
class Begins:
    """A sentence of which the beginning matters."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(self.text)


Text = str | Begins


@dataclass(frozen=True)
class Effect:
    """Everything that can follow from a payload; what is not named does not.

    ``answer`` is what the request is answered with: a person's own sentence, a JSON document, or None for nothing. ``commands`` are
    (ticket, user, request), ``told`` and ``whispers`` what one person reads, ``forms`` (callback id, ticket) of each state of a
    form, ``homes`` whose App Home was made, ``unfurled`` the links that got a preview, ``errors`` what operators read in the log.
    """

    answer: object = None
    commands: tuple[tuple[str, str, Request], ...] = ()
    delivered: tuple[tuple[str, Delivery], ...] = ()
    told: tuple[Text, ...] = ()
    whispers: tuple[tuple[str, Text], ...] = ()
    forms: tuple[tuple[str, str | None], ...] = ()
    homes: tuple[str, ...] = ()
    unfurled: tuple[str, ...] = ()
    errors: tuple[Text, ...] = ()
    kept_aside: int = 0


NOTHING = Effect()


@dataclass(frozen=True)
class Row:
    """A payload and its effect. ``door`` is where it comes: one of Slack's three, or ``pagerduty``.

    ``file`` below ``../shared/contracts`` is what was recorded, sent with ``changes`` by their dotted paths; without a file the
    payload is ``written`` here. ``pages`` are the incidents of which PagerDuty tells that they are pages of ours.
    """

    door: str
    effect: Effect
    file: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    written: Any = None
    pages: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The request's body, as the vendor sends it."""
        if isinstance(self.written, bytes):
            return self.written
        if self.file is None:
            payload = self.written
        else:
            raw = shared_dir("contracts", *self.file.split("/")).read_bytes()
            if self.door == "pagerduty" and not self.changes:
                return raw
            payload = dict(parse_qsl(raw.decode())) if self.door == "commands" else json.loads(raw)
        for path, value in self.changes.items():
            _put(payload, path.split("."), value)
        if self.door == "commands":
            return urlencode(payload).encode()
        text = json.dumps(payload)
        return urlencode({"payload": text}).encode() if self.door == "interactive" else text.encode()


def _put(payload: Any, path: list[str], value: Any) -> None:
    *way, last = path
    for step in way:
        payload = payload[int(step)] if isinstance(payload, list) else payload.setdefault(step, {})
    payload[last] = value


# --- Slack: what was recorded ----------------------------------------------------------------------------------------


def recorded(door: str, name: str, effect: Effect, **changes: Any) -> Row:
    """A recorded payload of Slack; in the names of changes two underscores stand for a dot."""
    return Row(
        door,
        effect,
        file=f"{SLACK_FILES}/{name}",
        changes={path.replace("__", "."): value for path, value in changes.items()},
    )


def by(user: str, name: str | None = None, *roles: Role) -> Actor:
    """Somebody in Slack; without a name known by their id."""
    return Actor(kind=ActorKind.SLACK, id=user, name=name or user, roles=frozenset(roles))


def in_thread(event_id: str, message: ThreadMessage) -> tuple[tuple[str, Delivery], ...]:
    return (("T-1042", Delivery(id=f"slack/{event_id}", body=message)),)


IN_OUR_THREAD = {"event__channel": CHANNEL, "event__thread_ts": CARD}
OUR_EDIT = {f"event__{message}__thread_ts": CARD for message in ("message", "previous_message")} | {
    "event__channel": CHANNEL,
    "event__message__ts": "1665102338.901939",
}
RECORDED = {
    "recorded: another app's command, typed at ours": recorded(
        "commands",
        "slash_command__slash_command_body.form",
        Effect(answer=Begins("I do not know “Hi”. I know accept,")),
    ),
    "recorded: the command, of a lead": recorded(
        "commands",
        "slash_command__slash_command_body.form",
        Effect(
            answer="Done: escalate T-1042",
            commands=(("T-1042", LEAD, Escalate(to=Tier.L3, reason="cards & wallets fail")),),
        ),
        command="/tier",
        text="escalate T-1042 L3 cards &amp; wallets fail",
        user_id=LEAD,
    ),
    "recorded: another app's button": recorded("interactive", "block_actions__body.json", NOTHING),
    "recorded: the button Accept": recorded(
        "interactive",
        "block_actions__body.json",
        Effect(commands=(("T-1042", AGENT, Accept()),), told=("Done: accept T-1042",)),
        user__id=AGENT,
        actions__0__action_id="tierline.accept",
        actions__0__value="T-1042",
    ),
    "recorded: another app's form": recorded("interactive", "view_submission__body.json", NOTHING),
    "recorded: the form Note": recorded(
        "interactive",
        "view_submission__body.json",
        Effect(commands=(("T-1042", AGENT, Note(text="they <rotated> the key")),)),
        user__id=AGENT,
        view__callback_id="tierline.note",
        view__private_metadata='{"ticket": "T-1042"}',
        view__state__values={"text": {"value": written("they &lt;rotated&gt; the key")}},
    ),
    "recorded: a form that was closed": recorded("interactive", "view_closed__body.json", NOTHING),
    "recorded: our form, closed": recorded(
        "interactive",
        "view_closed__body.json",
        NOTHING,
        user__id=LEAD,
        view__callback_id="tierline.escalate",
        view__private_metadata='{"ticket": "T-1042"}',
    ),
    "recorded: another app's shortcut": recorded("interactive", "shortcut__global_shortcut_body.json", NOTHING),
    "recorded: the shortcut Escalate": recorded(
        "interactive",
        "shortcut__global_shortcut_body.json",
        Effect(forms=(("tierline.escalate", None),)),
        user__id=LEAD,
        callback_id="escalate",
    ),
    "recorded: another app's message shortcut": recorded(
        "interactive", "shortcut__message_shortcut_body.json", NOTHING
    ),
    "recorded: the message shortcut Escalate, below a card": recorded(
        "interactive",
        "shortcut__message_shortcut_body.json",
        Effect(forms=(("tierline.looking_up", None), ("tierline.escalate", "T-1042"))),
        user__id=LEAD,
        callback_id="escalate_message",
        channel__id=CHANNEL,
        message__thread_ts=CARD,
    ),
    "recorded: the message shortcut Escalate, without the role": recorded(
        "interactive",
        "shortcut__message_shortcut_body.json",
        Effect(told=(Begins("You cannot escalate a ticket: that is for support leads"),)),
        callback_id="escalate_message",
    ),
    "recorded: a message of a channel": recorded("events", "message__message_body.json", NOTHING),
    "recorded: a message below a card": recorded(
        "events",
        "message__message_body.json",
        Effect(
            delivered=in_thread(
                "Ev111",
                ThreadMessage(change=ThreadChange.POSTED, ts="1596183880.004200", by=by("W111"), text="Hello World!"),
            )
        ),
        **IN_OUR_THREAD,
    ),
    "recorded: another app's message": recorded("events", "message_bot__bot_message_event_payload.json", NOTHING),
    "recorded: another app's message below a card": recorded(
        "events", "message_bot__bot_message_event_payload.json", NOTHING, **IN_OUR_THREAD
    ),
    "recorded: an edit in a channel": recorded("events", "message_changed__event_payload.json", NOTHING),
    "recorded: an edit below a card": recorded(
        "events",
        "message_changed__event_payload.json",
        Effect(
            delivered=in_thread(
                "Ev111",
                ThreadMessage(
                    change=ThreadChange.EDITED, ts="1665102338.901939", by=by("U111"), text="updated message"
                ),
            )
        ),
        **OUR_EDIT,
    ),
    "recorded: the check of the address": recorded(
        "events",
        "events_url_verification__event_body.json",
        Effect(answer={"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}),
    ),
}

# --- Slack: what is documented ---------------------------------------------------------------------------------------
# https://docs.slack.dev/interactivity, https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/reference/events


def typed(text: str, user: str = LEAD, **more: str) -> dict[str, str]:
    """A slash command's form, as it is documented."""
    return {
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team_id": "T0ACME",
        "team_domain": "acme",
        "channel_id": CHANNEL,
        "channel_name": "support-l1",
        "user_id": user,
        "user_name": "somebody",
        "command": "/tier",
        "text": text,
        "api_app_id": "A0TIER",
        "is_enterprise_install": "false",
        "response_url": HOOK,
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        **more,
    }


def interactive(kind: str, effect: Effect, user: str = LEAD, **fields: Any) -> Row:
    """An interaction of a person of our own workspace."""
    payload = {
        "type": kind,
        "team": {"id": "T0ACME", "domain": "acme"},
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": "T0ACME"},
        "api_app_id": "A0TIER",
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return Row("interactive", effect, written=payload | fields)


def on_card(**action: Any) -> dict[str, Any]:
    """What a press on a card adds."""
    return {
        "container": {"type": "message", "message_ts": CARD, "channel_id": CHANNEL, "is_ephemeral": False},
        "channel": {"id": CHANNEL, "name": "support-l1"},
        "message": {"type": "message", "ts": CARD, "bot_id": "B0TIERLINE"},
        "response_url": HOOK,
        "actions": [{"type": "button", "block_id": "b", "action_ts": "1795175000.1", **action}],
    }


def on_home(action_id: str) -> dict[str, Any]:
    """What a press on the App Home adds: there is no channel and no response URL."""
    return {
        "container": {"type": "view", "view_id": "V0HOME"},
        "view": {"id": "V0HOME", "type": "home", "hash": "1.a"},
        "actions": [{"type": "button", "block_id": "b", "action_ts": "1.1", "action_id": action_id}],
    }


def form(button: str, **values: Any) -> dict[str, Any]:
    """A submitted form of a card's button."""
    view = {
        "id": "V0FORM",
        "team_id": "T0ACME",
        "type": "modal",
        "callback_id": f"tierline.{button}",
        "private_metadata": '{"ticket": "T-1042"}',
        "hash": "1.a",
        "state": {"values": {block: {"value": value} for block, value in values.items()}},
    }
    return {"view": view, "response_urls": []}


def event(effect: Effect, happened: dict[str, Any], *, shared: bool = False) -> Row:
    """Something that happened in Slack."""
    return Row("events", effect, written=enveloped(happened, "Ev0REPLAY", shared=shared))


def in_our_thread(change: ThreadChange, text: str = "", *files: FileLink) -> Effect:
    """Sam's message of ``a_reply`` reached the ticket."""
    sam = by(AGENT, None, Role.AGENT)
    message = ThreadMessage(change=change, ts="1795175000.000200", by=sam, text=text, files=files)
    return Effect(delivered=in_thread("Ev0REPLAY", message))


FILE = {
    "id": "F1",
    "name": "trace.log",
    "mode": "hosted",
    "permalink": "https://acme.slack.com/files/U0SAM/F1/trace.log",
}
REMOVED = "slack: the app was removed from the workspace"
DOCUMENTED = {
    "Slack looks at the certificate": Row("commands", NOTHING, written=b"ssl_check=1&token=gIkuvaNzQIHg97ATvDxqgjtO"),
    "a command without the role": Row(
        "commands",
        Effect(answer=Begins("You cannot escalate a ticket: that is for support leads")),
        written=typed("escalate T-1042 L3 it burns", AGENT),
    ),
    "a command of a stranger": Row("commands", Effect(answer=NO_STRANGERS), written=typed("accept T-1042", STRANGER)),
    "a command that needs a form": Row(
        "commands",
        Effect(forms=(("tierline.looking_up", "T-1042"), ("tierline.escalate", "T-1042"))),
        written=typed("escalate T-1042"),
    ),
    "a question": Row(
        "commands", Effect(answer=Begins("🟡 *T-1042* Card payments fail")), written=typed("status T-1042")
    ),
    "a command for a ticket that is not there": Row(
        "commands", Effect(answer="There is no ticket T-9; check the number."), written=typed("accept T-9")
    ),
    "a button of the card's menu": interactive(
        "block_actions",
        Effect(forms=(("tierline.note", "T-1042"),)),
        **on_card(type="overflow", action_id="tierline.more", selected_option={"value": "note:T-1042"}),
    ),
    "a link button": interactive("block_actions", NOTHING, **on_card(action_id="x", url="https://jira.example/1")),
    "a button without the role": interactive(
        "block_actions",
        Effect(told=(Begins("You cannot accept a ticket: that is for support agents"),)),
        NOBODY,
        **on_card(action_id="tierline.accept", value="T-1042"),
    ),
    "a button, pressed by a stranger": interactive(
        "block_actions", Effect(told=(NO_STRANGERS,)), STRANGER, **on_card(action_id="tierline.accept", value="T-1042")
    ),
    "the home's Refresh": interactive("block_actions", Effect(homes=(AGENT,)), AGENT, **on_home(REFRESH)),
    "the escalation form": interactive(
        "view_submission",
        Effect(commands=(("T-1042", LEAD, Escalate(to=Tier.L3, reason="it burns")),)),
        **form("escalate", tier=chosen("L3"), reason=written("it burns")),
    ),
    "a form that is not complete": interactive(
        "view_submission",
        Effect(answer={"response_action": "errors", "errors": {"text": "Write something here."}}),
        **form("resolve", text={"type": "plain_text_input", "value": None}),
    ),
    "a form without the role": interactive(
        "view_submission",
        Effect(
            answer={
                "response_action": "errors",
                "errors": {"reason": "This is for support leads, engineers or operators."},
            }
        ),
        AGENT,
        **form("escalate", tier=chosen("L3"), reason=written("it burns")),
    ),
    "Send to customer, below a card": interactive(
        "message_action",
        Effect(forms=(("tierline.looking_up", None), ("tierline.reply", "T-1042"))),
        AGENT,
        callback_id="send_to_customer",
        channel={"id": CHANNEL, "name": "support-l1"},
        message_ts="1795175000.000200",
        message=a_reply("Please try again"),
        response_url=HOOK,
    ),
    "options are asked for": interactive("block_suggestion", NOTHING, action_id="x", block_id="b", value="pay"),
    "a dialog of old": interactive("dialog_submission", NOTHING, callback_id="x", submission={"a": "b"}, state="s"),
    "a message below a card": event(
        in_our_thread(ThreadChange.POSTED, "see <PAY> @U0ADA"), a_reply("see &lt;PAY&gt; <@U0ADA>")
    ),
    "a file below a card": event(
        in_our_thread(ThreadChange.POSTED, "", FileLink(name="trace.log", url=FILE["permalink"], id=FILE["id"])),
        a_reply("", subtype="file_share", files=[FILE], upload=False),
    ),
    "a message below a card, shown in the channel": event(
        in_our_thread(ThreadChange.POSTED, "done"), a_reply("done", subtype="thread_broadcast", root={"ts": CARD})
    ),
    "an edit below a card": event(
        in_our_thread(ThreadChange.EDITED, "the gateway"), an_edit(a_reply("the gatway"), a_reply("the gateway"))
    ),
    "a deletion below a card": event(in_our_thread(ThreadChange.DELETED), a_deletion(a_reply("never mind"))),
    "a deletion below a card that has replies": event(
        in_our_thread(ThreadChange.DELETED),
        an_edit(a_reply("never mind"), a_reply("This message was deleted.", subtype="tombstone", hidden=True)),
    ),
    "a preview is added below a card": event(
        NOTHING,
        an_edit(a_reply("see"), a_reply("see", attachments=[{"title": "a page", "from_url": "https://a.example"}])),
    ),
    "somebody joins the channel": event(
        NOTHING, a_reply("<@U0SAM> has joined", subtype="channel_join", thread_ts=None)
    ),
    "a stranger below a card": event(
        Effect(
            whispers=((STRANGER, f"What you write here stays in Slack: it is not taken to T-1042. {NO_STRANGERS}"),)
        ),
        a_reply("any news?", STRANGER, user_team="T0CARDNET", source_team="T0CARDNET"),
        shared=True,
    ),
    "eyes on a card": event(
        Effect(commands=(("T-1042", AGENT, Accept()),)), a_reaction("eyes", event_ts="1795175000.1")
    ),
    "a check mark on a card": event(
        Effect(whispers=((AGENT, "Done with T-1042? Say how, so that the customer can be told."),)),
        a_reaction("white_check_mark"),
    ),
    "a double exclamation on a card, of a lead": event(
        Effect(whispers=((LEAD, "T-1042 must go up? Say where to and why."),)), a_reaction("bangbang", LEAD)
    ),
    "a reaction is taken back": event(NOTHING, a_reaction("eyes", type="reaction_removed")),
    "the home is opened": event(Effect(homes=(AGENT,)), a_home(AGENT)),
    "the app's messages are opened": event(NOTHING, a_home(AGENT, "messages")),
    "a ticket's link is posted": event(
        Effect(unfurled=(OURS,)), links(OURS, "https://elsewhere.example/tickets/T-1042")
    ),
    "a ticket's link is posted where others read along": event(NOTHING, links(OURS), shared=True),
    "a ticket's link is being written": event(NOTHING, links(OURS, source="composer", channel="COMPOSER")),
    "the app is removed": event(Effect(errors=(Begins(REMOVED),)), {"type": "app_uninstalled"}),
    "tokens are revoked": event(
        Effect(errors=(Begins("slack: tokens of the app were revoked"),)),
        {"type": "tokens_revoked", "tokens": {"oauth": ["U0LENA"], "bot": ["U0TIERLINE"]}},
    ),
    "events are held back": Row(
        "events",
        Effect(errors=(Begins("slack held events back"),)),
        written={
            "type": "app_rate_limited",
            "team_id": "T0ACME",
            "minute_rate_limited": 1518467820,
            "api_app_id": "A0TIER",
        },
    ),
    "an event that nobody asked for": event(NOTHING, {"type": "team_join", "user": {"id": "U0NEW", "is_bot": False}}),
}

# --- PagerDuty -------------------------------------------------------------------------------------------------------


def of_pager(effect: Effect, written: bytes) -> Row:
    """A documented delivery about an incident that is our page."""
    return Row("pagerduty", effect, written=written, pages={pd.INCIDENT: PAGE})


def told(delivery_id: str = "01BRB6ZP4M6T8ZG4X6BP63ZB9O", **news: Any) -> Effect:
    """The ticket is told this, once."""
    body = PageChanged.model_validate({"page_key": PAGE} | news)
    return Effect(answer=TAKEN, delivered=(("T-1042", Delivery(id=f"pagerduty/{delivery_id}", body=body)),))


def happened(kind: str, data: dict[str, Any], **news: Any) -> Row:
    """A documented event, and what the ticket is told of it beside what every delivery says."""
    always: dict[str, Any] = {
        "event": PageEvent(kind),
        "at": datetime(2026, 11, 20, 12, 0, 0, 169_000, tzinfo=UTC),
        "by": "Ada",
        "page_id": pd.INCIDENT,
        "url": pd.URL,
    }
    return of_pager(told(**(always | news)), pd.delivery(f"incident.{kind}", data))


WITH_TOM: dict[str, Any] = {"assigned_to": ("Tom",), "priority": "P1", "urgency": Urgency.HIGH}
TRIGGERED: dict[str, Any] = {"status": PageStatus.TRIGGERED, **WITH_TOM}
PIG = "PIG 208"
OF_PIG: dict[str, Any] = {"by": PIG, "urgency": Urgency.HIGH}
RECORDED_NEWS = {
    "acknowledged_v3.json": told(
        "01BZYK8N47N5JG55J1EEEHPEJI",
        event=PageEvent.ACKNOWLEDGED,
        at=datetime(2021, 6, 4, 13, 55, 30, 394_000, tzinfo=UTC),
        status=PageStatus.ACKNOWLEDGED,
        assigned_to=(PIG,),
        page_id="PQ1K5C8",
        url="https://pig208.pagerduty.com/incidents/PQ1K5C8",
        **OF_PIG,
    ),
    "annotated_v3.json": told(
        "01GI0KTE33V5QXBVIJDEVJFUNE",
        event=PageEvent.ANNOTATED,
        at=datetime(2026, 4, 1, 2, 18, 59, 674_000, tzinfo=UTC),
        by="Harsh Santwani",
        note="Running KILL on long-running queries from the reporting-service.",
        page_id="Q3B15VLMF3ASBD",
        url="https://harsh0303.pagerduty.com/incidents/Q3B15VLMF3ASBD",
    ),
    "resolved_v3.json": told(
        "01BZYH1JJY09P9LEIST8HG2PMN",
        event=PageEvent.RESOLVED,
        at=datetime(2021, 6, 4, 13, 16, 53, 816_000, tzinfo=UTC),
        status=PageStatus.RESOLVED,
        page_id="PCPZE64",
        url="https://pig208.pagerduty.com/incidents/PCPZE64",
        **OF_PIG,
    ),
    "triggered_v3.json": told(
        "01BZYIL05THJDFF2Y08X9SVMTU",
        event=PageEvent.TRIGGERED,
        at=datetime(2021, 6, 4, 13, 35, 29, 781_000, tzinfo=UTC),
        status=PageStatus.TRIGGERED,
        assigned_to=(PIG,),
        page_id="PFQZPSY",
        url="https://pig208.pagerduty.com/incidents/PFQZPSY",
        **OF_PIG,
    ),
}
PAGERDUTY = {
    **{
        f"recorded: {name}, of a stranger's incident": Row(
            "pagerduty", Effect(answer=IGNORED), file=f"{PAGERDUTY_FILES}/{name}"
        )
        for name in RECORDED_NEWS
    },
    **{
        f"recorded: {name}, of a page": Row(
            "pagerduty", effect, file=f"{PAGERDUTY_FILES}/{name}", pages=RECORDED_INCIDENTS
        )
        for name, effect in RECORDED_NEWS.items()
    },
    "incident.triggered": happened("triggered", pd.incident(PAGE), **TRIGGERED),
    "incident.acknowledged": happened(
        "acknowledged",
        pd.incident(PAGE, status="acknowledged", assignees=[pd.ADA]),
        status=PageStatus.ACKNOWLEDGED,
        **(WITH_TOM | {"assigned_to": ("Ada",)}),
    ),
    "incident.unacknowledged": happened("unacknowledged", pd.incident(PAGE), **TRIGGERED),
    "incident.escalated": happened(
        "escalated", pd.incident(PAGE, assignees=[pd.TOM, pd.ADA]), **(TRIGGERED | {"assigned_to": ("Tom", "Ada")})
    ),
    "incident.reassigned": happened("reassigned", pd.incident(PAGE), **TRIGGERED),
    "incident.reassigned while it is acknowledged": happened(
        "reassigned", pd.incident(PAGE, status="acknowledged"), **WITH_TOM
    ),
    "incident.delegated": happened("delegated", pd.incident(PAGE), **TRIGGERED),
    "incident.resolved": happened(
        "resolved",
        pd.incident(PAGE, status="resolved", assignees=[], priority=None),
        status=PageStatus.RESOLVED,
        urgency=Urgency.HIGH,
    ),
    "incident.reopened": happened("reopened", pd.incident(PAGE), **TRIGGERED),
    "incident.priority_updated": happened(
        "priority_updated", pd.incident(PAGE, urgency="low"), **(WITH_TOM | {"urgency": Urgency.LOW})
    ),
    "incident.annotated": happened("annotated", pd.a_note("I roll it back"), note="I roll it back"),
    "incident.annotated by ourselves": of_pager(
        Effect(answer=IGNORED),
        pd.delivery("incident.annotated", pd.a_note(with_marker("The customer waits.", "T-1042/17", 1_000))),
    ),
    "incident.status_update_published": happened(
        "status_update_published",
        pd.about_it("incident_status_update", id="P2LA89X", message="A fix is on its way", trimmed=False),
        note="A fix is on its way",
    ),
    "incident.responder.added": happened("responder.added", pd.a_responder("pending"), note="Tom: Please help"),
    "incident.responder.added as an escalation policy": happened(
        "responder.added", pd.a_responder("pending", user=None), note="Engineering: Please help"
    ),
    "incident.responder.replied": happened(
        "responder.replied", pd.a_responder("accepted"), by="Tom", note="accepted: Please help"
    ),
    "incident.responder.replied with no": happened(
        "responder.replied", pd.a_responder("declined", ""), by="Tom", note="declined"
    ),
    "an incident that has alerts, without its key": happened("triggered", pd.incident(None), **TRIGGERED),
    "an incident of somebody else's": of_pager(
        Effect(answer=IGNORED), pd.delivery("incident.triggered", pd.incident("d3640fbd41094207a1c11e58e46b1662"))
    ),
    "a page of a ticket that is gone": of_pager(
        Effect(answer=IGNORED), pd.delivery("incident.triggered", pd.incident("tierline/T-9/page/1"))
    ),
    "done by nobody": of_pager(
        told(
            event=PageEvent.TRIGGERED,
            at=datetime(2026, 11, 20, 12, 0, 0, 169_000, tzinfo=UTC),
            page_id=pd.INCIDENT,
            url=pd.URL,
            **TRIGGERED,
        ),
        pd.delivery("incident.triggered", pd.incident(PAGE), agent=None, client=None),
    ),
    "a test of the subscription": of_pager(
        Effect(answer=IGNORED),
        pd.delivery("pagey.ping", {"message": "Hello from your friend Pagey!", "type": "ping"}, agent=None),
    ),
    "a type of the future": of_pager(
        Effect(answer=IGNORED), pd.delivery("incident.haunted", pd.about_it("incident_ghost"))
    ),
    **{kind: of_pager(Effect(answer=IGNORED), pd.delivery(kind, data)) for kind, data in pd.OF_NO_CONCERN.items()},
}

ROWS = RECORDED | DOCUMENTED | PAGERDUTY


# --- replaying -------------------------------------------------------------------------------------------------------


async def sent(door: FrontDoor, row: Row, attempt: int = 0) -> httpx2.Response:
    """The row's payload, and whatever goes on after its answer is done."""
    body = row.body()
    if row.door == "pagerduty":
        response = await door.pagerduty(body, X_Webhook_Id="019e", User_Agent="PagerDuty-Webhook/V3.0")
    else:
        retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"} if attempt else {}
        response = await door.slack(row.door, body, headers=retry)
    await door.gateway.running.finish(2.0)
    return response


def effect_of(door: FrontDoor, response: httpx2.Response, caplog: pytest.LogCaptureFixture) -> Effect:
    """All that came of it."""
    return Effect(
        answer=_answer(response),
        commands=tuple((ticket, command.by.id, command.request) for ticket, command in door.desk.commands),
        delivered=tuple(door.desk.deliveries),
        told=tuple(door.response_urls.told),
        whispers=tuple((user, text) for _, user, text, _ in door.forms.whispers),
        forms=tuple((view["callback_id"], _ticket_in(view)) for view in door.forms.views),
        homes=tuple(door.forms.homes),
        unfurled=tuple(url for _, _, previews in door.forms.unfurled for url in previews),
        errors=tuple(record.getMessage() for record in caplog.records if record.levelname == "ERROR"),
        kept_aside=len(list(door.quarantine.iterdir())) if door.quarantine.exists() else 0,
    )


def _answer(response: httpx2.Response) -> object:
    if not response.content:
        return None
    answer = response.json()
    return answer["text"] if answer.get("response_type") == "ephemeral" else answer


def _ticket_in(view: Mapping[str, Any]) -> str | None:
    found = json.loads(view["private_metadata"]).get("ticket")
    return str(found) if found is not None else None


@pytest.fixture
def ready(build: Callable[..., FrontDoor]) -> Callable[[Row], FrontDoor]:
    """Makes the gateway that a row comes to: T-1042's card is known, its page too, and who is whom."""

    def make(row: Row) -> FrontDoor:
        door = build(pager=KnownPages(dict(row.pages)))
        object.__setattr__(door.gateway, "public_url", "https://tierline.example")
        door.desk.have(a_ticket())
        door.desk.references["T-1042"] = {reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")}
        door.forms.teams = frozenset({"T0ACME"})
        door.forms.profiles[STRANGER] = Profile(user_id=STRANGER, name="kiran", stranger=True)
        return door

    return make


@pytest.mark.parametrize("name", ROWS)
async def test_a_payload_has_its_effect_and_no_other_once(
    ready: Callable[[Row], FrontDoor], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    row = ROWS[name]
    door = ready(row)

    response = await sent(door, row)
    assert response.status_code == (202 if row.door == "pagerduty" else 200)
    assert effect_of(door, response, caplog) == row.effect

    # The answer was lost on its way: the vendor sends it again.
    handed = door.desk.handed
    again = await sent(door, row, attempt=1)
    assert (again.status_code, _answer(again)) == (response.status_code, _answer(response))
    assert door.desk.handed == handed


# --- the table is complete -------------------------------------------------------------------------------------------


def files(folder: str) -> Iterator[str]:
    """What is recorded there."""
    for file in sorted(Path(shared_dir("contracts", *folder.split("/"))).iterdir()):
        if file.name != "event-types.json":
            yield f"{folder}/{file.name}"


@pytest.mark.parametrize("folder", [SLACK_FILES, PAGERDUTY_FILES])
def test_every_recorded_payload_is_replayed_as_it_is(folder: str) -> None:
    as_it_is = {row.file for row in ROWS.values() if row.file is not None and not row.changes}

    assert set(files(folder)) - as_it_is == set()


def test_every_type_of_pagerduty_is_replayed_with_the_data_that_it_has() -> None:
    """The types and their data as PagerDuty lists them."""
    listed = json.loads(shared_dir("contracts", *PAGERDUTY_FILES.split("/"), "event-types.json").read_text())
    replayed = {
        found["event_type"]: found["data"]["type"]
        for row in PAGERDUTY.values()
        if row.file is None and (found := json.loads(row.body())["event"])
    }

    assert {kind: replayed.get(kind) for kind, _ in listed} == dict(listed)


def test_every_event_that_a_ticket_knows_is_told_to_one() -> None:
    told_of = {
        delivery.body.event
        for row in PAGERDUTY.values()
        for _, delivery in row.effect.delivered
        if isinstance(delivery.body, PageChanged)
    }

    assert told_of == set(PageEvent) - {PageEvent.FOUND}
