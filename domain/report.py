"""What whoever escalates writes down, so that the next tier can begin at once."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from domain.clean_text import ONE_LINE, TEXT
from domain.frozen import Frozen
from domain.policy import ReportField

ReportText = Annotated[str, Field(min_length=1, max_length=3_000), TEXT]


class EscalationReport(Frozen):
    """The parts of a good hand-off; which of them a tier asks for is the policy's (``tiers.L3.requires``)."""

    component: Annotated[str | None, Field(min_length=1, max_length=100, description="What is broken."), ONE_LINE] = (
        None
    )
    impact: Annotated[ReportText | None, Field(description="Who is hit, and how hard.")] = None
    reproduction: Annotated[ReportText | None, Field(description="How it is seen: steps, expected, actual.")] = None
    customer_summary: Annotated[ReportText | None, Field(description="What the customer may read.")] = None

    def part(self, field: ReportField) -> str | None:
        """What it says there, or None."""
        text: str | None = getattr(self, field.value)
        return text if text and text.strip() else None


_NAMES = {
    ReportField.COMPONENT: "the component",
    ReportField.IMPACT: "the impact",
    ReportField.REPRODUCTION: "how to reproduce it",
    ReportField.CUSTOMER_SUMMARY: "what the customer may read",
}
_TITLES = {
    ReportField.COMPONENT: "Component",
    ReportField.IMPACT: "Impact",
    ReportField.REPRODUCTION: "How to reproduce it",
    ReportField.CUSTOMER_SUMMARY: "What the customer may read",
}
ALL_PARTS = tuple(ReportField)


def merged(before: EscalationReport | None, after: EscalationReport | None) -> EscalationReport | None:
    """The later report, with what it leaves out taken from the one before."""
    if before is None or after is None:
        return after or before
    return before.model_copy(update={part.value: after.part(part) for part in ALL_PARTS if after.part(part)})


def missing_parts(
    asked: Sequence[ReportField], report: EscalationReport | None, component: str | None
) -> tuple[ReportField, ...]:
    """What of the parts that are asked for nobody has written down; ``component`` is the ticket's own."""
    known = report or EscalationReport()
    return tuple(
        part
        for part in asked
        if known.part(part) is None and not (part is ReportField.COMPONENT and component is not None)
    )


def title_of(part: ReportField) -> str:
    """The part as a heading."""
    return _TITLES[part]


def in_words(parts: Sequence[ReportField]) -> str:
    """``the impact and how to reproduce it``: the parts in the middle of a sentence."""
    names = [_NAMES[part] for part in parts]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def report_text(report: EscalationReport | None, parts: Sequence[ReportField] = ALL_PARTS) -> str:
    """What is written in those parts, a paragraph with its title for each; empty where nothing is."""
    if report is None:
        return ""
    written = [(part, report.part(part)) for part in parts]
    return "\n\n".join(f"{title_of(part)}:\n{text}" for part, text in written if text is not None)
