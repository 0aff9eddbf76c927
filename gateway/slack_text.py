"""Text as Slack sends it: three characters escaped, links and mentions in angle brackets.

Rules: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_BRACKETED = re.compile(r"<([^<>]*)>")
_SUBTEAM = "!subteam^"


@dataclass(frozen=True)
class Names:
    """What ids in a text stand for: names of people, user groups and channels, without ``@`` and ``#``."""

    people: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


NO_NAMES = Names()


@dataclass(frozen=True)
class Mentioned:
    """The ids in a text for which Slack gives no name itself, each once, in order."""

    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def mentioned_in(text: str) -> Mentioned:
    """Whom and what the text mentions by an id alone."""
    people: dict[str, None] = {}
    groups: dict[str, None] = {}
    channels: dict[str, None] = {}
    for inside in _BRACKETED.findall(text):
        target, _, label = inside.partition("|")
        if label.strip():
            continue
        if target.startswith("@"):
            people[target[1:]] = None
        elif target.startswith("#"):
            channels[target[1:]] = None
        elif target.startswith(_SUBTEAM):
            groups[target.removeprefix(_SUBTEAM)] = None
    return Mentioned(tuple(people), tuple(groups), tuple(channels))


def plain(text: str, names: Names = NO_NAMES, *, link_words: bool = True) -> str:
    """The text as the person sees it: mentions as names, links as their words and address, ``&amp;`` as ``&``.

    An id without a name stays: ``@U024BE7LH``. Without ``link_words`` a link is its address alone, as a command takes it.
    """
    shown = _BRACKETED.sub(lambda found: _unbracketed(found[1], names, link_words), text)
    return unescaped(shown).strip()


def unescaped(text: str) -> str:
    """The three characters that Slack escapes as they are; what stands in brackets is left alone, as in a form's inputs."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unbracketed(inside: str, names: Names, link_words: bool) -> str:
    target, _, label = inside.partition("|")
    label = label.strip()
    if target.startswith("@"):
        return f"@{label.lstrip('@') or names.people.get(target[1:], target[1:])}"
    if target.startswith("#"):
        return f"#{label.lstrip('#') or names.channels.get(target[1:], target[1:])}"
    if target.startswith("!"):
        return _special(target, label, names)
    if target.startswith(("mailto:", "tel:")):
        return label or target.partition(":")[2]
    return target if not link_words or _is_the_address(label, target) else f"{label} ({target})"


def _special(target: str, label: str, names: Names) -> str:
    """A user group, a date, or everybody in the channel."""
    if target.startswith(_SUBTEAM):
        group = target.removeprefix(_SUBTEAM)
        return f"@{label.lstrip('@') or names.groups.get(group, group)}"
    if target.startswith("!date^"):
        return label or _date(target.split("^")[1])
    return f"@{label.lstrip('@') or target[1:]}"


def _is_the_address(label: str, address: str) -> bool:
    """Whether the words of a link say no more than its address, as of ``<https://acme.example|acme.example>``."""
    bare = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    return not label or label.rstrip("/") in (address.rstrip("/"), bare)


def _date(seconds: str) -> str:
    try:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return seconds
