"""Our searches in JQL.

Times are written as so many minutes ago: Jira reads a written-out time in the account's own time zone, which we do not know.
"""

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

_WORD = re.compile(r"\w{4,}")
_WORDS = 8
# Clocks differ, and JQL knows whole minutes only.
_SKEW = timedelta(minutes=2)


def quoted(text: str) -> str:
    """A string of JQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ago(moment: datetime, now: datetime) -> str:
    """The moment as JQL's relative time, never later than it."""
    return f'"-{max(1, math.ceil((now - moment + _SKEW) / timedelta(minutes=1)))}m"'


def marked(label: str) -> str:
    """The issue with our marker label."""
    return f"labels = {quoted(label)}"


def newest(project: str) -> str:
    """The project's issues, newest first."""
    return f"project = {quoted(project)} ORDER BY created DESC"


def changed(projects: Sequence[str], since: datetime, now: datetime) -> str:
    """The issues that changed since then, in the order of their changes."""
    names = ", ".join(quoted(project) for project in projects)
    return f"project in ({names}) AND updated >= {ago(since, now)} ORDER BY updated ASC"


def alike(project: str, title: str, components: Sequence[str], closed_since: datetime, now: datetime) -> str | None:
    """The project's issues with one of the title's words or of the components, open or closed lately; None where neither is given."""
    # The longest words say most. Lower case keeps AND, OR and NOT from being operators of the text search.
    words = sorted(dict.fromkeys(_WORD.findall(title.lower())), key=len, reverse=True)[:_WORDS]
    choices = [f"text ~ {quoted(word)}" for word in words]
    if components:
        choices.append(f"component in ({', '.join(quoted(component) for component in components)})")
    if not choices:
        return None
    lately = f"(statusCategory != Done OR resolved >= {ago(closed_since, now)})"
    return f"project = {quoted(project)} AND ({' OR '.join(choices)}) AND {lately} ORDER BY updated DESC"
