"""Catching up with trackers whose own APIs are asked: deliveries that will never come are made up for, by the feeds as they are."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import Response
from temporalio.client import Client

from config.settings import load_settings
from domain import reconcile
from domain.issues import Tracker
from domain.messages import LinkIssue
from domain.reconcile import ReconcileTask
from integrations.clients import build_clients
from sandbox.server import Sandbox
from tests.cli.tierline import environment_of
from tests.domain.building import DAY, LENA, an_opening, without_ladders
from tests.sandbox.receiver import Receiver
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from tests.workflows.test_reconcile import LEADS, Rounds
from workflows.issue_desk import TemporalIssueDesk

TASK = ReconcileTask(tracker=Tracker.JIRA, projects=("PAY",), every=DAY, look_back=DAY, channel=LEADS)
OF_GITHUB = TASK.model_copy(update={"tracker": Tracker.GITHUB, "projects": ("acme/storefront",)})


@pytest.fixture(autouse=True)
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed just now counts at once."""
    monkeypatch.setattr(reconcile, "_SETTLED", timedelta(0))


class World:
    """A Tierline that asks the sandbox's trackers, and the people there."""

    def __init__(self, sandbox: Sandbox, desk: Desk, people: httpx2.AsyncClient) -> None:
        self.sandbox, self.desk, self._people = sandbox, desk, people

    async def does(self, what: str, **fields: Any) -> Any:
        """Somebody acts in a tracker's own pages."""
        answer = await self._people.post(what, json=fields)
        assert answer.status_code < 300, answer.text
        await self.sandbox.deliveries.settled()
        return answer.json() if answer.content else None

    async def linked(self, tracker: Tracker, key: str) -> OpenedTicket:
        """A ticket on an issue whose workflow has read it."""
        ticket = await self.desk.opens(an_opening(), without_ladders())
        await ticket.does(LENA, LinkIssue(reference=key))

        async def listed() -> bool:
            return await TemporalIssueDesk(self.desk.client).watched_by_key(tracker, key) is not None

        await until(listed, f"{key} is listed")
        await ticket.until(lambda view: bool(view.issues) and view.issues[0].ref.key == key, "it is linked")
        await ticket.rests()
        return ticket


@asynccontextmanager
async def a_world(namespace: Client, outside: Outside, gateway_url: str | None = None) -> AsyncIterator[World]:
    async with Sandbox(gateway_url=gateway_url) as sandbox, httpx2.AsyncClient(base_url=sandbox.http_url) as people:
        real = build_clients(load_settings(environ=environment_of(sandbox), dotenv=None))
        clients = dataclasses.replace(outside.clients, jira=real.jira, github=real.github)
        async with Desk(namespace, outside, clients) as desk:
            yield World(sandbox, desk, people)


async def test_github_never_redelivers_so_a_round_finds_what_was_lost(namespace: Client, outside: Outside) -> None:
    async with Receiver().listening() as gateway, a_world(namespace, outside, gateway.url) as world:
        gateway.answer = lambda _: Response(status_code=503)
        await world.does("/people/github/issues/acme/storefront", user="ada-dev", title="Refund fails")
        ticket = await world.linked(Tracker.GITHUB, "acme/storefront#1")
        rounds = Rounds(world.desk.client, OF_GITHUB)
        await rounds.next()
        # GitHub's times have whole seconds, and a round that leaves nothing to settle would take two changes of one for the same.
        begun = datetime.now(UTC)
        await until(lambda: datetime.now(UTC) >= begun + timedelta(seconds=1), "another second has begun")

        await world.does("/people/github/issues/acme/storefront/1/comment", user="ada-dev", text="Found it")
        await world.does("/people/github/issues/acme/storefront/1/close", user="ada-dev")
        lost = [each.content["action"] for each in gateway.at("/webhooks/github")]
        assert lost.count("closed") == 1

        state = await rounds.next()

        assert (state.mended, state.changed) == (1, 1)
        await ticket.until_said("Found it")
        assert "acme/storefront#1: " in outside.chat.texts(LEADS)[-1]
        # Nothing changed since but what we wrote ourselves, if anything; then GitHub has nothing new at all.
        await ticket.rests()
        for _ in range(2):
            quiet = await rounds.next()
        assert (quiet.mended, quiet.changed) == (0, 0)


async def test_jira_tells_nothing_once_a_webhook_that_was_registered_by_rest_expires_and_a_round_finds_it(
    namespace: Client, outside: Outside
) -> None:
    """After 30 days, if nobody extends it; no delivery fails, and nobody is told."""
    async with a_world(namespace, outside) as world:
        await world.does("/sandbox/deliveries/orders", system="jira", kind="lose", times=None)
        opened = await world.does("/people/jira/issues", user="ada", summary="Refund fails")
        ticket = await world.linked(Tracker.JIRA, opened["key"])
        rounds = Rounds(world.desk.client, TASK)
        await rounds.next()
        await world.does(f"/people/jira/issues/{opened['key']}/comment", user="ada", text="Found it")
        await world.does(f"/people/jira/issues/{opened['key']}/transition", user="ada", to="In Progress")

        state = await rounds.next()

        assert state.mended == 1
        assert any("In Progress" in change for change in state.mends[0].changes)
        await ticket.until_said("Found it")
        assert (await rounds.next()).mended == 0
