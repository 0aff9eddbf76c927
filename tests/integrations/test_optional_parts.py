"""What an issue can do without keeps no issue from being found, opened or changed; what was left out is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.issues import IssueFieldChanges, IssueRef, Tracker
from integrations.errors import PermanentFailure
from integrations.jira.tracker import JiraTracker
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft

JIRA, GITHUB = issue_draft(Tracker.JIRA), issue_draft(Tracker.GITHUB)
A_MONTH_AGO = datetime.now(UTC) - timedelta(days=30)
SEVERITY = {"id": "customfield_10050", "name": "Severity", "required": False, "options": ["Minor", "Major"]}


@pytest.fixture(params=["cloud", "cloud v2", "data center"])
def jira(request: pytest.FixtureRequest, world: World) -> JiraTracker:
    return {"cloud": world.jira, "cloud v2": world.jira_v2, "data center": world.jira_data_center}[request.param]


async def opened(world: World, tracker: Any, draft: Any = JIRA, **fields: Any) -> tuple[IssueRef, list[str]]:
    """The issue, and what was left out of it."""
    said: list[str] = []
    ref = await world.do(tracker.open_issue, draft.model_copy(update=fields), recheck=False, say=said.append)
    return ref, said


async def test_a_component_that_the_project_lacks_leaves_the_search_by_words(world: World, jira: JiraTracker) -> None:
    ref, _ = await opened(world, jira)
    said: list[str] = []

    found = await world.do(
        jira.similar, "PAY", "Checkout fails with 502", ("Kasse",), closed_since=A_MONTH_AGO, say=said.append
    )

    assert [each.ref for each in found] == [ref]
    assert said == ["PAY could not be searched by component (Kasse), only by the title's words"]


async def test_a_component_that_the_project_has_is_searched_by_and_nothing_is_said(
    world: World, jira: JiraTracker
) -> None:
    ref, left_out = await opened(world, jira, components=("Refunds",))
    said: list[str] = []

    found = await world.do(jira.similar, "PAY", "x y", ("Refunds",), closed_since=A_MONTH_AGO, say=said.append)

    assert [each.ref for each in found] == [ref]
    assert said == left_out == []


async def test_a_project_that_is_not_there_is_refused_with_a_component_as_without(world: World) -> None:
    for components in ((), ("Refunds",)):
        with pytest.raises(PermanentFailure):
            await world.do(world.jira.similar, "NONE", "Checkout fails", components, closed_since=A_MONTH_AGO)


async def test_an_issue_is_opened_without_what_the_project_refuses(world: World, jira: JiraTracker) -> None:
    await world.people("POST", "/jira/fields", SEVERITY)

    ref, said = await opened(
        world,
        jira,
        priority="Blocker",
        components=("Refunds", "Kasse"),
        assignee="somebody-who-left",
        watchers=("somebody-who-left",),
        fields={"Severity": {"value": "Trivial"}, "Gravity": "9.81", "customfield_10051": "x"},
    )

    stored = world.sandbox.jira.issues[ref.id]
    assert stored.summary == JIRA.title
    assert "tierline-T-1042-3-issue" in stored.labels
    assert ([component.name for component in stored.components], stored.assignee) == (["Refunds"], None)
    assert len(world.written("jira", "issue.create")) == 1
    told = "\n".join(said)
    for part in (
        "field 'Gravity'",
        "priority Blocker",
        "component Kasse:",
        "assignee somebody-who-left",
        "field customfield_10050",
        "field 'customfield_10051'",
        "one watcher less: somebody-who-left",
    ):
        assert told.count(part) == 1, part
    assert len(said) == 7


async def test_what_an_issue_cannot_do_without_still_refuses_it(world: World) -> None:
    required = SEVERITY | {"required": True}
    await world.people("POST", "/jira/fields", required)
    said: list[str] = []

    for fields in ({"issue_type": "Saga"}, {"project": "NONE"}, {"fields": {"Severity": {"value": "Trivial"}}}):
        with pytest.raises(PermanentFailure):
            await world.do(world.jira.open_issue, JIRA.model_copy(update=fields), recheck=False, say=said.append)

    assert said == []
    assert world.written("jira", "issue.create") == []


async def test_a_priority_that_jira_refuses_keeps_neither_labels_nor_status(world: World, jira: JiraTracker) -> None:
    ref, _ = await opened(world, jira)
    changes = IssueFieldChanges(priority="Blocker", add_labels=("impact-high",), status="In Progress")

    with pytest.raises(PermanentFailure, match="priority"):
        await world.do(jira.change, ref, changes)

    stored = world.sandbox.jira.issues[ref.id]
    assert "impact-high" in stored.labels
    assert stored.status.name == "In Progress"


async def test_labels_and_an_assignee_that_github_does_not_take_are_said(world: World) -> None:
    _, said = await opened(world, world.github, GITHUB, assignee="gone")
    assert said == ["acme/storefront did not let gone be assigned; look at the policy's route"]

    await world.people("PATCH", "/github/repositories/acme/storefront", {"access": "read"})
    ref, said = await opened(world, world.github, GITHUB, key="T-2", assignee="ada-dev")
    assert ref.key == "acme/storefront#2"
    assert [sentence.partition(" did not ")[2].partition(";")[0] for sentence in said] == [
        "take the labels support",
        "let ada-dev be assigned",
    ]


async def test_a_label_that_github_calls_invalid_keeps_no_issue(world: World) -> None:
    ref, said = await opened(world, world.github, GITHUB, labels=(" ",), assignee="gone")

    assert ref.key == "acme/storefront#1"
    assert len(said) == 2


async def test_labels_that_github_drops_keep_no_issue_open(world: World) -> None:
    ref, _ = await opened(world, world.github, GITHUB)
    world.break_down("github", "status", method="POST", operation="issues/1/labels", status=422)

    with pytest.raises(PermanentFailure):
        await world.do(
            world.github.change, ref, IssueFieldChanges(add_labels=("impact: high",), status="closed (completed)")
        )

    assert world.sandbox.github.issues[0].state == "closed"
