"""Who acts in Slack, and with which roles."""

from domain.people import Actor, ActorKind
from gateway.gateway import Gateway


def actor_of(gateway: Gateway, user: str, name: str | None) -> Actor:
    """A Slack user with the roles that the policy gives them."""
    return Actor(kind=ActorKind.SLACK, id=user, name=name or user, roles=gateway.policy.roles_of(user))
