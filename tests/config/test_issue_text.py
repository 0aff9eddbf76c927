"""The text of an issue: a team's template, what is wrong with one, and that users' words are never its structure."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PolicyError
from config.issue_text import DEFAULT_TEMPLATE, LONGEST_TEXT, issue_text, template_problems
from config.policy import load_policy
from domain.issue_facts import Evidence, IssueFacts, PlanCount
from domain.plain_text import plain_block
from tests.shared import REPOSITORY

FACTS = IssueFacts(
    ticket="T-1042",
    title="Card payment fails",
    priority="P2",
    impact="All tills.",
    product="payments",
    versions=("version 4.2",),
    evidence=(Evidence(name="screen.png", url="https://acme.slack.example/files/F1/screen.png"),),
    first_seen="2026-11-16 12:00 UTC",
    customers=(PlanCount(plan="gold", customers=1),),
    tickets=("T-1042",),
    shows_page=True,
)
POLICY = """\
name: Acme
version: "7"
tiers:
  L1: {name: Frontline, channel: C0SUPL1}
clocks:
  handoff:
    targets: {P1: 15m, P2: 30m, P3: 2h, P4: 4h}
quiet_time: 3d
engineering:
"""


def test_tierlines_own_template_has_a_heading_for_what_there_is_alone() -> None:
    text = issue_text(None, FACTS, "https://temporal.example/T-1042")

    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Impact",
        "## Environment",
        "## Evidence (whoever opens it needs access there)",
        "## Facts",
    ]
    assert "- Versions: version 4.2" in text
    assert "- screen.png: https://acme.slack.example/files/F1/screen.png" in text
    assert "- Every step of the ticket: https://temporal.example/T-1042" in text
    assert "- Customers on gold: 1\n- Tickets: T-1042" in text
    assert "\n\n\n" not in text


def test_the_tickets_page_is_shown_only_where_the_policy_shares_it() -> None:
    hidden = FACTS.model_copy(update={"shows_page": False})

    assert "temporal.example" not in issue_text("{{ page }} {{ ticket }}", hidden, "https://temporal.example/T-1042")


def test_a_teams_own_template_makes_the_text() -> None:
    assert issue_text("{{ product | upper }}: {{ impact }}", FACTS, None) == "PAYMENTS: All tills."


def test_a_template_that_no_file_brought_and_that_fails_is_replaced_by_tierlines_own() -> None:
    assert issue_text("{{ nothing.of_that }}", FACTS, None) == issue_text(None, FACTS, None)


def test_a_text_has_a_length_that_trackers_take() -> None:
    assert len(issue_text("{% for n in range(9000) %}{{ impact }}{% endfor %}", FACTS, None)) == LONGEST_TEXT


def test_the_default_template_is_whole_and_stands_in_the_document() -> None:
    assert list(template_problems(DEFAULT_TEMPLATE)) == []
    assert DEFAULT_TEMPLATE.strip() in (REPOSITORY / "docs" / "engineering.md").read_text()


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("{{ customer_name }}", 1, "there is no 'customer_name' to name; there is ticket, title"),
        ("## A\n\n{{ impact.first }}", 3, "has no attribute 'first'"),
        ("a\nb {{ impact", 2, "not a Jinja template"),
        ("{% for file in evidence %}\n{{ file.secret }}\n{% endfor %}", 2, "has no attribute 'secret'"),
        ("{{ ticket.__class__ }}", 1, "unsafe"),
        ("{% include 'other' %}", 1, "it cannot be filled in"),
        ("\n{{ customers[0].plan }}", 2, "no element 0"),
        ("{# nothing #}", 1, "empty text"),
        ("{% for n in range(100000000) %}{% endfor %}", 1, "Range too big"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_with_its_line(template: str, line: int, words: str) -> None:
    ((at, problem),) = template_problems(template)

    assert at == line
    assert words in problem


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("  template: '{{ nobody }}'\n", 10),
        ("  template: |\n    ## Impact\n    {{ impact }}\n    {{ nobody }}\n", 13),
    ],
)
def test_a_policy_with_a_wrong_template_is_refused_with_the_line_in_its_file(
    tmp_path: Path, written: str, line: int
) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(POLICY + written)

    with pytest.raises(PolicyError) as refused:
        load_policy(file)

    (problem,) = refused.value.problems
    assert problem.startswith(f"{file}:{line}: engineering.template: there is no 'nobody' to name")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("customer number: '('", "not a regular expression"),
        ("customer number: '(\\w+)+$'", "a repetition stands within a repetition"),
        ("customer number: '.*.*.*x'", "too many ways"),
        ("customer number: 'X*'", "finds nothing at all"),
        ("'[x]': 'C-\\d{6}'", "up to 40 letters"),
        ("customer: 'cust[a-z]{1,9}'", "its own replacement"),
    ],
)
def test_an_own_pattern_that_cannot_be_run_is_refused_with_its_line(tmp_path: Path, pattern: str, words: str) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(f"{POLICY}  redaction:\n    patterns:\n      {pattern}\n")

    with pytest.raises(PolicyError) as refused:
        load_policy(file)

    assert words in refused.value.problems[0]
    assert refused.value.problems[0].startswith(f"{file}:")


@given(
    st.lists(
        st.sampled_from(["## Impact", "- item", "1. one", "> said", "---", "===", "| a |", "text", "", " # x", "```"])
    )
)
def test_peoples_words_are_never_structure(lines: list[str]) -> None:
    facts = FACTS.model_copy(update={"impact": plain_block("\n".join(lines)) or None, "versions": ()})
    theirs = issue_text("{{ impact }}", facts, None)

    assert not [
        line for line in theirs.splitlines() if line.lstrip(" ").startswith(("#", "-", ">", "=", "|", "`", "1."))
    ]
