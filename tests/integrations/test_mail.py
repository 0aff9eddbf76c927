"""Mail by SMTP, against the local mail box and servers that refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import SecretStr

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure
from integrations.mail.smtp import SmtpMailer
from integrations.mailer import Mail
from tests.integrations.conftest import World

MAIL = Mail(
    to="jane.doe@initech.example",
    subject="[T-1042] Checkout fails",
    text="Hello,\n\nwe are on it: ✓ — übermorgen.\n.\nYours",
    message_id="t-1042.2@tierline.acme.example",
    thread="t-1042.1@tierline.acme.example",
)


async def test_a_message_arrives_as_written(world: World) -> None:
    await world.mail.send(MAIL)

    (mail,) = world.sandbox.mail.messages
    assert mail.recipients == ("jane.doe@initech.example",)
    assert mail.sender == "support@acme.example"
    assert mail.subject == MAIL.subject
    assert mail.text.replace("\r\n", "\n").rstrip("\n") == MAIL.text
    assert mail.headers["from"] == "Acme Support <support@acme.example>"
    assert mail.headers["message-id"] == f"<{MAIL.message_id}>"
    assert mail.headers["in-reply-to"] == mail.headers["references"] == f"<{MAIL.thread}>"
    assert mail.headers["auto-submitted"] == "auto-generated"
    assert mail.headers["date"]


async def test_the_first_message_of_a_thread_refers_to_none(world: World) -> None:
    await world.mail.send(MAIL.model_copy(update={"thread": MAIL.message_id}))

    (mail,) = world.sandbox.mail.messages
    assert "references" not in mail.headers


async def test_long_ids_stay_whole(world: World) -> None:
    long = f"{'t-1042.' * 40}@tierline.acme.example"

    await world.mail.send(MAIL.model_copy(update={"message_id": long, "thread": f"x{long}"}))

    (mail,) = world.sandbox.mail.messages
    assert mail.message_id == f"<{long}>"
    assert mail.headers["references"] == f"<x{long}>"


async def test_every_attempt_has_the_same_id(world: World) -> None:
    world.break_down("mail", "drop_after", operation="DATA", times=1)
    with pytest.raises(PassingFailure):
        await world.mail.send(MAIL)

    await world.mail.send(MAIL)

    assert {mail.message_id for mail in world.sandbox.mail.messages} == {f"<{MAIL.message_id}>"}


@pytest.mark.parametrize("operation", ["RCPT", "DATA"])
@pytest.mark.parametrize(("status", "failure"), [(451, PassingFailure), (550, PermanentFailure)])
async def test_transient_and_permanent_answers(
    world: World, operation: str, status: int, failure: type[IntegrationError]
) -> None:
    world.break_down("mail", "status", operation=operation, status=status)

    with pytest.raises(failure) as caught:
        await world.mail.send(MAIL)

    assert str(status) in str(caught.value)
    assert "jane" not in str(caught.value)
    assert "initech" not in str(caught.value)
    assert world.sandbox.mail.messages == []


async def test_the_recipients_address_is_in_no_error(world: World) -> None:
    with pytest.raises(PermanentFailure) as caught:
        await world.mail.send(MAIL.model_copy(update={"to": "jane.doe@initech.com"}))

    assert "jane" not in str(caught.value)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "jane",
        "jane@",
        "jane@x.example\r\nBcc: all@acme.example",
        "@x.example",
        "=?utf-8?q? <a@b?=.example>",
        "=?utf-8?q?=0a?=@x.example",
        "ja ne@x.example",
    ],
)
async def test_what_is_no_address_is_refused_before_the_call(world: World, to: str) -> None:
    with pytest.raises(PermanentFailure, match="recipient's address"):
        await world.mail.send(MAIL.model_copy(update={"to": to}))

    assert world.asked("mail") == []


@pytest.mark.parametrize("to", ["jane.doe@initech.example", "=?utf-8?q?=0a?= <jane.doe@initech.example>"])
async def test_a_name_beside_the_address_is_not_written(world: World, to: str) -> None:
    await world.mail.send(MAIL.model_copy(update={"to": to}))

    (mail,) = world.sandbox.mail.messages
    assert mail.headers["to"] == "jane.doe@initech.example"


@pytest.mark.parametrize("error", [IndexError, UnicodeEncodeError("ascii", "jane", 0, 1, "no"), RuntimeError, KeyError])
async def test_whatever_the_library_raises_for_a_message_is_permanent(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise error

    monkeypatch.setattr("integrations.mail.smtp.EmailMessage.as_bytes", fail)

    with pytest.raises(PermanentFailure, match="cannot be written") as caught:
        await world.mail.send(MAIL)

    assert "jane" not in str(caught.value)
    assert world.asked("mail") == []


async def test_a_subject_cannot_bring_headers_along(world: World) -> None:
    await world.mail.send(MAIL.model_copy(update={"subject": "Hi\r\nBcc: all@acme.example"}))

    (mail,) = world.sandbox.mail.messages
    assert "bcc" not in mail.headers
    assert mail.subject == "Hi Bcc: all@acme.example"


async def test_nobody_listening_is_a_passing_failure(free_port: int) -> None:
    mailer = SmtpMailer("127.0.0.1", free_port, None, None, "support@acme.example", False)

    with pytest.raises(PassingFailure):
        await mailer.send(MAIL)
    (check,) = await mailer.check()
    assert not check.ok


class _Closing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


@asynccontextmanager
async def smtp_server(accepts: str | None = None) -> AsyncIterator[int]:
    """A server that wants a login and accepts one password, or None of them."""

    def authenticate(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        success = getattr(data, "password", b"") == (accepts or "").encode()
        return AuthResult(success=success, handled=False)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(object(), authenticator=authenticate, auth_require_tls=False, auth_required=True, loop=loop),
        "127.0.0.1",
        0,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_the_login_is_tried_and_a_wrong_one_is_told() -> None:
    async with smtp_server(accepts="right") as port:
        for password, ok in (("right", True), ("wrong", False)):
            mailer = SmtpMailer("127.0.0.1", port, "bot", SecretStr(password), "support@acme.example", False)
            (check,) = await mailer.check()
            assert check.ok is ok
        assert "TIERLINE_MAIL__PASSWORD" in (check.advice or "")
        with pytest.raises(PermanentFailure, match="does not accept the login") as caught:
            await mailer.send(MAIL)
        assert "wrong" not in str(caught.value)


async def test_starttls_is_insisted_on(world: World) -> None:
    host, port = world.sandbox.smtp_host, world.sandbox.smtp_port
    mailer = SmtpMailer(host, port, None, None, "support@acme.example", True)

    with pytest.raises(PermanentFailure, match="STARTTLS"):
        await mailer.send(MAIL)


async def test_a_line_that_is_cut_at_once_is_a_passing_failure() -> None:
    server = await asyncio.get_running_loop().create_server(_Closing, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PassingFailure):
            await SmtpMailer("127.0.0.1", port, None, None, "support@acme.example", False).send(MAIL)


def test_a_password_does_not_travel_in_the_clear() -> None:
    with pytest.raises(PermanentFailure, match="TIERLINE_MAIL__STARTTLS"):
        SmtpMailer("mail.acme.example", 25, "bot", SecretStr("x"), "support@acme.example", False)
    SmtpMailer("mail.acme.example", 465, "bot", SecretStr("x"), "support@acme.example", False)


def test_a_from_address_that_is_none() -> None:
    with pytest.raises(PermanentFailure, match="TIERLINE_MAIL__FROM_ADDRESS"):
        SmtpMailer("mail.acme.example", 25, None, None, "support", False)
