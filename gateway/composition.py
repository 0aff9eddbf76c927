"""Puts a gateway together: from settings to clients to what the routes work with."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx2
import platformdirs
from slack_sdk import WebClient
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig

from config.errors import ConfigurationError
from config.policy import load_own_policy
from config.sections import PagerDutySettings, SlackSettings
from config.settings import Part, Settings, load_settings
from config.temporal_client import temporal_connect_config
from domain.policy import Policy
from gateway.gateway import Gateway, SlackDoor, utc_now
from gateway.quarantine import Quarantine
from gateway.running import Running
from gateway.slack_answers import LateAnswers
from gateway.slack_line import SlackLine
from gateway.slack_socket import connected_to_slack
from gateway.slack_surfaces import SlackSurfaces
from gateway.temporal_desk import TemporalDesk
from integrations.errors import IntegrationError
from integrations.pagerduty.pager import PagerDutyPager
from integrations.vendor_portal.links import VendorLinks
from workflows.connecting import connect

# A trigger is good for three seconds; the answer to Slack must be through by then as well.
_FORM_SECONDS = 2
_ANSWER_SECONDS = 5.0
_FINISH_SECONDS = 5.0


def configured() -> tuple[Settings, Policy, ClientConnectConfig]:
    """Settings, policy and Temporal's address from the environment.

    Raises:
        ConfigurationError: one line for each thing that is missing or wrong.
    """
    settings = load_settings(Part.GATEWAY)
    try:
        _pager(settings.pagerduty)
    except IntegrationError as error:
        raise ConfigurationError([f"TIERLINE_PAGERDUTY__BASE_URL: {error}"]) from None
    return settings, load_own_policy(settings.policy_file), temporal_connect_config()


@asynccontextmanager
async def open_gateway(settings: Settings, policy: Policy, connection: ClientConnectConfig) -> AsyncIterator[Gateway]:
    """A gateway whose Temporal client connects when it is first needed: it starts, and says it is not ready, without a server."""
    client = await connect(**connection, lazy=True)
    async with gateway_with(settings, policy, client) as gateway:
        yield gateway


@asynccontextmanager
async def gateway_with(
    settings: Settings, policy: Policy, client: Client, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Gateway]:
    """A gateway on this Temporal client, which must use ``telemetry.converter.data_converter``. At the end, what is under way gets a moment."""
    desk = TemporalDesk(client, policy, now=now)
    async with httpx2.AsyncClient(timeout=_ANSWER_SECONDS, follow_redirects=False) as web:
        running = Running(desk)
        gateway = Gateway(
            policy=policy,
            desk=desk,
            running=running,
            links=VendorLinks(settings.gateway.link_secret, settings.public_url),
            quarantine=Quarantine(settings.gateway.quarantine_dir or default_quarantine()),
            api_tokens=settings.gateway.api_tokens,
            slack=_slack_door(settings.slack, web) if settings.slack is not None else None,
            jira_secret=settings.jira.webhook_secret if settings.jira is not None else None,
            github_secret=settings.github.webhook_secret if settings.github is not None else None,
            pagerduty_secret=settings.pagerduty.webhook_secret if settings.pagerduty is not None else None,
            pager=_pager(settings.pagerduty),
            public_url=settings.public_url,
            temporal_ui_url=settings.temporal_ui_url,
            max_body_bytes=settings.gateway.max_body_bytes,
            now=now,
        )
        async with _hearing_slack(gateway, settings.slack):
            yield gateway
        await running.finish(_FINISH_SECONDS)


@asynccontextmanager
async def _hearing_slack(gateway: Gateway, settings: SlackSettings | None) -> AsyncIterator[None]:
    """With what the gateway does for Slack by itself: the connection of Socket Mode, and who is in the policy's user groups."""
    slack = gateway.slack
    if slack is None or settings is None:
        yield
        return
    # The first who types something is not to wait for it.
    gateway.running.keep(slack.directory.read_groups(gateway.policy.user_groups))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(slack.directory.close)
        if slack.line is not None and settings.app_token is not None:
            connection = connected_to_slack(gateway, slack, slack.line, settings.app_token, settings.base_url)
            await stack.enter_async_context(connection)
        yield


def default_quarantine() -> Path:
    """The user's own state folder, where the settings name none."""
    return platformdirs.user_state_path("tierline") / "quarantine"


def _slack_door(settings: SlackSettings, web: httpx2.AsyncClient) -> SlackDoor:
    client = WebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.base_url,
        timeout=_FORM_SECONDS,
        # One attempt: the trigger is used up, or too old for a second.
        retry_handlers=[],
    )
    return SlackDoor(
        signing_secret=settings.signing_secret,
        surfaces=SlackSurfaces(client),
        late_answers=LateAnswers(web),
        line=SlackLine() if settings.app_token is not None else None,
    )


def _pager(settings: PagerDutySettings | None) -> PagerDutyPager | None:
    if settings is None:
        return None
    return PagerDutyPager(settings.api_key, settings.from_email, settings.base_url)
