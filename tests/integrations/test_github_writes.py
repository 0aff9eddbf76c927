"""What Tierline sets on a GitHub issue: labels and state, one summary, comments for whoever may read them, an assignee."""

from typing import Any

import pytest

from domain.issues import IssueAttachment, IssueFieldChanges, IssueRef, Tracker, Visibility
from integrations.errors import PassingFailure, PermanentFailure
from integrations.github.markers import carries_any, marked
from integrations.github.states import change_to, is_known
from integrations.issue_tracker import AttachedFile
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft

DRAFT = issue_draft(Tracker.GITHUB)
PUBLIC = DRAFT.model_copy(update={"project": "acme/storefront-sdk"})


@pytest.fixture
async def ref(world: World) -> IssueRef:
    return await world.do(world.github.open_issue, DRAFT, recheck=False)


async def board(world: World, ref: IssueRef) -> Any:
    issues = await world.people("GET", "/github/issues")
    return next(one for one in issues if f"{one['repository']}#{one['number']}" == ref.key)


async def ada(world: World, ref: IssueRef, what: str, **details: Any) -> Any:
    path = f"/github/issues/{ref.key.replace('#', '/')}/{what}"
    return await world.people("POST", path, {"user": "ada-dev", **details})


async def test_labels_come_and_go_beside_those_of_others(world: World, ref: IssueRef) -> None:
    await ada(world, ref, "label", label="cart")
    high = IssueFieldChanges(add_labels=("impact: high", "support"), remove_labels=("impact: low",))

    await world.do(world.github.change, ref, high)
    low = IssueFieldChanges(add_labels=("impact: low",), remove_labels=("impact: high", "never there"))
    await world.do(world.github.change, ref, low)

    assert (await board(world, ref))["labels"] == ["support", "cart", "impact: low"]
    assert not any(call.startswith("PUT ") for call in world.asked("github"))


async def test_what_is_so_already_is_told_to_nobody(world: World, ref: IssueRef) -> None:
    changes = IssueFieldChanges(add_labels=("support",), remove_labels=("impact: low",), status="open", priority="P1")
    before = len(world.sandbox.ledger.entries("github"))

    await world.do(world.github.change, ref, changes)

    assert len(world.sandbox.ledger.entries("github")) == before


async def test_the_states_and_their_reasons(world: World, ref: IssueRef) -> None:
    for wanted, state, reason in (
        ("closed (not planned)", "closed", "not_planned"),
        ("open", "open", "reopened"),
        ("completed", "closed", "completed"),
    ):
        await world.do(world.github.change, ref, IssueFieldChanges(status=wanted))
        now = await board(world, ref)
        assert (now["state"], now["state_reason"]) == (state, reason)
    with pytest.raises(PermanentFailure, match="GitHub has no status 'In Review'; write one of open, closed"):
        await world.do(world.github.change, ref, IssueFieldChanges(status="In Review"))


def test_words_of_a_policys_table() -> None:
    assert all(map(is_known, ("open", "Closed", "closed (not planned)", "not_planned", "Duplicate")))
    assert not is_known("Done")
    assert change_to("Reopened") == {"state": "open", "state_reason": "reopened"}


async def test_who_may_not_label_is_told_so(world: World, ref: IssueRef) -> None:
    await world.people("PATCH", "/github/repositories/acme/storefront", {"access": "triage"})
    with pytest.raises(PermanentFailure, match="no such repository or issue, or the token may not see it"):
        await world.do(world.github.change, ref, IssueFieldChanges(add_labels=("brand new",)))
    await world.people("PATCH", "/github/repositories/acme/storefront", {"access": "read"})

    with pytest.raises(PermanentFailure, match="give it read and write on issues") as caught:
        await world.do(world.github.change, ref, IssueFieldChanges(add_labels=("bug",)))

    assert caught.value.status == 403


async def test_there_is_one_summary_and_it_is_edited_in_place(world: World, ref: IssueRef) -> None:
    show = world.github.show_summary
    first = await world.do(show, ref, "1 ticket", comment_id=None, key="a/1", recheck=False)
    # By a workflow that was begun anew, and knows nothing.
    second = await world.do(show, ref, "2 tickets", comment_id=None, key="b/1", recheck=False)
    third = await world.do(show, ref, "3 tickets", comment_id=first, key="b/2", recheck=False)

    assert first == second == third
    (comment,) = (await board(world, ref))["comments"]
    assert comment["text"].startswith("3 tickets")


async def test_a_summary_whose_answer_was_lost_is_not_doubled(world: World, ref: IssueRef) -> None:
    world.break_down("github", "drop_after", operation="/comments", method="POST", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.github.show_summary, ref, "1 ticket", comment_id=None, key="a/1", recheck=False)

    await world.do(world.github.show_summary, ref, "1 ticket", comment_id=None, key="a/1", recheck=True)

    assert len(world.written("github", "comment.create")) == 1


async def test_a_deleted_summary_is_written_anew(world: World, ref: IssueRef) -> None:
    show = world.github.show_summary
    first = await world.do(show, ref, "1 ticket", comment_id=None, key="a/1", recheck=False)
    await ada(world, ref, f"comments/{first}", text="")

    second = await world.do(show, ref, "2 tickets", comment_id=first, key="a/2", recheck=False)

    assert second != first
    assert [one["text"].splitlines()[0] for one in (await board(world, ref))["comments"]] == ["2 tickets"]


async def test_a_strangers_copy_of_the_summary_is_not_edited(world: World, ref: IssueRef) -> None:
    await ada(world, ref, "comment", text=marked("Mine", f"summary/{ref.id}"))

    await world.do(world.github.show_summary, ref, "1 ticket", comment_id=None, key="a/1", recheck=True)

    assert [one["author"] for one in (await board(world, ref))["comments"]] == ["ada-dev", "tierline-bot"]


async def test_an_internal_comment_is_not_written_where_strangers_read(world: World, ref: IssueRef) -> None:
    """What bit others: a report was published by itself (mozilla/fxa 13267)."""
    public = await world.do(world.github.open_issue, PUBLIC, recheck=False)

    with pytest.raises(PermanentFailure, match="everybody reads the issues of this repository") as caught:
        await world.do(world.github.comment, public, "Initech is angry", key="T-1/1", recheck=False)
    assert caught.value.code == "public_repository"
    await world.do(world.github.comment, public, "Fixed?", key="T-1/2", recheck=False, visibility=Visibility.PUBLIC)
    await world.do(world.github.comment, ref, "Initech is angry", key="T-1/1", recheck=False)

    assert len((await board(world, public))["comments"]) == 1
    assert len((await board(world, ref))["comments"]) == 1


async def test_an_assignee_is_assigned_and_one_who_cannot_be_is_told(world: World) -> None:
    good = await world.do(
        world.github.open_issue, DRAFT.model_copy(update={"assignee": "Ada-Dev", "key": "T-1"}), recheck=False
    )
    bad = await world.do(
        world.github.open_issue, DRAFT.model_copy(update={"assignee": "gone", "key": "T-2"}), recheck=False
    )
    await world.people("PATCH", "/github/repositories/acme/storefront", {"access": "read"})
    dropped = await world.do(
        world.github.open_issue, DRAFT.model_copy(update={"assignee": "ada-dev", "key": "T-3"}), recheck=False
    )

    assert (await board(world, good))["assignees"] == ["ada-dev"]
    for ref, login in ((bad, "gone"), (dropped, "ada-dev")):
        now = await board(world, ref)
        assert now["assignees"] == []
        assert f"Assign somebody: the policy names {login}" in now["body"]
        assert carries_any(now["body"])
    assert len(world.written("github", "issue.create")) == 3


async def test_components_become_labels(world: World) -> None:
    draft = DRAFT.model_copy(update={"components": ("cart", "support")})

    ref = await world.do(world.github.open_issue, draft, recheck=False)

    assert (await board(world, ref))["labels"] == ["support", "cart"]


async def test_github_takes_no_files(world: World, ref: IssueRef) -> None:
    file = AttachedFile(name="logs.txt", content_type="text/plain", content=b"x")
    before = len(world.asked("github"))

    assert await world.do(world.github.attach, ref, file, key="k", recheck=False) is None
    assert len(world.asked("github")) == before


async def test_too_long_a_text_is_cut_and_keeps_its_mark(world: World, ref: IssueRef) -> None:
    comment = await world.do(world.github.comment, ref, "ä" * 70_000, key="T-1/1", recheck=False)
    again = await world.do(world.github.comment, ref, "ä" * 70_000, key="T-1/1", recheck=True)

    (written,) = (await board(world, ref))["comments"]
    assert comment == again
    assert len(written["text"]) < 65_536


def test_an_attachment_elsewhere_is_not_asked_for(world: World) -> None:
    stranger = IssueAttachment(id="1", name="x", url=f"{world.sandbox.http_url}/github/other/x.png")

    with pytest.raises(PermanentFailure, match="not kept by GitHub"):
        world.github.download(stranger, most_bytes=10)


@pytest.mark.parametrize("recheck", [False, True])
async def test_what_is_written_after_a_transfer_that_nobody_told_reaches_the_issue(
    world: World, ref: IssueRef, recheck: bool
) -> None:
    summary = await world.do(world.github.show_summary, ref, "One ticket", comment_id=None, key="s", recheck=False)
    await ada(world, ref, "transfer", to="acme/payments")

    await world.do(world.github.comment, ref, "The customer called.", key="T-1/9", recheck=recheck)
    await world.do(world.github.show_summary, ref, "Two tickets", comment_id=summary, key="s", recheck=recheck)
    await world.do(world.github.change, ref, IssueFieldChanges(add_labels=("impact: high",)))

    found = await world.do(world.github.fetch, ref, comments_since=None)
    assert found.ref.key == "acme/payments#1"
    assert [comment.text for comment in found.comments] == ["Two tickets", "The customer called."]
    assert "impact: high" in found.labels


async def test_an_internal_comment_does_not_follow_an_issue_to_where_strangers_read(
    world: World, ref: IssueRef
) -> None:
    await ada(world, ref, "transfer", to="acme/storefront-sdk")

    with pytest.raises(PermanentFailure) as caught:
        await world.do(world.github.comment, ref, "The customer called.", key="T-1/9", recheck=False)

    assert caught.value.code == "public_repository"


async def test_what_is_written_on_an_issue_that_is_gone_is_refused(world: World, ref: IssueRef) -> None:
    await ada(world, ref, "delete")

    with pytest.raises(PermanentFailure) as caught:
        await world.do(world.github.comment, ref, "The customer called.", key="T-1/9", recheck=False)

    assert caught.value.status == 410
