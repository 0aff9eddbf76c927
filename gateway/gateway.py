"""Everything that one gateway works with, built once and handed to its routes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import cast

from fastapi import Request
from pydantic import SecretStr

from config.sections import ApiToken
from domain.policy import Policy
from gateway.metrics import Metrics
from gateway.on_call_memory import OnCallMemory
from gateway.page_keys import PageKeys
from gateway.quarantine import Quarantine
from gateway.running import Running
from gateway.said_lately import SaidLately
from gateway.slack_answers import LateAnswers
from gateway.slack_cards import SlackCards
from gateway.slack_changes import NewestChanges
from gateway.slack_directory import SlackDirectory
from gateway.slack_line import SlackLine
from gateway.slack_surfaces import Surfaces
from gateway.tickets import TicketDesk
from integrations.pager import Pager
from integrations.vendor_portal.links import VendorLinks


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class SlackDoor:
    """What is needed to hear and answer people in Slack. ``patience`` is seconds until "working on it" is said.

    ``signing_secret`` is None where people are heard through Socket Mode alone, and ``line``, the state of its connection, where
    they are heard by HTTP alone.
    """

    signing_secret: SecretStr | None
    surfaces: Surfaces
    late_answers: LateAnswers
    patience: float = 2.0
    line: SlackLine | None = None

    @cached_property
    def changes(self) -> NewestChanges:
        """Which change of each open form was the last."""
        return NewestChanges()

    @cached_property
    def cards(self) -> SlackCards:
        """Which messages are cards."""
        return SlackCards()

    @cached_property
    def said(self) -> SaidLately:
        """What people were told lately."""
        return SaidLately()

    @cached_property
    def directory(self) -> SlackDirectory:
        """Who is who in this Slack."""
        return SlackDirectory(self.surfaces)


@dataclass(frozen=True)
class Gateway:
    """One gateway. A system that is not configured is None; its address then answers 404.

    ``public_url`` and ``temporal_ui_url`` are the addresses by which links to tickets are known; ``api_patience`` is how many
    seconds a caller of the API waits for a command's result.
    """

    policy: Policy
    desk: TicketDesk
    running: Running
    links: VendorLinks
    quarantine: Quarantine
    api_tokens: tuple[ApiToken, ...] = ()
    slack: SlackDoor | None = None
    jira_secret: SecretStr | None = None
    github_secret: SecretStr | None = None
    pagerduty_secret: SecretStr | None = None
    pager: Pager | None = None
    on_calls: OnCallMemory = field(default_factory=OnCallMemory)
    page_keys: PageKeys = field(default_factory=PageKeys)
    public_url: str | None = None
    temporal_ui_url: str | None = None
    api_patience: float = 10.0
    max_body_bytes: int = 1_048_576
    now: Callable[[], datetime] = utc_now
    metrics: Metrics = field(default_factory=Metrics)


def gateway_of(request: Request) -> Gateway:
    """The gateway that this request came to."""
    return cast(Gateway, request.app.state.gateway)
