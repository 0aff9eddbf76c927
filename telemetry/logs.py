"""Logs: one line per event on standard error, with time, level and logger. Nothing personal goes in."""

import logging
import sys
import time

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure_logging(level: int = logging.INFO) -> None:
    """Send every logger's lines to standard error, in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
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
