"""The local mail box as a mail program meets it, over SMTP, and as the sandbox's page shows it."""

from email.message import EmailMessage

import aiosmtplib
import httpx2
import pytest

from sandbox.faults import Fault
from sandbox.server import Sandbox


def letter(message_id: str = "<T-1.v1@tierline.example>", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Support <support@acme.example>"
    message["To"] = "help@vendor.example"
    message["Subject"] = "Rückerstattung T-1"
    message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Please look.\n\nGrüße")
    message.add_alternative("<p>Please look.</p>", subtype="html")
    return message


async def send(sandbox: Sandbox, message: EmailMessage, recipients: list[str] | None = None) -> None:
    await aiosmtplib.send(
        message,
        recipients=recipients,
        hostname=sandbox.smtp_host,
        port=sandbox.smtp_port,
        timeout=10,
        start_tls=False,
    )


async def test_a_letter_is_kept_with_both_its_texts_and_its_thread(
    sandbox: Sandbox, people: httpx2.AsyncClient
) -> None:
    first = "<T-1.v0@tierline.example>"
    await send(sandbox, letter(In_Reply_To=first, References=first))
    [shown] = (await people.get("/people/mail/messages")).json()
    assert (shown["from"], shown["to"]) == ("support@acme.example", ["help@vendor.example"])
    assert shown["subject"] == "Rückerstattung T-1"
    assert shown["text"] == "Please look.\n\nGrüße"
    assert shown["html"] == "<p>Please look.</p>"
    assert shown["headers"] == {
        "Message-ID": "<T-1.v1@tierline.example>",
        "In-Reply-To": first,
        "References": first,
    }
    assert [entry.marker for entry in sandbox.ledger.entries("mail")] == ["<T-1.v1@tierline.example>"]


async def test_letters_are_listed_by_recipient(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await send(sandbox, letter())
    await send(sandbox, letter("<T-2@tierline.example>"), recipients=["lead@acme.example"])
    found = (await people.get("/people/mail/messages", params={"to": "Lead@acme.example"})).json()
    assert [one["headers"]["Message-ID"] for one in found] == ["<T-2@tierline.example>"]


async def test_mail_to_the_real_world_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(sandbox, letter(), recipients=["somebody@gmail.com"])
    assert sandbox.mail.messages == []


async def test_the_same_letter_twice_is_a_duplicate_in_the_ledger(sandbox: Sandbox) -> None:
    await send(sandbox, letter())
    await send(sandbox, letter())
    assert sandbox.ledger.duplicates("mail") == {("mail", "message.receive", "<T-1.v1@tierline.example>"): 2}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(system="mail", kind="status", status=554), 554),
        (Fault(system="mail", kind="status", status=451), 451),
        (Fault(system="mail", kind="rate_limit"), 451),
    ],
)
async def test_a_faulty_server_refuses_the_letter_and_keeps_nothing(sandbox: Sandbox, fault: Fault, code: int) -> None:
    sandbox.faults.add(fault.model_copy(update={"times": 1}))
    with pytest.raises(aiosmtplib.SMTPResponseException) as refusal:
        await send(sandbox, letter())
    assert (refusal.value.code, sandbox.mail.messages) == (code, [])
    await send(sandbox, letter())
    assert len(sandbox.mail.messages) == 1


async def test_a_refused_recipient(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(system="mail", operation="RCPT", kind="status", status=452, times=1))
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(sandbox, letter())


async def test_a_connection_cut_after_the_letter_was_taken(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(system="mail", kind="drop_after", times=1))
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send(sandbox, letter())
    assert len(sandbox.mail.messages) == 1
