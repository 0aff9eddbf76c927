"""GitHub as the issue tracker, against the local GitHub, with a token and as an App."""

import json
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from domain.issues import IssueCategory, IssueRef, Tracker, Visibility
from integrations.errors import PassingFailure, PermanentFailure, RateLimited
from integrations.github.markers import marker
from integrations.github.tracker import GitHubTracker
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft
from tests.integrations.vendor_at_fault import Misbehaviour, VendorAtFault

DRAFT = issue_draft(Tracker.GITHUB)


@pytest.fixture(params=["token", "app"])
def tracker(request: pytest.FixtureRequest, world: World) -> GitHubTracker:
    return world.github if request.param == "token" else world.github_app


async def test_an_issue_whose_answer_was_lost_is_found_and_not_opened_twice(
    world: World, tracker: GitHubTracker
) -> None:
    world.break_down("github", "drop_after", operation="/issues", method="POST", times=1)
    with pytest.raises(PassingFailure):
        await world.do(tracker.open_issue, DRAFT, recheck=False)

    ref = await world.do(tracker.open_issue, DRAFT, recheck=True)
    other = await world.do(tracker.open_issue, issue_draft(Tracker.GITHUB, "T-1042/30/issue"), recheck=True)

    assert len(world.written("github", "issue.create")) == 2
    assert ref.id != other.id
    assert ref.key == f"acme/storefront#{ref.url.rpartition('/')[2]}"


async def test_a_strangers_copy_of_our_marker_is_not_our_issue(world: World) -> None:
    body = {"user": "ada-dev", "title": "Mine", "text": f"I copied {marker(DRAFT.key)}"}
    theirs = await world.people("POST", "/github/issues/acme/storefront", body)

    ref = await world.do(world.github.open_issue, DRAFT, recheck=True)

    assert not ref.key.endswith(f"#{theirs['number']}")


async def test_the_truth_is_fetched_with_what_people_wrote(world: World, tracker: GitHubTracker) -> None:
    ref = await world.do(tracker.open_issue, DRAFT, recheck=False)
    path = f"/github/issues/{ref.key.replace('#', '/')}"
    await world.do(tracker.comment, ref, "A second customer.", key="T-1043/1", recheck=False)
    await world.people("POST", f"{path}/comment", {"user": "ada-dev", "text": "Found it."})
    await world.people("POST", f"{path}/comment", {"user": "ada-dev", "text": f"Quoting {marker('T-1043/1')}"})
    await world.people("POST", f"{path}/assign", {"user": "ada-dev"})

    seen = await world.do(tracker.fetch, ref, comments_since=None)

    assert seen.ref == ref
    assert (seen.title, seen.status, seen.category) == (DRAFT.title, "open", IssueCategory.TO_DO)
    assert seen.assignee == "ada-dev"
    assert [(comment.text, comment.ours) for comment in seen.comments] == [
        ("A second customer.", True),
        ("Found it.", False),
        ("Quoting", False),
    ]
    await world.people("POST", f"{path}/close", {"user": "ada-dev"})
    assert (await world.do(tracker.fetch, ref, comments_since=None)).category is IssueCategory.DONE


async def test_a_comment_whose_answer_was_lost_is_not_written_twice(world: World, tracker: GitHubTracker) -> None:
    ref = await world.do(tracker.open_issue, DRAFT, recheck=False)
    world.break_down("github", "drop_after", operation="/comments", times=1)
    with pytest.raises(PassingFailure):
        await world.do(tracker.comment, ref, "Fixed?", key="T-1042/9", recheck=False)

    await world.do(tracker.comment, ref, "Fixed?", key="T-1042/9", recheck=True)
    await world.do(tracker.comment, ref, "Fixed?", key="T-1042/90", recheck=True)

    assert len(world.written("github", "comment.create")) == 2


async def test_an_issue_is_found_by_what_people_paste(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)

    for reference in (ref.key, ref.url, f"{ref.url}#issuecomment-1", f"<{ref.url}>"):
        assert (await world.do(world.github.find, reference)).ref == ref
    with pytest.raises(PermanentFailure, match="no such repository or issue"):
        await world.do(world.github.find, "acme/storefront#999")
    with pytest.raises(PermanentFailure, match="name an issue"):
        await world.do(world.github.find, "https://evil.example/acme/storefront/issues/1")


async def test_a_deleted_issue_is_gone(world: World) -> None:
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await world.people("POST", f"/github/issues/{ref.key.replace('#', '/')}/delete", {"user": "ada-dev"})

    with pytest.raises(PermanentFailure) as caught:
        await world.do(world.github.fetch, ref, comments_since=None)

    assert caught.value.status in {404, 410}


async def test_the_link_back_asks_nothing_of_github(world: World) -> None:
    ref = IssueRef(tracker=Tracker.GITHUB, id="I_1", key="acme/storefront#1", url="https://x.example")

    await world.do(world.github.link_back, ref, global_id="g", url="https://x.example", title="t")

    assert world.asked("github") == []


async def test_an_apps_token_is_asked_for_once(world: World) -> None:
    ref = await world.do(world.github_app.open_issue, DRAFT, recheck=False)
    for number in range(4):
        await world.do(world.github_app.comment, ref, "words", key=f"T-1/{number}", recheck=False)

    tokens = [call for call in world.asked("github") if call.endswith("/access_tokens")]
    assert len(tokens) == 1


async def test_secondary_limits(world: World) -> None:
    world.break_down("github", "rate_limit", retry_after_s=9)

    with pytest.raises(RateLimited) as caught:
        await world.do(world.github.open_issue, DRAFT, recheck=False)

    assert caught.value.retry_after.total_seconds() == 9


async def test_the_check(world: World, tracker: GitHubTracker) -> None:
    found = await world.do(tracker.check, ["acme/storefront", "acme/nowhere", "storefront"])

    who, there, nowhere, misnamed = found
    assert who.ok, who.advice
    assert who.what.startswith("GitHub: ")
    assert there.ok
    assert not nowhere.ok
    assert "owner/repository" in (misnamed.advice or "")


async def test_the_check_of_strangers(world: World) -> None:
    credentials, url = world.sandbox.credentials, f"{world.sandbox.http_url}/github"
    (refused,) = await world.do(GitHubTracker(url, token=SecretStr("ghp_guess")).check, ["acme/storefront"])
    elsewhere = GitHubTracker(
        url, app_id=credentials.github_app_id, private_key=credentials.github_private_key, installation_id="1"
    )
    not_installed = (await world.do(elsewhere.check, ["acme/storefront"]))[0]

    assert "TIERLINE_GITHUB__TOKEN" in (refused.advice or "")
    assert "TIERLINE_GITHUB__INSTALLATION_ID" in (not_installed.advice or "")


def test_without_credentials_there_is_no_tracker() -> None:
    with pytest.raises(PermanentFailure, match="TIERLINE_GITHUB__TOKEN"):
        GitHubTracker("https://api.github.com", app_id="1")


@pytest.fixture
def moved() -> Iterator[VendorAtFault]:
    """A GitHub where acme/storefront#7 was transferred to acme/payments#3."""
    with VendorAtFault().serving() as vendor:
        issue = {
            "node_id": "I_new",
            "number": 3,
            "title": "Checkout fails",
            "state": "open",
            "repository_url": f"{vendor.url}/repos/acme/payments",
            "html_url": "https://github.com/acme/payments/issues/3",
            "updated_at": "2026-11-20T12:00:00Z",
        }
        vendor.answers = {
            "/repos/acme/storefront/issues/7": Misbehaviour(
                301, {"Location": f"{vendor.url}/repos/acme/payments/issues/3"}, "{}"
            ),
            "/repos/acme/payments/issues/3": Misbehaviour(200, {}, json.dumps(issue)),
            "/repos/acme/payments/issues/3/comments": Misbehaviour(200, {}, "[]"),
            "/repos/acme/payments/issues/3/events": Misbehaviour(200, {}, "[]"),
        }
        yield vendor


def test_a_transferred_issue_is_followed_and_its_new_key_told(moved: VendorAtFault) -> None:
    tracker = GitHubTracker(moved.url, token=SecretStr("ghp_x"))
    old = IssueRef(
        tracker=Tracker.GITHUB, id="I_old", key="acme/storefront#7", url="https://github.com/acme/storefront/7"
    )

    seen = tracker.fetch(old, comments_since=None)

    assert seen.ref.id == "I_old"
    assert seen.ref.key == "acme/payments#3"
    assert seen.ref.url == "https://github.com/acme/payments/issues/3"


def test_a_redirect_to_another_host_is_refused(moved: VendorAtFault) -> None:
    moved.answers["/repos/acme/storefront/issues/7"] = Misbehaviour(301, {"Location": "http://evil.example/"}, "{}")
    tracker = GitHubTracker(moved.url, token=SecretStr("ghp_x"))

    with pytest.raises(PermanentFailure, match="another address"):
        tracker.find("acme/storefront#7")


def test_a_write_is_repeated_where_it_is_sent_on_to(moved: VendorAtFault) -> None:
    there = f"{moved.url}/repositories/7/issues/3/comments"
    moved.answers["/repos/acme/storefront/issues/7/comments"] = Misbehaviour(307, {"Location": there}, "{}")
    moved.answers["/repositories/7/issues/3/comments"] = Misbehaviour(201, {}, json.dumps({"id": 12}))
    tracker = GitHubTracker(moved.url, token=SecretStr("ghp_x"))
    old = IssueRef(tracker=Tracker.GITHUB, id="I_old", key="acme/storefront#7", url="https://github.com/x")

    written = tracker.comment(old, "words", key="k", recheck=False, visibility=Visibility.PUBLIC)

    assert written == "12"
    assert [call.split("?")[0] for call in moved.requests] == [
        "POST /repos/acme/storefront/issues/7/comments",
        "POST /repositories/7/issues/3/comments",
    ]
    for elsewhere in ("http://evil.example/", moved.url.replace("http:", "https:"), "http://127.0.0.1:1/"):
        moved.answers["/repos/acme/storefront/issues/7/comments"] = Misbehaviour(307, {"Location": elsewhere}, "{}")
        with pytest.raises(PermanentFailure, match="another address"):
            tracker.comment(old, "words", key="k", recheck=False, visibility=Visibility.PUBLIC)


@pytest.mark.parametrize(
    ("status", "headers", "message", "least", "most"),
    [
        (403, {}, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", 60, 60),
        (429, {"Retry-After": "7"}, "Too many requests", 7, 7),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "RESET"}, "API rate limit exceeded for user", 85, 95),
    ],
)
def test_each_rate_limit_is_waited_for(
    moved: VendorAtFault, status: int, headers: dict[str, str], message: str, least: int, most: int
) -> None:
    reset = str(int(time.time()) + 90)
    told = {name: value.replace("RESET", reset) for name, value in headers.items()}
    moved.misbehaviour = Misbehaviour(status, told, json.dumps({"message": message}))
    tracker = GitHubTracker(moved.url, token=SecretStr("ghp_x"))

    with pytest.raises(RateLimited) as caught:
        tracker.find("acme/elsewhere#1")

    assert least <= caught.value.retry_after.total_seconds() <= most
