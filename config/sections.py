"""The groups of settings: one model for each system and for each part of Tierline."""

import dataclasses
import json
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from domain.mail_address import is_mail_address, mail_address
from domain.people import Role


class Part(StrEnum):
    """The programs that read settings; each reads its own and no other."""

    WORKER = "worker"
    GATEWAY = "gateway"


@dataclasses.dataclass(frozen=True)
class Where:
    """Where a person finds or makes the value of a setting; shown when it is missing."""

    text: str


@dataclasses.dataclass(frozen=True)
class ReadBy:
    """Which programs read a setting. Without it, those of its section do."""

    parts: frozenset[Part]


class Needed:
    """Has to be set for the programs that read it, although the model can do without it for the others."""


_WORKER = frozenset({Part.WORKER})
_GATEWAY = frozenset({Part.GATEWAY})
_BOTH = _WORKER | _GATEWAY


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write an address such as https://tierline.example.org")
    if parts.username or parts.password:
        raise ValueError("write the address without a user name or password")
    return value.rstrip("/")


def _address_with_slash(value: str) -> str:
    return _address(value) + "/"


def _secret_address(value: SecretStr) -> SecretStr:
    _address(value.get_secret_value())
    return value


def _bot_token(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith("xoxb-"):
        raise ValueError("not a bot token: that begins with xoxb-")
    return value


def _app_token(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith("xapp-"):
        raise ValueError("not an app-level token: that begins with xapp-")
    return value


def _pem(value: Any) -> Any:
    """Line ends survive neither most ``.env`` files nor many secret stores, so ``\\n`` is read as one."""
    return value.replace("\\n", "\n").strip() if isinstance(value, str) else value


def _is_pem(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in text:
        raise ValueError("not a private key in PEM form: that begins with -----BEGIN RSA PRIVATE KEY-----")
    return value


def _sender(value: str) -> str:
    name, address = parseaddr(value)
    if not is_mail_address(address) or not value.endswith((address, f"<{address}>")) or "=?" in name:
        raise ValueError("write the sender as Support <support@example.org>, or the address alone")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_stripped), Field(min_length=1)]
Text = Annotated[str, BeforeValidator(_stripped), Field(min_length=1)]
Address = Annotated[str, BeforeValidator(_stripped), AfterValidator(_address)]
AddressWithSlash = Annotated[str, BeforeValidator(_stripped), AfterValidator(_address_with_slash)]
EmailAddress = Annotated[str, BeforeValidator(_stripped), AfterValidator(mail_address)]
Sender = Annotated[str, BeforeValidator(_stripped), AfterValidator(_sender)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Section(BaseModel):
    """A group of settings. Values are hidden in its errors: any of them may be a secret in the wrong place."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    read_by: ClassVar[frozenset[Part]] = _BOTH


class ApiToken(Section):
    """Who may call the REST API, and as what."""

    name: Annotated[Text, Field(description="Who calls; shown in tickets as the actor.")]
    roles: Annotated[tuple[Role, ...], Field(min_length=1, description="What it may do, by the policy's permissions.")]
    token: Annotated[Secret, Field(min_length=16, description="The bearer token itself.")]

    @model_validator(mode="before")
    @classmethod
    def _one_role_may_be_written_alone(cls, value: Any) -> Any:
        if isinstance(value, dict) and "role" in value and "roles" not in value:
            return {**{name: item for name, item in value.items() if name != "role"}, "roles": [value["role"]]}
        return value


def _token_list(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"not readable as JSON; write {_TOKENS_EXAMPLE}") from None


def _tokens_differ(tokens: tuple[ApiToken, ...]) -> tuple[ApiToken, ...]:
    if len({token.name for token in tokens}) < len(tokens):
        raise ValueError("two tokens have the same name")
    if len({token.token.get_secret_value() for token in tokens}) < len(tokens):
        raise ValueError("two names have the same token")
    return tokens


_TOKENS_EXAMPLE = '[{"name": "helpdesk", "roles": ["integration"], "token": "…"}]'
_MAKE_ONE = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'


class GatewaySettings(Section):
    """What the outside calls."""

    read_by = _GATEWAY

    host: Annotated[Text, Field(description="The address it listens on; 0.0.0.0 in a container.")] = "127.0.0.1"
    port: Annotated[Port, Field(description="The port it listens on; 0 takes a free one.")] = 8800
    link_secret: Annotated[
        Secret,
        Field(min_length=32, description="Signs the links through which vendors answer; at least 32 characters."),
        Where(_MAKE_ONE),
        # The worker signs the links that the gateway verifies.
        ReadBy(_BOTH),
    ]
    api_tokens: Annotated[
        tuple[ApiToken, ...],
        NoDecode,
        BeforeValidator(_token_list),
        AfterValidator(_tokens_differ),
        Field(description=f"Who may call the REST API: JSON such as {_TOKENS_EXAMPLE}."),
        Where(_MAKE_ONE),
    ] = ()
    max_body_bytes: Annotated[int, Field(ge=1024, description="Longer requests are refused.")] = 1_048_576
    quarantine_dir: Annotated[
        Path | None, Field(description="Folder in which webhooks that cannot be read are kept aside.")
    ] = None


class WorkerSettings(Section):
    """The process that runs workflows and activities."""

    read_by = _WORKER

    health_host: Annotated[Text, Field(description="The address of its health and metrics endpoint.")] = "127.0.0.1"
    health_port: Annotated[Port, Field(description="The port of its health and metrics endpoint.")] = 8801
    graceful_shutdown: Annotated[
        Seconds, Field(description="Seconds that running activities get to finish after SIGTERM.")
    ] = 20.0
    sticky_timeout: Annotated[
        Seconds, Field(description="Seconds after which another worker takes over the workflows of one that died.")
    ] = 10.0
    max_cached_workflows: Annotated[
        int, Field(ge=1, description="Workflows kept in memory, about 70 kB each; more than the tickets in motion.")
    ] = 1000


class AuditSettings(Section):
    """The audit of deadlines, which the policy turns on."""

    read_by = _WORKER

    dead_man_url: Annotated[
        Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_secret_address)] | None,
        Field(
            description="A dead-man's switch: asked for after each audit that finds all well. Its silence is the alarm."
        ),
        Where("make a check at a service such as healthchecks.io, with the audit's rhythm, and copy its ping URL"),
    ] = None


_SLACK_APP = "https://api.slack.com/apps > your app"


class SlackSettings(Section):
    """Slack: where support works.

    It reaches the gateway by HTTP (``signing_secret``), through the gateway's own connection (Socket Mode, ``app_token``), or both.
    """

    bot_token: Annotated[
        Secret,
        AfterValidator(_bot_token),
        Field(description="The bot's token, which begins with xoxb-."),
        Where(f"copy it from {_SLACK_APP} > OAuth & Permissions > Bot User OAuth Token"),
    ]
    signing_secret: Annotated[
        Secret | None,
        Field(description="Proves that a request comes from Slack. Needed unless Socket Mode is used."),
        Where(f"copy it from {_SLACK_APP} > Basic Information > Signing Secret"),
        ReadBy(_GATEWAY),
    ] = None
    app_token: Annotated[
        Annotated[Secret, AfterValidator(_app_token)] | None,
        Field(
            description="Turns Socket Mode on: Slack then needs no public address of the gateway. Begins with xapp-."
        ),
        Where(f"make one at {_SLACK_APP} > Basic Information > App-Level Tokens, with the scope connections:write"),
        ReadBy(_GATEWAY),
    ] = None
    base_url: Annotated[AddressWithSlash, Field(description="The address of Slack's Web API.")] = (
        "https://slack.com/api/"
    )


class JiraSettings(Section):
    """Jira: where engineering works.

    Cloud is entered by an e-mail address with an API token, Data Center by a personal access token.
    """

    read_by = _WORKER

    url: Annotated[
        Address | None,
        Field(description="The site's address."),
        Where("such as https://your-company.atlassian.net"),
        Needed(),
    ] = None
    email: Annotated[
        EmailAddress | None,
        Field(description="Jira Cloud: the e-mail address of the account that Tierline acts as."),
        Where("use an Atlassian account of its own that may create issues and comment"),
    ] = None
    api_token: Annotated[
        Secret | None,
        Field(description="Jira Cloud: that account's API token."),
        Where("make one at https://id.atlassian.com/manage-profile/security/api-tokens"),
    ] = None
    api_token_file: Annotated[
        Path | None,
        Field(description="Jira Cloud: a file that holds the API token instead. It may be renewed without a restart."),
    ] = None
    personal_access_token: Annotated[
        Secret | None,
        Field(description="Jira Data Center: the account's personal access token, instead of e-mail and API token."),
        Where("make one in Jira at your profile > Personal Access Tokens"),
    ] = None
    personal_access_token_file: Annotated[
        Path | None,
        Field(
            description="Jira Data Center: a file that holds that token instead. It may be renewed without a restart."
        ),
    ] = None
    api_version: Annotated[
        Literal["3", "2"],
        Field(
            description="Jira Cloud: the REST API's version. 2 writes wiki text, 3 documents. Data Center has 2 alone."
        ),
    ] = "3"
    webhook_secret: Annotated[
        Secret | None,
        Field(description="Proves that a webhook comes from Jira."),
        Where("make one up and enter it at Jira settings > System > WebHooks too"),
        ReadBy(_GATEWAY),
        Needed(),
    ] = None

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        cloud = [name for name in ("email", "api_token", "api_token_file") if getattr(self, name) is not None]
        own = [
            name for name in ("personal_access_token", "personal_access_token_file") if getattr(self, name) is not None
        ]
        if cloud and own:
            raise ValueError("give either email and api_token (Cloud) or personal_access_token (Data Center), not both")
        if len(own) == 2 or {"api_token", "api_token_file"} <= set(cloud):
            raise ValueError("give the token or the file that holds it, not both")
        return self


class GitHubSettings(Section):
    """GitHub: where engineering works. Acts by a token, or as a GitHub App."""

    read_by = _WORKER

    token: Annotated[
        Secret | None,
        Field(description="A token that may read and write issues; or else a GitHub App by the three below."),
        Where(
            "make one at https://github.com/settings/personal-access-tokens with the permissions Issues: read and write, and "
            "Contents: read where fixes wait for a release"
        ),
    ] = None
    token_file: Annotated[
        Path | None,
        Field(description="A file that holds the token instead. It may be renewed without a restart."),
    ] = None
    app_id: Annotated[
        Text | None, Field(description="The GitHub App's id."), Where("copy it from the App's settings page > About")
    ] = None
    private_key: Annotated[
        Annotated[SecretStr, BeforeValidator(_pem), AfterValidator(_is_pem)] | None,
        Field(description="The GitHub App's private key (PEM; \\n is read as a line end)."),
        Where("make one on the App's settings page > Private keys"),
    ] = None
    private_key_file: Annotated[
        Path | None,
        Field(description="A file that holds the private key instead. It may be renewed without a restart."),
    ] = None
    installation_id: Annotated[
        Text | None,
        Field(description="The App's installation in your organisation."),
        Where("it is the number at the end of the installation's address"),
    ] = None
    webhook_secret: Annotated[
        Secret | None,
        Field(description="Proves that a webhook comes from GitHub."),
        Where("make one up and enter it in the webhook settings of the repository or App too"),
        ReadBy(_GATEWAY),
        Needed(),
    ] = None
    base_url: Annotated[Address, Field(description="The API's address; https://HOST/api/v3 on Enterprise.")] = (
        "https://api.github.com"
    )

    @model_validator(mode="after")
    def _token_or_app(self) -> Self:
        for value, file in ((self.token, self.token_file), (self.private_key, self.private_key_file)):
            if value is not None and file is not None:
                raise ValueError("give the token or private key, or the file that holds it, and not both")
        token = self.token or self.token_file
        app = (self.app_id, self.private_key or self.private_key_file, self.installation_id)
        if token is not None and any(app):
            raise ValueError("give either a token or a GitHub App, and not both")
        return self


class PagerDutySettings(Section):
    """PagerDuty: whom to wake."""

    api_key: Annotated[
        Secret,
        Field(description="A REST API key with write access."),
        Where("make one at PagerDuty > Integrations > API Access Keys"),
    ]
    from_email: Annotated[
        EmailAddress,
        Field(description="The user that incidents are created as."),
        Where("the e-mail address of a user of your PagerDuty account"),
    ]
    webhook_secret: Annotated[
        Secret | None,
        Field(description="Proves that a webhook comes from PagerDuty."),
        Where("PagerDuty > Integrations > Generic Webhooks (v3) shows it once, when the subscription is made"),
        ReadBy(_GATEWAY),
        Needed(),
    ] = None
    routing_key: Annotated[
        Secret | None,
        Field(description="Events API v2 integration key: pages go this way when the REST API fails."),
        Where("make one at PagerDuty > Services > your service > Integrations > Events API v2"),
        ReadBy(_WORKER),
    ] = None
    base_url: Annotated[Address, Field(description="The REST API's address.")] = "https://api.pagerduty.com"
    events_url: Annotated[Address, Field(description="The Events API's address."), ReadBy(_WORKER)] = (
        "https://events.pagerduty.com"
    )


class MailSettings(Section):
    """Mail: how vendors and customers are written to."""

    read_by = _WORKER

    host: Annotated[Text, Field(description="The SMTP server."), Where("as your mail provider names it")]
    port: Annotated[Port, Field(description="The SMTP server's port.")] = 587
    username: Annotated[Text | None, Field(description="The name to log in with, where the server wants one.")] = None
    password: Annotated[Secret | None, Field(description="The password that goes with it.")] = None
    from_address: Annotated[
        Sender,
        Field(description="The sender of all mail, such as Support <support@example.org>."),
        Where("use an address that your server may send from"),
    ]
    starttls: Annotated[bool, Field(description="Encrypt the connection before logging in.")] = True

    @model_validator(mode="after")
    def _log_in_whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together: give both or neither")
        return self
