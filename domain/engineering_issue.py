"""What an engineering issue, and Tierline's comments on it, may tell: what engineers need, and no personal data.

Who can read the project decides: what strangers read is redacted more strictly, and the policy says which sections an issue has
(``engineering.shares``). The text itself is made by the policy's template where the issue is opened (``config.issue_text``).
"""

import re
from datetime import datetime

from domain.addresses import parts_of
from domain.issue_facts import Evidence, IssueFacts, IssueSection, PlanCount
from domain.issues import IssueDraft, IssueRef
from domain.own_patterns import without_own
from domain.people import Customer
from domain.plain_text import plain_block, plain_line
from domain.policy import ReportField, Route
from domain.redaction import redact, redact_strictly
from domain.ticket import Ticket

_LONGEST_TITLE = 120
_SHORTEST_NAME = 2
_SHORTEST_ID = 3
_LONGEST_TEXT = 8_000
_LONGEST_SECTION = 6_000
_MOST_FILES, _MOST_VERSIONS = 10, 5
_MOST_NAMES = 20
# Redaction reads this much more than is kept, and what stands at the end of that is left out: a secret that the cut parts in two has no
# shape any more. No shape but a key's is longer.
_READ_BEYOND, _UNSURE = 1_000, 300
_VERSION = re.compile(
    r"(?<![\w.-])(?:[A-Z][A-Za-z+-]{1,30} )?(?:(?:[Vv]ersion |v)\d{1,5}(?:\.\d{1,5}){1,3}|\d{1,3}\.\d{1,5}\.\d{1,3})(?:-[A-Za-z0-9.]{1,20})?(?![\w-]|\.\d)"
)
_PUBLIC_FILES = "slack-files.com"


def draft_issue(ticket: Ticket, route: Route, reason: str) -> tuple[IssueDraft, IssueFacts]:
    """The issue that an escalation opens, without its text, and the facts that the text is made of.

    The draft's key is ``issue_key``: one escalation opens one issue.
    """
    facts = facts_for(ticket, route.project, reason)
    number = f" ({ticket.id})" if IssueSection.TICKETS in ticket.policy.engineering.shared_in(route.project) else ""
    draft = IssueDraft(
        key=issue_key(ticket),
        tracker=route.tracker,
        project=route.project,
        issue_type=route.issue_type,
        title=facts.title[: _LONGEST_TITLE - len(number)].rstrip() + number,
        body="",
        labels=route.labels,
        priority=route.priorities.get(ticket.priority),
        components=route.components,
        fields=route.fields,
        assignee=route.assignee,
        watchers=route.watchers,
    )
    return draft, facts


def issue_key(ticket: Ticket) -> str:
    """The key of the issue that this stay of the ticket with engineering opens."""
    return f"{ticket.id}-stint-{ticket.stint.number}"


def facts_for(ticket: Ticket, project: str, reason: str) -> IssueFacts:
    """What the text of an issue in that project may say of the ticket; ``reason`` is why it was escalated."""
    shared = ticket.policy.engineering.shared_in(project)
    public = is_public(ticket, project)

    def line(text: str | None, section: IssueSection) -> str | None:
        return plain_line(safe_text(ticket, text, public=public)) if text and section in shared else None

    def block(text: str | None, section: IssueSection) -> str | None:
        if not text or section not in shared:
            return None
        return plain_block(safe_text(ticket, text, public=public, most=_LONGEST_SECTION)) or None

    report = ticket.report
    impact = block(report.part(ReportField.IMPACT) if report is not None else None, IssueSection.IMPACT)
    reproduction = block(
        report.part(ReportField.REPRODUCTION) if report is not None else None, IssueSection.REPRODUCTION
    )
    answer = report.part(ReportField.CUSTOMER_SUMMARY) if report is not None else None
    words = block(ticket.description, IssueSection.REPORT)
    environment = IssueSection.ENVIRONMENT
    told = "\n".join(text for text in (impact, reproduction, words) if text is not None)
    plan = None if public else ticket.customer.plan
    return IssueFacts(
        ticket=ticket.id,
        title=title_for(ticket, project),
        priority=ticket.priority.value,
        request=ticket.request.value,
        summary=block(reason, IssueSection.SUMMARY),
        impact=impact,
        reproduction=reproduction,
        report=words,
        answer=block(answer, IssueSection.SUMMARY),
        product=line(ticket.product, environment),
        component=line(ticket.component, environment),
        channel=line(ticket.channel, environment),
        language=line(ticket.language, environment),
        versions=versions_in(told) if environment in shared else (),
        evidence=_evidence(ticket, public=public) if IssueSection.EVIDENCE in shared else (),
        first_seen=f"{_first_seen(ticket):%Y-%m-%d %H:%M} UTC" if IssueSection.FIRST_SEEN in shared else None,
        customers=(PlanCount(plan=line(plan, IssueSection.CUSTOMERS) or "no plan", customers=1),)
        if IssueSection.CUSTOMERS in shared
        else (),
        tickets=(ticket.id, *ticket.merged_in) if IssueSection.TICKETS in shared else (),
        reference=None if public else line(ticket.external_ref, IssueSection.TICKETS),
        workaround=block(ticket.workaround, IssueSection.SUMMARY),
        shows_page=IssueSection.EVIDENCE in shared and not public,
    )


def title_for(ticket: Ticket, project: str) -> str:
    """What the ticket is called in that project: by its own title or, where that is not shared, by what is broken and how hard."""
    shared, public = ticket.policy.engineering.shared_in(project), is_public(ticket, project)
    if IssueSection.TITLE in shared:
        return plain_line(safe_text(ticket, ticket.title, public=public))
    where = (ticket.component or ticket.product) if IssueSection.ENVIRONMENT in shared else None
    impact = ticket.report.part(ReportField.IMPACT) if ticket.report is not None else None
    what = impact.strip().splitlines()[0] if impact is not None and IssueSection.IMPACT in shared else None
    named = ": ".join(part for part in (where, what or "a problem that customers report") if part)
    return plain_line(safe_text(ticket, named, public=public))[:_LONGEST_TITLE]


def versions_in(text: str) -> tuple[str, ...]:
    """The versions that a text names, such as ``Firefox 131.0.2`` and ``version 4.2``; each once, in their order."""
    return tuple(dict.fromkeys(found[0] for found in _VERSION.finditer(text)))[:_MOST_VERSIONS]


def is_public(ticket: Ticket, project: str) -> bool:
    """Whether strangers read that project, by the ticket's policy."""
    return ticket.policy.engineering.of_project(project).public


def shared_on(ticket: Ticket, ref: IssueRef, section: IssueSection) -> bool:
    """Whether the policy lets that issue's readers know this of a ticket."""
    return section in ticket.policy.engineering.shared_in(ref.project)


def text_on(ticket: Ticket, ref: IssueRef, text: str) -> str:
    """Text of people as that issue's readers may see it, none of it a heading or a list."""
    return plain_block(safe_text(ticket, text, public=is_public(ticket, ref.project)))


def title_on(ticket: Ticket, ref: IssueRef) -> str:
    """What the ticket is called on that issue."""
    return title_for(ticket, ref.project)


def safe_text(ticket: Ticket, text: str, *, public: bool = False, most: int = _LONGEST_TEXT) -> str:
    """Text of people that may stand in a tracker or a page: redacted, without the customer's name, of at most ``most`` characters.

    ``public``: strangers read it. Then the customer's number and plan, the help desk's number, hosts and addresses go as well.
    """
    is_cut = len(text) > most + _READ_BEYOND
    clean = _clean(ticket, text[: most + _READ_BEYOND], public=public)
    return (clean[:-_UNSURE] if is_cut else clean)[:most]


def _clean(ticket: Ticket, text: str, *, public: bool) -> str:
    text = without_own(text, ticket.policy.engineering.redaction.patterns)
    if public:
        known = (
            (ticket.customer.id, "[customer]"),
            (ticket.external_ref, "[reference]"),
            (ticket.customer.plan, "[plan]"),
        )
        for name, word in known:
            if name is not None and len(name) >= _SHORTEST_ID:
                text = _without(text, name, word)
    text = without_customer(ticket.customer, text)
    return redact_strictly(text) if public else text


def safe_title(ticket: Ticket) -> str:
    """The ticket's title as it may stand in a tracker or a page."""
    return safe_text(ticket, ticket.title)


def without_customer(customer: Customer, text: str) -> str:
    """The text redacted. Redaction knows shapes, and a name has none; but whose ticket it is, is known."""
    if customer.email:
        text = _without(text, customer.email, "[e-mail]")
    text = redact(text)
    if len(customer.name) >= _SHORTEST_NAME:
        text = _without(text, customer.name, "[customer]")
    # Parts of a name are often words as well: only what is written as in the name is one.
    parts = dict.fromkeys(part for part in customer.name.split() if len(part) > _SHORTEST_NAME and not part.islower())
    if parts:
        any_of_them = "|".join(re.escape(part) for part in list(parts)[:_MOST_NAMES])
        text = re.sub(rf"(?<!\w)(?:{any_of_them})(?!\w)", "[customer]", text)
    return text


def _without(text: str, name: str, word: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text, flags=re.IGNORECASE)


def _first_seen(ticket: Ticket) -> datetime:
    return min((clock.started_at for clock in ticket.clocks), default=ticket.opened_at)


def _evidence(ticket: Ticket, *, public: bool) -> tuple[Evidence, ...]:
    """Files by addresses that ask for access. What anybody with the link can open is left out, and so is what an address carries."""
    found = []
    for file in ticket.files[-_MOST_FILES:]:
        parts = parts_of(file.url)
        if parts.scheme != "https" or parts.username is not None or parts.hostname in (None, _PUBLIC_FILES) or public:
            continue
        address = f"https://{parts.netloc}{parts.path}"
        found.append(Evidence(name=plain_line(safe_text(ticket, file.name)), url=address))
    return tuple(found)
