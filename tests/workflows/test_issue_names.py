"""Issues whose tracker gives them other ids and keys: webhooks, the feed and the daily sweep find them by whatever they are called."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Response
from temporalio.client import Client

from domain import reconcile
from domain.issue_messages import IssueHint
from domain.issues import IssueCategory, Tracker
from domain.reconcile import Answer, ReconcileState, ReconcileTask
from gateway import github_webhook
from gateway.payloads import signed_id
from gateway.temporal_desk import TemporalDesk
from gateway.tracker_news import NamedIssue
from tests.domain.building import DAY, without_ladders
from tests.sandbox.receiver import Receiver
from tests.workflows.desk import Desk, until
from tests.workflows.outside import Outside
from tests.workflows.test_reconcile import LEADS, Rounds, linked
from tests.workflows.test_reconcile_in_the_sandbox import World, a_world
from workflows.issue_desk import TemporalIssueDesk
from workflows.issue_names import issues_known_as

STOREFRONT, PAYMENTS = "/people/github/issues/acme/storefront", "/people/github/issues/acme/payments"
BOTH_REPOSITORIES = ReconcileTask(
    tracker=Tracker.GITHUB, projects=("acme/storefront", "acme/payments"), every=DAY, look_back=DAY, channel=LEADS
)


@pytest.fixture(autouse=True, scope="module")
def sooner() -> Iterator[None]:
    """What changed just now counts at once, also when the rounds are replayed after each test."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reconcile, "_SETTLED", timedelta(0))
        yield


class Door:
    """GitHub's deliveries, as the gateway reads them; ``shut`` loses those that come."""

    def __init__(self, receiver: Receiver, desk: TemporalDesk) -> None:
        self._receiver = receiver
        self._desk = desk
        self._read = 0

    async def opens(self) -> bool:
        """Hand over what came since the last time; whether there was something, and an issue's workflow took each."""
        new = self._receiver.at("/webhooks/github")[self._read :]
        self._read += len(new)
        taken = []
        for delivery in new:
            body = json.dumps(delivery.content).encode()
            news = github_webhook.news_of(body, delivery.headers)
            delivery_id = signed_id("github", body)
            hint = IssueHint(id=delivery_id, updated_at=news.updated_at, alias=news.alias)
            taken.append(any([await self._desk.hint(Tracker.GITHUB, issue, hint) for issue in news.issues]))
        return bool(taken) and all(taken)

    def loses(self) -> None:
        """What came since the last time is lost."""
        self._read = len(self._receiver.at("/webhooks/github"))


@pytest.fixture
async def github(namespace: Client, outside: Outside) -> AsyncIterator[tuple[World, Door]]:
    """The local GitHub, and the gateway's reading of its deliveries."""
    async with Receiver().listening() as receiver, a_world(namespace, outside, receiver.url) as world:
        receiver.answer = lambda _: Response(status_code=202)
        yield world, Door(receiver, a_desk(namespace))


def a_desk(client: Client) -> TemporalDesk:
    return TemporalDesk(client, without_ladders(), now=lambda: datetime.now(UTC))


async def another_second() -> None:
    """GitHub's times have whole seconds: what happens after this is later than what happened before."""
    begun = datetime.now(UTC)
    await until(lambda: datetime.now(UTC) >= begun + timedelta(seconds=1), "another second has begun")


async def known_as(client: Client, name: str) -> None:
    """Wait until lists show an issue by that name."""

    async def shown() -> bool:
        return bool(await issues_known_as(client, Tracker.GITHUB, [name], rpc_timeout=timedelta(seconds=5)))

    await until(shown, f"an issue is known as {name}")


async def test_a_transferred_issue_is_heard_of_by_its_new_id(github: tuple[World, Door]) -> None:
    world, door = github
    await world.does(STOREFRONT, user="ada-dev", title="Refund fails")
    ticket = await world.linked(Tracker.GITHUB, "acme/storefront#1")
    await world.does(f"{STOREFRONT}/1/comment", user="ada-dev", text="I look at the logs")
    await door.opens()
    await ticket.until_said("I look at the logs")
    await ticket.rests()

    moved = await world.does(f"{STOREFRONT}/1/transfer", user="ada-dev", to="acme/payments")
    assert await door.opens()
    await ticket.until(lambda view: view.issues[0].ref.key == "acme/payments#1", "the ticket follows it")
    await known_as(world.desk.client, moved["node_id"])
    await another_second()
    await world.does(f"{PAYMENTS}/1/comment", user="ada-dev", text="Fixed in 4.2")
    await world.does(f"{PAYMENTS}/1/close", user="ada-dev")

    assert await door.opens()
    view = await ticket.until(lambda view: view.issues[0].status == "closed (completed)", "it hears of the end")
    said = [entry.text for entry in view.timeline]
    assert sum("Fixed in 4.2" in text for text in said) == 1
    # With the issue its comments get new ids; that does not make them new.
    assert sum("I look at the logs" in text for text in said) == 1


async def test_an_issue_whose_transfer_no_webhook_told_is_found_by_the_sweep_and_heard_of_from_then_on(
    github: tuple[World, Door],
) -> None:
    world, door = github
    await world.does(STOREFRONT, user="ada-dev", title="Refund fails")
    ticket = await world.linked(Tracker.GITHUB, "acme/storefront#1")
    rounds = Rounds(world.desk.client, BOTH_REPOSITORIES)
    await rounds.next()
    moved = await world.does(f"{STOREFRONT}/1/transfer", user="ada-dev", to="acme/payments")
    door.loses()

    # As a sweep does, a hundred issues in each round of a day.
    desk = TemporalIssueDesk(world.desk.client)
    for asked in reconcile.to_sweep(ReconcileState(), await desk.watched(Tracker.GITHUB)):
        assert (await desk.catch_up(Tracker.GITHUB, asked, key="sweep")).answer is Answer.MENDED
    await ticket.until(lambda view: view.issues[0].ref.key == "acme/payments#1", "the sweep follows the transfer")
    await known_as(world.desk.client, moved["node_id"])

    await another_second()
    await world.does(f"{PAYMENTS}/1/comment", user="ada-dev", text="Found it")
    door.loses()
    state = await rounds.next()
    assert state.mended == 1
    await ticket.until_said("Found it")
    await ticket.rests()

    await another_second()
    await world.does(f"{PAYMENTS}/1/close", user="ada-dev")
    assert await door.opens()
    await ticket.until(lambda view: view.issues[0].status == "closed (completed)", "a webhook finds it as well")


async def test_a_jira_issue_that_a_delivery_names_by_its_key_alone_is_heard_of(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref)
    gateway = a_desk(desk.client)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS, "Ada")

    assert await gateway.hint(Tracker.JIRA, NamedIssue(key=ref.key), IssueHint(id="d-1"))

    await ticket.until(lambda view: view.issues[0].assignee == "Ada", "it is heard of")
    assert not await gateway.hint(Tracker.JIRA, NamedIssue(key="PAY-999"), IssueHint(id="d-2"))
    assert not await gateway.hint(Tracker.JIRA, NamedIssue(key="PAY-1' OR 'x' = 'x"), IssueHint(id="d-3"))
    # Jira's ids last: another issue of that id is not taken for one of the same key.
    assert not await gateway.hint(Tracker.JIRA, NamedIssue("999", ref.key), IssueHint(id="d-4"))
