"""Mail by SMTP behind the mailer's Protocol."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from pydantic import SecretStr

from domain.mail_address import is_mail_address, mail_address
from integrations.checks import Check
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, place_of
from integrations.mailer import Mail

SYSTEM = "mail"

_TIMEOUT_S = 10
_IMPLICIT_TLS_PORT = 465
_ID = re.compile(r"[^\s<>@]+@[^\s<>@]+")
# A reference longer than a line would be encoded as words, which no reader takes for an id.
_POLICY = SMTP_POLICY.clone(max_line_length=900)


class SmtpMailer:
    """``Mailer`` on one SMTP server; a connection for each message. Building it calls nobody.

    Args:
        host: the server's name.
        port: 465 is TLS from the start, any other begins in the clear.
        username: to log in with; None does not log in.
        password: goes with the user name.
        from_address: ``Support <support@acme.example>`` or the address alone.
        starttls: insist on STARTTLS; False never uses it. Means nothing on port 465.

    Raises:
        PermanentFailure: the From address is none, or a password would travel in the clear to another machine.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str | None,
        password: SecretStr | None,
        from_address: str,
        starttls: bool,
    ) -> None:
        self._sender = parseaddr(from_address)[1]
        self._from = _from(from_address)
        self._host, self._port = host, port
        self._username, self._password = username, password
        self._implicit_tls = port == _IMPLICIT_TLS_PORT
        self._starttls = starttls and not self._implicit_tls
        local = host in {"127.0.0.1", "localhost", "::1"}
        if username is not None and not (self._implicit_tls or self._starttls or local):
            raise PermanentFailure(
                SYSTEM, "the password would travel in the clear; set TIERLINE_MAIL__STARTTLS to true"
            )

    async def send(self, mail: Mail) -> None:
        """Hand the message to the server, in one attempt."""
        recipient, content = self._written(mail)
        with _mail_failures():
            async with self._connection() as smtp:
                await smtp.sendmail(self._sender, [recipient], content)

    async def check(self) -> list[Check]:
        """Try to connect and log in."""
        what = f"Mail: {self._host}:{self._port}"
        try:
            with _mail_failures():
                async with self._connection() as smtp:
                    await smtp.noop()
        except IntegrationError as error:
            return [Check(what=what, ok=False, advice=str(error))]
        return [Check(what=what, ok=True)]

    def _connection(self) -> SMTP:
        return SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password.get_secret_value() if self._password is not None else None,
            # The library's default asks the name service, which blocks the event loop.
            local_hostname=socket.gethostname(),
            timeout=_TIMEOUT_S,
            use_tls=self._implicit_tls,
            start_tls=self._starttls,
        )

    def _written(self, mail: Mail) -> tuple[str, bytes]:
        """The recipient's address, and the message as it is sent.

        Raises:
            PermanentFailure: it cannot be written. The next attempt would fail in the same way, whatever the library raises.
        """
        recipient = _recipient(mail.to)
        try:
            return recipient, self._message(mail, recipient).as_bytes(policy=_POLICY)
        except IntegrationError:
            raise
        except Exception as error:
            words = f"the message cannot be written ({type(error).__name__} at {place_of(error)}); report it as a bug of Tierline"
            raise PermanentFailure(SYSTEM, words) from None

    def _message(self, mail: Mail, recipient: str) -> EmailMessage:
        message = EmailMessage(policy=_POLICY)
        message["From"] = self._from
        message["To"] = Address(addr_spec=recipient)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{_id(mail.message_id)}>"
        if mail.thread is not None and mail.thread != mail.message_id:
            message["In-Reply-To"] = message["References"] = f"<{_id(mail.thread)}>"
        # RFC 3834: so that holiday notices do not answer; the second is what Exchange heeds.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        message.set_content(mail.text)
        return message


@contextmanager
def _mail_failures() -> Iterator[None]:
    """Turn what the library raises within the block into an ``IntegrationError``; no word of the server's is kept, since it
    names the recipient."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        raise _refused("the recipient", max((one.code for one in error.recipients), default=550)) from None
    except SMTPAuthenticationError as error:
        words = "the server does not accept the login; set TIERLINE_MAIL__USERNAME and TIERLINE_MAIL__PASSWORD"
        raise _answered(error.code, words) from None
    except SMTPSenderRefused as error:
        raise _refused("the From address", error.code) from None
    except SMTPResponseException as error:
        raise _refused("the message", error.code) from None
    except SMTPException as error:
        # The library's bare exception, too, means a lacking extension.
        if type(error) in {SMTPException, SMTPNotSupported}:
            words = "the server lacks what is needed (STARTTLS, a way to log in, or international addresses)"
            raise PermanentFailure(SYSTEM, words) from None
        raise _silent(error) from None
    except OSError as error:
        raise _silent(error) from None
    except ValueError:
        raise PermanentFailure(SYSTEM, "the message cannot be sent: an address or header is not valid") from None


def _silent(error: Exception) -> IntegrationError:
    return PassingFailure(SYSTEM, f"the server did not answer ({type(error).__name__}); it is tried again")


def _refused(what: str, code: int) -> IntegrationError:
    return _answered(code, f"the server refused {what} (SMTP {code})")


def _answered(code: int, words: str) -> IntegrationError:
    """RFC 5321, 4.2.1: 4xx is transient, 5xx permanent."""
    if 500 <= code < 600:
        return PermanentFailure(SYSTEM, words, code=str(code))
    return PassingFailure(SYSTEM, f"the server put us off (SMTP {code}); it is tried again")


def _recipient(text: str) -> str:
    """The address alone; a policy may have been written when a name was allowed beside it."""
    address = parseaddr(text)[1]
    if not is_mail_address(address) or address not in text or re.search(r"[\r\n]", text):
        words = "the recipient's address is not valid; correct it in the ticket or the policy"
        raise PermanentFailure(SYSTEM, words)
    return address


def _from(text: str) -> Address:
    name, spec = parseaddr(text)
    message = EmailMessage(policy=_POLICY)
    try:
        address = Address(display_name=name, addr_spec=mail_address(spec))
        message["From"] = address
        message.as_bytes(policy=_POLICY)
    except (ValueError, LookupError, MessageError):
        words = "the From address is not valid; set TIERLINE_MAIL__FROM_ADDRESS"
        raise PermanentFailure(SYSTEM, words) from None
    return address


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise PermanentFailure(SYSTEM, "a message's id must look like part@host; report this as a bug of Tierline")
    return text
