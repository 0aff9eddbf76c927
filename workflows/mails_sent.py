"""Which mails a run sent, read off its history: a mail cannot be looked for before it is sent again."""

from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from activities.mail import CustomerMailInput, StaffMailInput
from domain.recovery import mail_digest

_ACTIVITY_DONE = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
_MAILS = {"mail_customer": CustomerMailInput, "mail_staff": StaffMailInput}


async def mails_sent(client: Client, events: Sequence[HistoryEvent], *, after: int) -> tuple[str, ...]:
    """The mails (``domain.recovery.mail_digest``) that went out after the event with this id."""
    scheduled = {event.event_id: event.activity_task_scheduled_event_attributes for event in events}
    found: list[str] = []
    for event in events:
        if event.event_id <= after or event.event_type != _ACTIVITY_DONE:
            continue
        sent = scheduled[event.activity_task_completed_event_attributes.scheduled_event_id]
        kind = _MAILS.get(sent.activity_type.name)
        if kind is not None:
            (mail,) = await client.data_converter.decode(sent.input.payloads, [kind])
            found.append(mail_digest(mail.to, mail.subject, mail.text))
    return tuple(found)
