"""Likely duplicates of an issue that is to be opened: how alike two issues are, and what waits for somebody to choose."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from domain.engineering_rules import DuplicateRules
from domain.frozen import Frozen
from domain.issue_facts import IssueFacts
from domain.issues import IssueCandidate, IssueCategory, IssueDraft
from domain.texts import Key, Line, LongText, Name

Likeness = Callable[[str, str], float]
"""How alike two texts are, from 0 to 100, whatever the order of their words."""

_TITLE, _TEXT = 0.75, 0.25
_SAME_COMPONENT = 10
_LONGEST_COMPARED = 2_000
_NUMBERS = re.compile(r"\((?:T-[0-9A-Z]{1,20})\)|\[[a-z -]{1,40}\]", re.IGNORECASE)
_NO_WORDS = re.compile(r"[^\w]+")


class IssueChoice(Frozen):
    """An issue that waits to be opened: first for its likely duplicates, then for somebody to choose.

    ``draft`` and ``facts`` are what is opened when nobody links another issue until ``until``; ``sought`` says that the tracker has answered.
    ``linking`` is the key of the intent that looks a chosen issue up.
    """

    draft: IssueDraft
    facts: IssueFacts | None = None
    sought: bool = False
    candidates: tuple[IssueCandidate, ...] = ()
    until: datetime | None = None
    linking: Key | None = None


class Sought(Frozen):
    """What duplicates are looked for by. ``text`` is what would stand in the issue."""

    title: Line
    text: LongText = ""
    components: tuple[Name, ...] = ()


def ranked(
    candidates: Iterable[IssueCandidate],
    sought: Sought,
    rules: DuplicateRules,
    likeness: Likeness,
    *,
    closed_since: datetime,
) -> tuple[IssueCandidate, ...]:
    """The likely duplicates, the likeliest first: at least as alike as the policy asks, and no more than it shows.

    Titles count three quarters and texts one; where one side has no text the titles decide. The same component adds ten. Of those as alike
    an open one comes first, then the one that changed last. What was closed before ``closed_since`` is no candidate.
    """
    rated = [
        each.model_copy(update={"similarity": _similarity(each, sought, likeness)})
        for each in candidates
        if each.category is not IssueCategory.DONE or each.updated_at >= closed_since
    ]
    likely = [each for each in rated if each.similarity >= rules.similarity]
    likely.sort(
        key=lambda each: (each.similarity, each.category is not IssueCategory.DONE, each.updated_at), reverse=True
    )
    return tuple(each.model_copy(update={"text": ""}) for each in likely[: rules.most])


def _similarity(candidate: IssueCandidate, sought: Sought, likeness: Likeness) -> int:
    ours, theirs = _normal(sought.title), _normal(candidate.title)
    score = likeness(ours, theirs) if ours and theirs else 0.0
    text, other = _normal(sought.text), _normal(candidate.text)
    if text and other:
        score = _TITLE * score + _TEXT * likeness(text, other)
    same = {name.casefold() for name in sought.components} & {name.casefold() for name in candidate.components}
    return min(100, round(score) + (_SAME_COMPONENT if same else 0))


def _normal(text: str) -> str:
    """Words alone, in lower case: a ticket's number and what redaction put in its place make no two issues alike."""
    return _NO_WORDS.sub(" ", _NUMBERS.sub(" ", text[:_LONGEST_COMPARED])).strip().casefold()
