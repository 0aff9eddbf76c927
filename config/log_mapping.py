"""Reads how an event log of another system is to be understood: which column is what, and what each status means for a ticket."""

import difflib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from config.errors import ConfigurationError
from config.model_types import as_model, inner_model
from config.plain_words import allowed_values, dotted, in_plain_words
from config.positions import Document, read_document
from domain.frozen import Frozen
from domain.tiers import Priority, Tier

LOGS_FOLDER = Path(__file__).resolve().parent / "logs"
"""The mappings that ship with Tierline."""
ISO_8601 = "iso8601"


class LogMappingError(ConfigurationError):
    """The mapping cannot be used: each line names the file, the line in it, the field and what is allowed."""


class LogEvent(StrEnum):
    """What a row of an event log says of its ticket. Each row that is not ignored also says in which tier the ticket is."""

    QUEUED = "queued"
    WORKING = "working"
    WAITING_ON_CUSTOMER = "waiting_on_customer"
    WAITING_ON_VENDOR = "waiting_on_vendor"
    WAITING_ON_ENGINEERING = "waiting_on_engineering"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    IGNORED = "ignored"


class Columns(Frozen):
    """The names of the columns in the log's first row."""

    case: Annotated[str, Field(description="The ticket's identity.")]
    time: Annotated[str, Field(description="When it happened.")]
    status: Annotated[str, Field(description="What happened.")]
    substatus: Annotated[str | None, Field(description="What happened, in more detail.")] = None
    tier: Annotated[str | None, Field(description="Where the ticket is.")] = None
    priority: Annotated[str | None, Field(description="How urgent it is.")] = None


class TimeFormat(Frozen):
    """How an instant is written."""

    format: Annotated[str, Field(description="`iso8601`, or a pattern of Python's strptime.")] = ISO_8601
    zone: Annotated[str | None, Field(description="The IANA zone of instants that are written without an offset.")] = (
        None
    )

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError(f"{zone!r} is not an IANA time zone such as Europe/Brussels")
        return zone


class EventRule(Frozen):
    """What rows with this status (and substatus) mean."""

    status: str
    substatus: Annotated[str | None, Field(description="Any substatus if left out.")] = None
    means: LogEvent


class LogMapping(Frozen):
    """How a CSV log is to be understood."""

    name: str
    source: Annotated[str | None, Field(description="Where the log comes from and who is to be named for it.")] = None
    format: Literal["csv"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1, description="What separates two columns.")] = ","
    columns: Columns
    time: TimeFormat = TimeFormat()
    tiers: Annotated[dict[str, Tier], Field(description="The tier of each value of the tier's column.")] = Field(
        default_factory=dict
    )
    priorities: Annotated[
        dict[str, Priority], Field(description="The priority of each value of the priority's column.")
    ] = Field(default_factory=dict)
    events: Annotated[tuple[EventRule, ...], Field(description="First match wins.")]

    @model_validator(mode="after")
    def _columns_have_values(self) -> Self:
        for column, name, values in (
            (self.columns.tier, "tiers", self.tiers),
            (self.columns.priority, "priorities", self.priorities),
        ):
            if column is not None and not values:
                raise ValueError(f"{name}: say what each value of the column {column!r} means")
            if column is None and values:
                raise ValueError(f"{name}: say which column holds them, in `columns`")
        if not self.events:
            raise ValueError("events: say what at least one status means")
        for index, rule in enumerate(self.events):
            if rule.substatus is not None and self.columns.substatus is None:
                raise ValueError(f"events.{index}.substatus: say which column holds it, in `columns`")
        if Tier.L4 in self.tiers.values():
            raise ValueError("tiers: L4 is the vendor: write such rows as waiting_on_vendor, in the tier that asked")
        return self

    def needed(self) -> tuple[str, ...]:
        """The columns that a log must have."""
        named = self.columns
        every = (named.case, named.time, named.status, named.substatus, named.tier, named.priority)
        return tuple(name for name in every if name is not None)

    def event(self, status: str, substatus: str | None) -> LogEvent | None:
        """What a row means by the first rule that fits, or None where no rule does."""
        for rule in self.events:
            if rule.status == status and rule.substatus in (None, substatus):
                return rule.means
        return None


def load_log_mapping(path: Path) -> LogMapping:
    """Read and validate a mapping.

    Raises:
        LogMappingError: one line for each problem, such as
            ``desk.yaml:9: tiers.2nd: not allowed; allowed: L0, L1, L2, L3, L4``.
    """
    try:
        document = read_document(path)
    except ConfigurationError as error:
        raise LogMappingError(error.problems) from None
    try:
        return LogMapping.model_validate(document.data)
    except ValidationError as error:
        problems = sorted({_problem(document, found) for found in error.errors(include_url=False)})
    raise LogMappingError(f"{document.file}:{line}: {text}" for line, text in problems)


def shipped_log_mappings() -> tuple[LogMapping, ...]:
    """The mappings that ship with Tierline, in the order of their files' names."""
    return tuple(load_log_mapping(path) for path in sorted(LOGS_FOLDER.glob("*.yaml")))


def _problem(document: Document, error: ErrorDetails) -> tuple[int, str]:
    steps = tuple(step for step in error["loc"] if step != "[key]")
    text = in_plain_words(error)
    if error["type"] == "value_error":
        # A rule about several fields names the one that is wrong at its beginning.
        name, _, rest = text.partition(": ")
        inner = (*steps, *(int(step) if step.isdecimal() else step for step in name.split(".")))
        if rest and inner[:1] in document.lines:
            return document.line(inner), f"{dotted(inner)}: {rest}"
    if error["type"] == "enum":
        text = f"not allowed; allowed: {allowed_values(error)}"
    if error["type"] == "extra_forbidden":
        text = _unknown_field(steps)
    if error["type"] == "model_type":
        text = "must hold `field: value` lines"
    return document.line(steps), f"{dotted(steps)}: {text}" if steps else text


def _unknown_field(steps: tuple[str | int, ...]) -> str:
    model: Any = LogMapping
    for step in steps[:-1]:
        if isinstance(step, str) and model is not None and step in model.model_fields:
            model = inner_model(model.model_fields[step].annotation) or as_model(model.model_fields[step].annotation)
    names = list((model or LogMapping).model_fields)
    close = difflib.get_close_matches(str(steps[-1]), names, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"no such field; {meant}allowed: {', '.join(names)}"
