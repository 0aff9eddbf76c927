"""What a gateway under test says to Slack: the forms it opens and the late answers it posts."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2


class OpenedForms:
    """``gateway.slack_answers.Forms``; ``works`` False is a Slack that does not answer in time."""

    def __init__(self) -> None:
        self.views: list[Mapping[str, Any]] = []
        self.works = True

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> bool:
        if self.works:
            self.views.append(view)
        return self.works


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
