"""Scenarios: a lead checks a policy file; a contributor writes what is made from the models."""

import json
from pathlib import Path

import pytest

from tests.cli.tierline import tierline
from tests.shared import REPOSITORY

POLICIES = REPOSITORY / "config" / "policies"


async def test_a_right_policy_is_told_to_be_right(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_bytes((POLICIES / "demo.yaml").read_bytes())
    run = await tierline("policy", "check", "team.yaml", folder=tmp_path)
    assert (run.code, run.out, run.err) == (0, "ok  team.yaml: Demo, version demo-1\n", "")


async def test_each_mistake_is_one_line_with_its_place(tmp_path: Path) -> None:
    lines = [
        "name: Acme",
        "version: 1",
        "tiers: {L1: {name: Frontline, channel: C1}}",
        "clocks:",
        "  handoff:",
        "    targets: {P1: 15m, P2: 30m, P3: 2h, P5: 4h}",
        "quiet_tme: 3d",
    ]
    (tmp_path / "team.yaml").write_text("\n".join(lines))
    run = await tierline("policy", "check", "team.yaml", folder=tmp_path)
    assert (run.code, run.out) == (1, "")
    first, second, third, fourth = run.err.splitlines()
    assert first == "team.yaml:1: quiet_time: missing; it has to be given"
    assert second == "team.yaml:2: version: must be text; put it in quotes"
    assert third == "team.yaml:6: clocks.handoff.targets.P5: not a priority; allowed: P1, P2, P3, P4"
    assert fourth.startswith("team.yaml:7: quiet_tme: no such field; did you mean quiet_time? allowed: name, version, ")


async def test_values_to_be_replaced_are_named(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_bytes((POLICIES / "default.yaml").read_bytes())
    run = await tierline("policy", "check", "team.yaml", folder=tmp_path)
    assert run.code == 0
    assert any(line.endswith("tiers.L1.channel: to be replaced by your own value") for line in run.marked("--"))


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    run = await tierline("policy", "check", "none.yaml", folder=tmp_path)
    assert (run.code, run.out, run.err) == (1, "", "none.yaml: there is no such file\n")


async def test_the_schema_is_printed(tmp_path: Path) -> None:
    run = await tierline("policy", "schema", "--output", "-", folder=tmp_path)
    assert run.code == 0
    assert json.loads(run.out)["title"] == "Tierline policy"


@pytest.mark.parametrize(
    ("command", "file"),
    [(("policy", "reference"), "docs/policy.md"), (("settings", "reference"), "docs/settings.md")],
    ids=["policy", "settings"],
)
async def test_the_references_are_written(tmp_path: Path, command: tuple[str, str], file: str) -> None:
    refused = await tierline(*command, folder=tmp_path)
    assert (refused.code, refused.err) == (
        1,
        f"{file}: there is no folder docs; give --output FILE, or - to print\n",
    )
    (tmp_path / "docs").mkdir()
    written = await tierline(*command, folder=tmp_path)
    assert (written.code, written.out) == (0, f"ok  {file} written\n")
    assert (tmp_path / file).read_text() == (REPOSITORY / file).read_text()
