"""No decision raises, in as many lives as `make soak` has time for."""

import os

import pytest

from tests.domain.any_life import LIVES
from tests.domain.test_any_decision import SHARES, try_lives

pytestmark = [pytest.mark.soak, pytest.mark.timeout(4 * 3600)]

EXAMPLES = {"small": 3_000, "full": 20_000}[os.environ.get("SOAK", "small")]


@pytest.mark.parametrize("kind", sorted(LIVES))
def test_no_decision_raises(kind: str) -> None:
    try_lives(LIVES[kind], round(EXAMPLES * SHARES[kind]), longest=12)
