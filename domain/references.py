"""References that people write: to an issue, by its key or its address."""

import re

from domain.issues import Tracker

_JIRA_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-\d{1,10}")
_JIRA_ADDRESS = re.compile(r"https?://\S+/browse/([A-Z][A-Z0-9_]{1,30}-\d{1,10})(?:[/?#]\S*)?")
_GITHUB_KEY = re.compile(r"[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}#\d{1,10}")
_GITHUB_PULL = re.compile(r"https?://\S+?/[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}/pull/\d{1,10}(?:[/?#]\S*)?")
_GITHUB_ADDRESS = re.compile(r"https?://\S+?/([A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100})/issues/(\d{1,10})(?:[/?#]\S*)?")


def issue_key(reference: str) -> tuple[Tracker, str] | None:
    """The tracker and the key that a person means by ``PAY-12``, ``owner/repository#7`` or an issue's address, or None."""
    reference = reference.strip().strip("<>").split("|")[0]
    if _JIRA_KEY.fullmatch(reference):
        return Tracker.JIRA, reference
    if _GITHUB_KEY.fullmatch(reference):
        return Tracker.GITHUB, reference
    if match := _JIRA_ADDRESS.fullmatch(reference):
        return Tracker.JIRA, match[1]
    if match := _GITHUB_ADDRESS.fullmatch(reference):
        return Tracker.GITHUB, f"{match[1]}#{match[2]}"
    return None


def is_pull_request(reference: str) -> bool:
    """Whether that is the address of a pull request, which GitHub numbers with its issues and which is none."""
    return _GITHUB_PULL.fullmatch(reference.strip().strip("<>").split("|")[0]) is not None


def tracker_of(reference: str) -> Tracker | None:
    """The tracker that a reference belongs to, or None when it is none that we know."""
    found = issue_key(reference)
    return found[0] if found is not None else None
