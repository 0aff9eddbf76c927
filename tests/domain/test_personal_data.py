"""Nothing of a customer reaches a tracker, a page, a vendor or the Temporal UI."""

from collections.abc import Callable

import pytest

from domain.engineering_issue import safe_text, safe_title
from domain.engineering_rules import EngineeringRules, RedactionRules
from domain.intents import CloseVendorCase, Intent, OpenIssue, OpenVendorCase, PageWithIssue, RaisePage, TellIssue
from domain.issues import IssueCategory
from domain.messages import Escalate, Note, Reopen, Return
from domain.people import Customer
from domain.texts import MOST_SUMMARY
from domain.ticket import Ticket
from domain.ticket_card import facts_of
from domain.ticket_story import headline_of, story_of
from domain.tiers import Tier
from telemetry.search_attributes import ticket_attributes
from tests.domain.building import (
    ADA,
    GRACE,
    GRACE_HERSELF,
    HELPDESK,
    HOUR,
    LENA,
    SAM,
    Story,
    an_opening,
    without_ladders,
)

PERSONAL = "I am Grace Hopper, grace@navy.example or hopper@home.example, call +1 202 555 0143. Yours, Grace"
SECRETS = ("Grace", "Hopper", "grace@", "hopper@", "202 555", "navy.example", "home.example")
OUTSIDE = (OpenIssue, TellIssue, RaisePage, PageWithIssue, OpenVendorCase, CloseVendorCase)


def a_ticket(**customer: str | None) -> Ticket:
    return Story(opening=an_opening(customer=Customer.model_validate(GRACE.model_dump() | customer))).ticket


def a_life_full_of_personal_data() -> Story:
    """Every way in which text of people gets out, with a customer who tells all about herself each time."""
    opening = an_opening(title="Grace Hopper cannot pay", description=PERSONAL, component="cards of Grace")
    story = Story(opening=opening).does(LENA, Escalate(to=Tier.L3, reason=PERSONAL)).issue_opened().page_raised()
    story.does(ADA, Return(reason=PERSONAL)).does(SAM, Note(text=PERSONAL))
    story.does(LENA, Escalate(to=Tier.L3, reason=PERSONAL)).does(
        LENA, Escalate(to=Tier.L4, reason=PERSONAL, vendor="cardnet")
    )
    story.does(LENA, Return(reason=PERSONAL)).issue_is(IssueCategory.DONE).passes(HOUR)
    story.customer_writes(PERSONAL, HELPDESK).resolved().does(GRACE_HERSELF, Reopen(reason=PERSONAL))
    return story.resolved().customer_writes(PERSONAL, GRACE_HERSELF)


def test_no_intent_that_leaves_the_house_names_the_customer() -> None:
    story = a_life_full_of_personal_data()
    leaving: list[Intent] = [intent for intent in story.intents if isinstance(intent, OUTSIDE)]
    assert {type(intent) for intent in leaving} == set(OUTSIDE)
    for intent in leaving:
        text = intent.model_dump_json()
        assert not [secret for secret in SECRETS if secret in text], text


def test_the_story_in_the_temporal_ui_names_no_customer_and_has_none_of_their_words() -> None:
    story = Story(opening=an_opening(title="Grace cannot pay", description=PERSONAL))
    stories = [story_of(story.ticket)]
    steps: list[Callable[[], Story]] = [
        lambda: story.customer_writes("The walrus sings"),
        lambda: story.does(SAM, Note(text=f"{PERSONAL} is angry")),
        lambda: story.replied(),
        lambda: story.resolved(),
        lambda: story.customer_writes("The walrus still sings", GRACE_HERSELF),
        lambda: story.resolved(),
        lambda: story.does(GRACE_HERSELF, Reopen(reason="The walrus is loud")),
    ]
    for step in steps:
        step()
        stories.append(story_of(story.ticket))
    assert not [text for text in stories if any(secret in text for secret in (*SECRETS, "walrus"))]
    assert "sam: I am [customer], [e-mail] or [e-mail]" in stories[2]
    assert "Reopened in L1 Frontline" in stories[-1]


def test_the_digests_facts_name_no_customer() -> None:
    story = a_life_full_of_personal_data()
    facts = facts_of(story.ticket, story.now).model_dump_json()
    assert not [secret for secret in SECRETS if secret in facts]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("GRACE HOPPER wrote", "[customer] wrote"),
        ("Grace's card", "[customer]'s card"),
        ("grace period of 3 days", "grace period of 3 days"),
        ("Hoppers and Graceful", "Hoppers and Graceful"),
        ("from Grace@Navy.example", "from [e-mail]"),
        ("nothing to hide in T-1042, 2026-11-16, v1.2.3", "nothing to hide in T-1042, 2026-11-16, v1.2.3"),
    ],
)
def test_the_customers_name_is_taken_out_and_words_that_only_look_like_it_stay(text: str, safe: str) -> None:
    assert safe_text(a_ticket(), text) == safe


@pytest.mark.parametrize(
    ("name", "text", "safe"),
    [
        ("李雷", "客户 李雷 来电", "客户 [customer] 来电"),
        ("X", "X marks the spot", "X marks the spot"),
        ("C++ (GmbH)", "C++ (GmbH) fails", "[customer] fails"),
        ("", "Grace stays", "Grace stays"),
        ("Jo de la Cruz", "Cruz paid de la Cruz", "[customer] paid de la [customer]"),
    ],
)
def test_names_of_all_kinds_are_taken_out(name: str, text: str, safe: str) -> None:
    assert safe_text(a_ticket(name=name), text) == safe


def test_an_address_that_does_not_look_like_one_is_taken_out_when_it_is_the_customers() -> None:
    assert safe_text(a_ticket(email="grace@localhost"), "mail grace@localhost now") == "mail [e-mail] now"


def test_a_title_is_safe_and_texts_are_of_a_length_that_trackers_take() -> None:
    ticket = Story(opening=an_opening(title="Grace Hopper's card")).ticket
    assert safe_title(ticket) == "[customer]'s card"
    assert len(safe_text(ticket, "x " * 20_000)) == 8_000


def test_a_new_ticket_stands_in_temporal_without_its_customer_and_without_what_the_policy_takes_out() -> None:
    rules = EngineeringRules(redaction=RedactionRules(patterns={"contract": r"CTR-\d{4,8}"}))
    opening = an_opening(title=f"CTR-0815: {PERSONAL}", product="grace@navy.example")
    ticket = Story(without_ladders(engineering=rules), opening).ticket
    shown = headline_of(opening, ticket.policy)
    searched = str([pair.value for pair in ticket_attributes(ticket)])

    assert shown.startswith("T-1042 [contract]: I am [customer]")
    assert not [secret for secret in SECRETS if secret in shown or secret in searched]
    assert len(headline_of(an_opening(title="界" * 200), ticket.policy).encode()) <= MOST_SUMMARY
