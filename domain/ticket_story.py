"""A ticket's story in Markdown, for whoever opens its workflow in the Temporal UI. It names no customer."""

from domain.engineering_issue import safe_text, without_customer
from domain.ladders import next_deadline
from domain.messages import OpenTicket
from domain.own_patterns import without_own
from domain.policy import Policy
from domain.texts import MOST_SUMMARY, cut
from domain.ticket import Entry, LinkedIssue, Ticket
from domain.ticket_card import outcome_of

SHOWN_CHARACTERS = 200
SHOWN_THINGS = 20
"""The newest issues, pages, stays and people reached that are shown."""
SHOWN_ENTRIES = 12
"""The newest lines that are shown; the whole timeline is in the API."""


def headline_of(opening: OpenTicket, policy: Policy) -> str:
    """The line by which a new ticket's workflow stands in the Temporal UI's list: everybody with access reads it, and nothing encrypts it."""
    title = without_own(opening.title, policy.engineering.redaction.patterns)
    return cut(f"{opening.ticket_id} {without_customer(opening.customer, title)}", MOST_SUMMARY)


def story_of(ticket: Ticket) -> str:
    """What the ticket is, what it waits for and what happened last. Texts of customers are left out."""
    deadline = next_deadline(ticket)
    owner = ticket.stint.accepted_by.name if ticket.stint.accepted_by is not None else "nobody yet"
    lines = [
        f"**{ticket.id}** · {ticket.status.value} · {ticket.priority.value} · with **{ticket.tier.value}** ({owner})",
        f"Path: {' → '.join(_path(ticket))}",
        f"Next: {deadline.what} at {deadline.at:%Y-%m-%d %H:%M:%S} UTC"
        if deadline is not None
        else "Next: nothing is due",
        *(
            [f"Snoozed by {ticket.snooze.by} until {ticket.snooze.until:%Y-%m-%d %H:%M:%S} UTC"]
            if ticket.snooze is not None
            else []
        ),
        *(f"Issue: [{issue.ref.key}]({issue.ref.url}) {_issue(issue)}" for issue in ticket.issues[-SHOWN_THINGS:]),
        *_earlier("issues", len(ticket.issues)),
        *(f"Page: {page.status or 'on its way'}{_by(page.acknowledged_by)}" for page in ticket.pages[-SHOWN_THINGS:]),
        *_earlier("pages", len(ticket.pages)),
        *(
            f"Behind the pager: step {reach.step} by {reach.by.value} at {reach.at:%m-%d %H:%M:%S}: {reach.outcome.value}"
            for reach in ticket.reached[-SHOWN_THINGS:]
        ),
        *_earlier("people reached behind the pager", len(ticket.reached)),
        *_folded(ticket),
        *(
            f"Late: {lane} since {t.since:%H:%M:%S} UTC ({cut(t.error, SHOWN_CHARACTERS)})"
            for lane, t in sorted(ticket.lanes.items())
        ),
    ]
    story = [f"- {entry.at:%m-%d %H:%M:%S} {_line(ticket, entry)}" for entry in ticket.timeline[-SHOWN_ENTRIES:]]
    return "\n\n".join(("  \n".join(lines), "\n".join(story)))


def _path(ticket: Ticket) -> list[str]:
    tiers = [stint.tier.value for stint in ticket.stints[-SHOWN_THINGS:]]
    return tiers if len(tiers) == len(ticket.stints) else ["…", *tiers]


def _earlier(what: str, count: int) -> list[str]:
    return [f"and {count - SHOWN_THINGS:,} earlier {what}"] if count > SHOWN_THINGS else []


def _folded(ticket: Ticket) -> list[str]:
    """What is not carried any more, and where it is."""
    counts = {"lines": ticket.timeline_dropped, "pages": ticket.pages_dropped, **ticket.folded}
    named = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    return [f"Only in the history of its earlier runs: {named}"] if named else []


def _line(ticket: Ticket, entry: Entry) -> str:
    if entry.public:
        return "a message between customer and support"
    # Whoever wrote a note may have named the customer in it.
    return safe_text(ticket, f"{entry.who}: {' '.join(entry.text.split())}", most=SHOWN_CHARACTERS)


def _issue(issue: LinkedIssue) -> str:
    outcome = outcome_of(issue)
    weight = [f"{issue.tickets} tickets"] if issue.tickets > 1 else []
    weight += [f"impact {issue.impact}"] if issue.impact else []
    return " · ".join(filter(None, (issue.status or "new", outcome, *weight)))


def _by(name: str | None) -> str:
    return f" by {name}" if name is not None else ""
