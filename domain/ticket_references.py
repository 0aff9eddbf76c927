"""What a ticket is known by: the words by which people and other systems refer to it, as search attributes hold them."""

import hashlib
from enum import StrEnum

from domain.chat import MessageRef
from domain.people import Actor
from domain.ticket import Ticket


class ReferenceKind(StrEnum):
    """Whose reference it is."""

    HELP_DESK = "helpdesk"
    ISSUE = "issue"
    CARD = "card"
    CHANNEL = "channel"
    PAGE = "page"


def reference(kind: ReferenceKind, value: str) -> str:
    """A reference as it is stored and searched: ``helpdesk/4711``, ``issue/PAY-12``, ``card/C0SUPL1/1690000000.000100``."""
    return f"{kind.value}/{value}"


def card_reference(card: MessageRef) -> str:
    """The reference of a ticket's card, by which a reply in its thread leads to the ticket."""
    return reference(ReferenceKind.CARD, f"{card.channel}/{card.ts}")


def references_of(ticket: Ticket) -> tuple[str, ...]:
    """Every reference of a ticket, without doubles."""
    found = []
    if ticket.external_ref is not None:
        found.append(reference(ReferenceKind.HELP_DESK, ticket.external_ref))
    found += [reference(ReferenceKind.ISSUE, issue.ref.key) for issue in ticket.issues]
    if ticket.card is not None:
        found.append(card_reference(ticket.card))
    if ticket.severity_channel is not None:
        found.append(reference(ReferenceKind.CHANNEL, ticket.severity_channel.id))
    page = ticket.open_page
    if page is not None and page.served_by is not None:
        # By it news of the page find the ticket when the one that raised it is closed.
        found.append(reference(ReferenceKind.PAGE, page.served_by))
    return tuple(dict.fromkeys(found))


def assignee_of(person: Actor) -> str:
    """Who has a ticket, as a digest of their id: search attributes hold nothing personal, and "mine" is found all the same."""
    return hashlib.sha256(f"{person.kind.value}/{person.id}".encode()).hexdigest()[:20]
