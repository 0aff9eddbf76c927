"""Whatever a vendor does wrong, each client asks once and says in one clear sentence what kind of failure it is."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import SecretStr
from slack_sdk import WebClient

from domain.chat import ChannelRef, MessageRef
from domain.issues import IssueFieldChanges, IssueRef, Tracker
from domain.paging import Urgency
from integrations.base_url import checked_base_url
from integrations.chat_room import ChatRoom
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.github.tracker import GitHubTracker
from integrations.http_status import waiting_time
from integrations.issue_tracker import IssueTracker
from integrations.jira.account import ApiTokenAccount
from integrations.jira.tracker import JiraTracker
from integrations.pager import Pager
from integrations.pagerduty.pager import PagerDutyPager
from integrations.slack.room import SlackRoom
from tests.integrations.subjects import CARD, DIGEST, NOON, issue_draft, page_draft
from tests.integrations.vendor_at_fault import SECRET_IN_BODY, Misbehaviour, VendorAtFault

TOKEN = "xoxb-very-secret-token-of-the-test"


def slack(url: str) -> ChatRoom:
    return SlackRoom(SecretStr(TOKEN), f"{url}/slack/api/")


def jira(url: str) -> IssueTracker:
    return JiraTracker(f"{url}/jira", ApiTokenAccount("bot@acme.example", SecretStr(TOKEN)))


def github(url: str) -> IssueTracker:
    return GitHubTracker(f"{url}/github", token=SecretStr(TOKEN))


def pagerduty(url: str) -> Pager:
    return PagerDutyPager(SecretStr(TOKEN), "bot@acme.example", f"{url}/pagerduty")


CHANNEL = ChannelRef(id="C0SEV1", name="sev1-t-1")
MESSAGE = MessageRef(channel="C0SUPL1", ts="1700000000.000100")
JIRA_ISSUE = IssueRef(tracker=Tracker.JIRA, id="10042", key="PAY-12", url="https://x.example/browse/PAY-12")
GITHUB_ISSUE = IssueRef(tracker=Tracker.GITHUB, id="I_1", key="acme/storefront#7", url="https://x.example/7")

CALLS: dict[str, Callable[[str], Any]] = {
    "slack post": lambda url: slack(url).post_card("C0SUPL1", CARD, key="k", recheck=False),
    "slack post again": lambda url: slack(url).post_card("C0SUPL1", CARD, key="k", recheck=True),
    "slack update": lambda url: slack(url).update_card(MESSAGE, CARD),
    "slack channel": lambda url: slack(url).open_severity_channel(
        "sev1-t-1", CARD, private=False, invite=("S0LEADS",), key="k", recheck=True
    ),
    "slack channel's line": lambda url: slack(url).tell_severity_channel(CHANNEL, "words", key="k", recheck=False),
    "slack channel's end": lambda url: slack(url).close_severity_channel(
        CHANNEL, "words", card=None, key="k", recheck=False
    ),
    "slack notice to a person": lambda url: slack(url).post_notice(
        "U0ADA", "words", mention=None, card=None, key="k", recheck=True
    ),
    "slack digest": lambda url: slack(url).post_digest("C0LEADS", DIGEST, key="k", recheck=False),
    "slack line again": lambda url: slack(url).post_line(MESSAGE, "words", key="k", recheck=True),
    "slack user": lambda url: slack(url).user("U0ADA"),
    "jira open": lambda url: jira(url).open_issue(issue_draft(Tracker.JIRA), recheck=False),
    "jira open again": lambda url: jira(url).open_issue(issue_draft(Tracker.JIRA), recheck=True),
    "jira fetch": lambda url: jira(url).fetch(JIRA_ISSUE, comments_since=None),
    "jira find": lambda url: jira(url).find("PAY-12"),
    "jira comment": lambda url: jira(url).comment(JIRA_ISSUE, "words", key="k", recheck=False),
    "jira comment again": lambda url: jira(url).comment(JIRA_ISSUE, "words", key="k", recheck=True),
    "jira link": lambda url: jira(url).link_back(JIRA_ISSUE, global_id="g", url="https://x.example", title="t"),
    "github open": lambda url: github(url).open_issue(issue_draft(Tracker.GITHUB), recheck=False),
    "github open again": lambda url: github(url).open_issue(issue_draft(Tracker.GITHUB), recheck=True),
    "github fetch": lambda url: github(url).fetch(GITHUB_ISSUE, comments_since=None),
    "github comment": lambda url: github(url).comment(GITHUB_ISSUE, "words", key="k", recheck=False),
    "github summary": lambda url: github(url).show_summary(
        GITHUB_ISSUE, "words", comment_id=None, key="k", recheck=False
    ),
    "github labels": lambda url: github(url).change(GITHUB_ISSUE, IssueFieldChanges(add_labels=("x",))),
    "github state": lambda url: github(url).change(GITHUB_ISSUE, IssueFieldChanges(status="closed")),
    "github alike": lambda url: github(url).similar("acme/storefront", "Checkout fails", [], closed_since=NOON),
    "github changes": lambda url: github(url).changed_since(["acme/storefront"], NOON, {}),
    "pagerduty page": lambda url: pagerduty(url).raise_page(page_draft(priority=None)),
    "pagerduty fetch": lambda url: pagerduty(url).fetch("PINC1"),
    "pagerduty resolve": lambda url: pagerduty(url).resolve(page_key="k", page_id="PINC1"),
    "pagerduty update": lambda url: pagerduty(url).update("PINC1", priority=None, urgency=Urgency.HIGH),
    "pagerduty note": lambda url: pagerduty(url).note("PINC1", "words", key="k", recheck=False),
    "pagerduty note again": lambda url: pagerduty(url).note("PINC1", "words", key="k", recheck=True),
    "pagerduty on call": lambda url: pagerduty(url).on_call("PEPENG"),
    "pagerduty gaps": lambda url: pagerduty(url).gaps(["PEPENG"], NOON, NOON + timedelta(days=1)),
    "pagerduty changes": lambda url: pagerduty(url).changed_since(NOON, ["PSVCPAY"]),
    "pagerduty policy": lambda url: pagerduty(url).policy_of("PSVCPAY"),
    "pagerduty webhooks": lambda url: pagerduty(url).subscriptions(),
    "pagerduty enable": lambda url: pagerduty(url).enable("PWEBHK1"),
}

MOVED_WITH_THE_ISSUE = frozenset({"github comment", "github summary", "github labels", "github state"})
"""What GitHub answers 404 where the issue was transferred: the issue itself is read, since it may be elsewhere."""

FAULTS: dict[str, tuple[Misbehaviour, type[IntegrationError]]] = {
    "drop": (Misbehaviour(None), PassingFailure),
    "500": (Misbehaviour(500), PassingFailure),
    "502 from a proxy": (Misbehaviour(502, body=f"<html>{SECRET_IN_BODY}</html>"), PassingFailure),
    "503": (Misbehaviour(503, {"Retry-After": "1"}), PassingFailure),
    "200 from a proxy": (Misbehaviour(200, body=f"<html>{SECRET_IN_BODY}</html>"), PassingFailure),
    "429": (Misbehaviour(429, {"Retry-After": "7", "ratelimit-reset": "7"}), RateLimited),
    "401": (Misbehaviour(401), PermanentFailure),
    "404": (Misbehaviour(404), PermanentFailure),
}


@pytest.fixture
def vendor() -> Iterator[VendorAtFault]:
    with VendorAtFault().serving() as server:
        yield server


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_one_request_and_the_right_class_of_failure(vendor: VendorAtFault, call: str, fault: str) -> None:
    vendor.misbehaviour, expected = FAULTS[fault]

    with pytest.raises(IntegrationError) as caught:
        CALLS[call](vendor.url)

    failure = caught.value
    assert isinstance(failure, expected)
    looks_where_it_is = fault == "404" and call in MOVED_WITH_THE_ISSUE
    assert len(vendor.requests) == (2 if looks_where_it_is else 1), vendor.requests
    if looks_where_it_is:
        assert vendor.requests[-1].startswith("GET ")
    if isinstance(failure, RateLimited):
        assert failure.retry_after == timedelta(seconds=7)
    if isinstance(failure, PermanentFailure):
        assert failure.status == vendor.misbehaviour.status
    said = str(failure)
    assert said.startswith(f"{call.split()[0]}: ")
    assert SECRET_IN_BODY not in said
    assert TOKEN[-4:] not in said
    assert "\n" not in said
    assert len(said) < 200


def test_the_count_sees_the_repetitions_of_a_client_left_as_it_comes(vendor: VendorAtFault) -> None:
    vendor.misbehaviour = Misbehaviour(None)

    with pytest.raises(OSError, match="closed connection"):
        WebClient(token=TOKEN, base_url=f"{vendor.url}/slack/api/").auth_test()

    assert len(vendor.requests) == 2


def test_a_priority_that_cannot_be_looked_up_does_not_stop_the_page(vendor: VendorAtFault) -> None:
    vendor.misbehaviour = Misbehaviour(404)

    with pytest.raises(PermanentFailure):
        pagerduty(vendor.url).raise_page(page_draft())

    assert vendor.requests == ["GET /pagerduty/priorities", "POST /pagerduty/incidents"]


def test_a_page_that_an_event_raised_is_known_by_its_alert(vendor: VendorAtFault) -> None:
    incident = {"id": "PINC1", "status": "triggered", "incident_key": None, "title": "[P1] T-1042: Checkout fails"}
    foreign = incident | {"id": "PINC2", "title": "Disk is full"}
    alerts = {"alerts": [{"alert_key": "disk-7"}, {"alert_key": "tierline/T-1042/page/1"}]}
    for path, body in {
        "/pagerduty/incidents/PINC1": {"incident": incident},
        "/pagerduty/incidents/PINC1/alerts": alerts,
        "/pagerduty/incidents/PINC2": {"incident": foreign},
    }.items():
        vendor.answers[path] = Misbehaviour(200, body=json.dumps(body))

    found = [pagerduty(vendor.url).fetch(page).ref.key for page in ("PINC1", "PINC2")]

    assert found == ["tierline/T-1042/page/1", "PINC2"]
    # Other people's incidents cost no second request.
    assert len(vendor.requests) == 3


def test_building_a_client_calls_nobody(vendor: VendorAtFault) -> None:
    for build in (slack, jira, github, pagerduty):
        build(vendor.url)

    assert vendor.requests == []


def test_nobody_listening_is_a_passing_failure(free_port: int) -> None:
    for name, call in CALLS.items():
        with pytest.raises(PassingFailure, match=name.split()[0]):
            call(f"http://127.0.0.1:{free_port}")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "12"}, 12),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}, 91),
        ({}, None),
    ],
)
def test_githubs_limits_come_as_403(vendor: VendorAtFault, headers: dict[str, str], wait: int | None) -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 90)
    told = {name: value.replace("RESET", reset) for name, value in headers.items()}
    vendor.misbehaviour = Misbehaviour(403, told)

    with pytest.raises(IntegrationError) as caught:
        github(vendor.url).find("acme/storefront#7")

    if wait is None:
        assert isinstance(caught.value, PermanentFailure)
    else:
        assert isinstance(caught.value, RateLimited)
        assert abs(caught.value.retry_after - timedelta(seconds=wait)) <= timedelta(seconds=2)


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (
            403,
            {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://x.example/login.jsp"},
            "CAPTCHA",
        ),
        (404, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, "TIERLINE_JIRA__API_TOKEN"),
        (403, {"x-seraph-loginreason": "AUTHENTICATION_DENIED"}, "TIERLINE_JIRA__API_TOKEN"),
    ],
)
def test_an_account_that_jira_takes_for_a_stranger_loses_no_issue(
    vendor: VendorAtFault, status: int, headers: dict[str, str], words: str
) -> None:
    vendor.misbehaviour = Misbehaviour(status, headers)

    with pytest.raises(PermanentFailure, match=words) as caught:
        jira(vendor.url).fetch(JIRA_ISSUE, comments_since=None)

    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("headers", "message", "status"),
    [
        ({"X-GitHub-SSO": "required; url=https://x.example/sso"}, "Resource protected", 401),
        ({}, "Sorry. Your account was suspended.", 401),
        (
            {},
            "Although you appear to have the correct authorization, the organization has an IP allow list enabled",
            401,
        ),
        ({}, "Resource not accessible by personal access token", 403),
    ],
)
def test_what_closes_a_whole_organisation_loses_no_issue(
    vendor: VendorAtFault, headers: dict[str, str], message: str, status: int
) -> None:
    vendor.misbehaviour = Misbehaviour(403, headers, json.dumps({"message": message}))

    with pytest.raises(PermanentFailure) as caught:
        github(vendor.url).find("acme/storefront#7")

    assert caught.value.status == status


def test_slacks_own_words_for_a_message_that_is_gone(vendor: VendorAtFault) -> None:
    vendor.misbehaviour = Misbehaviour(200, body='{"ok": false, "error": "message_not_found"}')

    with pytest.raises(PermanentFailure, match="the message is gone") as caught:
        slack(vendor.url).update_card(MESSAGE, CARD)

    assert caught.value.code == "message_not_found"


def test_slack_names_the_missing_scope(vendor: VendorAtFault) -> None:
    vendor.misbehaviour = Misbehaviour(200, body='{"ok": false, "error": "missing_scope", "needed": "users:read"}')

    with pytest.raises(PermanentFailure, match="lacks the scope users:read"):
        slack(vendor.url).user("U0ADA")


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable"])
def test_slacks_inner_errors_pass(vendor: VendorAtFault, code: str) -> None:
    vendor.misbehaviour = Misbehaviour(200, body=f'{{"ok": false, "error": "{code}"}}')

    with pytest.raises(PassingFailure):
        slack(vendor.url).post_card("C0SUPL1", CARD, key="k", recheck=False)


def test_what_jira_hides_from_a_stranger_is_not_taken_for_gone(vendor: VendorAtFault) -> None:
    """A feed that leaves its projects out would pass over what changed in them."""
    vendor.misbehaviour = Misbehaviour(404, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})

    with pytest.raises(PermanentFailure) as caught:
        jira(vendor.url).changed_since(["PAY"], NOON, {})

    assert caught.value.status == 401


def test_jira_names_the_refused_fields_and_not_what_was_in_them(vendor: VendorAtFault) -> None:
    body = f'{{"errorMessages": [], "errors": {{"priority": "{SECRET_IN_BODY}", "customfield_10010": "is required"}}}}'
    vendor.misbehaviour = Misbehaviour(400, body=body)

    with pytest.raises(PermanentFailure, match="customfield_10010, priority") as caught:
        jira(vendor.url).open_issue(issue_draft(Tracker.JIRA), recheck=False)

    assert SECRET_IN_BODY not in str(caught.value)


@pytest.mark.parametrize("reference", ["../../3/myself", "PAY 12", "https://x.example/secure/Dashboard.jspa", ""])
def test_what_is_no_issue_is_refused_without_a_call(vendor: VendorAtFault, reference: str) -> None:
    for tracker in (jira(vendor.url), github(vendor.url)):
        with pytest.raises(PermanentFailure, match="name an issue"):
            tracker.find(reference)

    assert vendor.requests == []


@pytest.mark.parametrize("url", ["http://jira.acme.example", "ftp://127.0.0.1", "acme.atlassian.net", ""])
def test_secrets_do_not_travel_in_the_clear(url: str) -> None:
    with pytest.raises(PermanentFailure, match="https"):
        checked_base_url("jira", url)


@pytest.mark.parametrize(
    "url", ["https://acme.atlassian.net/", "http://127.0.0.1:80", "http://localhost", "http://[::1]:9"]
)
def test_addresses_that_may_be_called(url: str) -> None:
    assert checked_base_url("jira", url) == url.rstrip("/")


def test_the_time_to_wait_is_read_in_each_of_its_forms() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True)

    assert waiting_time({"retry-after": "3"}) == timedelta(seconds=3)
    assert waiting_time({"Retry-After": "2.5"}) == timedelta(seconds=2.5)
    assert timedelta(seconds=55) < waiting_time({"Retry-After": in_a_minute}) <= timedelta(minutes=1)
    assert waiting_time({"Retry-After": "soon"}) == timedelta(seconds=30)
    assert waiting_time({}) == timedelta(seconds=30)
    assert waiting_time({"Retry-After": "-5"}) == timedelta(seconds=1)
    assert waiting_time({"Retry-After": "999999"}) == timedelta(hours=1)
