"""The local GitHub as a bot meets it, through PyGithub with a token and as a GitHub App, and as Ada does in its web pages."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx2
import jwt
import pytest
from github import Auth, Github, GithubException, GithubIntegration
from github.Repository import Repository

from sandbox.credentials import Credentials
from sandbox.server import Sandbox
from tests.sandbox.receiver import Delivered, Receiver
from tests.shared import shared_dir

T = TypeVar("T")
HOOK = "/webhooks/github"
ONE_ATTEMPT: dict[str, Any] = {
    "retry": None,
    "seconds_between_requests": None,
    "seconds_between_writes": None,
    "timeout": 10,
}


def with_token(sandbox: Sandbox, token: str | None = None) -> Github:
    secret = token or sandbox.credentials.github_token.get_secret_value()
    return Github(base_url=f"{sandbox.http_url}/github", auth=Auth.Token(secret), **ONE_ATTEMPT)


def app_auth(credentials: Credentials) -> Auth.AppAuth:
    return Auth.AppAuth(credentials.github_app_id, credentials.github_private_key.get_secret_value())


def as_app(sandbox: Sandbox) -> Github:
    installation = int(sandbox.credentials.github_installation_id)
    auth = app_auth(sandbox.credentials).get_installation_auth(installation)
    return Github(base_url=f"{sandbox.http_url}/github", auth=auth, **ONE_ATTEMPT)


async def ask(sandbox: Sandbox, question: Callable[[Repository], T], *, app: bool = False) -> T:
    """Put a question about the repository to the local GitHub with the blocking client."""

    def put() -> T:
        with as_app(sandbox) if app else with_token(sandbox) as client:
            return question(client.get_repo("acme/storefront"))

    return await asyncio.to_thread(put)


def events(delivered: list[Delivered]) -> list[str]:
    return [f"{one.headers['x-github-event']}.{one.content['action']}" for one in delivered]


async def test_the_token_acts_as_the_bot(sandbox: Sandbox) -> None:
    def question() -> tuple[str, str, int]:
        with with_token(sandbox) as client:
            return client.get_user().login, client.get_user("ada-dev").type, client.get_rate_limit().rate.limit

    assert await asyncio.to_thread(question) == ("tierline-bot", "User", 5000)


async def test_a_wrong_token_is_refused_in_githubs_words(sandbox: Sandbox) -> None:
    with pytest.raises(GithubException) as refusal:
        await asyncio.to_thread(lambda: with_token(sandbox, "ghp_wrong").get_user().login)
    assert (refusal.value.status, refusal.value.data["message"]) == (401, "Bad credentials")


async def test_without_credentials_nothing_is_shown(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    for path in ("user", "repos/acme/storefront", "repos/acme/storefront/issues", "app"):
        answer = await people.get(f"/github/{path}")
        assert (answer.status_code, answer.json()["message"]) == (401, "Requires authentication")


async def test_an_opened_issue_is_there_is_counted_and_is_told(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(repository: Repository) -> Any:
        return repository.create_issue(
            "Refund fails", "Twice. <!-- tierline:T-1/3 -->", labels=["bug", "new-one"], assignees=["ada-dev"]
        ).raw_data

    issue = await ask(sandbox, question)
    assert (issue["number"], issue["user"]["login"], issue["state"]) == (1, "tierline-bot", "open")
    assert issue["node_id"].startswith("I_")
    assert [entry.marker for entry in sandbox.ledger.entries("github", "issue.create")] == ["tierline:T-1/3"]
    delivered = await gateway.wait_for(HOOK, 4)
    assert events(delivered) == ["issues.opened", "issues.labeled", "issues.labeled", "issues.assigned"]
    assert len({one.headers["x-github-delivery"] for one in delivered}) == 4
    assert delivered[2].content["label"]["name"] == "new-one"


async def test_an_issue_without_a_title_or_with_an_unknown_assignee_is_refused(sandbox: Sandbox) -> None:
    def refused(repository: Repository, **body: Any) -> tuple[int, str]:
        with pytest.raises(GithubException) as refusal:
            repository._requester.requestJsonAndCheck("POST", f"{repository.url}/issues", input=body)
        return refusal.value.status, refusal.value.data["errors"][0]["field"]

    def question(repository: Repository) -> list[tuple[int, str]]:
        return [refused(repository, body="x"), refused(repository, title="x", assignees=["nobody"])]

    assert await ask(sandbox, question) == [(422, "title"), (422, "assignees")]
    assert sandbox.github.issues == []


async def test_closing_and_reopening_are_told_once(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(repository: Repository) -> tuple[Any, ...]:
        issue = repository.create_issue("Refund fails")
        issue.edit(state="closed", state_reason="not_planned")
        issue.edit(state="closed")
        closed = repository.get_issue(1).raw_data
        issue.edit(state="open", title="Refund fails twice")
        return closed["state_reason"], closed["closed_by"]["login"], repository.get_issue(1).raw_data

    reason, closer, now = await ask(sandbox, question)
    assert (reason, closer) == ("not_planned", "tierline-bot")
    assert (now["state"], now["state_reason"], now["closed_at"], now["title"]) == (
        "open",
        "reopened",
        None,
        "Refund fails twice",
    )
    await sandbox.deliveries.settled()
    assert events(gateway.at(HOOK)) == ["issues.opened", "issues.closed", "issues.edited", "issues.reopened"]
    assert gateway.at(HOOK)[2].content["changes"] == {"title": {"from": "Refund fails"}}


async def test_comments_are_written_changed_and_listed_since(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(repository: Repository) -> tuple[Any, ...]:
        issue = repository.create_issue("Refund fails")
        comment = issue.create_comment("On it <!-- tierline:m-1 -->")
        comment.edit("Done")
        soon = datetime.now(UTC) + timedelta(minutes=1)
        past = datetime.now(UTC) - timedelta(minutes=1)
        return (
            [one.body for one in issue.get_comments()],
            [one.body for one in repository.get_issues_comments(since=past)],
            list(issue.get_comments(since=soon)),
            repository.get_issue(1).comments,
        )

    assert await ask(sandbox, question) == (["Done"], ["Done"], [], 1)
    delivered = await gateway.wait_for(HOOK, 3)
    assert events(delivered) == ["issues.opened", "issue_comment.created", "issue_comment.edited"]
    assert delivered[2].content["changes"]["body"]["from"].startswith("On it")
    assert [entry.marker for entry in sandbox.ledger.entries("github", "comment.create")] == ["tierline:m-1"]


async def test_lists_are_filtered_sorted_and_paged(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    path = "/people/github/issues/acme/storefront"
    for number in range(1, 36):
        form = {"user": "ada", "title": f"Issue {number}", "labels": ["bug"] if number % 2 else []}
        await people.post(path, json=form)
    await people.post(f"{path}/7/close", json={"user": "ada"})

    def question(repository: Repository) -> tuple[Any, ...]:
        repository.create_issue("From the bot", labels=["bug", "support"])
        every = [issue.number for issue in repository.get_issues(state="all", sort="created", direction="asc")]
        return (
            every,
            [issue.number for issue in repository.get_issues(creator="tierline-bot", state="all")],
            [issue.number for issue in repository.get_issues(labels=["bug", "support"])],
            [issue.number for issue in repository.get_issues(state="closed")],
            next(iter(repository.get_issues(sort="updated", state="all"))).number,
            list(repository.get_issues(since=datetime.now(UTC) + timedelta(minutes=1))),
            repository.get_issues(state="all").totalCount,
        )

    assert await ask(sandbox, question) == (list(range(1, 37)), [36], [36], [7], 36, [], 36)


async def test_page_links_are_the_servers_own(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    for number in range(3):
        form = {"user": "ada", "title": f"Issue {number}"}
        await people.post("/people/github/issues/acme/storefront", json=form)
    headers = {"Authorization": f"Bearer {sandbox.credentials.github_token.get_secret_value()}"}
    path = "/github/repos/acme/storefront/issues"
    first = await people.get(f"{path}?state=all&per_page=1&page=2", headers=headers)
    links = {name: link["url"] for name, link in first.links.items()}
    base = f"{sandbox.http_url}{path}?state=all&per_page=1&page="
    assert links == {"prev": base + "1", "next": base + "3", "last": base + "3", "first": base + "1"}
    last = await people.get(links["next"], headers=headers)
    assert (len(last.json()), set(last.links)) == (1, {"prev", "first"})


async def test_labels_of_the_repository_and_of_an_issue(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(repository: Repository) -> tuple[Any, ...]:
        repository.create_label("tierline", "0e8a16", "Watched by Tierline")
        with pytest.raises(GithubException) as refusal:
            repository.create_label("Tierline", "ffffff")
        issue = repository.create_issue("Refund fails", labels=["bug"])
        issue.add_to_labels("tierline")
        issue.remove_from_labels("bug")
        issue.set_labels("support")
        return (
            sorted(label.name for label in repository.get_labels()),
            [label.name for label in issue.get_labels()],
            repository.get_label("tierline").description,
            refusal.value.data["errors"][0]["code"],
        )

    names, of_issue, description, code = await ask(sandbox, question)
    assert names == ["bug", "support", "tierline"]
    assert (of_issue, description, code) == (["support"], "Watched by Tierline", "already_exists")
    await sandbox.deliveries.settled()
    assert events(gateway.at(HOOK)) == ["issues.opened"] + ["issues.labeled"] * 2 + [
        "issues.unlabeled",
        "issues.labeled",
        "issues.unlabeled",
    ]


async def test_assigning_drops_unknown_people_without_a_word(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(repository: Repository) -> tuple[Any, ...]:
        issue = repository.create_issue("Refund fails")
        issue.add_to_assignees("ada-dev", "nobody")
        assigned = [account.login for account in repository.get_issue(1).assignees]
        issue.remove_from_assignees("ada-dev")
        return assigned, repository.get_issue(1).assignees, [a.login for a in repository.get_assignees()]

    assert await ask(sandbox, question) == (["ada-dev"], [], ["ada-dev", "tierline-bot"])
    assert events(await gateway.wait_for(HOOK, 3))[1:] == ["issues.assigned", "issues.unassigned"]


async def test_search_lags_behind(sandbox: Sandbox) -> None:
    def question(repository: Repository) -> tuple[int, int]:
        repository.create_issue("Refund fails", "marked <!-- tierline:T-1/3 -->", labels=["bug"])
        with with_token(sandbox) as client:
            query = 'repo:acme/storefront is:issue state:open label:bug in:body "tierline:T-1/3"'
            hits = client.search_issues(query).totalCount
            sandbox.github.search_lag_s = 60
            return hits, client.search_issues(query).totalCount

    assert await ask(sandbox, question) == (1, 0)


async def test_the_hook_and_the_permissions_can_be_checked(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(repository: Repository) -> tuple[Any, ...]:
        [hook] = repository.get_hooks()
        return hook.config["url"], set(hook.events), repository.permissions.push, repository.has_issues

    assert await ask(sandbox, question) == (f"{gateway.url}{HOOK}", {"issues", "issue_comment", "release"}, True, True)


async def test_the_app_gets_a_token_and_acts_as_its_own_bot(sandbox: Sandbox) -> None:
    def question() -> tuple[Any, ...]:
        with GithubIntegration(base_url=f"{sandbox.http_url}/github", auth=app_auth(sandbox.credentials)) as app:
            installation = app.get_repo_installation("acme", "storefront").id
            return app.get_app().slug, [one.id for one in app.get_installations()], installation

    id_ = int(sandbox.credentials.github_installation_id)
    assert await asyncio.to_thread(question) == ("tierline", [id_], id_)
    issue = await ask(sandbox, lambda repository: repository.create_issue("From the App").raw_data, app=True)
    assert (issue["user"]["login"], issue["user"]["type"]) == ("tierline[bot]", "Bot")
    assert issue["performed_via_github_app"]["slug"] == "tierline"
    mine = await ask(sandbox, lambda r: [i.number for i in r.get_issues(creator="tierline[bot]")], app=True)
    assert mine == [1]


async def test_an_installations_token_expires_after_an_hour(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    token = sandbox.github.issue_token()
    headers = {"Authorization": f"Bearer {token.token}"}
    assert (await people.get("/github/installation/repositories", headers=headers)).status_code == 200
    assert (await people.get("/github/user", headers=headers)).status_code == 403
    sandbox.github.clock = lambda: token.expires_at
    assert (await people.get("/github/installation/repositories", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": -10}, "must be a numeric value representing the future time"),
        ({"exp": 3600}, "too far in the future"),
        ({"iat": 600, "exp": 660}, "'Issued at' claim ('iat')"),
        ({"iss": "1"}, "Integration not found"),
    ],
)
async def test_an_apps_web_token_out_of_bounds_is_refused(
    sandbox: Sandbox, people: httpx2.AsyncClient, claims: dict[str, Any], words: str
) -> None:
    now = int(time.time())
    times = {"iat": now - 5 + claims.get("iat", 0), "exp": now + claims.get("exp", 300)}
    whole = {**times, "iss": claims.get("iss", sandbox.credentials.github_app_id)}
    token = jwt.encode(whole, sandbox.credentials.github_private_key.get_secret_value(), "RS256")
    answer = await people.get("/github/app", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert words in answer.json()["message"]


async def test_a_web_token_signed_by_another_key_is_refused(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    claims = {"iat": int(time.time()), "exp": int(time.time()) + 60, "iss": sandbox.credentials.github_app_id}
    for token in (jwt.encode(claims, "x" * 32, "HS256"), sandbox.credentials.github_token.get_secret_value()):
        answer = await people.get("/github/app", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["message"]) == (401, "A JSON web token could not be decoded")


async def test_ada_comments_assigns_herself_and_closes_by_hand(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await ask(sandbox, lambda repository: repository.create_issue("Refund fails").number)
    path = "/people/github/issues/acme/storefront/1"
    await people.post(f"{path}/comment", json={"user": "ada", "text": "On it"})
    await people.post(f"{path}/assign", json={"user": "ada"})
    await people.post(f"{path}/label", json={"user": "ada", "label": "support"})
    closed = await people.post(f"{path}/close", json={"user": "ada"})
    reopened = await people.post(f"{path}/reopen", json={"user": "ada"})
    assert (closed.json()["state"], reopened.json()["state_reason"]) == ("closed", "reopened")
    [board] = (await people.get("/people/github/issues")).json()
    assert (board["assignees"], board["labels"], board["comments"][0]["text"]) == (["ada-dev"], ["support"], "On it")
    delivered = await gateway.wait_for(HOOK, 6)
    assert events(delivered)[1:] == [
        "issue_comment.created",
        "issues.assigned",
        "issues.labeled",
        "issues.closed",
        "issues.reopened",
    ]
    assert {one.content["sender"]["login"] for one in delivered[1:]} == {"ada-dev"}
    assert (await people.post(f"{path}/close", json={"user": "eve"})).status_code == 404


async def test_a_deleted_issue_is_gone_from_the_list_and_answers_410(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    path = "/people/github/issues/acme/storefront"
    await people.post(path, json={"user": "ada", "title": "By hand"})
    await people.post(f"{path}/1/delete", json={"user": "ada"})

    def question(repository: Repository) -> tuple[int, int]:
        with pytest.raises(GithubException) as refusal:
            repository.get_issue(1)
        return refusal.value.status, repository.get_issues(state="all").totalCount

    assert await ask(sandbox, question) == (410, 0)
    assert events(await gateway.wait_for(HOOK, 2)) == ["issues.opened", "issues.deleted"]


async def test_webhooks_have_the_members_of_recorded_ones(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    recorded = shared_dir("contracts", "github", "webhooks")
    path = "/people/github/issues/acme/storefront"
    await people.post(path, json={"user": "ada", "title": "By hand", "labels": ["bug"]})
    await people.post(f"{path}/1/assign", json={"user": "ada"})
    await people.post(f"{path}/1/comment", json={"user": "ada", "text": "Hello"})
    ours = [one.content for one in await gateway.wait_for(HOOK, 4)]
    names = ("issues.opened.17", "issues.labeled.10", "issues.assigned.3", "issue_comment.created.4")
    for content, name in zip(ours, names, strict=True):
        theirs = json.loads((recorded / f"{name}.json").read_text())
        # GitHub adds "installation" where an App receives the event; ours come from the repository's own webhook.
        assert set(theirs) - {"installation"} <= set(content)
        # Members of the recordings' time or of pull requests.
        assert set(theirs["issue"]) - set(content["issue"]) <= {"draft", "pull_request"}
        assert set(theirs["repository"]) - set(content["repository"]) <= {"custom_properties"}
        assert set(theirs["sender"]) <= set(content["sender"])
        assert set(theirs.get("comment", {})) <= set(content.get("comment", {}))
        assert set(theirs.get("label", {})) <= set(content.get("label", {}))


async def test_the_address_for_people_leads_to_the_sandboxs_page(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    url = await ask(sandbox, lambda repository: repository.create_issue("Refund fails").html_url)
    answer = await people.get(url)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#github/acme/storefront/1")


async def test_a_search_is_ordered_and_paged_and_its_items_come_first(
    sandbox: Sandbox, people: httpx2.AsyncClient
) -> None:
    def question(repository: Repository) -> list[list[int]]:
        for number in range(1, 6):
            repository.create_issue("Refund fails" if number == 2 else f"No {number}", "the refund is late")
        repository.get_issue(3).create_comment("me too")
        with with_token(sandbox) as client:
            orders: list[dict[str, Any]] = [
                {},
                {"sort": "created", "order": "asc"},
                {"sort": "comments", "order": "desc"},
            ]
            return [[hit.number for hit in client.search_issues("refund is:issue", **order)] for order in orders]

    best, oldest, most_comments = await ask(sandbox, question)
    assert (best, oldest, most_comments[0]) == ([2, 5, 4, 3, 1], [1, 2, 3, 4, 5], 3)

    token = {"Authorization": f"Bearer {sandbox.credentials.github_token.get_secret_value()}"}
    query = {"q": "refund is:issue", "per_page": "2", "page": "2", "sort": "created"}
    page = await people.get("/github/search/issues", params=query, headers=token)
    assert [hit["number"] for hit in page.json()["items"]] == [3, 2]
    assert (page.json()["total_count"], 'rel="next"' in page.headers["link"]) == (5, True)
    # Octokit takes the first member that is no count for the list.
    assert next(name for name in page.json() if name not in ("total_count", "incomplete_results")) == "items"
    beyond = await people.get("/github/search/issues", params={**query, "per_page": "100", "page": "11"}, headers=token)
    assert (beyond.status_code, beyond.json()["message"]) == (422, "Only the first 1000 search results are available")


@pytest.mark.parametrize(
    ("title", "body", "words"),
    [
        ("x" * 257, "", "title is too long (maximum is 256 characters)"),
        ("x", "🚀" * 65_537, "body is too long (maximum is 65536 characters)"),
    ],
)
async def test_a_text_that_is_too_long_is_refused(sandbox: Sandbox, title: str, body: str, words: str) -> None:
    def question(repository: Repository) -> list[str]:
        issue, refusals = repository.create_issue("x", "y" * 65_536), []
        for attempt in (lambda: repository.create_issue(title, body), lambda: issue.edit(title=title, body=body)):
            with pytest.raises(GithubException) as refused:
                attempt()
            refusals.append(refused.value.data["errors"][0]["message"])
        with pytest.raises(GithubException):
            issue.create_comment("z" * 65_537)
        return refusals

    assert await ask(sandbox, question) == [words, words]


async def test_a_token_can_be_asked_for_less_than_the_installation_has(
    sandbox: Sandbox, people: httpx2.AsyncClient
) -> None:
    installation = int(sandbox.credentials.github_installation_id)
    address = f"/github/app/installations/{installation}/access_tokens"
    as_the_app = {"Authorization": f"Bearer {app_auth(sandbox.credentials).token}"}
    wanted = {"repositories": ["payments"], "permissions": {"issues": "read"}}
    given = (await people.post(address, json=wanted, headers=as_the_app)).json()
    held = {"Authorization": f"Bearer {given['token']}"}

    seen = (await people.get("/github/installation/repositories", headers=held)).json()
    reads = await people.get("/github/repos/acme/payments/issues", headers=held)
    elsewhere = await people.get("/github/repos/acme/storefront/issues", headers=held)
    writes = await people.post("/github/repos/acme/payments/issues", json={"title": "x"}, headers=held)
    too_much = await people.post(address, json={"permissions": {"contents": "write"}}, headers=as_the_app)
    unknown = await people.post(address, json={"repositories": ["nowhere"]}, headers=as_the_app)

    assert given["permissions"] == {"issues": "read", "metadata": "read"}
    assert [one["name"] for one in given["repositories"]] == ["payments"]
    assert [one["name"] for one in seen["repositories"]] == ["payments"]
    assert (reads.status_code, elsewhere.status_code, writes.status_code) == (200, 404, 403)
    assert (too_much.status_code, unknown.status_code) == (422, 422)


async def test_milestones_are_made_listed_closed_and_filled(sandbox: Sandbox) -> None:
    def question(repository: Repository) -> tuple[Any, ...]:
        first = repository.create_milestone("2.1", description="in May", due_on=datetime(2027, 5, 1, tzinfo=UTC))
        second = repository.create_milestone("2.2")
        issue = repository.create_issue("Refund fails", milestone=second)
        with pytest.raises(GithubException) as twice:
            repository.create_milestone("2.1")
        first.edit("2.1", state="closed")
        return (
            [one.title for one in repository.get_milestones()],
            [
                (one.title, one.description, one.closed_at is not None)
                for one in repository.get_milestones(state="closed")
            ],
            issue.milestone.title if issue.milestone else None,
            [one.number for one in repository.get_issues(milestone=second)],
            repository.get_milestone(second.number).open_issues,
            twice.value.status,
        )

    assert await ask(sandbox, question) == (["2.2"], [("2.1", "in May", True)], "2.2", [1], 1, 422)
