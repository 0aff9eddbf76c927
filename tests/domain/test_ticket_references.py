"""What a ticket is found by fits into a search attribute."""

import pytest
import temporalio.converter
from temporalio.api.common.v1 import SearchAttributes
from temporalio.common import TypedSearchAttributes

from domain.chat import MessageRef
from domain.issues import IssueRef, Tracker
from domain.ticket import LinkedIssue
from domain.ticket_references import ReferenceKind, card_reference, reference, references_of
from telemetry.search_attributes import ticket_attributes
from tests.domain.building import Story


@pytest.mark.parametrize(
    ("repository", "count"),
    [
        ("acme/web", 72),
        ("acme/web", 80),
        ("an-organisation-with-a-long-name-of-its-own/" + "r" * 100, 25),
        ("💥" * 90, 25),
    ],
)
def test_the_newest_references_stay_within_what_the_server_takes(repository: str, count: int) -> None:
    """It ends a workflow whose search attribute has more than 2,048 bytes."""
    refs = [
        IssueRef(tracker=Tracker.GITHUB, id=str(n), key=f"{repository}#{n}", url="https://x.example")
        for n in range(count)
    ]
    ticket = Story().ticket.model_copy(
        update={
            "issues": tuple(LinkedIssue(ref=ref) for ref in refs),
            "external_ref": "💥" * 200,
            "card": MessageRef(channel="C1", ts="1.2"),
        }
    )

    found = references_of(ticket)

    (pair,) = [pair for pair in ticket_attributes(ticket) if pair.key.name == "TierlineReferences"]
    payload = encode_search_attributes(TypedSearchAttributes([pair]))
    assert payload <= 2_048
    assert found[0] == reference(ReferenceKind.HELP_DESK, "💥" * 200), "the help desk finds it by its own number"
    assert card_reference(MessageRef(channel="C1", ts="1.2")) in found
    assert reference(ReferenceKind.ISSUE, refs[-1].key) in found
    assert all(len(one) <= 255 for one in found)


def encode_search_attributes(attributes: TypedSearchAttributes) -> int:
    """Bytes of the only attribute, as the SDK writes it."""
    written = SearchAttributes()
    temporalio.converter.encode_search_attributes(attributes, written)
    (payload,) = written.indexed_fields.values()
    return len(payload.data)
