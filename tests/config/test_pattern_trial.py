"""A team's own patterns are tried on their worst texts when the policy is read: what would hold a ticket up is refused."""

from pathlib import Path

import pytest

from config.errors import PolicyError
from config.pattern_trial import slow_patterns
from config.policy import load_policy
from domain.own_patterns import problem_of
from tests.config.test_issue_text import POLICY

SLOW = (
    r"\w{1,9}\w+\d{0,0}X",
    "(?:a|a)" * 12 + "X",
    r"(?:a?){5}a{1,150}X",
    r"(?<!x)a+a{1,10}[^a]",
    r"[a-z]{1,70}[a-z]{1,70}\d",
    r"(?i)[a-z]+[a-z]{1,10}\d",
)
QUICK = (
    r"CTR-\d{4,8}",
    r"(?i)acme-[0-9a-f]{8}",
    r"\b[A-Z]{2}\d{6}\b",
    r"account: .*",
    r"(?i)(?:kunde|customer|client)[ :#-]{0,3}\d{5,9}",
    r"[A-Z]{3}-\d{4}-[A-Z0-9]{4,12}",
    r"(?<!\w)K[0-9]{2,3}(?=\s)",
)


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_would_hold_a_ticket_up_is_refused(pattern: str) -> None:
    # The rule of the domain bounds its attempts, and takes it.
    assert problem_of("secret", pattern) is None

    ((word, sentence),) = list(slow_patterns({"secret": pattern}))[:1]

    assert word == "secret"
    assert sentence.startswith("it takes too long on a text such as ")
    assert "\n" not in sentence


def test_patterns_as_teams_write_them_are_taken() -> None:
    assert list(slow_patterns({f"word {'abcdefg'[number]}": pattern for number, pattern in enumerate(QUICK)})) == []
    assert list(slow_patterns({})) == []


def test_many_patterns_that_are_quick_enough_one_by_one_are_too_many_together() -> None:
    # Each is tried at every letter, sixty letters far.
    found = list(slow_patterns({f"word {letter}": rf"[a-z]{{1,60}}[0-9]{letter}" for letter in "abcdefghijklmn"}))

    assert [word for word, _ in found] == [None]
    assert "all of them together" in found[-1][1]


def test_a_policy_with_a_slow_pattern_is_refused_with_the_line_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(
        f"{POLICY}  redaction:\n    patterns:\n      contract: 'CTR-\\d{{4,8}}'\n      customer: '{SLOW[-1]}'\n"
    )

    with pytest.raises(PolicyError) as refused:
        load_policy(file)

    (problem,) = refused.value.problems
    assert problem.startswith(
        f"{file}:13: engineering.redaction.patterns.customer: it takes too long on a text such as "
    )
