"""Scenarios: logs as people have them, whole, compressed, interleaved and full of garbage."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.log_mapping import LogMappingError, load_log_mapping
from config.policy import load_policy
from simulation.cases import cases, survey
from simulation.log_file import LogFile
from simulation.rows import BadRows, LogError
from simulation.run import Simulation
from tests.shared import shared_dir
from tests.simulation.logs import (
    BPI2013,
    CLOSED,
    HEADER,
    OFFICE_HOURS,
    QUEUED,
    RESOLVED,
    WORKING,
    a_log,
    row,
    simulated,
)

TWO_CASES = (
    row("2012-03-05 09:00", QUEUED, case="a"),
    row("2012-03-05 10:00", WORKING, case="a"),
    row("2012-03-05 12:00", RESOLVED, 2, case="a"),
    row("2012-03-05 09:30", QUEUED, case="b"),
    row("2012-03-05 11:00", WORKING, 3, case="b"),
    row("2012-03-05 14:00", CLOSED, 3, case="b"),
)


def refused(path: Path, mapping: Path | None = BPI2013) -> str:
    """Why a log cannot be used, in one line."""
    with pytest.raises(ConfigurationError) as error:
        list(Simulation(LogFile(path, load_log_mapping(mapping) if mapping else None), load_policy(OFFICE_HOURS)))
    return "\n".join(error.value.problems)


def test_a_compressed_log_is_read_as_a_plain_one_whatever_it_is_called(tmp_path: Path) -> None:
    _, plain = simulated(a_log(tmp_path, *TWO_CASES))
    _, packed = simulated(a_log(tmp_path, *TWO_CASES, name="log.csv.gz"))
    (tmp_path / "log.dat").write_bytes((tmp_path / "log.csv.gz").read_bytes())
    _, renamed = simulated(tmp_path / "log.dat")
    assert plain == packed == renamed


def test_a_log_in_our_own_words_needs_no_mapping(tmp_path: Path) -> None:
    words = {"Queued": "queued", "Accepted": "working", "Completed,Resolved": "resolved", "Completed,Closed": "closed"}
    lines = []
    for line in TWO_CASES:
        case, at, status, substatus, tier, *_ = line.split(",")
        event = words.get(status) or words[f"{status},{substatus}"]
        lines.append(json.dumps({"case": case, "at": at, "event": event, "tier": f"L{tier}", "priority": "P3"}))
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    run = Simulation(LogFile(tmp_path / "log.jsonl.gz"), load_policy(OFFICE_HOURS))
    _, expected = simulated(a_log(tmp_path, *TWO_CASES))
    assert [judged.case for judged in run] == expected


def test_a_log_in_the_order_of_time_is_gathered_case_by_case(tmp_path: Path) -> None:
    in_time_order = sorted(TWO_CASES, key=lambda line: line.split(",")[1])
    run, mixed = simulated(a_log(tmp_path, *in_time_order, name="mixed.csv"))
    assert not run.survey.contiguous
    whole, apart = simulated(a_log(tmp_path, *TWO_CASES))
    assert whole.survey.contiguous
    assert sorted(mixed) == sorted(apart)


def test_lines_that_cannot_be_used_are_told_with_their_place_and_left_out(tmp_path: Path) -> None:
    path = a_log(
        tmp_path,
        *TWO_CASES,
        "a,2012-03-05T09:00:00+01:00,Accepted",
        ",2012-03-06T09:00:00+01:00,Queued,Awaiting Assignment,1,G,x,Medium,P,be",
        row("2012-03-05 15:00", WORKING, case="c").replace("2012-03-05T15:00:00+01:00", "yesterday"),
        row("2012-03-05 15:00", WORKING, case="c").replace("+01:00", ""),
        row("2012-03-05 15:00", "Asleep,Deeply", case="c"),
        row("2012-03-05 15:00", WORKING, 7, case="c"),
        row("2012-03-05 15:00", WORKING, case="d", impact="Huge"),
        row("2012-03-05 15:00", WORKING, case="c"),
        row("2012-03-05 14:00", RESOLVED, case="c"),
        row("2012-03-05 16:00", RESOLVED, case="c"),
    )
    run, judged = simulated(path)
    assert [case.case_id for case in judged] == ["a", "b", "c"]
    assert list(run.bad.told("log.csv")) == [
        "log.csv:8: left out: 3 columns, where the first line has 10",
        "log.csv:9: left out: case_id is empty",
        "log.csv:10: left out: timestamp is no instant: 'yesterday'",
        "log.csv:11: left out: timestamp is no instant: '2012-03-05T15:00:00'",
        "log.csv:12: left out: no rule of the mapping says what 'Asleep / Deeply' means",
        "log.csv:13: left out: line '7' is no tier by the mapping",
        "log.csv:14: left out: impact 'Huge' is no priority by the mapping",
        "log.csv:16: left out: earlier than line 15 of the same case",
    ]


def test_many_unusable_lines_are_counted_and_only_the_first_are_shown(tmp_path: Path) -> None:
    garbage = [f"x{number},never,,,,,,,," for number in range(40)]
    good = [row("2012-03-05 09:00", CLOSED, case=f"c{number}") for number in range(50)]
    run, _ = simulated(a_log(tmp_path, *good, *garbage))
    told = list(run.bad.told("log.csv"))
    assert len(told) == 11
    assert told[-1] == "log.csv: 40 lines were left out in all; these are the first 10"


def test_a_log_that_is_mostly_garbage_is_refused(tmp_path: Path) -> None:
    said = refused(a_log(tmp_path, TWO_CASES[0], *["x,never,,,,,,,,"] * 3))
    assert said.splitlines()[0].endswith("log.csv:3: timestamp is no instant: 'never'")
    assert said.splitlines()[1].endswith("log.csv: 3 of 4 lines are like this")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (HEADER.encode(), "there is no event in it"),
        (
            b"ticket,when,what\n1,2,3\n",
            ":1: there is no column case_id, timestamp, status, substatus, line, impact; there is: ticket",
        ),
        (b"\x1f\x8b\x08\x00garbage", "damaged: it is compressed, and ends in the middle or is garbled"),
        (b"\x00\xff\xfe\x00" * 50, "there is no column"),
    ],
    ids=["empty", "header alone", "other columns", "half an archive", "binary"],
)
def test_a_log_that_is_none_is_refused_in_a_clear_line(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    assert why in refused(tmp_path / "log.csv")


def test_an_archive_that_ends_in_the_middle_is_told(tmp_path: Path) -> None:
    path = a_log(tmp_path, *(row("2012-03-05 09:00", CLOSED, case=str(n)) for n in range(5000)), name="log.csv.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    assert "damaged" in refused(path)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv").endswith("there is no such file")
    assert refused(tmp_path).endswith("a folder; name the log itself")


def test_without_a_mapping_the_shipped_one_that_fits_is_taken(tmp_path: Path) -> None:
    assert LogFile(a_log(tmp_path, *TWO_CASES)).mapping == load_log_mapping(BPI2013)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LogError, match="no mapping that ships with Tierline fits its columns"):
        LogFile(tmp_path / "other.csv")


def test_a_policy_without_a_tier_of_the_log_is_refused(tmp_path: Path) -> None:
    policy = load_policy(OFFICE_HOURS)
    two_tiers = policy.model_copy(update={"tiers": {t: rules for t, rules in policy.tiers.items() if t != "L3"}})
    with pytest.raises(ConfigurationError, match="Office hours: tiers: the log has tickets in L3"):
        simulated(a_log(tmp_path, *TWO_CASES), two_tiers)


def test_another_systems_columns_and_words_are_data(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(
        "name: Our old desk\n"
        'delimiter: ";"\n'
        "columns: {case: Nr, time: When, status: What, tier: Team, priority: Prio}\n"
        'time: {format: "%d.%m.%Y %H:%M", zone: Europe/Brussels}\n'
        "tiers: {Front: L1, Back: L2}\n"
        "priorities: {urgent: P2, normal: P3}\n"
        "events:\n"
        "  - {status: new, means: queued}\n"
        "  - {status: busy, means: working}\n"
        "  - {status: done, means: closed}\n"
    )
    (tmp_path / "desk.csv").write_text(
        "Nr;When;What;Team;Prio\n"
        "7;05.03.2012 09:00;new;Front;urgent\n"
        "7;05.03.2012 09:20;busy;Back;urgent\n"
        "7;05.03.2012 09:50;done;Back;urgent\n"
    )
    run = Simulation(
        LogFile(tmp_path / "desk.csv", load_log_mapping(tmp_path / "desk.yaml")), load_policy(OFFICE_HOURS)
    )
    (judged,) = list(run)
    clocks = {(clock.clock.value, clock.stint): clock.as_json() for clock in judged.case.clocks}
    assert clocks["handoff", 0]["outcome"] == "left"
    assert clocks["resolution", None]["counted_s"] == 3000
    assert clocks["resolution", None]["started_at"] == "2012-03-05T08:00:00Z"


def test_each_mistake_in_a_mapping_is_one_line_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "desk.yaml"
    path.write_text(
        "name: Desk\n"
        "delimiter: tab\n"
        "columns: {case: Nr, tme: When, status: What}\n"
        "time: {zone: Mars/Olympus}\n"
        "tiers: {Front: L9}\n"
        "events:\n"
        "  - {status: new, means: asleep}\n"
    )
    with pytest.raises(LogMappingError) as error:
        load_log_mapping(path)
    said = [problem.removeprefix(f"{path}") for problem in error.value.problems]
    assert [line.split(": ")[:2] for line in said] == [
        [":2", "delimiter"],
        [":3", "columns.time"],
        [":3", "columns.tme"],
        [":4", "time.zone"],
        [":5", "tiers.Front"],
        [":7", "events[0].means"],
    ]
    assert "did you mean time?" in said[2]
    assert "allowed: queued, working, waiting_on_customer" in said[5]


def test_a_mapping_says_where_what_it_names_stands(tmp_path: Path) -> None:
    path = tmp_path / "desk.yaml"
    start = "name: Desk\ncolumns: {case: Nr, time: When, status: What, tier: Team}\n"
    end = "events: [{status: new, means: queued}]\n"
    for more, why in (
        ("", "1: tiers: say what each value of the column 'Team' means"),
        ("tiers: {Front: L1, Out: L4}\n", "3: tiers: L4 is the vendor"),
        ("tiers: {Front: L1}\npriorities: {a: P1}\n", "4: priorities: say which column holds them"),
    ):
        path.write_text(start + more + end)
        with pytest.raises(LogMappingError) as error:
            load_log_mapping(path)
        assert why in error.value.problems[0]


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = a_log(tmp_path, *(row("2012-03-05 09:00", CLOSED, case=f"case-{n}") for n in range(count)))
        tracemalloc.start()
        try:
            log = LogFile(path, load_log_mapping(BPI2013))
            known = survey(log)
            assert known.contiguous
            assert sum(1 for _ in cases(log, known, BadRows())) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)  # what is imported and cached once is not the log's
    assert peak(20_000) < peak(200) + 500_000


def test_the_recorded_incidents_are_whole() -> None:
    log = LogFile(shared_dir("data", "incidents-2013.csv.gz"))
    known = survey(log)
    bad = BadRows()
    assert known.rows == 32_640
    assert known.contiguous
    assert sum(1 for _ in cases(log, known, bad)) == 3_772
    assert bad.count == 0
