"""Plain text as GitHub's Markdown: it shows the text as it is, and nothing that people wrote acts.

GitHub renders a text (https://github.github.com/gfm) and then looks in what came out for people, issues, commits and addresses. What Markdown
would read is escaped. A word in which GitHub would find something, in whichever way it is escaped, becomes a code span, where it looks
for nothing: the word stays whole, and can be copied. Two things keep their meaning, as everywhere in texts for a tracker: a line ``## …`` is a
heading and a line ``- …`` is a list's item. The addresses that Tierline itself put there are links.
"""

import re
from collections.abc import Collection

_HEADING = re.compile(r"(#{2,6})\s+(\S.*)")
_BULLET = re.compile(r"\s*[-*•]\s+(\S.*)")
# Whom or what GitHub would call, link or draw: people, teams and e-mail addresses, formulas, addresses of the web, issues, commits, advisories, emoji.
_ACTS = re.compile(
    r"[@$]|://|\bwww\.|\b(?:mailto|xmpp):|#\d|\b(?:GH|CVE)-\d|\bGHSA-|(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])|"
    r":(?=[0-9_+-]*[a-z])[a-z0-9_+-]+:|:(?:[+-]1|100|1234):",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")
_OPENING = "([{<\"'“„«‘"
_CLOSING = ".,;:!?>\"'”»’…"
_MOST_PUNCTUATION = 20
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_MARKUP = {sign: f"\\{sign}" for sign in "\\`*~[]|"} | {"<": "&lt;"}
_ENTITY = re.compile(r"&(?=#?\w{1,40};)")
# At a word's edge alone: snake_case is a word.
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
# A line "/close" is an order to many a bot, which would take it from our account.
_LINE_BEGINS = re.compile(r"[#>=+/-]|\d{1,9}(?=[.)])")
_TAB = "\u00a0" * 4


def quoted(text: str, links: Collection[str] = ()) -> str:
    """The text as Markdown; ``links`` are the addresses in it that may be followed."""
    return "\n".join(_line(line.rstrip(), links) for line in text.strip("\n").splitlines())


def _line(line: str, links: Collection[str]) -> str:
    if heading := _HEADING.fullmatch(line):
        return f"{heading[1]} {_words(heading[2], links)}"
    if bullet := _BULLET.fullmatch(line):
        return f"- {_not_structure(_words(bullet[1], links))}"
    words = line.lstrip(" \t")
    # Four blanks would begin a code block.
    indent = line[: len(line) - len(words)].replace("\t", _TAB).replace(" ", "\u00a0")
    return indent + _not_structure(_words(words, links))


def _not_structure(line: str) -> str:
    """A line that begins no heading, list, quotation, rule or order."""
    found = _LINE_BEGINS.match(line)
    if found is None:
        return line
    at = found.end() if found[0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"


def _words(line: str, links: Collection[str]) -> str:
    return _WORD.sub(lambda found: _word(found[0], links), line)


def _word(word: str, links: Collection[str]) -> str:
    if _ACTS.search(word) is None:
        return _escaped(word)
    start, end = _core(word)
    core = word[start:end]
    shown = f"<{core}>" if core in links else _code(core)
    return f"{_escaped(word[:start])}{shown}{_escaped(word[end:])}"


def _core(word: str) -> tuple[int, int]:
    """Where the word itself begins and ends, without the punctuation around it."""
    start, end = 0, len(word)
    while start < end and word[start] in _OPENING:
        start += 1
    while end > max(start, len(word) - _MOST_PUNCTUATION):
        last = word[end - 1]
        opens = _BRACKETS.get(last)
        if opens is not None and word.count(opens, start, end) >= word.count(last, start, end):
            break
        if opens is None and last not in _CLOSING:
            break
        end -= 1
    return (start, end) if _ACTS.search(word, start, end) else (0, len(word))


def _code(word: str) -> str:
    """A code span; its fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", word)), default=0)
    fence = "`" * (longest + 1)
    room = " " if word.startswith("`") or word.endswith("`") else ""
    return f"{fence}{room}{word}{room}{fence}"


def _escaped(text: str) -> str:
    text = _ENTITY.sub("&amp;", text)
    text = "".join(_MARKUP.get(sign, sign) for sign in text)
    return _UNDERSCORE.sub(r"\\_", text)
