"""What a ticket is known by: the words by which people and other systems refer to it, as search attributes hold them."""

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum

from domain.chat import MessageRef
from domain.people import Actor
from domain.texts import with_digest
from domain.ticket import Ticket


class ReferenceKind(StrEnum):
    """Whose reference it is."""

    HELP_DESK = "helpdesk"
    ISSUE = "issue"
    CARD = "card"
    CHANNEL = "channel"
    PAGE = "page"


LARGEST_VALUE = 2_048
"""Bytes that the server takes of one search attribute; it ends a workflow that sets more (``limit.searchAttributesSizeOfValueLimit``)."""
LARGEST_KEYWORD = 255
"""Characters that PostgreSQL's visibility takes of a keyword."""


def keyword(value: str) -> str:
    """The value as a search attribute holds it and as it is looked for: a long one ends in a digest.

    The SDK writes a letter beyond ASCII as up to twelve bytes, three for each that UTF-8 needs.
    """
    return value if len(json.dumps(value)) <= LARGEST_KEYWORD else with_digest(value, LARGEST_KEYWORD // 3)


def reference(kind: ReferenceKind, value: str) -> str:
    """A reference as it is stored and searched: ``helpdesk/4711``, ``issue/PAY-12``, ``card/C0SUPL1/1690000000.000100``."""
    return keyword(f"{kind.value}/{value}")


def within_limit(references: Iterable[str]) -> tuple[str, ...]:
    """The first of these that one search attribute holds together, without doubles."""
    kept, size = [], len("[]")
    for one in dict.fromkeys(references):
        size += len(json.dumps(one)) + len(",")
        if size > LARGEST_VALUE:
            break
        kept.append(one)
    return tuple(kept)


def card_reference(card: MessageRef) -> str:
    """The reference of a ticket's card, by which a reply in its thread leads to the ticket."""
    return reference(ReferenceKind.CARD, f"{card.channel}/{card.ts}")


def references_of(ticket: Ticket) -> tuple[str, ...]:
    """The references of a ticket, without doubles, as many as a search attribute holds: of very many issues the newest."""
    found = []
    if ticket.external_ref is not None:
        found.append(reference(ReferenceKind.HELP_DESK, ticket.external_ref))
    if ticket.card is not None:
        found.append(card_reference(ticket.card))
    if ticket.severity_channel is not None:
        found.append(reference(ReferenceKind.CHANNEL, ticket.severity_channel.id))
    page = ticket.open_page
    if page is not None and page.served_by is not None:
        # By it news of the page find the ticket when the one that raised it is closed.
        found.append(reference(ReferenceKind.PAGE, page.served_by))
    found += [reference(ReferenceKind.ISSUE, issue.ref.key) for issue in reversed(ticket.issues)]
    return within_limit(found)


def assignee_of(person: Actor) -> str:
    """Who has a ticket, as a digest of their id: search attributes hold nothing personal, and "mine" is found all the same."""
    return hashlib.sha256(f"{person.kind.value}/{person.id}".encode()).hexdigest()[:20]
