"""How each vendor signs what it sends, as its own documentation states it.

Every function takes the secret and the raw body and gives the headers that carry the signature.
"""

import hashlib
import hmac

from pydantic import SecretStr


def _hex_digest(secret: SecretStr, message: bytes) -> str:
    return hmac.new(secret.get_secret_value().encode(), message, hashlib.sha256).hexdigest()


def slack_signature(secret: SecretStr, body: bytes, timestamp: int) -> dict[str, str]:
    """Slack: HMAC-SHA256 of ``v0:{timestamp}:{body}``; ``timestamp`` is in epoch seconds."""
    digest = _hex_digest(secret, b"v0:%d:" % timestamp + body)
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def github_signature(secret: SecretStr, body: bytes) -> dict[str, str]:
    """GitHub: HMAC-SHA256 of the body."""
    return {"X-Hub-Signature-256": f"sha256={_hex_digest(secret, body)}"}


def jira_signature(secret: SecretStr, body: bytes) -> dict[str, str]:
    """Jira Cloud: HMAC-SHA256 of the body, in the WebSub header, for webhooks that an administrator registered."""
    return {"X-Hub-Signature": f"sha256={_hex_digest(secret, body)}"}


def pagerduty_signature(secret: SecretStr, body: bytes) -> dict[str, str]:
    """PagerDuty V3: HMAC-SHA256 of the body; the header is a comma-separated list, of which one entry must match."""
    return {"X-PagerDuty-Signature": f"v1={_hex_digest(secret, body)}"}
