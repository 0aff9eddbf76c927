"""A person in front of Slack's forms: chooses shortcuts, fills inputs in as Slack's client does, sends."""

from collections.abc import Mapping
from typing import Any

import httpx2

from sandbox.slack.blocks import find_view_errors
from sandbox.slack.controls import action_of, collect_values, find_control, missing_inputs
from tests.gateway.front_door import LEAD, FrontDoor, eventually

HOOK = "https://hooks.slack.example/actions/1"


class FormFilling:
    """One person, and the form that they have in front of them: the newest that the gateway showed."""

    def __init__(self, door: FrontDoor, user: str = LEAD) -> None:
        self.door, self.user = door, user
        self.typed: dict[str, dict[str, Any]] = {}
        self.moments = 0

    # --- opening -------------------------------------------------------------------------------------------------

    async def presses(self, button: str, ticket: str = "T-1042", *, states: int = 1) -> None:
        """A card's button, and the form is there (``states`` of it: those that are looked up have two)."""
        before = len(self.door.forms.views)
        assert (await self.door.presses(f"tierline.{button}", user=self.user, value=ticket)).content == b""
        await eventually(lambda: len(self.door.forms.views) == before + states)

    async def shortcut(self, callback_id: str) -> httpx2.Response:
        """A global shortcut."""
        return await self._interacts({"type": "shortcut", "callback_id": callback_id, "trigger_id": "1.3.c"})

    async def on_message(self, callback_id: str, text: str = "", **message: Any) -> httpx2.Response:
        """A shortcut on a message of the channel C0SUPL1."""
        return await self._interacts(
            {
                "type": "message_action",
                "callback_id": callback_id,
                "trigger_id": "1.3.d",
                "response_url": HOOK,
                "channel": {"id": "C0SUPL1", "name": "support"},
                "message_ts": message.get("ts", "1.1"),
                "message": {"type": "message", "user": "U0TOM", "ts": "1.1", "text": text, **message},
            }
        )

    # --- what the form shows --------------------------------------------------------------------------------------

    @property
    def form(self) -> dict[str, Any]:
        """The form as Slack would show it, which it must be willing to."""
        view = dict(self.door.forms.views[-1])
        assert find_view_errors(view) == []
        return view

    @property
    def text(self) -> str:
        """What stands in the form beside its inputs."""
        parts = [part for b in self.form["blocks"] for part in (b.get("text") or {}, *b.get("elements", []))]
        return "\n".join(part["text"] for part in parts if isinstance(part.get("text"), str))

    def inputs(self) -> dict[str, dict[str, Any]]:
        """The inputs by their blocks' ids."""
        return {block["block_id"]: block for block in self.form["blocks"] if block["type"] == "input"}

    def offered(self, block: str) -> list[str]:
        """The values that can be chosen there."""
        return [option["value"] for option in self.inputs()[block]["element"]["options"]]

    def values(self) -> dict[str, dict[str, Any]]:
        """What stands in the inputs: what was typed, or what the form began with."""
        return collect_values(self.form["blocks"], {}, self.typed)

    # --- filling in ----------------------------------------------------------------------------------------------

    def fills(self, **given: Any) -> "FormFilling":
        """Type and choose, without anybody hearing of it yet."""
        self.typed = collect_values(self.form["blocks"], given, self.typed)
        return self

    async def chooses(self, block: str, value: Any, *, states: int = 1) -> None:
        """Choose something of which Slack tells at once, and wait until the form shows what comes of it."""
        self.fills(**{block: value})
        block_id, element = find_control(self.form["blocks"], "value", block)
        assert self.inputs()[block]["dispatch_action"]
        await self._acts(action_of(block_id, element, value), states)

    async def clicks(self, action_id: str) -> None:
        """A button within the form."""
        block_id, element = find_control(self.form["blocks"], action_id)
        await self._acts(action_of(block_id, element, None), 1)

    async def sends(self, **given: Any) -> Any:
        """Submit the form: None when it closes, else the errors by input or the form that replaces it."""
        if given:
            self.fills(**given)
        assert missing_inputs(self.form["blocks"], self.values()) == {}
        view = {**self._view(), "state": {"values": self.values()}}
        response = await self._interacts({"type": "view_submission", "view": view})
        assert response.status_code == 200, response.text
        if not response.content:
            return None
        answer = response.json()
        if answer["response_action"] == "update":
            self.door.forms.views.append(answer["view"])
            return answer["view"]
        return answer["errors"]

    async def _acts(self, action: dict[str, Any], states: int) -> None:
        before = len(self.door.forms.views)
        self.moments += 1
        view = {**self._view(), "state": {"values": self.values()}}
        response = await self._interacts(
            {
                "type": "block_actions",
                "trigger_id": "1.4.e",
                "container": {"type": "view", "view_id": view["id"]},
                "view": view,
                "actions": [{**action, "action_ts": f"1596530385.{self.moments}"}],
            }
        )
        assert response.content == b""
        await eventually(lambda: len(self.door.forms.views) == before + states)

    def _view(self) -> dict[str, Any]:
        return {"id": "V1", "hash": "1", **self.form}

    async def _interacts(self, payload: Mapping[str, Any]) -> httpx2.Response:
        who = {"id": self.user, "username": self.user.removeprefix("U0").lower()}
        return await self.door.interacts({"team": {"id": "T0ACME"}, "user": who, **payload})
