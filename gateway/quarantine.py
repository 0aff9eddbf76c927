"""Where deliveries are kept that were signed rightly and could not be read: a person can look, and send them again."""

import base64
import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from gateway.payloads import digest

logger = logging.getLogger("tierline.gateway")

_MOST_FILES = 1_000
_KEPT_HEADERS = (
    "content-type",
    "user-agent",
    "x-atlassian-webhook-identifier",
    "x-atlassian-webhook-retry",
    "x-github-event",
    "x-github-delivery",
    "x-webhook-id",
    "x-webhook-subscription",
    "x-slack-retry-num",
    "x-slack-retry-reason",
)


class Quarantine:
    """A folder with one file a delivery, readable by the gateway's own user alone. It holds ``most`` files at the most."""

    def __init__(self, folder: Path, *, most: int = _MOST_FILES) -> None:
        self._folder = folder
        self._most = most

    def keep(self, vendor: str, body: bytes, headers: Mapping[str, str], *, why: str, at: datetime) -> bool:
        """Write the delivery down, once however often it comes; False when that was not possible (the log says why).

        Of the headers only those are kept that say what the delivery is: no signature, no token.
        """
        kept = {
            "vendor": vendor,
            "why": why,
            "received_at": at.isoformat(),
            "headers": {name: headers[name] for name in _KEPT_HEADERS if name in headers},
            "body_base64": base64.b64encode(body).decode(),
        }
        file = self._folder / f"{vendor}-{digest(body)}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if file.exists():
                return True
            if sum(1 for _ in self._folder.glob("*.json")) >= self._most:
                logger.error("quarantine full vendor=%s files=%d: look through it and empty it", vendor, self._most)
                return False
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(kept, stream)
        except FileExistsError:
            return True
        except OSError as error:
            logger.error("quarantine failed vendor=%s error=%s", vendor, type(error).__name__)  # noqa: TRY400
            return False
        return True
