"""What redaction costs: each rule on the texts that are worst for it, as long as the longest that a message may have."""

import time
from collections.abc import Mapping, Sequence

from rich.table import Table

from domain.redaction import RULES, STRICT_RULES, redact, redact_strictly
from domain.redaction_rule import Rule

LONGEST = 20_000
"""Characters of the longest text that the API takes in one field."""
ALL_RULES: Mapping[str, Rule] = {**RULES, **STRICT_RULES}
_FOUR_BYTES = "𝒶"
# What begins like a match again and again, never ends, or ends wrongly after a long way: (beginning, repeated, end).
WORST: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "private keys": (
        ("", "-----BEGIN PRIVATE KEY", ""),
        ("-----BEGIN ", "PRIVATE KEY", ""),
        ("-----BEGIN RSA PRIVATE KEY-----", "-----END A", ""),
    ),
    "credentials in addresses": (("://", ":", ""), ("", "://a:", ""), ("", "://a:b@", ""), ("://a:", _FOUR_BYTES, "")),
    "JSON web tokens": (
        ("", "eyJaaaaa-", ""),
        ("", "eyJaaaaa.", ""),
        ("", "eyJaaaaaa-eyJ", ""),
        ("", "eyJaaaaa.aaaa ", ""),
    ),
    "vendors' tokens": (("", "sk-", ""), ("", "ghp_aaaaaaaaa ", ""), ("", "xoxb-1234567890 ", "")),
    "bot tokens": (("", "12345678:", ""), ("", "12345678:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ", "")),
    "webhooks": (("", "hooks.slack.com/services/", ""), ("", "hooks.slack.com/services/a ", "")),
    "cookies": (("", "cookie:", ""), ("Cookie: ", "a", ""), ("", "cookie: a=b\n", ""), ("", "cookie:     ", "")),
    "authorization": (
        ("", "authorization: ", ""),
        ("authorization: ", "a", ""),
        ("", "authorization: basic x\n", ""),
        ("", "authorization     ", ""),
    ),
    "bearer": (("", "Bearer  ", ""), ("bearer ", "a", ""), ("", "bearer a" + _FOUR_BYTES, ""), ("", "token ", "")),
    "command lines": (("", "-u a:", ""), ("", " -u aaaaaaaaaaaaaaaaaaaa", ""), ("", "-u a:b ", ""), ("-u ", "1:", "")),
    "queries": (
        ("", "?code=", ""),
        ("", "&", ""),
        ("", "?code=1234 ", ""),
        ("", "?key=", ""),
        ("?key=", "a", ""),
        ("?code=", "a_", "."),
        ("", "?code=abcd ", ""),
        ("", "?x-amz-", ""),
    ),
    "named secrets": (
        ("", "password is ", ""),
        ("", "token= ", ""),
        ("", "password", ""),
        ("", "p", ""),
        ("", "sid", ""),
        ("", "password=abcd ", ""),
        ("", "pin 123", ""),
        ("token is ", _FOUR_BYTES, ""),
        ("", "mot de passe", ""),
        ("", "session is a ", ""),
        ("", "--a", ""),
        ("", "pass word ", ""),
        ("", "i", ""),
    ),
    "e-mail addresses": (
        ("a@", "a", ""),
        ("", "a@b", ""),
        ("", "a@b.", ""),
        ("a@", "a.", "1"),
        ("", _FOUR_BYTES, "@"),
        ("", "%40a.", ""),
        ("", "a@b.de ", ""),
        ("a@", "a-", ""),
    ),
    "account numbers": (
        ("", "DE12 ", ""),
        ("", "DE12A", ""),
        ("", "DE12 AAAA AAAA AAAA ", ""),
        ("", "de12 3456 7890 1234 5678 90 ", ""),
        ("", "mt12 ", ""),
        ("", "MT12A ", ""),
    ),
    "card numbers": (
        ("", "1 ", "1x"),
        ("", "1", ""),
        ("", "11 ", ""),
        ("", "4 ", "4-"),
        ("", "1-", ""),
        ("", "1111 ", ""),
    ),
    "IP addresses": (("", "1.1.1.1 ", ""), ("", "1.", ""), ("", "v 1.1.1.1 ", ""), ("", "255.255.255.2555 ", "")),
    "IPv6 addresses": (
        ("", "a:", ""),
        ("", "1:1:" + "a" * 30 + " ", ""),
        ("", "1:2:3:4:5:6:7:8 ", ""),
        ("", "12:30:45 ", ""),
        ("", "fe80::1 ", ""),
    ),
    "telephone numbers": (
        ("", "030 12345678 x ", ""),
        ("", "(030)1234567 ", ""),
        ("", "+(", ""),
        ("", "1 ", "1x"),
        ("", "1  ", ""),
        ("", "1.1.1.1 v 030 1234567 order ", ""),
    ),
    "opaque secrets": (
        ("", "a", ""),
        ("", "aA1", ""),
        ("", "a" * 25 + _FOUR_BYTES, ""),
        ("", "aA1" * 7 + " ", ""),
        ("", "a", _FOUR_BYTES),
    ),
    "links": (("", "a.", ""), ("", "ab://c ", ""), ("", "a", ""), ("", "ab://", "")),
    "hosts": (("", "a.", ""), ("", "a" * 63 + ".", ""), ("", "a-", ""), ("", "a.de ", ""), ("", "a" * 63 + " ", "")),
    "hosts with ports": (("", "a", ""), ("", "a:1", ""), ("", "a1:12 ", ""), ("", "a" * 63 + ":1 ", "")),
    "ids": (
        ("", "6f1e2d3c-1111-4222-8333-444455556666 ", ""),
        ("", "12345678-", ""),
        ("", "6f1e2d3c-1111-4222-8333-44445555666 ", ""),
    ),
    "references": (("#", "1", "a"), ("", "#1234", ""), ("", "#1234 ", ""), ("", "#", "")),
}


def a_text(length: int, beginning: str, repeated: str, end: str) -> str:
    """A text of that length."""
    middle = length - len(beginning) - len(end)
    return beginning + (repeated * (middle // len(repeated) + 1))[:middle] + end


def seconds_of(rule: Rule, text: str, rounds: int = 3) -> float:
    """Seconds of the processor that a rule takes: the fastest of some rounds."""
    return min(_once(rule, text) for _ in range(rounds))


def redaction() -> Table:
    """Each rule's worst text, and all rules on the text that is worst for all of them together."""
    table = Table(title=f"Redaction of {LONGEST:,} characters", title_justify="left")
    table.add_column("rule")
    table.add_column("its worst text")
    table.add_column("ms", justify="right")
    for name, rule in ALL_RULES.items():
        table.add_row(name, *_slowest(rule, WORST[name]))
    everything = [shape for shapes in WORST.values() for shape in shapes]
    table.add_section()
    table.add_row("all, for a tracker", *_slowest(redact, everything))
    table.add_row("all, for strangers", *_slowest(redact_strictly, everything))
    return table


def _slowest(rule: Rule, shapes: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    seconds, shape = max((seconds_of(rule, a_text(LONGEST, *shape)), shape) for shape in shapes)
    beginning, repeated, end = shape
    return f"{beginning!r} + {repeated[:24]!r} … + {end!r}", f"{seconds * 1e3:.1f}"


def _once(rule: Rule, text: str) -> float:
    began = time.process_time()
    rule(text)
    return time.process_time() - began
