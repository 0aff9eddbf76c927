"""Catching up with the trackers at work: what no webhook told reaches the tickets, and a quiet tracker costs next to nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from domain import reconcile
from domain.engineering_rules import EngineeringRules, IssueRules, ProjectRules, ReconcileRules
from domain.issue_messages import TicketJoined
from domain.issues import FixVersion, IssueCategory, IssueRef, Tracker
from domain.messages import Escalate, LinkIssue
from domain.reconcile import Answer, AskedIssue, ReconcileState, ReconcileTask, ReleaseNews, ResyncReport, ResyncRequest
from domain.tiers import Tier
from gateway.temporal_desk import TemporalDesk
from tests.domain.building import DAY, HOUR, LENA, MINUTE, a_policy, an_opening, without_ladders
from tests.workflows.desk import PUBLIC_URL, Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows import catching_up, release_news, task_queues, workflow_ids
from workflows.engineering_issue import EngineeringIssueWorkflow
from workflows.issue_desk import TemporalIssueDesk
from workflows.release_news import ReleaseNewsWorkflow
from workflows.resync import ResyncWorkflow
from workflows.schedules import keep_reconcile_schedule, keep_schedules, reconcile_schedule_id

LEADS = "C0LEADS"
TASK = ReconcileTask(
    tracker=Tracker.JIRA, projects=("PAY",), every=DAY, look_back=DAY, channel=LEADS, trouble_channel=LEADS
)


@pytest.fixture(autouse=True)
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed just now counts at once; an outage is noticed within a second."""
    monkeypatch.setattr(reconcile, "_SETTLED", timedelta(0))
    monkeypatch.setattr(catching_up, "_READING", timedelta(seconds=1))
    monkeypatch.setattr(release_news, "SHOWN", timedelta(milliseconds=10))


class Rounds:
    """The rounds of a tracker, by its Schedule, which hands each the result of the one before."""

    def __init__(self, client: Client, task: ReconcileTask) -> None:
        self._client = client
        self._task = task
        self._number = 0

    async def next(self) -> ReconcileState:
        """One more round, and what it hands on."""
        if self._number == 0:
            await keep_reconcile_schedule(self._client, self._task)
        schedule = self._client.get_schedule_handle(reconcile_schedule_id(self._task.tracker))
        await schedule.trigger()
        self._number += 1
        ended: list[tuple[datetime, ReconcileState]] = []

        async def over() -> bool:
            query = (
                "WorkflowType = 'Reconcile' AND ExecutionStatus = 'Completed' AND "
                f"WorkflowId STARTS_WITH '{reconcile_schedule_id(self._task.tracker)}'"
            )
            found = [each async for each in self._client.list_workflows(query)]
            if len(found) < self._number:
                return False
            newest = max(found, key=lambda each: each.start_time)
            handle = self._client.get_workflow_handle(newest.id, run_id=newest.run_id, result_type=ReconcileState)
            ended[:] = [(newest.start_time, await handle.result())]
            return True

        await until(over, f"round {self._number} has ended")
        return ended[0][1]


@pytest.fixture
async def rounds(desk: Desk) -> AsyncIterator[Rounds]:
    """Jira's rounds."""
    yield Rounds(desk.client, TASK)
    with suppress(RPCError):
        await desk.client.get_schedule_handle(reconcile_schedule_id(Tracker.JIRA)).delete()


async def linked(desk: Desk, ref: IssueRef, ticket_id: str = "T-1", **engineering: object) -> OpenedTicket:
    """A ticket on an issue whose workflow has read it."""
    policy = without_ladders(engineering=EngineeringRules.model_validate(engineering))
    ticket = await desk.opens(an_opening(ticket_id=ticket_id), policy)
    await ticket.does(LENA, LinkIssue(reference=ref.key))
    await known(desk, ref)
    return ticket


async def known(desk: Desk, ref: IssueRef) -> None:
    """Wait until the issue's workflow has read it, and lists show it."""

    async def read() -> bool:
        try:
            return (await desk.issue(ref).query(EngineeringIssueWorkflow.issue)).known is not None
        except RPCError:
            return False

    async def listed() -> bool:
        return await TemporalIssueDesk(desk.client).watched_by_key(ref.tracker, ref.key) is not None

    await until(read, f"{ref.key} is read")
    await until(listed, f"{ref.key} is listed")


async def quiet(desk: Desk, ref: IssueRef) -> None:
    """Wait until nothing of the issue is under way."""

    async def rests() -> bool:
        described = (await desk.issue(ref).describe()).raw_description
        return not described.pending_activities and not described.HasField("pending_workflow_task")

    await until(rests, f"{ref.key} rests")


async def events_of(desk: Desk, ref: IssueRef) -> int:
    """How long an issue's history is."""
    return (await desk.issue(ref).describe()).raw_description.workflow_execution_info.history_length


async def test_what_no_webhook_told_reaches_the_ticket_and_is_said_once(
    desk: Desk, outside: Outside, rounds: Rounds
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    outside.jira.has("Somebody else's issue")
    ticket = await linked(desk, ref)
    outside.jira.person_writes(ref.id, "Found it: a stale certificate")
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS, "Ada")

    state = await rounds.next()

    await ticket.until_said("Found it: a stale certificate")
    assert (state.requests, state.changed, state.known, state.mended) == (1, 2, 1, 1)
    (mend,) = state.mends
    assert mend.key == "PAY-1"
    assert "status: To Do → In Progress" in mend.changes
    (told,) = outside.chat.texts(LEADS)
    assert "1 issue in Jira had changed, and no webhook had told" in told
    assert "PAY-1: " in told

    # A round that finds nothing new is one request: nothing is read, nobody is told, and the issue's history stays as it is.
    await ticket.rests()
    reads, events = outside.tried("fetch"), await events_of(desk, ref)
    quiet = await rounds.next()
    assert (quiet.requests, quiet.mended, outside.tried("fetch")) == (1, 0, reads)
    assert await events_of(desk, ref) == events
    assert outside.chat.texts(LEADS) == [told]
    assert quiet.watermark is not None
    assert state.watermark is not None
    assert quiet.watermark > state.watermark


async def test_what_a_webhook_told_already_is_refused_by_the_issue_and_leaves_no_history(
    desk: Desk, outside: Outside
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    await desk.hints(ref)
    await ticket.until_said("In Progress")
    await ticket.rests()
    now = outside.jira.issues[ref.id].updated_at
    issues = TemporalIssueDesk(desk.client)
    events = await events_of(desk, ref)

    answer = await issues.catch_up(Tracker.JIRA, AskedIssue(id=ref.id, key=ref.key, updated_at=now), key="ask/1")
    unwatched = await issues.catch_up(Tracker.JIRA, AskedIssue(id="4711", key="PAY-4711", updated_at=now), key="ask/2")

    assert (answer.answer, unwatched.answer) == (Answer.AGREES, Answer.UNWATCHED)
    assert await events_of(desk, ref) == events


async def test_two_changes_within_one_second_are_both_seen_where_the_tracker_tells_whole_seconds(
    desk: Desk, outside: Outside
) -> None:
    """GitHub's times have no fractions: by its time alone the second change is known."""
    ref = outside.github.has("Checkout fails").ref
    second = datetime.now(UTC).replace(microsecond=0)
    outside.github.issues[ref.id] = outside.github.issues[ref.id].model_copy(update={"updated_at": second})
    await linked(desk, ref)
    changed = {"status": "open (in progress)", "category": IssueCategory.IN_PROGRESS, "assignee": "ada-dev"}
    outside.github.issues[ref.id] = outside.github.issues[ref.id].model_copy(update=changed)
    asked = AskedIssue(id=ref.id, key=ref.key, updated_at=second)

    answer = await TemporalIssueDesk(desk.client).catch_up(Tracker.GITHUB, asked, key="ask/1")

    assert answer.answer is Answer.MENDED


async def test_a_tracker_that_refuses_keeps_the_watermark_is_told_once_and_caught_up_with_afterwards(
    desk: Desk, outside: Outside, rounds: Rounds
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref)
    first = await rounds.next()
    outside.jira.system.refuses("the API token is not accepted", operation="changed_since")
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    for _ in range(2):
        state = await rounds.next()
        assert (state.watermark, state.mended) == (first.watermark, 0)
    (told,) = outside.chat.texts(LEADS)
    assert "the API token is not accepted" in told

    outside.jira.system.works()
    outside.jira.system.fails(operation="changed_since")
    assert (await rounds.next()).watermark == first.watermark
    # A short outage is nobody's business.
    assert outside.chat.texts(LEADS) == [told]

    outside.jira.system.works()
    assert (await rounds.next()).mended == 1
    await ticket.until_said("In Progress")
    _, *after = outside.chat.texts(LEADS)
    assert [text.partition(" after")[0].partition(" had")[0] for text in after] == [
        "Jira can be read again",
        "1 issue in Jira",
    ]


@pytest.mark.unreplayable("the daily reading is due at once in the second round only")
async def test_an_issue_that_vanished_from_the_feed_is_found_by_reading_all_anew(
    desk: Desk, outside: Outside, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref)
    await rounds.next()
    outside.jira.loses(ref.id)
    assert (await rounds.next()).mended == 0

    monkeypatch.setattr(reconcile, "_SWEEP_EVERY", timedelta(0))
    swept = await rounds.next()

    assert swept.mended == 1
    await ticket.until_said("PAY-1 was deleted")


async def test_an_issue_in_a_project_that_no_route_names_is_caught_up_with_too(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    await linked(desk, ref)
    elsewhere = Rounds(desk.client, TASK.model_copy(update={"projects": ("OPS",)}))
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)

    assert (await elsewhere.next()).mended == 1
    assert outside.done("changed_since") == ["OPS,PAY"]


# --- releases --------------------------------------------------------------------------------------------------------

WAITS = {"PAY": ProjectRules(wait_for_release=True)}


async def fixed(desk: Desk, outside: Outside) -> tuple[IssueRef, OpenedTicket]:
    """A ticket whose issue is fixed, and waits for a release."""
    ref = outside.jira.has("Card payment fails").ref
    outside.jira.person_sets(ref.id, project="PAY")
    ticket = await linked(desk, ref, projects=WAITS)
    outside.jira.person_sets(ref.id, fix_versions=(FixVersion(name="2.4"),))
    outside.jira.moves(ref.id, IssueCategory.DONE)
    await desk.hints(ref)

    async def waits() -> bool:
        return await TemporalIssueDesk(desk.client).awaiting_release(Tracker.JIRA, ["pay"]) == [ref.id]

    await until(waits, "it is listed as one that waits")
    return ref, ticket


async def released(outside: Outside, ref: IssueRef) -> None:
    """The version is out; its issues do not change by that."""
    before = outside.jira.issues[ref.id]
    version = FixVersion(name="2.4", released=True, released_at=datetime.now(UTC))
    outside.jira.issues[ref.id] = before.model_copy(update={"fix_versions": (version,)})


@pytest.mark.parametrize("way", ["the feed", "a webhook"])
async def test_a_release_reaches_the_issues_that_wait_for_it(
    desk: Desk, outside: Outside, rounds: Rounds, way: str
) -> None:
    ref, ticket = await fixed(desk, outside)
    await rounds.next()
    await quiet(desk, ref)
    reads = outside.tried("fetch")
    await released(outside, ref)
    if way == "the feed":
        outside.jira.releases = ["PAY"]
        await rounds.next()
    else:
        heard = await desk.client.execute_workflow(
            ReleaseNewsWorkflow.run,
            ReleaseNews(tracker=Tracker.JIRA),
            id=workflow_ids.release_id(Tracker.JIRA, "delivery-1"),
            task_queue=task_queues.WORKFLOWS,
        )
        assert heard == 1

    await ticket.until(lambda view: bool(view.issues) and "2.4" in str(view.issues[0].release), "the release is known")
    await quiet(desk, ref)
    assert outside.tried("fetch") == reads + 1

    async def waits_no_more() -> bool:
        return await TemporalIssueDesk(desk.client).awaiting_release(Tracker.JIRA, []) == []

    await until(waits_no_more, "it waits no more")


async def test_a_release_that_is_delivered_again_is_told_once(namespace: Client, outside: Outside) -> None:
    gateway = TemporalDesk(namespace, a_policy(), now=lambda: datetime.now(UTC))
    news = ReleaseNews(tracker=Tracker.GITHUB, project="acme/storefront")
    for delivery in ("d-1", "d-1", "d-2"):
        await gateway.released(news, delivery)
    async with Desk(namespace, outside):
        for delivery in ("d-1", "d-1"):
            handle = namespace.get_workflow_handle(workflow_ids.release_id(Tracker.GITHUB, delivery), result_type=int)
            assert await handle.result() == 0
            # Also when the first is long over.
            await gateway.released(news, delivery)

    async def listed() -> bool:
        return (await namespace.count_workflows("WorkflowType = 'ReleaseNews'")).count == 2

    await until(listed, "two deliveries, two workflows")


# --- very many at once -------------------------------------------------------------------------------------------------

MOVED, WATCHED = 500, 16


async def test_deliveries_lost_for_five_hundred_issues_moved_at_once_are_made_up_for_by_one_round(
    desk: Desk, outside: Outside, rounds: Rounds
) -> None:
    """And in the tracker's queue, which takes ten calls a second, nothing that a ticket wants waits for it."""
    ticket = await desk.opens(an_opening(ticket_id="T-1"), without_ladders())
    refs = [outside.jira.has(f"Issue {number}").ref for number in range(MOVED)]
    watched = refs[:: MOVED // WATCHED][:WATCHED]
    links = desk.links()
    joins = [TicketJoined(id=f"join/{ref.id}", ticket_id="T-1", title="Card payment fails", ref=ref) for ref in watched]
    await asyncio.gather(*(links.join_issue(joined, IssueRules()) for joined in joins))
    await until(lambda: len(outside.done("fetch")) == len(outside.jira.summaries) == len(watched), "all are read")
    for ref in watched:
        await quiet(desk, ref)
    # Each is moved twice: of the two the last counts, and no ticket hears of them in another order.
    for category in (IssueCategory.IN_PROGRESS, IssueCategory.DONE):
        for ref in refs:
            outside.jira.moves(ref.id, category)
    read_before = len(outside.done("fetch"))

    async def another_ticket_opens_its_issue() -> None:
        await until(lambda: len(outside.done("fetch")) > read_before, "the round is under way")
        other = await desk.opens(an_opening(ticket_id="T-2"))
        await other.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
        await until(lambda: bool(outside.done("open_issue")), "the issue is opened")

    state, _ = await asyncio.gather(rounds.next(), another_ticket_opens_its_issue())

    assert (state.requests, state.changed, state.mended, state.owed) == (1, MOVED, len(watched), ())
    order = [call.operation for call in outside.calls if call.system == "jira" and call.done]
    last_read = len(order) - 1 - order[::-1].index("fetch")
    assert order.index("open_issue") < last_read
    for ref in watched:
        issue = (await desk.issue(ref).query(EngineeringIssueWorkflow.issue)).known
        assert issue is not None
        assert issue.category is IssueCategory.DONE
    assert await ticket.rests()


# --- on demand ---------------------------------------------------------------------------------------------------------


async def resynced(desk: Desk, wanted: ResyncRequest) -> ResyncReport:
    """Somebody wants it at once."""
    return cast(
        ResyncReport,
        await desk.client.execute_workflow(
            ResyncWorkflow.run,
            wanted,
            id=workflow_ids.resync_id(Tracker.JIRA, str(desk.number())),
            task_queue=task_queues.WORKFLOWS,
        ),
    )


async def test_named_issues_are_read_anew_and_what_nobody_watches_or_knows_is_said(
    desk: Desk, outside: Outside
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    unwatched = outside.jira.has("Somebody else's issue").ref
    await linked(desk, ref)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)

    first = await resynced(desk, ResyncRequest(tracker=Tracker.JIRA, issues=(ref.key, unwatched.key, "PAY-99")))
    again = await resynced(desk, ResyncRequest(tracker=Tracker.JIRA, issues=(ref.key,)))

    assert [(answer.key, answer.answer) for answer in first.answers] == [
        ("PAY-1", Answer.MENDED),
        ("PAY-2", Answer.UNWATCHED),
        ("PAY-99", Answer.UNKNOWN),
    ]
    assert [answer.answer for answer in again.answers] == [Answer.AGREES]


async def test_an_issue_that_was_deleted_is_still_known_by_its_key(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    await linked(desk, ref)
    outside.jira.loses(ref.id)

    report = await resynced(desk, ResyncRequest(tracker=Tracker.JIRA, issues=(ref.key,)))

    assert [answer.answer for answer in report.answers] == [Answer.MENDED]
    assert outside.tried("find") == 1  # the one that linked it


async def test_everything_since_a_while_ago_is_caught_up_with_at_once(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    outside.jira.has("Somebody else's issue")
    await linked(desk, ref)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)

    report = await resynced(desk, ResyncRequest(tracker=Tracker.JIRA, projects=("PAY",), since=HOUR))

    assert (report.changed, report.requests) == (2, 1)
    assert [(answer.key, answer.answer) for answer in report.answers] == [("PAY-1", Answer.MENDED)]


async def test_a_tracker_that_cannot_be_read_is_said(desk: Desk, outside: Outside) -> None:
    outside.jira.system.refuses("the API token is not accepted")

    report = await resynced(desk, ResyncRequest(tracker=Tracker.JIRA, projects=("PAY",)))

    assert report.trouble == "jira: the API token is not accepted"


async def test_where_no_worker_runs_an_issue_is_not_reached(
    namespace: Client, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.issue_desk._ACCEPTING", timedelta(milliseconds=300))
    ref = outside.jira.has("Card payment fails").ref
    async with Desk(namespace, outside) as desk:
        await linked(desk, ref)
    issues = TemporalIssueDesk(namespace)

    answer = await issues.catch_up(Tracker.JIRA, AskedIssue(id=ref.id, key=ref.key), key="ask/1")

    assert answer.answer is Answer.UNREACHED


# --- its Schedules -----------------------------------------------------------------------------------------------------


async def test_each_tracker_has_its_schedule_as_long_as_the_policy_wants_it(namespace: Client) -> None:
    wanted = a_policy(engineering=EngineeringRules(reconcile=ReconcileRules(every=5 * MINUTE)))

    async def there() -> set[str]:
        found = set()
        for tracker in Tracker:
            with suppress(RPCError):
                await namespace.get_schedule_handle(reconcile_schedule_id(tracker)).describe()
                found.add(reconcile_schedule_id(tracker))
        return found

    await keep_schedules(namespace, wanted, PUBLIC_URL)
    assert await there() == {"reconcile/jira", "reconcile/github"}
    await keep_schedules(namespace, a_policy(), PUBLIC_URL)
    assert await there() == set()
