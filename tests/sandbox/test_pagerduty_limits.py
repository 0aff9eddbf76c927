"""PagerDuty's published limits, switched on: 960 calls a minute for a key, 120 events for an integration."""

from typing import Any

import httpx2
import pytest

from sandbox.pagerduty.limits import Limits, RateLimits
from sandbox.server import Sandbox


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def switch_on(people: httpx2.AsyncClient, **limits: Any) -> None:
    answer = await people.put("/sandbox/pagerduty/settings", json={"limits": {"enforced": True, **limits}})
    assert answer.is_success, answer.text


def test_a_key_may_do_so_much_in_each_minute() -> None:
    clock = Clock()
    counted = RateLimits(clock)
    counted.limits = Limits(enforced=True, rest_per_minute=2)
    first, second, third = (counted.rest("one") for _ in range(3))
    assert [(each.allowed, each.remaining, each.reset_s) for each in (first, second, third)] == [
        (True, 1, 60),
        (True, 0, 60),
        (False, 0, 60),
    ]
    assert counted.rest("another").allowed
    clock.now = 59.5
    assert (counted.rest("one").allowed, counted.rest("one").reset_s) == (False, 1)
    clock.now = 60
    assert counted.rest("one").allowed


def test_until_they_are_switched_on_nothing_is_refused() -> None:
    counted = RateLimits(Clock())
    assert all(counted.rest("one").allowed and counted.events("one").allowed for _ in range(2000))
    assert counted.rest("one").remaining == 0


async def test_above_the_limit_the_rest_api_says_when_to_come_again(
    sandbox: Sandbox, people: httpx2.AsyncClient
) -> None:
    await switch_on(people, rest_per_minute=2)
    key = sandbox.credentials.pagerduty_api_key.get_secret_value()
    headers = {"Authorization": f"Token token={key}"}
    answers = [await people.get("/pagerduty/users/me", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    refused = answers[-1]
    assert refused.json()["error"] == {"message": "Rate Limit Exceeded", "code": 2020}
    assert (refused.headers["ratelimit-limit"], 0 < int(refused.headers["ratelimit-reset"]) <= 60) == ("2", True)


@pytest.mark.parametrize("path", ["/pagerduty-events/v2/enqueue", "/pagerduty-events/v2/change/enqueue"])
async def test_above_the_limit_no_event_is_taken(sandbox: Sandbox, people: httpx2.AsyncClient, path: str) -> None:
    await switch_on(people, events_per_minute=1)
    event = {
        "routing_key": sandbox.credentials.pagerduty_routing_key.get_secret_value(),
        "event_action": "trigger",
        "payload": {"summary": "s", "source": "x", "severity": "info"},
    }
    first, second = [await people.post(path, json=event) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 429)
    assert second.json()["status"] == "throttle exceeded"


async def test_the_published_numbers_are_the_ones_that_count(people: httpx2.AsyncClient) -> None:
    shown = (await people.get("/sandbox/pagerduty/settings")).json()
    assert shown["limits"] == {
        "enforced": False,
        "rest_per_minute": 960,
        "events_per_minute": 120,
        "window_s": 60.0,
    }
    wrong = {"limits": {"enforced": True, "rest_per_minute": 0}}
    assert (await people.put("/sandbox/pagerduty/settings", json=wrong)).status_code == 422


async def test_a_change_event_is_kept_and_opens_nothing(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    event = {
        "routing_key": sandbox.credentials.pagerduty_routing_key.get_secret_value(),
        "payload": {"summary": "payments 4.2 is out", "source": "tierline"},
    }
    answer = await people.post("/pagerduty-events/v2/change/enqueue", json=event)
    nameless = await people.post("/pagerduty-events/v2/change/enqueue", json={**event, "payload": {}})
    assert (answer.status_code, answer.json()["status"], nameless.status_code) == (202, "success", 400)
    [kept] = (await people.get("/sandbox/pagerduty/changes")).json()
    assert (kept["summary"], kept["source"], sandbox.pagerduty.incidents) == ("payments 4.2 is out", "tierline", {})
