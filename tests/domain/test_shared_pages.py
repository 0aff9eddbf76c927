"""Two tickets, one bug, one page: what each ticket sees of a page that serves both."""

from datetime import timedelta

from domain.intents import PageWithIssue, RaisePage, ResolvePage
from domain.issue_intents import IssueIntent, TellTicket, TellTickets
from domain.issue_messages import (
    IssueEvent,
    IssuePageFailed,
    IssuePageRaised,
    IssueVanished,
    TicketJoined,
    TicketLeft,
    TicketsTold,
)
from domain.issue_pages import EndIssuePage, RaiseIssuePage
from domain.issue_watch import decide_issue as decide
from domain.issues import IssueCategory
from domain.messages import Accept, Note, PageChanged, Return
from domain.paging import PageEvent, PageRef, PageStatus
from domain.policy import Policy
from domain.ticket_references import references_of
from domain.tiers import Priority, Tier
from domain.watched_issue import WatchedIssue
from tests.domain.building import ADA, HOUR, LENA, MINUTE, NOON, Story, an_issue, an_opening
from tests.domain.test_pages import paging

REF = an_issue()


class TwoTickets:
    """A ticket that was first, one that comes later, and the issue that both are on. Words reach whom they are for at once."""

    def __init__(self, second: Priority = Priority.P2, policy: Policy | None = None) -> None:
        self.issue = WatchedIssue(ref=REF, watched_since=NOON)
        self.stories = {
            "T-1042": Story(policy),
            "T-2042": Story(policy, an_opening(ticket_id="T-2042", priority=second)),
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
        decision = decide(self.issue, event, NOON)
        self.issue = decision.state
        for intent in decision.intents:
            self.done.append(intent)
            if isinstance(intent, TellTicket):
                self.stories[intent.ticket_id].told_of(intent.body)
            elif isinstance(intent, TellTickets):
                for ticket_id in intent.ticket_ids:
                    self.stories[ticket_id].told_of(intent.body)
                self.hears(TicketsTold(key=intent.key))
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


def both_need_somebody(second: Priority = Priority.P2, policy: Policy | None = None) -> TwoTickets:
    """The first was paged for and then put on the issue; the second is linked to it and escalated."""
    two = TwoTickets(second, policy)
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
    two.issue = decide(two.issue, want.word, NOON).state
    two.hears(IssuePageFailed(page_key="tierline/T-1042/page/1", error="no such service"))

    assert two.first.ticket.pages[-1].failed == "no such service"
    assert any("nobody could be paged (no such service)" in text for _, text in two.first.told)


def test_a_ticket_without_an_issue_raises_its_page_by_itself() -> None:
    story = Story().escalated(Tier.L3)

    assert len(story.all(RaisePage)) == 1
    assert story.all(PageWithIssue) == []


FIRST_PAGE = "tierline/T-1042/page/1"


def both_acknowledged(length: timedelta = 30 * MINUTE) -> TwoTickets:
    """One page serves both, Ada acknowledged it, and her acknowledgement is worth that long."""
    two = both_need_somebody(policy=paging(acknowledged_for=length))
    two.first.page_is(PageStatus.ACKNOWLEDGED, "Ada", event=PageEvent.ACKNOWLEDGED, at=NOON)
    return two.settle()


def test_an_acknowledgement_that_is_worth_no_more_wakes_somebody_though_others_keep_the_page() -> None:
    two = both_acknowledged()
    # The first one is worked on meanwhile: its own time runs on.
    two.first.passes(20 * MINUTE).does(ADA, Note(text="I see it in the logs"))
    two.second.passes(30 * MINUTE)
    two.settle()

    # The page that is acknowledged would wake nobody.
    assert two.count(RaiseIssuePage) == 1
    page = two.second.ticket.open_page
    assert page is not None
    assert (page.key, page.id, page.served_by) == ("tierline/T-2042/page/2", "QINC9", None)
    assert two.second.ticket.stint.accepted_by is None
    assert two.count(EndIssuePage) == 0


def test_both_come_to_one_new_page_and_the_old_one_ends() -> None:
    two = both_acknowledged()
    for story in two.stories.values():
        story.passes(30 * MINUTE)
    two.settle()

    assert two.count(RaiseIssuePage) == 1
    keys = {page.served_by or page.key for story in two.stories.values() if (page := story.ticket.open_page)}
    assert len(keys) == 1
    assert keys != {FIRST_PAGE}
    (ended,) = [intent for intent in two.done if isinstance(intent, EndIssuePage)]
    assert ended.page_key == FIRST_PAGE


def test_what_is_not_done_for_hours_pages_anew_each_time() -> None:
    two = both_acknowledged()
    two.second.passes(30 * MINUTE)
    two.settle()
    two.second.page_is(PageStatus.ACKNOWLEDGED, "Ada", event=PageEvent.ACKNOWLEDGED, at=NOON + 31 * MINUTE)
    two.settle().second.passes(HOUR)
    two.settle()

    # Neither the second page nor the older one, which the first ticket keeps, serves it again.
    assert two.count(RaiseIssuePage) == 2


def test_news_of_a_page_reach_who_needs_it_though_the_ticket_that_raised_it_does_not() -> None:
    two = both_need_somebody()
    two.first.does(ADA, Accept())
    two.settle()
    two.first.page_is(PageStatus.ACKNOWLEDGED, "Ada", event=PageEvent.ACKNOWLEDGED, at=NOON + MINUTE)
    two.settle()

    owner = two.second.ticket.stint.accepted_by
    assert owner is not None
    assert owner.name == "Ada"


def test_a_ticket_that_joins_the_page_that_it_once_raised_hears_of_it() -> None:
    two = both_need_somebody()
    two.first.does(LENA, Return(reason="it lacks the logs"))
    two.settle().first.escalated(Tier.L3)
    two.settle()
    assert two.first.ticket.pages[-1].served_by == FIRST_PAGE

    two.first.told_of(
        PageChanged(
            page_key=FIRST_PAGE, status=PageStatus.ACKNOWLEDGED, by="Ada", event=PageEvent.ACKNOWLEDGED, at=NOON
        )
    )
    two.settle()

    for story in two.stories.values():
        assert story.ticket.stint.accepted_by is not None


def test_late_news_of_a_page_that_is_over_do_not_make_it_seem_to_be_out() -> None:
    two = both_need_somebody()
    for story in two.stories.values():
        story.does(LENA, Return(reason="it lacks the logs"))
    two.settle()
    two.first.told_of(PageChanged(page_key=FIRST_PAGE, status=PageStatus.TRIGGERED, event=PageEvent.TRIGGERED, at=NOON))
    two.settle().second.escalated(Tier.L3)
    two.settle()

    assert two.count(RaiseIssuePage) == 1


def test_a_ticket_hears_of_the_page_of_one_that_is_closed_and_tells_the_issue() -> None:
    two = both_need_somebody()
    two.second.told_of(
        PageChanged(page_key=FIRST_PAGE, status=PageStatus.RESOLVED, by="Ada", event=PageEvent.RESOLVED, at=NOON)
    )
    two.settle()

    page = two.second.ticket.pages[-1]
    assert page.status is PageStatus.RESOLVED
    assert [page.status for page in two.issue.pages] == [PageStatus.RESOLVED]


def test_a_ticket_is_found_by_the_page_of_another_one_while_that_serves_it() -> None:
    two = both_need_somebody()
    assert f"page/{FIRST_PAGE}" in references_of(two.second.ticket)
    assert not any(name.startswith("page/") for name in references_of(two.first.ticket))

    two.second.does(ADA, Accept())
    assert f"page/{FIRST_PAGE}" not in references_of(two.second.ticket)


def test_an_issue_that_is_deleted_leaves_nobody_without_a_page() -> None:
    two = both_need_somebody()
    for ticket in two.stories:
        two.hears(TicketJoined(id=f"{ticket}/joined", ticket_id=ticket, title="", ref=REF))
    two.hears(IssueVanished(why="404"))
    for ticket in two.stories:
        two.hears(TicketLeft(id=f"{ticket}/left", ticket_id=ticket))
    two.settle()

    # The page is the first one's own again; the second has its own raised.
    assert two.count(EndIssuePage) == 0
    (own,) = two.second.all(RaisePage)
    assert own.draft.key == "tierline/T-2042/page/2"
    two.first.does(ADA, Accept())
    assert len(two.first.all(ResolvePage)) == 1
