"""A ticket's card as Block Kit: one living message that is read at a glance."""

from domain.card import Card, CardButton, CardClock, CardIssue, CardReach, CardReport
from domain.page_rules import ReachBy
from domain.policy import ReportField
from domain.reach import ReachOutcome
from domain.report import in_words
from domain.tiers import Priority, Tier
from integrations.slack import blocks
from integrations.slack.blocks import Block
from integrations.slack.mrkdwn import bar, countdown, escaped, link, moment, person, shortened

ACTIONS_BLOCK = "tierline.actions"
"""The block id of the row of buttons; a button's action id is ``tierline.`` and the button's name, its value the ticket's id."""
CHOICE_BLOCK = "tierline.issue_choice"
"""The block id of the row by which somebody says whether an issue is the same."""
MORE_ACTION = "tierline.more"
"""The action id of the menu of rarer buttons; a choice's value is ``BUTTON:TICKET``."""
TOPIC_LIMIT = 250
"""Characters of a channel's topic (https://docs.slack.dev/reference/methods/conversations.setTopic)."""

COLOURS = {Priority.P1: "🔴", Priority.P2: "🟠", Priority.P3: "🟡", Priority.P4: "⚪"}
"""How urgent a ticket is, at a glance."""

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
_PARTS = {
    ReportField.COMPONENT: "component",
    ReportField.IMPACT: "impact",
    ReportField.REPRODUCTION: "reproduction",
    ReportField.CUSTOMER_SUMMARY: "summary for the customer",
}
_OUTCOMES = {
    ReachOutcome.WANTED: "is being told",
    ReachOutcome.DONE: "was told",
    ReachOutcome.FAILED: "could not be told",
}
_WAYS = {ReachBy.SLACK: "direct message", ReachBy.MAIL: "mail"}
_PATH_SHOWN = 7
_ISSUES_SHOWN = 5
_WORKAROUND_SHOWN = 300
_REACHED_SHOWN = 5
_NOTES_SHOWN = 8


def card_text(card: Card) -> str:
    """The card in one line, for notifications and screen readers."""
    return escaped(
        f"{card.ticket_id} {shortened(card.title, 120)}: {card.tier} {card.tier_name}, {card.priority}, "
        f"{card.status}, waiting on {card.waiting_on}"
    )


def card_plain(card: Card) -> str:
    """The card as text alone, for a Slack that refuses its blocks: what it shows, and what to type instead of pressing."""
    lines = [
        f"*{COLOURS[card.priority]} {card.ticket_id} · {escaped(shortened(card.title, 150))}*",
        *(" ".join(fact.split("\n", 1)) for fact in _facts(card)),
        *_clock_lines(card),
        *_link_lines(card),
        *_choice_lines(card),
        *_notes(card),
        *([f"Type `/tier help` for what you can do with {card.ticket_id}"] if card.buttons else []),
    ]
    return "\n".join(lines)


def card_topic(card: Card) -> str:
    """The card in one line for a channel's topic. Topics know no localised dates, so the time is in UTC."""
    clock = card.clock
    if clock is None:
        time = f"{card.standstill.name} stands still" if card.standstill is not None else "no clock runs"
    else:
        time = f"{clock.name} {'was ' if clock.breached else ''}due {clock.due_at:%d %b %H:%M} UTC"
    status = "" if card.status == "open" else f"{card.status} · "
    owner = card.owner or "nobody yet"
    words = f"{status}{card.priority} · {card.tier} {card.tier_name} · {owner} · waits on {card.waiting_on} · {time}"
    return shortened(words, TOPIC_LIMIT)


def card_blocks(card: Card) -> list[Block]:
    """The card's blocks, top to bottom."""
    shown = [blocks.header(f"{COLOURS[card.priority]} {card.ticket_id} · {card.title}"), blocks.fields(_facts(card))]
    shown += [blocks.section("\n".join(lines)) for lines in (_clock_lines(card), _link_lines(card)) if lines]
    shown += _choice(card)
    shown += [blocks.context([note]) for note in _notes(card)[:_NOTES_SHOWN]]
    if card.buttons or card.more:
        row = [card_button(button, card.ticket_id) for button in card.buttons]
        shown.append(blocks.actions([*row, *_more(card)], block_id=ACTIONS_BLOCK))
    return shown


def _facts(card: Card) -> list[str]:
    customer = escaped(card.customer) + (f" · {escaped(card.plan)}" if card.plan else "")
    since = f" since {moment(card.waiting_since)}" if card.waiting_since is not None else ""
    return [
        f"*Tier*\n{_path(card.path, card.tier)} {escaped(card.tier_name)}",
        f"*Priority*\n{COLOURS[card.priority]} {card.priority} · {escaped(card.status)}{' · feature request' if card.feature else ''}",
        f"*Owner*\n{person(card.owner) if card.owner else '_nobody yet_'}",
        f"*Waiting on*\n{escaped(card.waiting_on)}{since}",
        f"*Customer*\n{customer}",
        *([f"*SLA*\n{escaped(card.sla)}"] if card.sla else []),
        *([f"*Reference*\n{_reference(card.external_ref, card.help_desk_url)}"] if card.external_ref else []),
        *([f"*Report*\n{_report(card.report)}"] if card.report else []),
    ]


def _reference(reference: str, address: str | None) -> str:
    return link(address, reference) if address is not None else escaped(reference)


def _report(report: CardReport) -> str:
    if report.missing:
        return f"⚠️ {in_words(report.missing)} missing"
    return f"✅ {', '.join(_PARTS[part] for part in report.written) or 'complete'}"


def _path(path: tuple[Tier, ...], now: Tier) -> str:
    """``L1 → L2 → *L3*``; a long way shows its end."""
    before = path[:-1] if path and path[-1] is now else path
    shown = before[-_PATH_SHOWN:]
    steps = (["…"] if len(shown) < len(before) else []) + [str(tier) for tier in shown]
    return " → ".join([*steps, f"*{now}*"])


def _clock_lines(card: Card) -> list[str]:
    lines = []
    if card.clock is not None:
        lines.append(_running(card, card.clock))
    if card.standstill is not None:
        share = card.standstill.percent / 100
        lines.append(f"⏸ *{escaped(card.standstill.name)}* `{bar(share)}` stands still at {card.standstill.percent} %")
    missed = [
        name for name in card.breached if card.clock is None or not card.clock.breached or name != card.clock.name
    ]
    if missed:
        lines.append(f"⛔ *Breached:* {escaped(', '.join(missed))}")
    return lines


def _running(card: Card, clock: CardClock) -> str:
    """The end is a date that each reader's Slack counts down to by itself. The bar is of the instant at which it was drawn, and says so."""
    name = escaped(clock.name)
    if clock.breached:
        return f"⛔ *{name}* `{bar(1)}` breached, was due {moment(clock.due_at)} ({countdown(clock.due_at)})"
    drawn = f" as of {moment(card.drawn_at)}" if card.drawn_at is not None else ""
    due = f"due {moment(clock.due_at)} ({countdown(clock.due_at)})"
    return f"⏱ *{name}* {due}\n`{bar(clock.percent / 100)}` {clock.percent} %{drawn}"


def _link_lines(card: Card) -> list[str]:
    lines = [_issue(issue) for issue in card.issues[:_ISSUES_SHOWN]]
    if len(card.issues) > _ISSUES_SHOWN:
        lines.append(f"🔧 … and {len(card.issues) - _ISSUES_SHOWN} more issues")
    if card.page:
        lines.append(f"📟 {link(card.page_url, card.page) if card.page_url else escaped(card.page)}")
    lines += [f"📣 {_reach(one)}" for one in card.reached[-_REACHED_SHOWN:]]
    if len(card.reached) > _REACHED_SHOWN:
        lines.append(f"📣 … and {len(card.reached) - _REACHED_SHOWN} before them")
    if card.workaround:
        lines.append(f"🩹 Workaround: {escaped(shortened(card.workaround, _WORKAROUND_SHOWN))}")
    if card.vendor:
        due = (
            f"overdue since {moment(card.vendor.due_at)}"
            if card.vendor.overdue
            else f"due {moment(card.vendor.due_at)}"
        )
        lines.append(f"🏭 {escaped(shortened(card.vendor.name, 200))}, {due}")
    if card.channel:
        lines.append(f"💬 <#{card.channel.id}>")
    if card.ticket_url:
        lines.append(f"🧭 {link(card.ticket_url, 'Every step of this ticket, in Temporal')}")
    return lines


def _issue(issue: CardIssue) -> str:
    told = [
        escaped(issue.status),
        *([escaped(issue.outcome)] if issue.outcome else []),
        *([escaped(issue.assignee)] if issue.assignee else []),
        *([f"{issue.tickets} tickets"] if issue.tickets > 1 else []),
        *([f"impact {escaped(issue.impact)}"] if issue.impact else []),
    ]
    return f"🔧 {link(issue.ref.url, issue.ref.key)} {' · '.join(told)}"


def _choice(card: Card) -> list[Block]:
    if card.choice is None:
        return []
    row = [blocks.button(each.label, action_id=each.action_id, value=each.value) for each in card.choice.buttons]
    return [blocks.section("\n".join(_choice_lines(card))), blocks.actions(row, block_id=CHOICE_BLOCK)]


def _choice_lines(card: Card) -> list[str]:
    if card.choice is None:
        return []
    until = f"{moment(card.choice.until)} ({countdown(card.choice.until)})"
    return [
        f"🧩 *Is it the same as one of these?* Without a word a new issue is opened {until}",
        *(
            f"• {link(each.ref.url, each.ref.key)} {each.similarity} % · {escaped(each.status)} · {escaped(shortened(each.title, 150))}"
            for each in card.choice.candidates
        ),
    ]


def _reach(one: CardReach) -> str:
    return f"{person(shortened(one.person, 100))} {_OUTCOMES[one.outcome]} by {_WAYS[one.by]}"


def _notes(card: Card) -> list[str]:
    notes = []
    if card.snoozed_until is not None:
        by = person(card.snoozed_by or "somebody")
        notes.append(f"💤 Snoozed by {by} until {moment(card.snoozed_until)} ({countdown(card.snoozed_until)})")
    notes += [
        f"⚠️ {escaped(trouble.system)} is late since {moment(trouble.since)}; Tierline keeps trying"
        for trouble in card.troubles
    ]
    return notes


def card_button(button: CardButton, ticket_id: str) -> Block:
    """A button that asks for something of a ticket, wherever it stands."""
    label, style = _LABELS[button]
    return blocks.button(label, action_id=f"tierline.{button}", value=ticket_id, style=style)


def _more(card: Card) -> list[Block]:
    if not card.more:
        return []
    choices = [(_LABELS[button][0], f"{button}:{card.ticket_id}") for button in card.more]
    return [blocks.overflow(choices, action_id=MORE_ACTION)]
