"""Which ticket a person means: every way to write one, and what is told where none or several are known."""

from collections.abc import Callable

import pytest

from domain.policy import Policy, SeverityChannelRules
from gateway.ticket_finder import channel_mention, mention_of, own_channel
from tests.gateway.front_door import AGENT, LEAD, NOBODY, FrontDoor, a_ticket

CARD = "card/C0SUPL1/1690000000.000100"
OF_CARD = (CARD, "channel/C0SUPL1")
OF_REPLY = ("card/C0SUPL1/1690000007.000200", CARD, "channel/C0SUPL1")
SLACK = "https://acme.slack.com/archives/C0SUPL1"


@pytest.fixture
def policy(policy: Policy) -> Policy:
    """With a help desk's addresses, and channels for the gravest tickets."""
    more = {
        "help_desk_url": "https://acme.desk.example/agent/tickets/{ref}",
        "severity_channel": SeverityChannelRules(),
    }
    return policy.model_copy(update=more)


@pytest.mark.parametrize(
    ("word", "ticket_id"),
    [
        ("T-1042", "T-1042"),
        ("t-1042", "T-1042"),
        ("#T-1042:", "T-1042"),
        ("(T-1042)", "T-1042"),
        ("#sev1-t-1042", "T-1042"),
        ("<#C0SEV|sev1-t-1042>", "T-1042"),
        ("<http://127.0.0.1:8233/namespaces/default/workflows/ticket%2FT-1042/6f0e/history>", "T-1042"),
        ("<https://tierline.acme.example/api/v1/tickets/T-1042|T-1042>", "T-1042"),
    ],
)
def test_some_words_name_a_ticket_by_its_id(policy: Policy, word: str, ticket_id: str) -> None:
    mention = mention_of(word, policy)
    assert mention is not None
    assert mention.ticket_id == ticket_id


@pytest.mark.parametrize(
    ("word", "references"),
    [
        ("PAY-12", ("issue/PAY-12", "helpdesk/PAY-12")),
        ("pay-12,", ("issue/PAY-12", "helpdesk/pay-12")),
        ("<https://acme.atlassian.net/browse/PAY-12|PAY-12>", ("issue/PAY-12",)),
        ("<https://acme.atlassian.net/jira/boards/7?selectedIssue=PAY-12>", ("issue/PAY-12",)),
        ("acme/storefront#7", ("issue/acme/storefront#7",)),
        ("<https://github.com/acme/storefront/issues/7>", ("issue/acme/storefront#7",)),
        ("<https://github.com/acme/storefront/pull/7/files?w=1>", ("issue/acme/storefront#7",)),
        ("4711", ("helpdesk/4711",)),
        ("#4711", ("helpdesk/4711",)),
        ("ZD/4711-b", ("helpdesk/ZD/4711-b",)),
        ("<https://acme.desk.example/agent/tickets/4711>", ("helpdesk/4711",)),
        ("<https://acme.desk.example/agent/tickets/4711?tab=notes#last>", ("helpdesk/4711",)),
        (f"<{SLACK}/p1690000000000100>", OF_CARD),
        (f"<{SLACK}/p1690000007000200?thread_ts=1690000000.000100&amp;cid=C0SUPL1>", OF_REPLY),
        ("https://app.slack.com/client/T0ACME/C0SUPL1/thread/C0SUPL1-1690000000.000100", (CARD,)),
        ("<#C0SUPL1|support-l1>", ("channel/C0SUPL1",)),
        ("<#C0SUPL1>", ("channel/C0SUPL1",)),
        ("<https://news.example/today>", ()),
        ("<https://[broken>", ()),
    ],
)
def test_other_words_are_what_a_ticket_is_known_by(policy: Policy, word: str, references: tuple[str, ...]) -> None:
    mention = mention_of(word, policy)
    assert mention is not None
    assert (mention.ticket_id, mention.references) == (None, references)


@pytest.mark.parametrize("word", ["", "cards", "L3", "P1", "<@U0SAM|sam>", "<!here>", "…", "'; DROP", "1" * 501])
def test_other_words_are_no_reference(policy: Policy, word: str) -> None:
    assert mention_of(word, policy) is None


def test_a_private_channel_is_known_by_its_id_alone(policy: Policy) -> None:
    private = policy.model_copy(update={"severity_channel": SeverityChannelRules(private=True)})
    expected = channel_mention("C0SEV", "privategroup", private)
    assert own_channel("C0SEV", "privategroup", private) == expected
    assert expected.references == ("channel/C0SEV",)
    assert own_channel("C0SEV", "privategroup", policy) is None
    assert own_channel("C0SUPL1", "support-l1", policy) is None


async def test_a_ticket_is_found_by_the_issue_that_it_is_on(door: FrontDoor) -> None:
    door.desk.references["T-1042"] = {"issue/PAY-12"}

    assert await door.types("note PAY-12 fixed in staging") == "Done: note T-1042"
    assert await door.types(f"note <{SLACK}/p16900> who has it", trigger="2") != ""
    assert [ticket for ticket, _ in door.desk.commands] == ["T-1042"]


async def test_by_a_reference_that_nobody_knows_nothing_happens(door: FrontDoor) -> None:
    answer = await door.types("accept PAY-99")

    assert answer == "I know no ticket by “PAY-99”. A ticket's id, which begins with T-, always does."
    assert door.desk.commands == []


async def test_of_several_tickets_five_are_listed_with_titles_and_the_person_is_asked(door: FrontDoor) -> None:
    for number in range(7):
        door.desk.have(a_ticket(f"T-{number}", f"Refund <{number}>"))
        door.desk.references[f"T-{number}"] = {"issue/PAY-12"}

    answer = await door.types("escalate PAY-12 L3 it burns")

    assert "Several tickets are known by “PAY-12”; which one?" in answer
    assert "• *T-0* Refund &lt;0&gt; (L1, open)" in answer
    assert "T-4" in answer
    assert "T-5" not in answer
    assert answer.endswith("… and more.")
    assert door.desk.commands == []


async def test_titles_are_told_to_nobody_without_a_role(door: FrontDoor) -> None:
    door.desk.references |= {"T-1042": {"issue/PAY-12"}, "T-7": {"issue/PAY-12"}}

    assert "Card payments" not in await door.types("status PAY-12", user=NOBODY)
    assert "You cannot accept" in await door.types("accept PAY-12", user=NOBODY)
    assert door.desk.searches == []


async def test_in_a_grave_tickets_own_channel_that_ticket_is_meant(door: FrontDoor) -> None:
    channel = ("C0SEV", "sev1-t-1042")

    assert await door.types("note 502 since noon", channel=channel) == "Done: note T-1042"
    assert await door.types("link PAY-12", channel=channel, trigger="2") == "Done: link T-1042"
    assert await door.types("merge T-1001", channel=channel, trigger="3") == "Done: merge T-1042"
    assert "*T-1042*" in await door.types("status", channel=channel)
    assert "*T-1042*" in await door.types("who", channel=channel)
    assert await door.types("accept T-9", channel=channel, user=AGENT) == "There is no ticket T-9; check the number."


async def test_a_private_channels_ticket_is_looked_up(build: Callable[..., FrontDoor], policy: Policy) -> None:
    door = build(policy=policy.model_copy(update={"severity_channel": SeverityChannelRules(private=True)}))
    door.desk.references["T-1042"] = {"channel/C0SEV"}

    assert await door.types("accept", channel=("C0SEV", "privategroup")) == "Done: accept T-1042"
    assert "I know no ticket by" in await door.types("accept", channel=("C0ELSE", "privategroup"), trigger="2")


async def test_of_one_open_ticket_among_closed_ones_the_open_one_is_meant(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.desk.have(a_ticket("T-7"))
    door.desk.references |= {"T-1042": {"issue/PAY-12"}, "T-7": {"issue/PAY-12"}}
    view = door.desk.view

    async def seen(ticket_id: str) -> object:
        found = await view(ticket_id)
        return found if ticket_id == "T-1042" else found.model_copy(update={"closed_at": found.opened_at})

    monkeypatch.setattr(door.desk, "view", seen)
    assert await door.types("accept PAY-12", user=LEAD) == "Done: accept T-1042"


async def test_while_temporal_is_away_nothing_is_claimed_to_be_unknown(door: FrontDoor) -> None:
    door.desk.away = True
    assert "cannot reach its workflows" in await door.types("accept PAY-12")
