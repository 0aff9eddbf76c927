"""Which tickets an SLA of the policy is for."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, field_validator

from domain.frozen import Frozen
from domain.tiers import Priority

_Texts = tuple[Annotated[str, Field(min_length=1)], ...]


class SlaFacts(Frozen):
    """What of a ticket an SLA can be chosen by. Texts are compared in any case of letters."""

    plan: str | None = None
    channel: str | None = None
    product: str | None = None
    component: str | None = None
    priority: Priority
    language: str | None = None

    def in_words(self) -> str:
        """``plan Gold, channel api, priority P3``: what is known, for a sentence."""
        known = ((name, getattr(self, name)) for name in SlaFacts.model_fields)
        return ", ".join(f"{name} {value}" for name, value in known if value is not None)


class SlaMatch(Frozen):
    """Which tickets an SLA is for: each field that is given lists the values it allows; a field that is left out allows all."""

    plan: Annotated[_Texts, Field(description="The customer's plan.")] = ()
    channel: Annotated[_Texts, Field(description="Where the ticket came from, such as `email`.")] = ()
    product: Annotated[_Texts, Field(description="The ticket's product.")] = ()
    component: Annotated[_Texts, Field(description="The ticket's component.")] = ()
    priority: Annotated[
        tuple[Priority, ...],
        Field(description="The ticket's priority. When it changes, the SLA is chosen anew."),
    ] = ()
    language: Annotated[
        _Texts, Field(description="The customer's language as in BCP 47; `fr` is for `fr-BE` as well.")
    ] = ()

    @field_validator("*")
    @classmethod
    def _each_value_once(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        known = [value.casefold() for value in values]
        twice = sorted({value for value, plain in zip(values, known, strict=True) if known.count(plain) > 1})
        if twice:
            raise ValueError(f"written twice: {', '.join(twice)}")
        return values

    def accepts(self, facts: SlaFacts) -> bool:
        """Whether a ticket of which this is known fits every field that is given."""
        return (
            _among(self.plan, facts.plan)
            and _among(self.channel, facts.channel)
            and _among(self.product, facts.product)
            and _among(self.component, facts.component)
            and (not self.priority or facts.priority in self.priority)
            and _among(self.language, facts.language, _speaks)
        )

    def covers(self, other: "SlaMatch") -> bool:
        """Whether every ticket that fits the other one fits this one as well."""
        return all(
            not mine
            or (bool(theirs) and {value.casefold() for value in theirs} <= {value.casefold() for value in mine})
            for mine, theirs in ((getattr(self, name), getattr(other, name)) for name in SlaMatch.model_fields)
        )

    @property
    def only_by_priority(self) -> bool:
        """Whether nothing but the priority, or nothing at all, decides."""
        return not (self.plan or self.channel or self.product or self.component or self.language)


def _same(wanted: str, have: str) -> bool:
    return wanted == have


def _speaks(wanted: str, have: str) -> bool:
    """Basic filtering of RFC 4647: ``fr`` fits ``fr`` and ``fr-BE``, and not ``fro``."""
    wanted, have = wanted.replace("_", "-"), have.replace("_", "-")
    return have == wanted or have.startswith(f"{wanted}-")


def _among(wanted: tuple[str, ...], have: str | None, fits: Callable[[str, str], bool] = _same) -> bool:
    if not wanted:
        return True
    return have is not None and any(fits(value.casefold(), have.strip().casefold()) for value in wanted)
