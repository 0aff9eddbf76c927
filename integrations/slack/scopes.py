"""The scopes that Tierline's Slack app needs: for which call, which event, which thing that people do.

Rules: the page of each method (https://docs.slack.dev/reference/methods) and event (https://docs.slack.dev/reference/events).
"""

METHODS: dict[str, frozenset[str]] = {
    "auth.test": frozenset(),
    "bookmarks.add": frozenset({"bookmarks:write"}),
    "bookmarks.list": frozenset({"bookmarks:read"}),
    "bookmarks.remove": frozenset({"bookmarks:write"}),
    "chat.getPermalink": frozenset(),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.unfurl": frozenset({"links:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.archive": frozenset({"channels:manage"}),
    "conversations.create": frozenset({"channels:manage"}),
    # A direct message is looked through, too.
    "conversations.history": frozenset({"channels:history", "im:history"}),
    "conversations.info": frozenset({"channels:read"}),
    "conversations.invite": frozenset({"channels:manage"}),
    "conversations.list": frozenset({"channels:read"}),
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": frozenset({"channels:history"}),
    "conversations.setPurpose": frozenset({"channels:manage"}),
    "conversations.setTopic": frozenset({"channels:manage"}),
    "files.info": frozenset({"files:read"}),
    "usergroups.list": frozenset({"usergroups:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.info": frozenset({"users:read"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
    "views.update": frozenset(),
}
"""The bot's scopes for each method that Tierline calls, in public channels."""

EVENTS: dict[str, frozenset[str]] = {
    "app_home_opened": frozenset(),
    "link_shared": frozenset({"links:read"}),
    # Files that are shared in a thread are kept as links; without the second scope Slack leaves them out.
    "message.channels": frozenset({"channels:history", "files:read"}),
    "message.groups": frozenset({"groups:history", "files:read"}),
    "reaction_added": frozenset({"reactions:read"}),
}
"""The bot's scopes for each event that Tierline hears."""

FEATURES: dict[str, frozenset[str]] = {"/tier and the shortcuts": frozenset({"commands"})}

PRIVATE_SCOPES = frozenset({"groups:history", "groups:read", "groups:write"})
"""What the same takes in private channels; a team whose channels are all public can leave them out."""

NEEDED_SCOPES = frozenset().union(*METHODS.values(), *EVENTS.values(), *FEATURES.values()) - PRIVATE_SCOPES
"""What the bot's token must have."""


def needed_for(scope: str) -> str:
    """What does not work without a scope: ``chat.unfurl``, ``link_shared``."""
    users = [name for table in (METHODS, EVENTS, FEATURES) for name, scopes in table.items() if scope in scopes]
    return ", ".join(users[:3]) + (", …" if len(users) > 3 else "")
