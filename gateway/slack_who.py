"""``/tier who``: who is on call, who has a ticket, who leads, and who may do what."""

import asyncio
from collections.abc import Iterator

from domain.policy import CommandName, Policy
from domain.tiers import Tier
from domain.views import TicketView
from gateway.access import mention, named
from gateway.gateway import Gateway
from gateway.on_call import on_call
from integrations.slack.mrkdwn import escaped, person, shortened

_MOST_HOLDERS = 20
_STEERING = (
    CommandName.ACCEPT,
    CommandName.ESCALATE,
    CommandName.RETURN,
    CommandName.RESOLVE,
    CommandName.PRIORITY,
    CommandName.HAND_OVER,
)


async def who_is_there(gateway: Gateway, tier: str | None = None) -> str:
    """Who is on call and leads in every tier, or in one, and who has which role; in Slack's text format."""
    policy = gateway.policy
    if tier is not None and Tier(tier) not in policy.tiers:
        return f"The policy has no tier {tier}; it has {', '.join(policy.tiers)}."
    wanted = [Tier(tier)] if tier is not None else list(policy.tiers)
    lines = list(await asyncio.gather(*(_tier_line(gateway, one) for one in wanted)))
    for role, holders in policy.roles.items():
        if holders:
            more = ", …" if len(holders) > _MOST_HOLDERS else ""
            lines.append(
                f"*{named([role]).capitalize()}*: {', '.join(mention(one) for one in holders[:_MOST_HOLDERS])}{more}"
            )
    return "\n".join((*lines, *_permissions(policy)))


async def who_has(gateway: Gateway, view: TicketView) -> str:
    """Who has this ticket, who would be woken for it, and who can move it; in Slack's text format."""
    policy = gateway.policy
    lines = [f"*{view.id}* {escaped(shortened(view.title, 120))}"]
    if view.owner is not None:
        lines.append(f"{escaped(view.owner)} has it")
    else:
        lines.append("Nobody has taken it; whoever does types `/tier accept " + f"{view.id}`")
    if view.tier in policy.tiers:
        lines.append(await _tier_line(gateway, view.tier, view))
    above = policy.tier_above(view.tier)
    if above is not None:
        lines.append(f"Next: {await _tier_line(gateway, above, view)}")
    lines += [
        f"Working on {escaped(issue.ref.key)}: {escaped(issue.assignee)}" for issue in view.issues if issue.assignee
    ]
    lines += [
        f"Page: acknowledged by {escaped(page.acknowledged_by)}" for page in view.pages[-1:] if page.acknowledged_by
    ]
    return "\n".join((*lines, *_permissions(policy)))


async def _tier_line(gateway: Gateway, tier: Tier, view: TicketView | None = None) -> str:
    rules = gateway.policy.tiers[tier]
    told = [f"*{tier}* {escaped(rules.name)}: <#{rules.channel}>"]
    if rules.lead:
        told.append(f"led by {person(rules.lead)}")
    if rules.page is not None:
        if view is not None:
            facts = {"product": view.product, "component": view.component, "plan": view.plan}
            targets = [rules.page.target(priority=view.priority, **facts)]
        else:
            targets = list(rules.page.targets())
        answers = await asyncio.gather(*(on_call(gateway, target) for target in targets))
        told += [f"on call: {escaped(words)}" for words in dict.fromkeys(answer.words for answer in answers)]
    return ", ".join(told)


def _permissions(policy: Policy) -> Iterator[str]:
    """One line for all that the same roles may do."""
    grouped: dict[str, list[str]] = {}
    for name in _STEERING:
        grouped.setdefault(named(policy.allowed(name)), []).append(name.replace("_", " "))
    for who, commands in grouped.items():
        yield f"To {', '.join(commands)}: {who}"
