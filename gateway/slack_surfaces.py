"""What Slack shows to people beside channels' messages: forms, the App Home, words for one person, unfurled links."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from domain.chat import FileLink
from gateway.slack_contents import file_link

logger = logging.getLogger("tierline.gateway")

_TRIGGER_SECONDS = 2.5
_CALL_SECONDS = 10.0


class SurfaceFailure(Exception):
    """Slack did not do it: ``code`` is its own short word (``expired_trigger_id``), or ``timeout``."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Slack did not show it ({code})")
        self.code = code


@dataclass(frozen=True)
class Form:
    """A form in front of a person. ``hash`` says which state of it is replaced; empty, whatever it shows."""

    view_id: str
    hash: str


@dataclass(frozen=True)
class Profile:
    """A person in Slack. ``stranger`` is one of another company, met in a shared channel; ``bot`` an app."""

    user_id: str
    name: str
    time_zone: str | None = None
    stranger: bool = False
    bot: bool = False


class Surfaces(Protocol):
    """Shows things to people. Every method is one attempt, bounded in time, and raises ``SurfaceFailure``."""

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> Form:
        """Open a form, within the three seconds that its trigger lives."""
        ...

    async def update(self, form: Form, view: Mapping[str, Any]) -> Form:
        """Replace what an open form shows. ``hash_conflict`` says that it was replaced by somebody else before."""
        ...

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        """Replace a person's App Home."""
        ...

    async def whisper(
        self,
        channel: str,
        user_id: str,
        text: str,
        *,
        thread: str | None = None,
        blocks: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Write into a channel what one person alone sees; ``blocks`` are shown instead of the text, where there are any."""
        ...

    async def write(self, user_id: str, text: str) -> None:
        """Write to a person directly."""
        ...

    async def unfurl(self, channel: str, ts: str, unfurls: Mapping[str, Any]) -> None:
        """Show previews below a message, by the links in it."""
        ...

    async def profile(self, user_id: str) -> Profile:
        """Who that is."""
        ...

    async def own_teams(self) -> frozenset[str]:
        """The ids of the app's own workspace and, where it is part of one, organisation."""
        ...

    async def members(self, group_id: str) -> frozenset[str]:
        """The user ids in a user group."""
        ...

    async def group_names(self) -> Mapping[str, str]:
        """The handles of all user groups, without ``@``, by their ids."""
        ...

    async def channel_name(self, channel: str) -> str:
        """A channel's name, without ``#``."""
        ...

    async def file(self, file_id: str) -> FileLink:
        """A file of which an event tells the id alone, as it does of another company's."""
        ...

    async def permalink(self, channel: str, ts: str) -> str:
        """A message's address."""
        ...


class SlackSurfaces:
    """Slack's own, by the Web API. ``client`` must make one attempt only, with a time limit below the trigger's three seconds."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._own_teams: frozenset[str] | None = None

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> Form:
        """Open a form."""
        # The client's own limit is for each step of the connection, Slack's is for the whole.
        opened = await self._call(
            lambda: self._client.views_open(trigger_id=trigger_id, view=dict(view)), within=_TRIGGER_SECONDS
        )
        return _form(opened)

    async def update(self, form: Form, view: Mapping[str, Any]) -> Form:
        """Replace what an open form shows."""
        return _form(
            await self._call(
                lambda: self._client.views_update(view_id=form.view_id, hash=form.hash or None, view=dict(view))
            )
        )

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        """Replace a person's App Home."""
        await self._call(lambda: self._client.views_publish(user_id=user_id, view=dict(view)))

    async def whisper(
        self,
        channel: str,
        user_id: str,
        text: str,
        *,
        thread: str | None = None,
        blocks: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Write into a channel what one person alone sees."""
        shown = [dict(block) for block in blocks] or None
        await self._call(
            lambda: self._client.chat_postEphemeral(
                channel=channel, user=user_id, text=text, thread_ts=thread, blocks=shown
            )
        )

    async def write(self, user_id: str, text: str) -> None:
        """Write to a person directly."""
        await self._call(lambda: self._client.chat_postMessage(channel=user_id, text=text))

    async def unfurl(self, channel: str, ts: str, unfurls: Mapping[str, Any]) -> None:
        """Show previews below a message."""
        await self._call(lambda: self._client.chat_unfurl(channel=channel, ts=ts, unfurls=dict(unfurls)))

    async def profile(self, user_id: str) -> Profile:
        """Who that is. Slack's own ``is_stranger`` is false for people of another company in a channel that is shared with us, so
        that workspaces are compared: https://docs.slack.dev/reference/objects/user-object
        """
        own = await self._own()
        user = cast(dict[str, Any], (await self._call(lambda: self._client.users_info(user=user_id)))["user"])
        organisation = cast(dict[str, Any], user.get("enterprise_user") or {}).get("enterprise_id")
        described = cast(dict[str, Any], user.get("profile") or {})
        name = described.get("display_name") or described.get("real_name") or user.get("name") or user_id
        return Profile(
            user_id=user_id,
            name=str(name),
            time_zone=user.get("tz"),
            stranger=bool(user.get("is_stranger")) or own.isdisjoint({user.get("team_id"), organisation}),
            bot=bool(user.get("is_bot")),
        )

    async def own_teams(self) -> frozenset[str]:
        """The ids of the app's own workspace and organisation."""
        me = await self._call(lambda: self._client.auth_test())
        self._own_teams = frozenset(str(me[name]) for name in ("team_id", "enterprise_id") if me.get(name))
        return self._own_teams

    async def _own(self) -> frozenset[str]:
        """The same, asked for once: an app does not move."""
        return self._own_teams if self._own_teams is not None else await self.own_teams()

    async def members(self, group_id: str) -> frozenset[str]:
        """The user ids in a user group."""
        listed = await self._call(lambda: self._client.usergroups_users_list(usergroup=group_id))
        return frozenset(cast(list[str], listed.get("users") or []))

    async def group_names(self) -> Mapping[str, str]:
        """The handles of all user groups, by their ids: https://docs.slack.dev/reference/methods/usergroups.list"""
        listed = await self._call(lambda: self._client.usergroups_list(include_disabled=True))
        groups = cast(list[dict[str, Any]], listed.get("usergroups") or [])
        return {str(group["id"]): str(group.get("handle") or group.get("name")) for group in groups}

    async def channel_name(self, channel: str) -> str:
        """A channel's name: https://docs.slack.dev/reference/methods/conversations.info"""
        told = cast(
            dict[str, Any], (await self._call(lambda: self._client.conversations_info(channel=channel)))["channel"]
        )
        if not told.get("name"):
            raise SurfaceFailure("no_name")
        return str(told["name"])

    async def file(self, file_id: str) -> FileLink:
        """A file by its id: https://docs.slack.dev/apis/slack-connect/#files (``file_access: check_file_info``)."""
        link = file_link((await self._call(lambda: self._client.files_info(file=file_id))).get("file"))
        if link is None:
            raise SurfaceFailure("no_address")
        return link

    async def permalink(self, channel: str, ts: str) -> str:
        """A message's address."""
        return str(
            (await self._call(lambda: self._client.chat_getPermalink(channel=channel, message_ts=ts)))["permalink"]
        )

    async def _call(self, call: Callable[[], SlackResponse], *, within: float = _CALL_SECONDS) -> dict[str, Any]:
        """In a thread: the client blocks."""
        try:
            async with asyncio.timeout(within):
                return cast(dict[str, Any], (await asyncio.to_thread(call)).data)
        except SlackApiError as error:
            code = str(cast(Mapping[str, Any], error.response).get("error", ""))[:60]
            logger.warning("slack refused error=%s", code)
            raise SurfaceFailure(code) from None
        except (SlackClientError, OSError) as error:
            logger.warning("slack did not answer error=%s", type(error).__name__)
            raise SurfaceFailure("timeout") from None


def _form(answer: Mapping[str, Any]) -> Form:
    view = cast(dict[str, Any], answer["view"])
    return Form(view_id=str(view["id"]), hash=str(view["hash"]))
