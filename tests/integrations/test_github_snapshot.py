"""What GitHub's issue looks like to the domain: labels, milestone and release, history, duplicates, files, comments."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.issues import IssueFieldChanges, IssueRef, IssueSnapshot, SyncedField, Tracker, Visibility
from integrations.errors import PermanentFailure
from integrations.github.history import stamps
from integrations.github.releases import fix_version
from integrations.github.tracker import GitHubTracker
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft

DRAFT = issue_draft(Tracker.GITHUB)


@pytest.fixture(params=["token", "app"])
def tracker(request: pytest.FixtureRequest, world: World) -> GitHubTracker:
    return world.github if request.param == "token" else world.github_app


def path_of(ref: IssueRef) -> str:
    return f"/github/issues/{ref.key.replace('#', '/')}"


async def seen(world: World, ref: IssueRef) -> IssueSnapshot:
    return await world.do(world.github.fetch, ref, comments_since=None)


async def ada(world: World, ref: IssueRef, what: str, **details: Any) -> Any:
    return await world.people("POST", f"{path_of(ref)}/{what}", {"user": "ada-dev", **details})


async def test_the_history_says_who_changed_what_and_which_was_us(world: World, tracker: GitHubTracker) -> None:
    ref = await world.do(tracker.open_issue, DRAFT, recheck=False)
    await ada(world, ref, "assign")
    await ada(world, ref, "close", reason="not_planned")
    await world.do(tracker.change, ref, IssueFieldChanges(add_labels=("impact: high",), status="open"))
    await ada(world, ref, "edit", title="Checkout fails for gold customers")

    found = await world.do(tracker.fetch, ref, comments_since=None)

    assert found.project == "acme/storefront"
    assert found.labels == ("support", "impact: high")
    assert (found.resolution, found.priority, found.duplicate_of) == (None, None, None)
    ours = {field: stamp.ours for field, stamp in found.stamps.items()}
    assert ours == {
        SyncedField.LABELS: True,
        SyncedField.ASSIGNEE: False,
        SyncedField.STATUS: True,
        SyncedField.TITLE: False,
    }
    assert found.stamps[SyncedField.STATUS].before == "closed (not planned)"
    assert found.stamps[SyncedField.TITLE].before == DRAFT.title
    assert found.stamps[SyncedField.ASSIGNEE].by == "ada-dev"


async def test_a_closed_issue_says_why(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await ada(world, ref, "close", reason="not_planned")

    found = await seen(world, ref)

    assert (found.status, found.resolution) == ("closed (not planned)", "not_planned")


async def test_a_fix_is_released_by_the_release_of_its_milestone(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await ada(world, ref, "milestone", title="2.4.0")
    releases = "/github/repositories/acme/storefront/releases"
    for other in (
        {"tag": "v2.4.0-rc1", "prerelease": True},
        {"tag": "v2.4.0", "draft": True},
        {"tag": "v2.4.0", "prerelease": True},
        {"tag": "v2.3.9"},
    ):
        await world.people("POST", releases, {"user": "ada-dev", **other})
    (waiting,) = (await seen(world, ref)).fix_versions

    await world.people("POST", releases, {"user": "ada-dev", "tag": "v2.4.0"})
    (released,) = (await seen(world, ref)).fix_versions

    assert (waiting.name, waiting.released) == ("2.4.0", False)
    assert released.released
    assert released.released_at is not None
    assert (released.url or "").endswith("/releases/tag/v2.4.0")


@pytest.mark.parametrize(
    ("milestone", "release", "carries"),
    [
        ("2.4", {"tag_name": "v2.4"}, True),
        ("v2.4", {"tag_name": "2.4"}, True),
        ("Spring", {"tag_name": "v9", "name": "spring"}, True),
        ("vendor", {"tag_name": "endor"}, False),
        ("2.4", {"tag_name": "v2.4.1"}, False),
        ("2.4", {"tag_name": "v2.4", "published_at": None}, False),
    ],
)
def test_which_release_carries_a_milestone(milestone: str, release: dict[str, Any], carries: bool) -> None:
    whole = {"name": None, "draft": False, "prerelease": False, "published_at": "2026-11-20T12:00:00Z", **release}

    assert fix_version({"title": milestone}, [whole]).released is carries


async def test_a_duplicate_names_the_issue_that_goes_on(world: World) -> None:
    first = await world.do(world.github.open_issue, DRAFT, recheck=False)
    second = await world.do(world.github.open_issue, issue_draft(Tracker.GITHUB, "T-7/1/issue"), recheck=False)
    await ada(world, second, "close", duplicate_of=first.key)

    # Also where the comment that says it was read long ago.
    found = await world.do(world.github.fetch, second, comments_since=datetime.now(UTC) + timedelta(hours=1))

    assert found.resolution == "duplicate"
    assert found.duplicate_of == first
    assert found.comments == ()


async def test_a_duplicate_of_something_unseen_is_still_a_duplicate(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await ada(world, ref, "comment", text="Duplicate of acme/secret#12.")
    await ada(world, ref, "close", reason="duplicate")

    found = await seen(world, ref)

    assert (found.resolution, found.duplicate_of) == ("duplicate", None)


async def test_our_own_words_mark_no_duplicate(world: World) -> None:
    other = await world.do(world.github.open_issue, issue_draft(Tracker.GITHUB, "T-7/1/issue"), recheck=False)
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await world.do(world.github.comment, ref, f"Is it a duplicate of {other.key}?", key="T-1/1", recheck=False)
    await ada(world, ref, "close", reason="duplicate")

    assert (await seen(world, ref)).duplicate_of is None


async def test_an_edited_comment_says_when_and_comes_again_since_then(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    world.sandbox.github.clock = lambda: noon
    said = await ada(world, ref, "comment", text="It is the cache.")
    await ada(world, ref, "comment", text="I look.")
    world.sandbox.github.clock = lambda: noon + timedelta(hours=2)
    await ada(world, ref, f"comments/{said['comments'][0]['id']}", text="It is not the cache.")

    found = await world.do(world.github.fetch, ref, comments_since=noon + timedelta(hours=1))

    (comment,) = found.comments
    assert (comment.text, comment.created_at) == ("It is not the cache.", noon)
    assert comment.edited_at == noon + timedelta(hours=2)
    assert [one.edited_at for one in (await seen(world, ref)).comments] == [noon + timedelta(hours=2), None]


async def test_comments_are_public_where_the_repository_is(world: World) -> None:
    for project, expected in (("acme/storefront", Visibility.INTERNAL), ("acme/storefront-sdk", Visibility.PUBLIC)):
        draft = DRAFT.model_copy(update={"project": project})
        ref = await world.do(world.github.open_issue, draft, recheck=False)
        await ada(world, ref, "comment", text="On it.")

        (comment,) = (await seen(world, ref)).comments

        assert comment.visibility is expected


async def test_files_are_links_to_githubs_uploads(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    content = base64.b64encode(b"PNG").decode()
    url = (await world.people("POST", "/github/uploads", {"content": content}))["url"]
    other = (await world.people("POST", "/github/uploads", {"content": content}))["url"]
    text = f'![cart.png]({url}) and <img width="7" alt="logs" src="{other}"> but not ![x](https://evil.example/x.png)'
    await ada(world, ref, "comment", text=text)
    await ada(world, ref, "comment", text=f"As above: {url}")

    found = await seen(world, ref)

    assert [(file.name, file.url, file.author) for file in found.attachments] == [
        ("cart.png", url, "ada-dev"),
        ("logs", other, "ada-dev"),
    ]


async def test_one_labels_own_mark_echoes_as_ours_and_a_persons_does_not(world: World) -> None:
    """What bit others: our own labels echo (gh-jira-sync-bot 59)."""
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await world.do(world.github.change, ref, IssueFieldChanges(add_labels=("impact: high",)))
    mine = (await seen(world, ref)).stamps[SyncedField.LABELS]
    await ada(world, ref, "label", label="cart")
    theirs = (await seen(world, ref)).stamps[SyncedField.LABELS]

    assert (mine.ours, mine.by) == (True, "tierline-bot")
    assert (theirs.ours, theirs.by) == (False, "ada-dev")


def test_events_that_are_no_fields_leave_no_stamp() -> None:
    event = {"event": "pinned", "actor": {"login": "ada-dev"}, "created_at": "2026-11-20T12:00:00Z"}

    assert stamps([event, {**event, "event": "closed", "actor": None}], "")[SyncedField.STATUS].ours is False
    assert stamps([event], "ada-dev") == {}


async def test_transfers_and_deletions_become_a_new_key_or_the_end(world: World) -> None:
    """What bit others: GitHub transfers and deletions vanish from listings; 301, 404 and 410 tell where they went."""
    since = datetime.now(UTC) - timedelta(minutes=1)
    refs = [
        await world.do(world.github.open_issue, issue_draft(Tracker.GITHUB, f"T-{number}/1/issue"), recheck=False)
        for number in range(3)
    ]
    moved, hidden, deleted = refs
    await ada(world, moved, "comment", text="Not ours.")
    await ada(world, moved, "transfer", to="acme/payments")
    await ada(world, hidden, "transfer", to="acme/storefront-sdk")
    await world.people("PATCH", "/github/repositories/acme/storefront-sdk", {"access": "none"})
    await ada(world, deleted, "delete")

    listed = await world.do(world.github.changed_since, ["acme/storefront"], since, {})
    found = await seen(world, moved)
    failures = []
    for gone in (hidden, deleted):
        with pytest.raises(PermanentFailure) as caught:
            await seen(world, gone)
        failures.append(caught.value.status)

    assert listed.issues == ()
    assert (found.ref.id, found.ref.key, found.project) == (moved.id, "acme/payments#1", "acme/payments")
    assert found.alias is not None
    assert found.alias != moved.id
    assert [comment.text for comment in found.comments] == ["Not ours."]
    assert failures == [404, 410]
