"""Who calls, and whether they may: bearer tokens of the REST API, Slack users, and the policy's permissions."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from config.sections import ApiToken
from domain.people import Actor, ActorKind, Role
from domain.policy import CommandName, Policy

READERS = (Role.AGENT, Role.LEAD, Role.ENGINEER, Role.OPERATOR, Role.INTEGRATION)
"""Roles that may read tickets through the API."""
OPENERS = (Role.AGENT, Role.LEAD, Role.OPERATOR, Role.INTEGRATION)
"""Roles that may open tickets through the API."""

_ROLE_NAMES = {
    Role.AGENT: "support agents",
    Role.LEAD: "support leads",
    Role.ENGINEER: "engineers",
    Role.CUSTOMER: "customers",
    Role.VENDOR: "vendors",
    Role.INTEGRATION: "integrations",
    Role.OPERATOR: "operators",
}
_MOST_NAMED = 5


def caller_of(authorization: str | None, tokens: Sequence[ApiToken]) -> Actor | None:
    """The owner of the bearer token, or None. Takes the same time whichever token is nearest."""
    scheme, _, presented = (authorization or "").partition(" ")
    fingerprint = hashlib.sha256(presented.strip().encode("utf-8", "surrogateescape")).digest()
    found = None
    for token in tokens:
        expected = hashlib.sha256(token.token.get_secret_value().encode()).digest()
        if hmac.compare_digest(expected, fingerprint):
            found = token
    if found is None or scheme.lower() != "bearer":
        return None
    return Actor(kind=ActorKind.API, id=found.name, name=found.name, roles=frozenset(found.roles))


def may(actor: Actor, allowed: Iterable[Role]) -> bool:
    """Whether one of the actor's roles is among those allowed."""
    return not actor.roles.isdisjoint(allowed)


def named(roles: Sequence[Role]) -> str:
    """``support leads, engineers or operators``."""
    return _any_of([_ROLE_NAMES[role] for role in roles]) or "nobody"


def refusal_in_slack(policy: Policy, command: CommandName, *, groups_unread: bool = False) -> str:
    """What a person without the role is told: who can do it instead, in Slack's text format.

    With ``groups_unread`` their roles may come from user groups that Slack has not told yet.
    """
    allowed = policy.allowed(command)
    text = f"You cannot {verb(command)}: that is for {named(allowed)}."
    holders = list(dict.fromkeys(holder for role in allowed for holder in policy.roles.get(role, ())))
    if groups_unread and any(is_user_group(holder) for holder in holders):
        text = f"{text} If you are one by a user group: I cannot read those from Slack just now; please try again in a minute."
    if not holders:
        return f"{text} The policy names nobody for it; ask whoever keeps the policy."
    asked = [mention(holder) for holder in holders[:_MOST_NAMED]]
    return f"{text} Ask {_any_of([*asked, 'another of them'] if len(holders) > _MOST_NAMED else asked)}."


def is_user_group(holder: str) -> bool:
    """Whether what the policy names is a Slack user group (``S…``), else it is a person."""
    return holder.startswith("S")


def mention(holder: str) -> str:
    """A person or a user group as Slack shows their name. What only one person reads notifies nobody."""
    return f"<!subteam^{holder}>" if is_user_group(holder) else f"<@{holder}>"


def verb(command: CommandName) -> str:
    """The command in the middle of a sentence: ``escalate a ticket``."""
    return _VERBS[command]


_VERBS = {
    CommandName.ACCEPT: "accept a ticket",
    CommandName.REPLY: "reply to a customer",
    CommandName.NOTE: "write a note",
    CommandName.ESCALATE: "escalate a ticket",
    CommandName.RETURN: "return a ticket",
    CommandName.RESOLVE: "resolve a ticket",
    CommandName.REOPEN: "reopen a ticket",
    CommandName.PRIORITY: "change a ticket's priority",
    CommandName.LINK: "link an issue",
    CommandName.OPEN_ISSUE: "open a new issue",
    CommandName.WAIT: "say whom a ticket waits on",
    CommandName.CANCEL: "cancel a ticket",
    CommandName.SNOOZE: "snooze a ticket",
    CommandName.MERGE: "merge tickets",
    CommandName.SPLIT: "split a ticket",
    CommandName.HAND_OVER: "hand a ticket to another team",
    CommandName.APPLY_POLICY: "apply a policy to open tickets",
    CommandName.CUSTOMER_MESSAGE: "write as the customer",
    CommandName.COMMENT: "write to the engineers",
    CommandName.KIND: "say what a ticket is to engineering",
    CommandName.WORKAROUND: "keep a workaround",
    CommandName.ATTACH: "copy files to an issue",
    CommandName.IMPACT: "decide on an issue's priority",
}


def _any_of(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
