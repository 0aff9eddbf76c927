"""``python -m sandbox.engine``: gets the dev server and the time-skipping test server ahead of their first use.

With ``--postgresql`` also the real server for the tests on PostgreSQL; they are skipped where it cannot be had, so that is
said and no failure.
"""

import sys

from sandbox.engine import EngineError, EngineUnavailable, default_say, find_dev_server, find_server, find_test_server


def main(arguments: list[str]) -> int:
    """Returns the exit status: 0, 1 when an engine cannot be had, 2 for wrong arguments."""
    if set(arguments) - {"--postgresql"}:
        print("usage: python -m sandbox.engine [--postgresql]", file=sys.stderr)
        return 2
    say = default_say()
    try:
        find_dev_server(say)
        say(f"Time-skipping test server: {find_test_server(say)}")
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    if "--postgresql" in arguments:
        try:
            say(f"Temporal server for PostgreSQL: {find_server(say)}")
        except EngineUnavailable as error:
            say(f"The tests on PostgreSQL will be skipped. {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
