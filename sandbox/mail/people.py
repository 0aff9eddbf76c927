"""What a person sees in the local mail box."""

from typing import Any

from fastapi import APIRouter

from sandbox.mail.state import Mail, MailState


def build_router(state: MailState) -> APIRouter:
    """``GET /people/mail/messages``: oldest first, those for one address where ``to`` is given."""
    router = APIRouter(prefix="/people/mail")

    @router.get("/messages")
    async def read_messages(to: str | None = None) -> list[dict[str, Any]]:
        return [view(mail) for mail in (state.messages if to is None else state.sent_to(to))]

    return router


def view(mail: Mail) -> dict[str, Any]:
    """A message as the sandbox's page shows it; ``headers`` are the three that tie a conversation together."""
    names = ("Message-ID", "In-Reply-To", "References")
    return {
        "id": mail.id,
        "from": mail.sender,
        "to": list(mail.recipients),
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": {name: mail.headers.get(name.lower()) for name in names},
        "received_at": mail.received_at.isoformat(),
    }
