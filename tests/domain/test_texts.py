"""The limits of texts: refused where a caller waits for an answer, cut with a visible mark everywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.texts import CUT_MARK, GivenName, Key, Line, Name, cut, size_of, with_digest


def test_a_name_that_is_too_long_is_cut_and_says_so() -> None:
    name = TypeAdapter(Name).validate_python("N" * 700_000)

    assert size_of(name) == 800
    assert name.endswith(CUT_MARK)


def test_a_name_of_200_letters_of_any_script_stays_whole() -> None:
    assert TypeAdapter(Name).validate_python("💥" * 200) == "💥" * 200


def test_a_caller_of_the_api_is_told_the_limit_and_the_size() -> None:
    with pytest.raises(ValidationError, match="at most 800 bytes in UTF-8 are taken, this has 804"):
        TypeAdapter(GivenName).validate_python("💥" * 201)


def test_two_long_keys_that_begin_alike_stay_different() -> None:
    keys = TypeAdapter(Key)
    one, other = keys.validate_python("k" * 5_000 + "1"), keys.validate_python("k" * 5_000 + "2")

    assert one != other
    assert size_of(one) <= 800
    assert keys.validate_python(one) == one, "what is within the limit is left as it is"


@given(st.text(st.characters(blacklist_categories=()), max_size=400), st.integers(60, 400))
def test_whatever_is_cut_is_within_the_limit_and_no_character_is_torn(text: str, most: int) -> None:
    for short in (cut(text, most), with_digest(text, most)):
        assert size_of(short) <= max(most, 60)
        assert short == text or size_of(text) > most
    shown = cut(text, most)
    if shown != text:
        assert shown.endswith(CUT_MARK)
        assert text.startswith(shown.removesuffix(CUT_MARK))


def test_a_text_read_back_is_never_refused_for_its_length() -> None:
    assert TypeAdapter(Line).validate_json(TypeAdapter(str).dump_json("é" * 1_000_000)).endswith(CUT_MARK)
