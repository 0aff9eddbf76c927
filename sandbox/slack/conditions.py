"""Under which conditions the workspace works: for the page and the tests. Nothing here is Slack's own interface.

``GET /sandbox/slack`` shows them, ``POST /sandbox/slack`` changes those that are given.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.slack.sockets import DisconnectReason
from sandbox.slack.state import SlackState, Transport
from sandbox.slack.transport import carries_by_socket


class Conditions(BaseModel):
    """What is to change; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    transport: Transport | None = None
    """How events and interactions reach the app."""
    rate_limits: bool | None = None
    """Whether Slack's published limits hold. Switching them on or off begins to count anew."""
    per_minute: dict[str, Annotated[int, Field(ge=1)]] | None = None
    """Other limits than the published ones, by method; an empty object goes back to those."""
    scopes: list[str] | None = None
    """What the bot's token may do."""
    subscriptions: list[str] | None = None
    """The event types that the app is told of."""
    unfurl_domains: list[str] | None = None
    """The domains whose links in messages the app is told of."""
    trigger_seconds: Annotated[float, Field(gt=0)] | None = None
    """How long a trigger id may be used."""
    retry_scale: Annotated[float, Field(ge=0)] | None = None
    """By how much the delays between retries are multiplied, those of every system."""


class DisconnectOrder(BaseModel):
    """Sockets that are told to go: all, or the one with this number."""

    model_config = ConfigDict(extra="forbid")

    reason: DisconnectReason = "refresh_requested"
    number: int | None = None


class CutOrder(BaseModel):
    """Sockets that break: all, or the one with this number."""

    model_config = ConfigDict(extra="forbid")

    number: int | None = None


def build_router(state: SlackState) -> APIRouter:
    """The conditions, and the ends of sockets: ``POST /sandbox/slack/sockets/disconnect`` and ``.../cut``."""
    router = APIRouter(prefix="/sandbox/slack")

    @router.get("")
    async def read() -> dict[str, Any]:
        return _conditions(state)

    @router.post("")
    async def change(wanted: Conditions) -> dict[str, Any]:
        _apply(state, wanted)
        return _conditions(state)

    @router.post("/sockets/disconnect")
    async def disconnect(order: DisconnectOrder) -> dict[str, int]:
        return {"told": await state.sockets.disconnect(order.reason, order.number)}

    @router.post("/sockets/cut")
    async def cut(order: CutOrder) -> dict[str, int]:
        return {"cut": await state.sockets.cut(order.number)}

    return router


def _conditions(state: SlackState) -> dict[str, Any]:
    return {
        "transport": state.transport,
        "by_socket": carries_by_socket(state),
        "sockets": state.sockets.to_json(),
        "rate_limits": state.limits.enabled,
        "per_minute": state.limits.per_minute,
        "scopes": sorted(state.scopes),
        "subscriptions": sorted(state.subscriptions),
        "unfurl_domains": sorted(state.unfurl_domains),
        "trigger_seconds": state.trigger_seconds,
        "retry_scale": state.deliveries.scale,
    }


def _apply(state: SlackState, wanted: Conditions) -> None:
    if wanted.transport is not None:
        state.transport = wanted.transport
    if wanted.rate_limits is not None:
        state.limits.enabled = wanted.rate_limits
        state.limits.forget()
    if wanted.per_minute is not None:
        state.limits.per_minute = dict(wanted.per_minute)
        state.limits.forget()
    if wanted.scopes is not None:
        state.scopes = set(wanted.scopes)
    if wanted.subscriptions is not None:
        state.subscriptions = set(wanted.subscriptions)
    if wanted.unfurl_domains is not None:
        state.unfurl_domains = set(wanted.unfurl_domains)
    if wanted.trigger_seconds is not None:
        state.trigger_seconds = wanted.trigger_seconds
    if wanted.retry_scale is not None:
        state.deliveries.scale = wanted.retry_scale
    state.changed()
