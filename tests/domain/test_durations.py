"""Lengths of time as people write them."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.durations import Duration, format_duration, parse_duration
from tests.domain.building import DAY, HOUR, MINUTE, SECOND

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "length"),
    [("30s", 30 * SECOND), ("15m", 15 * MINUTE), ("1h30m", 90 * MINUTE), ("2d", 2 * DAY), ("90m", 90 * MINUTE)],
)
def test_it_reads_what_people_write(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "1", "h", "1h 30m", "30m1h", "-5m", "1.5h", "٣s", None, 60, ["1h"]])
def test_what_is_no_length_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="write a length of time as 30s"):
        parse_duration(text)


@pytest.mark.parametrize("length", ["0s", "0h0m", timedelta(0), -HOUR, timedelta(milliseconds=1500)])
def test_lengths_are_whole_seconds_and_positive(length: object) -> None:
    with pytest.raises(ValueError, match="longer than zero"):
        parse_duration(length)


@pytest.mark.parametrize("text", ["3661d", "9" * 30 + "d"])
def test_a_length_beyond_reason_is_refused_and_does_not_overflow(text: str) -> None:
    with pytest.raises(ValidationError, match="at the most"):
        _DURATION.validate_python(text)


@given(st.integers(1, 3660 * 86400).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_is_written_is_read_back(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length
    assert _DURATION.validate_json(_DURATION.dump_json(length)) == length


@pytest.mark.parametrize(
    ("length", "text"), [(-90 * MINUTE, "-1h30m"), (timedelta(0), "0s"), (timedelta(milliseconds=300), "0s")]
)
def test_lengths_that_nobody_writes_are_shown_all_the_same(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


@given(st.from_regex(re.compile(_DURATION.json_schema()["pattern"], re.ASCII), fullmatch=True))
def test_what_the_schema_allows_is_taken(text: str) -> None:
    assert timedelta(0) < parse_duration(text) <= timedelta(days=3660)


@pytest.mark.parametrize("text", ["", "0s", "0d0h", "h", "1", "3661d", "1m2h", "-1h", "1.5h"])
def test_what_is_refused_the_schema_forbids_too(text: str) -> None:
    with pytest.raises(ValueError, match="a length of time"):
        parse_duration(text)
    assert re.search(_DURATION.json_schema()["pattern"], text, re.ASCII) is None


@pytest.mark.parametrize("text", ["9" * 5_000 + "d", "9" * 10 + "s", "999999999d999999999h999999999m999999999s"])
def test_a_length_of_any_number_of_digits_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="a length of time is 3660d at the most"):
        parse_duration(text)
