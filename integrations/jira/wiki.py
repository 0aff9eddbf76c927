"""Jira's wiki text: plain text into it, so that nothing of it becomes markup but headings, lists and links. Out of it: ``wiki_text``.

Rules: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
"""

import re
from urllib.parse import quote

from integrations.jira.plain import ADDRESS, BULLET, HEADING

_SAFE_IN_ADDRESSES = "/:?#@!$&'()*+,;=%-._~"
# These are markup wherever they stand.
_ALWAYS = frozenset("{}[]|*^~")
# These are markup only at a word's edge.
_AT_EDGES = frozenset("-_+")
_SIGN = re.compile(r"(?::(?=[()PD])|;(?=\))|\((?=(?:y|n|i|/|x|!|\+|-|\?|on|off|\*[rgby]?|flag(?:off)?)\)))")
_OPENING = re.compile(r"(\s*)(h[1-6]\.|bq\.|#)")
_ENTITIES = {"h": "&#104;", "b": "&#98;", "#": "&#35;"}


def wiki(text: str) -> str:
    """Wiki text that shows the plain text as it is: lines with ``## `` are headings, with ``- `` list items, addresses are links."""
    return "\n".join(_line(line) for line in text.replace("\r\n", "\n").strip().split("\n"))


def _line(line: str) -> str:
    if heading := HEADING.fullmatch(line):
        return f"h{min(len(heading[1]), 6)}. {_words(heading[2])}"
    if bullet := BULLET.fullmatch(line.strip()):
        return f"* {_words(bullet[1])}"
    if opening := _OPENING.match(line):
        rest = line[opening.end(1) + 1 :]
        return opening[1] + _ENTITIES[opening[2][0]] + _words(rest)
    return _words(line)


def _words(line: str) -> str:
    parts: list[str] = []
    end = 0
    for found in ADDRESS.finditer(line):
        parts += [_escaped(line[end : found.start()]), quote(found[0], safe=_SAFE_IN_ADDRESSES)]
        end = found.end()
    return "".join([*parts, _escaped(line[end:])])


def _escaped(text: str) -> str:
    signs = {found.start() for found in _SIGN.finditer(text)}
    return "".join(_character(text, at, at in signs) for at in range(len(text)))


def _character(text: str, at: int, begins_a_sign: bool) -> str:
    character = text[at]
    if character == "\\":
        # Two backslashes would be a line break.
        return "&#92;"
    if character == "&":
        return "&amp;" if re.match(r"&(?:#\d+|#x[\da-fA-F]+|\w+);", text[at:]) else "&"
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    is_markup = (
        begins_a_sign
        or character in _ALWAYS
        or (character in _AT_EDGES and not (before.isalnum() and after.isalnum()))
        or (character == "?" and "?" in (before, after))
        or (character == "!" and not (after == "" or after.isspace()))
    )
    return "\\" + character if is_markup else character
