"""What a policy says of pages: whom they wake, how urgently, and who is told when nobody acknowledges."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.durations import Duration
from domain.frozen import Frozen
from domain.match import Match
from domain.paging import Urgency
from domain.tiers import Priority


class PageTarget(Frozen):
    """Whom a page wakes: a PagerDuty service, and an escalation policy where it is not the service's own."""

    service: str
    escalation_policy: str | None = None


class PageService(Frozen):
    """The PagerDuty service for the tickets that match."""

    match: Annotated[Match, Field(description="Which tickets it is for.")]
    service: Annotated[str, Field(description="PagerDuty's service id.")]
    escalation_policy: Annotated[
        str | None, Field(description="PagerDuty's escalation policy id; the service's own if left out.")
    ] = None


class Conference(Frozen):
    """Where those who are woken meet."""

    url: Annotated[str | None, Field(pattern=r"^https?://\S+$", description="The conference's address.")] = None
    number: Annotated[str | None, Field(max_length=50, description="The number to dial.")] = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.url is None and self.number is None:
            raise ValueError("give the conference's `url`, its `number`, or both")
        return self


class ReachBy(StrEnum):
    """How a person is reached when the pager was not enough."""

    SLACK = "slack"
    MAIL = "mail"


class FallbackStep(Frozen):
    """A step of the chain behind the pager: whom to reach, and how, when nobody has acknowledged so long after the page."""

    after: Annotated[Duration, Field(description="How long after the page nobody has acknowledged it.")]
    by: Annotated[ReachBy, Field(description="How they are reached.")]
    people: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="Slack user ids (for `slack`), or e-mail addresses (for `mail`)."),
    ]

    @model_validator(mode="after")
    def _people_fit(self) -> Self:
        for person in self.people:
            if (self.by is ReachBy.MAIL) != ("@" in person):
                wanted = "an e-mail address" if self.by is ReachBy.MAIL else "a Slack user id such as U0123456789"
                raise ValueError(f"{person!r} is no way to reach somebody by {self.by.value}: write {wanted}")
        return self


class PageRules(Frozen):
    """Whom a page for a tier wakes."""

    service: Annotated[str, Field(description="PagerDuty's service id.")]
    escalation_policy: Annotated[
        str | None, Field(description="PagerDuty's escalation policy id; the service's own if left out.")
    ] = None
    services: Annotated[
        tuple[PageService, ...], Field(description="Other services for some tickets; the first that matches wins.")
    ] = ()
    priorities: Annotated[
        dict[Priority, str], Field(description="PagerDuty's own names of priorities; `P1` to `P4` if left out.")
    ] = Field(default_factory=dict)
    low_urgency: Annotated[frozenset[Priority], Field(description="Priorities that wait until the morning.")] = (
        frozenset({Priority.P3, Priority.P4})
    )
    hours: Annotated[
        str | None,
        Field(description="The calendar of the hours in which `low_urgency_outside_hours` is woken for too."),
    ] = None
    low_urgency_outside_hours: Annotated[
        frozenset[Priority], Field(description="Priorities that wake nobody outside of `hours`.")
    ] = frozenset()
    conference: Annotated[Conference | None, Field(description="Where those who are woken meet.")] = None
    acknowledged_for: Annotated[
        Duration | None,
        Field(description="Page again when it was acknowledged and nobody did anything on the ticket for this long."),
    ] = None
    fallback: Annotated[
        tuple[FallbackStep, ...], Field(description="Whom to reach by other ways when nobody acknowledges the page.")
    ] = ()

    @model_validator(mode="after")
    def _hours_are_given(self) -> Self:
        if self.low_urgency_outside_hours and self.hours is None:
            raise ValueError("`low_urgency_outside_hours` needs `hours`: the calendar of the working hours")
        return self

    @model_validator(mode="after")
    def _fallback_in_order(self) -> Self:
        if [step.after for step in self.fallback] != sorted(step.after for step in self.fallback):
            raise ValueError("write the steps of `fallback` in rising order of `after`")
        return self

    def target(
        self,
        *,
        product: str | None = None,
        component: str | None = None,
        priority: Priority | None = None,
        plan: str | None = None,
    ) -> PageTarget:
        """Whom a page for a ticket with these values wakes: the first of ``services`` that matches, else its own."""
        for one in self.services:
            if one.match.accepts(product=product, component=component, priority=priority, plan=plan):
                return PageTarget(service=one.service, escalation_policy=one.escalation_policy)
        return PageTarget(service=self.service, escalation_policy=self.escalation_policy)

    def targets(self) -> tuple[PageTarget, ...]:
        """Everybody whom a page by these rules can wake, each once."""
        other = (PageTarget(service=one.service, escalation_policy=one.escalation_policy) for one in self.services)
        own = PageTarget(service=self.service, escalation_policy=self.escalation_policy)
        return tuple(dict.fromkeys((own, *other)))

    def urgency(self, priority: Priority, *, in_hours: bool = True) -> Urgency:
        """High unless the policy lets this priority wait, now or outside of the hours."""
        waits = priority in self.low_urgency or (not in_hours and priority in self.low_urgency_outside_hours)
        return Urgency.LOW if waits else Urgency.HIGH
