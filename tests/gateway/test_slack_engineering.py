"""What people in Slack do with engineering issues: writing to the engineers, files, workarounds, and the word on a priority."""

from collections.abc import Callable

import pytest

from domain.engineering_rules import RequestKind
from domain.impact_choices import ACCEPT, KEEP, impact_choices, issue_asked_about
from domain.issues import IssueRef, Tracker, Visibility
from domain.messages import AttachFile, CommentIssue, Request, SetRequestKind, SetWorkaround
from domain.ticket import LinkedIssue
from gateway.slack_words import UNREADABLE
from tests.gateway.front_door import AGENT, ENGINEER, LEAD, NOBODY, FrontDoor, a_ticket, eventually

PAY_12 = IssueRef(tracker=Tracker.JIRA, id="10012", key="PAY-12", url="https://jira.example/PAY-12")
STOREFRONT_7 = IssueRef(
    tracker=Tracker.GITHUB, id="I_kwDOAbc7", key="acme/storefront#7", url="https://github.example/7"
)


def on_issues(door: FrontDoor, *refs: IssueRef, ticket_id: str = "T-1042") -> FrontDoor:
    """The ticket is on these issues, which are watched and found by their keys."""
    door.desk.issues[ticket_id] = tuple(LinkedIssue(ref=ref) for ref in refs)
    door.desk.watched |= {(ref.tracker, ref.id) for ref in refs}
    door.desk.references[ticket_id] = {f"issue/{ref.key}" for ref in refs}
    return door


# --- what is typed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("comment T-1042 with 4.2 alone", CommentIssue(text="with 4.2 alone")),
        ("comment T-1042 internal with 4.2", CommentIssue(text="with 4.2", visibility=Visibility.INTERNAL)),
        ("comment T-1042 Public with 4.2", CommentIssue(text="with 4.2", visibility=Visibility.PUBLIC)),
        ("comment T-1042 publicly known", CommentIssue(text="publicly known")),
        ("kind T-1042 feature", SetRequestKind(request=RequestKind.FEATURE)),
        ("kind T-1042 Bug", SetRequestKind(request=RequestKind.BUG)),
        ("workaround T-1042 Pay by transfer", SetWorkaround(text="Pay by transfer")),
        ("workaround T-1042 none", SetWorkaround()),
        ("attach T-1042", AttachFile()),
        ("attach T-1042 trace of today.log", AttachFile(name="trace of today.log")),
    ],
)
async def test_what_is_typed_reaches_the_ticket(door: FrontDoor, text: str, request_: Request) -> None:
    assert (await door.types(text, user=AGENT)).startswith("Done: ")
    assert [command.request for _, command in door.desk.commands] == [request_]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("comment T-1042", "/tier comment T-1042 [public|internal] text"),
        ("comment T-1042 public", "/tier comment T-1042 [public|internal] text"),
        ("kind T-1042 wish", "one of bug, feature"),
        ("workaround T-1042", "none takes it back"),
        ("impact PAY-12", "one of accept, keep. Write it as /tier impact PAY-12 accept"),
        ("impact PAY-12 maybe", "one of accept, keep"),
    ],
)
async def test_what_is_missing_is_asked_for(door: FrontDoor, text: str, told: str) -> None:
    assert told in await door.types(text)
    assert not door.desk.handed


# --- the lead's word on a priority ---------------------------------------------------------------------------------


def answers(door: FrontDoor) -> list[tuple[Tracker, str, bool, str]]:
    """What the issues heard."""
    return [(tracker, issue, answer.accept, answer.by) for tracker, issue, answer in door.desk.impacts]


@pytest.mark.parametrize("ref", [PAY_12, STOREFRONT_7])
def test_a_button_names_its_issue(ref: IssueRef) -> None:
    values = {choice.value for choice in impact_choices(ref)}
    assert [issue_asked_about(value) for value in values] == [(ref.tracker, ref.id, ref.key)]


@pytest.mark.parametrize(
    ("action", "accept", "words"),
    [(ACCEPT, True, "PAY-12 follows its impact from now on."), (KEEP, False, "PAY-12 keeps what was set by hand.")],
)
async def test_a_button_hands_the_leads_answer_to_the_issue(
    door: FrontDoor, action: str, accept: bool, words: str
) -> None:
    on_issues(door, PAY_12)
    for _ in range(2):
        await door.presses(action, value="jira/10012/PAY-12")
    await eventually(lambda: len(door.response_urls.told) == 2)
    assert answers(door)[0] == (Tracker.JIRA, "10012", accept, LEAD.lower())
    # Slack may send it twice: the issue takes it once by its id.
    assert len({answer.id for _, _, answer in door.desk.impacts}) == 1
    assert set(door.response_urls.told) == {words}


@pytest.mark.parametrize("user", [AGENT, ENGINEER, NOBODY])
async def test_whoever_does_not_lead_is_told_who_does(door: FrontDoor, user: str) -> None:
    on_issues(door, PAY_12)
    await door.presses(ACCEPT, value="jira/10012/PAY-12", user=user)
    await eventually(lambda: bool(door.response_urls.told))
    assert door.response_urls.told[0].startswith("You cannot decide on an issue's priority: that is for support leads.")
    assert (await door.types("impact PAY-12 accept", user=user)) == door.response_urls.told[0]
    assert not door.desk.impacts


async def test_a_button_without_an_issue_is_kept_aside_and_said(door: FrontDoor) -> None:
    await door.presses(ACCEPT, value="PAY-12")
    await eventually(lambda: door.response_urls.told == [UNREADABLE])
    assert not door.desk.impacts


async def test_an_issue_without_tickets_has_nothing_to_decide(door: FrontDoor) -> None:
    await door.presses(KEEP, value="jira/10012/PAY-12")
    await eventually(lambda: bool(door.response_urls.told))
    assert door.response_urls.told == ["No ticket is on PAY-12 any more: there is nothing to decide."]


async def test_the_answer_can_be_typed_by_the_issues_key_however_many_tickets_are_on_it(
    build: Callable[..., FrontDoor],
) -> None:
    door = on_issues(build(), PAY_12, STOREFRONT_7)
    door.desk.have(a_ticket("T-1043"))
    on_issues(door, PAY_12, ticket_id="T-1043")
    assert await door.types("impact PAY-12 keep") == "PAY-12 keeps what was set by hand."
    assert await door.types("impact acme/storefront#7 accept") == "acme/storefront#7 follows its impact from now on."
    assert answers(door) == [(Tracker.JIRA, "10012", False, "lena"), (Tracker.GITHUB, "I_kwDOAbc7", True, "lena")]


async def test_a_ticket_names_its_issue_where_it_is_on_one(door: FrontDoor) -> None:
    assert await door.types("impact T-1042 keep") == (
        "I know no issue by “T-1042” that has a ticket; write its key, such as PAY-12."
    )
    on_issues(door, PAY_12)
    assert await door.types("impact T-1042 keep") == "PAY-12 keeps what was set by hand."
    on_issues(door, PAY_12, STOREFRONT_7)
    assert "T-1042 is on PAY-12, acme/storefront#7: write the key of the one that you mean." in await door.types(
        "impact T-1042 keep"
    )
    assert await door.types("impact PAY-99 keep") == (
        "I know no issue by “PAY-99” that has a ticket; write its key, such as PAY-12."
    )


async def test_while_temporal_is_away_the_lead_is_told_to_come_again(door: FrontDoor) -> None:
    door.desk.away = True
    assert "send the same request again shortly" in await door.types("impact PAY-12 keep")
    await door.presses(KEEP, value="jira/10012/PAY-12")
    await eventually(lambda: bool(door.response_urls.told))
    assert "send the same request again shortly" in door.response_urls.told[0]
