"""What the lead hears of an issue that many tickets are on: once from the issue, since each of them telling it would bury everything else."""

from domain.engineering_rules import IssueRules
from domain.issue_intents import AskLead
from domain.issue_meaning import meaning_of
from domain.issues import IssueMeaning, IssueRef, IssueSnapshot

LEAD_HEARS_OF = 20
"""Tickets on an issue up to which each tells the lead by itself of what became of it; with more of them the issue does, and they tell their owners."""


def is_gone(rules: IssueRules, ref: IssueRef, why: str, tickets: int) -> list[AskLead]:
    """The issue cannot be read any more, and its tickets leave it."""
    return _told(
        rules,
        tickets,
        f"{ref.key} can no longer be read ({why}): {tickets:,} tickets leave it, and each thread says what can be done",
    )


def has_changed(rules: IssueRules, known: IssueSnapshot | None, truth: IssueSnapshot, tickets: int) -> list[AskLead]:
    """No fix will come of it, or strangers can read it from now on."""
    found: list[AskLead] = []
    after = rules.of_project(truth.project)
    before = rules.of_project(known.project) if known is not None else after
    declined = meaning_of(after, truth) is IssueMeaning.DECLINED
    if declined and (known is None or meaning_of(before, known) is not IssueMeaning.DECLINED):
        how = f"{truth.status}, {truth.resolution}" if truth.resolution else truth.status
        text = f"{truth.ref.key} was closed without a fix ({how}): the {tickets:,} tickets on it are with their tiers, whose customers are to hear"
        found += _told(rules, tickets, text)
    if after.public and not before.public:
        text = f"{truth.ref.key}, which {tickets:,} tickets are on, is public now: look whether anything there must not be read"
        found += _told(rules, tickets, text)
    return found


def _told(rules: IssueRules, tickets: int, text: str) -> list[AskLead]:
    if tickets <= LEAD_HEARS_OF or rules.channel is None:
        return []
    return [AskLead(key="", channel=rules.channel, lead=rules.lead, text=text)]
