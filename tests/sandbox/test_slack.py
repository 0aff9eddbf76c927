"""The local Slack as an app meets it: through Slack's own Python client over HTTP, and as signed requests."""

import asyncio
from http.client import HTTPException
from typing import Any

import httpx2
import pytest
from fastapi.responses import PlainTextResponse, Response
from slack_sdk.models.metadata import Metadata
from slack_sdk.webhook import WebhookClient

from tests.sandbox.slack_workspace import Received, Workspace
from tests.sandbox.slack_workspace import workspace as workspace


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, text: str = "Acknowledge", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}, **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "block_id": "buttons", "elements": list(elements)}


def select(action_id: str, *values: str) -> dict[str, Any]:
    options = [{"text": {"type": "plain_text", "text": value.title()}, "value": value} for value in values]
    return {"type": "static_select", "action_id": action_id, "options": options}


def text_input(block_id: str, *, optional: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": {"type": "plain_text", "text": block_id.title()},
        "element": {"type": "plain_text_input", "action_id": f"{block_id}-text", **more},
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "escalate",
        "title": {"type": "plain_text", "text": "Escalate"},
        "submit": {"type": "plain_text", "text": "Escalate"},
        "blocks": list(blocks),
        **more,
    }


# --- who may call ---


async def test_auth_test_names_the_bot_and_its_scopes(workspace: Workspace) -> None:
    answer = await workspace.call("auth_test")

    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0ACME", "U0TIERLINE", "B0TIERLINE")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_a_call_without_a_token_is_not_authed(workspace: Workspace) -> None:
    assert (await workspace.refusal("auth_test", workspace.client_with(None)))["error"] == "not_authed"


@pytest.mark.parametrize("token", ["xoxb-wrong", "xoxb-wröng"])
async def test_a_wrong_token_is_invalid(workspace: Workspace, token: str) -> None:
    answer = await workspace.people.post("/slack/api/auth.test", data={"token": token})

    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": "invalid_auth"})


async def test_a_method_without_its_scope_says_which_is_needed(workspace: Workspace) -> None:
    workspace.sandbox.slack.scopes.discard("reactions:write")

    refusal = await workspace.refusal("reactions_add", channel="C0SUPL1", timestamp="1.0", name="eyes")

    assert (refusal["error"], refusal["needed"]) == ("missing_scope", "reactions:write")
    assert "reactions:write" not in refusal["provided"]


async def test_an_unknown_method_is_refused_by_name(workspace: Workspace) -> None:
    refusal = await workspace.refusal("api_call", api_method="chat.shout")

    assert (refusal["error"], refusal["req_method"]) == ("unknown_method", "chat.shout")


async def test_api_test_answers_and_fails_on_request(workspace: Workspace) -> None:
    assert (await workspace.call("api_test"))["ok"] is True
    assert (await workspace.refusal("api_test", error="my_error"))["error"] == "my_error"


# --- messages ---


async def test_a_posted_message_is_in_the_history_with_its_metadata(workspace: Workspace) -> None:
    metadata = Metadata(event_type="tierline_card", event_payload={"card_key": "T-1"})

    posted = await workspace.call(
        "chat_postMessage",
        channel="C0SUPL1",
        text="Ticket T-1",
        blocks=[section("*T-1*", accessory=button("open"))],
        metadata=metadata,
        unfurl_links=False,
    )
    history = await workspace.call("conversations_history", channel="C0SUPL1", include_all_metadata=True)
    bare = await workspace.call("conversations_history", channel="C0SUPL1")

    [found] = history["messages"]
    assert (found["ts"], found["text"], found["bot_id"]) == (posted["ts"], "Ticket T-1", "B0TIERLINE")
    assert found["metadata"] == {"event_type": "tierline_card", "event_payload": {"card_key": "T-1"}}
    assert found["blocks"][0]["block_id"]
    assert found["blocks"][0]["accessory"]["action_id"] == "open"
    assert "metadata" not in bare["messages"][0]


async def test_a_form_with_blocks_as_text_says_the_same_as_json(workspace: Workspace) -> None:
    token = workspace.sandbox.credentials.slack_bot_token.get_secret_value()
    form = {"channel": "C0SUPL1", "text": "x", "blocks": '[{"type": "divider"}]', "unfurl_links": "false"}

    answer = await workspace.people.post(
        "/slack/api/chat.postMessage", data=form, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.json()["message"]["blocks"][0]["type"] == "divider"


async def test_time_stamps_are_unique_and_rise(workspace: Workspace) -> None:
    posts = [workspace.call("chat_postMessage", channel="C0SUPL1", text=str(number)) for number in range(20)]
    stamps = [answer["ts"] for answer in await asyncio.gather(*posts)]
    history = await workspace.call("conversations_history", channel="C0SUPL1", limit=50)

    assert len(set(stamps)) == 20
    assert [message["ts"] for message in history["messages"]] == sorted(stamps, reverse=True)


async def test_history_is_read_in_pages_and_between_bounds(workspace: Workspace) -> None:
    stamps = [(await workspace.call("chat_postMessage", channel="C0ENG", text=str(n)))["ts"] for n in range(5)]

    pages = []
    cursor: str | None = None
    while cursor != "":
        answer = await workspace.call("conversations_history", channel="C0ENG", limit=2, cursor=cursor)
        pages.append([message["text"] for message in answer["messages"]])
        cursor = str((answer.get("response_metadata") or {"next_cursor": ""})["next_cursor"])
        assert answer["has_more"] is (cursor != "")
    between = await workspace.call("conversations_history", channel="C0ENG", oldest=stamps[1], latest=stamps[3])
    including = await workspace.call(
        "conversations_history", channel="C0ENG", oldest=stamps[1], latest=stamps[3], inclusive=True
    )

    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert [message["text"] for message in between["messages"]] == ["2"]
    assert [message["text"] for message in including["messages"]] == ["3", "2", "1"]


async def test_replies_stay_in_the_thread_unless_broadcast(workspace: Workspace) -> None:
    parent = await workspace.call("chat_postMessage", channel="C0SUPL1", text="card")
    thread = {"channel": "C0SUPL1", "thread_ts": parent["ts"]}
    await workspace.call("chat_postMessage", text="quiet", **thread)
    await workspace.call("chat_postMessage", text="loud", reply_broadcast=True, **thread)

    history = await workspace.call("conversations_history", channel="C0SUPL1")
    replies = await workspace.call("conversations_replies", channel="C0SUPL1", ts=parent["ts"])

    assert [message["text"] for message in history["messages"]] == ["loud", "card"]
    assert history["messages"][0]["subtype"] == "thread_broadcast"
    assert [message["text"] for message in replies["messages"]] == ["card", "quiet", "loud"]
    assert replies["messages"][0]["reply_count"] == 2
    assert all(message["thread_ts"] == parent["ts"] for message in replies["messages"])


async def test_a_text_without_blocks_takes_the_blocks_of_a_message_away(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="a", blocks=[section("old")])

    await workspace.call("chat_update", channel="C0SUPL1", ts=posted["ts"], text="b", blocks=[section("new")])
    after_blocks = (await workspace.call("conversations_history", channel="C0SUPL1"))["messages"][0]
    await workspace.call("chat_update", channel="C0SUPL1", ts=posted["ts"], text="c")
    after_text = (await workspace.call("conversations_history", channel="C0SUPL1"))["messages"][0]

    assert after_blocks["blocks"][0]["text"]["text"] == "new"
    assert "edited" not in after_blocks
    assert "blocks" not in after_text
    assert after_text["edited"]["user"] == "U0TIERLINE"


async def test_a_deleted_message_is_gone(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="oops")

    await workspace.call("chat_delete", channel="C0SUPL1", ts=posted["ts"])

    assert (await workspace.call("conversations_history", channel="C0SUPL1"))["messages"] == []
    again = await workspace.refusal("chat_delete", channel="C0SUPL1", ts=posted["ts"])
    assert again["error"] == "message_not_found"


async def test_the_bot_cannot_change_what_a_person_wrote(workspace: Workspace) -> None:
    written = await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="mine")
    place = {"channel": "C0SUPL1", "ts": written["ts"]}

    assert (await workspace.refusal("chat_update", text="yours", **place))["error"] == "cant_update_message"
    assert (await workspace.refusal("chat_delete", **place))["error"] == "cant_delete_message"


async def test_only_one_person_sees_an_ephemeral_message(workspace: Workspace) -> None:
    answer = await workspace.call("chat_postEphemeral", channel="C0SUPL1", user="U0EVE", text="only a lead may do that")

    [shown] = (await workspace.sees("U0EVE"))["ephemerals"]
    assert (shown["ts"], shown["text"]) == (answer["message_ts"], "only a lead may do that")
    assert (await workspace.sees("U0SAM"))["ephemerals"] == []
    assert (await workspace.call("conversations_history", channel="C0SUPL1"))["messages"] == []
    assert (await workspace.refusal("chat_postEphemeral", channel="C0SUPL1", user="U0NOBODY", text="x"))[
        "error"
    ] == "user_not_in_channel"


async def test_a_permalink_leads_to_the_page(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="here")

    link = await workspace.call("chat_getPermalink", channel="C0SUPL1", message_ts=posted["ts"])

    assert link["permalink"] == f"{workspace.sandbox.http_url}/#slack/C0SUPL1/{posted['ts']}"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat_postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat_postMessage", {"channel": "C0SUPL1", "text": ""}, "no_text"),
        ("chat_postMessage", {"channel": "C0SUPL1", "text": "x" * 40_001}, "msg_too_long"),
        ("chat_postMessage", {"channel": "C0SUPL1", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat_postMessage", {"channel": "C0SUPL1", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        (
            "chat_postMessage",
            {"channel": "C0SUPL1", "text": "x", "metadata": {"event_type": 1}},
            "invalid_metadata_format",
        ),
        ("chat_update", {"channel": "C0SUPL1", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("conversations_history", {"channel": "C0NONE"}, "channel_not_found"),
        ("conversations_history", {"channel": "C0SUPL1", "cursor": "nonsense"}, "invalid_cursor"),
        ("conversations_replies", {"channel": "C0SUPL1", "ts": "1.0"}, "thread_not_found"),
        ("users_info", {"user": "U0NONE"}, "user_not_found"),
        ("users_lookupByEmail", {"email": "nobody@acme.example"}, "users_not_found"),
        ("usergroups_users_list", {"usergroup": "S0NONE"}, "no_such_subteam"),
    ],
)
async def test_slack_refuses_in_its_own_words(
    workspace: Workspace, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert (await workspace.refusal(method, **arguments))["error"] == error


async def test_a_missing_argument_is_named(workspace: Workspace) -> None:
    refusal = await workspace.refusal("api_call", api_method="chat.postMessage", json={"text": "x"})

    assert refusal["error"] == "invalid_arguments"
    assert refusal["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


# --- Block Kit ---


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([{"type": "banner"}], "unsupported type: banner [json-pointer:/blocks/0/type]"),
        ([{"type": "section"}], "must provide a string or fields [json-pointer:/blocks/0]"),
        ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (
            [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            [actions(button("a", "x" * 76))],
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            [actions(button("a" * 256))],
            "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (
            [actions(*(button(f"a{n}") for n in range(26)))],
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            [actions(button("a", style="loud"))],
            "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
        ),
        ([{"type": "context", "elements": []}], "must be more than 0 items [json-pointer:/blocks/0/elements]"),
        (
            [actions({"type": "static_select", "action_id": "a"})],
            "missing required field: options [json-pointer:/blocks/0/elements/0]",
        ),
        ([section("a", block_id="b"), section("c", block_id="b")], "block_id must be unique: b"),
    ],
)
async def test_wrong_blocks_are_refused_with_the_place(
    workspace: Workspace, blocks: list[dict[str, Any]], message: str
) -> None:
    refusal = await workspace.refusal("chat_postMessage", channel="C0SUPL1", text="x", blocks=blocks)

    assert refusal["error"] == "invalid_blocks"
    assert [f"[ERROR] {error}" for error in refusal["errors"]] == refusal["response_metadata"]["messages"]
    assert any(message in error for error in refusal["errors"]), refusal["errors"]
    assert (await workspace.sees("U0SAM"))["messages"] == []


async def test_blocks_at_the_limits_are_taken(workspace: Workspace) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        section("x" * 3000),
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2000}] * 10},
        actions(*(button(f"a{number}", "x" * 75) for number in range(25))),
        *([{"type": "divider"}] * 46),
    ]

    answer = await workspace.call("chat_postMessage", channel="C0SUPL1", text="x", blocks=blocks)

    assert len(answer["message"]["blocks"]) == 50


# --- the directory ---


async def test_channels_are_listed_in_pages_with_their_members(workspace: Workspace) -> None:
    first = await workspace.call("conversations_list", limit=3, types="public_channel")
    rest = await workspace.call("conversations_list", limit=3, cursor=first["response_metadata"]["next_cursor"])
    members = await workspace.call("conversations_members", channel="C0ENG")
    info = await workspace.call("conversations_info", channel="C0ENG", include_num_members=True)

    names = [channel["name"] for answer in (first, rest) for channel in answer["channels"]]
    assert names == ["support-l1", "support-l2", "engineering", "vendors", "support-leads", "ext-cardnet"]
    assert rest["response_metadata"]["next_cursor"] == ""
    assert {"U0ADA", "U0TIERLINE"} <= set(members["members"])
    assert (info["channel"]["name"], info["channel"]["num_members"]) == ("engineering", 6)


async def test_the_bot_joins_a_channel_that_it_is_not_in(workspace: Workspace) -> None:
    workspace.sandbox.slack.channels["C0ENG"].members.remove("U0TIERLINE")

    refusal = await workspace.refusal("conversations_history", channel="C0ENG")
    joined = await workspace.call("conversations_join", channel="C0ENG")
    again = await workspace.call("conversations_join", channel="C0ENG")

    assert refusal["error"] == "not_in_channel"
    assert joined["channel"]["is_member"] is True
    assert again["warning"] == "already_in_channel"


async def test_a_direct_message_is_opened_once(workspace: Workspace) -> None:
    opened = await workspace.call("conversations_open", users=["U0ADA"], return_im=True)
    again = await workspace.call("conversations_open", users="U0ADA")
    to_user = await workspace.call("chat_postMessage", channel="U0ADA", text="you are on call")

    assert opened["channel"]["is_im"] is True
    assert (again["channel"]["id"], again["already_open"]) == (opened["channel"]["id"], True)
    assert to_user["channel"] == opened["channel"]["id"]


async def test_people_and_groups_are_found(workspace: Workspace) -> None:
    user = await workspace.call("users_info", user="U0ADA")
    found = await workspace.call("users_lookupByEmail", email="ADA@acme.example")
    everybody = await workspace.call("users_list")
    groups = await workspace.call("usergroups_list", include_users=True)
    leads = await workspace.call("usergroups_users_list", usergroup="S0LEADS")

    assert (user["user"]["name"], user["user"]["profile"]["email"]) == ("ada", "ada@acme.example")
    assert found["user"]["id"] == "U0ADA"
    assert [member["id"] for member in everybody["members"] if member["is_bot"]] == ["U0TIERLINE"]
    assert {group["handle"]: group["users"] for group in groups["usergroups"]}["leads"] == ["U0LENA"]
    assert leads["users"] == ["U0LENA"]


async def test_a_reaction_is_added_once_and_the_app_hears_of_it(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="card")
    mark = {"channel": "C0SUPL1", "timestamp": posted["ts"], "name": "eyes"}

    await workspace.call("reactions_add", **mark)
    again = await workspace.refusal("reactions_add", **mark)
    await workspace.does("reaction", user="U0SAM", channel="C0SUPL1", ts=posted["ts"], name="eyes")

    assert again["error"] == "already_reacted"
    [reaction] = (await workspace.sees("U0SAM"))["messages"][0]["reactions"]
    assert (reaction["name"], reaction["users"]) == ("eyes", ["U0TIERLINE", "U0SAM"])
    heard = await workspace.app.wait_for("/slack/events", "reaction_added", count=2)
    assert [received.payload["event"]["user"] for received in heard] == ["U0TIERLINE", "U0SAM"]


# --- slash commands ---


async def test_a_slash_command_arrives_signed_with_slacks_fields(workspace: Workspace) -> None:
    workspace.app.answer = lambda received: {"text": "T-7 goes to L3"}

    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="escalate T-7 L3")

    [received] = workspace.app.got("/slack/commands")
    form = received.form
    assert (form["command"], form["text"]) == ("/tier", "escalate T-7 L3")
    assert (form["user_id"], form["user_name"], form["channel_id"]) == ("U0LENA", "lena", "C0SUPL1")
    assert (form["team_id"], form["api_app_id"]) == ("T0ACME", workspace.sandbox.credentials.slack_app_id)
    assert form["trigger_id"]
    assert form["response_url"].startswith(workspace.sandbox.http_url)
    assert workspace.app.refused == []
    assert done == {"status": 200, "body": {"text": "T-7 goes to L3"}, "error": None}
    [shown] = (await workspace.sees("U0LENA"))["ephemerals"]
    assert shown["text"] == "T-7 goes to L3"
    assert (await workspace.sees("U0SAM"))["ephemerals"] == []


async def test_names_in_a_command_are_sent_with_their_ids(workspace: Workspace) -> None:
    typed = "note T-7 ask @tom or @l2 in #engineering: 3 < 4 & a@tom.example, <@U0ADA|ada> #4 @nobody"

    await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text=typed)

    assert workspace.app.got("/slack/commands")[0].form["text"] == (
        "note T-7 ask <@U0TOM|tom> or <!subteam^S0AGENTL2|@l2> in <#C0ENG|engineering>: "
        "3 &lt; 4 &amp; a@tom.example, <@U0ADA|ada> #4 @nobody"
    )


async def test_an_answer_in_channel_is_seen_by_all(workspace: Workspace) -> None:
    workspace.app.answer = lambda received: {"response_type": "in_channel", "text": "T-7 is with L3"}

    await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status T-7")

    texts = [(message["user"], message["text"]) for message in (await workspace.sees("U0SAM"))["messages"]]
    assert texts == [("U0LENA", "/tier status T-7"), ("U0TIERLINE", "T-7 is with L3")]


async def test_a_plain_text_answer_is_shown_and_an_empty_one_is_silent(workspace: Workspace) -> None:
    workspace.app.answer = lambda received: PlainTextResponse("noted") if received.form["text"] else None
    command = {"user": "U0LENA", "channel": "C0SUPL1", "command": "/tier"}

    await workspace.does("command", **command)
    await workspace.does("command", text="snooze", **command)

    assert [message["text"] for message in (await workspace.sees("U0LENA"))["ephemerals"]] == ["noted"]


@pytest.mark.parametrize("status", [401, 404, 500, 503])
async def test_the_person_is_told_when_the_app_fails(workspace: Workspace, status: int) -> None:
    workspace.app.answer = lambda received: Response(status_code=status)

    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")

    assert (done["status"], done["error"]) == (status, "dispatch_failed")
    [shown] = (await workspace.sees("U0LENA"))["ephemerals"]
    assert shown["text"] == '/tier failed with the error "dispatch_failed"'


async def test_the_person_is_told_when_the_app_cannot_be_reached(workspace: Workspace, free_port: int) -> None:
    workspace.sandbox.gateway_url = f"http://127.0.0.1:{free_port}"

    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")

    assert (done["status"], done["error"]) == (None, "dispatch_failed")


async def test_the_person_is_told_when_the_app_is_too_slow(workspace: Workspace) -> None:
    answered = asyncio.Event()

    async def too_late() -> None:
        await answered.wait()

    workspace.app.answer = lambda received: too_late()
    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")
    answered.set()

    assert done["error"] == "operation_timeout"
    [shown] = (await workspace.sees("U0LENA"))["ephemerals"]
    assert shown["text"] == '/tier failed with the error "operation_timeout"'


async def test_a_wrong_answer_shows_slacks_error(workspace: Workspace) -> None:
    workspace.app.answer = lambda received: {"blocks": [{"type": "banner"}]}

    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier")

    assert done["error"] == "invalid_blocks"


# --- clicks ---


async def test_a_click_arrives_with_the_message_and_the_choices(workspace: Workspace) -> None:
    posted = await workspace.call(
        "chat_postMessage",
        channel="C0ENG",
        text="card",
        blocks=[section("T-1"), actions(button("ack", value="T-1", style="primary"), select("tier", "l2", "l3"))],
        metadata={"event_type": "card", "event_payload": {"card_key": "T-1"}},
    )
    place = {"user": "U0ADA", "channel": "C0ENG", "ts": posted["ts"]}

    done = await workspace.does("click", action_id="ack", values={"tier": "l3"}, **place)
    await workspace.does("click", action_id="tier", value="l2", values={"buttons": {"tier": "l3"}}, **place)

    clicked, chosen = (received.payload for received in workspace.app.got("/slack/interactive"))
    assert done["status"] == 200
    assert (clicked["type"], clicked["user"]["id"], clicked["channel"]["name"]) == (
        "block_actions",
        "U0ADA",
        "engineering",
    )
    assert clicked["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": "C0ENG",
        "is_ephemeral": False,
    }
    assert clicked["message"]["metadata"]["event_payload"] == {"card_key": "T-1"}
    [action] = clicked["actions"]
    assert (action["type"], action["action_id"], action["block_id"], action["value"]) == (
        "button",
        "ack",
        "buttons",
        "T-1",
    )
    assert action["action_ts"]
    assert clicked["state"]["values"]["buttons"]["tier"]["selected_option"]["value"] == "l3"
    assert chosen["actions"][0]["selected_option"]["value"] == "l2"
    assert chosen["state"]["values"]["buttons"]["tier"]["selected_option"]["value"] == "l2"


async def test_a_click_on_an_ephemeral_message_can_replace_it(workspace: Workspace) -> None:
    answer = await workspace.call(
        "chat_postEphemeral", channel="C0SUPL1", user="U0SAM", text="sure?", blocks=[actions(button("yes"))]
    )
    await workspace.does("click", user="U0SAM", channel="C0SUPL1", ts=answer["message_ts"], action_id="yes")

    [received] = workspace.app.got("/slack/interactive")
    assert received.payload["container"]["is_ephemeral"] is True
    assert "message" not in received.payload
    replace = WebhookClient(received.payload["response_url"])
    replaced = await asyncio.to_thread(replace.send, text="done", replace_original=True)
    assert (replaced.status_code, replaced.body) == (200, "ok")
    [shown] = (await workspace.sees("U0SAM"))["ephemerals"]
    assert shown["text"] == "done"
    assert "blocks" not in shown


async def test_an_unknown_control_or_message_is_named(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0ENG", text="c", blocks=[actions(button("ack"))])
    click = {"user": "U0ADA", "channel": "C0ENG", "ts": posted["ts"], "action_id": "nack"}

    no_control = await workspace.people.post("/people/slack/click", json=click)
    no_message = await workspace.people.post("/people/slack/click", json={**click, "ts": "1.0"})

    assert (no_control.status_code, no_control.json()["detail"]) == (
        404,
        "no control has the action id 'nack'; there are: ack",
    )
    assert (no_message.status_code, no_message.json()["detail"]) == (404, "message_not_found")
    assert workspace.app.got("/slack/interactive") == []


# --- response URLs ---


async def commanded(workspace: Workspace) -> Received:
    await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")
    return workspace.app.got("/slack/commands")[-1]


async def test_a_response_url_works_five_times(workspace: Workspace) -> None:
    hook = WebhookClient((await commanded(workspace)).form["response_url"])

    answers = [await asyncio.to_thread(hook.send, text=f"note {number}") for number in range(6)]
    public = await asyncio.to_thread(
        WebhookClient((await commanded(workspace)).form["response_url"]).send, text="all", response_type="in_channel"
    )

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body
    assert public.status_code == 200
    assert len((await workspace.sees("U0LENA"))["ephemerals"]) == 5
    assert len(await workspace.written("response_url.ephemeral")) == 5
    assert len(await workspace.written("response_url")) == 1
    assert [message["text"] for message in (await workspace.sees("U0SAM"))["messages"]] == ["all"]


async def test_a_response_url_expires_and_refuses_nonsense(workspace: Workspace) -> None:
    url = (await commanded(workspace)).form["response_url"]
    nonsense = await workspace.people.post(url, content=b"{")
    workspace.sandbox.slack.response_url_seconds = -1
    expired = await workspace.people.post(url, json={"text": "late"})
    unknown = await workspace.people.post(f"{workspace.sandbox.http_url}/slack/response/none", json={"text": "x"})

    assert (nonsense.status_code, nonsense.json()["error"]) == (400, "invalid_payload")
    assert (expired.status_code, expired.json()["error"]) == (404, "expired_url")
    assert unknown.status_code == 404


async def test_a_response_url_deletes_the_clicked_message(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0ENG", text="c", blocks=[actions(button("done"))])
    await workspace.does("click", user="U0ADA", channel="C0ENG", ts=posted["ts"], action_id="done")
    url = workspace.app.got("/slack/interactive")[0].payload["response_url"]

    answer = await workspace.people.post(url, json={"delete_original": True})

    assert answer.status_code == 200
    assert (await workspace.sees("U0ADA", "C0ENG"))["messages"] == []


# --- modals ---


async def opened_modal(workspace: Workspace, view: dict[str, Any]) -> dict[str, Any]:
    trigger = (await commanded(workspace)).form["trigger_id"]
    opened: dict[str, Any] = (await workspace.call("views_open", trigger_id=trigger, view=view))["view"]
    return opened


async def test_a_trigger_opens_one_modal(workspace: Workspace) -> None:
    trigger = (await commanded(workspace)).form["trigger_id"]

    view = (await workspace.call("views_open", trigger_id=trigger, view=modal(text_input("impact"))))["view"]
    again = await workspace.refusal("views_open", trigger_id=trigger, view=modal(text_input("impact")))
    unknown = await workspace.refusal("views_open", trigger_id="1.2.3", view=modal(text_input("impact")))

    assert (view["root_view_id"], view["callback_id"], view["state"]) == (view["id"], "escalate", {"values": {}})
    assert again["error"] == "exchanged_trigger_id"
    assert unknown["error"] == "invalid_trigger_id"
    shown = (await workspace.people.get("/people/slack/views", params={"user": "U0LENA"})).json()["views"]
    assert [each["id"] for each in shown] == [view["id"]]


async def test_a_trigger_expires_after_three_seconds(workspace: Workspace) -> None:
    trigger = (await commanded(workspace)).form["trigger_id"]
    slack = workspace.sandbox.slack
    issued, clock = slack.triggers[trigger].issued, slack.clock
    slack.clock = lambda: issued + 3.1

    refusal = await workspace.refusal("views_open", trigger_id=trigger, view=modal(text_input("impact")))

    slack.clock = clock
    assert refusal["error"] == "expired_trigger_id"


async def test_a_wrong_view_is_refused_and_keeps_the_trigger(workspace: Workspace) -> None:
    trigger = (await commanded(workspace)).form["trigger_id"]
    without_submit = {**modal(text_input("impact"))}
    del without_submit["submit"]
    long_title = modal(text_input("impact"), title={"type": "plain_text", "text": "x" * 25})

    for view, place in ((without_submit, "submit"), (long_title, "/view/title/text")):
        refusal = await workspace.refusal("views_open", trigger_id=trigger, view=view)
        assert refusal["error"] == "invalid_arguments"
        assert place in refusal["response_metadata"]["messages"][0]
    assert (await workspace.call("views_open", trigger_id=trigger, view=modal(text_input("impact"))))["ok"]


async def test_a_submission_carries_what_was_filled_in(workspace: Workspace) -> None:
    tier = {"type": "input", "block_id": "tier", "label": {"type": "plain_text", "text": "Tier"}}
    who = {**tier, "block_id": "who", "element": {"type": "users_select", "action_id": "who-user"}}
    view = await opened_modal(
        workspace, modal(text_input("impact"), {**tier, "element": select("tier-name", "l2", "l3")}, who)
    )

    done = await workspace.does(
        "submit",
        user="U0LENA",
        view_id=view["id"],
        values={"impact": {"impact-text": "shop down"}, "tier": "l3", "who-user": "U0ADA"},
    )

    payload = workspace.app.got("/slack/interactive")[-1].payload
    assert (payload["type"], payload["view"]["id"]) == ("view_submission", view["id"])
    values = payload["view"]["state"]["values"]
    assert values["impact"]["impact-text"] == {"type": "plain_text_input", "value": "shop down"}
    assert values["tier"]["tier-name"]["selected_option"]["value"] == "l3"
    assert values["who"]["who-user"] == {"type": "users_select", "selected_user": "U0ADA"}
    assert (done["error"], done["open"]) == (None, False)


async def test_block_and_action_may_have_the_same_id(workspace: Workspace) -> None:
    note = {**text_input("note"), "element": {"type": "plain_text_input", "action_id": "note"}}
    view = await opened_modal(workspace, modal(note))

    await workspace.does("submit", user="U0LENA", view_id=view["id"], values={"note": {"note": "shop down"}})

    values = workspace.app.got("/slack/interactive")[-1].payload["view"]["state"]["values"]
    assert values["note"]["note"]["value"] == "shop down"


async def test_a_required_input_is_asked_for_before_the_app_hears_of_it(workspace: Workspace) -> None:
    view = await opened_modal(workspace, modal(text_input("impact"), text_input("note", optional=True)))

    done = await workspace.does("submit", user="U0LENA", view_id=view["id"])

    assert (done["status"], done["error"], list(done["errors"]), done["open"]) == (None, "incomplete", ["impact"], True)
    assert workspace.app.got("/slack/interactive") == []


async def test_the_app_refuses_changes_and_pushes_views(workspace: Workspace) -> None:
    answers = iter(
        [
            {"response_action": "errors", "errors": {"impact": "Say more."}},
            {"response_action": "update", "view": modal(text_input("impact"), text_input("cause"))},
            {"response_action": "push", "view": modal(text_input("sure"))},
            {"response_action": "clear"},
        ]
    )
    view = await opened_modal(workspace, modal(text_input("impact")))
    workspace.app.answer = lambda received: next(answers)

    async def submit(view_id: str, **values: str) -> dict[str, Any]:
        return await workspace.does("submit", user="U0LENA", view_id=view_id, values=values)

    async def stack() -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = (await workspace.people.get("/people/slack/views")).json()["views"]
        return shown

    refused = await submit(view["id"], impact="x")
    updated = await submit(view["id"], impact="x")
    blocks_after_update = [block["block_id"] for block in (await stack())[0]["blocks"]]
    await submit(view["id"], impact="x", cause="y")
    pushed = (await stack())[1]
    await submit(pushed["id"], sure="yes")

    assert (refused["errors"], refused["open"]) == ({"impact": "Say more."}, True)
    assert updated["open"] is True
    assert blocks_after_update == ["impact", "cause"]
    assert (pushed["previous_view_id"], pushed["root_view_id"]) == (view["id"], view["id"])
    assert await stack() == []


async def test_a_modal_is_updated_and_pushed_from_outside(workspace: Workspace) -> None:
    view = await opened_modal(workspace, modal(section("loading…"), external_id="e1"))
    await workspace.call("views_update", view_id=view["id"], hash=view["hash"], view=modal(text_input("impact")))
    stale = await workspace.refusal("views_update", view_id=view["id"], hash=view["hash"], view=modal(section("x")))
    gone = await workspace.refusal("views_update", external_id="e1", view=modal(section("x")))

    trigger = (await commanded(workspace)).form["trigger_id"]
    pushed = (await workspace.call("views_push", trigger_id=trigger, view=modal(text_input("more"))))["view"]

    assert stale["error"] == "hash_conflict"
    assert gone["error"] == "not_found"
    assert pushed["previous_view_id"] == view["id"]


async def test_the_app_hears_of_a_closed_modal_if_it_asked_to(workspace: Workspace) -> None:
    view = await opened_modal(workspace, modal(section("x"), notify_on_close=True))

    await workspace.does("close", user="U0LENA", view_id=view["id"])

    assert workspace.app.got("/slack/interactive")[-1].payload["type"] == "view_closed"
    assert (await workspace.people.get("/people/slack/views")).json()["views"] == []


# --- events ---


async def test_the_app_hears_of_messages_and_mentions(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="card")
    await workspace.does(
        "message", user="U0SAM", channel="C0SUPL1", thread_ts=posted["ts"], text="<@U0TIERLINE> thanks"
    )

    mine, theirs = await workspace.app.wait_for("/slack/events", "message", count=2)
    [mention] = await workspace.app.wait_for("/slack/events", "app_mention")
    envelope, event = theirs.payload, theirs.payload["event"]
    assert (envelope["type"], envelope["team_id"]) == ("event_callback", "T0ACME")
    assert envelope["event_id"] != mine.payload["event_id"]
    assert (event["user"], event["channel"], event["channel_type"]) == ("U0SAM", "C0SUPL1", "channel")
    assert (event["thread_ts"], event["text"]) == (posted["ts"], "<@U0TIERLINE> thanks")
    assert mine.payload["event"]["bot_id"] == "B0TIERLINE"
    assert mention.payload["event"]["ts"] == event["ts"]


async def test_a_direct_message_to_the_bot_is_an_event_of_type_im(workspace: Workspace) -> None:
    await workspace.does("message", user="U0ADA", channel="U0TIERLINE", text="my tickets?")

    [received] = await workspace.app.wait_for("/slack/events", "message")
    assert received.payload["event"]["channel_type"] == "im"


async def test_an_event_is_sent_again_with_the_same_id(workspace: Workspace) -> None:
    workspace.sandbox.deliveries.scale = 1 / 10_000
    workspace.app.answer = lambda received: Response(status_code=500)

    await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="hello")

    received = await workspace.app.wait_for("/slack/events", "message", count=4)
    assert [each.headers.get("x-slack-retry-num") for each in received] == [None, "1", "2", "3"]
    assert {each.headers.get("x-slack-retry-reason") for each in received[1:]} == {"http_error"}
    assert len({each.payload["event_id"] for each in received}) == 1
    assert workspace.app.refused == []


async def test_edits_and_deletions_are_events(workspace: Workspace) -> None:
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="one")
    await workspace.call("chat_update", channel="C0SUPL1", ts=posted["ts"], text="two")
    await workspace.call("chat_delete", channel="C0SUPL1", ts=posted["ts"])

    [changed] = await workspace.app.wait_for("/slack/events", "message/message_changed")
    [deleted] = await workspace.app.wait_for("/slack/events", "message/message_deleted")
    assert changed.payload["event"]["message"]["text"] == "two"
    assert changed.payload["event"]["previous_message"]["text"] == "one"
    assert deleted.payload["event"]["deleted_ts"] == posted["ts"]


async def test_the_events_address_is_verified_by_its_challenge(workspace: Workspace) -> None:
    workspace.app.answer = lambda received: {"challenge": received.payload["challenge"]}
    verified = await workspace.does("verify-events")
    workspace.app.answer = lambda received: {"challenge": "guess"}
    guessed = await workspace.does("verify-events")

    assert (verified["verified"], guessed["verified"]) == (True, False)


async def test_a_message_shortcut_carries_the_message(workspace: Workspace) -> None:
    written = await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="customer is angry")

    await workspace.does("shortcut", user="U0LENA", channel="C0SUPL1", ts=written["ts"], callback_id="escalate_this")

    payload = workspace.app.got("/slack/interactive")[0].payload
    assert (payload["type"], payload["callback_id"]) == ("message_action", "escalate_this")
    assert payload["message"]["text"] == "customer is angry"


# --- writes and trouble ---


async def test_each_effective_write_is_in_the_ledger(workspace: Workspace) -> None:
    metadata = {"event_type": "card", "event_payload": {"card_key": "T-1"}}
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="x", metadata=metadata)
    await workspace.call("chat_update", channel="C0SUPL1", ts=posted["ts"], text="y")
    await workspace.refusal("chat_postMessage", channel="C0NONE", text="x")

    entries = workspace.sandbox.ledger.entries("slack")
    assert [(entry.operation, entry.subject, entry.marker) for entry in entries] == [
        ("chat.postMessage", f"C0SUPL1/{posted['ts']}", "card,card_key=T-1"),
        ("chat.update", f"C0SUPL1/{posted['ts']}", "card,card_key=T-1"),
    ]
    assert workspace.sandbox.ledger.duplicates("slack") == {}


async def test_a_rate_limit_on_order_tells_when_to_come_back(workspace: Workspace) -> None:
    fault = {"system": "slack", "operation": "chat.postMessage", "kind": "rate_limit", "times": 1, "retry_after_s": 7}
    await workspace.people.post("/sandbox/faults", json=fault)
    token = workspace.sandbox.credentials.slack_bot_token.get_secret_value()

    async def post() -> httpx2.Response:
        return await workspace.people.post(
            "/slack/api/chat.postMessage",
            json={"channel": "C0SUPL1", "text": "x"},
            headers={"Authorization": f"Bearer {token}"},
        )

    limited, through = await post(), await post()
    assert (limited.status_code, limited.headers["retry-after"], limited.json()["error"]) == (429, "7", "ratelimited")
    assert through.json()["ok"] is True


async def test_a_dropped_answer_leaves_the_work_done(workspace: Workspace) -> None:
    await workspace.people.post(
        "/sandbox/faults", json={"system": "slack", "operation": "chat.postMessage", "kind": "drop_after", "times": 1}
    )

    with pytest.raises((OSError, HTTPException)):
        await workspace.call("chat_postMessage", channel="C0SUPL1", text="was it sent?")

    assert [message["text"] for message in (await workspace.sees("U0SAM"))["messages"]] == ["was it sent?"]
