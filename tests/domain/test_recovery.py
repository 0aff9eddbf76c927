"""A ticket that was brought back: what it says, and that it calls what it does by the same keys as before."""

from datetime import timedelta

from domain.ended import Ended, EndedHow
from domain.intents import Intent, JoinIssue, OpenIssue, ThreadLine
from domain.messages import Accept, Command, Escalate, IssueOpened, Note, Recovered, Reply
from domain.tiers import Tier
from tests.domain.building import LENA, MINUTE, NOON, SAM, Story, an_issue, without_ladders


def named(story: Story) -> dict[tuple[str, str], str]:
    """The keys of what a ticket writes and opens, by what it is."""

    def what(intent: Intent) -> tuple[str, str]:
        return intent.kind, intent.text if isinstance(intent, ThreadLine) else ""

    return {
        what(intent): intent.key for intent in story.intents if isinstance(intent, ThreadLine | OpenIssue | JoinIssue)
    }


def lived(*, result_comes_last: bool, later: timedelta) -> Story:
    """The same messages, with the tracker's answer sooner or later."""
    story = Story(without_ladders())
    story.hears(Command(id="slack-1", by=SAM, request=Accept()))
    story.passes(later)
    story.hears(Command(id="slack-2", by=LENA, request=Escalate(to=Tier.L3, reason="needs the logs")))
    opening = story.all(OpenIssue)[-1]
    if not result_comes_last:
        story.comes_of(opening, IssueOpened(ref=an_issue()))
    story.hears(Command(id="slack-3", by=LENA, request=Note(text="first")))
    story.hears(Command(id="slack-4", by=LENA, request=Reply(text="We look into it", awaits_customer=False)))
    if result_comes_last:
        story.comes_of(opening, IssueOpened(ref=an_issue()))
    return story


def test_keys_are_the_same_whenever_results_come() -> None:
    before = named(lived(result_comes_last=False, later=MINUTE))
    again = named(lived(result_comes_last=True, later=20 * MINUTE))
    assert before == again
    assert len(set(before.values())) == len(before) > 4


def test_it_says_what_happened_and_asks_its_issues_how_they_stand() -> None:
    story = lived(result_comes_last=False, later=MINUTE)
    joined = len(story.all(JoinIssue))
    ended = Ended(how=EndedHow.TERMINATED, at=NOON)
    story.told_of(Recovered(ended=ended, at=NOON))
    (line,) = [entry.text for entry in story.ticket.timeline if "Reopened by an operator" in entry.text]
    assert ended.words in line
    assert len(story.all(JoinIssue)) == joined + 1
    assert not any(entry.public for entry in story.ticket.timeline if "Reopened by an operator" in entry.text)
