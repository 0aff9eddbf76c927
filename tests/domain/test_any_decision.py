"""No decision raises, whatever happens to a ticket, an issue or a vendor case, in whatever order (the full number: tests/soak)."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.any_life import LIVES, Lived

EXAMPLES = 500
SHARES = {"ticket": 0.4, "issue": 0.5, "vendor case": 0.1}


@pytest.mark.parametrize("kind", sorted(LIVES))
def test_no_decision_raises(kind: str) -> None:
    try_lives(LIVES[kind], round(EXAMPLES * SHARES[kind]), longest=6)


def try_lives(live: Callable[[Lived], None], examples: int, *, longest: int) -> None:
    """Live so many lives of up to so many steps."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(st.data())
    def lives(data: st.DataObject) -> None:
        live(Lived(data, longest))

    lives()
