"""The trackers on this machine in a thread of their own, with a clock that stands still, and with what they deliver caught at the door."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from domain.issues import IssueRef, Tracker
from gateway import github_webhook, jira_webhook
from gateway.payloads import signed_id
from gateway.signatures import github_is_genuine, jira_is_genuine
from gateway.tracker_news import TrackerNews
from integrations.github.tracker import GitHubTracker
from integrations.issue_tracker import IssueTracker
from integrations.jira.account import ApiTokenAccount
from integrations.jira.tracker import JiraTracker
from sandbox.deliveries import Deliveries, Delivery
from sandbox.server import Sandbox

_BEFORE = timedelta(hours=12)
"""The clock begins so long ago, so that no example, however often time passes in it, comes from the future."""


class Outside:
    """Jira and GitHub, our clients of them, people who work in them, and the deliveries that wait at the door."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.now = (datetime.now(UTC) - _BEFORE).replace(microsecond=0)
        self.door: list[Delivery] = []
        """What was sent to the gateway and has not come in."""
        self._sandbox = sandbox
        self._people = httpx2.Client(base_url=f"{sandbox.http_url}/people")
        credentials, url = sandbox.credentials, sandbox.http_url
        sandbox.jira.clock = sandbox.github.clock = lambda: self.now
        self.trackers: dict[Tracker, IssueTracker] = {
            Tracker.JIRA: JiraTracker(
                f"{url}/jira", ApiTokenAccount(credentials.jira_email, credentials.jira_api_token)
            ),
            Tracker.GITHUB: GitHubTracker(f"{url}/github", token=credentials.github_token),
        }

    def people(self, path: str, **form: Any) -> Any:
        """What a person does in a vendor's web app."""
        answer = self._people.post(path, json=form)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def comes_in(self, delivery: Delivery) -> tuple[str, TrackerNews]:
        """A delivery as the gateway translates it, once its signature is verified: its own id, and what it means."""
        headers = {name.lower(): value for name, value in delivery.headers(0, None).items()}
        credentials = self._sandbox.credentials
        if delivery.system == "jira":
            assert jira_is_genuine(credentials.jira_webhook_secret, delivery.body, headers)
            return signed_id("jira", delivery.body), jira_webhook.news_of(delivery.body)
        assert github_is_genuine(credentials.github_webhook_secret, delivery.body, headers)
        return signed_id("github", delivery.body), github_webhook.news_of(delivery.body, headers)

    def our_comments(self, ref: IssueRef) -> list[str]:
        """The texts of all comments that our account wrote on an issue, as the tracker keeps them."""
        comments = self.trackers[ref.tracker].fetch(ref, comments_since=None).comments
        return [comment.text for comment in comments if comment.ours]

    def priority_of(self, ref: IssueRef) -> str | None:
        """An issue's priority at this moment; GitHub knows none."""
        issue = self._sandbox.jira.issues.get(ref.id)
        return issue.priority.name if issue is not None else None

    def forget(self, ref: IssueRef) -> None:
        """Take an issue out of the tracker's memory when its story is over: feeds of the next ones are short."""
        self.door.clear()
        if ref.tracker is Tracker.JIRA:
            self._sandbox.jira.issues.pop(ref.id, None)
        else:
            self._sandbox.github.issues[:] = []

    def close(self) -> None:
        """Close the connections of the people."""
        self._people.close()


@contextmanager
def an_outside() -> Iterator[Outside]:
    """A sandbox that serves in a thread as long as this lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def until_done(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=20)

    sandbox = Sandbox()
    outside = Outside(sandbox)
    sandbox.jira.deliveries = sandbox.github.deliveries = _Door(outside)
    until_done(sandbox.start())
    try:
        yield outside
    finally:
        outside.close()
        until_done(sandbox.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.close()


class _Door(Deliveries):
    """Keeps what is sent for whoever decides what becomes of it."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self._outside = outside

    def send(self, delivery: Delivery) -> None:
        """Keep it."""
        self._outside.door.append(delivery)
