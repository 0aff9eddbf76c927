"""The gate before a tier: what must be written down before a person may escalate a ticket to it.

A ladder's own hand-off is not held up by it, since nobody is there who could write: the story then tells what is missing.
"""

from collections.abc import Sequence

from domain.messages import Escalate
from domain.people import Actor
from domain.policy import Policy, ReportField
from domain.report import EscalationReport, in_words, merged, missing_parts, report_text
from domain.ticket import Ticket
from domain.tiers import Tier
from domain.turn import Turn


def asked_for(policy: Policy, tier: Tier) -> tuple[ReportField, ...]:
    """What the tier asks of whoever escalates to it."""
    rules = policy.tiers.get(tier)
    return rules.requires if rules is not None else ()


def missing_of(ticket: Ticket, request: Escalate) -> tuple[ReportField, ...]:
    """What the tier asks for and neither this request nor an earlier report says."""
    report = merged(ticket.report, request.report)
    return missing_parts(asked_for(ticket.policy, request.to), report, ticket.component)


def refusal_of(ticket: Ticket, request: Escalate, by: Actor) -> str | None:
    """Why a person may not escalate yet, in one sentence that names what is missing; None when they may."""
    missing = missing_of(ticket, request) if by.is_person else ()
    if not missing:
        return None
    name = f"{request.to.value} {ticket.policy.tiers[request.to].name}"
    return f"{name} does not take {ticket.id} without {in_words(missing)}: add it to the report (in Slack: /tier escalate {ticket.id})"


def keep_report(turn: Turn, report: EscalationReport | None) -> None:
    """Keep what was written, beside what an earlier report said."""
    if report is not None:
        turn.set(report=merged(turn.ticket.report, report))


def tell_report(turn: Turn, to: Tier, report: EscalationReport | None, by: Actor) -> None:
    """Tell the story what was written down and, where Tierline itself escalates, what was not."""
    text = report_text(report)
    if text:
        turn.say(text, by)
    missing = _missing(turn.ticket, asked_for(turn.ticket.policy, to))
    if missing:
        name = f"{to.value} {turn.ticket.policy.tiers[to].name}"
        turn.say(f"{name} asks for {in_words(missing)}, and nobody has written it down yet")


def _missing(ticket: Ticket, asked: Sequence[ReportField]) -> tuple[ReportField, ...]:
    return missing_parts(asked, ticket.report, ticket.component)
