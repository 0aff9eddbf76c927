"""What redaction costs: the work grows with a text's length and no faster, whatever a stranger wrote, and a decision stays short."""

import sys
import time

import pytest

from benchmarks.redaction import ALL_RULES, LONGEST, WORST, a_text, seconds_of
from domain.engineering_issue import safe_text
from domain.messages import Escalate, Note
from domain.redaction import redact_strictly
from domain.redaction_rule import lowered
from domain.report import EscalationReport
from domain.tiers import Tier
from tests.domain.building import LENA, Story, an_opening, without_ladders

# Letters of four bytes make Python's whole text wide.
SHAPES = [
    (rule, *shape) for rule, shapes in WORST.items() for shape in (*shapes, ("", "𝒶", ""), ("𝒶", shapes[0][1], ""))
]
TOO_LONG_S = 1.0
"""The old rules took 2.7 to 13.8 seconds; these take hundredths."""


def test_every_rule_has_a_worst_text() -> None:
    assert set(WORST) == set(ALL_RULES)


@pytest.mark.parametrize(("rule", "beginning", "repeated", "end"), SHAPES)
def test_four_times_the_text_is_not_sixteen_times_the_work(rule: str, beginning: str, repeated: str, end: str) -> None:
    short, long = (a_text(length, beginning, repeated, end) for length in (LONGEST, 4 * LONGEST))

    limit = 10 * seconds_of(ALL_RULES[rule], short) + 0.01

    # Linear work takes four times as long, quadratic work sixteen times.
    assert seconds_of(ALL_RULES[rule], long) < limit


@pytest.mark.parametrize(("beginning", "repeated", "end"), sorted({shape[1:] for shape in SHAPES}))
def test_no_text_holds_up_all_rules_together(beginning: str, repeated: str, end: str) -> None:
    assert seconds_of(redact_strictly, a_text(LONGEST, beginning, repeated, end), rounds=1) < TOO_LONG_S


@pytest.mark.parametrize(
    "shape",
    [("://", ":", ""), ("", "1.1.1.1 ", ""), ("", "1 ", "1x"), ("", "030 12345678 x ", ""), ("", "://a:b@", "")],
)
def test_a_decision_with_the_worst_texts_everywhere_is_short(shape: tuple[str, str, str]) -> None:
    worst = a_text(LONGEST, *shape)
    story = Story(without_ladders(), an_opening(title=worst[:200], description=worst, external_ref=worst[:60]))
    report = EscalationReport(impact=worst[:2_000], reproduction=worst[:2_000], customer_summary=worst[:2_000])
    began = time.process_time()

    story.does(LENA, Escalate(to=Tier.L3, reason=worst, report=report))
    story.does(LENA, Note(text=worst))

    assert time.process_time() - began < TOO_LONG_S


def test_a_text_keeps_its_positions_in_lower_case() -> None:
    every_letter = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))

    assert len(lowered(every_letter)) == len(every_letter)
    assert lowered("Passwort") == "passwort"


def test_a_secret_that_the_cut_of_a_long_text_parts_in_two_is_not_half_told() -> None:
    ticket = Story(without_ladders()).ticket
    # E-mail addresses get shorter, so that what is cut stands in the middle of what would be kept.
    mails = "jane.doe.of.the.accounts@mail.acme.example " * 209
    for letters in range(1, 60):
        text = f"{mails[:8_942]}{'x' * letters} 4111 1111 1111 1111 {'and so on ' * 500}"
        clean = safe_text(ticket, text)
        assert clean.startswith("[e-mail] [e-mail]")
        assert "4111" not in clean
