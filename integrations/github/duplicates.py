"""Of which issue an issue is a duplicate: GitHub's REST API tells that it is one, and the words of a person tell of which.

Only a statement counts: ``Duplicate of #7`` at the start of a line, by somebody with rights in the repository, and neither quoted nor code.
Customers, whose words Tierline may quote, and passers-by state nothing.
https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/marking-issues-or-pull-requests-as-a-duplicate
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_WITH_RIGHTS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_STATEMENT = re.compile(
    r" {0,3}duplicate of\s+(?P<what>#\d{1,10}\b|[\w.-]+/[\w.-]+#\d{1,10}\b|https?://[^\s<>]+)(?P<rest>.*)",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_QUOTE = re.compile(r" {0,3}>")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)(?:blockquote|pre|code)\b", re.IGNORECASE)


def may_state(comment: Mapping[str, Any]) -> bool:
    """Whether the comment's author belongs to the repository or its organisation."""
    return comment.get("author_association") in _WITH_RIGHTS


def stated_original(text: str) -> str | None:
    """What the last statement in a comment's Markdown names: ``#7``, ``owner/repository#7`` or an address; None where it states nothing.

    A question states nothing.
    """
    found = None
    for line in _own_lines(_HIDDEN.sub("", text)):
        statement = _STATEMENT.match(line)
        if statement is not None and "?" not in statement["rest"] and not statement["what"].endswith("?"):
            found = statement["what"].rstrip(".,;:!)")
    return found


def _own_lines(text: str) -> Iterator[str]:
    """The lines that the author wrote as their own words: no quotations, with what continues them, and no code."""
    fence, depth, in_quote = "", 0, False
    for line in text.splitlines():
        fenced = _FENCE.match(line)
        if fence:
            if fenced is not None and fenced[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            continue
        if fenced is not None:
            fence, in_quote = fenced[1], False
            continue
        # A line right below a quotation goes on with it, also without a sign of its own.
        in_quote = _QUOTE.match(line) is not None or (in_quote and bool(line.strip()))
        is_own = not in_quote and depth == 0
        for tag in _TAG.finditer(line):
            depth = max(0, depth + (-1 if tag[1] else 1))
        if is_own:
            yield line
