"""Files on their way from the chat to an issue tracker: one instance serves Jira's task queue and another one GitHub's."""

from temporalio import activity

from activities.failures import classified, not_configured, repeated
from domain.chat import FileLink
from domain.frozen import Frozen
from domain.issues import IssueRef
from integrations.chat_room import ChatRoom
from integrations.issue_tracker import IssueTracker

MOST_BYTES = 20 * 1024 * 1024
"""Larger files are not copied. Jira Cloud takes 1 GB, many Data Centers 10 MB or less: what it refuses is told as well."""


class PutFileInput(Frozen):
    """A file of the chat that is to be on the issue, once per ``key``."""

    ref: IssueRef
    file: FileLink
    key: str
    recheck: bool = False


class IssueFileActivities:
    """Copies files. The bytes are in memory alone: neither a workflow nor a disk sees them. ``setting`` sets the tracker up."""

    def __init__(self, chat: ChatRoom | None, tracker: IssueTracker | None, *, name: str, setting: str) -> None:
        self._chat = chat
        self._tracker = tracker
        self._name = name
        self._setting = setting

    @activity.defn(name="tracker_put_file")
    def put_file(self, put: PutFileInput) -> str | None:
        """Copy a file to the issue and return its id there; None where the tracker takes no files."""
        if self._chat is None:
            raise not_configured("Slack", "TIERLINE_SLACK__BOT_TOKEN")
        if self._tracker is None:
            raise not_configured(self._name, self._setting)
        with classified():
            file = self._chat.download(put.file, most_bytes=MOST_BYTES)
            return self._tracker.attach(put.ref, file, key=put.key, recheck=repeated(put.recheck))
