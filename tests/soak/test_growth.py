"""Everything of a ticket and of its issue grows to its limit, while each system in turn is away, through three new runs and more."""

import random
import re
from collections.abc import Callable
from itertools import count

import pytest

from domain.messages import (
    CommentIssue,
    CustomerMessage,
    Escalate,
    LinkIssue,
    Note,
    PageChanged,
    Reply,
    Request,
    Return,
    SetPriority,
    SetWorkaround,
    ThreadChange,
    ThreadMessage,
    Wait,
)
from domain.people import Actor
from domain.ticket import TicketStatus
from domain.tiers import Priority, Tier, WaitingOn
from tests.domain.building import HELPDESK, LENA, SAM, an_opening, without_ladders
from tests.soak import size
from tests.workflows.conftest import desk as desk
from tests.workflows.conftest import namespace as namespace
from tests.workflows.conftest import outside as outside
from tests.workflows.conftest import short_rounds as short_rounds
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.growing import WIDE, do_all, is_taken, lives_through, told_of
from tests.workflows.outside import Outside, System

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
_NOTES = size(small=150, full=700)
_PAIRS = size(small=30, full=500)
_STEPS = size(small=120, full=1_000)
_FOLDED_COMMENTS = re.compile(
    r"([\d,]+) more (?:comments? could not be written in time|messages?, in the ticket's history)"
)
SYSTEMS: dict[str, Callable[[Outside], System]] = {
    "nothing": lambda outside: System("nothing", []),
    "slack": lambda outside: outside.chat.system,
    "jira": lambda outside: outside.jira.system,
    "pagerduty": lambda outside: outside.pager.system,
    "mail": lambda outside: outside.mail.system,
}


async def test_long_notes_while_slack_is_down_for_long(desk: Desk, outside: Outside) -> None:
    outside.chat.system.fails()
    ticket = await desk.opens(policy=without_ladders(), continue_after=100)

    assert await do_all(ticket, SAM, [Note(text=f"note {n} {WIDE * 3_900}") for n in range(_NOTES)]) == _NOTES
    await until(lambda: lives_through(ticket, 1), "the ticket is in a later run")

    outside.chat.system.works()
    await until(lambda: told_of(outside, "sam: note ") >= _NOTES, "the thread tells of every note")


async def test_a_ticket_goes_up_and_down_very_often(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    for number in range(_PAIRS):
        assert (await ticket.does(LENA, Escalate(to=Tier.L3, reason=f"{number} up {WIDE * 500}"))).accepted
        assert (await ticket.does(LENA, Return(to=Tier.L1, reason=f"{number} down {WIDE * 500}"))).accepted

    view = await ticket.view()
    assert view.tier is Tier.L1
    assert len(view.stints) + view.folded.get("stints", 0) == 2 * _PAIRS + 1
    assert await lives_through(ticket, 0)


@pytest.mark.parametrize("away", SYSTEMS)
async def test_everything_grows_while_a_system_is_away(desk: Desk, outside: Outside, away: str) -> None:
    system, growth = SYSTEMS[away](outside), _Growth(outside, random.Random(away))
    opening = an_opening(title=WIDE * 200, description=WIDE * 20_000)
    ticket = await desk.opens(opening, without_ladders(), continue_after=60)
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="engineering has to look"))
    issue = (await ticket.until(lambda view: bool(view.issues), "an issue is open")).issues[0].ref

    system.fails()
    for _ in range(_STEPS):
        await growth.step(ticket)
    await until(lambda: lives_through(ticket, 3), "the ticket is in its fourth run, and at work")
    await desk.watched(issue)

    system.works()
    last = "The end of it"
    await until(lambda: is_taken(ticket, SAM, Reply(text=last)), "a reply is taken again")
    await until(lambda: any(last in mail.text for mail in outside.mail.sent), "and sent")
    replies = [mail.text for mail in outside.mail.sent if "reply number" in mail.text]
    assert len(replies) == growth.replies, "every reply that was taken is sent"
    await until(lambda: told_of(outside, "sam: note number") >= growth.notes, "the thread tells of every note")
    await until(lambda: _comments(outside) >= growth.comments, "the issue tells of every comment")
    assert (await ticket.view()).status is TicketStatus.OPEN
    assert await lives_through(ticket, 3)


class _Growth:
    """Does at random what makes a ticket larger, and counts what must not get lost."""

    def __init__(self, outside: Outside, chance: random.Random) -> None:
        self._outside = outside
        self._chance = chance
        self._numbers = count(1)
        self.notes = self.replies = self.comments = 0

    async def step(self, ticket: OpenedTicket) -> None:
        """One thing more."""
        number = next(self._numbers)
        text = f"number {number} {WIDE * self._chance.choice((10, 1_000, 19_900))}"
        match self._chance.randrange(12):
            case 0 | 1 | 2:
                self.notes += await self._does(ticket, SAM, Note(text=f"note {text}"))
            case 3 | 4:
                await self._does(ticket, HELPDESK, CustomerMessage(text=text))
            case 5:
                self.replies += await self._does(ticket, SAM, Reply(text=f"reply {text}", awaits_customer=False))
            case 6:
                self.comments += await self._does(ticket, SAM, CommentIssue(text=f"comment {text}"))
            case 7:
                tier = (await ticket.view()).tier
                move = Return(reason=text) if tier is Tier.L3 else Escalate(to=Tier.L3, reason=text)
                await self._does(ticket, LENA, move)
            case 8:
                before = (await ticket.view()).priority
                after = self._chance.choice([each for each in Priority if each is not before])
                await self._does(ticket, LENA, SetPriority(priority=after))
            case 9:
                await self._does(ticket, SAM, SetWorkaround(text=f"{number} {WIDE * 1_900}"))
                key = self._outside.github.has(f"fault {number}").ref.key
                await self._does(ticket, LENA, LinkIssue(reference=key))
            case 10:
                await ticket.hears(ThreadMessage(change=ThreadChange.POSTED, ts=f"{number}.1", by=SAM, text=text))
                await ticket.hears(PageChanged(page_key=f"tierline/{ticket.handle.id[7:]}/page/1", note=text))
            case 11:
                waits = (await ticket.view()).waiting_on
                on = WaitingOn.TIER if waits is not WaitingOn.TIER else WaitingOn.CUSTOMER
                await self._does(ticket, SAM, Wait(on=on, reason=text))

    async def _does(self, ticket: OpenedTicket, by: Actor, request: Request) -> int:
        return int(await is_taken(ticket, by, request))


def _comments(outside: Outside) -> int:
    """Comments on the issues that are people's, with those that a comment says are folded."""
    texts = [text for tracker in (outside.jira, outside.github) for _, text in tracker.written]
    folded = sum(int(found[1].replace(",", "")) for text in texts if (found := _FOLDED_COMMENTS.search(text)))
    return folded + sum("comment number" in text for text in texts)
