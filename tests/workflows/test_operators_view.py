"""What operators see of a ticket without opening a payload: search attributes, the memo, the story; and nothing personal."""

from datetime import timedelta

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client

from domain.digest import TicketFacts
from domain.messages import Escalate, Note, Reply, Resolve
from domain.ticket import TicketStatus
from domain.tiers import Tier
from telemetry.registration import register_search_attributes
from telemetry.search_attributes import BREACHES, DUE_AT, OWNER, PRIORITY, PRODUCT, STATUS, TIER, TRACKER_ISSUE
from tests.domain.building import LENA, SAM, an_opening, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from workflows.ticket import FACTS_MEMO


async def test_search_attributes_follow_the_ticket(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(clocks={}))
    await ticket.rests()
    found = (await ticket.handle.describe()).typed_search_attributes
    assert {key: found.get(key) for key in (TIER, STATUS, PRIORITY, OWNER, PRODUCT, BREACHES)} == {
        TIER: "L1",
        STATUS: "open",
        PRIORITY: "P3",
        OWNER: "L1",
        PRODUCT: "payments",
        BREACHES: 0,
    }
    assert found.get(DUE_AT) is None  # no clock runs
    assert found.get(TRACKER_ISSUE) is None

    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until(lambda view: bool(view.issues), "the issue is there")
    await ticket.does(SAM, Resolve(text="It works again"))
    await ticket.rests()
    found = (await ticket.handle.describe()).typed_search_attributes
    assert (found.get(TIER), found.get(STATUS), found.get(OWNER)) == ("L3", "resolved", "resolved")
    assert found.get(TRACKER_ISSUE) == "PAY-1"
    assert found.get(DUE_AT) is not None  # the end of the quiet time


async def test_an_attribute_that_is_over_is_taken_back(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.rests()
    assert (await ticket.handle.describe()).typed_search_attributes.get(DUE_AT) is not None
    opened = await desk.opens(
        an_opening(ticket_id="T-2", product=None), without_ladders(quiet_time=timedelta(seconds=1))
    )
    await opened.does(SAM, Resolve(text="It works again"))
    await opened.ends()
    found = (await opened.handle.describe()).typed_search_attributes
    assert (found.get(STATUS), found.get(DUE_AT), found.get(PRODUCT)) == ("closed", None, None)


async def test_tickets_are_found_by_them(desk: Desk) -> None:
    for number in (1, 2):
        ticket = await desk.opens(an_opening(ticket_id=f"T-{number}"), without_ladders())
        if number == 2:
            await ticket.does(LENA, Escalate(to=Tier.L2, reason="needs the logs"))

    async def found() -> bool:
        query = "TierlineTier = 'L2' AND TierlineStatus = 'open'"
        return [execution.id async for execution in desk.client.list_workflows(query)] == ["ticket/T-2"]

    await until(found, "the ticket in L2 is found")


async def details_of(ticket: OpenedTicket) -> str:
    """The current details that the Temporal UI shows."""
    metadata: WorkflowMetadata = await ticket.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def test_the_story_is_readable_and_names_no_customer(desk: Desk) -> None:
    secret = "My card is 4111 and I am grace@navy.example"
    ticket = await desk.opens(an_opening(description=secret, title="Payment fails"), without_ladders())
    await ticket.does(SAM, Reply(text="Dear Grace Hopper, which card?", awaits_customer=False))
    await ticket.does(SAM, Note(text="looks like the gateway"))
    details = await details_of(ticket)
    assert "**T-1042** · open · P3 · with **L1** (sam)" in details
    assert "looks like the gateway" in details
    for personal in ("Grace", "navy.example", "4111", "which card"):
        assert personal not in details
    described = await ticket.handle.describe()
    attributes = str(described.typed_search_attributes)
    memo = str(await described.memo())
    for personal in ("Grace", "navy.example", "4111"):
        assert personal not in attributes + memo


async def test_the_memo_holds_what_a_digest_counts(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, Escalate(to=Tier.L2, reason="needs the logs"))
    await ticket.rests()
    facts = await (await ticket.handle.describe()).memo_value(FACTS_MEMO, type_hint=TicketFacts)
    assert (facts.ticket_id, facts.tier, len(facts.handoffs)) == ("T-1042", Tier.L2, 1)


async def test_timers_and_activities_say_what_they_are(desk: Desk) -> None:
    ticket = await desk.opens()
    await ticket.rests()
    history = await ticket.handle.fetch_history()
    summaries = {
        event.user_metadata.summary.data.decode() for event in history.events if event.HasField("user_metadata")
    }
    assert '"show card"' in summaries
    assert any("acceptance clock: 50 % (tell_channel)" in summary for summary in summaries)


async def test_facts_are_read_once_for_a_ticket_of_many_runs(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(), continue_after=25)
    before = await ticket.run_id()
    started = (await ticket.view()).opened_at
    number = 0
    while await ticket.run_id() == before:
        number += 1
        await ticket.does(SAM, Note(text=f"note {number}"))
        assert number < 40
    await ticket.does(LENA, Escalate(to=Tier.L2, reason="needs the logs"))
    other = await desk.opens(an_opening(ticket_id="T-2"), without_ladders())
    await other.rests()

    async def both() -> bool:
        facts = await desk.links().ticket_facts(started)
        return sorted((fact.ticket_id, fact.tier) for fact in facts) == [("T-1042", Tier.L2), ("T-2", Tier.L1)]

    await until(both, "each ticket is counted once, with its newest facts")


async def test_a_ticket_that_closed_before_the_period_is_not_counted(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(quiet_time=timedelta(seconds=1)))
    await ticket.does(SAM, Resolve(text="It works again"))
    facts = await ticket.ends()
    assert facts.status == TicketStatus.CLOSED.value

    async def only_before() -> bool:
        links = desk.links()
        later = await links.ticket_facts(facts.as_of + timedelta(seconds=5))
        earlier = await links.ticket_facts(facts.as_of - timedelta(seconds=5))
        return (len(earlier), len(later)) == (1, 0)

    await until(only_before, "it counts for the period in which it closed alone")


async def test_registering_again_adds_nothing(namespace: Client) -> None:
    assert await register_search_attributes(namespace) == []
