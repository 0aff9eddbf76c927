"""The sandbox's SMTP server: takes mail for any address below ``.example`` and keeps it in the local mail box."""

import asyncio
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.faults import Fault, Faults
from sandbox.mail.state import MailState


class _Handler:
    def __init__(self, state: MailState, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._faults.take("mail", "RCPT") if self._hits_recipients() else None
        self._faults.note("mail", "RCPT", "/", _code(fault), fault)
        if fault is not None:
            return await _answer_to(fault, server)
        if not address.lower().endswith(".example"):
            # The sandbox must never look as if it sent mail to the real world.
            return "550 5.1.2 The sandbox takes mail for addresses below .example only"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._faults.take("mail", "DATA")
        self._faults.note("mail", "DATA", "/", _code(fault), fault)
        if fault is not None and fault.kind != "drop_after":
            refusal = await _answer_to(fault, server)
            if not refusal.startswith("250"):
                return refusal
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        mail = self._state.receive(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw)
        if fault is not None and fault.kind == "drop_after":
            return await _answer_to(fault, server)
        return f"250 2.0.0 OK: queued as {mail.id}"

    def _hits_recipients(self) -> bool:
        # Only a fault that asks for it hits a recipient; the others hit the message itself, once.
        return any(a.fault.system == "mail" and a.fault.operation == "RCPT" for a in self._faults.active())


def _code(fault: Fault | None) -> int | None:
    match fault:
        case None:
            return 250
        case Fault(kind="status"):
            return fault.status
        case Fault(kind="rate_limit"):
            return 451
        case Fault(kind="latency"):
            return 250
        case _:
            return None


async def _answer_to(fault: Fault, server: SMTP) -> str:
    match fault.kind:
        case "status":
            kind = "4.3.0 Temporary" if fault.status < 500 else "5.3.0 Permanent"
            return f"{fault.status} {kind} failure"
        case "rate_limit":
            return "451 4.7.1 Too many messages, try again later"
        case "latency":
            await asyncio.sleep(fault.delay_s)
            return "250 OK"
        case "drop_after":
            if server.transport is not None:
                server.transport.close()
            return "421 4.3.0 Connection lost"


class MailServer:
    """Listens for SMTP on the loopback interface within the running event loop."""

    def __init__(self, state: MailState, faults: Faults, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        """The port asked for; once started, the one that is listened on."""
        self._handler = _Handler(state, faults)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        protocol = partial(SMTP, self._handler, hostname="sandbox.example", enable_SMTPUTF8=True, loop=loop)
        self._server = await loop.create_server(protocol, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
