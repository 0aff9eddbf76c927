"""What happens with a delivery that was signed rightly and cannot be read."""

import logging
from collections.abc import Mapping

from gateway.gateway import Gateway

logger = logging.getLogger("tierline.gateway")


def keep_aside(gateway: Gateway, vendor: str, body: bytes, headers: Mapping[str, str], why: str) -> None:
    """Keep the delivery in the quarantine, count it, and log that it came, without its contents."""
    kept = gateway.quarantine.keep(vendor, body, headers, why=why, at=gateway.now())
    gateway.metrics.quarantined.labels(vendor).inc()
    gateway.metrics.webhooks.labels(vendor, "quarantined" if kept else "lost").inc()
    logger.warning("unreadable delivery vendor=%s bytes=%d kept=%s why=%r", vendor, len(body), kept, why)
