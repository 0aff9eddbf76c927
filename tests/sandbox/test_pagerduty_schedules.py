"""Who is on call at an instant: turns, restrictions, layers over layers, overrides, gaps; and what ``/oncalls`` says of it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx2
import pytest

from sandbox.pagerduty.account import ADA, LENA, TOM
from sandbox.pagerduty.schedules import Layer, Override, Restriction, Schedule, Shift
from sandbox.server import Sandbox
from tests.sandbox.pagerduty_client import ask

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def rota(*layers: Layer, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule("PSCHENG", "Rota", layers=list(layers), overrides=list(overrides))


def daily(*users: Any, **more: Any) -> Layer:
    return Layer("PLAYER1", "Daily", users, MONDAY, DAY, **more)


def test_people_take_turns() -> None:
    schedule = rota(daily(ADA, TOM))
    assert [schedule.on_call(MONDAY + n * DAY) for n in range(3)] == [ADA, TOM, ADA]
    assert schedule.on_call(MONDAY + DAY - HOUR) == ADA
    assert schedule.on_call(MONDAY - HOUR) is None
    assert schedule.shifts(MONDAY + HOUR, MONDAY + DAY + HOUR) == [
        Shift(ADA, MONDAY, MONDAY + DAY),
        Shift(TOM, MONDAY + DAY, MONDAY + 2 * DAY),
    ]


def test_a_layer_kept_to_hours_leaves_a_gap() -> None:
    office = Restriction("daily_restriction", time(9), 8 * HOUR)
    schedule = rota(daily(ADA, restrictions=(office,)))
    assert [schedule.on_call(MONDAY + hour * HOUR) for hour in (8, 9, 16, 17)] == [None, ADA, ADA, None]
    assert schedule.shifts(MONDAY + 10 * HOUR, MONDAY + 10 * HOUR) == [
        Shift(ADA, MONDAY + 9 * HOUR, MONDAY + 17 * HOUR)
    ]


def test_hours_that_cross_midnight_and_the_end_of_the_week() -> None:
    weekend = Restriction("weekly_restriction", time(18), timedelta(hours=63), start_day_of_week=5)
    schedule = rota(Layer("PLAYER1", "Weekly", (TOM,), MONDAY - 7 * DAY, 7 * DAY, restrictions=(weekend,)))
    friday = MONDAY + 4 * DAY
    assert [schedule.on_call(friday + hour * HOUR) for hour in (17, 18, 40, 80, 81)] == [None, TOM, TOM, TOM, None]


def test_a_higher_layer_goes_before_a_lower_one_and_an_override_before_both() -> None:
    nights = Restriction("daily_restriction", time(20), 12 * HOUR)
    stand_in = Override("POVER1", LENA, MONDAY + 21 * HOUR, MONDAY + 22 * HOUR)
    schedule = rota(daily(ADA), daily(TOM, restrictions=(nights,)), overrides=(stand_in,))
    assert [schedule.on_call(MONDAY + hour * HOUR) for hour in (12, 20, 21, 22, 31, 33)] == [
        ADA, TOM, LENA, TOM, TOM, ADA,
    ]  # fmt: skip
    assert [(shift.user, shift.end - shift.start) for shift in schedule.shifts(MONDAY, MONDAY + DAY)][:5] == [
        (TOM, 8 * HOUR),
        (ADA, 12 * HOUR),
        (TOM, HOUR),
        (LENA, HOUR),
        (TOM, 2 * HOUR),
    ]


def test_a_layer_that_has_ended_has_nobody() -> None:
    schedule = rota(daily(ADA, end=MONDAY + DAY + HOUR))
    assert schedule.shifts(MONDAY + DAY, MONDAY + DAY) == [Shift(ADA, MONDAY + DAY, MONDAY + DAY + HOUR)]
    assert schedule.on_call(MONDAY + DAY + HOUR) is None


async def test_oncalls_of_a_day_to_come_name_who_takes_over(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - HOUR
    layer = {"users": ["ada", "tom"], "start": start.isoformat(), "turn_seconds": 86_400}
    await people.put("/sandbox/pagerduty/schedules/PSCHENG", json={"layers": [layer]})
    tomorrow = start + DAY + HOUR

    def question(client: Any) -> tuple[Any, ...]:
        policy = {"escalation_policy_ids[]": ["PEPENG"]}
        window = {"since": start.isoformat(), "until": (start + 3 * DAY).isoformat()}
        at = {"since": tomorrow.isoformat(), "until": tomorrow.isoformat()}
        return (
            client.rget("oncalls", params=policy),
            client.rget("oncalls", params={**policy, **at}),
            client.rget("oncalls", params={**policy, **window, "schedule_ids[]": ["PSCHENG"]}),
            client.rget("oncalls", params={**policy, **window, "earliest": "true"}),
        )

    now, then, window, earliest = await ask(sandbox, question)
    assert [(each["escalation_level"], each["user"]["summary"]) for each in now] == [(1, "Ada"), (2, "Lena")]
    assert (now[1]["schedule"], now[1]["start"], now[1]["end"]) == (None, None, None)
    assert [each["user"]["summary"] for each in then] == ["Tom", "Lena"]
    assert datetime.fromisoformat(then[0]["start"]) == start + DAY
    assert [each["user"]["summary"] for each in window] == ["Ada", "Tom", "Ada"]
    assert [each["user"]["summary"] for each in earliest] == ["Ada", "Tom", "Lena"]
    assert datetime.fromisoformat(earliest[0]["start"]) == start


async def test_a_gap_to_come_is_seen_before_it_comes(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    end = datetime.now(UTC) + HOUR
    layer = {"users": ["ada"], "end": end.isoformat()}
    await people.put("/sandbox/pagerduty/schedules/PSCHENG", json={"layers": [layer]})

    def level_one(client: Any, at: datetime) -> list[str]:
        params = {"escalation_policy_ids[]": ["PEPENG"], "since": at.isoformat(), "until": at.isoformat()}
        found = client.rget("oncalls", params=params)
        return [each["user"]["summary"] for each in found if each["escalation_level"] == 1]

    assert await ask(sandbox, lambda client: level_one(client, end - timedelta(minutes=1))) == ["Ada"]
    assert await ask(sandbox, lambda client: level_one(client, end + timedelta(minutes=1))) == []


async def test_a_schedule_is_rendered(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    layer = {"users": ["ada"], "start": start.isoformat(), "end": (start + DAY).isoformat(), "turn_seconds": 86_400}
    await people.put("/sandbox/pagerduty/schedules/PSCHENG", json={"layers": [layer]})
    override = {"user": "lena", "start": start.isoformat(), "seconds": 6 * 3600}
    await people.post("/sandbox/pagerduty/schedules/PSCHENG/overrides", json=override)

    def question(client: Any) -> tuple[Any, ...]:
        window = {"since": start.isoformat(), "until": (start + 2 * DAY).isoformat()}
        shown = client.rget("schedules/PSCHENG", params=window)
        listed = [each["id"] for each in client.list_all("schedules")]
        at = {"since": start.isoformat(), "until": start.isoformat()}
        return shown, listed, client.rget("schedules/PSCHENG/users", params=at)

    shown, listed, on_call = await ask(sandbox, question)
    final = shown["final_schedule"]
    assert [each["user"]["summary"] for each in final["rendered_schedule_entries"]] == ["Lena", "Ada"]
    assert final["rendered_coverage_percentage"] == 50.0
    assert shown["schedule_layers"][0]["users"][0]["user"]["id"] == "PUSRADA"
    assert shown["overrides_subschedule"]["rendered_schedule_entries"][0]["user"]["summary"] == "Lena"
    assert (listed, [user["name"] for user in on_call]) == (["PSCHENG", "PSCHSUP"], ["Lena"])
    assert [policy["id"] for policy in shown["escalation_policies"]] == ["PEPENG"]


@pytest.mark.parametrize("path", ["oncalls", "schedules/PSCHENG"])
async def test_a_window_that_ends_before_it_begins_is_refused(sandbox: Sandbox, path: str) -> None:
    window = {"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}
    answer = await ask(sandbox, lambda client: client.get(path, params=window))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2001)


async def test_the_controls_show_who_is_on_call_now(people: httpx2.AsyncClient) -> None:
    shown = (await people.get("/sandbox/pagerduty/on-call")).json()
    [engineering, support] = shown["policies"]
    assert [level["on_call"] for level in engineering["levels"]] == [["Ada"], ["Lena"]]
    assert (engineering["levels"][0]["targets"], support["num_loops"]) == (["Engineering rota"], 1)
    emptied = await people.put("/sandbox/pagerduty/schedules/PSCHENG", json={"layers": []})
    assert (emptied.json()["on_call"], emptied.json()["until"]) == (None, None)
