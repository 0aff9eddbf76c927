"""The catalogue of variables, derived from the models, so that messages and documents cannot disagree with them."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from config.model_types import as_model
from config.sections import Needed, Part, ReadBy, Section, Where

PREFIX = "TIERLINE_"
DELIMITER = "__"

# Variables of other programs that share the prefix: the sandbox, the engine's cache, the demo and the tests.
NOT_SETTINGS = (
    "TIERLINE_SANDBOX",
    "TIERLINE_ENGINE",
    "TIERLINE_TEST",
    "TIERLINE_DEMO",
    "TIERLINE_SHARED",
    "TIERLINE_CACHE",
)


@dataclasses.dataclass(frozen=True)
class Variable:
    """One environment variable. ``section`` is the part between prefix and delimiter, such as ``SLACK``; empty at top level.

    ``required`` means: once anything of its section is used, by the programs that read it (``read_by``).
    """

    name: str
    section: str
    required: bool
    secret: bool
    default: Any
    description: str
    where: str | None
    read_by: frozenset[Part]

    @property
    def told(self) -> str:
        """What it is and where to get it, for a person who has to set it."""
        sentence = self.description[0].lower() + self.description[1:].rstrip(".")
        return f"{sentence}; {self.where}" if self.where else sentence


def variables_of(settings: type[BaseModel]) -> tuple[Variable, ...]:
    """Every variable that the settings read, in the order of the models."""
    return tuple(_variables(settings, section=""))


def unknown_variables(given: Iterable[str], known: Iterable[Variable]) -> Mapping[str, str]:
    """For each name that no setting reads: what was perhaps meant."""
    names = [variable.name for variable in known]
    problems = {}
    for name in sorted(set(given) - set(names)):
        if name.startswith(NOT_SETTINGS):
            continue
        of_section = [known_name for known_name in names if known_name.startswith(f"{name}{DELIMITER}")]
        close = of_section[:1] or difflib.get_close_matches(name, names, n=1, cutoff=0.75)
        meant = f"; did you mean {close[0]}?" if close else "; docs/settings.md lists those there are"
        problems[name] = f"no such setting{meant}"
    return problems


def _variables(model: type[BaseModel], section: str) -> Iterator[Variable]:
    for name, field in model.model_fields.items():
        inner = as_model(field.annotation) if not section else None
        if inner is not None:
            yield from _variables(inner, section=name.upper())
            continue
        where = next((item.text for item in field.metadata if isinstance(item, Where)), None)
        of_section = model.read_by if issubclass(model, Section) else frozenset(Part)
        yield Variable(
            name=PREFIX + (f"{section}{DELIMITER}" if section else "") + name.upper(),
            section=section,
            required=field.is_required() or any(isinstance(item, Needed) for item in field.metadata),
            secret=SecretStr in _inside(field.annotation),
            default=None if field.is_required() else field.get_default(),
            description=field.description or "",
            where=where,
            read_by=next((item.parts for item in field.metadata if isinstance(item, ReadBy)), of_section),
        )


def _inside(annotation: Any) -> set[Any]:
    """The annotation's own type and those within: of unions, collections and models."""
    model = as_model(annotation)
    fields = [field.annotation for field in model.model_fields.values()] if model is not None else []
    return {annotation}.union(*(_inside(part) for part in (*get_args(annotation), *fields)))
