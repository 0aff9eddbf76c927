"""Where a ticket starts when whoever opens it names a tier that the policy cannot start it in."""

import pytest

from domain.decide import open_ticket
from domain.ticket import home_channel
from domain.tiers import Tier
from tests.domain.building import L1_CHANNEL, L2_CHANNEL, NOON, a_policy, an_opening


@pytest.mark.parametrize(
    ("named", "starts_in", "channel"),
    [(Tier.L2, Tier.L2, L2_CHANNEL), (Tier.L0, Tier.L1, L1_CHANNEL), (Tier.L4, Tier.L1, L1_CHANNEL)],
)
def test_a_ticket_starts_where_its_card_can_stand(named: Tier, starts_in: Tier, channel: str) -> None:
    ticket = open_ticket(an_opening(tier=named), a_policy(), NOON).state
    assert ticket.tier is starts_in
    assert home_channel(ticket) == channel
