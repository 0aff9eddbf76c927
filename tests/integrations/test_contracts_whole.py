"""Every call of a client, and every request that it makes of it, is held against the vendor's description, and so is every answer.

A method that is added to a client without a line here fails the test; each request is tampered with, and must then be refused.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from domain.issues import IssueAttachment, IssueFieldChanges, IssueRef, Tracker, Visibility
from domain.page_rules import PageTarget
from domain.paging import PageRef, Urgency
from integrations.issue_tracker import AttachedFile, IssueTracker, RouteNeeds
from integrations.pager import Pager, PagerNeeds
from tests.contracts import ContractViolation, Exchange, NotCovered, validate_request, validate_response, violations
from tests.integrations.conftest import World
from tests.integrations.subjects import NOON, issue_draft, page_draft
from tests.shared import shared_dir

Call = Callable[[World], Awaitable[object]]
DRAFT = issue_draft(Tracker.GITHUB).model_copy(update={"assignee": "ada-dev", "components": ("cart",)})
CHANGES = IssueFieldChanges(
    priority="High", add_labels=("impact: high",), remove_labels=("support",), status="closed (not planned)"
)
NEEDS = RouteNeeds(project="acme/storefront", labels=("new",), assignee="ada-dev")


async def _issue(world: World) -> IssueRef:
    return await world.do(world.github.open_issue, DRAFT, recheck=True)


async def _whole_issue(world: World) -> object:
    ref = await _issue(world)
    path = f"/github/issues/{ref.key.replace('#', '/')}"
    await world.people("POST", f"{path}/comment", {"user": "ada-dev", "text": "On it."})
    await world.people("POST", f"{path}/milestone", {"user": "ada-dev", "title": "v1"})
    await world.people("POST", f"{path}/close", {"user": "ada-dev", "reason": "duplicate"})
    return await world.do(world.github.fetch, ref, comments_since=NOON)


async def _feed(world: World) -> object:
    first = await world.do(world.github.changed_since, ["acme/storefront"], NOON, {})
    return await world.do(world.github.changed_since, ["acme/storefront"], NOON, first.cursors)


async def _summary(world: World) -> object:
    ref, show = await _issue(world), world.github.show_summary
    first = await world.do(show, ref, "1 ticket", comment_id=None, key="k", recheck=True)
    return await world.do(show, ref, "2 tickets", comment_id=first, key="k", recheck=False)


async def _file(world: World) -> object:
    url = (await world.people("POST", "/github/uploads", {"content": "eA=="}))["url"]
    return await world.do(world.github.download, IssueAttachment(id="1", name="x", url=url), most_bytes=9)


async def _on_issue(world: World, method: str, *arguments: Any, **named: Any) -> object:
    return await world.do(getattr(world.github, method), await _issue(world), *arguments, **named)


GITHUB: dict[str, Call] = {
    "open_issue": _issue,
    "fetch": _whole_issue,
    "find": lambda world: _found(world),
    "similar": lambda world: world.do(world.github.similar, "acme/storefront", "Checkout fails", [], closed_since=NOON),
    "comment": lambda world: _on_issue(
        world, "comment", "words", key="k", recheck=True, visibility=Visibility.INTERNAL
    ),
    "show_summary": _summary,
    "change": lambda world: _on_issue(world, "change", CHANGES),
    "changed_since": _feed,
    "attach": lambda world: _on_issue(
        world, "attach", AttachedFile(name="x", content_type="text/plain", content=b"x"), key="k", recheck=False
    ),
    "download": _file,
    "link_back": lambda world: _on_issue(world, "link_back", global_id="g", url="https://x.example", title="t"),
    "check": lambda world: _github_checked(world),
}


async def _github_checked(world: World) -> object:
    # The App asks in other ways who it is.
    return [await world.do(one.check, ["acme/storefront"], [NEEDS]) for one in (world.github, world.github_app)]


async def _found(world: World) -> object:
    return await world.do(world.github.find, (await _issue(world)).url)


async def _page(world: World) -> PageRef:
    return await world.do(world.pagerduty.raise_page, page_draft())


async def _pages(world: World) -> object:
    await _page(world)
    # The REST API is down: the Events API is asked.
    world.break_down("pagerduty", "status", status=500, times=1)
    return await world.do(world.pagerduty.raise_page, page_draft("T-2/1/page"))


async def _on_page(world: World, method: str, *arguments: Any, **named: Any) -> object:
    return await world.do(getattr(world.pagerduty, method), (await _page(world)).id, *arguments, **named)


async def _resolved(world: World) -> object:
    page = await _page(world)
    await world.do(world.pagerduty.resolve, page_key=page.key, page_id=page.id)
    return await world.do(world.pagerduty.resolve, page_key="T-9/1/page", page_id=None)


async def _enabled(world: World) -> object:
    (webhooks,) = await world.do(world.pagerduty.subscriptions)
    return await world.do(world.pagerduty.enable, webhooks.id)


async def _checked(world: World) -> object:
    (webhooks,) = await world.do(world.pagerduty.subscriptions)
    needs = PagerNeeds(
        targets=(PageTarget(service="PSVCPAY"), PageTarget(service="PSVCPAY", escalation_policy="PEPENG")),
        priorities=("P1",),
        webhook_url=webhooks.url,
        start=NOON,
        end=NOON + timedelta(days=1),
    )
    return await world.do(world.pagerduty.check, needs)


PAGERDUTY: dict[str, Call] = {
    "raise_page": _pages,
    "fetch": lambda world: _on_page(world, "fetch"),
    "update": lambda world: _on_page(world, "update", priority="P2", urgency=Urgency.LOW),
    "resolve": _resolved,
    "note": lambda world: _on_page(world, "note", "words", key="k", recheck=True),
    "on_call": lambda world: world.do(world.pagerduty.on_call, None, service="PSVCPAY"),
    "gaps": lambda world: world.do(world.pagerduty.gaps, ["PEPENG"], NOON, NOON + timedelta(days=1)),
    "changed_since": lambda world: world.do(world.pagerduty.changed_since, NOON, ["PSVCPAY"]),
    "policy_of": lambda world: world.do(world.pagerduty.policy_of, "PSVCPAY"),
    "subscriptions": lambda world: world.do(world.pagerduty.subscriptions),
    "enable": _enabled,
    "check": _checked,
}
VENDORS: dict[str, tuple[type, dict[str, Call], int]] = {
    "github": (IssueTracker, GITHUB, 18),
    "pagerduty": (Pager, PAGERDUTY, 14),
}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_request_and_answer_keeps_to_the_contract_and_what_is_tampered_with_does_not(
    world: World, vendor: str
) -> None:
    shared_dir("contracts")
    protocol, calls, least = VENDORS[vendor]
    assert set(calls) == {name for name in vars(protocol) if not name.startswith("_")}
    for call in calls.values():
        await call(world)

    sent = [one for one in world.exchanges if one.path.startswith(f"/{vendor}") and _is_described(one)]
    kinds = {(one.method, _pattern(one.path), one.status): one for one in sent}
    assert len({kind[:2] for kind in kinds}) >= least, sorted(kinds)
    for one in sent:
        validate_request(one)
    found = violations(one for one in sent if not _is_ordered(one))
    assert not found, "\n".join(found)
    for one in kinds.values():
        for broken in _tampered(one):
            with pytest.raises(ContractViolation):
                validate_request(broken)
        if one.status < 300 and one.response_body:
            with pytest.raises(ContractViolation):
                validate_response(dataclasses.replace(one, response_body=b'"words"'))
        with pytest.raises((NotCovered, ContractViolation)):
            validate_request(dataclasses.replace(one, path=f"{one.path}/no/such/path"))


def _is_described(exchange: Exchange) -> bool:
    return not exchange.path.startswith(("/github/user-attachments/", "/github/store/"))


def _is_ordered(exchange: Exchange) -> bool:
    """A failure that the test ordered is not the vendor's answer."""
    return exchange.status >= 500


def _pattern(path: str) -> str:
    return "/".join("#" if part.isdigit() else part for part in path.split("/"))


def _tampered(exchange: Exchange) -> list[Exchange]:
    """The request with each of its fields, and each choice of its query, made into what the vendor does not know."""
    broken = []
    if exchange.request_body:
        body = json.loads(exchange.request_body)
        holder = body if len(body) > 1 else next(iter(body.values()))
        fields = [holder] if isinstance(holder, dict) else [body]
        for field in fields:
            for name in list(field):
                value = field[name]
                field[name] = {"no": "such"} if not isinstance(value, dict) else "no such"
                broken.append(dataclasses.replace(exchange, request_body=json.dumps(body).encode()))
                field[name] = value
    query = parse_qsl(exchange.query, keep_blank_values=True)
    for number, (name, _) in enumerate(query):
        if name in ("state", "direction", "sort", "since", "until", "per_page", "limit", "statuses[]"):
            changed = [*query[:number], (name, "no such"), *query[number + 1 :]]
            broken.append(dataclasses.replace(exchange, query=urlencode(changed)))
    return broken
