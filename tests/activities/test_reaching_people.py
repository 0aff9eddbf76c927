"""What activities do on a page and by mail to staff: links, keys, and looking before repeating."""

from dataclasses import replace

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.mail import MailActivities, StaffMailInput
from activities.pagerduty import NotePageInput, PagerDutyActivities, RaisePageInput, UpdatePageInput
from domain.paging import PageDraft, Urgency, page_key
from tests.workflows.outside import Outside


def attempt(number: int) -> ActivityEnvironment:
    """An activity's attempt of that number."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number)
    return environment


def test_a_page_links_the_tickets_workflow_where_the_ui_is_known() -> None:
    outside = Outside()
    draft = PageDraft(key=page_key("T-1", 1), title="t", details="d", facts={"Ticket": "T-1"}, service="P")
    ui = "https://temporal.example/namespaces/default/workflows"
    attempt(1).run(PagerDutyActivities(outside.pager, ui_url=ui).raise_page, RaisePageInput(draft=draft))
    audit = draft.model_copy(update={"key": "tierline/sla-audit/page/1"})
    attempt(1).run(PagerDutyActivities(outside.pager, ui_url=ui).raise_page, RaisePageInput(draft=audit))
    assert [raised.facts for raised in outside.pager.raised] == [
        {"Ticket": "T-1", "Workflow": f"{ui}/ticket%2FT-1"},
        {"Ticket": "T-1"},
    ]


def test_a_note_that_may_be_there_already_is_looked_for() -> None:
    outside = Outside()
    pager = PagerDutyActivities(outside.pager)
    note = NotePageInput(key="T-1/9", page_id="Q1", text="restarting")
    attempt(1).run(pager.note_page, note)
    attempt(2).run(pager.note_page, note)
    attempt(1).run(pager.note_page, note.model_copy(update={"recheck": True}))
    assert outside.pager.notes == [("Q1", "restarting")]


def test_a_page_is_made_graver() -> None:
    outside = Outside()
    attempt(1).run(PagerDutyActivities(outside.pager).update_page, UpdatePageInput(page_id="Q1", urgency=Urgency.HIGH))
    assert outside.pager.updates == [("Q1", None, Urgency.HIGH)]


async def test_mail_to_staff_has_the_same_id_in_each_attempt() -> None:
    outside = Outside()
    mail = MailActivities(outside.mail, links=None)
    wanted = StaffMailInput(key="T-1/9", to="lena@acme.example", subject="s", text="t")
    await attempt(1).run(mail.mail_staff, wanted)
    await attempt(2).run(mail.mail_staff, wanted)
    await attempt(1).run(mail.mail_staff, wanted.model_copy(update={"key": "T-1/10"}))
    first, second, other = outside.mail.sent
    assert first == second
    assert (first.to, first.thread) == ("lena@acme.example", None)
    assert other.message_id != first.message_id


async def test_mail_that_is_not_set_up_says_so_at_once() -> None:
    wanted = StaffMailInput(key="T-1/9", to="lena@acme.example", subject="s", text="t")
    with pytest.raises(ApplicationError, match="Mail is not set up: set TIERLINE_MAIL__HOST") as refused:
        await attempt(1).run(MailActivities(None, links=None).mail_staff, wanted)
    assert refused.value.non_retryable
