"""Two tickets, one bug, one page: what each ticket sees of a page that serves both."""

from domain.intents import PageWithIssue, RaisePage, ResolvePage
from domain.issue_pages import EndIssuePage, RaiseIssuePage
from domain.issue_watch import IssueEvent, IssueIntent, IssuePageFailed, IssuePageRaised, TellTicket, WatchedIssue
from domain.issue_watch import decide_issue as decide
from domain.issues import IssueCategory
from domain.messages import Accept, Return
from domain.paging import PageEvent, PageRef, PageStatus
from domain.tiers import Priority, Tier
from tests.domain.building import ADA, LENA, MINUTE, NOON, Story, an_issue, an_opening

REF = an_issue()


class TwoTickets:
    """A ticket that was first, one that comes later, and the issue that both are on. Words reach whom they are for at once."""

    def __init__(self, second: Priority = Priority.P2) -> None:
        self.issue = WatchedIssue(ref=REF, watched_since=NOON)
        self.stories = {
            "T-1042": Story(),
            "T-2042": Story(opening=an_opening(ticket_id="T-2042", priority=second)),
        }
        self.first, self.second = self.stories.values()
        self.done: list[IssueIntent] = []
        self._heard: set[str] = set()

    def settle(self) -> "TwoTickets":
        """Carry every word between the tickets and the issue, until there is none."""
        while words := self._words():
            for word in words:
                self.hears(word)
        return self

    def hears(self, event: IssueEvent) -> None:
        decision = decide(self.issue, event)
        self.issue = decision.state
        for intent in decision.intents:
            self.done.append(intent)
            if isinstance(intent, TellTicket):
                self.stories[intent.ticket_id].told_of(intent.body)
            elif isinstance(intent, RaiseIssuePage):
                raised = PageRef(key=intent.draft.key, id="QINC9", url="https://pager.example/QINC9")
                self.hears(IssuePageRaised(ref=raised))

    def count(self, kind: type[IssueIntent]) -> int:
        return sum(isinstance(intent, kind) for intent in self.done)

    def _words(self) -> list[IssueEvent]:
        found: list[IssueEvent] = []
        for story in self.stories.values():
            for intent in story.all(PageWithIssue):
                if intent.key not in self._heard:
                    self._heard.add(intent.key)
                    found.append(intent.word)
        return found


def both_need_somebody(second: Priority = Priority.P2) -> TwoTickets:
    """The first was paged for and then put on the issue; the second is linked to it and escalated."""
    two = TwoTickets(second)
    two.first.with_engineering()
    two.settle()
    two.second.linked(IssueCategory.TO_DO, REF).escalated(Tier.L3)
    return two.settle()


def test_the_second_ticket_joins_the_page_of_the_first() -> None:
    two = both_need_somebody()

    assert two.second.all(RaisePage) == []
    assert two.count(RaiseIssuePage) == 0
    page = two.second.ticket.open_page
    assert page is not None
    assert (page.id, page.status, page.served_by) == ("QINC1", PageStatus.TRIGGERED, "tierline/T-1042/page/1")
    assert any("Joined the page that is out for the same issue (with T-1042)" in line for line in two.second.timeline)


def test_a_graver_second_ticket_makes_the_page_graver() -> None:
    two = both_need_somebody(Priority.P1)

    (changed,) = [intent for intent in two.done if intent.kind == "change_issue_page"]
    assert (changed.page_id, changed.priority) == ("QINC1", "P1")


def test_who_acknowledges_has_both() -> None:
    two = both_need_somebody()
    two.first.page_is(PageStatus.ACKNOWLEDGED, "Ada", event=PageEvent.ACKNOWLEDGED, at=NOON + MINUTE)
    two.settle()

    for story in two.stories.values():
        owner = story.ticket.stint.accepted_by
        assert owner is not None
        assert owner.name == "Ada"


def test_who_joins_a_page_that_is_acknowledged_is_taken_at_once() -> None:
    two = TwoTickets()
    two.first.with_engineering().page_is(PageStatus.ACKNOWLEDGED, "Ada", event=PageEvent.ACKNOWLEDGED, at=NOON)
    two.settle()
    two.second.linked(IssueCategory.IN_PROGRESS, REF).escalated(Tier.L3)
    two.settle()

    assert two.second.ticket.stint.accepted_by is not None
    assert two.second.ticket.stint.accepted_by.name == "Ada"


def test_the_page_goes_on_while_one_of_them_needs_it() -> None:
    two = both_need_somebody()
    two.first.does(ADA, Accept())
    two.settle()
    assert two.count(EndIssuePage) == 0
    assert two.first.all(ResolvePage) == []

    two.second.does(LENA, Return(reason="it lacks the logs"))
    two.settle()
    assert two.count(EndIssuePage) == 1


def test_a_ticket_that_is_on_the_issue_first_has_its_page_raised_by_it() -> None:
    two = TwoTickets()
    two.first.linked(IssueCategory.TO_DO, REF).escalated(Tier.L3)
    two.settle()

    assert two.count(RaiseIssuePage) == 1
    page = two.first.ticket.open_page
    assert page is not None
    assert (page.id, page.served_by) == ("QINC9", None)
    assert "Tierline: Paged the on-call" in two.first.timeline


def test_a_page_that_cannot_be_raised_is_told_to_the_lead() -> None:
    two = TwoTickets()
    two.first.linked(IssueCategory.TO_DO, REF).escalated(Tier.L3)
    (want,) = two.first.all(PageWithIssue)
    two.issue = decide(two.issue, want.word).state
    two.hears(IssuePageFailed(page_key="tierline/T-1042/page/1", error="no such service"))

    assert two.first.ticket.pages[-1].failed == "no such service"
    assert any("nobody could be paged (no such service)" in text for _, text in two.first.told)


def test_a_ticket_without_an_issue_raises_its_page_by_itself() -> None:
    story = Story().escalated(Tier.L3)

    assert len(story.all(RaisePage)) == 1
    assert story.all(PageWithIssue) == []
