"""Who and what is what in Slack: people's names and time zones, user groups with their members, channels, files, our own workspace."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

from domain.chat import FileLink
from gateway.remembered import Remembered
from gateway.slack_surfaces import Profile, SurfaceFailure, Surfaces
from gateway.slack_text import Mentioned, Names, mentioned_in

PROFILE_SECONDS = 600.0
GROUP_SECONDS = 300.0
_OWN_TEAMS_SECONDS = 3_600.0
# Of Slack's three seconds this much may go into knowing who asks.
_PATIENCE_SECONDS = 0.6
_OWN = "own"
_ALL_GROUPS = "groups"
_NAMES_SECONDS = 3_600.0
_FILE_SECONDS = 60.0
_MOST_NAMES = 20
"""So many people, and channels, of one text are asked for; the others stay ids."""


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
        self._group_names = Remembered(
            lambda _: surfaces.group_names(), unknown=SurfaceFailure, fresh_for=_NAMES_SECONDS, clock=clock
        )
        self._channels = Remembered(
            surfaces.channel_name, unknown=SurfaceFailure, fresh_for=_NAMES_SECONDS, clock=clock
        )
        self._files = Remembered(surfaces.file, unknown=SurfaceFailure, fresh_for=_FILE_SECONDS, clock=clock)

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

    async def names_in(self, text: str) -> Names:
        """The names of whom and what a text in Slack's format mentions by an id alone, as far as Slack tells them."""
        wanted = mentioned_in(text)
        if wanted == Mentioned():
            return Names()
        people, channels = wanted.people[:_MOST_NAMES], wanted.channels[:_MOST_NAMES]
        profiles, found, groups = await asyncio.gather(
            asyncio.gather(*(self.profile(user) for user in people)),
            asyncio.gather(*(self._channels.get(channel, patience=self._patience) for channel in channels)),
            self._names_of_groups() if wanted.groups else asyncio.sleep(0, {}),
        )
        return Names(
            people={user: profile.name for user, profile in zip(people, profiles, strict=True) if profile is not None},
            groups=groups,
            channels={channel: name for channel, name in zip(channels, found, strict=True) if name is not None},
        )

    async def file(self, file_id: str) -> FileLink | None:
        """A file of which an event tells the id alone; None when Slack does not tell more."""
        return await self._files.get(file_id, patience=self._patience)

    async def _names_of_groups(self) -> Mapping[str, str]:
        return await self._group_names.get(_ALL_GROUPS, patience=self._patience) or {}

    async def close(self) -> None:
        """Ask no further."""
        asked = (self._profiles, self._groups, self._own, self._group_names, self._channels, self._files)
        await asyncio.gather(*(each.close() for each in asked))
