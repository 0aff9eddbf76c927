"""What the logs hold of an exception: where it came from, and nothing of what it quotes."""

import subprocess
import sys

from tests.shared import REPOSITORY

PROGRAM = """
import logging
from telemetry.logs import configure_logging

def read(text):
    return int(text)

configure_logging()
try:
    try:
        read("what Robin wrote")
    except ValueError as error:
        raise KeyError("Robin's number") from error
except KeyError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
"""


def test_an_exception_is_logged_by_its_type_and_place_without_its_text() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )

    first, raised, cause = done.stderr.splitlines()
    assert first.endswith("Z ERROR uvicorn.error Exception in ASGI application")
    assert raised.strip() == "KeyError at <string>:13 <module>"
    assert cause.strip() == "ValueError at <string>:6 read < <string>:11 <module>"
    assert "Robin" not in done.stderr
