"""A condition on a ticket, as routes, vendors and services are chosen by."""

from domain.frozen import Frozen
from domain.tiers import Priority


class Match(Frozen):
    """A condition on a ticket: each field that is set must be equal, in any case of letters."""

    product: str | None = None
    component: str | None = None
    priority: Priority | None = None
    plan: str | None = None

    def accepts(
        self, *, product: str | None, component: str | None, priority: Priority | None, plan: str | None
    ) -> bool:
        """Whether a ticket with these values fits; what is not known of it (None) fits no wish."""
        wanted = ((self.product, product), (self.component, component), (self.priority, priority), (self.plan, plan))
        return all(want is None or (have is not None and want.casefold() == have.casefold()) for want, have in wanted)
