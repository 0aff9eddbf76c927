"""The forms that a card's buttons open, and what a person filled in."""

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.card import CardButton
from domain.messages import Escalate, Reopen, Request, Resolve, Return
from domain.policy import CommandName, Policy
from domain.tiers import Tier
from gateway.payloads import text_at
from gateway.slack_text import plain

CALLBACK_PREFIX = "tierline."
VALUE = "value"
"""The action id of every input; the block's id (``tier``, ``vendor``, ``reason`` or ``text``) says which one it is."""

COMMANDS = {
    CardButton.ACCEPT: CommandName.ACCEPT,
    CardButton.ESCALATE: CommandName.ESCALATE,
    CardButton.RETURN: CommandName.RETURN,
    CardButton.RESOLVE: CommandName.RESOLVE,
    CardButton.REOPEN: CommandName.REOPEN,
}
_LONGEST_INPUT = 3_000
_ANY = "any"


class Origin(BaseModel):
    """What a form remembers of the button that opened it: the ticket, and where its result can be told."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ticket: str = Field(pattern=r"^T-[0-9A-Z]{1,20}$")
    response_url: str | None = None


class InputErrors(Exception):
    """What was filled in cannot be taken: a sentence for each input, by its block's id."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("the form is not complete")
        self.errors = errors


def modal(button: CardButton, origin: Origin, policy: Policy) -> dict[str, Any]:
    """The form that a button opens, as Slack's ``views.open`` takes it."""
    title, submit, blocks = {
        CardButton.ESCALATE: (
            "Escalate",
            "Escalate",
            [_tiers(policy, "To"), *_vendors(policy), _text("reason", "Why?")],
        ),
        CardButton.RETURN: ("Return", "Return", [_tiers(policy, "To", back=True), _text("reason", "What is missing?")]),
        CardButton.RESOLVE: ("Resolve", "Resolve", [_text("text", "What the customer is told")]),
        CardButton.REOPEN: ("Reopen", "Reopen", [_text("reason", "Why is it not solved?")]),
    }[button]
    return {
        "type": "modal",
        "callback_id": f"{CALLBACK_PREFIX}{button}",
        "private_metadata": _metadata(origin),
        "title": _plain(f"{title} {origin.ticket}"[:24]),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "blocks": blocks,
    }


def origin_of(payload: object) -> Origin | None:
    """Where a submitted form came from; None when it is none of ours."""
    try:
        return Origin.model_validate_json(text_at(payload, "view", "private_metadata", longest=3_000) or "")
    except ValidationError:
        return None


def request_of(button: CardButton, payload: object) -> Request:
    """What a submitted form asks for.

    Raises:
        InputErrors: an input is missing or too long.
    """
    if button is CardButton.RESOLVE:
        return Resolve(text=_typed(payload, "text"))
    reason = _typed(payload, "reason")
    if button is CardButton.REOPEN:
        return Reopen(reason=reason)
    tier = _chosen(payload, "tier")
    if tier is not None and tier not in Tier.__members__:
        raise InputErrors({"tier": "Choose a tier."})
    if button is CardButton.RETURN:
        return Return(to=Tier(tier) if tier else None, reason=reason)
    if tier is None:
        raise InputErrors({"tier": "Choose a tier."})
    return Escalate(to=Tier(tier), reason=reason, vendor=_chosen(payload, "vendor") if tier == Tier.L4 else None)


def first_block(button: CardButton) -> str:
    """The input under which a refusal is shown."""
    return "text" if button is CardButton.RESOLVE else "reason"


def button_of(identifier: str | None) -> CardButton | None:
    """The button that an action's or a form's id names, if it is one of ours."""
    name = (identifier or "").removeprefix(CALLBACK_PREFIX)
    return CardButton(name) if identifier != name and re.fullmatch("[a-z]+", name) and name in _NAMES else None


_NAMES = frozenset(CardButton)


def _typed(payload: object, block: str) -> str:
    text = plain(text_at(payload, "view", "state", "values", block, VALUE, "value", longest=_LONGEST_INPUT + 1) or "")
    if not text:
        raise InputErrors({block: "Write something here."})
    if len(text) > _LONGEST_INPUT:
        raise InputErrors({block: f"Write at most {_LONGEST_INPUT} characters."})
    return text


def _chosen(payload: object, block: str) -> str | None:
    chosen = text_at(payload, "view", "state", "values", block, VALUE, "selected_option", "value")
    return None if chosen == _ANY else chosen


def _tiers(policy: Policy, label: str, *, back: bool = False) -> dict[str, Any]:
    # Nothing is escalated to the lowest tier, nor returned to the highest. L4 is a vendor, and needs no tier of its own.
    names = {Tier.L4: "Vendor"} if policy.vendors else {}
    names |= {tier: rules.name for tier, rules in policy.tiers.items()}
    tiers = sorted(names, key=lambda tier: tier.rank)
    offered = tiers[:-1] if back else tiers[1:]
    options = [_option(f"{tier} {names[tier]}", tier.value) for tier in offered or tiers]
    if back:
        options.insert(0, _option("The tier that it came from", _ANY))
    return _input("tier", label, {"type": "static_select", "action_id": VALUE, "options": options})


def _vendors(policy: Policy) -> list[dict[str, Any]]:
    if not policy.vendors:
        return []
    options = [_option("As the policy says", _ANY)]
    options += [_option(vendor.name, name) for name, vendor in list(policy.vendors.items())[:99]]
    select = {"type": "static_select", "action_id": VALUE, "options": options}
    return [{**_input("vendor", "Vendor, for L4", select), "optional": True}]


def _text(block: str, label: str) -> dict[str, Any]:
    element = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": True,
        "min_length": 1,
        "max_length": _LONGEST_INPUT,
    }
    return _input(block, label, element)


def _input(block: str, label: str, element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "input", "block_id": block, "label": _plain(label), "element": element}


def _option(text: str, value: str) -> dict[str, Any]:
    return {"text": _plain(text[:75]), "value": value[:150]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def _metadata(origin: Origin) -> str:
    return json.dumps(origin.model_dump(exclude_none=True))
