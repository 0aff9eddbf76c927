"""Words for one person alone, in the channel where they did something; each is said once."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.gateway import Gateway, SlackDoor
from gateway.slack_surfaces import SurfaceFailure

HOUR = 3_600.0


def whisper(
    gateway: Gateway,
    slack: SlackDoor,
    channel: str,
    user: str,
    text: str,
    *,
    key: str,
    thread: str | None = None,
    blocks: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Say it after the answer to Slack, unless ``key`` was said in the last hour."""
    if not slack.said.is_new(f"{user}/{key}", lasting=HOUR):
        return

    async def say() -> None:
        try:
            await slack.surfaces.whisper(channel, user, text, thread=thread, blocks=blocks)
        except SurfaceFailure:
            # The call itself logged it. There is no other way to this person in this channel.
            return

    gateway.running.keep(say())
