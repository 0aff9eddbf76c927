"""However the command ends, it ends in a line that a person can use, and in an exit code that a script can."""

from pathlib import Path

import pytest

from tests.cli.tierline import tierline

SURPRISE = """
import sys
from cli import main

def surprise():
    {body}

main.app.command("surprise")(surprise)
main.main(sys.argv[1:])
"""


def program(body: str) -> str:
    return SURPRISE.format(body=body)


async def test_an_unexpected_error_is_one_line_and_how_to_see_more(tmp_path: Path) -> None:
    run = await tierline("surprise", folder=tmp_path, python=program("raise KeyError('a\\nb')"))
    assert (run.code, run.out) == (1, "")
    assert run.err.splitlines() == ["tierline: KeyError: 'a\\nb'", "Run again with --debug to see the traceback."]


@pytest.mark.parametrize("arguments", [("--debug", "surprise"), ("surprise", "--debug")])
async def test_debug_shows_the_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    run = await tierline(*arguments, folder=tmp_path, python=program("raise KeyError('x')"))
    assert run.code == 1
    assert run.err.startswith("Traceback (most recent call last):")
    assert "KeyError: 'x'" in run.err


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("raise KeyboardInterrupt", 130, ""),
        ("raise SystemExit('stopped')", 1, "stopped\n"),
        ("raise SystemExit(7)", 7, ""),
        ("from config.errors import ConfigurationError; raise ConfigurationError(['a: b', 'c: d'])", 1, "a: b\nc: d\n"),
        (
            "from integrations.errors import PermanentFailure; raise PermanentFailure('jira', 'no; do this')",
            1,
            "jira: no; do this\n",
        ),
    ],
    ids=["interrupted", "left with words", "left with a code", "configuration", "an outside system"],
)
async def test_every_end_has_its_code(tmp_path: Path, body: str, code: int, told: str) -> None:
    run = await tierline("surprise", folder=tmp_path, python=program(body))
    assert (run.code, run.out, run.err) == (code, "", told)


async def test_what_was_printed_is_not_lost_by_leaving_at_once(tmp_path: Path) -> None:
    run = await tierline("surprise", folder=tmp_path, python=program("print('x' * 200_000)"))
    assert (run.code, len(run.out)) == (0, 200_001)


async def test_wrong_usage_is_told(tmp_path: Path) -> None:
    run = await tierline("chek", folder=tmp_path)
    assert (run.code, run.out) == (2, "")
    assert "No such command 'chek'" in run.err
    assert "Traceback" not in run.err


async def test_help_and_version(tmp_path: Path) -> None:
    told = await tierline("--help", folder=tmp_path)
    assert told.code == 0
    assert all(f"  {command} " in told.out for command in ("check", "demo", "policy", "settings", "version"))
    version = await tierline("version", folder=tmp_path)
    assert version.code == 0
    assert version.out.startswith("tierline")
