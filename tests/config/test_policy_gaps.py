"""Scenarios: a lead writes several SLAs, and is warned of tickets without clocks and of SLAs that are for nobody."""

from pathlib import Path

import pytest

from config.policy import PolicyError, load_policy
from config.policy_gaps import find_gaps

HEAD = """\
name: Least
version: "1"
tiers:
  L1: {name: Frontline, channel: C1}
quiet_time: 3d
"""
CLOCKS = "{resolution: {targets: {P1: 1h, P2: 2h, P3: 3h, P4: 4h}}}"


def written(folder: Path, *slas: str, rest: str = "") -> Path:
    """A policy of these SLAs (``name; match``), from line 7 on."""
    lines = [
        f"  - {{name: {name}, match: {match or '{}'}, clocks: {CLOCKS}}}\n"
        for name, _, match in (sla.partition("; ") for sla in slas)
    ]
    file = folder / "team.yaml"
    file.write_text(HEAD + "slas:\n" + "".join(lines) + rest, encoding="utf-8")
    return file


def gaps_of(file: Path) -> list[tuple[int, str]]:
    """Lines and texts of the warnings."""
    gaps = find_gaps(file, load_policy(file))
    assert {gap.file for gap in gaps} <= {str(file)}
    return [(gap.line, gap.text) for gap in gaps]


@pytest.mark.parametrize(
    "slas",
    [
        ("Gold; {plan: [gold]}", "Others"),
        ("Urgent; {priority: [P1, P2]}", "Calm; {priority: [P3, P4]}"),
        ("Gold; {plan: [gold], priority: [P1]}", "Gold too; {plan: [gold]}", "Others"),
    ],
)
def test_slas_that_are_for_every_ticket_bring_no_warning(tmp_path: Path, slas: tuple[str, ...]) -> None:
    assert gaps_of(written(tmp_path, *slas)) == []


def test_clocks_are_for_what_no_sla_matches(tmp_path: Path) -> None:
    assert gaps_of(written(tmp_path, "Gold; {plan: [gold]}", rest=f"clocks: {CLOCKS}\n")) == []


def test_a_ticket_that_could_match_nothing_is_warned_of(tmp_path: Path) -> None:
    ((line, text),) = gaps_of(written(tmp_path, "Gold; {plan: [gold]}", "Mail; {channel: [email]}"))
    assert line == 6
    assert text.startswith("slas: a ticket that none of them matches has no clocks, and the lead is told: add an entry")


def test_the_priorities_that_could_match_nothing_are_named(tmp_path: Path) -> None:
    ((_, text),) = gaps_of(written(tmp_path, "Urgent; {priority: [P1, P2]}", "Gold; {plan: [gold]}"))
    assert "matches (those of priority P3, P4) has no clocks" in text


def test_an_sla_behind_one_that_takes_all_its_tickets_is_warned_of(tmp_path: Path) -> None:
    file = written(tmp_path, "Paid; {plan: [gold, silver]}", "Gold; {plan: [Gold], priority: [P1]}", "Others", "Rest")
    assert gaps_of(file) == [
        (8, "slas[1]: no ticket is measured by 'Gold': 'Paid' before it matches them all"),
        (10, "slas[3]: no ticket is measured by 'Rest': 'Others' before it matches them all"),
    ]


def test_clocks_behind_an_sla_for_everything_are_warned_of(tmp_path: Path) -> None:
    file = written(tmp_path, "Gold; {plan: [gold]}", "Others", rest=f"clocks: {CLOCKS}\n")
    assert gaps_of(file) == [(9, "clocks: no ticket is measured by them: 'Others' and those before it match them all")]


@pytest.mark.parametrize(
    ("slas", "message"),
    [
        (("Gold; {plan: gold}",), ":7: slas[0].match.plan: must be a list"),
        (("Gold; {colour: [red]}",), ":7: slas[0].match.colour: no such field"),
        (("Gold", "gold"), ":7: slas[0].name: another SLA has the name 'Gold' already"),
        (("Gold; {priority: [P7]}",), ":7: slas[0].match.priority[0]: not a priority; allowed: P1, P2, P3, P4"),
    ],
)
def test_a_mistake_in_an_sla_is_told_with_its_line(tmp_path: Path, slas: tuple[str, ...], message: str) -> None:
    with pytest.raises(PolicyError) as told:
        load_policy(written(tmp_path, *slas))
    assert message in str(told.value)


def test_a_policy_that_says_nowhere_what_is_measured_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(HEAD, encoding="utf-8")
    with pytest.raises(PolicyError, match="clocks: missing; say in `clocks`, or in `slas`, what is measured"):
        load_policy(file)


def test_rules_of_a_project_that_no_route_names_are_warned_of(tmp_path: Path) -> None:
    routes = "routes:\n  - {tracker: github, project: Acme/Storefront}\n"
    rules = "engineering:\n  projects:\n    acme/storefront: {public: true}\n    acme/storefrnt: {public: true}\n"
    ((line, text),) = gaps_of(written(tmp_path, "Others", rest=routes + rules))
    assert line == 13
    assert text.startswith("engineering.projects: no route opens issues in 'acme/storefrnt'")
