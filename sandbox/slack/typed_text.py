"""What a person typed after a slash command, in the form in which Slack sends it to an app with ``should_escape: true``.

https://docs.slack.dev/interactivity/implementing-slash-commands: names become ``<@U…|name>`` and ``<#C…|name>``, and
``&``, ``<`` and ``>`` become entities.
"""

import re

from sandbox.slack.state import SlackState

_ENTITY = re.compile(r"(<(?:[@#!][^<>]+|https?://[^<>]+|mailto:[^<>]+)>)")
_PERSON = re.compile(r"(?<!\S)@([\w.-]*\w)")
_CHANNEL = re.compile(r"(?<!\S)#([\w-]*\w)")


def as_sent(state: SlackState, typed: str) -> str:
    """The text with its names and signs escaped; what already is a mention or a link of Slack stays."""
    pieces = _ENTITY.split(typed)
    return "".join(piece if index % 2 else _escaped(state, piece) for index, piece in enumerate(pieces))


def _escaped(state: SlackState, text: str) -> str:
    people = {user.name: f"<@{user.id}|{user.name}>" for user in state.users.values()}
    people |= {group.handle: f"<!subteam^{group.id}|@{group.handle}>" for group in state.user_groups.values()}
    channels = {channel.name: f"<#{channel.id}|{channel.name}>" for channel in state.channels.values() if channel.name}
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _PERSON.sub(lambda found: people.get(found[1], found[0]), text)
    return _CHANNEL.sub(lambda found: channels.get(found[1], found[0]), text)
