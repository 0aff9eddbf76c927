"""The mail that arrived at the sandbox, parsed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default as modern
from itertools import count

from sandbox.ledger import Ledger


@dataclass(frozen=True)
class Mail:
    """One message that the sandbox's mail server took."""

    id: str
    sender: str
    """The envelope's sender."""
    recipients: tuple[str, ...]
    """The envelope's recipients: who gets it, whatever the headers say."""
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    """All headers by their names in lower case; of a repeated one the last."""
    received_at: datetime

    @property
    def message_id(self) -> str | None:
        """What the sender calls the message; the same again means the same mail was sent twice."""
        return self.headers.get("message-id")


class MailState:
    """The local mail box, for every address at once."""

    def __init__(self, *, ledger: Ledger, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.ledger = ledger
        self.clock = clock
        self.messages: list[Mail] = []
        self._numbers = count(1)

    def receive(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> Mail:
        """Keep a message."""
        message = BytesParser(policy=modern).parsebytes(raw)
        mail = Mail(
            id=f"mail-{next(self._numbers)}",
            sender=sender,
            recipients=recipients,
            subject=str(message.get("subject", "")),
            text=_part(message, "plain"),
            html=_part(message, "html"),
            headers={name.lower(): str(value) for name, value in message.items()},
            received_at=self.clock(),
        )
        self.messages.append(mail)
        self.ledger.record("mail", "message.receive", mail.id, mail.message_id, sender)
        return mail

    def sent_to(self, address: str) -> list[Mail]:
        """The messages for an address, oldest first."""
        return [mail for mail in self.messages if address.lower() in [to.lower() for to in mail.recipients]]


def _part(message: Message, kind: str) -> str:
    if not isinstance(message, EmailMessage):
        return ""
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n") if part is not None else ""
