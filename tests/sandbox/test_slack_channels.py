"""The local Slack's channels: made, filled, named, archived; with links, files, reactions, strangers and limits."""

from typing import Any

import httpx2
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack_workspace import Workspace
from tests.sandbox.slack_workspace import workspace as workspace


async def made_channel(workspace: Workspace, name: str = "incident-t-1", **more: Any) -> str:
    channel_id: str = (await workspace.call("conversations_create", name=name, **more))["channel"]["id"]
    return channel_id


# --- a channel's life ---


async def test_a_channel_for_an_incident_is_made_filled_and_archived(workspace: Workspace) -> None:
    channel = await made_channel(workspace)
    await workspace.call("conversations_invite", channel=channel, users=["U0LENA", "U0ADA"])
    topic = await workspace.call("conversations_setTopic", channel=channel, topic="P1: checkout fails")
    await workspace.call("conversations_setPurpose", channel=channel, purpose="until T-1 is solved")
    link: dict[str, Any] = {
        "title": "T-1",
        "type": "link",
        "link": "https://tierline.example.org/t/T-1",
        "emoji": ":ticket:",
    }
    added = await workspace.call("bookmarks_add", channel_id=channel, **link)
    posted = await workspace.call("chat_postMessage", channel=channel, text="card")
    await workspace.call("pins_add", channel=channel, timestamp=posted["ts"])

    seen = await workspace.sees("U0ADA", channel)
    assert (seen["channel"]["topic"], seen["channel"]["members"]) == (
        "P1: checkout fails",
        ["U0TIERLINE", "U0LENA", "U0ADA"],
    )
    assert topic["channel"]["topic"]["value"] == "P1: checkout fails"
    assert [bookmark["title"] for bookmark in seen["channel"]["bookmarks"]] == ["T-1"]
    assert seen["messages"][0]["pinned_to"] == [channel]

    await workspace.call("bookmarks_remove", channel_id=channel, bookmark_id=added["bookmark"]["id"])
    await workspace.call("conversations_archive", channel=channel)

    place = {"channel": channel, "timestamp": posted["ts"]}
    assert (await workspace.refusal("chat_postMessage", channel=channel, text="x"))["error"] == "is_archived"
    assert (await workspace.refusal("reactions_add", name="eyes", **place))["error"] == "is_archived"
    assert (await workspace.refusal("conversations_archive", channel=channel))["error"] == "already_archived"
    said = await workspace.people.post("/people/slack/message", json={"user": "U0ADA", "channel": channel, "text": "x"})
    assert (said.status_code, said.json()["detail"]) == (409, "is_archived")
    open_ones = await workspace.call("conversations_list", exclude_archived=True)
    assert channel not in [each["id"] for each in open_ones["channels"]]

    await workspace.call("conversations_unarchive", channel=channel)
    assert (await workspace.call("chat_postMessage", channel=channel, text="again"))["ok"]
    assert await workspace.written("conversations.create") == ["incident-t-1"]
    assert await workspace.written("conversations.invite") == [f"{channel}/U0LENA", f"{channel}/U0ADA"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("Incident", "invalid_name_specials"),
        ("in cident", "invalid_name_specials"),
        ("---", "invalid_name_punctuation"),
        ("support-l1", "name_taken"),
    ],
)
async def test_a_channels_name_keeps_to_slacks_rules(workspace: Workspace, name: str, error: str) -> None:
    assert (await workspace.refusal("conversations_create", name=name))["error"] == error


async def test_an_archived_channel_keeps_its_name(workspace: Workspace) -> None:
    channel = await made_channel(workspace)
    await workspace.call("conversations_archive", channel=channel)

    assert (await workspace.refusal("conversations_create", name="incident-t-1"))["error"] == "name_taken"


async def test_an_invitation_is_for_all_or_for_none_unless_forced(workspace: Workspace) -> None:
    channel = await made_channel(workspace)
    people: dict[str, Any] = {"channel": channel, "users": "U0SAM,U0NONE,U0TIERLINE"}

    refused = await workspace.refusal("conversations_invite", **people)
    forced = await workspace.call("conversations_invite", force=True, **people)
    again = await workspace.refusal("conversations_invite", channel=channel, users="U0SAM")

    assert refused["error"] == "user_not_found"
    assert [(each["user"], each["error"]) for each in refused["errors"]] == [
        ("U0NONE", "user_not_found"),
        ("U0TIERLINE", "cant_invite_self"),
    ]
    assert forced["channel"]["num_members"] == 2
    assert again["error"] == "already_in_channel"


async def test_a_private_channel_is_not_there_for_those_outside(workspace: Workspace) -> None:
    channel = await made_channel(workspace, "secret", is_private=True)
    public = await workspace.call("conversations_list")
    private = await workspace.call("conversations_list", types="private_channel")
    said = await workspace.people.post("/people/slack/message", json={"user": "U0SAM", "channel": channel, "text": "x"})
    await workspace.under(scopes=sorted(workspace.sandbox.slack.scopes - {"groups:history"}))
    unread = await workspace.refusal("conversations_history", channel=channel)
    workspace.sandbox.slack.channels[channel].members.remove("U0TIERLINE")

    assert channel not in [each["id"] for each in public["channels"]]
    assert [each["id"] for each in private["channels"]] == [channel]
    assert (said.status_code, said.json()["detail"]) == (409, "not_in_channel")
    assert (unread["error"], unread["needed"]) == ("missing_scope", "groups:history")
    assert (await workspace.refusal("conversations_info", channel=channel))["error"] == "channel_not_found"


async def test_outside_a_channel_the_app_may_not_change_it(workspace: Workspace) -> None:
    workspace.sandbox.slack.channels["C0ENG"].members.remove("U0TIERLINE")
    await workspace.under(scopes=sorted(workspace.sandbox.slack.scopes - {"chat:write.public"}))
    ephemeral: dict[str, Any] = {"channel": "C0ENG", "user": "U0ADA", "text": "x"}

    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("conversations_setTopic", {"channel": "C0ENG", "topic": "x"}),
        ("conversations_invite", {"channel": "C0ENG", "users": "U0EVE"}),
        ("chat_postMessage", {"channel": "C0ENG", "text": "x"}),
        ("chat_postEphemeral", ephemeral),
    )
    for method, arguments in calls:
        assert (await workspace.refusal(method, **arguments))["error"] == "not_in_channel", method
    await workspace.does("message", user="U0ADA", channel="C0ENG", text="nobody of yours hears this")
    await workspace.does("message", user="U0ADA", channel="C0SUPL1", text="but this")
    [heard] = await workspace.app.wait_for("/slack/events", "message")
    assert heard.payload["event"]["text"] == "but this"


# --- what people do to messages ---


async def test_a_person_edits_and_deletes_what_they_wrote(workspace: Workspace) -> None:
    written = await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="the card number is 4111")
    place = {"channel": "C0SUPL1", "ts": written["ts"]}
    others = await workspace.people.post("/people/slack/edit", json={"user": "U0EVE", "text": "x", **place})

    await workspace.does("edit", user="U0SAM", text="the card number is hidden", **place)
    await workspace.does("delete", user="U0SAM", **place)

    [changed] = await workspace.app.wait_for("/slack/events", "message/message_changed")
    [deleted] = await workspace.app.wait_for("/slack/events", "message/message_deleted")
    assert (others.status_code, others.json()["detail"]) == (409, "cant_update_message")
    assert changed.payload["event"]["message"]["edited"]["user"] == "U0SAM"
    assert changed.payload["event"]["previous_message"]["text"].endswith("4111")
    assert deleted.payload["event"]["previous_message"]["text"].endswith("hidden")


async def test_a_reaction_is_taken_back(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="card")
    mark = {"channel": "C0SUPL1", "timestamp": posted["ts"]}
    await workspace.call("reactions_add", name="eyes", **mark)
    reaction = {"user": "U0SAM", "channel": "C0SUPL1", "ts": posted["ts"], "name": "bangbang"}
    await workspace.does("reaction", **reaction)
    await workspace.does("reaction", remove=True, **reaction)

    left = await workspace.call("reactions_get", **mark)
    await workspace.call("reactions_remove", name="eyes", **mark)

    assert [each["name"] for each in left["message"]["reactions"]] == ["eyes"]
    assert (await workspace.refusal("reactions_remove", name="eyes", **mark))["error"] == "no_reaction"
    removed = await workspace.app.wait_for("/slack/events", "reaction_removed", count=2)
    assert [(each.payload["event"]["user"], each.payload["event"]["reaction"]) for each in removed] == [
        ("U0SAM", "bangbang"),
        ("U0TIERLINE", "eyes"),
    ]


async def test_a_link_to_the_apps_domain_is_unfurled(workspace: Workspace) -> None:
    address = "https://tierline.example.org/t/T-1?a=1&b=2"
    text = f"see &lt;this&gt; <{address.replace('&', '&amp;')}> and https://elsewhere.example/x"
    written = await workspace.does("message", user="U0SAM", channel="C0SUPL1", text=text)
    [shared] = await workspace.app.wait_for("/slack/events", "link_shared")
    event = shared.payload["event"]
    preview = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*T-1* is with L2"}}]}

    place = {"unfurl_id": event["unfurl_id"], "source": event["source"]}
    await workspace.call("chat_unfurl", unfurls={address: preview}, **place)
    await workspace.call("chat_unfurl", channel="C0SUPL1", ts=written["ts"], unfurls={address: preview})
    strange = await workspace.refusal("chat_unfurl", unfurls={"https://other.example": preview}, **place)
    wrong = await workspace.refusal("chat_unfurl", unfurls={address: {"blocks": [{"type": "banner"}]}}, **place)

    assert (event["links"], event["message_ts"]) == (
        [{"url": address, "domain": "tierline.example.org"}],
        written["ts"],
    )
    [shown] = (await workspace.sees("U0SAM"))["messages"]
    assert [each["from_url"] for each in shown["attachments"]] == [address]
    assert (strange["error"], wrong["error"]) == ("cannot_unfurl_url", "invalid_blocks")
    assert workspace.sandbox.ledger.duplicates("slack") == {}


# --- files ---


async def test_a_file_goes_up_in_three_steps_and_is_read_with_the_bots_token(workspace: Workspace) -> None:
    parent = await workspace.call("chat_postMessage", channel="C0LEADS", text="digest")
    uploaded = await workspace.call(
        "files_upload_v2",
        filename="chart.png",
        content=b"\x89PNG chart",
        title="Breaches",
        alt_txt="Breaches by week",
        channel="C0LEADS",
        thread_ts=parent["ts"],
        initial_comment="as a picture",
    )
    file = uploaded["file"]
    info = (await workspace.call("files_info", file=file["id"]))["file"]
    token = workspace.sandbox.credentials.slack_bot_token.get_secret_value()
    content = await workspace.people.get(info["url_private"], headers={"Authorization": f"Bearer {token}"})
    stranger = await workspace.people.get(info["url_private"])

    [shown] = (await workspace.sees("U0LENA", "C0LEADS"))["messages"][0]["replies"]
    assert (shown["text"], shown["files"][0]["title"]) == ("as a picture", "Breaches")
    assert (info["mimetype"], info["alt_txt"], info["channels"]) == ("image/png", "Breaches by week", ["C0LEADS"])
    assert content.content == b"\x89PNG chart"
    assert stranger.status_code == 302
    assert (await workspace.refusal("files_info", file="F0NONE"))["error"] == "file_not_found"
    assert await workspace.written("files.completeUploadExternal") == ["chart.png"]


async def test_a_file_that_a_person_shares_is_an_event(workspace: Workspace) -> None:
    parent = await workspace.call("chat_postMessage", channel="C0SUPL1", text="card")

    shared = await workspace.does(
        "file", user="U0SAM", channel="C0SUPL1", name="log.txt", content="boom", text="the log", thread_ts=parent["ts"]
    )

    [received] = await workspace.app.wait_for("/slack/events", "message/file_share")
    [file] = received.payload["event"]["files"]
    assert (file["id"], file["name"], received.payload["event"]["thread_ts"]) == (
        shared["file"],
        "log.txt",
        parent["ts"],
    )
    assert (await workspace.people.get(f"/people/slack/files/{file['id']}")).content == b"boom"


# --- strangers ---


async def test_a_stranger_of_a_shared_channel_is_recognised_by_what_slack_tells(workspace: Workspace) -> None:
    blocks = [
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Ack"}}],
        }
    ]
    posted = await workspace.call("chat_postMessage", channel="C0CARDNET", text="card", blocks=blocks)
    place = {"user": "U0KIRAN", "channel": "C0CARDNET"}

    await workspace.does("message", text="is it done?", **place)
    await workspace.does("click", ts=posted["ts"], action_id="ack", **place)
    await workspace.does("command", command="/tier", text="status", **place)
    outside = await workspace.people.post("/people/slack/message", json={**place, "channel": "C0ENG", "text": "x"})

    info = (await workspace.call("users_info", user="U0KIRAN"))["user"]
    channel = (await workspace.call("conversations_info", channel="C0CARDNET"))["channel"]
    message = (await workspace.app.wait_for("/slack/events", "message", count=2))[1].payload
    [clicked] = workspace.app.got("/slack/interactive")
    # Who shares a channel with the app is none in Slack's eyes: the team alone tells.
    assert (info["is_stranger"], info["team_id"], "email" in info["profile"]) == (False, "T0CARDNET", False)
    workspace.sandbox.slack.channels["C0CARDNET"].members.remove("U0KIRAN")
    assert (await workspace.call("users_info", user="U0KIRAN"))["user"]["is_stranger"] is True
    assert channel["is_ext_shared"] is True
    assert (message["is_ext_shared_channel"], message["event"]["user_team"]) == (True, "T0CARDNET")
    assert (clicked.payload["user"]["team_id"], clicked.payload["team"]["id"]) == ("T0CARDNET", "T0ACME")
    assert workspace.app.got("/slack/commands")[0].form["team_id"] == "T0CARDNET"
    assert outside.status_code == 409
    assert "U0KIRAN" not in [user["id"] for user in (await workspace.call("users_list"))["members"]]


async def test_people_have_time_zones_of_their_own(workspace: Workspace) -> None:
    ada = (await workspace.call("users_info", user="U0ADA"))["user"]
    sam = (await workspace.call("users_info", user="U0SAM"))["user"]

    assert (ada["tz"], sam["tz"]) == ("America/New_York", "Europe/Berlin")
    assert ada["tz_offset"] < 0 < sam["tz_offset"]


# --- limits ---


async def test_posts_are_limited_in_each_channel_once_limits_hold(workspace: Workspace) -> None:
    token = workspace.sandbox.credentials.slack_bot_token.get_secret_value()

    async def post(channel: str) -> httpx2.Response:
        return await workspace.people.post(
            "/slack/api/chat.postMessage",
            json={"channel": channel, "text": "x"},
            headers={"Authorization": f"Bearer {token}"},
        )

    assert {(await post("C0SUPL1")).status_code for _ in range(8)} == {200}
    await workspace.under(rate_limits=True)
    answers = [await post("C0SUPL1") for _ in range(7)]
    elsewhere = await post("C0ENG")

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert (answers[-1].headers["retry-after"], answers[-1].json()) == ("1", {"ok": False, "error": "ratelimited"})
    assert elsewhere.status_code == 200
    assert len(await workspace.written("chat.postMessage")) == 14


async def listed_groups(workspace: Workspace) -> tuple[int, str | None]:
    token = workspace.sandbox.credentials.slack_bot_token.get_secret_value()
    answer = await workspace.people.get("/slack/api/usergroups.list", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.headers.get("retry-after")


async def test_a_method_is_limited_by_its_tier(workspace: Workspace) -> None:
    clock = [1000.0]
    workspace.sandbox.slack.limits.clock = lambda: clock[0]
    await workspace.under(rate_limits=True)
    calls = [await listed_groups(workspace) for _ in range(21)]
    clock[0] += 30
    still = await listed_groups(workspace)
    clock[0] += 30
    again = await listed_groups(workspace)
    await workspace.under(per_minute={"users.info": 1})
    await workspace.call("users_info", user="U0ADA")

    assert [status for status, _ in calls] == [200] * 20 + [429]
    assert (calls[-1][1], still, again[0]) == ("60", (429, "30"), 200)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await workspace.call("users_info", user="U0ADA")
