"""Is this request from whom it says? Checked on the raw body, in constant time, before anything is parsed.

Rules: Slack, "Verifying requests from Slack"; GitHub, "Validating webhook deliveries"; Jira Cloud, "Webhooks: secure admin
webhooks"; PagerDuty, "Verifying signatures".
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping

from pydantic import SecretStr
from slack_sdk.signature import Clock, SignatureVerifier


class _Clock(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()


def slack_is_genuine(secret: SecretStr, body: bytes, headers: Mapping[str, str], *, now: Callable[[], float]) -> bool:
    """Slack's signature over time stamp and body; a time stamp five minutes off is refused. ``now`` is in Unix seconds."""
    verifier = SignatureVerifier(secret.get_secret_value(), clock=_Clock(now))
    try:
        return verifier.is_valid(
            body=body,
            timestamp=headers.get("x-slack-request-timestamp"),
            signature=headers.get("x-slack-signature"),
        )
    except (ValueError, TypeError, OverflowError):
        # A time stamp that is no number, a body that is not UTF-8, a signature that is not ASCII: not Slack.
        return False


def github_is_genuine(secret: SecretStr, body: bytes, headers: Mapping[str, str]) -> bool:
    """GitHub's ``X-Hub-Signature-256``; the older SHA-1 header does not count."""
    return _matches(secret, body, headers.get("x-hub-signature-256"), prefix="sha256=")


def jira_is_genuine(secret: SecretStr, body: bytes, headers: Mapping[str, str]) -> bool:
    """Jira Cloud's ``X-Hub-Signature`` with the method sha256."""
    return _matches(secret, body, headers.get("x-hub-signature"), prefix="sha256=")


def pagerduty_is_genuine(secret: SecretStr, body: bytes, headers: Mapping[str, str]) -> bool:
    """PagerDuty's ``X-PagerDuty-Signature``: a list while a secret is being replaced, of which one must match."""
    candidates = headers.get("x-pagerduty-signature", "").split(",")
    return any(_matches(secret, body, candidate.strip(), prefix="v1=") for candidate in candidates[:10])


def _matches(secret: SecretStr, body: bytes, signature: str | None, *, prefix: str) -> bool:
    if signature is None or not signature.startswith(prefix):
        return False
    expected = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()
    # Bytes, since comparing text that is not ASCII raises.
    return hmac.compare_digest(expected.encode(), signature.removeprefix(prefix).lower().encode())
