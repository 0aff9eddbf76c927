"""A gateway with a policy like a small team's."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.people import Role
from domain.policy import ClockKind, ClockRules, Policy, TierRules, VendorRules
from domain.tiers import Priority, Tier
from tests.gateway.front_door import AGENT, ENGINEER, LEAD, FrontDoor, a_ticket


@pytest.fixture
def policy() -> Policy:
    """Three tiers, a vendor, one lead, one agent, one engineer."""
    hour = timedelta(hours=1)
    return Policy(
        name="acme",
        version="1",
        tiers={
            Tier.L1: TierRules(name="Support", channel="C0SUPL1", lead=LEAD),
            Tier.L2: TierRules(name="Technical", channel="C0SUPL2"),
            Tier.L3: TierRules(name="Engineering", channel="C0ENG"),
        },
        clocks={ClockKind.RESOLUTION: ClockRules(targets=dict.fromkeys(Priority, hour))},
        vendors={"acquirer": VendorRules(name="Acquirer Ltd", email="desk@acquirer.example", target=hour)},
        quiet_time=hour,
        roles={Role.LEAD: (LEAD,), Role.AGENT: (AGENT,), Role.ENGINEER: (ENGINEER,)},
    )


@pytest.fixture
async def build(policy: Policy, tmp_path: Path) -> AsyncIterator[Callable[..., FrontDoor]]:
    """Makes gateways, and ends them."""
    doors: list[FrontDoor] = []

    def make(**options: Any) -> FrontDoor:
        door = FrontDoor(quarantine=tmp_path / "quarantine", **{"policy": policy, **options})
        door.desk.have(a_ticket())
        doors.append(door)
        return door

    yield make
    for door in doors:
        await door.close()


@pytest.fixture
def door(build: Callable[..., FrontDoor]) -> FrontDoor:
    """A gateway at which ticket T-1042 is open."""
    return build()
