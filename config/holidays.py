"""Holidays as a policy file names them: a country and its subdivision, an iCalendar file, own dates.

They become plain dates when the policy is loaded (docs/adr/0015), so that no library's upgrade bends a running ticket.
"""

import difflib
import functools
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Self

import holidays
from holidays.registry import COUNTRIES
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from config.holiday_files import days_in_file
from domain.frozen import Frozen

FIRST_YEAR = 2000
"""From when on holidays are worked out, so that a log of the past can be simulated."""
YEARS_AHEAD = 6
"""How far ahead: a ticket that is open for years keeps its holidays, and a process that runs for years knows new ones."""


def holiday_years(today: date) -> range:
    """The years for which holidays are worked out, seen from a day."""
    return range(FIRST_YEAR, today.year + YEARS_AHEAD + 1)


def _known_country(code: str) -> str:
    if code not in _countries():
        raise ValueError(
            f"no country {code!r} is known; {_meant(code)}write its ISO 3166 code, such as BE, as the library `holidays` lists them"
        )
    return code


class HolidayRules(Frozen):
    """Where a calendar's holidays come from. What is given adds up; all of it becomes dates when the policy is loaded."""

    country: Annotated[
        str | None,
        AfterValidator(_known_country),
        Field(description="ISO 3166 code of a country whose public holidays close it, such as `BE`.", examples=["BE"]),
    ] = None
    subdivision: Annotated[
        str | None,
        Field(description="State, province or region of the country, with its own holidays, such as `BY` of `DE`."),
    ] = None
    dates: Annotated[tuple[date, ...], Field(description="Own dates.")] = ()
    ical: Annotated[
        str | None,
        Field(
            min_length=1,
            description="An iCalendar file (`.ics`) of whole days, once or recurring; its path is relative to the policy file.",
        ),
    ] = None

    @field_validator("subdivision")
    @classmethod
    def _known_subdivision(cls, code: str | None, info: ValidationInfo) -> str | None:
        if "country" not in info.data or code is None:
            return code
        country = info.data["country"]
        if country is None:
            raise ValueError("a subdivision needs its `country`")
        subdivisions = holidays.country_holidays(country).subdivisions
        if code not in subdivisions:
            close = difflib.get_close_matches(code.upper(), subdivisions, n=1)
            meant = f"did you mean {close[0]}? " if close else ""
            raise ValueError(
                f"{country} has no subdivision {code!r}; {meant}allowed: {', '.join(subdivisions) or 'none'}"
            )
        return code

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.country is None and self.ical is None and not self.dates:
            raise ValueError("give a `country`, an `ical` file or `dates`; without holidays leave the field out")
        return self

    def closed_days(self, folder: Path, years: range) -> tuple[date, ...]:
        """The dates, in order.

        Args:
            folder: where the policy file is.
            years: for which the country's and the file's holidays are worked out; own dates are all taken.

        Raises:
            PolicyError: the iCalendar file cannot be used; each line names the file and its line.
        """
        days = set(self.dates)
        if self.country is not None:
            days |= set(holidays.country_holidays(self.country, subdiv=self.subdivision, years=years))
        if self.ical is not None:
            days |= days_in_file(folder / self.ical, years)
        return tuple(sorted(days))


@functools.cache
def _countries() -> frozenset[str]:
    return frozenset(code for _, *codes in COUNTRIES.values() for code in codes if code.isupper())


def _meant(text: str) -> str:
    wanted = text.strip().lower().replace(" ", "_")
    by_word = dict(_words_for_countries())
    close = difflib.get_close_matches(wanted, by_word, n=1, cutoff=0.75)
    if not close:
        return ""
    name, code = by_word[close[0]]
    return f"did you mean {code} ({name.replace('_', ' ').title()})? "


def _words_for_countries() -> Iterator[tuple[str, tuple[str, str]]]:
    """What somebody may have written for a country: its name, and its codes in small letters."""
    for name, (_, code, *others) in COUNTRIES.items():
        for word in (name, code, *others):
            yield word.lower(), (name, code)
