"""What whoever escalates writes down, so that the next tier can begin at once."""

from typing import Annotated

from pydantic import Field

from domain.frozen import Frozen

ReportText = Annotated[str, Field(min_length=1, max_length=3_000)]


class EscalationReport(Frozen):
    """The parts of a good hand-off; which of them a tier asks for is the policy's (``tiers.L3.requires``)."""

    component: Annotated[str | None, Field(min_length=1, max_length=100, description="What is broken.")] = None
    impact: Annotated[ReportText | None, Field(description="Who is hit, and how hard.")] = None
    reproduction: Annotated[ReportText | None, Field(description="How it is seen: steps, expected, actual.")] = None
    customer_summary: Annotated[ReportText | None, Field(description="What the customer may read.")] = None
