"""What our clients send is what the vendors' own descriptions allow; the fixture ``world`` holds every request against them.

Here it is shown that this is no empty promise.
"""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest

from domain.issues import IssueFieldChanges, Tracker
from domain.page_rules import PageTarget
from domain.paging import Urgency
from integrations.issue_tracker import AttachedFile, RouteNeeds
from integrations.pager import PagerNeeds
from tests.contracts import ContractViolation, Exchange, NotCovered, validate_request
from tests.integrations.conftest import World
from tests.integrations.subjects import NOON, issue_draft, page_draft
from tests.shared import shared_dir


async def jira_of_engineering(world: World) -> None:
    """All else that Jira is asked, in each of its kinds."""
    now = datetime.now(UTC)
    for number, jira in enumerate((world.jira, world.jira_v2, world.jira_data_center)):
        draft = issue_draft(Tracker.JIRA, f"T-{number}/2/issue")
        draft = draft.model_copy(update={"components": ("Checkout",), "watchers": ("ada",)})
        ref = await world.do(jira.open_issue, draft, recheck=False)
        await world.do(jira.find, ref.key)
        await world.do(jira.similar, "PAY", draft.title, ("Checkout",), closed_since=now)
        shown = await world.do(jira.show_summary, ref, "one", comment_id=None, key="summary/1", recheck=False)
        await world.do(jira.show_summary, ref, "two", comment_id=shown, key="summary/1", recheck=False)
        await world.do(jira.change, ref, IssueFieldChanges(priority="High", add_labels=("high",), status="Done"))
        file = AttachedFile(name="log.txt", content_type="text/plain", content=b"words")
        await world.do(jira.attach, ref, file, key="T-1/1", recheck=True)
        (put,) = (await world.do(jira.fetch, ref, comments_since=now)).attachments
        await world.do(jira.download, put, most_bytes=5)
        await world.do(jira.changed_since, ["PAY"], now, {})
        await world.do(
            jira.check, ["PAY"], [RouteNeeds(project="PAY", assignee="ada", watchers=("ada",), statuses=("Done",))]
        )


async def exchanges_of_a_short_life(world: World) -> list[Exchange]:
    """Each client does what it does for a ticket."""
    for tracker, draft in (
        (world.jira, issue_draft(Tracker.JIRA)),
        (world.github, issue_draft(Tracker.GITHUB)),
        (world.github_app, issue_draft(Tracker.GITHUB, "T-2/1/issue")),
    ):
        ref = await world.do(tracker.open_issue, draft, recheck=True)
        await world.do(tracker.comment, ref, "words", key="T-1/1", recheck=True)
        await world.do(tracker.link_back, ref, global_id="g", url="https://x.example/1", title="T-1")
        await world.do(tracker.fetch, ref, comments_since=None)
        await world.do(tracker.check, [draft.project])
    await jira_of_engineering(world)
    page = await world.do(world.pagerduty.raise_page, page_draft())
    world.break_down("pagerduty", "status", status=500, times=1)
    await world.do(world.pagerduty.raise_page, page_draft("T-2/1/page"))
    assert page.id is not None
    await world.do(world.pagerduty.note, page.id, "words", key="T-1/1", recheck=True)
    await world.do(world.pagerduty.update, page.id, priority="P2", urgency=Urgency.LOW)
    await world.do(world.pagerduty.changed_since, NOON, ["PSVCPAY"])
    await world.do(world.pagerduty.on_call, None, service="PSVCPAY")
    await world.do(world.pagerduty.gaps, ["PEPENG"], NOON, NOON + timedelta(days=1))
    (webhooks,) = await world.do(world.pagerduty.subscriptions)
    await world.do(world.pagerduty.enable, webhooks.id)
    await world.do(world.pagerduty.resolve, page_key=page.key, page_id=page.id)
    await world.do(world.pagerduty.resolve, page_key="T-2/1/page", page_id=None)
    needs = PagerNeeds(targets=(PageTarget(service="PSVCPAY"),), priorities=("P1",), webhook_url=webhooks.url)
    await world.do(world.pagerduty.check, needs)
    return world.exchanges


def altered(exchange: Exchange, **changes: object) -> Exchange:
    body = json.loads(exchange.request_body)
    holder = next((body[name] for name in ("incident", "payload") if name in body), body)
    holder.update(changes)
    return dataclasses.replace(exchange, request_body=json.dumps(body).encode())


def queried(exchange: Exchange, right: str, wrong: str) -> Exchange:
    validate_request(exchange)
    assert right in exchange.query
    return dataclasses.replace(exchange, query=exchange.query.replace(right, wrong))


async def test_a_request_that_breaks_a_contract_is_caught(world: World) -> None:
    shared_dir("contracts")
    sent = await exchanges_of_a_short_life(world)

    def first(method: str, path: str) -> Exchange:
        found = next(one for one in sent if one.method == method and one.path.endswith(path))
        validate_request(found)
        return found

    raised = next(one for one in sent if one.method == "PUT" and one.path.startswith("/pagerduty/"))
    for broken in (
        altered(first("POST", "/jira/rest/api/3/issue"), fields="no object"),
        altered(first("POST", "/comment"), properties={"tierline": "no list"}),
        altered(first("POST", "/jira/rest/api/3/search/jql"), maxresults=5),
        altered(first("POST", "/transitions"), transition="31"),
        altered(first("POST", "/jira/rest/api/2/issue"), fields="no object"),
        altered(first("POST", "/jira-dc/rest/api/2/issue"), update="no object"),
        dataclasses.replace(
            first("POST", "/attachments"),
            request_body=first("POST", "/attachments").request_body.replace(b'name="file"', b'name="other"'),
        ),
        altered(first("POST", "/repos/acme/storefront/issues"), title={"no": "text"}),
        altered(first("POST", "/comments"), body=7),
        altered(first("POST", "/pagerduty/incidents"), urgency="panic"),
        altered(first("POST", "/pagerduty/incidents"), conference_bridge="none"),
        altered(raised, urgency="panic"),
        altered(raised, priority={"id": "PPRIOR1"}),
        queried(next(one for one in sent if "since=" in one.query), "since=", "since=yesterday"),
        queried(first("GET", "/pagerduty/incidents"), "=triggered", "=open"),
        dataclasses.replace(first("POST", "/notes"), request_body=b'{"note": {}}'),
        altered(first("POST", "/pagerduty-events/v2/enqueue"), severity="panic"),
        dataclasses.replace(first("POST", "/pagerduty/incidents"), request_headers={}),
    ):
        with pytest.raises(ContractViolation):
            validate_request(broken)
    with pytest.raises(NotCovered):
        validate_request(dataclasses.replace(first("POST", "/pagerduty/incidents"), path="/pagerduty/incident"))


async def test_every_vendors_path_is_covered(world: World) -> None:
    sent = await exchanges_of_a_short_life(world)

    for vendor, least in (
        ("/jira/rest/api/3", 25),
        ("/jira/rest/api/2", 25),
        ("/jira-dc/", 25),
        ("/github/", 8),
        ("/pagerduty/", 16),
        ("/pagerduty-events/", 2),
    ):
        assert len([one for one in sent if one.path.startswith(vendor)]) >= least
