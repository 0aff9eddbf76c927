"""Telling people of the ticket's tier: its lead, its channel, who has the ticket."""

from domain.intents import Notice
from domain.people import ActorKind
from domain.policy import TierRules
from domain.tiers import Tier
from domain.turn import Turn


def tier_rules(turn: Turn, tier: Tier) -> TierRules | None:
    """The policy's rules for a tier (of the team that has the ticket there now), or None where it has none."""
    rules, stints = turn.ticket.policy.tiers.get(tier), turn.ticket.stints
    here = stints[-1] if stints and stints[-1].tier is tier else None
    return rules.of_team(here.team) if rules is not None and here is not None else rules


def tier_name(turn: Turn, tier: Tier) -> str:
    """``L2 Technical``: the tier as people say it."""
    rules = tier_rules(turn, tier)
    return f"{tier.value} {rules.name}" if rules is not None else tier.value


def tell_lead(turn: Turn, text: str) -> None:
    """Write to the lead of the ticket's tier, or to the tier's channel where it has no lead."""
    rules = _nearest_rules(turn)
    turn.intend(lambda key: Notice(key=key, channel=rules.channel, text=text, mention=rules.lead))


def lead_of(turn: Turn) -> str | None:
    """The Slack user id of the lead of the ticket's tier, or None."""
    return _nearest_rules(turn).lead


def tell_channel(turn: Turn, text: str) -> None:
    """Write to the tier's channel."""
    rules = _nearest_rules(turn)
    turn.intend(lambda key: Notice(key=key, channel=rules.channel, text=text))


def _nearest_rules(turn: Turn) -> TierRules:
    """The rules of the ticket's tier or, where the policy has none for it (a vendor needs none), of the last tier that has some."""
    tiers = turn.ticket.policy.tiers
    return next(
        (tiers[s.tier].of_team(s.team) for s in reversed(turn.ticket.stints) if s.tier in tiers),
        tiers[turn.ticket.policy.entry_tier],
    )


def tell_owner(turn: Turn, text: str) -> None:
    """Write to who took the ticket; to the tier's channel while nobody known in Slack has it."""
    owner = turn.ticket.stint.accepted_by
    if owner is not None and owner.kind is ActorKind.SLACK:
        turn.intend(lambda key: Notice(key=key, channel=owner.id, text=text))
    else:
        tell_channel(turn, text)
