"""Who is who in Slack: people's names and time zones, the members of user groups, and which workspace is our own."""

import asyncio
import time
from collections.abc import Callable, Collection

from gateway.remembered import Remembered
from gateway.slack_surfaces import Profile, SurfaceFailure, Surfaces

PROFILE_SECONDS = 600.0
GROUP_SECONDS = 300.0
_OWN_TEAMS_SECONDS = 3_600.0
# Of Slack's three seconds this much may go into knowing who asks.
_PATIENCE_SECONDS = 0.6
_OWN = "own"


class SlackDirectory:
    """Slack's people and user groups as last known. A question that Slack does not answer is None, or nobody; never an error.

    Args:
        surfaces: whom to ask.
        patience: seconds for which an answer is waited for.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        surfaces: Surfaces,
        *,
        patience: float = _PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience = patience
        self._profiles = Remembered(surfaces.profile, unknown=SurfaceFailure, fresh_for=PROFILE_SECONDS, clock=clock)
        self._groups = Remembered(surfaces.members, unknown=SurfaceFailure, fresh_for=GROUP_SECONDS, clock=clock)
        self._own = Remembered(
            lambda _: surfaces.own_teams(), unknown=SurfaceFailure, fresh_for=_OWN_TEAMS_SECONDS, clock=clock
        )

    async def profile(self, user: str) -> Profile | None:
        """Who that is; None when Slack does not say."""
        return await self._profiles.get(user, patience=self._patience)

    def known_profile(self, user: str) -> Profile | None:
        """Who that is, without asking."""
        return self._profiles.last(user)

    async def own_teams(self) -> frozenset[str]:
        """The ids of our own workspace and organisation; none when they are not known."""
        return await self._own.get(_OWN, patience=self._patience) or frozenset()

    async def read_groups(self, groups: Collection[str]) -> None:
        """Have the members of these user groups known, where Slack tells them."""
        await asyncio.gather(*(self._groups.get(group, patience=self._patience) for group in groups))

    def groups_of(self, user: str, groups: Collection[str]) -> frozenset[str]:
        """Those of these user groups that the user is in, as last known."""
        return frozenset(group for group in groups if user in (self._groups.last(group) or ()))

    def unread_groups(self, groups: Collection[str]) -> frozenset[str]:
        """Those of these user groups whose members were never known."""
        return frozenset(group for group in groups if self._groups.last(group) is None)

    async def close(self) -> None:
        """Ask no further."""
        await asyncio.gather(self._profiles.close(), self._groups.close(), self._own.close())
