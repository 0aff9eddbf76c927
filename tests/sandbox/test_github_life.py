"""What befalls issues and repositories in the local GitHub: plans, releases, transfers, duplicates, rights, conditional requests."""

import json
from typing import Any

import httpx2
import pytest

from sandbox.server import Sandbox
from tests.contracts import ContractViolation, Exchange, validate_response
from tests.sandbox.receiver import Receiver
from tests.shared import shared_dir

HOOK = "/webhooks/github"
ISSUES = "/people/github/issues/acme/storefront"
REPOSITORY = "/github/repos/acme/storefront"


@pytest.fixture
def bot(sandbox: Sandbox, people: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The same browser, signed in as the bot."""
    people.headers["Authorization"] = f"Bearer {sandbox.credentials.github_token.get_secret_value()}"
    return people


async def told(gateway: Receiver, count: int) -> list[str]:
    delivered = await gateway.wait_for(HOOK, count)
    return [f"{one.headers['x-github-event']}.{one.content['action']}" for one in delivered]


async def opened(people: httpx2.AsyncClient, title: str = "Refund fails") -> Any:
    return (await people.post(ISSUES, json={"user": "ada", "title": title, "labels": ["bug", "cart"]})).json()


async def test_a_transferred_issue_is_elsewhere(sandbox: Sandbox, gateway: Receiver, bot: httpx2.AsyncClient) -> None:
    old = await opened(bot)
    await bot.post(f"{ISSUES}/1/comment", json={"user": "ada", "text": "Not ours"})
    moved = (await bot.post(f"{ISSUES}/1/transfer", json={"user": "ada", "to": "acme/payments"})).json()

    read = await bot.get(f"{REPOSITORY}/issues/1")
    below = [await bot.get(f"{REPOSITORY}/issues/1/{part}") for part in ("comments", "events", "timeline")]
    written = await bot.patch(f"{REPOSITORY}/issues/1", json={"title": "x"})
    listed = await bot.get(f"{REPOSITORY}/issues?state=all")
    there = await bot.get(read.headers["location"])

    assert (moved["repository"], moved["number"], moved["labels"]) == ("acme/payments", 1, ["bug"])
    assert moved["node_id"] != old["node_id"]
    assert (read.status_code, written.status_code, listed.json()) == (301, 301, [])
    assert [one.status_code for one in below] == [404, 404, 404]
    assert (there.json()["node_id"], there.json()["comments"]) == (moved["node_id"], 1)
    assert (await told(gateway, 6))[-2:] == ["issues.transferred", "issues.opened"]
    transferred = gateway.at(HOOK)[-2].content
    recorded = json.loads((shared_dir("contracts", "github", "webhooks") / "issues.transferred.21.json").read_text())
    assert set(recorded) <= set(transferred)
    assert set(transferred["changes"]) == set(recorded["changes"])
    assert transferred["changes"]["new_issue"]["node_id"] == moved["node_id"]
    assert transferred["repository"]["full_name"] == "acme/storefront"


async def test_a_release_is_told_as_published_and_released(
    sandbox: Sandbox, gateway: Receiver, bot: httpx2.AsyncClient
) -> None:
    path = "/people/github/repositories/acme/storefront/releases"
    await bot.post(path, json={"user": "ada", "tag": "v1", "draft": True})
    await bot.post(path, json={"user": "ada", "tag": "v1", "prerelease": True})
    await bot.post(path, json={"user": "ada", "tag": "v1"})

    releases = (await bot.get(f"{REPOSITORY}/releases")).json()
    latest = (await bot.get(f"{REPOSITORY}/releases/latest")).json()

    assert [(one["draft"], one["prerelease"]) for one in releases] == [(False, False), (False, True), (True, False)]
    assert latest["id"] == releases[0]["id"]
    assert await told(gateway, 4) == [
        "release.published",
        "release.prereleased",
        "release.published",
        "release.released",
    ]
    recorded = json.loads((shared_dir("contracts", "github", "webhooks") / "release.published.11.json").read_text())
    content = gateway.at(HOOK)[0].content
    assert set(recorded) <= set(content)
    assert set(recorded["release"]) - set(content["release"]) <= {"discussion_url"}


async def test_events_and_the_timeline_keep_to_the_description(
    sandbox: Sandbox, bot: httpx2.AsyncClient, exchanges: list[Exchange]
) -> None:
    await opened(bot)
    await opened(bot, "Refund fails again")
    for what, details in (
        ("assign", {}),
        ("milestone", {"title": "v1"}),
        ("edit", {"title": "Refunds fail"}),
        ("lock", {}),
        ("pin", {}),
        ("close", {"duplicate_of": "2"}),
        ("reopen", {}),
        ("milestone", {"title": None}),
    ):
        await bot.post(f"{ISSUES}/1/{what}", json={"user": "ada", **details})
    exchanges.clear()

    events = (await bot.get(f"{REPOSITORY}/issues/1/events")).json()
    timeline = (await bot.get(f"{REPOSITORY}/issues/1/timeline")).json()
    await bot.get(f"{REPOSITORY}/milestones")

    happened = [one["event"] for one in events]
    assert happened == [
        *("labeled", "labeled", "assigned", "milestoned", "renamed", "locked", "pinned"),
        *("marked_as_duplicate", "closed", "reopened", "demilestoned"),
    ]
    assert [one["event"] for one in timeline if one["event"] != "commented"] == happened
    assert [one["body"] for one in timeline if one["event"] == "commented"] == ["Duplicate of #2"]
    for exchange in exchanges:
        validate_response(exchange)
    wrong = json.dumps([{**events[0], "created_at": 7, "id": "x", "url": None}]).encode()
    with pytest.raises(ContractViolation):
        validate_response(Exchange(**{**vars(exchanges[0]), "response_body": wrong}))


async def test_what_is_known_already_costs_nothing(sandbox: Sandbox, bot: httpx2.AsyncClient) -> None:
    await opened(bot)
    first = await bot.get(f"{REPOSITORY}/issues")
    used = int(first.headers["x-ratelimit-used"])
    known = {"If-None-Match": first.headers["etag"]}

    again = await bot.get(f"{REPOSITORY}/issues", headers=known)
    await bot.post(f"{ISSUES}/1/comment", json={"user": "ada", "text": "On it"})
    changed = await bot.get(f"{REPOSITORY}/issues", headers=known)

    assert (again.status_code, again.content, int(again.headers["x-ratelimit-used"])) == (304, b"", used)
    assert (changed.status_code, int(changed.headers["x-ratelimit-used"])) == (200, used + 1)


@pytest.mark.parametrize(
    ("access", "statuses"),
    [
        ("write", {"read": 200, "label": 200, "close": 200, "comment": 201}),
        ("triage", {"read": 200, "label": 200, "close": 200, "comment": 201}),
        ("read", {"read": 200, "label": 403, "close": 403, "comment": 201}),
        ("none", {"read": 404, "label": 404, "close": 404, "comment": 404}),
    ],
)
async def test_what_the_bots_role_allows(
    sandbox: Sandbox, bot: httpx2.AsyncClient, access: str, statuses: dict[str, int]
) -> None:
    await opened(bot)
    await bot.patch("/people/github/repositories/acme/storefront", json={"access": access})
    issue = f"{REPOSITORY}/issues/1"

    answers = {
        "read": await bot.get(issue),
        "label": await bot.post(f"{issue}/labels", json={"labels": ["support"]}),
        "close": await bot.patch(issue, json={"state": "closed", "state_reason": "not_planned"}),
        "comment": await bot.post(f"{issue}/comments", json={"body": "On it"}),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == statuses


async def test_an_assignee_is_checked(sandbox: Sandbox, bot: httpx2.AsyncClient) -> None:
    answers = [await bot.get(f"{REPOSITORY}/assignees/{login}") for login in ("ada-dev", "nobody", "tierline[bot]")]

    assert [answer.status_code for answer in answers] == [204, 404, 404]


async def test_a_renamed_repository_is_redirected(sandbox: Sandbox, bot: httpx2.AsyncClient) -> None:
    await opened(bot)
    await bot.patch("/people/github/repositories/acme/storefront", json={"name": "shop"})

    answer = await bot.get(f"{REPOSITORY}/issues/1")

    assert (answer.status_code, answer.headers["location"]) == (
        301,
        f"{sandbox.http_url}/github/repos/acme/shop/issues/1",
    )


async def test_an_enterprise_server_shows_its_own_addresses(sandbox: Sandbox, bot: httpx2.AsyncClient) -> None:
    await opened(bot)

    issue = (await bot.get("/github/api/v3/repos/acme/storefront/issues/1")).json()

    assert issue["url"] == f"{sandbox.http_url}/github/api/v3/repos/acme/storefront/issues/1"
    assert issue["html_url"] == f"{sandbox.http_url}/github/acme/storefront/issues/1"
    assert (await bot.get(f"{REPOSITORY}/issues/1")).json()["url"] == f"{sandbox.http_url}{REPOSITORY}/issues/1"


async def test_an_upload_wants_a_session(sandbox: Sandbox, bot: httpx2.AsyncClient) -> None:
    url = (await bot.post("/people/github/uploads", json={"content": "eA=="})).json()["url"]

    signed_in = await bot.get(url)
    stranger = await bot.get(url, headers={"Authorization": "Bearer ghp_guess"})

    assert signed_in.status_code == 302
    assert (stranger.status_code, stranger.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await bot.post("/people/github/uploads", json={"content": "?"})).status_code == 422
