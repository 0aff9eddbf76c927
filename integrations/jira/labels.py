"""The labels of Jira issues: those that mark an issue as ours, and what a label may hold."""

import re
from collections.abc import Iterable

LABEL = "tierline"
PREFIX = "tierline-"


def marker_label(key: str) -> str:
    """The label that marks an issue as opened for this key. A label holds no blanks and at most 255 characters."""
    return f"{PREFIX}{re.sub(r'[^A-Za-z0-9_.-]+', '-', key).strip('-')}"[:255]


def label(text: str) -> str:
    """The text as a label: blanks cannot be in one."""
    return "-".join(text.split())[:255]


def is_marker(name: str) -> bool:
    """Whether the label is our mark, and says nothing of the issue."""
    return name == LABEL or name.startswith(PREFIX)


def telling(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels without our marks."""
    return tuple(each for each in labels if not is_marker(each))
