"""How Slack's Web API refuses a call."""

from typing import Any


class SlackError(Exception):
    """A refusal: becomes ``{"ok": false, "error": code}`` with HTTP status 200, as Slack answers."""

    def __init__(self, code: str, *messages: str, **details: Any) -> None:
        """Messages go to ``response_metadata.messages``; details are further fields of the answer."""
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        answer: dict[str, Any] = {"ok": False, "error": self.code, **self.details}
        if self.messages:
            answer["errors"] = list(self.messages)
            answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return answer
