"""Scenarios: a lead edits the policy, and is told file, line, field and what is allowed."""

import textwrap
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.policy import PolicyError, find_placeholders, load_policy
from domain.policy import Action, ClockKind
from domain.tiers import Priority, Tier, WaitingOn
from tests.shared import REPOSITORY

SHIPPED = REPOSITORY / "config" / "policies"
LEAST = """\
name: Least
version: "1"
tiers:
  L1: {name: Frontline, channel: C1}
clocks:
  handoff:
    targets: {P1: 15m, P2: 30m, P3: 2h, P4: 4h}
    ladder: up
ladders:
  up:
    rungs:
      - {at: 100, do: [tell_lead]}
quiet_time: 3d
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lead edits; the working directory is around it, so that messages begin with its bare name."""
    monkeypatch.chdir(tmp_path)
    return Path("team.yaml")


def problems_of(file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert caught.value.__cause__ is None
    assert str(caught.value).splitlines() == list(caught.value.problems), "one line for each problem"
    return list(caught.value.problems)


def edited(old: str, new: str) -> str:
    assert old in LEAST
    return LEAST.replace(old, new)


def test_a_policy_that_no_ticket_could_carry_is_refused(file: Path) -> None:
    tiers = "".join(f"      team-{n}: {{name: {'x' * 60}, channel: C{n}}}\n" for n in range(2_000))
    text = edited(
        "  L1: {name: Frontline, channel: C1}\n", f"  L1:\n    name: Frontline\n    channel: C1\n    teams:\n{tiers}"
    )
    (problem,) = problems_of(file, text)
    assert problem.startswith(
        "team.yaml:1: every ticket carries its policy, which may have 120,000 bytes as JSON and has "
    )


def test_the_least_policy_loads(file: Path) -> None:
    file.write_text(LEAST)
    policy = load_policy(file)
    assert policy.clocks[ClockKind.HANDOFF].targets[Priority.P1] == timedelta(minutes=15)
    assert policy.rungs("up")[0].do == (Action.TELL_LEAD,)
    assert policy.quiet_time == timedelta(days=3)


FIELDS_OF_A_TIER = "name, channel, lead, calendar, page, page_on_entry, requires, teams"
FIELDS_OF_THE_POLICY = "name, version, calendars, tiers, entry_tier, slas, clocks, ladders, hand_offs, maintenance, routes, engineering, vendors, quiet_time, digest, audit, pager_watch, severity_channel, emoji, help_desk_url, roles, permissions"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            "P4: 4h}",
            "P4: 4h,\n      P5: 1d}",
            "team.yaml:8: clocks.handoff.targets.P5: not a priority; allowed: P1, P2, P3, P4",
            id="a priority that there is not",
        ),
        pytest.param(
            "channel: C1",
            "chanel: C1, channel: C1",
            f"team.yaml:4: tiers.L1.chanel: no such field; did you mean channel? allowed: {FIELDS_OF_A_TIER}",
            id="an unknown field, with what was meant",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\nxyz: 1",
            f"team.yaml:14: xyz: no such field; allowed: {FIELDS_OF_THE_POLICY}",
            id="an unknown field that resembles nothing",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\nname: Again",
            "team.yaml:14: name: written twice; the first is on line 1",
            id="a field written twice",
        ),
        pytest.param(
            "P1: 15m",
            "P1: 15 minutes",
            "team.yaml:7: clocks.handoff.targets.P1: write a length of time as 30s, 15m, 4h, 2d or 1h30m",
            id="a length of time in other words",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 0s",
            "team.yaml:13: quiet_time: a length of time must be longer than zero",
            id="no length of time",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3",
            "team.yaml:13: quiet_time: write a length of time as 30s, 15m, 4h, 2d or 1h30m",
            id="a length of time without its unit",
        ),
        pytest.param(
            "quiet_time: 3d\n",
            "",
            "team.yaml:1: quiet_time: missing; it has to be given",
            id="a missing field of the policy",
        ),
        pytest.param(
            ", channel: C1",
            "",
            "team.yaml:4: tiers.L1.channel: missing; it has to be given",
            id="a missing field, on the line of what it belongs to",
        ),
        pytest.param(
            "do: [tell_lead]",
            "do: [tell_lead, shout]",
            "team.yaml:12: ladders.up.rungs[0].do[1]: not an action; "
            "allowed: tell_owner, tell_channel, tell_lead, raise_priority, page, hand_off",
            id="an action that there is not",
        ),
        pytest.param(
            "  L1:",
            "  L7:",
            "team.yaml:4: tiers.L7: not a tier; allowed: L0, L1, L2, L3, L4",
            id="a tier that there is not",
        ),
        pytest.param(
            "  handoff:",
            "  hand_off:",
            "team.yaml:6: clocks.hand_off: not a clock; allowed: first_response, next_response, "
            "periodic_update, handoff, tier_work, vendor, requester_wait, agent_work, first_resolution, resolution",
            id="a clock that there is not",
        ),
        pytest.param(
            "at: 100", "at: 0", "team.yaml:12: ladders.up.rungs[0].at: must be at least 1", id="a number too small"
        ),
        pytest.param(
            "at: 100", "at: soon", "team.yaml:12: ladders.up.rungs[0].at: must be a whole number", id="no number"
        ),
        pytest.param(
            'version: "1"', "version: 1", "team.yaml:2: version: must be text; put it in quotes", id="a number for text"
        ),
        pytest.param(
            "do: [tell_lead]", "do: tell_lead", "team.yaml:12: ladders.up.rungs[0].do: must be a list", id="no list"
        ),
        pytest.param(
            "{name: Frontline, channel: C1}",
            "Frontline",
            f"team.yaml:4: tiers.L1: must hold `field: value` lines; fields: {FIELDS_OF_A_TIER}",
            id="text for fields",
        ),
        pytest.param(
            ", P4: 4h",
            "",
            "team.yaml:6: clocks.handoff: give a target for P4 as well",
            id="a priority without a target",
        ),
        pytest.param(
            "ladder: up",
            "ladder: down",
            "team.yaml:8: clocks.handoff.ladder: there is no 'down'; defined: up",
            id="a ladder that there is not",
        ),
        pytest.param(
            "ladder: up",
            "calendar: office",
            "team.yaml:8: clocks.handoff.calendar: there is no 'office'; defined: always",
            id="a calendar that there is not",
        ),
        pytest.param(
            "channel: C1}",
            "channel: C1, page_on_entry: true}",
            "team.yaml:4: tiers.L1: page_on_entry needs `page`: whom to wake",
            id="a page for nobody",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\naudit: {every: 5m, grace: 5m, channel: C1, page: {service: P1, acknowledged_for: 1h}}",
            "team.yaml:14: audit.page.acknowledged_for: the audit's page belongs to no ticket, so nothing is done "
            "behind it: take `acknowledged_for` out",
            id="an acknowledgement that runs out, of a page that belongs to no ticket",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\naudit:\n  every: 5m\n  grace: 5m\n  channel: C1\n"
            "  page: {service: P1, fallback: [{after: 5m, by: slack, people: [U1]}]}",
            "team.yaml:18: audit.page.fallback: the audit's page belongs to no ticket, so nothing is done "
            "behind it: take `fallback` out",
            id="a chain behind a page that belongs to no ticket",
        ),
        pytest.param(
            "ladder: up",
            "pauses: [tier]",
            "team.yaml:6: clocks.handoff: a clock cannot pause while the tier itself is to act; "
            "allowed: customer, engineering, hold, vendor",
            id="a clock that would stand still for ever",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\nentry_tier: L2",
            "team.yaml:14: entry_tier: L2 is not among the tiers",
            id="an entry into no tier",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\ncalendars:\n  never: {zone: UTC}",
            "team.yaml:15: calendars.never: this calendar is never open: give it weekly spans, or always_open: true",
            id="a calendar without open time",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\nroutes:\n  - {tracker: jira, project: PAY}",
            "team.yaml:15: routes[0]: a Jira route needs an issue_type, such as Bug",
            id="a route that is not whole",
        ),
        pytest.param(
            "name: Least",
            "- name: Least",
            "team.yaml:2: not readable as YAML: expected <block end>, but found '?'",
            id="YAML out of place",
        ),
        pytest.param(
            "  L1:", "\tL1:", "team.yaml:4: not readable as YAML: indent with spaces, not with tabs", id="a tab"
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: 3d\n---\nname: Second",
            "team.yaml:14: not readable as YAML: write one document; take the `---` line out",
            id="two documents",
        ),
        pytest.param(
            "quiet_time: 3d",
            "quiet_time: !days 3",
            "team.yaml:13: quiet_time: the tag !days is not used in policies",
            id="a tag",
        ),
        pytest.param(
            "{name: Frontline, channel: C1}",
            "&me {name: a, lead: *me}",
            "team.yaml:4: tiers.L1.lead: an alias that contains itself",
            id="an alias that contains itself",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(file: Path, old: str, new: str, told: str) -> None:
    assert problems_of(file, edited(old, new)) == [told]


def test_several_mistakes_are_told_in_the_order_of_the_file(file: Path) -> None:
    text = edited("version:", "verson:").replace("P2: 30m", "P2: half").replace("tell_lead", "fly")
    assert problems_of(file, text) == [
        "team.yaml:1: version: missing; it has to be given",
        f"team.yaml:2: verson: no such field; did you mean version? allowed: {FIELDS_OF_THE_POLICY}",
        "team.yaml:7: clocks.handoff.targets.P2: write a length of time as 30s, 15m, 4h, 2d or 1h30m",
        "team.yaml:12: ladders.up.rungs[0].do[0]: not an action; "
        "allowed: tell_owner, tell_channel, tell_lead, raise_priority, page, hand_off",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "team.yaml: the file is empty; start from config/policies/default.yaml"),
        (b"# nothing yet\n", "team.yaml: the file is empty; start from config/policies/default.yaml"),
        (b"name: \xff\xfe\n", "team.yaml: not readable as YAML: use plain text in UTF-8"),
        (b"name: \x00\n", "team.yaml: not readable as YAML: use plain text in UTF-8"),
        (b"just words\n", f"team.yaml:1: must hold `field: value` lines; fields: {FIELDS_OF_THE_POLICY}"),
        (b"[" * 3000, "team.yaml: not readable as YAML: use plain text in UTF-8"),
        (b"#" * 1_000_001, "team.yaml: larger than 1 MB; a policy is a few hundred lines"),
    ],
    ids=["empty", "comments only", "not UTF-8", "binary", "plain words", "very deep", "very large"],
)
def test_what_is_no_policy_at_all_is_told(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert caught.value.problems == (told,)


def test_aliases_within_aliases_do_not_fill_the_memory(file: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, here in zip("abcdef", "bcdefg", strict=True):
        lines.append(f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]")
    assert problems_of(file, "\n".join(lines)) == [
        "team.yaml: more than 50000 values; is an alias repeated in an alias?"
    ]


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(PolicyError, match=r"^team\.yaml: there is no such file$"):
        load_policy(file)
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        load_policy(Path())


def test_scalars_mean_what_they_look_like(file: Path) -> None:
    text = edited("name: Least", "name: on")  # YAML 1.1 would read true
    text += textwrap.dedent("""\
        calendars:
          night:
            weekly: {mon: [22:00-06:00]}
            holidays: [2026-12-25, "2027-01-01"]
        """)
    file.write_text(text)
    policy = load_policy(file)
    assert policy.name == "on"
    assert policy.calendars["night"].weekly.mon == ("22:00-06:00",)
    assert policy.calendars["night"].holidays == (date(2026, 12, 25), date(2027, 1, 1))


def test_fields_may_be_shared_by_anchor_and_merge(file: Path) -> None:
    text = edited(
        "  L1: {name: Frontline, channel: C1}",
        "  L1: &tier {name: Frontline, channel: C1, lead: U1}\n  L2: {<<: *tier, name: Second}",
    )
    file.write_text(text)
    second = load_policy(file).tiers[Tier.L2]
    assert (second.name, second.channel, second.lead) == ("Second", "C1", "U1")


def test_the_demo_policy_is_ready_and_fast() -> None:
    policy = load_policy(SHIPPED / "demo.yaml")
    assert find_placeholders(SHIPPED / "demo.yaml") == ()
    assert set(policy.clocks) == {
        ClockKind.FIRST_RESPONSE,
        ClockKind.HANDOFF,
        ClockKind.TIER_WORK,
        ClockKind.RESOLUTION,
    }
    for kind in (ClockKind.FIRST_RESPONSE, ClockKind.HANDOFF):
        assert max(policy.clocks[kind].targets.values()) <= timedelta(minutes=1)
    assert policy.quiet_time <= timedelta(minutes=1)
    assert policy.clocks[ClockKind.RESOLUTION].pauses == {WaitingOn.CUSTOMER}
    route = policy.route(product="storefront", component=None, priority=Priority.P2, plan=None)
    assert route is not None
    assert route.project == "acme/storefront"
    assert policy.vendor_for(product="payments", component=None, priority=Priority.P2, plan=None) == "cardnet"


def test_the_default_policy_loads_and_says_where_the_teams_own_values_go() -> None:
    policy = load_policy(SHIPPED / "default.yaml")
    assert set(policy.clocks) == set(ClockKind) - {ClockKind.VENDOR}
    placeholders = find_placeholders(SHIPPED / "default.yaml")
    lines = (SHIPPED / "default.yaml").read_text().splitlines()
    assert all(placeholder.value in lines[placeholder.line - 1] for placeholder in placeholders)
    assert {"tiers.L1.channel", "roles.lead[0]", "routes[1].project"} <= {found.field for found in placeholders}


def test_an_address_that_mail_cannot_be_sent_to_is_told_with_its_line(file: Path) -> None:
    text = LEAST.replace("tiers:\n  L1: {name: Frontline, channel: C1}\n", PAGED)
    assert problems_of(file, text) == [
        f"team.yaml:{line}: {field}: write an e-mail address such as robin@contoso.example: it alone, in ASCII letters"
        for line, field in ((12, "tiers.L1.page.fallback[0].people[1]"), (16, "vendors.acquirer.email"))
    ]


PAGED = """\
tiers:
  L1:
    name: Frontline
    channel: C1
    page:
      service: P1
      fallback:
        - after: 10m
          by: mail
          people: [lena@acme.example, "=?utf-8?q? <a@b?=.example>"]
vendors:
  acquirer:
    name: Acquirer
    email: Acquirer <desk@acquirer.example>
    target: 4h
"""
