"""No decision raises, whatever happens, in whatever order (the full number: tests/soak)."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.any_life import LIVES, Lived
from tests.domain.any_round import ROUNDS

EXAMPLES = 500
SHARES = {"ticket": 0.35, "issue": 0.45, "vendor case": 0.05, "pager watch": 0.05, "catching up": 0.05, "audit": 0.05}
EVERYTHING = LIVES | ROUNDS


@pytest.mark.parametrize("kind", sorted(EVERYTHING))
def test_no_decision_raises(kind: str) -> None:
    try_lives(EVERYTHING[kind], round(EXAMPLES * SHARES[kind]), longest=6)


def try_lives(live: Callable[[Lived], None], examples: int, *, longest: int) -> None:
    """Live so many lives of up to so many steps."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(st.data())
    def lives(data: st.DataObject) -> None:
        live(Lived(data, longest))

    lives()
