"""The form by which a ticket is escalated: what it shows, and what a person filled in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain.card import CardButton
from domain.messages import Escalate, Reply
from domain.people import Actor
from domain.policy import CommandName, Policy, ReportField
from domain.report import EscalationReport, title_of
from domain.tiers import Priority, Tier
from domain.views import TicketView
from gateway.access import OPENERS, may
from gateway.payloads import at
from gateway.slack_frames import framed
from gateway.slack_inputs import (
    ANY,
    Block,
    InputErrors,
    Option,
    checkboxes,
    chosen,
    plain_text,
    select,
    text_input,
    ticked,
    written,
)
from gateway.slack_origin import Origin
from integrations.slack.blocks import context, divider, section
from integrations.slack.mrkdwn import escaped, shortened

CALLBACK = f"tierline.{CardButton.ESCALATE}"
NEW_TICKET = "tierline.new_ticket"
"""The button by which a ticket is opened from the message that the form was opened from."""
QUOTED = "quoted"
"""The block that shows that message."""
SEND_NOW = "now"
_UNSAID = "…"
_LONGEST_COMPONENT = 100
_TEXTS = (ReportField.IMPACT, ReportField.REPRODUCTION, ReportField.CUSTOMER_SUMMARY)
_HINTS = {
    ReportField.IMPACT: "Who is hit, and how hard?",
    ReportField.REPRODUCTION: "Steps, what was expected, what happened.",
    ReportField.CUSTOMER_SUMMARY: "Plain words, and nothing that is only for us.",
}


@dataclass(frozen=True)
class Filled:
    """What stands in the form so far; what was not touched is None."""

    ticket: str = ""
    tier: Tier | None = None
    priority: Priority | None = None
    vendor: str | None = None
    reason: str = ""
    report: EscalationReport | None = None
    send_now: bool = False

    def request(self, tier: Tier) -> Escalate:
        """What it asks for, with a stand-in where no reason is written yet."""
        return Escalate(
            to=tier,
            reason=self.reason or _UNSAID,
            vendor=self.vendor if tier is Tier.L4 else None,
            priority=self.priority,
            report=self.report,
        )

    @property
    def reply(self) -> Reply | None:
        """What the customer is sent with it."""
        summary = self.report.customer_summary if self.report is not None else None
        return Reply(text=summary, awaits_customer=False) if self.send_now and summary else None


@dataclass(frozen=True)
class Shown:
    """What the form shows beside its inputs: the ticket, as far as it is known; a sentence at the top; the preview at the end.

    ``quoted`` is the message that the form was opened from, where it belongs to no ticket.
    """

    ticket: TicketView | None = None
    words: str | None = None
    preview: str | None = None
    quoted: str | None = None


# --- what it shows -------------------------------------------------------------------------------------------------


def escalation_form(policy: Policy, actor: Actor, origin: Origin, filled: Filled, shown: Shown) -> dict[str, Any]:
    """The whole form. What a person typed stays, since each input keeps its name whatever else changes."""
    ticket, tier = shown.ticket, tier_of(policy, filled, shown.ticket)
    head = [section(f"⚠️ {escaped(shown.words)}")] if shown.words is not None else []
    head += _quoted(shown.quoted, actor) if shown.quoted is not None else []
    head += [_facts(ticket)] if ticket is not None else []
    if tier is None:
        return framed(origin, CALLBACK, "Escalate", head or [section("There is no tier above.")])
    asked = policy.tiers[tier].requires if tier in policy.tiers else ()
    blocks = [
        *head,
        *([_which_ticket(filled.ticket)] if origin.ticket is None else []),
        select("tier", "To", _tiers(policy, ticket), initial=tier, tells_change=True),
        *_vendors(policy, tier),
        *_priorities(policy, actor, ticket),
        *_components(policy, ticket, required=ReportField.COMPONENT in asked),
        text_input("reason", "Why?", initial=filled.reason),
        *_texts(ticket, asked),
        *_send_now(policy, actor),
        divider(),
        {
            **section(shown.preview or "_What will happen is shown here as soon as the ticket is known._"),
            "block_id": "preview",
        },
    ]
    return framed(origin, CALLBACK, "Escalate", blocks, submit="Escalate")


def tier_of(policy: Policy, filled: Filled, ticket: TicketView | None) -> Tier | None:
    """The tier that is chosen, or the next one up; None where there is none above."""
    offered = [tier for tier, _ in _offered(policy, ticket)]
    return filled.tier if filled.tier in offered else next(iter(offered), None)


def components_of(policy: Policy) -> list[str]:
    """The components that the policy knows, each once: of its routes, vendors, services and SLAs."""
    named = [route.match.component for route in policy.routes]
    named += [vendor.match.component for vendor in policy.vendors.values() if vendor.match is not None]
    for tier, rules in policy.tiers.items():
        named += [one.match.component for _, page in rules.pages(tier.value) for one in page.services]
    named += [component for sla in policy.slas for component in sla.match.component]
    by_word = {component.casefold(): component for component in reversed(named) if component}
    return sorted(by_word.values(), key=str.casefold)


def _quoted(text: str, actor: Actor) -> list[Block]:
    quote: Block = {"type": "section", "block_id": QUOTED, "text": plain_text(text)}
    if not may(actor, OPENERS):
        return [context(["No ticket is known for this message: name the ticket that it is about."]), quote]
    return [
        context(["No ticket is known for this message. Name the ticket that it is about, or open a new one from it."]),
        quote,
        {
            "type": "actions",
            "block_id": "new",
            "elements": [
                {
                    "type": "button",
                    "action_id": NEW_TICKET,
                    "text": plain_text("Open a new ticket from it"),
                    "value": "new",
                }
            ],
        },
    ]


def _facts(ticket: TicketView) -> Block:
    owner = f"with {escaped(ticket.owner)}" if ticket.owner else "nobody has taken it"
    facts = f"{ticket.tier} · {ticket.priority} · {escaped(ticket.customer)} · {owner}"
    return section(f"*{ticket.id}* {escaped(shortened(ticket.title, 120))}\n{facts}")


def _which_ticket(initial: str) -> Block:
    hint = (
        "Its number, the help desk's, a Jira or GitHub issue, or the card's link. Press Enter to see what will happen."
    )
    return text_input("ticket", "Ticket", initial=initial, multiline=False, longest=500, hint=hint, tells_change=True)


def _offered(policy: Policy, ticket: TicketView | None) -> list[tuple[Tier, str]]:
    # Nothing is escalated to the lowest tier. L4 is a vendor, and needs no tier of its own.
    names = {Tier.L4: "Vendor"} if policy.vendors else {}
    names |= {tier: rules.name for tier, rules in policy.tiers.items() if tier is not Tier.L4 or policy.vendors}
    tiers = sorted(names, key=lambda tier: tier.rank)
    above = [tier for tier in tiers if tier.rank > ticket.tier.rank] if ticket is not None else tiers[1:]
    return [(tier, names[tier]) for tier in above]


def _tiers(policy: Policy, ticket: TicketView | None) -> list[Option]:
    return [(f"{tier} {name}", tier.value) for tier, name in _offered(policy, ticket)]


def _vendors(policy: Policy, tier: Tier) -> list[Block]:
    if tier is not Tier.L4 or not policy.vendors:
        return []
    named = [(vendor.name, name) for name, vendor in policy.vendors.items()]
    options = [("As the policy says", ANY), *named]
    return [select("vendor", "Vendor", options, initial=ANY, optional=True, tells_change=True)]


def _priorities(policy: Policy, actor: Actor, ticket: TicketView | None) -> list[Block]:
    if not may(actor, policy.allowed(CommandName.PRIORITY)):
        return []
    now = ticket.priority if ticket is not None else None
    # What is not touched is not changed, whatever somebody else has made of it in the meantime.
    options = [(_as_it_is(now), ANY), *((one.value, one.value) for one in Priority if one is not now)]
    return [select("priority", "Severity", options, initial=ANY, optional=True, tells_change=True)]


def _as_it_is(value: str | None) -> str:
    return f"As it is ({value})" if value is not None else "As it is"


def _components(policy: Policy, ticket: TicketView | None, *, required: bool) -> list[Block]:
    own = ticket.component if ticket is not None else None
    others = [name for name in components_of(policy) if own is None or name.casefold() != own.casefold()]
    if not others and own is None:
        return [_other_component("Component", optional=not required)]
    options = [*([(_as_it_is(own), ANY)] if own is not None else []), *((name, name) for name in others)]
    initial = ANY if own is not None else None
    return [
        select("component", "Component", options, initial=initial, optional=True, tells_change=True),
        _other_component("Or another component", optional=True),
    ]


def _other_component(label: str, *, optional: bool) -> Block:
    return text_input(
        "other_component", label, optional=optional, multiline=False, longest=_LONGEST_COMPONENT, tells_change=True
    )


def _texts(ticket: TicketView | None, asked: Iterable[ReportField]) -> list[Block]:
    report = ticket.report if ticket is not None and ticket.report is not None else EscalationReport()
    return [
        text_input(part.value, title_of(part), initial=report.part(part), optional=part not in asked, hint=_HINTS[part])
        for part in _TEXTS
    ]


def _send_now(policy: Policy, actor: Actor) -> list[Block]:
    if not may(actor, policy.allowed(CommandName.REPLY)):
        return []
    return [checkboxes("send", "The customer", [("Send these words to the customer now", SEND_NOW)], tells_change=True)]


# --- what was filled in --------------------------------------------------------------------------------------------


def filled_so_far(payload: object) -> Filled:
    """What stands in a form that is still being filled in; what cannot be taken yet counts as not there."""
    try:
        return _filled(payload)
    except InputErrors:
        return Filled()


def wanted_of(payload: object, policy: Policy) -> tuple[Filled, Tier]:
    """What a submitted form asks for, and of which tier.

    Raises:
        InputErrors: an input is missing, too long or none of those offered.
    """
    filled = _filled(payload)
    if filled.tier is None:
        raise InputErrors({"tier": "Choose a tier."})
    if not filled.reason:
        raise InputErrors({"reason": "Write something here."})
    if filled.send_now and filled.reply is None:
        raise InputErrors(
            {ReportField.CUSTOMER_SUMMARY.value: "Write what the customer is to read, or do not send it."}
        )
    return filled, filled.tier


def input_of(part: ReportField, payload: object) -> str:
    """The block under which it is said that this part is missing."""
    if part is not ReportField.COMPONENT:
        return part.value
    offered = at(payload, "view", "state", "values", "component") is not None
    return "component" if offered else "other_component"


def _filled(payload: object) -> Filled:
    tier, priority = chosen(payload, "tier"), chosen(payload, "priority")
    component = written(payload, "other_component", _LONGEST_COMPONENT) or chosen(payload, "component")
    texts = {part.value: written(payload, part.value) or None for part in _TEXTS}
    if tier is not None and tier not in Tier.__members__:
        raise InputErrors({"tier": "Choose a tier."})
    if priority is not None and priority not in Priority.__members__:
        raise InputErrors({"priority": "Choose a priority."})
    report = None
    if component is not None or any(texts.values()):
        try:
            report = EscalationReport(component=component, **texts)
        except ValidationError:
            raise InputErrors({"other_component": "Write a shorter name."}) from None
    return Filled(
        ticket=written(payload, "ticket", 500),
        tier=Tier(tier) if tier else None,
        priority=Priority(priority) if priority else None,
        vendor=chosen(payload, "vendor"),
        reason=written(payload, "reason"),
        report=report,
        send_now=SEND_NOW in ticked(payload, "send"),
    )
