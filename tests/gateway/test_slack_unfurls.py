"""Links to tickets in messages get a preview for colleagues, in which nothing is said of the customer."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from domain.decide import open_ticket
from domain.policy import Policy
from domain.ticket_references import ReferenceKind, reference
from domain.views import view_of
from gateway.slack_surfaces import Profile
from gateway.slack_unfurls import help_desk_number, preview
from sandbox.slack.blocks import find_errors
from tests.gateway.front_door import NOBODY, NOW, FrontDoor, a_ticket, eventually
from tests.gateway.slack_happenings import CHANNEL, enveloped, links

OURS = "https://tierline.example/tickets/T-1042"
IN_TEMPORAL = "https://temporal.example/namespaces/default/workflows/ticket%2FT-1042/0192-ab/history"
IN_HELP_DESK = "https://desk.example/agent/tickets/4711"


@pytest.fixture
def door(build: Callable[..., FrontDoor]) -> FrontDoor:
    """A gateway that knows its own address, Temporal's and the help desk's."""
    door = build()
    rules = door.policy.model_copy(update={"help_desk_url": "https://desk.example/agent/tickets/{ref}"})
    known = {"public_url": "https://tierline.example", "temporal_ui_url": "https://temporal.example"}
    for name, value in ({"policy": rules} | known).items():
        object.__setattr__(door.gateway, name, value)
    door.desk.references["T-1042"] = {reference(ReferenceKind.HELP_DESK, "4711")}
    return door


async def posts(door: FrontDoor, *urls: str, shared: bool = False, **changes: Any) -> httpx2.Response:
    response = await door.slack("events", json.dumps(enveloped(links(*urls, **changes), shared=shared)).encode())
    assert (response.status_code, response.content) == (200, b"")
    return response


async def test_every_kind_of_link_to_a_ticket_gets_its_preview(door: FrontDoor) -> None:
    await posts(door, OURS, IN_TEMPORAL, IN_HELP_DESK)
    await eventually(lambda: bool(door.forms.unfurled))

    ((channel, ts, previews),) = door.forms.unfurled
    assert (channel, ts) == (CHANNEL, "1795175000.000500")
    assert set(previews) == {OURS, IN_TEMPORAL, IN_HELP_DESK}
    for shown in previews.values():
        assert find_errors(shown["blocks"], "message") == []
        assert "*T-1042* Card payments fail" in shown["blocks"][0]["text"]["text"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/tickets/T-1042",
        "http://tierline.example/tickets/T-1042",
        "https://tierline.example/tickets/t-1042",
        "https://tierline.example/tickets/",
        "https://tierline.example/vendor/secret-token",
        "https://tierline.example.evil.example/tickets/T-1042",
        "https://temporal.example/namespaces/default/workflows/vendor-case%2FT-1042%2F1",
        "https://tierline.example/tickets/T-9999",
        "https://desk.example/agent/tickets/9999",
        "https://[broken",
    ],
)
async def test_other_links_stay_as_they_are(door: FrontDoor, url: str) -> None:
    await posts(door, url)
    await door.gateway.running.finish(1)

    assert door.forms.unfurled == []


@pytest.mark.parametrize(
    "changes",
    [
        {"shared": True},
        {"user": NOBODY},
        {"user": "U0KIRAN"},
        {"source": "composer", "channel": "COMPOSER", "message_ts": "Ev-draft"},
    ],
    ids=["a shared channel", "posted without a role", "posted by a stranger", "not posted yet"],
)
async def test_who_must_not_see_it_sees_nothing(door: FrontDoor, changes: Mapping[str, Any]) -> None:
    door.forms.profiles["U0KIRAN"] = Profile(user_id="U0KIRAN", name="kiran", stranger=True)
    await posts(door, OURS, **changes)
    await door.gateway.running.finish(1)

    assert door.forms.unfurled == []


async def test_a_list_of_links_is_looked_at_in_part(door: FrontDoor) -> None:
    await posts(door, *(f"{OURS}?{number}" for number in range(20)))
    await eventually(lambda: bool(door.forms.unfurled))

    assert len(door.forms.unfurled[0][2]) == 5


async def test_while_temporal_is_away_the_links_stay_as_they_are(door: FrontDoor) -> None:
    door.desk.away = True
    await posts(door, OURS, IN_HELP_DESK)
    await door.gateway.running.finish(1)

    assert door.forms.unfurled == []


def test_a_preview_says_nothing_of_the_customer(policy: Policy) -> None:
    title = "Contoso: it@contoso.example cannot pay"
    view = view_of(open_ticket(a_ticket(title=title), policy, NOW).state, NOW)
    text = json.dumps(preview(view))

    assert "contoso" not in text.lower()
    assert "cannot pay" in text
    assert "P3 · L1 · open · nobody has it yet" in json.dumps(preview(view), ensure_ascii=False)


@pytest.mark.parametrize(
    ("pattern", "url", "number"),
    [
        ("https://desk.example/t/{ref}", "https://desk.example/t/4711", "4711"),
        ("https://desk.example/t/{ref}", "https://desk.example/t/4711/edit?tab=1#c2", "4711"),
        ("https://desk.example/t/{ref}/view", "https://desk.example/t/A%2F1/view", "A/1"),
        ("https://desk.example/t?id={ref}", "https://desk.example/t?id=12&x=1", "12"),
        ("https://desk.example/t/{ref}", "https://desk.example/t/", None),
        ("https://desk.example/t/{ref}", "https://desk.example/u/4711", None),
        ("https://desk.example/t/{ref}/view", "https://desk.example/t/4711", None),
        (None, "https://desk.example/t/4711", None),
    ],
)
def test_the_help_desks_numbers_are_read_as_the_policy_writes_them(
    pattern: str | None, url: str, number: str | None
) -> None:
    assert help_desk_number(pattern, url) == number
