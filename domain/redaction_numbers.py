"""Redaction of numbers: cards, bank accounts, addresses of the internet, telephones."""

import re
from itertools import accumulate

from domain.redaction_rule import Rule, named_before, replacing

# A blank, one that breaks no line, a narrow one, hyphens: what people put between groups of digits.
_GAP = "[ \\u00a0\\u2007\\u2009\\u202f\\u2010\\u2011-]"

# --- cards ---------------------------------------------------------------------------------------------------------

_SHORTEST_CARD, _LONGEST_CARD = 13, 19
# A run is taken whole and searched afterwards: nothing is tried twice.
_DIGITS = re.compile(rf"(?<![\w-])\d(?:{_GAP}{{0,2}}\d)*+")
_DOTTED = replacing(
    r"(?<![\w.-])(?:\d{4}\.\d{4}\.\d{4}\.\d{1,7}|\d{4}\.\d{6}\.\d{5})(?![\w-]|\.\d)",
    lambda found: "[card number]" if _luhn(found[0].replace(".", "")) else found[0],
)
_DOUBLED = bytes.maketrans(b"0123456789", bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))


def cards(text: str) -> str:
    """Card numbers by their check digit (ISO/IEC 7812-1, annex B), whole or in groups, also beside other numbers."""
    return _DOTTED(_DIGITS.sub(_cards, text))


def _cards(run: re.Match[str]) -> str:
    """Among groups of digits that stand together, those neighbours that make up a card's number: 13 to 19 digits."""
    text = run[0]
    groups = [found.span() for found in re.finditer(r"\d+", text)]
    digits = "".join(text[start:end] for start, end in groups)
    if len(digits) < _SHORTEST_CARD:
        return text
    follows = run.string[run.end() : run.end() + 1]
    if follows == "-" or follows.isalnum() or follows == "_":
        # The last group goes on as something else.
        groups = groups[:-1]
    sums = _check_sums(digits)
    ends = list(accumulate(end - start for start, end in groups))
    clean, done, begin, taken = "", 0, 0, 0
    for first, (start, _) in enumerate(groups):
        if first >= taken:
            low, high = begin + _SHORTEST_CARD, begin + _LONGEST_CARD
            for closing in range(first, min(first + _LONGEST_CARD, len(ends))):
                end = ends[closing]
                if end < low:
                    continue
                if end > high:
                    break
                of_parity = sums[end & 1]
                if of_parity[end] == of_parity[begin]:
                    clean += text[done:start] + "[card number]"
                    done, taken = groups[closing][1], closing + 1
                    break
        begin = ends[first]
    return clean + text[done:]


def _check_sums(digits: str) -> tuple[list[int], list[int]]:
    """Luhn's sums of all beginnings modulo 10, for numbers that end at an even and at an odd position: where two are equal, what lies
    between them is a number with its check digit."""
    ascii_digits = digits.encode() if digits.isascii() else "".join(str(int(each)) for each in digits).encode()
    doubled, plain = ascii_digits.translate(_DOUBLED), ascii_digits.translate(_PLAIN)
    even, odd = bytearray(plain), bytearray(plain)
    even[0::2], odd[1::2] = doubled[0::2], doubled[1::2]
    return [0, *accumulate(even, _modulo_10)], [0, *accumulate(odd, _modulo_10)]


def _luhn(digits: str) -> bool:
    return _check_sums(digits)[len(digits) % 2][-1] == 0


def _modulo_10(one: int, other: int) -> int:
    return (one + other) % 10


# --- bank accounts -------------------------------------------------------------------------------------------------

# The length of an account number by its country: the IBAN registry of ISO 13616.
_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d{2})",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 "
        "FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 "
        "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 "
        "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30",
    )
}
_IBAN_HEAD = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}{_GAP}?\d{{2}}(?=(?:{_GAP}|\.)?[A-Za-z0-9])")
_IBAN_GAPS = {ord(sign): None for sign in " \u00a0\u2007\u2009\u202f\u2010\u2011-."}
_IBAN_REST = {
    length: re.compile(rf"(?:(?:{_GAP}|\.)?[A-Za-z0-9]){{{length}}}+(?![A-Za-z0-9])")
    for length in set(_IBAN_LENGTHS.values())
}


def accounts(text: str) -> str:
    """Account numbers (IBAN), in capitals or not, whole or in groups: as long as their country has them, and 1 modulo 97."""
    clean, done = [], 0
    for head in _IBAN_HEAD.finditer(text):
        length = _IBAN_LENGTHS.get(head[0][:2].upper())
        if length is None or head.start() < done:
            continue
        found = _IBAN_REST[length].match(text, head.start())
        if found is None:
            continue
        number = found[0].translate(_IBAN_GAPS)
        # Letters count from 10 on: what int() reads in base 36.
        if int("".join([str(int(sign, 36)) for sign in number[4:] + number[:4]])) % 97 == 1:
            clean += [text[done : head.start()], "[account number]"]
            done = found.end()
    return "".join([*clean, text[done:]])


# --- addresses of the internet -------------------------------------------------------------------------------------

_VERSIONED = re.compile(r"\b(?:version|ver|v|release|build|firmware)[ :.]{1,2}\Z", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

ip_v4: Rule = replacing(
    rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w]|\.\d)",
    lambda found: found[0] if named_before(found.string, found.start(), _VERSIONED) else "[IP address]",
)
# At least two groups, or one that begins a net of its own: ``a::b`` is a name in a program.
ip_v6: Rule = replacing(
    r"(?<![\w:.])(?=(?:[0-9a-f]{1,4}:){2}|(?:fe[89ab][0-9a-f]|f[cd][0-9a-f]{2}|[23][0-9a-f]{3})::)[0-9a-f:]++(?!\w)",
    lambda found: "[IP address]" if _is_ipv6(found[0]) else found[0],
    re.IGNORECASE,
)


def _is_ipv6(text: str) -> bool:
    """RFC 4291, 2.2: eight groups, or fewer around one gap."""
    groups = text.split(":")
    if len(groups) > 8 or any(len(group) > 4 for group in groups) or ":::" in text or text.count("::") > 1:
        return False
    return "::" in text or (len(groups) == 8 and all(groups))


# --- telephones ----------------------------------------------------------------------------------------------------

# What stands before a number says what it is. ``number`` alone does not: a telephone has one too.
_NUMBERED = re.compile(
    r"\b(?:order|purchase|invoice|transaction|reference|ref|case|ticket|build|id|tracking|parcel|bestellung|bestellnummer|auftrag|rechnung|"
    r"sendung|commande|facture|pedido|factura)[ :#.]{1,3}\Z",
    re.IGNORECASE,
)
_BETWEEN = "[ \\u00a0\\u2009\\u202f\\u2010\\u2011./()-]"


def _phone(found: re.Match[str]) -> str:
    number = found[0].lstrip("(")
    digits = sum(map(str.isdigit, number))
    if not number.startswith("+") and named_before(found.string, found.start(), _NUMBERED):
        return found[0]
    # E.164 has at most 15 digits; without a country's code only what is grouped like a telephone number is one.
    if 8 <= digits <= 15 and (number.startswith(("+", "00")) or _grouped(found[0])):
        return "[phone number]"
    return found[0]


_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?!\d)|\d{1,2}[-./]\d{1,2}[-./]\d{4}")
_THREES = re.compile(r"\d{3}[-. \u00a0\u2011]\d{3}[-. \u00a0\u2011]\d{4}")


def _grouped(text: str) -> bool:
    """Like (030) 1234-5678, 030 12345678 or 555-123-4567; unlike dates (2026-11-21), amounts and counts."""
    if _DATE.match(text):
        return False
    return text.startswith(("0", "(")) or _THREES.fullmatch(text) is not None


phones: Rule = replacing(rf"(?<![\w.+-])\+?\(?\d(?:{_BETWEEN}{{0,2}}\d){{6,16}}(?!\w)", _phone)
