"""Jira is down for a day: nobody else waits for it, and when it answers again all that piled up is done once and in order."""

import dataclasses
from collections.abc import AsyncIterator

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.testing import WorkflowEnvironment

from domain.issues import IssueCategory, IssueRef
from domain.messages import CommentIssue, Escalate, LinkIssue
from domain.tiers import Tier
from domain.views import TicketView
from telemetry.registration import adding
from telemetry.search_attributes import REGISTRY
from tests.domain.building import HOUR, LENA, MINUTE, SAM, an_opening, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, said, until
from tests.workflows.outside import Outside
from workflows import lanes

_OUTAGE = 24 * HOUR
_BETWEEN_TRIES = HOUR


@pytest.fixture(autouse=True)
def rare_tries(short_rounds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane in trouble tries once an hour: this server passes over the time between two tries, not over the tries themselves."""
    rare = dataclasses.replace(lanes.LATER_ROUNDS, initial_interval=_BETWEEN_TRIES, maximum_interval=_BETWEEN_TRIES)
    monkeypatch.setattr(lanes, "LATER_ROUNDS", rare)


@pytest.fixture
async def desk(time_skipping: WorkflowEnvironment, outside: Outside) -> AsyncIterator[Desk]:
    """A Tierline at work where time is skipped."""
    client = time_skipping.client
    # This server can add search attributes, and not list them.
    await client.operator_service.add_search_attributes(adding(client.namespace, REGISTRY))
    async with Desk(client, outside) as at_work:
        yield at_work


async def on_an_issue(desk: Desk, ref: IssueRef, ticket_id: str) -> OpenedTicket:
    """A ticket on an issue that has told how it stands."""
    ticket = await desk.opens(an_opening(ticket_id=ticket_id), without_ladders())
    await ticket.does(LENA, LinkIssue(reference=ref.key))
    await ticket.until(lambda view: any(i.meaning for i in view.issues), f"{ref.key} has told how it stands")
    return ticket


async def shown_to_operators(desk: Desk, ref: IssueRef) -> str:
    """What the issue's workflow says of itself in the Temporal UI."""
    metadata = await desk.issue(ref).query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def test_jira_is_down_for_a_day_and_everything_is_done_once_and_in_order_when_it_is_back(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    in_jira, in_github = outside.jira.has("Card payment fails").ref, outside.github.has("Basket is empty").ref
    payments = await on_an_issue(desk, in_jira, "T-1")
    storefront = await on_an_issue(desk, in_github, "T-2")
    await payments.rests()

    # Jira goes down. Support writes to its issue, an engineer works on it, and another ticket is to get an issue of its own.
    outside.jira.system.fails()
    began = await time_skipping.get_current_time()
    for number in (1, 2, 3):
        await payments.does(SAM, CommentIssue(text=f"comment {number}"))
    outside.jira.person_writes(in_jira.id, "Found it: a stale certificate")
    outside.jira.moves(in_jira.id, IssueCategory.IN_PROGRESS, "Ada")
    await desk.hints(in_jira)
    refunds = await desk.opens(an_opening(ticket_id="T-3", title="Refund fails"), without_ladders())
    await refunds.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))

    # It is known, and shown, that Jira is late.
    def jira_is_late(view: TicketView) -> bool:
        return "jira" in view.late and said(view, "Jira is late: jira: 500 Server Error")

    async def operators_see_it() -> bool:
        return "Late: tracker (jira: 500 Server Error)" in await shown_to_operators(desk, in_jira)

    def card_shows_it() -> bool:
        return bool(outside.chat.cards["T-3"].troubles)

    await refunds.until(jira_is_late, "the new ticket knows that Jira is late")
    await until(operators_see_it, "the issue's workflow shows that Jira is late")
    await until(card_shows_it, "the card shows that Jira is late")

    # Half a day later GitHub's news comes as promptly as ever.
    await time_skipping.sleep(_OUTAGE / 2)
    asked = await time_skipping.get_current_time()
    outside.github.person_writes(in_github.id, "It is the cache")
    await desk.hints(in_github)
    view = await storefront.until_said("on acme/storefront#1: It is the cache")
    assert await time_skipping.get_current_time() - asked < MINUTE
    assert view.late == ()

    await time_skipping.sleep(began + _OUTAGE - asked)
    assert await time_skipping.get_current_time() - began >= _OUTAGE
    assert outside.tried("comment") > _OUTAGE / _BETWEEN_TRIES / 2
    assert (outside.jira.written, outside.jira.drafts) == ([], [])
    assert not (await refunds.view()).issues
    assert not said(await payments.view(), "Found it")

    # Jira answers again, and the next try finds it.
    outside.jira.system.works()
    await time_skipping.sleep(_BETWEEN_TRIES + MINUTE)
    await until(lambda: len(outside.jira.written) >= 3, "the comments are written")
    view = await payments.until_said("on PAY-1: Found it: a stale certificate")
    assert (view.issues[0].status, view.issues[0].assignee) == ("In Progress", "Ada")
    await refunds.until_said("Jira caught up")
    view = await refunds.until(lambda view: bool(view.issues) and not view.late, "the new ticket has its issue")
    await until(lambda: not card_shows_it(), "the card shows no trouble")

    async def operators_see_it_no_more() -> bool:
        return "Late:" not in await shown_to_operators(desk, in_jira)

    await until(operators_see_it_no_more, "the issue's workflow shows that Jira is well")

    # Nothing comes a second time, however long one waits.
    await time_skipping.sleep(_OUTAGE)
    for ticket in (payments, storefront, refunds):
        await ticket.rests()
    assert outside.jira.written == [(in_jira.key, f"Support, on T-1: comment {number}") for number in (1, 2, 3)]
    assert [entry.text for entry in (await payments.view()).timeline if "Found it" in entry.text] == [
        "on PAY-1: Found it: a stale certificate"
    ]
    assert [draft.key for draft in outside.jira.drafts] == ["T-3-stint-1"]
    assert [issue.ref.key for issue in view.issues] == ["PAY-2"]
