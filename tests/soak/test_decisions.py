"""No decision raises, in as many lives as `make soak` has time for."""

import pytest

from tests.domain.test_any_decision import EVERYTHING, SHARES, try_lives
from tests.soak import size

pytestmark = [pytest.mark.soak, pytest.mark.timeout(4 * 3600)]

EXAMPLES = size(small=3_000, full=20_000)


@pytest.mark.parametrize("kind", sorted(EVERYTHING))
def test_no_decision_raises(kind: str) -> None:
    try_lives(EVERYTHING[kind], round(EXAMPLES * SHARES[kind]), longest=12)
