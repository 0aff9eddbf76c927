"""Takes out of a text what must not reach a tracker: personal data and secrets.

It looks for shapes, not for meaning: e-mail addresses, telephone, card and account numbers, IP addresses, passwords in
addresses, tokens and keys. A name or a street is not found: people decide what they write about a customer. Where a shape is
in doubt the text is taken out: a tracker with a gap is better than one with a secret. Ticket ids, versions, dates, amounts and
UUIDs stay. What strangers read, ``redact_strictly`` cleans: addresses of the web, names of hosts, UUIDs and help-desk numbers go as well.

Replacements are words in brackets, ``[e-mail]``, in which no rule finds anything: redacting twice changes nothing.
"""

import re
from collections.abc import Callable
from itertools import pairwise

_Replace = Callable[[re.Match[str]], str]
_Rules = tuple[tuple[re.Pattern[str], _Replace], ...]


def redact(text: str) -> str:
    """The text with each secret or personal detail replaced by what it was, in brackets."""
    # What one replacement uncovers (two numbers side by side look like one) is found in the next round; every round that
    # changes something leaves less to find.
    while (clean := _round(text, _RULES)) != text:
        text = clean
    return text


def redact_strictly(text: str) -> str:
    """The text as strangers may read it: ``redact``, and nothing that names a host, an address, a request or a help desk's ticket."""
    text = redact(text)
    while (clean := _round(text, _STRICT)) != text:
        text = redact(clean)
    return text


def _round(text: str, rules: _Rules) -> str:
    for pattern, replace in rules:
        text = pattern.sub(replace, text)
    return text


def _with(word: str) -> _Replace:
    return lambda _: f"[{word}]"


def _keeping(word: str) -> _Replace:
    """Replaces the group ``secret`` and keeps what is around it."""

    def replace(found: re.Match[str]) -> str:
        start, end = found.span("secret")
        return f"{found[0][: start - found.start()]}[{word}]{found[0][end - found.start() :]}"

    return replace


def _card(found: re.Match[str]) -> str:
    """Among groups of digits that stand together, those neighbours that make up a card's number: 13 to 19 digits."""
    text, clean, done = found[0], "", 0
    groups = list(re.finditer(r"\d+", text))
    for first, opening in enumerate(groups):
        if opening.start() < done:
            continue
        digits = ""
        for closing in groups[first : first + 19]:
            digits += closing[0]
            if 13 <= len(digits) <= 19 and _luhn(digits):
                clean += text[done : opening.start()] + "[card number]"
                done = closing.end()
                break
    return clean + text[done:]


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * 2 if index % 2 else int(digit) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _iban(found: re.Match[str]) -> str:
    """ISO 13616: the check digits make the number 1 modulo 97. The match may run into the words that follow."""
    text = found[0]
    for end in range(len(text), 14, -1):
        compact = text[:end].replace(" ", "")
        if text[end - 1] == " " or not 15 <= len(compact) <= 34:
            continue
        moved = compact[4:] + compact[:4]
        if int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1:
            return "[account number]" + text[end:]
    return text


def _phone(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    international = found[0].lstrip("(").startswith(("+", "00"))
    if not found[0].lstrip("(").startswith("+") and _NUMBERED.search(found.string, 0, found.start()):
        return found[0]
    # E.164 has at most 15 digits; without a country's code only what is grouped like a telephone number is one.
    if 8 <= len(digits) <= 15 and (international or _grouped(found[0])):
        return "[phone number]"
    return found[0]


def _grouped(text: str) -> bool:
    """Like (030) 1234-5678, 030 12345678 or 555-123-4567; unlike dates (2026-11-21), amounts and counts."""
    if re.fullmatch(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*", text):
        return False
    return text.startswith(("0", "(")) or re.fullmatch(r"\d{3}[-. ]\d{3}[-. ]\d{4}", text) is not None


def _opaque(found: re.Match[str]) -> str:
    """A long run of letters and digits is a secret where it is mixed as no word is."""
    text = found[0]
    if _UUID.fullmatch(text):
        return text
    if re.fullmatch(r"[0-9a-fA-F-]+", text) and len(text.replace("-", "")) >= 32:
        return "[secret]"
    kinds = sum(bool(re.search(kind, text)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]"))
    changes = sum(_kind(left) != _kind(right) for left, right in pairwise(text))
    return "[secret]" if kinds == 3 and changes >= len(text) // 5 else text


def _kind(sign: str) -> int:
    return 0 if sign.isdigit() else 1 if sign.isupper() else 2 if sign.islower() else 3


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What stands before a number says what it is. ``number`` alone does not: a telephone has one too.
_NUMBERED = re.compile(
    r"\b(?:order|invoice|transaction|reference|ref|case|ticket|build|id)[ :#.]{1,3}\Z", re.IGNORECASE
)
_VERSIONED = re.compile(r"\b(?:version|ver|v|release|build|firmware)[ :.]{1,2}\Z", re.IGNORECASE)

_SECRETS = r"pass(?:word|wd|phrase)?|pwd|secret|(?:api|access|private|secret|auth|client|routing|integration)[ _-]?(?:key|token|secret)"
_PASSES = r"(?<![a-z])token|session(?:id)?|sid|signature|authorization"
_VALUE = r"(?P<secret>[^\s\"'&,;\[\]]{4,})"

_RULES: _Rules = (
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|CERTIFICATE)[A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)",
            re.DOTALL,
        ),
        _with("private key"),
    ),
    # user:password@ in an address of any scheme.
    (re.compile(r"(?<=://)(?P<secret>[^\s/@\[\]]*:[^\s/\[\]]*)(?=@)"), _keeping("credentials")),
    # Header, payload, signature: RFC 7519; the first always begins with {" in base64.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"), _with("token")),
    # What vendors begin their tokens with.
    (
        re.compile(
            r"(?<![A-Za-z0-9])(?:xox[a-z]-|xapp-|gh[a-z]_|github_pat_|glpat-|sk[-_](?:live|test|proj|ant)?[-_]?|[rp]k_(?:live|test)_|"
            r"whsec_|ATATT|AKIA|ASIA|AIza|ya29\.|SG\.|npm_|pypi-|dop_v1_|hf_)[A-Za-z0-9_.=-]{10,}"
        ),
        _with("token"),
    ),
    (
        re.compile(
            r"\b(?:Bearer|Basic|Token)\s+(?P<secret>(?=[^\s\[\]]*[0-9+/=_])[A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE
        ),
        _keeping("token"),
    ),
    # password=…, api_key: "…", &token=…, and "the password is …"
    (re.compile(rf"(?:{_SECRETS}|{_PASSES})[\"']?\s*[=:]\s*[\"']?{_VALUE}", re.IGNORECASE), _keeping("secret")),
    (re.compile(rf"(?:{_SECRETS})[\"']?\s*\bis\b\s*[\"']?{_VALUE}", re.IGNORECASE), _keeping("secret")),
    # A session may be lost and a token expired: after "is" these take what is no plain word.
    (
        re.compile(
            rf"(?:{_PASSES})[\"']?\s*\bis\b\s*[\"']?(?=[^\s]*[0-9_+/=.~-])(?![a-z]+[.,;!?]?(?:\s|$)){_VALUE}",
            re.IGNORECASE,
        ),
        _keeping("secret"),
    ),
    (
        re.compile(
            r"(?<![A-Za-z0-9!#$%&'*+/=?^_`{|}~.-])[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
        ),
        _with("e-mail"),
    ),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,40}\b"), _iban),
    (re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,}(?![\w-])"), _card),
    (
        re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)"),
        lambda found: found[0] if _VERSIONED.search(found.string, 0, found.start()) else "[IP address]",
    ),
    (
        re.compile(r"(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])", re.IGNORECASE),
        lambda found: "[IP address]" if _is_ipv6(found[0]) else found[0],
    ),
    (re.compile(r"(?<![\w.+-])\+?\(?\d(?:[ ./()-]{0,2}\d){6,16}(?![\w])"), _phone),
    (re.compile(r"(?<![\w/+.-])[A-Za-z0-9_+/-]{20,}={0,2}(?![\w])"), _opaque),
)

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ENDINGS = (
    "com|net|org|io|dev|app|eu|info|biz|shop|store|cloud|tech|online|site|ai|co|us|uk|de|fr|be|nl|lu|ch|at|it|es|pt|pl|se|no|dk|fi|ie|"
    "cz|ro|gr|ca|au|nz|jp|cn|in|br|mx|za|internal|local|localdomain|lan|corp|intranet|home|private|svc|cluster|example|test|invalid"
)
_STRICT: _Rules = (
    (re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"]+"), _with("link")),
    (
        re.compile(
            rf"(?<![\w.@/-])(?:{_LABEL}\.){{1,8}}(?:{_ENDINGS})(?![\w-]|\.[A-Za-z])(?:/[^\s<>\"]*)?", re.IGNORECASE
        ),
        _with("host"),
    ),
    # A machine's own name, with the port that it is asked at.
    (
        re.compile(
            r"(?<![\w.@/:-])(?:localhost:\d{2,5}|(?=[A-Za-z]*[0-9-])[A-Za-z][A-Za-z0-9-]{1,62}:\d{2,5}|[A-Za-z]{2,63}:\d{4,5})(?![\w:.])"
        ),
        _with("host"),
    ),
    (re.compile(rf"(?<![\w-]){_UUID.pattern}(?![\w-])"), _with("id")),
    (re.compile(r"(?<![\w/#])#\d{4,}(?!\w)"), _with("reference")),
)


def _is_ipv6(text: str) -> bool:
    return "::" in text or text.count(":") == 7
