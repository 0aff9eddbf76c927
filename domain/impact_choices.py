"""The buttons below the question whether a priority that was set by hand is to follow the impact, and what they send back."""

from domain.chat import NoticeChoice
from domain.issues import IssueRef, Tracker

ACCEPT = "tierline.impact_accept"
KEEP = "tierline.impact_keep"
"""The buttons' action ids; their value is ``TRACKER/ID/KEY`` of the issue, by its lasting id and its key when it was asked."""


def impact_choices(ref: IssueRef) -> tuple[NoticeChoice, NoticeChoice]:
    """The two buttons for an issue."""
    value = f"{ref.tracker.value}/{ref.id}/{ref.key}"
    return (
        NoticeChoice(action_id=ACCEPT, label="Let it follow the impact", value=value),
        NoticeChoice(action_id=KEEP, label="Keep what was set", value=value),
    )


def issue_asked_about(value: str) -> tuple[Tracker, str, str] | None:
    """The tracker, the lasting id and the key of the issue that a button's value names; None where it names none."""
    tracker, _, rest = value.partition("/")
    issue_id, _, key = rest.partition("/")
    if tracker not in list(Tracker) or not issue_id or not key:
        return None
    return Tracker(tracker), issue_id, key
