"""The form by which a customer is written to: what is sent is exactly what the person was shown before."""

from typing import Any

from domain.card import CardButton
from domain.messages import Reply
from domain.views import TicketView
from gateway.payloads import digest
from gateway.slack_frames import framed
from gateway.slack_inputs import Block, checkboxes, plain_text, text_input, ticked, typed
from gateway.slack_origin import Origin
from integrations.slack.blocks import divider, section
from integrations.slack.mrkdwn import escaped

CALLBACK = f"tierline.{CardButton.REPLY}"
AWAITS = "awaits"


def reply_form(origin: Origin, text: str = "") -> dict[str, Any]:
    """An empty form, or one with words to begin with; sending it shows the preview."""
    return framed(origin, CALLBACK, "Reply", _inputs(text, awaits=True), submit="Preview")


def confirmation(origin: Origin, reply: Reply, ticket: TicketView | None, preview: str) -> dict[str, Any]:
    """The form with what the customer gets; sending it unchanged sends it to them."""
    to = escaped(ticket.customer) if ticket is not None else "the customer"
    subject = f" · [{ticket.id}] {escaped(ticket.title)}" if ticket is not None else ""
    blocks = [
        section(f"📨 *What {to} gets*{subject}"),
        {"type": "section", "text": plain_text(reply.text)},
        section(preview),
        divider(),
        *_inputs(reply.text, awaits=reply.awaits_customer),
    ]
    seen = origin.model_copy(update={"seen": fingerprint(reply)})
    return framed(seen, CALLBACK, "Reply", blocks, submit="Send to the customer")


def reply_of(payload: object) -> Reply:
    """What is written in the form.

    Raises:
        InputErrors: nothing, or too much.
    """
    return Reply(text=typed(payload, "text"), awaits_customer=AWAITS in ticked(payload, "wait"))


def fingerprint(reply: Reply) -> str:
    """By which it is known whether the person was shown just this."""
    return digest(reply.text, str(reply.awaits_customer))


def _inputs(text: str, *, awaits: bool) -> list[Block]:
    return [
        text_input("text", "What the customer reads", initial=text),
        checkboxes(
            "wait", "Afterwards", [("The ticket waits for the answer", AWAITS)], initial=[AWAITS] if awaits else []
        ),
    ]
