"""Effects by mail: to customers, to vendors, and to staff whom the pager did not reach."""

from temporalio import activity

from activities.failures import classified, not_configured
from domain.frozen import Frozen
from integrations.mailer import Mail, Mailer
from integrations.vendor_portal.links import VendorLinks


class CustomerMailInput(Frozen):
    """A message for a customer. All of a ticket's messages form one thread."""

    key: str
    ticket_id: str
    to: str
    subject: str
    text: str
    first: bool = False


class VendorMailInput(Frozen):
    """A message for a vendor, with the signed link to the page where it answers."""

    key: str
    ticket_id: str
    case: int
    to: str
    subject: str
    text: str
    first: bool = False
    link: bool = True


class StaffMailInput(Frozen):
    """A message for somebody of the staff whom the pager did not reach."""

    key: str
    to: str
    subject: str
    text: str


class MailActivities:
    """Sends mail."""

    def __init__(self, mailer: Mailer | None, *, links: VendorLinks | None) -> None:
        self._client = mailer
        self._links = links

    @activity.defn(name="mail_customer")
    async def mail_customer(self, mail: CustomerMailInput) -> None:
        """Write to a customer."""
        thread = None if mail.first else _message_id(f"{mail.ticket_id}/thread")
        message_id = _message_id(f"{mail.ticket_id}/thread") if mail.first else _message_id(mail.key)
        with classified():
            await self._mailer().send(
                Mail(to=mail.to, subject=mail.subject, text=mail.text, message_id=message_id, thread=thread)
            )

    @activity.defn(name="mail_staff")
    async def mail_staff(self, mail: StaffMailInput) -> None:
        """Write to somebody of the staff."""
        message = Mail(to=mail.to, subject=mail.subject, text=mail.text, message_id=_message_id(mail.key))
        with classified():
            await self._mailer().send(message)

    @activity.defn(name="mail_vendor")
    async def mail_vendor(self, mail: VendorMailInput) -> None:
        """Write to a vendor."""
        text = mail.text
        if mail.link:
            if self._links is None:
                raise not_configured("The vendors' page", "TIERLINE_GATEWAY__LINK_SECRET")
            text = f"{text}\n\n{self._links.url(mail.ticket_id, mail.case)}\n"
        root = _message_id(f"{mail.ticket_id}/case-{mail.case}/thread")
        message = Mail(
            to=mail.to,
            subject=mail.subject,
            text=text,
            message_id=root if mail.first else _message_id(mail.key),
            thread=None if mail.first else root,
        )
        with classified():
            await self._mailer().send(message)

    def _mailer(self) -> Mailer:
        if self._client is None:
            raise not_configured("Mail", "TIERLINE_MAIL__HOST")
        return self._client


def _message_id(key: str) -> str:
    """A lasting id for a message: the same for each attempt, so that receivers fold what came twice."""
    return f"{key.replace('/', '.').lower()}@tierline.invalid"
