"""Every recorded delivery of Jira and GitHub at the gateway's doors, and what exactly it leads to.

The table is whole: a delivery that is added to the recordings fails until somebody says here what it means. Each is signed as its vendor
signs, and comes a second time as the vendor would send it again, which changes nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.issue_messages import HintSource, IssueHint
from domain.issues import Tracker
from domain.reconcile import ReleaseNews
from sandbox.signatures import github_signature, jira_signature
from tests.gateway.front_door import GITHUB, JIRA, FrontDoor
from tests.shared import shared_dir


@dataclass(frozen=True)
class Hint:
    """The issue with this lasting id is worth reading; it changed at that time where the delivery tells it."""

    issue: str
    at: str | None
    before: str | None = None


@dataclass(frozen=True)
class Release:
    """Issues that wait for a release of this repository are worth reading."""

    project: str


@dataclass(frozen=True)
class Nothing:
    """It is acknowledged, and says nothing that Tierline needs."""

    why: str
    status: int = 202


Effect = Hint | Release | Nothing

ISSUE = "MDU6SXNzdWU0NDQ1MDAwNDE="
MOVED = "MDExOlB1bGxSZXF1ZXN0MzMyNzAzOTcz"
RELEASE = Release("Codertocat/Hello-World")
PING = Nothing("a test of the address", status=200)
PULL_REQUEST = Nothing("a pull request is no issue")
UNPUBLISHED = Nothing("nothing is out yet, or was for long")

JIRA_DELIVERIES: dict[str, Effect] = {
    "webhook-cloud-comment-created-mention-user.json": Hint("10040", "2019-02-16T03:11:18.321Z"),
    "webhook-cloud-comment-deleted.json": Hint("10357", None),
    "webhook-cloud-issue-created-many-fields.json": Hint("10509", "2019-08-27T19:43:24.193Z"),
    "webhook-issue-assigned-empty-changelog.json": Hint("10001", None),
    "webhook-issue-created-no-description-nor-relevant-fields.json": Hint("10040", "2019-02-16T03:01:52.971Z"),
    "webhook-issue-created-no-relevant-fields.json": Hint("10040", "2019-02-16T03:01:52.971Z"),
    "webhook-issue-created.json": Hint("10040", "2019-02-16T03:01:52.971Z"),
    "webhook-issue-updated-assigned-nobody.json": Hint("10040", "2019-02-16T21:10:32.523Z"),
    "webhook-issue-updated-assigned.json": Hint("10040", "2019-02-16T03:18:01.707Z"),
    "webhook-issue-updated-components.json": Hint("10360", "2019-12-05T14:38:23.829Z"),
    "webhook-issue-updated-fix-version.json": Hint("10040", "2019-02-16T03:07:51.756Z"),
    "webhook-issue-updated-labels.json": Hint("10040", "2019-02-16T21:12:10.037Z"),
    "webhook-issue-updated-multiple-custom-fields.json": Hint("10040", "2019-02-16T21:12:10.037Z"),
    "webhook-issue-updated-raised-priority.json": Hint("10040", "2019-02-16T21:15:16.037Z"),
    "webhook-issue-updated-renamed.json": Hint("10040", "2019-02-16T03:07:51.756Z"),
    "webhook-issue-updated-reopened.json": Hint("10040", "2019-02-16T03:17:06.501Z"),
    "webhook-issue-updated-resolved.json": Hint("10040", "2019-02-16T03:15:40.477Z"),
    "webhook-issue-updated-started-working.json": Hint("10040", "2019-02-16T03:14:22.002Z"),
    "webhook-server-comment-deleted.json": Hint("10013", None),
    "webhook-server-issue-updated-closed.json": Hint("10300", "2019-08-14T03:07:58.354Z"),
    "webhook-server-issue-updated-comment-edited.json": Hint("10013", "2019-06-04T00:53:33.665Z"),
    "webhook-server-issue-updated-commented-2.json": Hint("10231", "2019-06-28T21:32:16.057Z"),
    "webhook-server-issue-updated-commented-mention-user.json": Hint("10013", "2019-06-04T00:15:17.234Z"),
    "webhook-server-issue-updated-many-fields.json": Hint("10400", "2019-09-03T06:03:39.155Z"),
    "webhook-server-issue-updated-resolved.json": Hint("10300", "2019-08-12T23:23:01.993Z"),
    "webhook-server-old-issue-updated-no-event-type-comment-deleted.json": Hint("10013", "2019-06-04T01:08:08.107Z"),
    "webhook-server-old-issue-updated-no-event-type-commented.json": Hint("10013", "2019-06-04T00:15:17.234Z"),
    "webhook-server-updated-custom-field.json": Hint("10106", "2019-08-12T01:41:00.589Z"),
}
GITHUB_DELIVERIES: dict[str, Effect] = {
    "issue_comment.created.0.json": Hint(ISSUE, "2019-05-15T15:20:21Z"),
    "issue_comment.created.1.json": Hint(ISSUE, "2021-01-29T05:00:42Z"),
    "issue_comment.created.2.json": Hint(ISSUE, "2019-05-15T15:20:21Z"),
    "issue_comment.created.3.json": Hint(ISSUE, "2019-05-15T15:20:21Z"),
    "issue_comment.created.4.json": Hint(ISSUE, "2019-05-15T15:20:21Z"),
    "issue_comment.deleted.5.json": Hint(ISSUE, None),
    "issue_comment.deleted.6.json": Hint(ISSUE, None),
    "issue_comment.edited.7.json": Hint(ISSUE, "2019-05-15T15:20:22Z"),
    "issue_comment.edited.8.json": Hint(ISSUE, "2019-05-15T15:20:22Z"),
    "issues.assigned.1.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.assigned.2.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.assigned.3.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.deleted.4.json": Hint(ISSUE, None),
    "issues.demilestoned.5.json": PULL_REQUEST,
    "issues.demilestoned.6.json": PULL_REQUEST,
    "issues.edited.0.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.edited.7.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.edited.8.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.labeled.10.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.labeled.9.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.locked.11.json": Hint(ISSUE, "2019-05-15T15:20:27Z"),
    "issues.locked.12.json": Hint(ISSUE, "2019-05-15T15:20:27Z"),
    "issues.milestoned.13.json": PULL_REQUEST,
    "issues.milestoned.14.json": PULL_REQUEST,
    "issues.opened.15.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.opened.16.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.opened.17.json": Hint(ISSUE, "2019-05-15T15:20:18Z"),
    "issues.opened.18.json": Hint(ISSUE, "2019-05-15T15:20:18Z", before=MOVED),
    "issues.pinned.19.json": Hint(ISSUE, None),
    "issues.reopened.20.json": Hint(ISSUE, "2021-10-11T16:40:56Z"),
    "issues.transferred.21.json": Hint(MOVED, None),
    "issues.unassigned.22.json": Hint(ISSUE, "2019-05-15T15:20:25Z"),
    "issues.unassigned.23.json": Hint(ISSUE, "2019-05-15T15:20:25Z"),
    "issues.unlabeled.24.json": Hint(ISSUE, "2019-05-15T15:20:26Z"),
    "issues.unlabeled.25.json": Hint(ISSUE, "2019-05-15T15:20:26Z"),
    "issues.unlocked.26.json": Hint(ISSUE, "2019-05-15T15:20:28Z"),
    "issues.unlocked.27.json": Hint(ISSUE, "2019-05-15T15:20:28Z"),
    "issues.unpinned.28.json": Hint(ISSUE, None),
    "ping.none.0.json": PING,
    "ping.none.1.json": PING,
    "ping.none.2.json": PING,
    "ping.none.3.json": PING,
    "release.created.1.json": UNPUBLISHED,
    "release.created.2.json": UNPUBLISHED,
    "release.created.3.json": UNPUBLISHED,
    "release.deleted.4.json": UNPUBLISHED,
    "release.deleted.5.json": UNPUBLISHED,
    "release.edited.6.json": UNPUBLISHED,
    "release.edited.7.json": UNPUBLISHED,
    "release.prereleased.8.json": UNPUBLISHED,
    "release.prereleased.9.json": UNPUBLISHED,
    "release.published.0.json": RELEASE,
    "release.published.10.json": RELEASE,
    "release.published.11.json": RELEASE,
    "release.released.12.json": RELEASE,
}
RECORDED = {
    **{(Tracker.JIRA, name): effect for name, effect in JIRA_DELIVERIES.items()},
    **{(Tracker.GITHUB, name): effect for name, effect in GITHUB_DELIVERIES.items()},
}
EVERY_ISSUE = {
    (tracker, issue)
    for (tracker, _), effect in RECORDED.items()
    if isinstance(effect, Hint)
    for issue in (effect.issue, effect.before)
    if issue is not None
}

each_recording = pytest.mark.parametrize(
    ("tracker", "name"), RECORDED, ids=[f"{tracker.value}-{name}" for tracker, name in RECORDED]
)


def recording(tracker: Tracker, name: str) -> bytes:
    return recordings(tracker).joinpath(name).read_bytes()


def recordings(tracker: Tracker) -> Path:
    return shared_dir("contracts", tracker.value, "webhooks")


async def delivered(door: FrontDoor, tracker: Tracker, name: str, body: bytes, delivery: str) -> httpx2.Response:
    """As the vendor sends it: Jira's and GitHub's own headers, and the signature over the body as it is."""
    if tracker is Tracker.JIRA:
        return await door.jira(body, X_Atlassian_Webhook_Identifier=delivery, Content_Type="application/json")
    event = name.partition(".")[0]
    return await door.github(event, body, X_GitHub_Delivery=delivery, Content_Type="application/json")


def expected(tracker: Tracker, effect: Effect) -> tuple[list[tuple[str, datetime | None]], list[ReleaseNews]]:
    """The hints and the news of releases that a delivery leads to."""
    match effect:
        case Hint():
            at = datetime.fromisoformat(effect.at) if effect.at is not None else None
            issues = [issue for issue in (effect.issue, effect.before) if issue is not None]
            return [(issue, at) for issue in issues], []
        case Release():
            return [], [ReleaseNews(tracker=tracker, project=effect.project)]
        case Nothing():
            return [], []


@pytest.mark.parametrize("tracker", Tracker)
def test_every_recording_has_its_row(tracker: Tracker) -> None:
    found = {(tracker, file.name) for file in recordings(tracker).glob("*.json")}

    assert found == {row for row in RECORDED if row[0] is tracker}


@each_recording
async def test_a_recorded_delivery_has_its_effect_and_has_it_once(door: FrontDoor, tracker: Tracker, name: str) -> None:
    effect = RECORDED[tracker, name]
    body = recording(tracker, name)
    door.desk.watched = set(EVERY_ISSUE)

    first = await delivered(door, tracker, name, body, "d-1")
    again = await delivered(door, tracker, name, body, "d-1")

    hints, releases = expected(tracker, effect)
    outcome = "ignored" if isinstance(effect, Nothing) else "taken"
    status = effect.status if isinstance(effect, Nothing) else 202
    assert [(answer.status_code, answer.json()) for answer in (first, again)] == [(status, {"outcome": outcome})] * 2
    assert [(issue, hint.updated_at) for (_, issue, _), hint in door.desk.heard.items()] == hints
    assert {hint.source for hint in door.desk.heard.values()} <= {HintSource.WEBHOOK}
    assert list(door.desk.releases.values()) == releases
    assert (door.desk.deliveries, door.desk.commands) == ([], [])
    assert not door.quarantine.exists()


@each_recording
async def test_a_recorded_delivery_that_somebody_else_signed_is_refused(
    door: FrontDoor, tracker: Tracker, name: str
) -> None:
    body = recording(tracker, name)
    door.desk.watched = set(EVERY_ISSUE)
    genuine = jira_signature(JIRA, body) if tracker is Tracker.JIRA else github_signature(GITHUB, body)
    theirs = jira_signature(GITHUB, body) if tracker is Tracker.JIRA else github_signature(JIRA, body)
    path = f"/webhooks/{tracker.value}"
    event = {
        "X-GitHub-Event": name.partition(".")[0],
        "X-GitHub-Delivery": "d-1",
        "X-Atlassian-Webhook-Identifier": "d-1",
    }

    refused = [
        await door.http.post(path, content=body, headers=event | theirs),
        await door.http.post(path, content=body + b"\n", headers=event | genuine),
        await door.http.post(path, content=body, headers=event),
    ]

    assert [answer.status_code for answer in refused] == [401] * 3
    assert refused[0].json()["type"] == "urn:tierline:problem:wrong-signature"
    assert door.desk.handed == []
    # What was refused is not remembered: the genuine one, with the same delivery id, comes through.
    taken = await door.http.post(path, content=body, headers=event | genuine)
    assert taken.status_code in (200, 202)
    assert bool(door.desk.handed) == (not isinstance(RECORDED[tracker, name], Nothing))


Broken = Callable[[bytes], bytes]
BROKEN: dict[str, tuple[Broken, int, str]] = {
    "cut off": (lambda body: body[: len(body) // 2], 202, "quarantined"),
    "not UTF-8": (lambda body: body.replace(b'"', b'"\xff', 1), 202, "quarantined"),
    "no object": (lambda body: b"[" + body + b"]", 202, "quarantined"),
    "the issue as text": (lambda body: _with(body, issue="PAY-1"), 202, "quarantined"),
    "the issue's id as a list": (lambda body: _with(body, issue={"id": [], "node_id": []}), 202, "quarantined"),
    "larger than is read": (lambda body: body + b" " * 100_000, 413, "urn:tierline:problem:body-too-large"),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize(
    ("tracker", "name"),
    [(Tracker.JIRA, "webhook-issue-updated-resolved.json"), (Tracker.GITHUB, "issues.reopened.20.json")],
    ids=["jira", "github"],
)
async def test_a_recorded_delivery_that_was_broken_before_it_was_signed_gets_its_refusal(
    door: FrontDoor, tracker: Tracker, name: str, fault: str
) -> None:
    breaks, status, told = BROKEN[fault]
    door.desk.watched = set(EVERY_ISSUE)

    answer = await delivered(door, tracker, name, breaks(recording(tracker, name)), "d-1")

    assert answer.status_code == status
    assert told in (answer.json().get("outcome"), answer.json().get("type"))
    assert door.desk.handed == []


def _with(body: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(body), **fields}).encode()


# --- bites that the recordings do not have --------------------------------------------------------------------------


async def _jira(door: FrontDoor, **payload: Any) -> None:
    await door.jira(json.dumps(payload).encode())


async def test_jira_clouds_comment_created_has_no_top_level_user_and_is_heard_all_the_same(door: FrontDoor) -> None:
    body = recording(Tracker.JIRA, "webhook-cloud-comment-created-mention-user.json")
    assert "user" not in json.loads(body)
    door.desk.watched = {(Tracker.JIRA, "10040")}

    assert (await door.jira(body)).json() == {"outcome": "taken"}


async def test_a_comment_is_newer_than_the_issue_that_it_is_told_with(door: FrontDoor) -> None:
    """Jira Server sends the issue as it was before its comment: by its time alone the comment would be old news."""
    door.desk.watched = {(Tracker.JIRA, "10013")}
    body = recording(Tracker.JIRA, "webhook-server-issue-updated-commented-mention-user.json")
    await door.jira(body)

    (hint,) = door.desk.heard.values()
    assert hint.updated_at is not None
    assert hint.updated_at > datetime.fromisoformat(json.loads(body)["issue"]["fields"]["updated"])


@pytest.mark.parametrize("event", ["jira:issue_deleted", "comment_deleted"])
async def test_what_was_deleted_in_jira_is_read_whatever_is_known(door: FrontDoor, event: str) -> None:
    door.desk.watched = {(Tracker.JIRA, "7")}
    fields = {"updated": "2026-11-20T12:00:00.000+0000"}
    await _jira(door, webhookEvent=event, issue={"id": "7", "fields": fields}, comment={"updated": fields["updated"]})

    assert [hint.updated_at for hint in door.desk.heard.values()] == [None]


@pytest.mark.parametrize(
    ("event", "released", "told"),
    [
        ("jira:version_released", True, True),
        ("jira:version_updated", True, True),
        ("jira:version_created", False, False),
        ("jira:version_unreleased", False, False),
        ("project_updated", True, False),
    ],
)
async def test_a_released_version_of_jira_is_told_to_whoever_waits(
    door: FrontDoor, event: str, released: bool, told: bool
) -> None:
    await _jira(door, webhookEvent=event, version={"id": "10002", "projectId": 10000, "released": released})

    assert list(door.desk.releases.values()) == ([ReleaseNews(tracker=Tracker.JIRA)] if told else [])


async def test_a_release_that_does_not_say_where_is_kept_aside(door: FrontDoor) -> None:
    answer = await door.github("release", b'{"action": "published", "release": {}}')

    assert answer.json() == {"outcome": "quarantined"}


async def test_a_comment_on_a_pull_request_is_no_news(door: FrontDoor) -> None:
    door.desk.watched = {(Tracker.GITHUB, "PR_1")}
    payload = {"action": "created", "issue": {"node_id": "PR_1", "pull_request": {"url": "https://api.example"}}}

    assert (await door.github("issue_comment", json.dumps(payload).encode())).json() == {"outcome": "ignored"}


@pytest.mark.parametrize("moment", [7, "yesterday", "2026-11-20T12:00:00", {"at": 1}])
async def test_a_time_that_cannot_be_read_leaves_the_hint(door: FrontDoor, moment: object) -> None:
    door.desk.watched = {(Tracker.GITHUB, "I_1"), (Tracker.JIRA, "7")}
    await door.github("issues", json.dumps({"issue": {"node_id": "I_1", "updated_at": moment}}).encode())
    await _jira(door, webhookEvent="jira:issue_updated", issue={"id": "7", "fields": {"updated": moment}})

    assert [hint.updated_at for hint in door.desk.heard.values()] == [None, None]


async def test_what_is_not_signed_leaves_no_mark(door: FrontDoor) -> None:
    """Whoever knows a delivery's body or id must not be able to keep the genuine one out."""
    door.desk.watched = {(Tracker.GITHUB, "I_1"), (Tracker.JIRA, "7")}
    github, jira = b'{"issue": {"node_id": "I_1"}}', b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "7"}}'
    for path, body, header in (
        ("/webhooks/github", github, "X-GitHub-Delivery"),
        ("/webhooks/jira", jira, "X-Atlassian-Webhook-Identifier"),
    ):
        forged = await door.http.post(path, content=body, headers={header: "d-1", "X-GitHub-Event": "issues"})
        assert forged.status_code == 401
    assert not door.desk.heard

    genuine = await door.github("issues", github, X_GitHub_Delivery="d-1")
    assert (genuine.json(), (await door.jira(jira)).json()) == ({"outcome": "taken"}, {"outcome": "taken"})
    assert len(door.desk.heard) == 2


async def test_five_hundred_issues_moved_at_once_are_five_hundred_hints(door: FrontDoor) -> None:
    door.desk.watched = {(Tracker.JIRA, str(number)) for number in range(0, 500, 2)}
    for number in range(500):
        await _jira(door, webhookEvent="jira:issue_updated", issue={"id": str(number)})

    # Those that no ticket is on cost a look, and nothing is asked of Jira.
    assert [issue for _, issue, _ in door.desk.hints] == [str(number) for number in range(0, 500, 2)]
    assert all(hint == IssueHint(id=hint.id) for hint in door.desk.heard.values())
