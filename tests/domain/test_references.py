"""How people name an issue."""

import pytest

from domain.issues import Tracker
from domain.references import issue_key, tracker_of


@pytest.mark.parametrize(
    ("reference", "tracker", "key"),
    [
        ("PAY-12", Tracker.JIRA, "PAY-12"),
        ("  PAY-12 ", Tracker.JIRA, "PAY-12"),
        ("https://acme.atlassian.net/browse/PAY-12", Tracker.JIRA, "PAY-12"),
        ("https://acme.example/jira/browse/PAY-12?focusedId=7#x", Tracker.JIRA, "PAY-12"),
        ("<https://acme.atlassian.net/browse/PAY-12|PAY-12>", Tracker.JIRA, "PAY-12"),
        ("acme/storefront#7", Tracker.GITHUB, "acme/storefront#7"),
        ("https://github.com/acme/storefront/issues/7", Tracker.GITHUB, "acme/storefront#7"),
        ("http://127.0.0.1:8080/github/acme/store.front/issues/7#issuecomment-1", Tracker.GITHUB, "acme/store.front#7"),
    ],
)
def test_a_key_or_an_address_is_understood(reference: str, tracker: Tracker, key: str) -> None:
    assert issue_key(reference) == (tracker, key)
    assert tracker_of(reference) is tracker


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "T-1042",
        "pay-12",
        "PAY",
        "PAY-",
        "PAY-12345678901",
        "https://acme.example/browse/PAY-12345678901",
        "https://acme.example/browse/PAY-12abc",
        "https://github.com/acme/storefront/issues/12345678901",
        "https://github.com/acme/storefront/pull/7",
        "storefront#7",
        "see PAY-12",
        "javascript:/browse/PAY-12",
    ],
)
def test_anything_else_is_not(reference: str) -> None:
    assert issue_key(reference) is None
    assert tracker_of(reference) is None
