"""Who acts in Slack, and with which roles: by their own id in the policy, or by the user groups that it names.

Slack waits three seconds for an answer, so nobody is waited for here longer than a part of one; what Slack tells later is there for
the next request.
"""

import asyncio
from collections.abc import Collection

from domain.people import Actor, ActorKind
from domain.policy import CommandName
from gateway.access import may, refusal_in_slack
from gateway.gateway import Gateway
from gateway.slack_directory import SlackDirectory

NO_STRANGERS = "I take this from people of my own workspace alone; please ask your contact there."
NO_BOTS = "I take this from people alone, not from apps."


async def turned_away(
    gateway: Gateway, directory: SlackDirectory, user: str, teams: Collection[str | None]
) -> str | None:
    """Why this user is not heard: one of another company, in a shared channel, or an app. None for everybody else.

    Args:
        gateway: where they act.
        directory: who is known.
        user: their id.
        teams: the ids of workspace and organisation that the request gives for them, if it does: they decide where Slack does
            not say who it is.
    """
    profile, own, _ = await asyncio.gather(
        directory.profile(user), directory.own_teams(), directory.read_groups(gateway.policy.user_groups)
    )
    given = {team for team in teams if team is not None}
    if profile is None:
        return NO_STRANGERS if given and own and given.isdisjoint(own) else None
    if profile.stranger:
        return NO_STRANGERS
    return NO_BOTS if profile.bot else None


def actor_of(gateway: Gateway, user: str, name: str | None) -> Actor:
    """A Slack user with the roles that the policy gives them, by what is known of the user groups now."""
    directory = gateway.slack.directory if gateway.slack is not None else None
    groups = directory.groups_of(user, gateway.policy.user_groups) if directory is not None else frozenset()
    profile = directory.known_profile(user) if directory is not None else None
    return Actor(
        kind=ActorKind.SLACK,
        id=user,
        name=name or (profile.name if profile is not None else user),
        roles=gateway.policy.roles_of(user, groups),
    )


def refusal_of(gateway: Gateway, actor: Actor, command: CommandName) -> str | None:
    """Who can do it instead, in Slack's text format, where the actor may not; None where they may."""
    policy = gateway.policy
    if may(actor, policy.allowed(command)):
        return None
    directory = gateway.slack.directory if gateway.slack is not None else None
    unread = directory is not None and bool(directory.unread_groups(policy.user_groups))
    return refusal_in_slack(policy, command, groups_unread=unread)
