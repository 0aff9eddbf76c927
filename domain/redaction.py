"""Takes out of a text what must not reach a tracker: personal data and secrets.

It looks for shapes, not for meaning: e-mail addresses, telephone, card and account numbers, IP addresses, passwords beside their name, in
addresses, headers and commands, cookies, tokens and keys. A name or a street is not found: people decide what they write about a
customer. Where a shape is in doubt the text is taken out: a tracker with a gap is better than one with a secret. Ticket ids, versions,
dates, amounts and UUIDs stay. What strangers read, ``redact_strictly`` cleans: addresses of the web, names of hosts, UUIDs and help-desk
numbers go as well.

Replacements are words in brackets, ``[e-mail]``, in which no rule finds anything: redacting twice changes nothing. The work grows with the
text's length and no faster (``domain.redaction_rule``), whatever is in it.
"""

import re
from collections.abc import Mapping

from domain import redaction_numbers as numbers
from domain import redaction_secrets as secrets
from domain.redaction_rule import Rule, replacing, with_word

_MOST_ROUNDS = 8

_EMAIL = (
    r"(?<![\w!$%*+^{}|~.'=-])[\w!$%*+^{}|~.'=-]+(?:@|%40|＠)"
    # A domain ends in letters: react@18.2.0 is a version.
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,40})(?![\w-]|\.[^\W_])"
)

RULES: Mapping[str, Rule] = {
    "private keys": secrets.private_keys,
    "credentials in addresses": secrets.credentials,
    "JSON web tokens": secrets.json_web_tokens,
    "vendors' tokens": secrets.vendor_tokens,
    "bot tokens": secrets.bot_tokens,
    "webhooks": secrets.webhooks,
    "cookies": secrets.cookies,
    "authorization": secrets.authorization,
    "bearer": secrets.bearer,
    "command lines": secrets.command_lines,
    "queries": secrets.queries,
    "named secrets": secrets.named,
    "e-mail addresses": replacing(_EMAIL, with_word("e-mail"), re.IGNORECASE),
    "account numbers": numbers.accounts,
    "card numbers": numbers.cards,
    "IP addresses": numbers.ip_v4,
    "IPv6 addresses": numbers.ip_v6,
    "telephone numbers": numbers.phones,
    "opaque secrets": secrets.opaque,
}
"""What is taken out everywhere, by what it finds, in this order."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ENDINGS = (
    "com|net|org|io|dev|app|eu|info|biz|shop|store|cloud|tech|online|site|ai|co|us|uk|de|fr|be|nl|lu|ch|at|it|es|pt|pl|se|no|dk|fi|ie|"
    "cz|ro|gr|ca|au|nz|jp|cn|in|br|mx|za|internal|local|localdomain|lan|corp|intranet|home|private|svc|cluster|example|test|invalid"
)
STRICT_RULES: Mapping[str, Rule] = {
    "links": replacing(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"]+", with_word("link")),
    "hosts": replacing(
        rf"(?<![\w.@/-])(?:{_LABEL}\.){{1,8}}(?:{_ENDINGS})(?![\w-]|\.[A-Za-z])(?:/[^\s<>\"]*)?",
        with_word("host"),
        re.IGNORECASE,
    ),
    # A machine's own name, with the port that it is asked at.
    "hosts with ports": replacing(
        r"(?<![\w.@/:-])(?:localhost:\d{2,5}|(?=[A-Za-z]{0,62}[0-9-])[A-Za-z][A-Za-z0-9-]{1,62}:\d{2,5}|[A-Za-z]{2,63}:\d{4,5})(?![\w:.])",
        with_word("host"),
    ),
    "ids": replacing(rf"(?<![\w-]){secrets.UUID}(?![\w-])", with_word("id")),
    "references": replacing(r"(?<![\w/#])(?:#\d{4,}+)++(?!\w)", with_word("reference")),
}
"""What is taken out as well where strangers read."""


def redact(text: str) -> str:
    """The text with each secret or personal detail replaced by what it was, in brackets."""
    # What one replacement uncovers (two numbers side by side look like one) is found in the next round.
    for _ in range(_MOST_ROUNDS):
        clean = _round(text, RULES)
        if clean == text:
            break
        text = clean
    return text


def redact_strictly(text: str) -> str:
    """The text as strangers may read it: ``redact``, and nothing that names a host, an address, a request or a help desk's ticket."""
    text = redact(text)
    for _ in range(_MOST_ROUNDS):
        clean = _round(text, STRICT_RULES)
        if clean == text:
            break
        text = redact(clean)
    return text


def _round(text: str, rules: Mapping[str, Rule]) -> str:
    for rule in rules.values():
        text = rule(text)
    return text
