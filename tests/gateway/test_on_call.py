"""Who would be woken: asked for in the gateway, quickly, cheaply, and without ever failing."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

import gateway.on_call
from domain.match import Match
from domain.page_rules import PageRules, PageService, PageTarget
from domain.paging import OnCall
from domain.tiers import Priority
from gateway.on_call import on_call
from gateway.on_call_memory import OnCallMemory
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from tests.gateway.front_door import FrontDoor
from tests.gateway.test_webhooks import KnownPages

PAYMENTS = PageTarget(service="PSVCPAY", escalation_policy="PEPENG")


class Rota(KnownPages):
    """A pager that says who is on call; ``open`` lets its answers through."""

    def __init__(self, *people: OnCall) -> None:
        super().__init__({})
        self.people = list(people)
        self.asked: list[tuple[str | None, str | None]] = []
        self.open = threading.Event()
        self.open.set()

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        self.asked.append((escalation_policy, service))
        self.open.wait(10)
        if self.failure is not None:
            raise self.failure
        return self.people


ADA, TOM, LENA = OnCall(level=1, name="Ada"), OnCall(level=1, name="Tom"), OnCall(level=2, name="Lena")


async def test_who_would_be_woken_in_which_order(build: Callable[..., FrontDoor]) -> None:
    rota = Rota(ADA, LENA, TOM, ADA)
    door = build(pager=rota)

    answer = await on_call(door.gateway, PAYMENTS)

    assert rota.asked == [("PEPENG", "PSVCPAY")]
    assert (answer.first, answer.levels) == (("Ada", "Tom"), {1: ("Ada", "Tom"), 2: ("Lena",)})
    assert answer.words == "Ada and Tom, then Lena"


async def test_nobody_at_the_first_level_wakes_the_next(build: Callable[..., FrontDoor]) -> None:
    assert (await on_call(build(pager=Rota(LENA)).gateway, PAYMENTS)).first == ("Lena",)
    assert (await on_call(build(pager=Rota()).gateway, PAYMENTS)).words == "nobody is on call"


async def test_many_questions_are_one_request_until_it_is_old(build: Callable[..., FrontDoor]) -> None:
    rota, clock = Rota(ADA), [0.0]
    door = build(pager=rota)
    object.__setattr__(door.gateway, "on_calls", OnCallMemory(lambda: clock[0]))

    await asyncio.gather(*(on_call(door.gateway, PAYMENTS) for _ in range(5)))
    clock[0] = 29.0
    await on_call(door.gateway, PAYMENTS)
    assert len(rota.asked) == 1
    rota.people = [TOM]
    clock[0] = 31.0
    assert (await on_call(door.gateway, PAYMENTS)).first == ("Tom",)


async def test_a_slow_pager_is_not_waited_for_and_its_answer_is_kept(
    build: Callable[..., FrontDoor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.on_call, "_PATIENCE_S", 0.05)
    rota = Rota(ADA)
    door = build(pager=rota)
    rota.open.clear()

    assert (await on_call(door.gateway, PAYMENTS)).words == "not known (PagerDuty did not answer in time)"
    rota.open.set()
    async with asyncio.timeout(5):
        while (await on_call(door.gateway, PAYMENTS)).unknown is not None:
            pass
    assert len(rota.asked) == 1


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (PassingFailure("pagerduty", "did not answer"), "pagerduty: did not answer"),
        (PermanentFailure("pagerduty", "there is no such service", status=404), "pagerduty: there is no such service"),
        (RateLimited("pagerduty", "wait", retry_after=timedelta(seconds=9)), "PagerDuty asks us to wait"),
    ],
)
async def test_a_failure_is_said_and_not_kept(
    build: Callable[..., FrontDoor], failure: IntegrationError, words: str
) -> None:
    rota = Rota(ADA)
    rota.failure = failure
    door = build(pager=rota)

    assert (await on_call(door.gateway, PAYMENTS)).unknown == words
    rota.failure = None
    assert (await on_call(door.gateway, PAYMENTS)).first == ("Ada",)


async def test_without_a_pager_it_says_so(door: FrontDoor) -> None:
    assert (await on_call(door.gateway, PAYMENTS)).words == "not known (PagerDuty is not set up)"


def test_a_component_has_its_own_people() -> None:
    rules = PageRules(
        service="PSVCWEB",
        services=(
            PageService(match=Match(component="payments"), service="PSVCPAY", escalation_policy="PEPENG"),
            PageService(match=Match(priority=Priority.P1), service="PSVCWEB", escalation_policy="PEPSUP"),
        ),
    )

    assert rules.target(component="Payments", priority=Priority.P1) == PAYMENTS
    assert rules.target(priority=Priority.P1) == PageTarget(service="PSVCWEB", escalation_policy="PEPSUP")
    assert rules.target() == PageTarget(service="PSVCWEB")
    assert len(rules.targets()) == 3
