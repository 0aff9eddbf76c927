"""The secrets with which the sandbox and the gateway recognise one another."""

import base64
import json
import secrets
from functools import lru_cache
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict, SecretStr


class Credentials(BaseModel):
    """Every token, key and webhook secret of one sandbox. They are random and worth nothing outside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slack_bot_token: SecretStr
    slack_app_token: SecretStr
    """The app-level token, which opens Socket Mode's connections and nothing else."""
    slack_app_id: str
    slack_signing_secret: SecretStr
    jira_email: str
    jira_api_token: SecretStr
    jira_personal_access_token: SecretStr
    jira_webhook_secret: SecretStr
    github_token: SecretStr
    github_app_id: str
    github_installation_id: str
    github_private_key: SecretStr
    github_webhook_secret: SecretStr
    pagerduty_api_key: SecretStr
    pagerduty_routing_key: SecretStr
    pagerduty_webhook_secret: SecretStr

    @classmethod
    def generate(cls) -> Self:
        """Fresh random credentials in the vendors' own shapes (prefixes and lengths)."""
        return cls(
            slack_bot_token=SecretStr(f"xoxb-{_digits(12)}-{_digits(13)}-{secrets.token_hex(12)}"),
            slack_app_token=SecretStr(f"xapp-1-A0TIERLINE-{_digits(13)}-{secrets.token_hex(32)}"),
            slack_app_id="A0TIERLINE",
            slack_signing_secret=SecretStr(secrets.token_hex(16)),
            jira_email="tierline-bot@acme.example",
            jira_api_token=SecretStr(f"ATATT3xFfGF0{secrets.token_urlsafe(48)}"),
            jira_personal_access_token=SecretStr(secrets.token_urlsafe(33)),
            jira_webhook_secret=SecretStr(secrets.token_hex(20)),
            github_token=SecretStr(f"ghp_{secrets.token_hex(18)}"),
            github_app_id="900100",
            github_installation_id="90010001",
            github_private_key=SecretStr(_private_key()),
            github_webhook_secret=SecretStr(secrets.token_hex(20)),
            pagerduty_api_key=SecretStr(f"u+{base64.urlsafe_b64encode(secrets.token_bytes(13)).decode().rstrip('=')}"),
            pagerduty_routing_key=SecretStr(secrets.token_hex(16)),
            pagerduty_webhook_secret=SecretStr(secrets.token_hex(32)),
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The credentials that `revealed_json` wrote.

        Raises:
            pydantic.ValidationError: the text is no JSON object with exactly these fields.
        """
        return cls.model_validate_json(text)

    def revealed_json(self) -> str:
        """All values in clear text, to hand them to another process in an environment variable."""
        revealed = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self.model_dump().items()
        }
        return json.dumps(revealed)


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


# One key for a process: making an RSA key takes longer than starting a sandbox, and tests start many.
@lru_cache(maxsize=1)
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
