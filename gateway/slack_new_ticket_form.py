"""The form by which a ticket is opened from a message in Slack."""

from typing import Any

from pydantic import ValidationError

from domain.engineering_rules import RequestKind
from domain.mail_address import is_mail_address
from domain.messages import OpenTicket
from domain.people import Actor, Customer
from domain.policy import Policy
from domain.tiers import Priority
from gateway.slack_escalation_form import components_of
from gateway.slack_frames import framed
from gateway.slack_inputs import ANY, Block, InputErrors, chosen, select, text_input, typed, written
from gateway.slack_origin import Origin
from gateway.ticket_numbers import ticket_number
from integrations.slack.blocks import context

CALLBACK = "tierline.open_ticket"
_PRIORITY, _COMPONENT, _KIND = "new_priority", "new_component", "new_kind"
"""Not the escalation form's names: that form takes this one's place, and Slack keeps what stands in inputs of the same name."""
_KINDS = (("Something is broken", RequestKind.BUG.value), ("Something is wished for", RequestKind.FEATURE.value))
_LONGEST_TITLE = 200
_LONGEST_WORD = 100


def new_ticket_form(policy: Policy, origin: Origin, text: str) -> dict[str, Any]:
    """The form, with the message's text as what the customer reports, and its first line as the title."""
    title = next((line.strip() for line in text.splitlines() if line.strip()), "")[:_LONGEST_TITLE]
    entry = policy.tiers[policy.entry_tier]
    blocks = [
        context([f"The ticket begins in {policy.entry_tier} {entry.name}. You can escalate it in the next step."]),
        text_input("title", "Title", initial=title, multiline=False, longest=_LONGEST_TITLE),
        text_input("customer", "Customer", multiline=False, longest=_LONGEST_WORD),
        text_input(
            "customer_id",
            "The customer's number",
            optional=True,
            multiline=False,
            longest=_LONGEST_WORD,
            hint="As in your help desk; the name, if left out.",
        ),
        text_input(
            "email",
            "E-mail",
            optional=True,
            multiline=False,
            longest=_LONGEST_TITLE,
            hint="Where Tierline writes to; without one you answer the customer yourself.",
        ),
        select(_PRIORITY, "Severity", [(one.value, one.value) for one in Priority], initial=Priority.P3),
        *_component(policy),
        select(_KIND, "What is it?", _KINDS, initial=RequestKind.BUG),
        text_input("text", "What the customer reports", initial=text),
    ]
    return framed(origin, CALLBACK, "New ticket", blocks, submit="Open")


def words_of(payload: object) -> tuple[str, ...]:
    """Everything that was filled in, so that a form that was changed opens another ticket than the one before."""
    names = ("title", "customer", "customer_id", "email", "text")
    selected = tuple(chosen(payload, name) or "" for name in (_PRIORITY, _COMPONENT, _KIND))
    return (*(written(payload, name) for name in names), *selected)


def opening_of(payload: object, actor: Actor, key: str) -> OpenTicket:
    """The ticket that a submitted form opens; ``key`` makes it the same ticket when the form comes again.

    Raises:
        InputErrors: an input is missing, too long or none of those offered.
    """
    name, email = typed(payload, "customer", _LONGEST_WORD), written(payload, "email", _LONGEST_TITLE)
    if email and not is_mail_address(email):
        raise InputErrors({"email": "Write an e-mail address such as robin@contoso.example, or leave it out."})
    priority = chosen(payload, _PRIORITY)
    customer_id = written(payload, "customer_id", _LONGEST_WORD) or name
    title, text = typed(payload, "title", _LONGEST_TITLE), typed(payload, "text")
    if priority is None or priority not in Priority.__members__:
        raise InputErrors({_PRIORITY: "Choose a priority."})
    kind = chosen(payload, _KIND)
    try:
        return OpenTicket(
            ticket_id=ticket_number(key),
            title=title,
            description=text,
            customer=Customer(id=customer_id, name=name, email=email or None),
            priority=Priority(priority),
            component=chosen(payload, _COMPONENT),
            request=RequestKind(kind) if kind in list(RequestKind) else RequestKind.BUG,
            channel="slack",
            opened_by=actor,
        )
    except ValidationError:
        raise InputErrors({"text": "Something is too long; please shorten it."}) from None


def _component(policy: Policy) -> list[Block]:
    known = components_of(policy)
    if not known:
        return []
    options = [("Not known", ANY), *((name, name) for name in known)]
    return [select(_COMPONENT, "Component", options, initial=ANY, optional=True)]
