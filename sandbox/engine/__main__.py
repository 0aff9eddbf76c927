"""``python -m sandbox.engine``: gets the dev server and the time-skipping test server ahead of their first use.

With ``--postgresql`` also the real server for the tests on PostgreSQL.
"""

import sys

from sandbox.engine import EngineError, default_say, find_dev_server, find_server, find_test_server


def main(arguments: list[str]) -> int:
    """Returns the exit status: 0, 1 when an engine cannot be had, 2 for wrong arguments."""
    if set(arguments) - {"--postgresql"}:
        print("usage: python -m sandbox.engine [--postgresql]", file=sys.stderr)
        return 2
    say = default_say()
    try:
        find_dev_server(say)
        say(f"Time-skipping test server: {find_test_server(say)}")
        if "--postgresql" in arguments:
            say(f"Temporal server for PostgreSQL: {find_server(say)}")
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
