"""Of which issue a GitHub issue is a duplicate: what somebody with rights states, and nobody's passing words."""

import pytest

from domain.issues import IssueRef, Tracker
from integrations.errors import PermanentFailure
from integrations.github.duplicates import stated_original
from sandbox.github.state import Account
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft
from tests.integrations.test_github_snapshot import ada, path_of, seen


async def an_issue(world: World, number: int, body: str = "Cards are declined.") -> IssueRef:
    draft = issue_draft(Tracker.GITHUB, f"T-{number}/1/issue").model_copy(update={"body": body})
    return await world.do(world.github.open_issue, draft, recheck=False)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Duplicate of #7", "#7"),
        ("  duplicate OF #7.", "#7"),
        ("I had a look.\n\nDuplicate of acme/payments#12, closing", "acme/payments#12"),
        ("Duplicate of https://github.com/acme/storefront/issues/7", "https://github.com/acme/storefront/issues/7"),
        ("Duplicate of #7\n\nDuplicate of #8", "#8"),
        ("> It fails for me too\n\nDuplicate of #7", "#7"),
        ("```\ncode\n```\nDuplicate of #7", "#7"),
        ("<details>\nDuplicate of #7\n</details>", "#7"),
        ("Is this a duplicate of #7?", None),
        ("Duplicate of #7?", None),
        ("Duplicate of #7, or is it?", None),
        ("Duplicate of https://github.com/acme/storefront/issues/7?", None),
        ("This is not a duplicate of #7", None),
        ("Not duplicate of #7", None),
        ("> Duplicate of #7", None),
        (">Duplicate of #7\nDuplicate of #8", None),
        ("`Duplicate of #7` is what one has to write", None),
        ("```\nDuplicate of #7\n```", None),
        ("~~~ text\nDuplicate of #7\n```\nDuplicate of #8", None),
        ("    Duplicate of #7", None),
        ("\tDuplicate of #7", None),
        ("<!--\nDuplicate of #7\n-->", None),
        ("<!-- never closed\nDuplicate of #7", None),
        ("<blockquote>\nDuplicate of #7\n</blockquote>", None),
        ("<pre>\nDuplicate of #7\n</pre>\n", None),
        ("Duplicate of #", None),
        ("", None),
    ],
)
def test_what_states_of_which_it_is_a_duplicate(text: str, stated: str | None) -> None:
    assert stated_original(text) == stated


async def test_what_a_customer_asks_is_quoted_in_the_issue_and_states_nothing(world: World) -> None:
    await an_issue(world, 1)
    asked = await an_issue(world, 2, "The customer writes:\nDuplicate of #1, which I sent last week")
    await ada(world, asked, "close", reason="duplicate")

    found = await seen(world, asked)

    assert (found.resolution, found.duplicate_of) == ("duplicate", None)


async def test_only_somebody_with_rights_states_it(world: World) -> None:
    world.sandbox.github.accounts.append(Account(9_201, "passer-by", "passer-by", association="NONE"))
    first, second, third = [await an_issue(world, number) for number in range(3)]
    await ada(world, third, "comment", text=f"Duplicate of #{first.key.partition('#')[2]}")
    await world.people(
        "POST",
        f"{path_of(third)}/comment",
        {"user": "passer-by", "text": f"Duplicate of #{second.key.partition('#')[2]}"},
    )
    await ada(world, third, "close", reason="duplicate")

    assert (await seen(world, third)).duplicate_of == first


async def test_what_tierline_writes_states_nothing(world: World) -> None:
    other, ref = await an_issue(world, 1), await an_issue(world, 2)
    await world.do(world.github.comment, ref, f"Duplicate of {other.key}", key="T-1/1", recheck=False)
    await ada(world, ref, "close", reason="duplicate")

    assert (await seen(world, ref)).duplicate_of is None


async def test_a_pull_request_is_refused_in_a_sentence_and_is_nobodys_original(world: World) -> None:
    pull, ref = await an_issue(world, 1), await an_issue(world, 2)
    world.sandbox.github.issues[0].is_pull_request = True
    address = pull.url.replace("/issues/", "/pull/")

    for reference in (pull.key, address):
        with pytest.raises(PermanentFailure, match=r"acme/storefront#1 is a pull request.*link the issue"):
            await world.do(world.github.find, reference)
    await ada(world, ref, "close", duplicate_of=pull.key)
    assert (await seen(world, ref)).duplicate_of is None
