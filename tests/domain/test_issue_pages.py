"""One page for a bug: tickets on the same issue share it, and the last one that needs it ends it."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from domain import issue_pages
from domain.issue_pages import (
    AnswerNeed,
    ChangeIssuePage,
    EndIssuePage,
    IssuePage,
    NoteIssuePage,
    PageIntent,
    PageOffered,
    Pages,
    PageWanted,
    RaiseIssuePage,
)
from domain.messages import PageChanged, PageRefused, PageServed
from domain.paging import PageDraft, PageEvent, PageRef, PageStatus, Urgency, page_key
from domain.tiers import Priority

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def a_need(ticket: str, severity: Priority = Priority.P2, urgency: Urgency = Urgency.LOW) -> PageWanted:
    """A ticket that needs somebody."""
    draft = PageDraft(
        key=page_key(ticket, 1),
        title=f"[{severity}] {ticket}",
        details="",
        service="PSVCPAY",
        urgency=urgency,
        priority=severity.value,
    )
    return PageWanted(id=f"{ticket}/want", ticket_id=ticket, severity=severity, draft=draft)


class OneIssue:
    """The pages of one issue, and what was intended last."""

    def __init__(self) -> None:
        self.pages: Pages = ()
        self.intents: list[PageIntent] = []

    def wants(self, need: PageWanted) -> "OneIssue":
        return self._after(issue_pages.want(self.pages, need))

    def raised(self, ticket: str) -> "OneIssue":
        return self._after(
            issue_pages.raised(self.pages, PageRef(key=page_key(ticket, 1), id="PI1", url="https://acme.example/PI1"))
        )

    def failed(self, ticket: str) -> "OneIssue":
        return self._after(issue_pages.failed(self.pages, page_key(ticket, 1), "no such service"))

    def hears(self, ticket: str, status: PageStatus, event: PageEvent, by: str = "Ada") -> "OneIssue":
        ref = PageRef(key=page_key(ticket, 1), id="PI1")
        offered = PageOffered(
            id="x",
            ticket_id=ticket,
            severity=Priority.P2,
            urgency=Urgency.LOW,
            ref=ref,
            status=status,
            acknowledged_by=by if status is PageStatus.ACKNOWLEDGED else None,
            change=PageChanged(page_key=ref.key, event=event, at=NOW, status=status, by=by),
        )
        return self._after(issue_pages.offer(self.pages, offered))

    def released(self, ticket: str) -> "OneIssue":
        return self._after(issue_pages.release(self.pages, ticket, page_key(ticket, 1)))

    def _after(self, change: tuple[Pages, list[PageIntent]]) -> "OneIssue":
        self.pages, self.intents = change
        return self

    def kinds(self) -> list[str]:
        return [intent.kind for intent in self.intents]


def test_the_first_need_raises_a_page() -> None:
    issue = OneIssue().wants(a_need("T-1"))

    assert [type(intent) for intent in issue.intents] == [RaiseIssuePage]


def test_a_second_ticket_joins_the_page_and_wakes_nobody_anew() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1").wants(a_need("T-2"))

    assert issue.kinds() == ["note_issue_page", "answer_need"]
    note, answer = issue.intents
    assert isinstance(note, NoteIssuePage)
    assert "T-2 needs the same" in note.text
    assert isinstance(answer, AnswerNeed)
    assert isinstance(answer.body, PageServed)
    assert (answer.ticket_id, answer.body.page_key, answer.body.ref.id) == ("T-2", page_key("T-2", 1), "PI1")


def test_a_graver_ticket_raises_priority_and_urgency_of_the_page_it_joins() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1").wants(a_need("T-2", Priority.P1, Urgency.HIGH))

    assert ChangeIssuePage(key="", page_id="PI1", priority="P1", urgency=Urgency.HIGH) in issue.intents


def test_a_milder_ticket_changes_nothing_of_the_page() -> None:
    issue = OneIssue().wants(a_need("T-1", Priority.P1, Urgency.HIGH)).raised("T-1").wants(a_need("T-2", Priority.P3))

    assert "change_issue_page" not in issue.kinds()


def test_who_joins_before_the_pager_answered_is_told_then_and_raises_it_then() -> None:
    issue = OneIssue().wants(a_need("T-1")).wants(a_need("T-2", Priority.P1, Urgency.HIGH))
    assert issue.intents == []

    issue.raised("T-1")

    assert issue.kinds() == ["change_issue_page", "answer_need", "answer_need"]
    assert [intent.ticket_id for intent in issue.intents if isinstance(intent, AnswerNeed)] == ["T-1", "T-2"]


def test_a_need_that_is_told_twice_is_one_need() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1").wants(a_need("T-2")).wants(a_need("T-2"))

    assert issue.intents == []
    assert len(issue.pages[0].needs) == 2


def test_the_acknowledgement_that_one_ticket_hears_of_is_told_to_the_others() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1").wants(a_need("T-2"))
    issue.hears("T-1", PageStatus.ACKNOWLEDGED, PageEvent.ACKNOWLEDGED)

    (told,) = issue.intents
    assert isinstance(told, AnswerNeed)
    assert isinstance(told.body, PageChanged)
    assert (told.ticket_id, told.body.page_key) == ("T-2", page_key("T-2", 1))
    assert (told.body.status, told.body.by) == (PageStatus.ACKNOWLEDGED, "Ada")


def test_who_joins_an_acknowledged_page_hears_who_has_it() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1")
    issue.hears("T-1", PageStatus.ACKNOWLEDGED, PageEvent.ACKNOWLEDGED).wants(a_need("T-2"))

    answer = issue.intents[-1]
    assert isinstance(answer, AnswerNeed)
    assert isinstance(answer.body, PageServed)
    assert (answer.body.status, answer.body.acknowledged_by) == (PageStatus.ACKNOWLEDGED, "Ada")


def test_the_page_ends_with_the_last_need() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1").wants(a_need("T-2"))

    assert issue.released("T-1").kinds() == ["note_issue_page"]
    assert issue.released("T-2").intents == [EndIssuePage(key="", page_key=page_key("T-1", 1), page_id="PI1")]
    assert issue.released("T-2").intents == [], "it ends once"


def test_a_page_that_is_not_needed_any_more_when_the_pager_answers_is_ended_then() -> None:
    issue = OneIssue().wants(a_need("T-1")).released("T-1").raised("T-1")

    assert EndIssuePage(key="", page_key=page_key("T-1", 1), page_id="PI1") in issue.intents


def test_after_a_page_is_over_the_next_need_raises_another() -> None:
    issue = OneIssue().wants(a_need("T-1")).raised("T-1").released("T-1").wants(a_need("T-2"))

    assert issue.kinds() == ["raise_issue_page"]


def test_a_page_that_cannot_be_raised_is_told_to_all_who_waited_and_tried_anew_by_the_next() -> None:
    issue = OneIssue().wants(a_need("T-1")).wants(a_need("T-2")).failed("T-1")

    assert [(i.ticket_id, i.body) for i in issue.intents if isinstance(i, AnswerNeed)] == [
        ("T-1", PageRefused(page_key=page_key("T-1", 1), error="no such service")),
        ("T-2", PageRefused(page_key=page_key("T-2", 1), error="no such service")),
    ]
    assert issue.wants(a_need("T-3")).kinds() == ["raise_issue_page"]


@pytest.mark.parametrize("status", [PageStatus.TRIGGERED, PageStatus.ACKNOWLEDGED])
def test_a_page_that_a_ticket_raised_before_it_was_on_the_issue_serves_the_next_one(status: PageStatus) -> None:
    issue = OneIssue().hears("T-1", status, PageEvent.TRIGGERED).wants(a_need("T-2"))

    assert "raise_issue_page" not in issue.kinds()
    assert issue.kinds()[-1] == "answer_need"


def test_a_page_that_was_over_before_it_was_told_of_serves_nobody() -> None:
    issue = OneIssue().hears("T-1", PageStatus.RESOLVED, PageEvent.RESOLVED).wants(a_need("T-2"))

    assert issue.kinds() == ["raise_issue_page"]


def test_pages_that_are_over_do_not_pile_up() -> None:
    issue = OneIssue()
    for number in range(1, 3 * issue_pages.REMEMBERED_PAGES):
        ticket = f"T-{number}"
        issue.wants(a_need(ticket)).raised(ticket).released(ticket)

    assert len(issue.pages) <= issue_pages.REMEMBERED_PAGES + 1


def test_thousands_of_needs_are_kept_small_and_are_the_same_when_they_are_read_again() -> None:
    issue = OneIssue()
    for number in range(1, 2_001):
        issue.wants(a_need(f"T-{number}"))
    (page,) = issue.pages
    stored = page.model_dump_json()
    assert len(stored) < 32_000
    assert IssuePage.model_validate_json(stored) == page
    issue.raised("T-1")
    served = [intent for intent in issue.intents if isinstance(intent, AnswerNeed)]
    assert len(served) == 2_000
    assert isinstance(served[0].body, PageServed)
    assert len(served[0].body.shared_with) == 10


def test_needs_that_nobody_wrote_are_refused() -> None:
    page = OneIssue().wants(a_need("T-1")).pages[0]
    text = page.model_dump_json().replace(
        '"needs":[{"ticket_id":"T-1","page_key":"tierline/T-1/page/1"}]', '"needs":"zz"'
    )
    assert '"needs":"zz"' in text
    with pytest.raises(ValidationError, match="no needs of a page"):
        IssuePage.model_validate_json(text)
