"""A ticket's card as Block Kit: one living message that is read at a glance."""

from domain.card import Card, CardButton, CardClock, CardIssue
from domain.tiers import Priority, Tier
from integrations.slack import blocks
from integrations.slack.blocks import Block
from integrations.slack.mrkdwn import bar, escaped, link, moment, person, shortened

ACTIONS_BLOCK = "tierline.actions"
"""The block id of the row of buttons; a button's action id is ``tierline.`` and the button's name, its value the ticket's id."""

_COLOURS = {Priority.P1: "🔴", Priority.P2: "🟠", Priority.P3: "🟡", Priority.P4: "⚪"}
_LABELS = {
    CardButton.ACCEPT: ("Accept", "primary"),
    CardButton.ESCALATE: ("Escalate…", "danger"),
    CardButton.RETURN: ("Return…", None),
    CardButton.RESOLVE: ("Resolve…", None),
    CardButton.REOPEN: ("Reopen…", None),
    CardButton.REPLY: ("Reply…", None),
    CardButton.NOTE: ("Note…", None),
    CardButton.SNOOZE: ("Snooze…", None),
    CardButton.HAND_OVER: ("Hand over…", None),
    CardButton.PRIORITY: ("Priority…", None),
    CardButton.LINK: ("Link an issue…", None),
}
_PATH_SHOWN = 7
_ISSUES_SHOWN = 5


def card_text(card: Card) -> str:
    """The card in one line, for notifications and screen readers."""
    return escaped(
        f"{card.ticket_id} {shortened(card.title, 120)}: {card.tier} {card.tier_name}, {card.priority}, "
        f"{card.status}, waiting on {card.waiting_on}"
    )


def card_blocks(card: Card) -> list[Block]:
    """The card's blocks, top to bottom."""
    shown = [
        blocks.header(f"{_COLOURS[card.priority]} {card.ticket_id} · {card.title}"),
        blocks.fields(_facts(card)),
        *_clock(card),
        *_links(card),
    ]
    if card.snoozed_until is not None:
        shown.append(
            blocks.context(
                [f"💤 Snoozed by {person(card.snoozed_by or 'somebody')} until {moment(card.snoozed_until)}"]
            )
        )
    if card.troubles:
        shown.append(blocks.context([f"⚠️ {escaped(trouble)}" for trouble in card.troubles]))
    if card.buttons:
        shown.append(
            blocks.actions([_button(button, card.ticket_id) for button in card.buttons], block_id=ACTIONS_BLOCK)
        )
    return shown


def _facts(card: Card) -> list[str]:
    customer = escaped(card.customer) + (f" · {escaped(card.plan)}" if card.plan else "")
    return [
        f"*Tier*\n{_path(card.path, card.tier)} {escaped(card.tier_name)}",
        f"*Priority*\n{_COLOURS[card.priority]} {card.priority} · {escaped(card.status)}",
        f"*Owner*\n{person(card.owner) if card.owner else '_nobody yet_'}",
        f"*Waiting on*\n{escaped(card.waiting_on)}",
        f"*Customer*\n{customer}",
        *([f"*SLA*\n{escaped(card.sla)}"] if card.sla else []),
        *([f"*Reference*\n{escaped(card.external_ref)}"] if card.external_ref else []),
    ]


def _path(path: tuple[Tier, ...], now: Tier) -> str:
    """``L1 → L2 → *L3*``; a long way shows its end."""
    before = path[:-1] if path and path[-1] is now else path
    shown = before[-_PATH_SHOWN:]
    steps = (["…"] if len(shown) < len(before) else []) + [str(tier) for tier in shown]
    return " → ".join([*steps, f"*{now}*"])


def _clock(card: Card) -> list[Block]:
    lines = []
    if card.clock is not None:
        lines.append(_running(card.clock))
    missed = [
        name for name in card.breached if card.clock is None or not card.clock.breached or name != card.clock.name
    ]
    if missed:
        lines.append(f"⛔ *Breached:* {escaped(', '.join(missed))}")
    return [blocks.section("\n".join(lines))] if lines else []


def _running(clock: CardClock) -> str:
    name = escaped(clock.name)
    if clock.breached:
        return f"⛔ *{name}* `{bar(1)}` breached, was due {moment(clock.due_at)}"
    return f"⏱ *{name}* `{bar(clock.percent / 100)}` {clock.percent} % · due {moment(clock.due_at)}"


def _links(card: Card) -> list[Block]:
    lines = [_issue(issue) for issue in card.issues[:_ISSUES_SHOWN]]
    if len(card.issues) > _ISSUES_SHOWN:
        lines.append(f"🔧 … and {len(card.issues) - _ISSUES_SHOWN} more issues")
    if card.page:
        lines.append(f"📟 {link(card.page_url, card.page) if card.page_url else escaped(card.page)}")
    if card.vendor:
        lines.append(f"🏭 {escaped(card.vendor)}")
    if card.ticket_url:
        lines.append(f"🧭 {link(card.ticket_url, 'Every step of this ticket, in Temporal')}")
    return [blocks.section("\n".join(lines))] if lines else []


def _issue(issue: CardIssue) -> str:
    who = f" · {escaped(issue.assignee)}" if issue.assignee else ""
    return f"🔧 {link(issue.ref.url, issue.ref.key)} {escaped(issue.status)}{who}"


def _button(button: CardButton, ticket_id: str) -> Block:
    label, style = _LABELS[button]
    return blocks.button(label, action_id=f"tierline.{button}", value=ticket_id, style=style)
