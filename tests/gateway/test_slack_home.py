"""The App Home: what each person finds there, in which order, and what they can press."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.card import CardButton
from domain.clocks import ClockStatus
from domain.decide import decide, open_ticket
from domain.messages import Accept, Command
from domain.people import Actor, ActorKind, Customer, Role
from domain.policy import ClockKind, Policy
from domain.ticket_references import assignee_of
from domain.tiers import Owner, Priority, Tier
from domain.views import TicketView, view_of
from gateway import slack_home
from gateway.slack_home_layout import REFRESH, Home, HomeTicket, Waiting, home_view, next_clock, share_of
from gateway.slack_surfaces import Profile
from gateway.tickets import ListedTicket
from sandbox.slack.blocks import find_view_errors
from tests.gateway.front_door import AGENT, ENGINEER, LEAD, NOBODY, NOW, FrontDoor, a_ticket, eventually, written
from tests.gateway.slack_happenings import a_home, enveloped

SAM = Actor(kind=ActorKind.SLACK, id=AGENT, name="sam", roles=frozenset({Role.AGENT}))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def a_listed(number: int, tier: Tier = Tier.L1, *, due: timedelta = HOUR, **changes: Any) -> ListedTicket:
    """An open ticket that was opened half an hour ago and has waited on its tier for ten minutes."""
    fields: dict[str, Any] = {
        "ticket_id": f"T-{number}",
        "tier": tier,
        "priority": Priority.P2,
        "owner": Owner(tier.value) if tier.value in list(Owner) else Owner.VENDOR,
        "opened_at": NOW - HOUR / 2,
        "owner_since": NOW - 10 * MINUTE,
        "due_at": NOW + due,
    }
    return ListedTicket(**(fields | changes))


def have(door: FrontDoor, *tickets: ListedTicket, of: Actor | None = None) -> None:
    """Have these tickets open, with this person where one is given."""
    for ticket in tickets:
        door.desk.have(a_ticket(ticket.ticket_id, f"Problem {ticket.ticket_id}"))
        door.desk.listed.append(ticket)
        if of is not None:
            door.desk.assigned[ticket.ticket_id] = assignee_of(of)


async def opens_home(door: FrontDoor, user: str = AGENT) -> Mapping[str, Any]:
    """Somebody opens the home; what they see in the end."""
    door.forms.homes.pop(user, None)
    response = await door.slack("events", json.dumps(enveloped(a_home(user))).encode())
    assert (response.status_code, response.content) == (200, b"")
    await eventually(lambda: user in door.forms.homes)
    view = door.forms.homes[user]
    assert find_view_errors(dict(view), "home") == []
    return view


def text_of(view: Mapping[str, Any]) -> str:
    """Everything that is read on it."""
    found = []
    for block in view["blocks"]:
        found += [block["text"]["text"]] if "text" in block else []
        found += [element["text"] for element in block.get("elements", ()) if isinstance(element.get("text"), str)]
    return "\n".join(found)


def section(view: Mapping[str, Any], title: str) -> str:
    """What stands below a heading, up to the next one."""
    text, found = "", False
    for block in view["blocks"]:
        if block["type"] == "header":
            found = block["text"]["text"].startswith(title)
        elif found and "text" in block:
            text += block["text"]["text"] + "\n"
    return text


def buttons(view: Mapping[str, Any], ticket_id: str) -> list[str]:
    """The buttons below a ticket."""
    for block in view["blocks"]:
        if block.get("block_id") == f"tierline.home.{ticket_id}":
            assert {element["value"] for element in block["elements"]} == {ticket_id}
            return [element["action_id"] for element in block["elements"]]
    return []


def press(user: str, action_id: str, value: str = "") -> dict[str, Any]:
    """A button of the home is pressed: there is no channel, and nothing to answer to."""
    return {
        "type": "block_actions",
        "team": {"id": "T0ACME"},
        "user": {"id": user, "username": user.lower(), "team_id": "T0ACME"},
        "trigger_id": "1.2.b",
        "view": {"id": "V0HOME", "type": "home"},
        "container": {"type": "view", "view_id": "V0HOME"},
        "actions": [{"action_id": action_id, "value": value, "type": "button", "action_ts": "1596530385.1"}],
    }


# --- whose tickets, and in which order ------------------------------------------------------------------------------


async def test_an_agent_sees_their_own_by_soonest_breach_and_the_first_two_tiers(door: FrontDoor) -> None:
    have(door, a_listed(1, due=3 * HOUR), a_listed(2, due=MINUTE), of=SAM)
    have(door, a_listed(3, Tier.L2, due=2 * HOUR), a_listed(4), a_listed(5, Tier.L3))
    view = await opens_home(door)

    mine, team = section(view, "Mine"), section(view, "My team's")
    assert mine.index("T-2") < mine.index("T-1")
    assert team.index("T-4") < team.index("T-3")
    assert "T-5" not in mine + team
    assert "Problem T-2" in mine


@pytest.mark.parametrize(
    ("user", "seen"), [(LEAD, {"T-1", "T-2", "T-3", "T-4"}), (ENGINEER, {"T-3"}), (AGENT, {"T-1", "T-2"})]
)
async def test_the_team_follows_from_the_role(door: FrontDoor, user: str, seen: set[str]) -> None:
    have(door, a_listed(1), a_listed(2, Tier.L2), a_listed(3, Tier.L3), a_listed(4, Tier.L4))
    team = section(await opens_home(door, user), "My team's")

    assert {ticket for ticket in ("T-1", "T-2", "T-3", "T-4") if ticket in team} == seen


async def test_it_says_what_waits_on_whom_and_which_systems_are_late(door: FrontDoor) -> None:
    have(door, a_listed(1, owner_since=NOW - HOUR), a_listed(2), a_listed(3, owner=Owner.CUSTOMER, late=("jira",)))
    have(door, a_listed(4, Tier.L4, late=("jira", "slack", "github")))
    text = text_of(await opens_home(door))

    since = f"<!date^{int((NOW - HOUR).timestamp())}^"
    assert f"*L1 Support*: 2 tickets, longest T-1 since {since}" in text
    assert "*Customers*: 1 ticket, longest T-3" in text
    assert "*Vendors*: 1 ticket, longest T-4" in text
    assert "⚠️ *Jira is late* for 2 tickets (T-3, T-4)" in text
    assert "⚠️ *GitHub is late* for 1 ticket (T-4)" in text


async def test_an_empty_day_is_a_friendly_one(door: FrontDoor) -> None:
    text = text_of(await opens_home(door))

    assert "Nothing is with you right now." in text
    assert "all clear" in text
    assert "Enjoy the quiet" in text


async def test_without_a_role_it_explains_itself_and_lists_nothing(door: FrontDoor) -> None:
    have(door, a_listed(1))
    text = text_of(await opens_home(door, NOBODY))

    assert f"ask <@{LEAD}>" in text
    assert "T-1" not in text


async def test_whoever_leads_a_tier_by_the_policy_sees_it_without_a_role(door: FrontDoor) -> None:
    tiers = door.policy.tiers | {Tier.L2: door.policy.tiers[Tier.L2].model_copy(update={"lead": NOBODY})}
    object.__setattr__(door.gateway, "policy", door.policy.model_copy(update={"tiers": tiers}))
    have(door, a_listed(1), a_listed(2, Tier.L2))
    view = await opens_home(door, NOBODY)

    assert "T-2" in section(view, "My team's")
    assert "T-1" not in section(view, "My team's")
    assert buttons(view, "T-2") == []


async def test_strangers_get_nothing(door: FrontDoor) -> None:
    door.forms.profiles["U0KIRAN"] = Profile(user_id="U0KIRAN", name="kiran", stranger=True)
    await door.slack("events", json.dumps(enveloped(a_home("U0KIRAN"))).encode())
    await door.gateway.running.finish(1)

    assert door.forms.homes == {}


async def test_the_apps_other_tabs_make_no_home(door: FrontDoor) -> None:
    await door.slack("events", json.dumps(enveloped(a_home(AGENT, tab="messages"))).encode())
    await door.gateway.running.finish(1)

    assert door.forms.homes == {}


# --- what is bounded -------------------------------------------------------------------------------------------------


async def test_hundreds_of_tickets_fit_and_only_a_few_are_asked(door: FrontDoor) -> None:
    have(door, *(a_listed(100 + n, due=n * MINUTE) for n in range(300)), of=SAM)
    have(door, *(a_listed(500 + n, due=n * MINUTE) for n in range(300)))
    asked: list[str] = []
    looked = door.desk.view

    async def view(ticket_id: str) -> TicketView:
        asked.append(ticket_id)
        return await looked(ticket_id)

    door.desk.view = view  # type: ignore[method-assign]
    view_ = await opens_home(door)

    assert len(asked) == 25
    assert len(view_["blocks"]) <= 100
    text = text_of(view_)
    assert "… and 290 tickets more" in text
    assert "… and 285 tickets more" in text


async def test_what_is_due_soon_is_there_however_many_tickets_are_open(door: FrontDoor) -> None:
    have(door, *(a_listed(2_000 + n, due=30 * HOUR) for n in range(1_001)), a_listed(7, due=MINUTE))
    view = await opens_home(door)

    assert "*T-7*" in section(view, "My team's")
    assert "There are more open tickets than are read here" in text_of(view)


async def test_a_ticket_that_does_not_answer_is_shown_by_what_the_list_knows(door: FrontDoor) -> None:
    have(door, a_listed(1), of=SAM)
    del door.desk.tickets["T-1"]
    view = await opens_home(door)

    mine = section(view, "Mine")
    assert "🟠 *T-1*" in mine
    assert "press Refresh for the rest" in mine
    assert "tierline.resolve" in buttons(view, "T-1")


async def test_while_temporal_is_away_it_says_so(door: FrontDoor) -> None:
    door.desk.away = True
    view = await opens_home(door)

    assert "cannot reach its workflows" in text_of(view)
    assert view["blocks"][1]["elements"][0]["action_id"] == REFRESH


async def test_a_slack_that_does_not_take_it_is_no_fault_of_ours(
    door: FrontDoor, caplog: pytest.LogCaptureFixture
) -> None:
    door.forms.works = False
    await door.slack("events", json.dumps(enveloped(a_home(AGENT))).encode())
    await door.gateway.running.finish(2)

    assert "work after the answer failed" not in caplog.text


# --- buttons ---------------------------------------------------------------------------------------------------------


async def test_buttons_are_by_role_and_state(door: FrontDoor) -> None:
    have(door, a_listed(1))
    for_agent, for_lead = await opens_home(door), await opens_home(door, LEAD)

    assert buttons(for_agent, "T-1") == [f"tierline.{name}" for name in ("accept", "reply", "snooze", "resolve")]
    assert "tierline.escalate" in buttons(for_lead, "T-1")


async def test_refresh_makes_it_anew(door: FrontDoor) -> None:
    await opens_home(door)
    have(door, a_listed(1))
    door.forms.homes.clear()
    response = await door.interacts(press(AGENT, REFRESH))
    await eventually(lambda: AGENT in door.forms.homes)

    assert response.content == b""
    assert "T-1" in text_of(door.forms.homes[AGENT])


async def test_taking_a_ticket_there_acts_and_says_so_there(door: FrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_home, "LIST_LAG_SECONDS", 0.01)
    have(door, a_listed(1))
    await door.interacts(press(AGENT, "tierline.accept", "T-1"))
    await eventually(lambda: AGENT in door.forms.homes)
    have(door, a_listed(2), of=SAM)
    await eventually(lambda: "T-2" in section(door.forms.homes[AGENT], "Mine"))

    assert [(ticket, command.request) for ticket, command in door.desk.commands] == [("T-1", Accept())]
    assert "Done: accept T-1" in text_of(door.forms.homes[AGENT])
    assert [*door.forms.whispers, *door.forms.letters, *door.response_urls.told] == []


async def test_a_form_that_was_opened_there_ends_there(door: FrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_home, "LIST_LAG_SECONDS", 0.0)
    have(door, a_listed(1))
    await door.interacts(press(AGENT, "tierline.resolve", "T-1"))
    form = door.forms.views[-1]
    answer = await door.submits(form, {"text": written("It works again")}, user=AGENT)
    await eventually(lambda: AGENT in door.forms.homes)

    assert answer.content == b""
    assert "Done: resolve T-1" in text_of(door.forms.homes[AGENT])
    assert door.forms.letters == []


async def test_a_refusal_there_is_read_there(door: FrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_home, "LIST_LAG_SECONDS", 0.0)
    await door.interacts(press(AGENT, "tierline.escalate", "T-1042"))
    await eventually(lambda: AGENT in door.forms.homes)

    assert "You cannot escalate a ticket" in text_of(door.forms.homes[AGENT])


# --- the layout ------------------------------------------------------------------------------------------------------


def a_view(policy: Policy, *, accepted: bool = False, at: datetime = NOW) -> TicketView:
    """T-1042 as its workflow tells it, opened half an hour before ``at``."""
    opened = at - HOUR / 2
    ticket = open_ticket(a_ticket(title="Card <payments> fail & burn"), policy, opened).state
    if accepted:
        ticket = decide(ticket, Command(id="c", by=SAM, request=Accept()), opened).state
    # What a query tells is of the workflow's last message.
    return view_of(ticket, opened)


def a_home_of(*tickets: HomeTicket, **changes: Any) -> Home:
    fields: dict[str, Any] = {
        "made_at": NOW,
        "team_name": "Support",
        "tier_names": {Tier.L1: "Support"},
        "allowed": frozenset(CardButton),
        "mine": tickets,
    }
    return Home(**(fields | changes))


def test_a_ticket_is_read_at_a_glance(policy: Policy) -> None:
    home = home_view(a_home_of(HomeTicket(a_listed(1042), a_view(policy, accepted=True))))
    mine = section(home, "Mine")

    assert "🟡 *T-1042* Card &lt;payments&gt; fail &amp; burn" in mine
    assert "P3 · L1 Support · with sam" in mine
    due = int((NOW + HOUR / 2).timestamp())
    assert f"⏱ resolution `▓▓▓▓▓░░░░░` 50 % · due <!date^{due}^" in mine
    assert "tierline.accept" not in buttons(home, "T-1042")


def test_a_bar_counts_on_while_the_workflow_sleeps(policy: Policy) -> None:
    clock = next_clock(a_view(policy))
    assert clock is not None
    assert clock.kind is ClockKind.RESOLUTION
    assert [share_of(clock, NOW + later) for later in (-HOUR / 2, HOUR / 4, HOUR)] == [0.0, 0.75, 1.0]
    breached = clock.model_copy(update={"breached_at": clock.due_at})
    assert share_of(breached, NOW) == 1.0


def test_clocks_that_stand_still_are_told_from_none_at_all(policy: Policy) -> None:
    view = a_view(policy)
    waits = view.model_copy(
        update={
            "clocks": [one.model_copy(update={"status": ClockStatus.PAUSED, "due_at": None}) for one in view.clocks]
        }
    )
    over = view.model_copy(update={"clocks": []})
    text = text_of(home_view(a_home_of(HomeTicket(a_listed(1042), waits), HomeTicket(a_listed(1043), over))))

    assert (text.count("⏸ Its clocks stand still"), text.count("No clock runs")) == (1, 1)


def test_the_clock_that_can_still_be_kept_comes_first(policy: Policy) -> None:
    view = a_view(policy)
    (running,) = [clock for clock in view.clocks if clock.status is ClockStatus.RUNNING]
    missed = running.model_copy(update={"kind": ClockKind.FIRST_RESPONSE, "breached_at": NOW - HOUR, "due_at": NOW})
    both = view.model_copy(update={"clocks": (missed, running)})
    text = section(home_view(a_home_of(HomeTicket(a_listed(1042), both))), "Mine")

    assert next_clock(both) == running
    assert "⛔ Breached: first response" in text
    alone = section(
        home_view(a_home_of(HomeTicket(a_listed(1), view.model_copy(update={"clocks": (missed,)})))), "Mine"
    )
    assert "breached, was due" in alone


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Asia/Kolkata", "2026-11-20 17:30 IST"), (None, "2026-11-20 12:00 UTC"), ("Mars/Phobos", "2026-11-20 12:00 UTC")],
)
def test_times_are_in_the_persons_zone_where_slack_shows_no_dates(zone: str | None, shown: str) -> None:
    assert f"|{shown}>" in text_of(home_view(a_home_of(zone=zone)))


def test_the_longest_home_keeps_to_slacks_limits(policy: Policy) -> None:
    view = a_view(policy)
    long = view.model_copy(update={"title": "<" * 200, "owner": "&" * 2_000, "customer": "x"})
    listed = [replace(a_listed(n), late=("slack",)) for n in range(10_000, 10_025)]
    tickets = [HomeTicket(one, long.model_copy(update={"id": one.ticket_id})) for one in listed]
    home = a_home_of(
        *tickets[:10],
        team=tickets[10:],
        team_hidden=900,
        mine_hidden=40,
        waiting=[Waiting(owner, 5, "T-1", NOW) for owner in Owner],
        late={lane: [one.ticket_id for one in listed] for lane in ("slack", "jira", "pagerduty")},
        more=True,
        said="x" * 4_000,
    )
    assert find_view_errors(home_view(home), "home") == []


def test_customers_are_not_named_in_lists(policy: Policy) -> None:
    named = a_ticket().model_copy(update={"customer": Customer(id="c", name="Contoso")})
    view = view_of(open_ticket(named, policy, NOW).state, NOW)

    assert "Contoso" not in text_of(home_view(a_home_of(HomeTicket(a_listed(1042), view))))
