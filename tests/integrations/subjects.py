"""A card, a digest and drafts as the domain would make them."""

from datetime import UTC, datetime, timedelta

from domain.card import Card, CardButton, CardClock, CardIssue, CardTrouble
from domain.digest import Digest, IssueLoad, OldTicket
from domain.issues import IssueDraft, IssueRef, Tracker
from domain.paging import PageDraft
from domain.policy import ClockKind
from domain.tiers import Owner, Priority, Tier

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

ISSUE = IssueRef(tracker=Tracker.JIRA, id="10042", key="PAY-12", url="https://acme.atlassian.net/browse/PAY-12")

CARD = Card(
    ticket_id="T-1042",
    title="Checkout fails with 502",
    status="with engineering",
    tier=Tier.L3,
    tier_name="Engineering",
    priority=Priority.P1,
    customer="Initech",
    plan="gold",
    path=(Tier.L1, Tier.L2, Tier.L3),
    owner="U0ADA",
    waiting_on="engineering",
    clock=CardClock(name="resolution", due_at=NOON, percent=42, breached=False),
    breached=("handoff",),
    issues=(CardIssue(ref=ISSUE, status="In Progress", assignee="Ada"),),
    page="Ada acknowledged the page",
    page_url="https://acme.pagerduty.com/incidents/PINC1",
    troubles=(CardTrouble(system="Jira", since=NOON - timedelta(minutes=4)),),
    buttons=(CardButton.ACCEPT, CardButton.ESCALATE, CardButton.RETURN, CardButton.REPLY, CardButton.RESOLVE),
    more=(CardButton.NOTE, CardButton.SNOOZE, CardButton.HAND_OVER, CardButton.PRIORITY, CardButton.LINK),
    drawn_at=NOON - timedelta(minutes=3),
    ticket_url="http://127.0.0.1:8233/namespaces/default/workflows/ticket%2FT-1042",
)

DIGEST = Digest(
    team="Support",
    start=NOON - timedelta(days=7),
    end=NOON,
    opened=12,
    resolved=9,
    open_now=3,
    reopened=1,
    by_tier={Tier.L1: 8, Tier.L3: 4},
    breaches={ClockKind.HANDOFF: 2},
    handoffs=5,
    returns=2,
    waiting={Owner.L1: timedelta(hours=5), Owner.VENDOR: timedelta(days=1, hours=4)},
    top_issues=(IssueLoad(ref=ISSUE, tickets=4),),
    oldest=(OldTicket(ticket_id="T-1001", tier=Tier.L3, age=timedelta(days=3, hours=2)),),
    thanks=(("U0ADA", 4), ("tom", 2)),
)


def issue_draft(tracker: Tracker, key: str = "T-1042/3/issue") -> IssueDraft:
    """An issue to be opened in the sandbox's project of that tracker."""
    return IssueDraft(
        key=key,
        tracker=tracker,
        project="PAY" if tracker is Tracker.JIRA else "acme/storefront",
        issue_type="Bug" if tracker is Tracker.JIRA else None,
        title="Checkout fails with 502",
        body="Since noon checkout fails.\n\nSteps:\n- put a thing into the cart\n- pay\n\nSee https://status.acme.example/7.",
        labels=("support",),
    )


def page_draft(key: str = "T-1042/3/page", priority: str | None = "P1") -> PageDraft:
    """A page for the sandbox's on-call."""
    return PageDraft(
        key=key,
        title="T-1042: Checkout fails with 502",
        details="L3 did not accept in time.",
        service="PSVCPAY",
        priority=priority,
    )
