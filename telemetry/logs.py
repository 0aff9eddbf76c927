"""Logs: one line per event on standard error, with time, level and logger. Nothing personal goes in."""

import logging
import sys
import time
import traceback
from collections.abc import Iterator
from types import TracebackType

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_MOST_FRAMES = 20


class _WithoutTexts(logging.Formatter):
    """Writes an exception as its types and lines of code: its text may quote what somebody wrote."""

    converter = staticmethod(time.gmtime)

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """One line for each exception of the chain, the first cause last."""
        return "\n".join(f"  {_told(error)}" for error in _chain(ei[1]))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {' < '.join(places) or 'no line'}"


def configure_logging(level: int = logging.INFO) -> None:
    """Send every logger's lines to standard error, in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_WithoutTexts(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These write whole requests, with addresses in them, at INFO.
    for chatty in (
        "httpx",
        "httpx2",
        "httpcore",
        "httpcore2",
        "urllib3",
        "slack_sdk",
        "github",
        "pagerduty",
        "websockets",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It logs each failed attempt with a traceback; what an outage means stands on the card, in the ticket and in the metrics.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
