"""Slack's published rate limits (https://docs.slack.dev/apis/web-api/rate-limits), off until they are switched on.

A method belongs to a tier and may be called so often a minute; ``chat.postMessage`` takes about one message a second in
each channel, and a short burst.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 60.0
PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute by tier."""
POSTS_PER_SECOND = 1.0
POST_BURST = 5

_TIERS: dict[int, tuple[str, ...]] = {
    1: ("apps.connections.open",),
    2: (
        "bookmarks.add",
        "bookmarks.list",
        "bookmarks.remove",
        "conversations.archive",
        "conversations.create",
        "conversations.list",
        "conversations.setPurpose",
        "conversations.setTopic",
        "conversations.unarchive",
        "pins.add",
        "reactions.remove",
        "usergroups.list",
        "usergroups.users.list",
        "users.list",
    ),
    3: (
        "chat.delete",
        "chat.unfurl",
        "chat.update",
        "conversations.history",
        "conversations.info",
        "conversations.invite",
        "conversations.join",
        "conversations.leave",
        "conversations.open",
        "conversations.replies",
        "reactions.add",
        "reactions.get",
        "users.lookupByEmail",
    ),
    4: (
        "chat.postEphemeral",
        "conversations.members",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "files.info",
        "users.info",
        "views.open",
        "views.publish",
        "views.push",
        "views.update",
    ),
}
TIER_OF = {name: tier for tier, names in _TIERS.items() for name in names}
"""A method that is in none of them, such as ``auth.test`` or ``chat.getPermalink``, has a limit that no app meets."""


@dataclass
class RateLimits:
    """Counts the calls of one app. `clock` gives seconds and never goes back."""

    clock: Callable[[], float]
    enabled: bool = False
    per_minute: dict[str, int] = field(default_factory=dict)
    """Other limits than the published ones, by method, for trials that must not take minutes."""
    _calls: dict[str, deque[float]] = field(default_factory=dict)
    _posts: dict[str, tuple[float, float]] = field(default_factory=dict)

    def refusal(self, method: str, channel: str | None) -> int | None:
        """Counts a call; when it is one too many, it is not counted: the seconds to wait, at least one."""
        if not self.enabled:
            return None
        if method == "chat.postMessage" and method not in self.per_minute:
            return self._post(channel or "")
        limit = self.per_minute.get(method) or PER_MINUTE.get(TIER_OF.get(method, 0))
        if limit is None:
            return None
        now = self.clock()
        calls = self._calls.setdefault(method, deque())
        while calls and now - calls[0] >= WINDOW_S:
            calls.popleft()
        if len(calls) >= limit:
            return max(1, math.ceil(WINDOW_S - (now - calls[0])))
        calls.append(now)
        return None

    def forget(self) -> None:
        """Begins to count anew."""
        self._calls.clear()
        self._posts.clear()

    def _post(self, channel: str) -> int | None:
        """A bucket for each channel: it holds a burst and fills by one message a second."""
        now = self.clock()
        left, at = self._posts.get(channel, (float(POST_BURST), now))
        left = min(float(POST_BURST), left + (now - at) * POSTS_PER_SECOND)
        if left < 1:
            self._posts[channel] = (left, now)
            return max(1, math.ceil((1 - left) / POSTS_PER_SECOND))
        self._posts[channel] = (left - 1, now)
        return None
