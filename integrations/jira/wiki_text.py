r"""The words of Jira's wiki text, as a person would read them: lists keep their numbers and levels, links their addresses.

Rules: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all. Markup that is not known here stays as it is written.
"""

import html
import re
from collections.abc import Iterator

_MACRO = re.compile(r"(?<!\\)\{(?P<name>code|noformat|quote|panel)(?P<options>:[^}\n]{0,300})?\}")
_TITLE = re.compile(r"[:|]title=([^|}]{1,200})")
_COLOUR = re.compile(r"(?<!\\)\{color(?::[^}\n]{0,50})?\}")
_MONOSPACED = re.compile(r"(?<!\\)\{\{([^{}\n]{1,500})\}\}")
_BREAK = re.compile(r"(?<!\\)\\\\(?!\\)")
_HEADING = re.compile(r"\s*h[1-6]\.\s*")
_QUOTE = re.compile(r"\s*bq\.\s*")
_LIST = re.compile(r"\s*([*#]{1,10}|-)\s+(?=\S)")
_BAR = re.compile(r"(?<!\\)\|{1,2}")
_BRACKETS = re.compile(r"(?<!\\)\[([^\[\]\n]{1,2000})\]")
_IMAGE = re.compile(r"(?<![\\\w!])!([^\s!|]{1,300}\.\w{2,5})(?:\|[^!\n]{0,100})?!(?!\w)")
_ADDRESS = re.compile(r"(?:https?|ftp|file|mailto|tel):\S+")
_ESCAPED = re.compile(r"\\([^\w\s\\]|_)")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#[xX][\da-fA-F]{1,5}|amp|lt|gt|quot|nbsp|apos);")
# Characters for private use stand for what is not read as markup while the rest is, and for where quotations begin and end.
_PRIVATE = re.compile("[\ue000-\ue002]")
_KEPT = re.compile("\ue000(\\d+)\ue001")
_EDGE = "\ue002"


def plain_of(text: str) -> str:
    """The words of wiki text."""
    kept: list[str] = []
    marked = _without_macros(_PRIVATE.sub("", text.replace("\r\n", "\n")), kept)
    lines = "\n".join(_lines(re.sub(rf"\n?{_EDGE}\n?", f"\n{_EDGE}\n", marked)))
    whole = _KEPT.sub(lambda found: kept[int(found[1])], lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in whole.split("\n"))).strip()


def _without_macros(text: str, kept: list[str]) -> str:
    """The text with a mark for each verbatim part, which goes to ``kept``, and for each edge of a quotation."""
    parts: list[str] = []
    begun: re.Match[str] | None = None
    end = 0
    for macro in _MACRO.finditer(text):
        name, options = macro["name"], macro["options"] or ""
        if begun is not None:
            if name == begun["name"] and not options:
                parts.append(f"\ue000{len(kept)}\ue001")
                kept.append(text[begun.end() : macro.start()].strip("\n"))
                begun, end = None, macro.end()
            continue
        parts.append(text[end : macro.start()])
        end = macro.end()
        if name in ("code", "noformat"):
            begun, end = macro, macro.start()
        elif name == "quote":
            parts.append(_EDGE)
        elif title := _TITLE.search(options):
            parts.append(f"{title[1]}\n")
    return "".join([*parts, text[end:]])


def _lines(text: str) -> Iterator[str]:
    quoted = False
    counts: list[int] = []
    for line in text.split("\n"):
        if line == _EDGE:
            quoted = not quoted
            continue
        sign = "> " if quoted else ""
        if item := _LIST.match(line):
            marks = item[1]
            counts = [*counts[: len(marks)], *[0] * (len(marks) - len(counts))]
            counts[-1] = counts[-1] + 1 if marks[-1] == "#" else 0
            indent = "".join("   " if mark == "#" else "  " for mark in marks[:-1])
            number = f"{counts[-1]}." if marks[-1] == "#" else "-"
            yield f"{sign}{indent}{number} {_words(line[item.end() :])}"
            continue
        counts = []
        if quote := _QUOTE.match(line):
            yield f"{sign}> {_words(line[quote.end() :])}"
        elif heading := _HEADING.match(line):
            yield sign + _words(line[heading.end() :])
        else:
            yield sign + _words(line)


def _words(line: str) -> str:
    line = _COLOUR.sub("", line)
    line = _MONOSPACED.sub(r"\1", line)
    line = _IMAGE.sub(r"[file: \1]", line)
    line = _BRACKETS.sub(lambda found: _bracketed(found[0], found[1]), line)
    if line.lstrip().startswith("|"):
        cells = [cell.strip() for cell in _BAR.split(line.strip())]
        line = " | ".join(cells[1 : -1 if not cells[-1] else None])
    line = _ESCAPED.sub(r"\1", _BREAK.sub("\n", line))
    return _ENTITY.sub(lambda found: html.unescape(found[0]), line)


def _bracketed(written: str, inner: str) -> str:
    """What stands in brackets: a person, a file, a link with or without words; or else only brackets."""
    words, _, target = inner.partition("|")
    target = target.partition("|")[0]
    if inner.startswith("~"):
        return f"@{inner[1:].removeprefix('accountid:')}"
    if inner.startswith("^"):
        return f"[file: {words[1:]}]"
    if not target:
        address = _ADDRESS.fullmatch(inner)
        return _bare(inner) if address is not None else inner[1:] if inner.startswith("#") else written
    if target.startswith("#"):
        return words
    if re.search(r"\s", target):
        return written
    return _bare(target) if words == target else f"{words} ({_bare(target)})"


def _bare(address: str) -> str:
    return address.removeprefix("mailto:").removeprefix("tel:")
