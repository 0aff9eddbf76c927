"""Which issues a delivery names, and by what: whatever names an issue is a hint."""

import json
from typing import Any

import pytest

from gateway import github_webhook, jira_webhook
from gateway.payloads import Unreadable
from gateway.tracker_news import NamedIssue, TrackerNews

SITE = "https://acme.example"


def of_jira(event: str, **payload: Any) -> TrackerNews:
    return jira_webhook.news_of(json.dumps({"webhookEvent": event, **payload}).encode())


@pytest.mark.parametrize(
    ("event", "payload", "named"),
    [
        ("comment_deleted", {"comment": {"self": f"{SITE}/rest/api/2/issue/10013/comment/10084"}}, ("10013", None)),
        ("comment_created", {"comment": {"self": f"{SITE}/jira/rest/api/3/issue/PAY-7/comment/1"}}, (None, "PAY-7")),
        ("comment_created", {"issue": {"key": "PAY-7"}, "comment": {"id": "1"}}, (None, "PAY-7")),
        ("comment_updated", {"issue": {"self": f"{SITE}/rest/api/2/issue/10013", "key": "PAY-7"}}, ("10013", "PAY-7")),
        ("jira:issue_updated", {"issue": {"id": 10013, "key": "PAY-7"}}, ("10013", "PAY-7")),
        ("jira:issue_updated", {"issue": {"self": f"{SITE}/browse/PAY-7?focused=1"}}, (None, "PAY-7")),
        ("worklog_created", {"worklog": {"issueId": "10013"}}, ("10013", None)),
        ("worklog_created", {"worklog": {"self": f"{SITE}/rest/api/2/issue/10013/worklog/1"}}, ("10013", None)),
    ],
)
def test_jira_names_an_issue_by_id_key_or_address(
    event: str, payload: dict[str, Any], named: tuple[str | None, str | None]
) -> None:
    assert of_jira(event, **payload).issues == (NamedIssue(*named),)


def test_a_link_of_jiras_is_news_of_both_its_ends() -> None:
    news = of_jira("issuelink_created", issueLink={"id": 1, "sourceIssueId": 10013, "destinationIssueId": 10014})

    assert news.issues == (NamedIssue("10013"), NamedIssue("10014"))


@pytest.mark.parametrize(
    "payload",
    [
        {"comment": {"self": f"{SITE}/rest/api/2/comment/10084"}},
        {"comment": {"self": f"{SITE}/rest/api/2/issue/../user/1"}},
        {"issue": {"self": 7, "id": None, "key": "'; DROP"}},
        {"comment": {"id": "10084"}},
    ],
)
def test_a_delivery_about_a_comment_that_names_no_issue_is_kept_aside(payload: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        of_jira("comment_created", **payload)


def an_issue(node_id: str, key: str) -> dict[str, Any]:
    repository, number = key.split("#")
    address = f"https://api.github.com/repos/{repository}"
    return {"node_id": node_id, "number": int(number), "repository_url": address, "updated_at": "2026-11-20T12:00:00Z"}


def of_github(action: str, **payload: Any) -> TrackerNews:
    body = json.dumps({"action": action, **payload}).encode()
    return github_webhook.news_of(body, {"x-github-event": "issues"})


def test_a_transfer_is_told_from_both_sides_and_each_names_the_new_id() -> None:
    old, new = an_issue("I_old", "acme/storefront#1"), an_issue("I_new", "acme/payments#3")

    left = of_github("transferred", issue=old, changes={"new_issue": new})
    came = of_github("opened", issue=new, changes={"old_issue": old})

    assert left == TrackerNews(issues=(NamedIssue("I_old", "acme/storefront#1"),), alias="I_new")
    assert came.issues == (NamedIssue("I_new", "acme/payments#3"), NamedIssue("I_old", "acme/storefront#1"))
    assert came.alias == "I_new"


def test_what_is_no_transfer_names_no_new_id() -> None:
    issue = an_issue("I_1", "acme/storefront#1")

    assert of_github("edited", issue=issue, changes={"title": {"from": "x"}}).alias is None
    assert of_github("opened", issue=issue, changes={"old_issue": issue}).issues == (
        NamedIssue("I_1", "acme/storefront#1"),
    )
