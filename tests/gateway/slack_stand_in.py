"""What a gateway under test says to Slack: the forms it opens and the late answers it posts."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from domain.chat import FileLink
from gateway.slack_surfaces import Form, Profile, SurfaceFailure


class OpenedForms:
    """``gateway.slack_surfaces.Surfaces``; ``works`` False is a Slack that does not answer in time.

    ``held`` is waited for before a form opens. ``views`` is every state of every form in order, ``homes`` each person's App Home,
    ``whispers`` (channel, user, text, thread),
    ``whispered_blocks`` what each of these shows, ``letters`` (user, text); ``failing_updates`` are the codes with which
    the next updates of forms fail, ``hashes`` those that updates were made with;
    ``unfurled`` (channel, ts, unfurls). ``profiles`` and ``groups`` are who is known; ``teams`` our own workspace, if that is known.
    ``handles`` are the user groups' names, ``channels`` the channels', ``files`` those that Slack tells of by their id.
    """

    def __init__(self) -> None:
        self.views: list[Mapping[str, Any]] = []
        self.homes: dict[str, Mapping[str, Any]] = {}
        self.whispers: list[tuple[str, str, str, str | None]] = []
        self.whispered_blocks: list[Sequence[Mapping[str, Any]]] = []
        self.letters: list[tuple[str, str]] = []
        self.unfurled: list[tuple[str, str, Mapping[str, Any]]] = []
        self.profiles: dict[str, Profile] = {}
        self.groups: dict[str, frozenset[str]] = {}
        self.teams: frozenset[str] = frozenset()
        self.handles: dict[str, str] = {}
        self.channels: dict[str, str] = {}
        self.files: dict[str, FileLink] = {}
        self.asked: list[str] = []
        self.hashes: list[str] = []
        self.failing_updates: list[str] = []
        self.works = True
        self.held: asyncio.Event | None = None
        self.code = "timeout"

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> Form:
        if self.held is not None:
            await self.held.wait()
        self._must_work()
        self.views.append(view)
        return Form(f"V{len(self.views)}", "1")

    async def update(self, form: Form, view: Mapping[str, Any]) -> Form:
        self._must_work()
        if self.failing_updates:
            raise SurfaceFailure(self.failing_updates.pop(0))
        self.hashes.append(form.hash)
        self.views.append(view)
        return Form(form.view_id, str(int(form.hash or "1") + 1))

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        self._must_work()
        self.homes[user_id] = view

    async def whisper(
        self,
        channel: str,
        user_id: str,
        text: str,
        *,
        thread: str | None = None,
        blocks: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._must_work()
        self.whispers.append((channel, user_id, text, thread))
        self.whispered_blocks.append(blocks)

    async def write(self, user_id: str, text: str) -> None:
        # A trigger that is too old is no trouble for a message.
        if self.code != "expired_trigger_id":
            self._must_work()
        self.letters.append((user_id, text))

    async def unfurl(self, channel: str, ts: str, unfurls: Mapping[str, Any]) -> None:
        self._must_work()
        self.unfurled.append((channel, ts, unfurls))

    async def profile(self, user_id: str) -> Profile:
        self.asked.append(user_id)
        self._must_work()
        return self.profiles.get(user_id, Profile(user_id=user_id, name=user_id))

    async def own_teams(self) -> frozenset[str]:
        self._must_work()
        return self.teams

    async def members(self, group_id: str) -> frozenset[str]:
        self.asked.append(group_id)
        self._must_work()
        return self.groups.get(group_id, frozenset())

    async def group_names(self) -> Mapping[str, str]:
        self._must_work()
        return self.handles

    async def channel_name(self, channel: str) -> str:
        self._must_know(channel, self.channels)
        return self.channels[channel]

    async def file(self, file_id: str) -> FileLink:
        self.asked.append(file_id)
        self._must_know(file_id, self.files)
        return self.files[file_id]

    async def permalink(self, channel: str, ts: str) -> str:
        self._must_work()
        return f"https://acme.slack.com/archives/{channel}/p{ts.replace('.', '')}"

    def _must_know(self, key: str, known: Mapping[str, object]) -> None:
        self._must_work()
        if key not in known:
            raise SurfaceFailure("not_found")

    def _must_work(self) -> None:
        if not self.works:
            raise SurfaceFailure(self.code)


class ResponseUrls:
    """The server behind Slack's response URLs; answers with ``statuses`` in turn, then 200."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.statuses: list[int] = []

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._take))

    def _take(self, request: httpx2.Request) -> httpx2.Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            answer = json.loads(request.content)
            assert answer["response_type"] == "ephemeral"
            self.told.append(answer["text"])
        return httpx2.Response(status)
