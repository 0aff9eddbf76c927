"""The API held against its own description: each answer has to be as described."""

from pathlib import Path

import pytest

from domain.people import Role
from domain.policy import Policy
from tests.gateway.described_api import Caller, findings, served

# Without a token each request is refused in the same way, so that fewer do.
WITH_A_TOKEN = Caller(Role.LEAD, "examples,coverage,fuzzing,stateful", 2)
WITHOUT_ONE = Caller(None, "examples,fuzzing", 1)


@pytest.mark.parametrize("caller", [WITH_A_TOKEN, WITHOUT_ONE], ids=["with a token", "without a token"])
async def test_every_answer_is_as_described(policy: Policy, caller: Caller, free_port: int, tmp_path: Path) -> None:
    async with served(policy, free_port, tmp_path) as address:
        assert await findings(address, caller, tmp_path, seconds=150, seed=1) == ""
