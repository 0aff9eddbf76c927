"""What Tierline does in Jira, in each kind of it: Cloud by version 3 and by version 2, and Data Center."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.issues import IssueCategory, IssueFieldChanges, SyncedField, Tracker, Visibility
from integrations.errors import PassingFailure, PermanentFailure
from integrations.issue_tracker import AttachedFile
from integrations.jira.account import ApiTokenAccount, PersonalAccessTokenAccount
from integrations.jira.flavours import DataCenter
from integrations.jira.tracker import JiraTracker
from integrations.jira.wiki import wiki
from integrations.jira.wiki_text import plain_of
from integrations.rotating_secret import FileSecret
from sandbox.jira.changes import IssueContent, create_issue
from sandbox.jira.state import ADA, BOT, ISSUE_TYPES, PRIORITIES
from tests.integrations.conftest import World
from tests.integrations.subjects import issue_draft

DRAFT = issue_draft(Tracker.JIRA)
EACH = pytest.mark.parametrize("kind", ["jira", "jira_v2", "jira_data_center"])


def tracker(world: World, kind: str) -> JiraTracker:
    found = getattr(world, kind)
    assert isinstance(found, JiraTracker)
    return found


@EACH
async def test_an_issues_life(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    watcher = ADA.handle if kind == "jira_data_center" else ADA.account_id
    draft = DRAFT.model_copy(
        update={"components": ("Checkout",), "priority": "High", "assignee": watcher, "watchers": (watcher, "nobody")}
    )

    ref = await world.do(jira.open_issue, draft, recheck=True)
    await world.do(jira.comment, ref, "A second customer.", key="T-1/1", recheck=True)
    await world.do(jira.change, ref, IssueFieldChanges(priority="Highest", add_labels=("impact-high",), status="done"))
    await world.do(jira.change, ref, IssueFieldChanges(priority="Highest", add_labels=("impact-high",), status="Done"))
    await world.people("POST", f"/jira/issues/{ref.key}/comment", {"user": "ada", "text": "Found it."})
    seen = await world.do(jira.fetch, ref, comments_since=None)

    issue = world.sandbox.jira.issues[ref.id]
    assert (issue.assignee, issue.watchers, [each.name for each in issue.components]) == (ADA, [BOT, ADA], ["Checkout"])
    assert (seen.project, seen.issue_type, seen.priority, seen.labels) == (
        "PAY",
        "Bug",
        "Highest",
        ("support", "impact-high"),
    )
    assert (seen.category, seen.resolution, seen.assignee) == (IssueCategory.DONE, "Done", ADA.display_name)
    assert [(comment.text, comment.ours) for comment in seen.comments] == [
        ("A second customer.", True),
        ("Found it.", False),
    ]
    priority = seen.stamps[SyncedField.PRIORITY]
    assert (priority.ours, priority.before, len(issue.histories)) == (True, "High", 2)


@EACH
async def test_the_living_summary_is_one_comment_however_often_it_is_shown(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)

    first = await world.do(jira.show_summary, ref, "1 ticket", comment_id=None, key="summary/1", recheck=False)
    again = await world.do(jira.show_summary, ref, "2 tickets", comment_id=None, key="summary/1", recheck=True)
    edited = await world.do(jira.show_summary, ref, "3 tickets", comment_id=first, key="summary/1", recheck=False)

    seen = await world.do(jira.fetch, ref, comments_since=None)
    assert first == again == edited
    assert [(comment.text, comment.ours) for comment in seen.comments] == [("3 tickets", True)]
    assert seen.comments[0].edited_at is not None

    world.sandbox.jira.issues[ref.id].comments.clear()
    anew = await world.do(jira.show_summary, ref, "4 tickets", comment_id=first, key="summary/1", recheck=False)
    assert anew != first
    del world.sandbox.jira.issues[ref.id]
    with pytest.raises(PermanentFailure) as gone:
        await world.do(jira.show_summary, ref, "5 tickets", comment_id=anew, key="summary/1", recheck=False)
    assert gone.value.status == 404


@EACH
async def test_a_file_goes_there_once_and_comes_back_byte_for_byte(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)
    file = AttachedFile(name="a log.txt", content_type="text/plain", content=bytes(range(256)) * 40)
    world.break_down("jira", "drop_after", operation="/attachments", times=1)
    with pytest.raises(PassingFailure):
        await world.do(jira.attach, ref, file, key="T-1/file/1", recheck=False)

    put = await world.do(jira.attach, ref, file, key="T-1/file/1", recheck=True)
    other = await world.do(jira.attach, ref, file, key="T-2/file/1", recheck=True)

    seen = await world.do(jira.fetch, ref, comments_since=None)
    assert put != other
    assert [(each.id, each.ours, each.size_bytes) for each in seen.attachments] == [
        (put, True, 10_240),
        (other, True, 10_240),
    ]
    back = await world.do(jira.download, seen.attachments[0], most_bytes=10_240)
    assert (back.content, back.content_type) == (file.content, "text/plain")
    with pytest.raises(PermanentFailure, match="longer than 10,239 bytes"):
        await world.do(jira.download, seen.attachments[0], most_bytes=10_239)
    untold = seen.attachments[0].model_copy(update={"size_bytes": None})
    with pytest.raises(PermanentFailure, match="longer than 10,239 bytes"):
        await world.do(jira.download, untold, most_bytes=10_239)


@EACH
async def test_private_assets_need_a_session_and_a_page_to_log_in_is_no_file(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)
    await world.people(
        "POST", f"/jira/issues/{ref.key}/attachments", {"user": "ada", "name": "shot.png", "base64": "iVBORw0KGgo="}
    )
    (attachment,) = (await world.do(jira.fetch, ref, comments_since=None)).attachments
    assert (attachment.ours, attachment.author) == (False, ADA.display_name)

    world.sandbox.jira.logged_out = True
    with pytest.raises(PermanentFailure, match="web page"):
        await world.do(jira.download, attachment, most_bytes=1_000_000)

    elsewhere = attachment.model_copy(update={"url": "https://evil.example/shot.png"})
    with pytest.raises(PermanentFailure, match="another site"):
        await world.do(jira.download, elsewhere, most_bytes=1_000_000)


async def test_the_media_host_gets_none_of_our_credentials(world: World) -> None:
    ref = await world.do(world.jira.open_issue, DRAFT, recheck=False)
    await world.people(
        "POST",
        f"/jira/issues/{ref.key}/attachments",
        {"user": "ada", "name": "page", "base64": "PGh0bWw+bG9nIGluPC9odG1sPg==", "content_type": "image/png"},
    )
    (attachment,) = (await world.do(world.jira.fetch, ref, comments_since=None)).attachments

    with pytest.raises(PermanentFailure, match="web page"):
        await world.do(world.jira.download, attachment, most_bytes=1_000_000)

    (asked,) = [each for each in world.exchanges if each.path.startswith("/jira-media/")]
    assert asked.status == 200
    assert "authorization" not in asked.request_headers
    (sent_on,) = [each for each in world.exchanges if "/attachment/content/" in each.path]
    assert "authorization" in sent_on.request_headers


@EACH
async def test_the_feed_tells_what_changed_whatever_the_accounts_time_zone(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    world.sandbox.jira.time_zone = datetime.now().astimezone(None).tzinfo or UTC
    refs = [await world.do(jira.open_issue, issue_draft(Tracker.JIRA, f"T-{n}/1/issue"), recheck=False) for n in "12"]
    start = datetime.now(UTC)
    await world.people("POST", f"/jira/issues/{refs[0].key}/transition", {"user": "ada", "to": "Done"})

    feed = await world.do(jira.changed_since, ["PAY", "GONE"], start, {})

    assert [(each.id, each.key) for each in feed.issues] == [(refs[0].id, refs[0].key)]
    assert start <= feed.until < datetime.now(UTC)
    assert (feed.requests, feed.releases, list(feed.cursors)) == (3, (), ["PAY"])
    world.sandbox.jira.search_lag_s = 3600
    assert (await world.do(jira.changed_since, ["PAY"], start, feed.cursors)).issues == ()


@EACH
async def test_a_bulk_change_is_read_page_by_page_in_the_order_of_the_changes(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    content = IssueContent(ISSUE_TYPES[0], "Checkout fails", None, (), PRIORITIES[0], (), None)
    for _ in range(230):
        create_issue(world.sandbox.jira, ADA, content, {})
    start = datetime.now(UTC)
    await world.people("POST", "/jira/bulk", {"user": "ada", "to": "Done"})

    feed = await world.do(jira.changed_since, ["PAY"], start, {})

    assert {each.id for each in feed.issues} == set(world.sandbox.jira.issues)
    assert [each.updated_at for each in feed.issues] == sorted(each.updated_at for each in feed.issues)
    assert feed.requests == 4


@EACH
async def test_a_release_is_told_once(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)
    await world.people("POST", f"/jira/issues/{ref.key}/edit", {"user": "ada", "fix_versions": ["2.1"]})
    now = datetime.now(UTC)
    planned = await world.do(jira.changed_since, ["PAY"], now, {})
    (version,) = (await world.do(jira.fetch, ref, comments_since=None)).fix_versions
    assert (version.name, version.released, planned.releases) == ("2.1", False, ())

    await world.people("POST", "/jira/versions/release", {"name": "2.1"})

    out = await world.do(jira.changed_since, ["PAY"], now, planned.cursors)
    later = await world.do(jira.changed_since, ["PAY"], now, out.cursors)
    assert (out.releases, later.releases) == (("PAY",), ())
    (version,) = (await world.do(jira.fetch, ref, comments_since=None)).fix_versions
    assert version.released
    assert version.released_at is not None
    assert version.released_at.date() == now.date()


@EACH
async def test_candidates_share_a_word_or_a_component_and_are_open_or_closed_lately(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    for key, title in (("T-1", "Refunds crash the browser"), ("T-2", "Login is slow"), ("T-3", "Refunds are late")):
        await world.do(
            jira.open_issue, issue_draft(Tracker.JIRA, key).model_copy(update={"title": title}), recheck=False
        )
    late = next(issue for issue in world.sandbox.jira.issues.values() if issue.summary == "Refunds are late")
    await world.people("POST", f"/jira/issues/{late.key}/transition", {"user": "ada", "to": "Done"})

    now = datetime.now(UTC)
    found = await world.do(
        jira.similar, "PAY", 'Refunds "AND" crash (again)', (), closed_since=now - timedelta(days=30)
    )
    assert {candidate.title for candidate in found} == {"Refunds crash the browser", "Refunds are late"}
    assert "put a thing into the cart" in found[0].text
    assert all(not label.startswith("tierline") for candidate in found for label in candidate.labels)

    late.resolved = now - timedelta(days=31)
    found = await world.do(jira.similar, "PAY", "Refunds crash", (), closed_since=now - timedelta(days=30))
    assert {candidate.title for candidate in found} == {"Refunds crash the browser"}
    assert await world.do(jira.similar, "PAY", "a b", (), closed_since=now) == []


@EACH
async def test_a_move_is_followed_by_the_numeric_id(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)
    await world.people("POST", f"/jira/issues/{ref.key}/move", {"user": "ada", "project": "PLAT"})

    seen = await world.do(jira.fetch, ref, comments_since=None)

    assert (seen.ref.id, seen.ref.key, seen.project) == (ref.id, "PLAT-1", "PLAT")
    assert seen.ref.url.endswith("/browse/PLAT-1")


@EACH
async def test_the_duplicate_knows_its_original_once_it_is_closed(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    original, copy = [
        await world.do(jira.open_issue, issue_draft(Tracker.JIRA, f"T-{n}/1/issue"), recheck=False) for n in "12"
    ]
    await world.people(
        "POST", f"/jira/issues/{copy.key}/duplicate", {"user": "ada", "of": original.key, "close": False}
    )
    assert (await world.do(jira.fetch, copy, comments_since=None)).duplicate_of is None

    await world.people("POST", f"/jira/issues/{copy.key}/duplicate", {"user": "ada", "of": original.key})

    seen = await world.do(jira.fetch, copy, comments_since=None)
    assert (seen.duplicate_of, seen.resolution) == (original, "Duplicate")
    assert (await world.do(jira.fetch, original, comments_since=None)).duplicate_of is None


@EACH
async def test_in_a_service_desk_internal_means_sd_public_comment(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT.model_copy(update={"project": "HELP"}), recheck=False)
    await world.do(jira.comment, ref, "For us.", key="T-1/1", recheck=False)
    await world.do(jira.comment, ref, "For the customer.", key="T-1/2", recheck=False, visibility=Visibility.PUBLIC)
    path = f"/jira/issues/{ref.key}/comment"
    await world.people("POST", path, {"user": "ada", "text": "Said to the customer."})
    await world.people("POST", path, {"user": "ada", "text": "Said to us.", "internal": True})

    seen = await world.do(jira.fetch, ref, comments_since=None)

    stored = world.sandbox.jira.issues[ref.id].comments
    assert [comment.properties.get("sd.public.comment") for comment in stored[:2]] == [
        {"internal": True},
        {"internal": False},
    ]
    # On Data Center a comment without the property tells nothing of its own; in a service desk it is the customers' too.
    assert [comment.visibility for comment in seen.comments] == [
        Visibility.INTERNAL,
        Visibility.PUBLIC,
        Visibility.PUBLIC,
        Visibility.INTERNAL,
    ]


@EACH
async def test_an_edit_of_an_old_comment_is_news(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)
    await world.people("POST", f"/jira/issues/{ref.key}/comment", {"user": "ada", "text": "Found."})
    comment = world.sandbox.jira.issues[ref.id].comments[0]
    comment.created -= timedelta(days=1)
    comment.updated = comment.created
    since = datetime.now(UTC) - timedelta(hours=1)
    assert (await world.do(jira.fetch, ref, comments_since=since)).comments == ()

    comment.updated = datetime.now(UTC)

    (seen,) = (await world.do(jira.fetch, ref, comments_since=since)).comments
    assert seen.edited_at is not None
    assert seen.edited_at > since


@EACH
async def test_accounts_are_known_by_their_ids_for_jira_hides_their_addresses(world: World, kind: str) -> None:
    jira = tracker(world, kind)
    ref = await world.do(jira.open_issue, DRAFT, recheck=False)
    await world.do(jira.comment, ref, "Ours.", key="T-1/1", recheck=False)
    # Somebody else's program copied our mark.
    await world.people("POST", f"/jira/issues/{ref.key}/comment", {"user": "ada", "text": "Theirs."})
    world.sandbox.jira.issues[ref.id].comments[1].properties["tierline"] = {"key": "T-1/1"}

    seen = await world.do(jira.fetch, ref, comments_since=None)

    assert [comment.ours for comment in seen.comments] == [True, False]
    told = [each for each in world.exchanges if each.path.endswith(f"/issue/{ref.id}")]
    assert b"emailAddress" not in b"".join(each.response_body for each in told)


async def test_a_transition_that_asks_for_fields_is_refused_and_says_which(world: World) -> None:
    ref = await world.do(world.jira.open_issue, DRAFT, recheck=False)
    world.sandbox.jira.asked_by_transitions["31"] = ("resolution",)
    with pytest.raises(PermanentFailure, match="the transition to Done asks for Resolution"):
        await world.do(world.jira.change, ref, IssueFieldChanges(status="Done"))

    del world.sandbox.jira.transitions["31"]
    with pytest.raises(PermanentFailure, match="no transition leads from To Do to Done, only to In Progress, To Do"):
        await world.do(world.jira.change, ref, IssueFieldChanges(status="Done"))

    with pytest.raises(PermanentFailure, match="priority"):
        await world.do(world.jira.change, ref, IssueFieldChanges(priority="Urgent"))


async def test_a_token_that_is_renewed_in_its_file_is_used_at_once(world: World, tmp_path: Path) -> None:
    file = tmp_path / "token"
    secret = FileSecret(file, system="jira", variable="TIERLINE_JIRA__API_TOKEN_FILE")
    jira = JiraTracker(f"{world.sandbox.http_url}/jira", ApiTokenAccount(world.sandbox.credentials.jira_email, secret))
    with pytest.raises(PermanentFailure, match="TIERLINE_JIRA__API_TOKEN_FILE") as unset:
        await world.do(jira.open_issue, DRAFT, recheck=False)
    file.write_text("expired\n")
    with pytest.raises(PermanentFailure, match="TIERLINE_JIRA__API_TOKEN") as expired:
        await world.do(jira.open_issue, DRAFT, recheck=False)
    assert (unset.value.status, expired.value.status) == (401, 401)

    renewed = tmp_path / "renewed"
    renewed.write_text(world.sandbox.credentials.jira_api_token.get_secret_value() + "\n")
    renewed.replace(file)

    assert (await world.do(jira.open_issue, DRAFT, recheck=False)).key == "PAY-1"
    file.unlink()
    assert (await world.do(jira.open_issue, DRAFT, recheck=True)).key == "PAY-1"
    assert "ATATT" not in repr(secret)


async def test_an_expired_personal_access_token_is_named(world: World) -> None:
    stranger = JiraTracker(
        f"{world.sandbox.http_url}/jira-dc", PersonalAccessTokenAccount(SecretStr("expired")), DataCenter()
    )
    with pytest.raises(PermanentFailure, match="TIERLINE_JIRA__PERSONAL_ACCESS_TOKEN") as caught:
        await world.do(stranger.find, "PAY-1")
    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("## Impact", "h2. Impact"),
        ("- two *bold* customers", "* two \\*bold\\* customers"),
        ("h1. no heading", "&#104;1. no heading"),
        ("bq. no quote", "&#98;q. no quote"),
        ("# no number", "&#35; no number"),
        ("a {code}b{code}", "a \\{code\\}b\\{code\\}"),
        ("[~accountid:5b10] look", "\\[\\~accountid:5b10\\] look"),
        ("!secret.png! and it fails!", "\\!secret.png! and it fails!"),
        ("-gone- but 2026-11-22 and snake_case stay", "\\-gone\\- but 2026-11-22 and snake_case stay"),
        ("C:\\\\share", "C:&#92;&#92;share"),
        ("|| a | b ||", "\\|\\| a \\| b \\|\\|"),
        ("fine :) (x)", "fine \\:) \\(x)"),
        ("see https://x.example/a_b?c=*1.", "see https://x.example/a_b?c=*1."),
        ("&#42; stays", "&amp;#42; stays"),
        ("??who??", "\\?\\?who\\?\\?"),
    ],
)
def test_nothing_of_a_text_becomes_wiki_markup(text: str, written: str) -> None:
    assert wiki(text) == written
    assert plain_of(written) == re.sub(r"^## ", "", text)


def test_wiki_text_of_people_is_read_as_words() -> None:
    text = "h2. Cause\n{code:java}pool.close(){code}\n* see [the graph|https://x.example/1]\n\n\n\nbye"
    assert plain_of(text) == "Cause\npool.close()\n- see the graph (https://x.example/1)\n\nbye"
