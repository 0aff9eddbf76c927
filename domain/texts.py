"""The types of every text that Tierline takes in, sends or keeps. Each has a limit in bytes of UTF-8, declared here once.

The server ends a workflow whose state is too large, so no string may be without a limit. Two things can happen to a longer one:

* At a door where a caller waits for an answer (the REST API, a form) it is refused: ``refused_over``.
* Everywhere else it is cut, and the cut is visible: ``CUT_MARK`` stands at its end. A workflow that cannot read a message or its own state
  would stop, so models of messages and states never refuse a text for its length.

Control characters are left out of all of them (``domain.clean_text``). An over-long key or id ends in a digest of the whole instead, so that two different ones stay different.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from domain.clean_text import ONE_LINE, TEXT

CUT_MARK = " … [cut]"
"""What stands at the end of a text that was cut."""
MOST_SUMMARY = 390
"""Bytes of a workflow's or a timer's summary: the server takes 400, less the quotes around it."""
LONGEST_TEXT = 20_000
"""Characters of a text that a person writes: a description, a reply, a note."""


@dataclass(frozen=True, slots=True)
class CutOver:
    """Cut a text that has more than ``most`` bytes. ``whole`` texts mean something only in one piece (keys): they end in a digest."""

    most: int
    whole: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._within, handler(source))

    def _within(self, text: str) -> str:
        if len(text) * 4 <= self.most:
            return text
        return with_digest(text, self.most) if self.whole else cut(text, self.most)


@dataclass(frozen=True, slots=True)
class RefusedOver:
    """Refuse a text that has more than ``most`` bytes, and say how many it has."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._within, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        # A schema counts characters, of which there are never more than bytes.
        return {"maxLength": self.most, **handler(schema)}

    def _within(self, text: str) -> str:
        if len(text) * 4 > self.most and (size := size_of(text)) > self.most:
            raise ValueError(f"at most {self.most:,} bytes in UTF-8 are taken, this has {size:,}: shorten it")
        return text


def size_of(text: str) -> int:
    """Bytes of the text in UTF-8; a lone half of a surrogate pair, which UTF-8 has no bytes for, counts as three."""
    # Most texts are ASCII, and Python knows that of each.
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def cut(text: str, most: int, mark: str = CUT_MARK) -> str:
    """The text within ``most`` bytes of UTF-8: whole, or its beginning with ``mark``. No character is torn apart."""
    if len(text) * 4 <= most or size_of(text) <= most:
        return text
    room = max(0, most - size_of(mark))
    return text[:room].encode("utf-8", "surrogatepass")[:room].decode("utf-8", "ignore") + mark


def with_digest(text: str, most: int) -> str:
    """The text within ``most`` bytes of UTF-8: whole, or its beginning with a digest of all of it."""
    if len(text) * 4 <= most or size_of(text) <= most:
        return text
    return cut(text, most, f"~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}")


Key = Annotated[str, CutOver(800, whole=True), ONE_LINE]
"""An id, a key, a number in another system: at most 800 bytes. Two different ones stay different."""
Word = Annotated[str, CutOver(400), ONE_LINE]
"""A word of another system: a status, a priority, a release, whom it assigned. At most 400 bytes."""
Mark = Annotated[str, CutOver(100, whole=True), ONE_LINE]
"""An id or a digest of which hundreds are kept: at most 100 bytes."""
ShortKey = Annotated[str, CutOver(400, whole=True), ONE_LINE]
"""An id, a key or the address of an issue: at most 400 bytes."""
Name = Annotated[str, CutOver(800), ONE_LINE]
"""What somebody or something is called: a person, a status, a label, a release. At most 800 bytes: 200 characters of any script."""
Address = Annotated[str, CutOver(2_000, whole=True), ONE_LINE]
"""A link, or an address of mail: at most 2,000 bytes."""
Line = Annotated[str, CutOver(4_000), ONE_LINE]
"""A title, a short reason, another system's error: at most 4,000 bytes."""
LongText = Annotated[str, CutOver(100_000), TEXT]
"""A whole text: at most 100,000 bytes, which is what a person may write (20,000 characters of any script) and what Tierline adds to it."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), TEXT]
"""A text that somebody gives: refused when it is empty or has more than 20,000 characters, which are 80,000 bytes at the most."""
GivenName = Annotated[str, RefusedOver(800), ONE_LINE]
"""A ``Name`` as a caller of the API gives it: refused over 800 bytes."""
GivenKey = Annotated[str, RefusedOver(800), ONE_LINE]
"""An id as a caller of the API gives it: refused over 800 bytes."""
