"""Scenarios: a lead tries a policy on the past, holds it against another, and hands a page to a manager."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.tierline import tierline
from tests.simulation.logs import BPI2013, CLOSED, OFFICE_HOURS, QUEUED, RESOLVED, WORKING, a_log, row

FIELDS = [
    "case_id",
    "clock",
    "stint",
    "tier",
    "priority",
    "target_s",
    "started_at",
    "stopped_at",
    "counted_s",
    "breached_at",
    "outcome",
]
VOID = {"meta", "link", "br"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of three tickets, one of them late, and two policies: the second gives P3 more time to be taken."""
    a_log(
        tmp_path,
        row("2012-03-05 09:00", QUEUED, case="on <time>"),
        row("2012-03-05 10:00", WORKING, case="on <time>"),
        row("2012-03-05 11:00", RESOLVED, case="on <time>"),
        row("2012-03-05 09:00", QUEUED, case="late <b>"),
        row("2012-03-05 14:00", WORKING, 2, case="late <b>"),
        row("2012-03-05 15:00", CLOSED, 2, case="late <b>"),
        row("2012-03-06 09:00", WORKING, case="open"),
    )
    text = OFFICE_HOURS.read_text()
    (tmp_path / "now.yaml").write_text(text)
    slower = text.replace("targets: {P1: 15m, P2: 30m, P3: 2h, P4: 4h}", "targets: {P1: 15m, P2: 30m, P3: 6h, P4: 8h}")
    assert slower != text
    (tmp_path / "then.yaml").write_text(slower.replace("version: office-1", "version: office-2"))
    return tmp_path


async def test_breaches_are_told_by_clock_tier_and_priority(folder: Path) -> None:
    run = await tierline("simulate", "--log", "log.csv", "--policy", "now.yaml", folder=folder)
    assert (run.code, run.err) == (0, "")
    assert run.lines[0] == "3 tickets, 7 events, 2012-03-05 to 2012-03-06, under Office hours (office-1)"
    for title in ("Clocks", "Breaches by tier", "Breaches by priority", "Time by owner"):
        assert any(line.startswith(title) for line in run.lines)
    assert "Tickets with a breach: 1 of 3" in run.lines
    assert "Hand-offs that its ladders would have made: 1" in run.lines
    acceptance = next(line for line in run.lines if "Acceptance" in line)
    assert [cell.strip() for cell in acceptance.strip("│").split("│")][1:4] == ["4", "1", "25.0 %"]


async def test_every_clock_is_written_as_an_object(folder: Path) -> None:
    for name in ("out.json", "out.jsonl"):
        run = await tierline(
            "simulate",
            "--log",
            "log.csv",
            "--policy",
            "now.yaml",
            "--mapping",
            str(BPI2013),
            "--json",
            name,
            folder=folder,
        )
        assert run.lines[-1] == f"ok  {name} written"
    clocks = json.loads((folder / "out.json").read_text())
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert clocks == lines
    assert all(list(clock) == FIELDS for clock in clocks)
    assert {(clock["case_id"], clock["clock"], clock["outcome"]) for clock in clocks if clock["outcome"] != "met"} == {
        ("late <b>", "handoff", "breached"),
        ("open", "tier_work", "running"),
        ("open", "resolution", "running"),
    }


async def test_another_policy_is_held_against_it_ticket_by_ticket(folder: Path) -> None:
    run = await tierline(
        *("simulate", "--log", "log.csv", "--policy", "now.yaml", "--against", "then.yaml"),
        *("--json", "out.json", "--report", "out.html"),
        folder=folder,
    )
    assert (run.code, run.err) == (0, "")
    assert "Tickets that differ: 1" in run.lines
    clocks = json.loads((folder / "out.json").read_text())
    assert all(list(clock) == [*FIELDS, "against"] for clock in clocks)
    (changed,) = (clock for clock in clocks if clock["outcome"] != clock["against"]["outcome"])
    assert (changed["case_id"], changed["clock"], changed["stint"]) == ("late <b>", "handoff", 0)
    assert (changed["outcome"], changed["against"]["outcome"]) == ("breached", "left")
    assert (changed["target_s"], changed["against"]["target_s"]) == (7200, 21600)
    page = (folder / "out.html").read_text()
    assert '<tr><th scope="row">late &lt;b&gt;</th><td class="words">Acceptance in L1</td>' in page


async def test_a_policy_held_against_itself_differs_nowhere(folder: Path) -> None:
    run = await tierline("simulate", "--log", "log.csv", "--policy", "now.yaml", "--against", "now.yaml", folder=folder)
    assert (run.code, run.lines[-1]) == (0, "Tickets that differ: 0")


async def test_the_report_is_one_file_that_needs_nothing_else(folder: Path) -> None:
    run = await tierline("simulate", "--log", "log.csv", "--policy", "now.yaml", "--report", "out.html", folder=folder)
    assert run.lines[-1] == "ok  out.html written"
    page = (folder / "out.html").read_text()
    seen = Page()
    seen.feed(page)
    seen.close()
    assert seen.open == []
    assert "script" not in seen.tags
    assert not [value for name, value in seen.attributes if name in {"src", "href"} and not value.startswith("data:")]
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "@import" not in page
    assert "url(" not in page
    assert seen.tags.count("h1") == 1
    charts = [dict(found) for tag, found in seen.elements if tag == "svg"]
    assert len(charts) >= 4
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert "prefers-color-scheme: dark" in page
    assert "late &lt;b&gt;" in page
    assert "late <b>" not in page


async def test_lines_that_were_left_out_are_told_on_the_side(folder: Path) -> None:
    with (folder / "log.csv").open("a") as log:
        log.write("half a line\n")
    run = await tierline("simulate", "--log", "log.csv", "--policy", "now.yaml", folder=folder)
    assert (run.code, run.err) == (0, "log.csv:9: left out: 1 columns, where the first line has 10\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--log", "none.csv", "--policy", "now.yaml"), "none.csv: there is no such file"),
        (("--log", "log.csv", "--policy", "none.yaml"), "none.yaml: there is no such file"),
        (("--log", "log.csv", "--policy", "now.yaml", "--json", "no/out.json"), "no/out.json: cannot be written: "),
        (("--log", "log.csv", "--policy", "now.yaml", "--report", "."), ".: cannot be written: Is a directory"),
        (
            ("--log", "log.csv", "--policy", "now.yaml", "--json", "out", "--report", "out"),
            "out: named for --json and for --report; give each a file of its own",
        ),
    ],
)
async def test_what_cannot_be_read_or_written_is_one_line(folder: Path, options: tuple[str, ...], said: str) -> None:
    run = await tierline("simulate", *options, folder=folder)
    assert (run.code, run.out) == (1, "")
    assert re.fullmatch(re.escape(said) + r".*\n", run.err)


class Page(HTMLParser):
    """What a page is made of. ``open`` are the elements that were never closed."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.open: list[str] = []

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    @property
    def attributes(self) -> list[tuple[str, str]]:
        return [(name, value or "") for _, found in self.elements for name, value in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
