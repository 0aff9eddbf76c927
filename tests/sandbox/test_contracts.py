"""The check against the vendors' descriptions is itself checked: it must refuse what was tampered with, and know our paths."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from sandbox.jira import adf
from sandbox.jira.changes import add_version, move_issue, release_version
from sandbox.jira.state import ADA, PLATFORM, PROJECT, CustomField
from sandbox.server import Sandbox
from tests.contracts import (
    ContractViolation,
    Exchange,
    NotCovered,
    validate_request,
    validate_response,
    violations,
)
from tests.shared import shared_dir

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def descriptions() -> None:
    """Without the descriptions there is nothing to check."""
    shared_dir("contracts")


@pytest.fixture
async def clients(sandbox: Sandbox, people: httpx2.AsyncClient) -> dict[str, httpx2.AsyncClient]:
    """One signed-in HTTP client for each vendor."""
    secrets = sandbox.credentials
    jira = httpx2.BasicAuth(secrets.jira_email, secrets.jira_api_token.get_secret_value())
    github = {"Authorization": f"Bearer {secrets.github_token.get_secret_value()}"}
    pagerduty = {
        "Authorization": f"Token token={secrets.pagerduty_api_key.get_secret_value()}",
        "From": "tierline@acme.example",
    }
    url = sandbox.http_url
    return {
        "jira": httpx2.AsyncClient(base_url=f"{url}/jira/rest/api/3", auth=jira, trust_env=False),
        "github": httpx2.AsyncClient(base_url=f"{url}/github", headers=github, trust_env=False),
        "pagerduty": httpx2.AsyncClient(base_url=f"{url}/pagerduty", headers=pagerduty, trust_env=False),
        "pagerduty-events": httpx2.AsyncClient(base_url=f"{url}/pagerduty-events", trust_env=False),
    }


CREATE: dict[str, tuple[str, Json]] = {
    "jira": (
        "/issue",
        {"fields": {"project": {"key": "PAY"}, "issuetype": {"name": "Bug"}, "summary": "Refund fails"}},
    ),
    "github": ("/repos/acme/storefront/issues", {"title": "Refund fails", "labels": ["bug"]}),
    "pagerduty": (
        "/incidents",
        {
            "incident": {
                "type": "incident",
                "title": "Refund fails",
                "service": {"id": "PSVCPAY", "type": "service_reference"},
            }
        },
    ),
    "pagerduty-events": (
        "/v2/enqueue",
        {
            "routing_key": "",
            "event_action": "trigger",
            "payload": {"summary": "Refund fails", "source": "tierline", "severity": "critical"},
        },
    ),
}


async def create(sandbox: Sandbox, clients: dict[str, httpx2.AsyncClient], vendor: str) -> httpx2.Response:
    path, body = CREATE[vendor]
    if vendor == "pagerduty-events":
        body = {**body, "routing_key": sandbox.credentials.pagerduty_routing_key.get_secret_value()}
    answer = await clients[vendor].post(path, json=body)
    assert answer.is_success, answer.text
    return answer


def tampered(body: bytes, change: Callable[[Json], None]) -> bytes:
    content = json.loads(body)
    change(content)
    return json.dumps(content).encode()


def _wrong_id(content: Json) -> None:
    content["id"] = 10100


def _no_title(content: Json) -> None:
    del content["title"]


def _wrong_status(content: Json) -> None:
    content["incident"]["status"] = "asleep"


def _no_status(content: Json) -> None:
    del content["status"]


@pytest.mark.parametrize(
    ("vendor", "change"),
    [
        ("jira", _wrong_id),
        ("github", _no_title),
        ("pagerduty", _wrong_status),
        ("pagerduty-events", _no_status),
    ],
)
async def test_an_answer_that_was_tampered_with_is_refused(
    sandbox: Sandbox,
    clients: dict[str, httpx2.AsyncClient],
    exchanges: list[Exchange],
    vendor: str,
    change: Callable[[Json], None],
) -> None:
    await create(sandbox, clients, vendor)
    [exchange] = exchanges
    validate_request(exchange)
    validate_response(exchange)
    wrong = replace(exchange, response_body=tampered(exchange.response_body, change))
    with pytest.raises(ContractViolation):
        validate_response(wrong)
    assert len(violations([exchange, wrong])) == 1


def _list_of_fields(content: Json) -> None:
    content["fields"] = ["summary"]


def _words_for_action(content: Json) -> None:
    content["event_action"] = "shout"


def _no_service(content: Json) -> None:
    del content["incident"]["service"]


@pytest.mark.parametrize(
    ("vendor", "change"),
    [
        ("jira", _list_of_fields),
        ("github", _no_title),
        ("pagerduty", _no_service),
        ("pagerduty-events", _words_for_action),
    ],
)
async def test_a_request_that_was_tampered_with_is_refused(
    sandbox: Sandbox,
    clients: dict[str, httpx2.AsyncClient],
    exchanges: list[Exchange],
    vendor: str,
    change: Callable[[Json], None],
) -> None:
    await create(sandbox, clients, vendor)
    [exchange] = exchanges
    with pytest.raises(ContractViolation):
        validate_request(replace(exchange, request_body=tampered(exchange.request_body, change)))


async def test_a_status_that_the_vendor_never_answers_is_refused(
    sandbox: Sandbox, clients: dict[str, httpx2.AsyncClient], exchanges: list[Exchange]
) -> None:
    await create(sandbox, clients, "jira")
    with pytest.raises(ContractViolation):
        validate_response(replace(exchanges[0], status=418))


async def test_a_request_without_the_senders_address_is_refused(
    sandbox: Sandbox, clients: dict[str, httpx2.AsyncClient], exchanges: list[Exchange]
) -> None:
    await create(sandbox, clients, "pagerduty")
    headers = {name: value for name, value in exchanges[0].request_headers.items() if name != "from"}
    with pytest.raises(ContractViolation):
        validate_request(replace(exchanges[0], request_headers=headers))


async def test_a_path_that_no_description_knows_is_said_to_be_so(
    sandbox: Sandbox, people: httpx2.AsyncClient, exchanges: list[Exchange]
) -> None:
    await people.get("/people/jira/issues")
    await people.get("/jira/rest/api/3/dashboard")
    for exchange in exchanges:
        with pytest.raises(NotCovered):
            validate_response(exchange)
    assert violations(exchanges) == []


@pytest.mark.parametrize(
    ("vendor", "paths"),
    [
        (
            "jira",
            [
                "/serverInfo",
                "/myself",
                "/project/search",
                "/project/PAY",
                "/project/PAY/statuses",
                "/priority",
                "/status",
                "/field",
                "/user?accountId=5b10a2844c20165700ede21a",
                "/issue/createmeta/PAY/issuetypes",
                "/issue/createmeta/PAY/issuetypes/10004",
                "/issue/PAY-1?expand=changelog&properties=*all",
                "/issue/PAY-1/transitions",
                "/issue/PAY-1/comment?expand=properties",
                "/issue/PAY-1/remotelink",
                "/issue/PAY-1/properties",
                "/issue/PAY-1/changelog",
                "/issue/PAY-1/transitions?expand=transitions.fields",
                "/issueLinkType",
                "/project/HELP",
                "/attachment/10106",
                "/attachment/content/10106",
                "/search/jql?jql=project%3DPAY&fields=*all",
                "/issue/PAY-404",
                "/search/jql?jql=nonsense",
            ],
        ),
        (
            "github",
            [
                "/user",
                "/users/ada-dev",
                "/rate_limit",
                "/repos/acme/storefront",
                "/repos/acme/storefront/issues?state=all",
                "/repos/acme/storefront/issues/1",
                "/repos/acme/storefront/issues/1/comments",
                "/repos/acme/storefront/issues/1/labels",
                "/repos/acme/storefront/issues/comments",
                "/repos/acme/storefront/labels",
                "/repos/acme/storefront/labels/bug",
                "/repos/acme/storefront/assignees",
                "/repos/acme/storefront/hooks",
                "/search/issues?q=refund",
                "/repos/acme/storefront/issues/404",
            ],
        ),
        (
            "pagerduty",
            [
                "/incidents?statuses[]=triggered&incident_key=none",
                "/incidents",
                "/services",
                "/services/PSVCPAY",
                "/escalation_policies",
                "/escalation_policies/PEPENG",
                "/oncalls",
                "/oncalls?since=2026-03-02T00:00:00Z&until=2026-03-16T00:00:00Z&earliest=true",
                "/escalation_policies/PEPSUP",
                "/users",
                "/users/me",
                "/users/PUSRADA",
                "/priorities",
                "/webhook_subscriptions",
                "/webhook_subscriptions/PWEBHK1",
                "/abilities",
                "/incidents/PNONE",
            ],
        ),
    ],
)
async def test_what_can_be_read_keeps_to_the_description(
    sandbox: Sandbox,
    clients: dict[str, httpx2.AsyncClient],
    exchanges: list[Exchange],
    vendor: str,
    paths: list[str],
) -> None:
    await create(sandbox, clients, vendor)
    if vendor == "jira":
        comment = {"body": adf.document("Hello"), "properties": [{"key": "tierline", "value": 1}]}
        await clients["jira"].post("/issue/PAY-1/comment", json=comment)
        await clients["jira"].post("/issue/PAY-1/transitions", json={"transition": {"id": "31"}})
        await create(sandbox, clients, vendor)
        ends = {"inwardIssue": {"key": "PAY-2"}, "outwardIssue": {"key": "PAY-1"}}
        await clients["jira"].post("/issueLink", json={"type": {"name": "Duplicate"}, **ends})
        version = add_version(sandbox.jira, PROJECT, "2.1")
        release_version(sandbox.jira, version)
        sandbox.jira.custom_fields["PAY"] = [CustomField("customfield_10050", "Severity", options=("Minor", "Major"))]
        sandbox.jira.asked_by_transitions["31"] = ("resolution",)
        named = {"fixVersions": [{"id": version.id}], "customfield_10050": {"value": "Major"}}
        await clients["jira"].put("/issue/PAY-1", json={"fields": named})
        issue = sandbox.jira.issue("PAY-1")
        assert issue is not None
        assert issue.fix_versions == [version]
        move_issue(sandbox.jira, ADA, issue, PLATFORM)
        files = {"file": ("log.txt", b"words", "text/plain")}
        no_check = {"X-Atlassian-Token": "no-check"}
        put = await clients["jira"].post("/issue/PAY-1/attachments", files=files, headers=no_check)
        paths = [path.replace("10106", put.json()[0]["id"]) for path in paths]
    for path in paths:
        await clients[vendor].get(path)
    for exchange in exchanges:
        validate_response(exchange)
        validate_request(exchange)
    assert len(exchanges) >= len(paths) + 1
