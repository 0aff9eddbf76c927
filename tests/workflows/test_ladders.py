"""Ladders in the live workflow: a snooze outlives the worker, and an edit of the policy's file bends nothing that runs."""

from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from config.policy import load_policy
from domain.messages import Snooze
from domain.policy import Action, ClockKind, ClockRules, Policy
from tests.domain.building import SAM, a_ladder, an_opening, rung, targets, the_clocks, without_ladders
from tests.workflows.desk import Desk, said, until
from tests.workflows.outside import Outside

SECOND = timedelta(seconds=1)


def short_ladder() -> Policy:
    """Acceptance is due within four seconds; the channel is told after one, the lead at the end."""
    ladder = a_ladder(rung(25, Action.TELL_CHANNEL), rung(100, Action.TELL_LEAD))
    quiet = {kind: rules.model_copy(update={"ladder": None}) for kind, rules in the_clocks().items()}
    acceptance = ClockRules(targets=targets(4 * SECOND), ladder="short")
    return without_ladders(clocks=quiet | {ClockKind.HANDOFF: acceptance}, ladders={"short": ladder})


async def test_oncall_1206_a_snoozed_ladder_goes_on_after_a_restart(namespace: Client, outside: Outside) -> None:
    async with Desk(namespace, outside) as before:
        ticket = await before.opens(policy=short_ladder())
        answer = await ticket.does(SAM, Snooze(length=2 * SECOND, reason="on the phone"))
        assert answer.accepted
        cards = outside.chat.cards
        await until(lambda: "T-1042" in cards and cards["T-1042"].snoozed_by == "sam", "the card shows the snooze")
    assert not [text for text in outside.chat.texts() if "acceptance clock" in text]
    async with Desk(namespace, outside) as after:
        handle = namespace.get_workflow_handle("ticket/T-1042")
        reopened = type(ticket)(after, handle)
        view = await reopened.until(lambda view: view.clocks[0].breached_at is not None, "the clock is breached")
        due = view.clocks[0].started_at + 4 * SECOND
        assert view.clocks[0].breached_at == due
        await reopened.until(lambda view: said(view, "The acceptance clock ran out"), "the ladder went on")
        await reopened.rests()
    told = [text for text in outside.chat.texts("C0SUPL1") if text.startswith("T-1042: ")]
    assert [("snooze is over" in text, "ran out in L1" in text) for text in told] == [(True, False), (False, True)]
    assert cards["T-1042"].snoozed_until is None


_FILE = """\
name: Team
version: "{version}"
tiers:
  L1: {{name: Frontline, channel: C0SUPL1, lead: U0LENA}}
clocks:
  handoff: {{targets: {{P1: 2s, P2: 2s, P3: 2s, P4: 2s}}, ladder: up}}
ladders:
  up: {{rungs: [{{at: 100, do: [{action}]}}]}}
quiet_time: 1h
"""


async def test_editing_the_file_never_bends_a_running_ladder(desk: Desk, outside: Outside, tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(_FILE.format(version="1", action="tell_channel"))
    first = await desk.opens(an_opening(ticket_id="T-1"), load_policy(file))
    file.write_text(_FILE.format(version="2", action="tell_lead"))
    second = await desk.opens(an_opening(ticket_id="T-2"), load_policy(file))
    await first.until_said("The acceptance clock ran out in L1: the channel was told")
    view = await second.until_said("The acceptance clock ran out in L1: the lead was told")
    assert view.policy == "Team 2"
    assert [clock.policy_version for clock in (await first.view()).clocks] == ["1"]
