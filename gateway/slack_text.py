"""Text as Slack sends it: three characters escaped, links and mentions in angle brackets.

Rules: https://docs.slack.dev/messaging/formatting-message-text
"""

import re

_BRACKETED = re.compile(r"<([^<>]*)>")


def plain(text: str) -> str:
    """The text as the person wrote it: links as their address, mentions as a name, ``&amp;`` as ``&``."""
    shown = _BRACKETED.sub(lambda found: _unbracketed(found[1]), text)
    return unescaped(shown).strip()


def unescaped(text: str) -> str:
    """The three characters that Slack escapes as they are; what stands in brackets is left alone, as in a form's inputs."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unbracketed(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("mailto:"):
        return label or target.removeprefix("mailto:")
    if target.startswith(("@", "#", "!")):
        return f"{target[0]}{label.lstrip('@#')}" if label else target
    return target
