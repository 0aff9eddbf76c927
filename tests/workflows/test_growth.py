"""What grows over a limit of the server's ends no ticket: it is cut, folded or left to the history, and that is said."""

import pytest

from domain.messages import CustomerMessage, LinkIssue, Note, Reply
from domain.people import Customer
from domain.texts import CUT_MARK, size_of
from domain.ticket_references import ReferenceKind, reference
from telemetry.search_attributes import REFERENCES
from tests.domain.building import HELPDESK, LENA, SAM, an_opening, without_ladders
from tests.workflows.desk import Desk, until
from tests.workflows.growing import WIDE, do_all, is_taken, lives_through, told_of
from tests.workflows.outside import Outside

SHORT = 20


async def test_a_customer_with_a_name_of_700_000_letters(desk: Desk) -> None:
    customer = Customer(id="c", name="N" * 700_000)
    ticket = await desk.opens(an_opening(customer=customer), without_ladders(), continue_after=SHORT)

    await do_all(ticket, SAM, [Note(text=f"note {number}") for number in range(30)])

    await until(lambda: lives_through(ticket, 2), "the ticket is in its third run")
    view = await ticket.view()
    assert size_of(view.customer) == 800
    assert view.customer.endswith(CUT_MARK)


async def test_a_long_description_and_long_messages_with_everything_well(desk: Desk) -> None:
    opening = an_opening(title=WIDE * 200, description=WIDE * 20_000)
    ticket = await desk.opens(opening, without_ladders())

    taken = await do_all(ticket, HELPDESK, [CustomerMessage(text=f"{n} {WIDE * 19_990}") for n in range(114)])

    assert taken == 114
    await until(lambda: lives_through(ticket, 1), "the server suggested a new run, and it is at work")
    view = await ticket.view()
    carried = [entry for entry in view.timeline if entry.text.startswith("The customer wrote")]
    assert carried[-1].text.endswith("more characters, in the ticket's history)")
    assert view.timeline_dropped + len(carried) >= 114


async def test_long_notes_while_slack_is_down(desk: Desk, outside: Outside) -> None:
    outside.chat.system.fails()
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)

    assert await do_all(ticket, SAM, [Note(text=f"note {n} {'x' * 3_900}") for n in range(40)]) == 40
    await until(lambda: lives_through(ticket, 1), "the ticket is in its second run")

    outside.chat.system.works()
    await ticket.until_said("Slack caught up")
    await until(lambda: told_of(outside, "sam: note ") >= 40, "the thread tells of every note")
    assert sum(text.startswith("sam: note ") for text in outside.chat.texts()) >= 10, "the newest are whole"


async def test_replies_while_the_mail_is_down_are_refused_before_they_are_too_many(
    desk: Desk, outside: Outside
) -> None:
    outside.mail.system.fails()
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    await ticket.does(SAM, Reply(text="the first"))
    await ticket.until(lambda view: "mail" in view.late, "mail is late")

    taken = await do_all(ticket, SAM, [Reply(text=f"{n} {WIDE * 19_990}") for n in range(20)])
    assert 2 <= taken < 20
    assert not await is_taken(ticket, SAM, Reply(text=WIDE * 20_000))
    assert (await ticket.does(SAM, Note(text="a note is always taken"))).accepted

    outside.mail.system.works()
    await until(lambda: len(outside.mail.sent) == taken + 1, "every reply that was taken is sent")
    assert (await ticket.does(SAM, Reply(text=WIDE * 20_000))).accepted


@pytest.mark.parametrize("issues", [80])
async def test_a_ticket_on_very_many_issues_is_found_by_the_newest(desk: Desk, outside: Outside, issues: int) -> None:
    keys = [outside.jira.has(f"fault {number}").ref.key for number in range(issues)]
    ticket = await desk.opens(policy=without_ladders(), continue_after=120)

    assert await do_all(ticket, LENA, [LinkIssue(reference=key) for key in keys]) == issues

    view = await ticket.until(lambda view: len(view.issues) == issues, "it is on all of them")
    assert {issue.ref.key for issue in view.issues} == set(keys)
    newest = view.issues[-1].ref.key

    async def is_found() -> bool:
        found = (await ticket.handle.describe()).typed_search_attributes.get(REFERENCES)
        return reference(ReferenceKind.ISSUE, newest) in (found or ())

    await until(is_found, "it is found by the newest issue")
    await until(lambda: lives_through(ticket, 1), "it goes on")
