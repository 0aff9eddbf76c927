"""Characters that no text keeps: the one place that says which, for every door.

Control characters are no text. PostgreSQL refuses NUL, a terminal acts on others, and half a surrogate pair cannot be written as UTF-8
at all. The API refuses them, so that its caller can mend its data (``unwritable``). Whoever else writes cannot be asked, so there they are
left out (``TEXT``, ``ONE_LINE``).
"""

import re

from pydantic import BeforeValidator

_BREAKS = r"\r\n|[\r\n\v\f\x85\u2028\u2029]"
_CONTROLS = r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
_HALVES = r"[\ud800-\udfff]"
_DIRECTIONS = r"[\u202a-\u202e\u2066-\u2069]"
"""They turn the direction of what follows, up to the end of the line: a name with one would turn Tierline's own words after it."""
_ODD_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_SPACE = re.compile(rf"(?:\t|{_BREAKS})+")
_CONTROL = re.compile(_CONTROLS)
_HALF = re.compile(_HALVES)
_DIRECTION = re.compile(_DIRECTIONS)
_ANY_IN_TEXT = re.compile(rf"{_ODD_BREAK.pattern}|{_CONTROLS}|{_HALVES}")
_ANY_IN_LINE = re.compile(rf"\t|{_BREAKS}|{_CONTROLS}|{_HALVES}|{_DIRECTIONS}")
_UNWRITABLE = re.compile(rf"{_CONTROLS}|{_HALVES}")
WRITABLE = rf"^[^{_CONTROLS[1:-1]}]*$"
"""A pattern for schemas: what ``unwritable`` finds nothing in. JSON in UTF-8 has no halves of surrogate pairs."""


def clean_text(text: str) -> str:
    """A text of any number of lines: every kind of line break becomes ``\\n``, control characters are left out but for tabs.

    Half a surrogate pair becomes U+FFFD. Marks of writing direction stay: they end with their line.
    """
    if _ANY_IN_TEXT.search(text) is None:
        return text
    return _HALF.sub("\ufffd", _CONTROL.sub("", _ODD_BREAK.sub("\n", text)))


def clean_line(text: str) -> str:
    """A name, a title, a key: as a text, and line breaks and tabs become one space. What turns the direction of writing is left out."""
    if _ANY_IN_LINE.search(text) is None:
        return text
    return _HALF.sub("\ufffd", _CONTROL.sub("", _DIRECTION.sub("", _SPACE.sub(" ", text))))


def unwritable(text: str) -> str | None:
    """The first character that a text must not have, as ``U+0000``; None where it has none."""
    found = _UNWRITABLE.search(text)
    return f"U+{ord(found.group()):04X}" if found is not None else None


def _text(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


TEXT = BeforeValidator(_text)
"""Makes a field a clean text of any number of lines. It comes before every limit, which then counts what is left: write it last."""
ONE_LINE = BeforeValidator(_line)
"""Makes a field a clean text of one line; likewise."""
