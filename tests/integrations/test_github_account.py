"""Who we are to GitHub, where it is, and what the check tells before a route is used: tokens, Apps, Enterprise, downloads."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from domain.issues import IssueAttachment, Tracker
from integrations.errors import PermanentFailure
from integrations.github.tracker import GitHubTracker
from integrations.issue_tracker import RouteNeeds
from integrations.rotating_secret import FileSecret
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft

DRAFT = issue_draft(Tracker.GITHUB)
HERE = ["acme/storefront"]
NEEDS = RouteNeeds(project="acme/storefront", labels=("support",), assignee="ada-dev", statuses=("closed", "duplicate"))


async def advice(world: World, tracker: GitHubTracker, *needs: RouteNeeds, project: str = HERE[0]) -> list[str]:
    """What is wrong."""
    found = await world.do(tracker.check, [project], needs)
    return [check.advice or "" for check in found if not check.ok]


async def settle(world: World, name: str = "storefront", **changes: Any) -> None:
    await world.people("PATCH", f"/github/repositories/acme/{name}", changes)


async def test_a_route_that_fits_is_well(world: World) -> None:
    for tracker in (world.github, world.github_app):
        assert await advice(world, tracker, NEEDS) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"archived": True}, "it is archived"),
        ({"has_issues": False}, "its issues are switched off"),
        ({"access": "read"}, "GitHub drops labels and assignees of tierline-bot"),
        ({"access": "none"}, "there is no such repository"),
        ({"private": False}, "strangers read it, and the policy does not say so"),
    ],
)
async def test_what_a_repository_lacks_is_told(world: World, changes: dict[str, Any], words: str) -> None:
    await settle(world, **changes)

    (told,) = await advice(world, world.github, NEEDS)

    assert words in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assignee": "gone"}, "gone cannot be assigned here"),
        ({"public": True}, "it is not public, as the policy says"),
        ({"watchers": ("sam",)}, "GitHub has no watchers (sam)"),
        ({"components": ("Cart",)}, "GitHub has no components (Cart)"),
        ({"fields": ("Team",)}, "GitHub has no custom fields (Team)"),
        ({"statuses": ("In Review",)}, "GitHub has no status In Review; its own are open, closed"),
    ],
)
async def test_what_a_route_asks_in_vain_is_told(world: World, changes: dict[str, Any], words: str) -> None:
    (told,) = await advice(world, world.github, NEEDS, RouteNeeds(project="Acme/Storefront", **changes))

    assert words in told


async def test_labels_that_will_be_made_are_noted(world: World) -> None:
    needs = RouteNeeds(project="acme/storefront", labels=("Bug", "impact: high"))

    _, repository = await world.do(world.github.check, HERE, [needs])

    assert repository.ok
    assert repository.what.endswith("(created when first used: impact: high)")


async def test_releases_that_cannot_be_read_are_noted_and_stop_nothing(world: World) -> None:
    await world.people("PATCH", "/github/bot", {"contents": False})
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    path = f"/github/issues/{ref.key.replace('#', '/')}/milestone"
    await world.people("POST", path, {"user": "ada-dev", "title": "v1"})

    _, repository = await world.do(world.github.check, HERE, [NEEDS])
    seen = await world.do(world.github.fetch, ref, comments_since=None)
    feed = await world.do(world.github.changed_since, HERE, datetime.now(UTC) - timedelta(hours=1), {})

    assert repository.ok
    assert "its releases cannot be read: where fixes wait for one, grant Contents: read" in repository.what
    assert [(version.name, version.released) for version in seen.fix_versions] == [("v1", False)]
    assert [issue.id for issue in feed.issues] == [ref.id]


async def test_what_the_account_lacks_is_told(world: World) -> None:
    await world.people("PATCH", "/github/bot", {"scopes": "read:org"})
    assert await advice(world, world.github) == [
        "the token has no scope for issues; give it the scope repo (public_repo where all repositories are public)"
    ]
    await world.people("PATCH", "/github/bot", {"scopes": None, "issues": "read"})
    assert await advice(world, world.github) == []
    (told,) = await advice(world, world.github_app)
    assert told == "give the App read and write on issues, and accept it in the organisation"


async def test_a_suspended_installation_is_told(world: World) -> None:
    await world.people("PATCH", "/github/bot", {"suspended": True})

    told = await advice(world, world.github_app)

    assert "the App's installation is suspended" in told[0]


async def test_while_the_app_is_suspended_or_uninstalled_no_issue_is_taken_for_gone(world: World) -> None:
    ref = await world.do(world.github_app.open_issue, DRAFT, recheck=False)
    world.sandbox.github.tokens.clear()
    with pytest.raises(PermanentFailure):
        await world.do(world.github_app.fetch, ref, comments_since=None)

    await world.people("PATCH", "/github/bot", {"suspended": True})
    with pytest.raises(PermanentFailure, match="suspended") as suspended:
        await world.do(world.github_app.fetch, ref, comments_since=None)
    credentials = world.sandbox.credentials
    elsewhere = GitHubTracker(
        f"{world.sandbox.http_url}/github",
        app_id=credentials.github_app_id,
        private_key=credentials.github_private_key,
        installation_id="99",
    )
    with pytest.raises(PermanentFailure) as uninstalled:
        await world.do(elsewhere.fetch, ref, comments_since=None)

    assert (suspended.value.status, uninstalled.value.status) == (401, 401)


async def test_an_installations_token_is_renewed_before_it_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first one ends so soon that it is not used again.
    monkeypatch.setattr("sandbox.github.state.INSTALLATION_TOKEN_LIFE", timedelta(seconds=10))
    ref = await world.do(world.github_app.open_issue, DRAFT, recheck=False)
    monkeypatch.undo()
    for number in range(2):
        await world.do(world.github_app.comment, ref, "words", key=f"T-1/{number}", recheck=False)

    assert len(world.written("github", "comment.create")) == 2
    *_, last = world.sandbox.github.tokens
    used = [one.request_headers["authorization"] for one in world.exchanges if one.path.endswith("/comments")]
    assert used[-2:] == [f"token {last.token}"] * 2


async def test_a_token_that_was_taken_back_is_asked_for_anew(world: World) -> None:
    ref = await world.do(world.github_app.open_issue, DRAFT, recheck=False)
    world.sandbox.github.tokens.clear()

    with pytest.raises(PermanentFailure, match="TIERLINE_GITHUB__TOKEN") as caught:
        await world.do(world.github_app.comment, ref, "words", key="T-1/1", recheck=False)
    await world.do(world.github_app.comment, ref, "words", key="T-1/1", recheck=True)

    assert caught.value.status == 401
    assert len(world.written("github", "comment.create")) == 1


async def test_a_token_is_renewed_by_its_file(world: World, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ghp_expired\n")
    secret = FileSecret(file, system="github", variable="TIERLINE_GITHUB__TOKEN_FILE")
    tracker = GitHubTracker(f"{world.sandbox.http_url}/github", token=secret)
    with pytest.raises(PermanentFailure) as caught:
        await world.do(tracker.open_issue, DRAFT, recheck=False)
    assert caught.value.status == 401

    renewed = tmp_path / "new"
    renewed.write_text(world.sandbox.credentials.github_token.get_secret_value())
    renewed.replace(file)
    await world.do(tracker.open_issue, DRAFT, recheck=True)

    assert len(world.written("github", "issue.create")) == 1


async def test_a_key_that_is_none_is_told_in_a_sentence(world: World) -> None:
    tracker = GitHubTracker(
        f"{world.sandbox.http_url}/github", app_id="1", private_key=SecretStr("-----BEGIN x"), installation_id="2"
    )

    with pytest.raises(PermanentFailure, match="TIERLINE_GITHUB__PRIVATE_KEY"):
        await world.do(tracker.open_issue, DRAFT, recheck=False)


async def test_an_enterprise_server_is_spoken_to_below_its_api(world: World) -> None:
    credentials, url = world.sandbox.credentials, f"{world.sandbox.http_url}/github/api/v3"
    token = GitHubTracker(url, token=credentials.github_token)
    app = GitHubTracker(
        url,
        app_id=credentials.github_app_id,
        private_key=credentials.github_private_key,
        installation_id=credentials.github_installation_id,
    )
    for tracker in (token, app):
        ref = await world.do(tracker.open_issue, DRAFT, recheck=True)
        await world.do(tracker.comment, ref, "words", key="T-1/1", recheck=True)

        assert await advice(world, tracker, NEEDS) == []
        assert (await world.do(tracker.find, ref.url)).ref == ref
        assert (await world.do(tracker.fetch, ref, comments_since=None)).comments[0].ours
        assert "/api/" not in ref.url
    calls = world.asked("github")
    assert all(call.split()[1].startswith("/github/api/v3/") for call in calls)


async def test_every_address_in_an_answer_is_the_servers_own(world: World) -> None:
    """What bit others: the library asserts host and port on every URL in a response."""
    ref = await world.do(world.github.open_issue, DRAFT, recheck=False)
    await world.do(world.github.fetch, ref, comments_since=None)

    for exchange in world.exchanges:
        text = exchange.response_body.decode()
        for piece in text.split('"'):
            if piece.startswith(("http://", "https://")):
                assert piece.startswith((world.sandbox.http_url, "https://docs.github.com/")), piece


@pytest.fixture
async def picture(world: World) -> IssueAttachment:
    content = base64.b64encode(b"PNG" * 100).decode()
    url = (await world.people("POST", "/github/uploads", {"content": content}))["url"]
    return IssueAttachment(id="1", name="cart.png", url=url)


async def test_a_file_is_read_with_our_session_and_the_store_gets_no_secret(
    world: World, picture: IssueAttachment
) -> None:
    for tracker in (world.github, world.github_app):
        file = await world.do(tracker.download, picture, most_bytes=300)
        assert (file.name, file.content_type, file.content) == ("cart.png", "image/png", b"PNG" * 100)
    store = [one for one in world.exchanges if one.path.startswith("/github/store/")]
    assert [one.status for one in store] == [200, 200]
    assert not any("authorization" in one.request_headers for one in store)


async def test_a_page_to_log_in_is_no_file(world: World, picture: IssueAttachment) -> None:
    """What bit others: private asset URLs need a session; copy bytes, refuse an HTML login page."""
    stranger = GitHubTracker(f"{world.sandbox.http_url}/github", token=SecretStr("ghp_guess"))

    with pytest.raises(PermanentFailure, match="a page to log in"):
        await world.do(stranger.download, picture, most_bytes=300)


async def test_a_file_over_the_limit_is_refused(world: World, picture: IssueAttachment) -> None:
    with pytest.raises(PermanentFailure, match="larger than 299 bytes"):
        await world.do(world.github.download, picture, most_bytes=299)
