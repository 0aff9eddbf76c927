"""Scenarios: an operator asks `tierline check` what is still to be done."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from cli.connections import try_connections
from cli.findings import Finding, Verdict
from cli.route_needs import needs_of
from config.policy import PLACEHOLDER
from domain.engineering_rules import EngineeringRules, ImpactClass, ImpactRules, ProjectRules
from domain.issues import IssueMeaning, Tracker
from domain.page_rules import PageRules, PageService, PageTarget
from domain.policy import ClockKind, ClockRules, Match, Policy, Route, TierRules
from domain.tiers import Priority, Tier
from integrations.checks import Check
from integrations.clients import Clients
from integrations.errors import PassingFailure
from integrations.issue_tracker import RouteNeeds
from integrations.pager import PagerNeeds
from sandbox import engine
from sandbox.faults import Fault
from sandbox.jira.state import CustomField
from sandbox.server import Sandbox
from tests.cli.tierline import Run, environment_of, tierline
from tests.shared import REPOSITORY

NOBODY = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
"""Where no Temporal listens."""

POLICY = """\
name: Acme
version: "7"
tiers:
  L1: {name: Frontline, channel: C0SUPL1}
  L2: {name: Technical, channel: C0SUPL2}
  L3: {name: Engineering, channel: C0ENG}
clocks:
  handoff:
    targets: {P1: 15m, P2: 30m, P3: 2h, P4: 4h}
routes:
  - {match: {product: payments}, tracker: jira, project: PAY, issue_type: Bug}
  - {tracker: github, project: acme/storefront}
quiet_time: 3d
digest: {team: support, channel: C0LEADS, period: 7d, cron: "0 7 * * MON"}
"""


@pytest.fixture
async def outside() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def with_policy(folder: Path, text: str = POLICY) -> dict[str, str]:
    (folder / "team.yaml").write_text(text)
    return {"TIERLINE_POLICY_FILE": "team.yaml"}


def without(environment: dict[str, str], *prefixes: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(prefixes)}


def only_words(run: Run) -> None:
    assert run.err == ""
    assert "Traceback" not in run.out


async def test_an_empty_environment_names_each_missing_variable_in_one_line(tmp_path: Path) -> None:
    run = await tierline("check", folder=tmp_path, environment={})
    assert run.code == 1
    only_words(run)
    named = [line.split(":")[0] for line in run.marked("!!")]
    assert named == [
        "TIERLINE_GATEWAY__LINK_SECRET",
        "TIERLINE_GATEWAY__API_TOKENS",
        "TIERLINE_SLACK__BOT_TOKEN",
        "TIERLINE_SLACK__SIGNING_SECRET",
        "TIERLINE_JIRA__URL",
        "TIERLINE_JIRA__EMAIL",
        "TIERLINE_JIRA__API_TOKEN",
        "TIERLINE_JIRA__WEBHOOK_SECRET",
        "TIERLINE_GITHUB__TOKEN",
        "TIERLINE_GITHUB__WEBHOOK_SECRET",
        "TIERLINE_POLICY_FILE",
        *(["Temporal"] if "Temporal" in named else []),
    ]
    notes = run.marked("--")
    assert notes[0] == "TEMPORAL_ADDRESS: not set; 127.0.0.1:7233 is used"
    assert notes[1].startswith("pagerduty: not set up, which is fine")
    assert "TIERLINE_PAGERDUTY__API_KEY" in notes[1]
    assert notes[2].startswith("mail: not set up, which is fine")
    assert run.lines[-1] == f"{len(named)} to do (!!)"


@pytest.mark.e2e
async def test_all_is_well_with_the_demo_policy(tmp_path: Path, outside: Sandbox, dev_server: engine.DevServer) -> None:
    temporal = {"TEMPORAL_ADDRESS": dev_server.address, "TEMPORAL_NAMESPACE": dev_server.namespace}
    policy = with_policy(tmp_path, (REPOSITORY / "config" / "policies" / "demo.yaml").read_text())
    run = await tierline("check", folder=tmp_path, environment={**environment_of(outside), **policy, **temporal})
    only_words(run)
    assert run.marked("!!") == []
    assert (run.code, run.lines[-1]) == (0, "All is well.")
    told = run.marked("ok")
    assert told[0] == "settings: every variable that is needed is there"
    assert told[1] == "policy: team.yaml: Demo, version demo-1"
    assert told[2] == f"Temporal: namespace {dev_server.namespace} at {dev_server.address}"
    named = ("C0SUPL1", "C0SUPL2", "C0ENG", "C0VENDORS", "C0LEADS", "Jira: project PAY", "acme/storefront", "PSVCPAY")
    for name in named:
        assert [line for line in told if name in line], name
    assert told[-1].lower().startswith("mail")


@pytest.mark.e2e
async def test_a_namespace_that_there_is_not(tmp_path: Path, dev_server: engine.DevServer) -> None:
    temporal = {"TEMPORAL_ADDRESS": dev_server.address, "TEMPORAL_NAMESPACE": "nowhere"}
    run = await tierline("check", folder=tmp_path, environment=temporal)
    assert run.marked("!!")[-1] == (
        f"Temporal: {dev_server.address} has no namespace nowhere; create it (temporal operator namespace create -n nowhere), "
        "or name another in TEMPORAL_NAMESPACE"
    )


async def test_no_temporal_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    run = await tierline("check", folder=tmp_path, environment=NOBODY)
    assert run.marked("!!")[-1] == (
        "Temporal: nothing answers at 127.0.0.1:1; start a server (docker compose up, or temporal server start-dev), "
        "or name another in TEMPORAL_ADDRESS"
    )


async def test_slack_and_github_alone_are_enough(tmp_path: Path, outside: Sandbox) -> None:
    github_only = POLICY.replace("  - {match: {product: payments}, tracker: jira, project: PAY, issue_type: Bug}\n", "")
    environment = without(environment_of(outside), "TIERLINE_JIRA", "TIERLINE_PAGERDUTY", "TIERLINE_MAIL")
    run = await tierline(
        "check", folder=tmp_path, environment={**environment, **with_policy(tmp_path, github_only), **NOBODY}
    )
    only_words(run)
    assert [line.split(":")[0] for line in run.marked("!!")] == ["Temporal"]
    assert any(line.startswith("jira: not set up, which is fine") for line in run.marked("--"))


async def test_a_policy_that_asks_for_a_system_which_is_not_set_up(tmp_path: Path, outside: Sandbox) -> None:
    asking = POLICY.replace("channel: C0ENG}", "channel: C0ENG, page: {service: PSVCPAY}}")
    asking += "vendors: {cardnet: {name: Cardnet, email: support@cardnet.example, target: 1d}}\n"
    asking += "pager_watch: {every: 5m, look_ahead: 1d, channel: C0LEADS}\n"
    environment = without(environment_of(outside), "TIERLINE_JIRA", "TIERLINE_PAGERDUTY", "TIERLINE_MAIL")
    run = await tierline(
        "check", "--offline", folder=tmp_path, environment={**environment, **with_policy(tmp_path, asking)}
    )
    assert run.code == 1
    assert run.marked("!!") == [
        "policy: routes[0] opens issues in jira, which is not set up; set its variables (TIERLINE_JIRA__…) "
        "or take the route out",
        "policy: tiers.L3.page wakes people through PagerDuty, which is not set up; set its variables "
        "(TIERLINE_PAGERDUTY__…) or take `page` out",
        "policy: pager_watch looks after PagerDuty, which is not set up; set its variables "
        "(TIERLINE_PAGERDUTY__…) or take `pager_watch` out",
        "policy: vendors (cardnet) are written to by mail, which is not set up; set its variables "
        "(TIERLINE_MAIL__…) or take the vendors out",
    ]


async def test_wrong_credentials_and_a_missing_channel_are_told_beside_what_works(
    tmp_path: Path, outside: Sandbox
) -> None:
    environment = {**environment_of(outside), "TIERLINE_JIRA__API_TOKEN": "wrong-token", **NOBODY}
    policy = with_policy(tmp_path, POLICY.replace("C0SUPL2", "C0NOWHERE"))
    run = await tierline("check", folder=tmp_path, environment={**environment, **policy})
    assert run.code == 1
    only_words(run)
    told = [line for line in run.marked("!!") if not line.startswith("Temporal")]
    assert [line.split(":")[0] for line in told] == ["Slack", "Jira"]
    assert "C0NOWHERE" in told[0]
    assert "wrong-token" not in run.out
    assert any(line.startswith("GitHub") for line in run.marked("ok"))


@pytest.mark.parametrize("system", ["slack", "jira", "github", "pagerduty"])
@pytest.mark.parametrize("kind", ["status", "rate_limit"])
async def test_a_vendor_that_is_down_is_one_line(tmp_path: Path, outside: Sandbox, system: str, kind: str) -> None:
    fault = {"system": system, "kind": kind, **({"status": 503} if kind == "status" else {"retry_after_s": 60})}
    outside.faults.add(Fault.model_validate(fault))
    run = await tierline(
        "check", folder=tmp_path, environment={**environment_of(outside), **with_policy(tmp_path), **NOBODY}
    )
    only_words(run)
    told = [line for line in run.marked("!!") if not line.startswith("Temporal")]
    assert len(told) == 1
    assert told[0].lower().startswith(system)


async def test_a_policy_with_mistakes_names_file_and_line(tmp_path: Path, outside: Sandbox) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(POLICY.replace("quiet_time: 3d", "quiet_time: soon"))
    run = await tierline(
        "check", "--offline", "--policy", "wrong.yaml", folder=tmp_path, environment=environment_of(outside)
    )
    assert run.code == 1
    assert run.marked("!!") == [
        "wrong.yaml:13: quiet_time: write a length of time as 30s, 15m, 4h, 2d or 1h30m",
    ]


async def test_placeholders_of_the_teams_own_copy_are_named_with_their_lines(tmp_path: Path, outside: Sandbox) -> None:
    policy = with_policy(tmp_path, POLICY.replace("C0SUPL2", "C0REPLACEL2"))
    run = await tierline("check", "--offline", folder=tmp_path, environment={**environment_of(outside), **policy})
    assert run.marked("!!") == ["team.yaml:5: tiers.L2.channel: C0REPLACEL2 is a placeholder; write your own value"]


async def test_dotenv_in_the_working_directory_is_read(tmp_path: Path, outside: Sandbox) -> None:
    environment = {**environment_of(outside), **with_policy(tmp_path)}
    (tmp_path / ".env").write_text("\n".join(f"{name}='{value}'" for name, value in environment.items()))
    run = await tierline("check", "--offline", folder=tmp_path)
    assert (run.code, run.marked("!!"), run.lines[-1]) == (0, [], "All is well.")


class Outside:
    """A system whose check does what the test says."""

    def __init__(self, work: Callable[[], list[Check]]) -> None:
        self._work = work

    def check(self, names: Sequence[str], *_: object, **__: object) -> list[Check]:
        return self._work()


def clients(*, slack: Callable[[], list[Check]], jira: Callable[[], list[Check]]) -> Clients:
    return Clients(chat=cast(None, Outside(slack)), jira=cast(None, Outside(jira)))


async def answers(of: Clients, patience: timedelta) -> list[Finding]:
    tasks = try_connections(of, None, NOBODY, patience=patience)
    return [finding for found in await asyncio.gather(*tasks) for finding in found]


class PagerAsked:
    """A pager that keeps what it was asked to check."""

    def __init__(self) -> None:
        self.needs = PagerNeeds()

    def check(self, needs: PagerNeeds) -> list[Check]:
        self.needs = needs
        return []


@pytest.mark.parametrize(
    ("public_url", "webhooks"),
    [
        ("https://tierline.example/", "https://tierline.example/webhooks/pagerduty"),
        # PagerDuty cannot reach this machine's own address: nothing is to be set up for it.
        ("http://127.0.0.1:8090", None),
        (None, None),
    ],
)
async def test_pagerduty_is_asked_for_what_the_policy_names(public_url: str | None, webhooks: str | None) -> None:
    page = PageRules(
        service="PSVCPAY",
        services=(
            PageService(match=Match(component="web"), service="PSVCWEB", escalation_policy="PEPSUP"),
            PageService(match=Match(component="cards"), service=f"P{PLACEHOLDER}"),
        ),
        priorities={Priority.P1: "SEV-1"},
    )
    tiers = {Tier.L1: TierRules(name="Support", channel="C0SUPL1", page=page)}
    hour = timedelta(hours=1)
    clocks = {ClockKind.RESOLUTION: ClockRules(targets=dict.fromkeys(Priority, hour))}
    policy = Policy(name="acme", version="1", tiers=tiers, clocks=clocks, quiet_time=hour)
    pager = PagerAsked()

    await asyncio.gather(*try_connections(Clients(pager=cast(None, pager)), policy, NOBODY, public_url=public_url))

    assert pager.needs.targets == (
        PageTarget(service="PSVCPAY"),
        PageTarget(service="PSVCWEB", escalation_policy="PEPSUP"),
    )
    assert (pager.needs.priorities, pager.needs.webhook_url) == (("SEV-1",), webhooks)
    assert pager.needs.start is not None
    assert pager.needs.end == pager.needs.start + timedelta(days=1)


async def test_systems_are_tried_side_by_side() -> None:
    both = threading.Barrier(2, timeout=20)

    def met() -> list[Check]:
        both.wait()  # passes only when the other one is being tried as well
        return [Check(what="met", ok=True)]

    found = await answers(clients(slack=met, jira=met), timedelta(seconds=30))
    assert found[1:] == [Finding(Verdict.OK, "met"), Finding(Verdict.OK, "met")]


async def test_a_system_that_never_answers_does_not_hold_up_the_others() -> None:
    release = threading.Event()

    def never() -> list[Check]:
        release.wait(30)
        return []

    def fails() -> list[Check]:
        raise PassingFailure("jira", "it is down; try again later")

    try:
        found = await answers(clients(slack=never, jira=fails), timedelta(milliseconds=200))
    finally:
        release.set()
    assert found[1:] == [
        Finding(Verdict.TO_DO, "Slack: no answer within 0.2 seconds; is it down, or a firewall in between?"),
        Finding(Verdict.TO_DO, "jira: it is down; try again later"),
    ]


async def test_a_surprise_in_one_system_is_one_line() -> None:
    def surprise() -> list[Check]:
        raise ValueError("two\nlines")

    found = await answers(clients(slack=surprise, jira=lambda: []), timedelta(seconds=30))
    assert found[1:] == [Finding(Verdict.TO_DO, "Slack: cannot be tried: ValueError: two lines")]


def told_of(run: Run, what: str) -> list[str]:
    return [line for line in run.marked("!!") if what in line]


async def test_what_a_route_lacks_of_its_project_is_told_before_an_escalation_finds_out(
    tmp_path: Path, outside: Sandbox
) -> None:
    outside.jira.custom_fields["PAY"] = [
        CustomField(id="customfield_10050", name="Found in", required=True, options=("Production", "Staging"))
    ]
    rules = (
        "engineering:\n"
        "  impact: {classes: [{name: high, at: 10, priority: Burning, labels: [impact-high]}]}\n"
        "  projects: {PAY: {statuses: {Shipped: released}, reopen_to: Backlog}}\n"
    )
    environment = {**environment_of(outside), **NOBODY}
    lacking = await tierline(
        "check", folder=tmp_path, environment={**environment, **with_policy(tmp_path, POLICY + rules)}
    )

    assert lacking.code == 1
    only_words(lacking)
    told = "\n".join(told_of(lacking, "Jira: project PAY"))
    assert "Bug needs Found in (customfield_10050), which no route fills (allowed: Production, Staging)" in told
    assert "Burning" in told
    assert "there is no status or resolution Shipped, Backlog" in told

    filled = POLICY.replace("issue_type: Bug}", 'issue_type: Bug, fields: {"Found in": {value: Production}}}')
    whole = await tierline("check", folder=tmp_path, environment={**environment, **with_policy(tmp_path, filled)})
    assert told_of(whole, "Jira") == []


def test_what_is_asked_of_a_tracker_is_what_its_routes_their_impact_and_their_projects_say() -> None:
    high = ImpactClass(name="high", at=10, priority="High", labels=("impact-high",))
    wished = ImpactClass(name="wished", at=5, labels=("wish",))
    engineering = EngineeringRules(
        impact=ImpactRules(classes=(high,), features=(wished,)),
        projects={"pay": ProjectRules(statuses={"Won't Do": IssueMeaning.DECLINED}, reopen_to="To Do", public=True)},
    )
    jira = Route(
        tracker=Tracker.JIRA,
        project="PAY",
        issue_type="Bug",
        labels=("support",),
        priorities={Priority.P1: "Highest", Priority.P2: "High"},
        components=("Checkout",),
        fields={"Found in": "here"},
        assignee="acc-ada",
        watchers=("acc-lena",),
    )
    unfinished = Route(tracker=Tracker.JIRA, project=f"{PLACEHOLDER}KEY", issue_type="Bug")
    github = Route(tracker=Tracker.GITHUB, project="acme/storefront", labels=("bug",))
    policy = Policy(
        name="acme",
        version="1",
        tiers={Tier.L1: TierRules(name="Support", channel="C0SUPL1")},
        clocks={ClockKind.RESOLUTION: ClockRules(targets=dict.fromkeys(Priority, timedelta(hours=1)))},
        quiet_time=timedelta(hours=1),
        routes=(jira, unfinished, github),
        engineering=engineering,
    )

    assert needs_of(policy, Tracker.JIRA) == (
        RouteNeeds(
            project="PAY",
            issue_type="Bug",
            labels=("support", "impact-high", "wish"),
            priorities=("Highest", "High"),
            components=("Checkout",),
            fields=("Found in",),
            assignee="acc-ada",
            watchers=("acc-lena",),
            statuses=("Won't Do", "To Do"),
            public=True,
        ),
    )
    assert needs_of(policy, Tracker.GITHUB) == (
        RouteNeeds(project="acme/storefront", labels=("bug", "impact-high", "wish")),
    )
    assert needs_of(None, Tracker.JIRA) == ()
