"""The one registry of typed search attributes. They are never encrypted: nothing personal may stand in them."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.engineering_rules import ProjectRules
from domain.issue_meaning import meaning_of
from domain.issue_references import alias_reference, release_references
from domain.issues import IssueMeaning, IssueSnapshot
from domain.ladders import next_deadline
from domain.redaction import redact
from domain.ticket import Ticket
from domain.ticket_references import assignee_of, keyword, references_of, within_limit
from domain.watched_issue import WatchedIssue

TIER = SearchAttributeKey.for_keyword("TierlineTier")
STATUS = SearchAttributeKey.for_keyword("TierlineStatus")
PRIORITY = SearchAttributeKey.for_keyword("TierlinePriority")
OWNER = SearchAttributeKey.for_keyword("TierlineOwner")
PRODUCT = SearchAttributeKey.for_keyword("TierlineProduct")
TRACKER_ISSUE = SearchAttributeKey.for_keyword("TierlineIssue")
DUE_AT = SearchAttributeKey.for_datetime("TierlineDueAt")
BREACHES = SearchAttributeKey.for_int("TierlineBreaches")
REFERENCES = SearchAttributeKey.for_keyword_list("TierlineReferences")
ASSIGNEE = SearchAttributeKey.for_keyword("TierlineAssignee")

REGISTRY: tuple[SearchAttributeKey, ...] = (  # type: ignore[type-arg]
    TIER,
    STATUS,
    PRIORITY,
    OWNER,
    PRODUCT,
    TRACKER_ISSUE,
    DUE_AT,
    BREACHES,
    REFERENCES,
    ASSIGNEE,
)


def ticket_attributes(ticket: Ticket) -> TypedSearchAttributes:
    """What operators can search a ticket by. ``TierlineDueAt`` is the next instant at which the ticket acts by itself."""
    pairs: list[SearchAttributePair] = [  # type: ignore[type-arg]
        SearchAttributePair(TIER, ticket.tier.value),
        SearchAttributePair(STATUS, ticket.status.value),
        SearchAttributePair(PRIORITY, ticket.priority.value),
        SearchAttributePair(OWNER, ticket.owner.value),
        SearchAttributePair(BREACHES, ticket.breaches),
    ]
    if ticket.product is not None:
        # People fill it in, and they fill in anything.
        pairs.append(SearchAttributePair(PRODUCT, keyword(redact(ticket.product))))
    if ticket.issues:
        pairs.append(SearchAttributePair(TRACKER_ISSUE, keyword(ticket.issues[-1].ref.key)))
    references = references_of(ticket)
    if references:
        pairs.append(SearchAttributePair(REFERENCES, list(references)))
    if ticket.stint.accepted_by is not None:
        pairs.append(SearchAttributePair(ASSIGNEE, assignee_of(ticket.stint.accepted_by)))
    deadline = next_deadline(ticket)
    if deadline is not None:
        pairs.append(SearchAttributePair(DUE_AT, deadline.at))
    return TypedSearchAttributes(pairs)


def issue_attributes(issue: WatchedIssue) -> TypedSearchAttributes:
    """What an engineering issue is found by: its key, its other names in the tracker, and where it waits for a release."""
    known = issue.known if issue.gone is None else None
    project = known.project if known is not None else ""
    waits = known is not None and _waits_for_release(issue.rules.of_project(project), known)
    tracker = issue.ref.tracker
    references = (
        *release_references(tracker, project, waits=waits),
        *(alias_reference(tracker, name) for name in issue.aliases),
    )
    pairs: list[SearchAttributePair] = [SearchAttributePair(TRACKER_ISSUE, keyword(issue.ref.key))]  # type: ignore[type-arg]
    if references:
        pairs.append(SearchAttributePair(REFERENCES, list(within_limit(references))))
    return TypedSearchAttributes(pairs)


def _waits_for_release(rules: ProjectRules, known: IssueSnapshot) -> bool:
    return rules.wait_for_release and meaning_of(rules, known) is IssueMeaning.FIXED
