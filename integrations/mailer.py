"""The capability of sending mail (SMTP)."""

from typing import Protocol

from domain.frozen import Frozen
from integrations.checks import Check


class Mail(Frozen):
    """One message. ``message_id`` and ``thread`` (the id of the thread's first message) are without angle brackets.

    The same ``message_id`` is used for every attempt: SMTP knows no idempotency, and receiving systems fold equal ids.
    """

    to: str
    subject: str
    text: str
    message_id: str
    thread: str | None = None


class Mailer(Protocol):
    """Sends mail: one attempt a call; raises ``integrations.errors``."""

    async def send(self, mail: Mail) -> None:
        """Hand the message to the server."""
        ...

    async def check(self) -> list[Check]:
        """Try to connect and log in."""
        ...
