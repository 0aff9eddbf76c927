"""GitHub's own feed of changes: nothing changed costs nothing, and a bulk change, a rename or a gap loses nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from domain.issues import IssueFieldChanges, Tracker
from integrations.errors import PassingFailure, PermanentFailure, RateLimited
from sandbox.github import changes
from sandbox.github.state import ADA, Issue
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REPOSITORIES = ["acme/storefront", "acme/payments"]


def set_clock(world: World, moment: datetime) -> None:
    world.sandbox.github.clock = lambda: moment


def opened(world: World, count: int, *, at: datetime, apart: timedelta = timedelta(seconds=1)) -> list[Issue]:
    """Issues that Ada opened, as many as a bulk change moves."""
    github = world.sandbox.github
    made = []
    for number in range(count):
        set_clock(world, at + number * apart)
        made.append(changes.open_issue(github, ADA, f"Issue {number}", None))
    return made


async def test_where_nothing_changed_the_reading_is_free(world: World) -> None:
    opened(world, 2, at=NOON)
    first = await world.do(world.github.changed_since, REPOSITORIES, NOON, {})
    used = world.sandbox.github.used

    again = await world.do(world.github.changed_since, REPOSITORIES, first.until, first.cursors)

    assert len(first.issues) == 2
    assert (again.issues, again.releases, again.cursors) == ((), (), first.cursors)
    assert (again.requests, world.sandbox.github.used) == (4, used)


async def test_changes_come_oldest_first_and_pull_requests_never(world: World) -> None:
    one, two = opened(world, 2, at=NOON)
    first = await world.do(world.github.changed_since, REPOSITORIES, NOON, {})
    world.sandbox.github.clock = lambda: NOON + timedelta(hours=1)
    changes.close_issue(world.sandbox.github, ADA, one)

    again = await world.do(world.github.changed_since, REPOSITORIES, NOON + timedelta(minutes=1), first.cursors)

    assert [issue.key for issue in first.issues] == ["acme/storefront#1", "acme/storefront#2"]
    assert [(issue.key, issue.updated_at) for issue in again.issues] == [
        ("acme/storefront#1", NOON + timedelta(hours=1))
    ]
    assert again.cursors["acme/storefront"] != first.cursors["acme/storefront"]
    assert again.cursors["acme/payments"] == first.cursors["acme/payments"]
    assert two.number == 2


async def test_a_bulk_change_is_read_whole(world: World) -> None:
    """500 issues moved at once: many of them within the same second."""
    made = opened(world, 500, at=NOON, apart=timedelta(milliseconds=5))

    feed = await world.do(world.github.changed_since, ["acme/storefront"], NOON, {})

    assert [issue.key for issue in feed.issues] != []
    assert {issue.key for issue in feed.issues} == {f"acme/storefront#{issue.number}" for issue in made}
    assert feed.requests < 12
    assert [issue.updated_at for issue in feed.issues] == sorted(issue.updated_at for issue in feed.issues)


async def test_a_release_is_heard_of_once(world: World) -> None:
    releases = "/github/repositories/acme/payments/releases"
    first = await world.do(world.github.changed_since, REPOSITORIES, NOON, {})
    await world.people("POST", releases, {"user": "ada-dev", "tag": "v1", "prerelease": True})
    early = await world.do(world.github.changed_since, REPOSITORIES, NOON, first.cursors)
    await world.people("POST", releases, {"user": "ada-dev", "tag": "v1"})

    published = await world.do(world.github.changed_since, REPOSITORIES, NOON, early.cursors)
    after = await world.do(world.github.changed_since, REPOSITORIES, NOON, published.cursors)

    assert (first.releases, early.releases) == ((), ())
    assert (published.releases, after.releases) == (("acme/payments",), ())


async def test_a_renamed_repository_is_read_by_its_name_of_today(world: World) -> None:
    closed, _ = opened(world, 2, at=NOON)
    changes.close_issue(world.sandbox.github, ADA, closed)
    await world.people("PATCH", "/github/repositories/acme/storefront", {"name": "shop"})

    feed = await world.do(world.github.changed_since, ["acme/storefront"], NOON, {})

    # The redirect loses the query, which would leave out the closed one.
    assert {issue.key for issue in feed.issues} == {"acme/shop#1", "acme/shop#2"}


async def test_a_repository_that_is_gone_does_not_stop_the_others(world: World) -> None:
    opened(world, 1, at=NOON)
    first = await world.do(world.github.changed_since, REPOSITORIES, NOON, {})
    await world.people("PATCH", "/github/repositories/acme/payments", {"access": "none"})

    feed = await world.do(world.github.changed_since, REPOSITORIES, NOON, first.cursors)

    assert all(key.startswith("acme/storefront") for key in feed.cursors)
    with pytest.raises(PermanentFailure, match="no such repository"):
        await world.do(world.github.changed_since, ["acme/payments"], NOON, {})


async def test_a_limit_or_an_outage_is_no_empty_feed(world: World) -> None:
    world.break_down("github", "rate_limit", retry_after_s=9, times=1)
    with pytest.raises(RateLimited):
        await world.do(world.github.changed_since, REPOSITORIES, NOON, {})
    world.break_down("github", "status", status=502, times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.github.changed_since, REPOSITORIES, NOON, {})


async def test_issues_are_found_by_listing_and_not_by_a_search_that_lags(world: World) -> None:
    """What bit others: the search lags; list by creator and since rather than search."""
    world.sandbox.github.search_lag_s = 3600
    draft = issue_draft(Tracker.GITHUB)
    ref = await world.do(world.github.open_issue, draft, recheck=False)

    again = await world.do(world.github.open_issue, draft, recheck=True)
    alike = await world.do(world.github.similar, "acme/storefront", "Checkout fails", [], closed_since=NOON)

    assert again == ref
    assert [candidate.ref for candidate in alike] == [ref]
    assert not any("/search/" in call for call in world.asked("github"))


async def test_likely_duplicates_are_open_or_lately_closed(world: World) -> None:
    github = world.sandbox.github
    now = datetime.now(UTC)
    for title, closed_at in (
        ("Checkout hangs", now - timedelta(days=40)),
        ("Checkout fails with 500", now - timedelta(days=3)),
        ("The logo is blurred", None),
        ("Checkout fails in Safari", None),
    ):
        set_clock(world, closed_at or now)
        issue = changes.open_issue(github, ADA, title, "Text", ["cart"] if "Safari" in title else [])
        if closed_at is not None:
            changes.close_issue(github, ADA, issue, "not_planned")

    found = await world.do(
        world.github.similar,
        "acme/storefront",
        "Checkout fails",
        ["Cart"],
        closed_since=now - timedelta(days=30),
    )

    assert [(one.title, one.status, one.components) for one in found] == [
        ("Checkout fails in Safari", "open", ("cart",)),
        ("Checkout fails with 500", "closed (not planned)", ()),
        ("The logo is blurred", "open", ()),
    ]
    assert found[0].text == "Text"


async def test_an_old_issue_beyond_the_first_page_is_searched_for(world: World) -> None:
    old, *_ = opened(world, 1, at=NOON - timedelta(days=200))
    changes.edit_issue(world.sandbox.github, ADA, old, "Checkout fails in Internet Explorer", None)
    opened(world, 100, at=NOON)

    found = await world.do(world.github.similar, "acme/storefront", "Checkout fails in Explorer", [], closed_since=NOON)
    world.break_down("github", "rate_limit", operation="/search/")
    without = await world.do(
        world.github.similar, "acme/storefront", "Checkout fails in Explorer", [], closed_since=NOON
    )

    assert found[0].title == "Checkout fails in Internet Explorer"
    assert len(found) == len(without) == 50


async def test_a_cursor_is_the_repositorys_own(world: World) -> None:
    ref = await world.do(world.github.open_issue, issue_draft(Tracker.GITHUB), recheck=False)
    feed = await world.do(world.github.changed_since, REPOSITORIES, NOON, {})
    # As it comes back from a workflow's state.
    cursors = json.loads(json.dumps(feed.cursors))
    await world.do(world.github.change, ref, IssueFieldChanges(status="closed"))

    again = await world.do(world.github.changed_since, REPOSITORIES, NOON, cursors)

    assert set(cursors) == {name + end for name in REPOSITORIES for end in ("", " releases")}
    assert [issue.id for issue in again.issues] == [ref.id]
