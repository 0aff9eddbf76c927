"""Before an issue is opened: its likely duplicates are asked for, somebody chooses, or the time is over."""

from datetime import timedelta
from typing import Any

import pytest

from domain.engineering_rules import DuplicateRules, EngineeringRules
from domain.intents import FindIssue, Intent, JoinIssue, Notice, OpenIssue, SeekDuplicates, ThreadLine
from domain.issues import IssueCandidate, IssueCategory
from domain.ladders import next_deadline
from domain.messages import Cancel, Command, DuplicatesFound, Escalate, IssueFound, LinkIssue, OpenNewIssue, Return
from domain.preview import preview
from domain.tiers import Tier
from domain.views import view_of
from tests.domain.building import ADA, DAY, LENA, MINUTE, NOON, SAM, Story, an_issue, without_ladders

WAIT = 15 * MINUTE


def a_candidate(number: int = 3, similarity: int = 87, **changes: Any) -> IssueCandidate:
    """An issue of the tracker that may be the same."""
    fields: dict[str, Any] = {
        "ref": an_issue(number),
        "title": "Card payments fail",
        "status": "In Progress",
        "category": IssueCategory.IN_PROGRESS,
        "updated_at": NOON - DAY,
        "similarity": similarity,
    }
    return IssueCandidate(**(fields | changes))


def wanted(**changes: Any) -> Story:
    """A ticket in L3 for which the tracker is asked for likely duplicates."""
    rules = EngineeringRules(duplicates=DuplicateRules(wait=WAIT))
    return Story(without_ladders(engineering=rules, **changes)).escalated(Tier.L3, "cards fail everywhere")


def found(story: Story, *candidates: IssueCandidate, error: str | None = None) -> Story:
    return story.comes_of(story.all(SeekDuplicates)[-1], DuplicatesFound(candidates=candidates, error=error))


def asked() -> Story:
    """A ticket that waits for somebody to say whether PAY-3 is the same."""
    return found(wanted(), a_candidate())


def looked_up(story: Story, number: int = 3) -> Story:
    ref = an_issue(number)
    known = IssueFound(ref=ref, title="Card payments fail", status="To Do", category=IssueCategory.TO_DO)
    return story.comes_of(story.all(FindIssue)[-1], known)


def test_without_the_policys_wish_nothing_is_looked_for() -> None:
    story = Story(without_ladders()).escalated(Tier.L3)

    assert story.all(SeekDuplicates) == []
    assert story.only(OpenIssue).draft.project == "PAY"


def test_what_is_looked_for_is_the_issue_as_it_would_be_opened() -> None:
    seek = wanted().only(SeekDuplicates)

    assert (seek.project, seek.issue) == ("PAY", "T-1042-stint-1")
    assert seek.sought.title == "Card payment fails"
    assert "cards fail everywhere" in seek.sought.text
    assert seek.sought.components == ("cards",)


def test_when_nothing_is_alike_the_issue_is_opened_at_once() -> None:
    story = found(wanted())

    assert story.now_intended(OpenIssue)[0].draft.key == "T-1042-stint-1"
    assert story.ticket.issue_choice is None
    assert not story.now_intended(Notice)


@pytest.mark.parametrize("how", ["the tracker could not be asked", "it refused"])
def test_a_tracker_that_cannot_be_asked_holds_nothing_up(how: str) -> None:
    story = wanted()
    if how == "it refused":
        story.fails(SeekDuplicates, "jira: the search is switched off")
    else:
        found(story, error="jira: no answer")

    assert len(story.now_intended(OpenIssue)) == 1
    assert any("could not be looked for (jira: " in line and "a new issue is opened" in line for line in story.thread)


def test_likely_duplicates_are_shown_in_the_thread_and_on_the_card_and_the_lead_is_told() -> None:
    story = asked()

    line = next(line for line in story.now_intended(ThreadLine) if line.choices)
    assert "PAY-3 (87 %, In Progress): Card payments fail https://acme.example/browse/PAY-3" in line.text
    assert "in 15 minutes" in line.text or "15m" in line.text
    assert [(choice.label, choice.value) for choice in line.choices] == [
        ("Link PAY-3", "T-1042 PAY-3"),
        ("Open a new issue", "T-1042"),
    ]
    assert [text for _, text in story.told] == ["T-1042 may be the same as PAY-3 (87 %): link it, or open a new issue"]
    assert story.all(OpenIssue) == []
    choice = view_of(story.ticket, story.now).issue_choice
    assert choice is not None
    assert (choice.project, choice.until) == ("PAY", NOON + WAIT)


def test_opening_a_new_one_ends_the_wait() -> None:
    story = asked().does(LENA, OpenNewIssue())

    assert len(story.all(OpenIssue)) == 1
    assert story.ticket.issue_choice is None
    assert "its issue is being opened already" in story.refuses(LENA, OpenNewIssue())
    story.issue_opened().passes(DAY)
    assert len(story.all(OpenIssue)) == 1


def test_who_may_not_escalate_may_not_open_either() -> None:
    assert "may not open a new issue" in asked().refuses(SAM, OpenNewIssue())


def test_there_is_nothing_to_open_for_a_ticket_that_waits_for_no_choice() -> None:
    assert "it waits for no choice" in Story(without_ladders()).refuses(LENA, OpenNewIssue())


def test_linking_one_ends_the_wait_and_opens_nothing() -> None:
    story = asked().does(LENA, LinkIssue(reference="PAY-3"))
    assert "is being linked" in story.refuses(LENA, OpenNewIssue())
    looked_up(story).passes(DAY)

    assert story.all(OpenIssue) == []
    assert story.only(JoinIssue).ref.key == "PAY-3"
    assert (story.ticket.issue_choice, story.ticket.issue_wanted) == (None, None)


def test_another_issue_than_those_shown_can_be_linked_too() -> None:
    story = looked_up(asked().does(LENA, LinkIssue(reference="PAY-99")), 99).passes(DAY)

    assert story.only(JoinIssue).ref.key == "PAY-99"
    assert story.all(OpenIssue) == []


def test_nothing_is_opened_while_a_named_issue_is_looked_up_however_long_that_takes() -> None:
    story = asked().does(LENA, LinkIssue(reference="PAY-3")).passes(DAY)

    assert story.all(OpenIssue) == []


def test_an_issue_that_cannot_be_linked_gives_the_choice_back_with_its_whole_time() -> None:
    story = asked().does(LENA, LinkIssue(reference="PAY-99")).passes(DAY).fails(FindIssue, "there is none")
    assert [line for line in story.now_intended(ThreadLine) if line.choices]

    story.passes(WAIT - timedelta(seconds=1))
    assert story.all(OpenIssue) == []
    story.passes(timedelta(seconds=1))
    assert len(story.all(OpenIssue)) == 1


def test_without_a_word_it_is_opened_when_the_time_is_over_and_says_so() -> None:
    story = asked()
    deadline = next_deadline(story.ticket)
    assert deadline is not None
    assert (deadline.at, deadline.what) == (NOON + WAIT, "open the issue that nobody chose a duplicate for")

    story.passes(WAIT)

    assert len(story.all(OpenIssue)) == 1
    assert any(line.startswith("Nobody chose in time: a new issue is opened") for line in story.thread)


@pytest.mark.parametrize("ending", ["resolved", "cancelled", "returned"])
@pytest.mark.parametrize("known", [True, False], ids=["while people choose", "while the tracker is asked"])
def test_a_ticket_that_needs_no_engineers_any_more_opens_nothing(ending: str, known: bool) -> None:
    story = asked() if known else wanted()
    match ending:
        case "resolved":
            story.resolved()
        case "cancelled":
            story.does(LENA, Cancel(reason="a test"))
        case _:
            story.does(ADA, Return(reason="not ours"))
    assert any(line.startswith("No issue is opened: T-1042 ") for line in story.thread)

    if not known:
        found(story, a_candidate())
    story.passes(DAY)

    assert story.all(OpenIssue) == []
    assert story.ticket.issue_wanted is None


def test_an_answer_of_the_escalation_before_says_nothing_of_this_one() -> None:
    story = wanted()
    first = story.only(SeekDuplicates)
    story.does(ADA, Return(reason="steps?")).escalated(Tier.L3, "here they are")
    assert len(story.all(SeekDuplicates)) == 2

    story.comes_of(first, DuplicatesFound())
    assert story.all(OpenIssue) == []
    found(story)
    assert [intent.draft.key for intent in story.all(OpenIssue)] == [story.all(SeekDuplicates)[-1].issue]


def test_one_escalation_opens_one_issue_whatever_comes_twice_or_at_once() -> None:
    """Opened and labelled at once made 24 issues of one pull request (Sync2Jira 118, 421)."""
    story = wanted()
    seek = story.only(SeekDuplicates)
    answers: list[tuple[Intent, DuplicatesFound]] = [
        (seek, DuplicatesFound(candidates=(a_candidate(),))),
        (seek, DuplicatesFound()),
        (seek, DuplicatesFound(error="jira: no answer")),
    ]
    for intent, answer in answers:
        story.comes_of(intent, answer)
    story.does(LENA, OpenNewIssue())
    story.refuses(ADA, OpenNewIssue())
    story.passes(DAY)
    for intent, answer in answers:
        story.comes_of(intent, answer)
    story.issue_opened().passes(DAY)

    assert len(story.all(OpenIssue)) == 1
    assert len(story.all(JoinIssue)) == 1


def test_an_issue_that_the_ticket_is_on_is_no_duplicate_to_choose() -> None:
    story = wanted().does(LENA, LinkIssue(reference="PAY-3"))
    found(story, a_candidate(3))
    looked_up(story)

    assert story.ticket.issue_choice is None
    assert not [line for line in story.all(ThreadLine) if line.choices]


def test_the_preview_of_an_escalation_says_that_duplicates_are_looked_for_first() -> None:
    rules = EngineeringRules(duplicates=DuplicateRules(wait=WAIT))
    story = Story(without_ladders(engineering=rules))
    escalation = Command(id="c1", by=LENA, request=Escalate(to=Tier.L3, reason="cards fail"))
    looked = preview(story.ticket, escalation, story.now)

    assert any("looks for issues in Jira PAY that may be the same" in promise.text for promise in looked.promises)
