"""The API held against its own description, with other requests each time."""

from pathlib import Path

import pytest

from domain.people import Role
from domain.policy import Policy
from tests.gateway.conftest import policy as policy
from tests.gateway.described_api import Caller, findings, served
from tests.soak import size

SECONDS = size(small=300, full=3_000)
PHASES = "examples,coverage,fuzzing,stateful"


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("role", [Role.LEAD, None], ids=["with a token", "without a token"])
async def test_every_answer_is_as_described(policy: Policy, role: Role | None, free_port: int, tmp_path: Path) -> None:
    caller = Caller(role, PHASES, size(small=20, full=500))
    async with served(policy, free_port, tmp_path) as address:
        assert await findings(address, caller, tmp_path, seconds=SECONDS) == ""
