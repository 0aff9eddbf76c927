"""The local Slack's modals and Home tab beyond opening and submitting, its shortcuts, and the blocks it knows."""

import time
from typing import Any

import pytest

from tests.sandbox.slack_workspace import Workspace
from tests.sandbox.slack_workspace import workspace as workspace

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def tier_select(**more: Any) -> Block:
    options = [{"text": plain(name), "value": name.lower()} for name in ("L2", "L3")]
    return {"type": "static_select", "action_id": "tier", "options": options, **more}


def tier_input(**more: Any) -> Block:
    return {
        "type": "input",
        "block_id": "to",
        "dispatch_action": True,
        "label": plain("Tier"),
        "element": tier_select(**more),
    }


def note_input() -> Block:
    element = {"type": "plain_text_input", "action_id": "text"}
    return {"type": "input", "block_id": "note", "optional": True, "label": plain("Note"), "element": element}


def modal(*blocks: Block, **more: Any) -> Block:
    return {"type": "modal", "title": plain("Escalate"), "submit": plain("Send"), "blocks": list(blocks), **more}


def home(*blocks: Block, **more: Any) -> Block:
    return {"type": "home", "blocks": list(blocks), **more}


def button(action_id: str) -> Block:
    return {"type": "actions", "elements": [{"type": "button", "action_id": action_id, "text": plain("Take it")}]}


DIVIDER: Block = {"type": "divider"}


async def trigger_of_shortcut(workspace: Workspace, callback_id: str = "escalate") -> str:
    await workspace.does("global-shortcut", user="U0LENA", callback_id=callback_id)
    trigger: str = workspace.app.got("/slack/interactive")[-1].payload["trigger_id"]
    return trigger


async def test_a_global_shortcut_has_a_trigger_and_no_channel(workspace: Workspace) -> None:
    trigger = await trigger_of_shortcut(workspace)

    [received] = workspace.app.got("/slack/interactive")
    assert (received.payload["type"], received.payload["callback_id"]) == ("shortcut", "escalate")
    assert "channel" not in received.payload
    assert (await workspace.call("views_open", trigger_id=trigger, view=modal(note_input())))["ok"]


async def test_a_modal_fills_in_as_its_select_is_used(workspace: Workspace) -> None:
    trigger = await trigger_of_shortcut(workspace)
    skeleton = modal(DIVIDER, external_id="escalate-1")
    view = (await workspace.call("views_open", trigger_id=trigger, view=skeleton))["view"]
    filled = modal(tier_input(), note_input(), external_id="escalate-1", private_metadata="T-1")
    updated = (await workspace.call("views_update", external_id="escalate-1", hash=view["hash"], view=filled))["view"]
    place = {"user": "U0LENA", "view_id": view["id"]}

    await workspace.does("click", action_id="tier", value="l3", values={"note": "typed before"}, **place)
    chosen = workspace.app.got("/slack/interactive")[-1].payload
    preview = modal(
        tier_input(), note_input(), {"type": "section", "text": plain("pages Ada")}, external_id="escalate-1"
    )
    stale = await workspace.refusal("views_update", view_id=view["id"], hash=view["hash"], view=preview)
    await workspace.call("views_update", view_id=view["id"], hash=updated["hash"], view=preview)
    await workspace.does("submit", **place)

    assert (chosen["type"], chosen["container"]["view_id"]) == ("block_actions", view["id"])
    assert chosen["actions"][0]["selected_option"]["value"] == "l3"
    assert chosen["view"]["state"]["values"]["to"]["tier"]["selected_option"]["value"] == "l3"
    assert stale["error"] == "hash_conflict"
    submitted = workspace.app.got("/slack/interactive")[-1].payload["view"]["state"]["values"]
    assert submitted["to"]["tier"]["selected_option"]["value"] == "l3"
    assert submitted["note"]["text"]["value"] == "typed before"
    assert await workspace.written("views.open") == ["escalate-1"]
    assert await workspace.written("views.update") == ["escalate-1"] * 2


async def test_a_trigger_really_expires(workspace: Workspace) -> None:
    await workspace.under(trigger_seconds=0.001)
    trigger = await trigger_of_shortcut(workspace)
    issued = workspace.sandbox.slack.triggers[trigger].issued
    while time.time() - issued <= 0.001:
        pass

    assert (await workspace.refusal("views_open", trigger_id=trigger, view=modal(note_input())))[
        "error"
    ] == "expired_trigger_id"


async def test_the_cross_closes_the_whole_stack(workspace: Workspace) -> None:
    first = await workspace.call(
        "views_open", trigger_id=await trigger_of_shortcut(workspace), view=modal(note_input())
    )
    pushed = await workspace.call(
        "views_push", trigger_id=await trigger_of_shortcut(workspace), view=modal(note_input(), notify_on_close=True)
    )

    await workspace.does("close", user="U0LENA", view_id=pushed["view"]["id"], whole_stack=True)

    closed = workspace.app.got("/slack/interactive")[-1].payload
    assert (closed["type"], closed["is_cleared"]) == ("view_closed", True)
    assert pushed["view"]["root_view_id"] == first["view"]["id"]
    assert (await workspace.people.get("/people/slack/views")).json()["views"] == []


async def test_a_modal_that_says_so_closes_all_below_it(workspace: Workspace) -> None:
    await workspace.call("views_open", trigger_id=await trigger_of_shortcut(workspace), view=modal(note_input()))
    trigger = await trigger_of_shortcut(workspace)
    top = await workspace.call("views_push", trigger_id=trigger, view=modal(note_input(), clear_on_close=True))

    await workspace.does("close", user="U0LENA", view_id=top["view"]["id"])

    assert (await workspace.people.get("/people/slack/views")).json()["views"] == []


# --- the Home tab ---


async def test_the_home_tab_is_published_opened_and_used(workspace: Workspace) -> None:
    first = await workspace.does("home", user="U0LENA")
    [opened] = await workspace.app.wait_for("/slack/events", "app_home_opened")
    view = home({"type": "header", "text": plain("Mine")}, button("take"), tier_input())
    published = (await workspace.call("views_publish", user_id="U0LENA", view=view))["view"]
    await workspace.does("home", user="U0LENA")
    again = (await workspace.app.wait_for("/slack/events", "app_home_opened", count=2))[1].payload["event"]
    await workspace.does("click", user="U0LENA", view_id=published["id"], action_id="take")

    assert first["view"] is None
    event = opened.payload["event"]
    assert (event["user"], event["tab"], event["channel"][:2], "view" in event) == ("U0LENA", "home", "D0", False)
    assert again["view"]["id"] == published["id"]
    clicked = workspace.app.got("/slack/interactive")[-1].payload
    assert (clicked["container"], clicked["view"]["type"]) == ({"type": "view", "view_id": published["id"]}, "home")
    assert clicked["trigger_id"]

    changed = await workspace.call("views_publish", user_id="U0LENA", view=home(DIVIDER), hash=published["hash"])
    stale = await workspace.refusal("views_publish", user_id="U0LENA", view=home(DIVIDER), hash=published["hash"])
    others = (await workspace.people.get("/people/slack/home", params={"user": "U0SAM"})).json()
    assert changed["view"]["id"] == published["id"]
    assert stale["error"] == "hash_conflict"
    assert others == {"view": None}


@pytest.mark.parametrize(
    ("view", "place"),
    [
        (modal(DIVIDER), "/view/type"),
        (home(*[DIVIDER] * 101), "/view/blocks"),
        (home(DIVIDER, private_metadata="x" * 3001), "/view/private_metadata"),
    ],
)
async def test_a_wrong_home_tab_is_refused(workspace: Workspace, view: Block, place: str) -> None:
    refusal = await workspace.refusal("views_publish", user_id="U0LENA", view=view)

    assert refusal["error"] == "invalid_arguments"
    assert place in refusal["response_metadata"]["messages"][0]


# --- blocks ---


def chart(**more: Any) -> Block:
    points = [{"label": day, "value": number} for number, day in enumerate(("Mon", "Tue"))]
    line = {
        "type": "line",
        "series": [{"name": "Breaches", "data": points}],
        "axis_config": {"categories": ["Mon", "Tue"], "x_label": "Day"},
    }
    return {"type": "data_visualization", "title": "Breaches", "chart": line | more}


def pie(*values: int) -> Block:
    segments = [{"label": f"L{number}", "value": value} for number, value in enumerate(values)]
    return {"type": "data_visualization", "title": "By tier", "chart": {"type": "pie", "segments": segments}}


def cells(*texts: str) -> list[Block]:
    return [{"type": "raw_text", "text": text} for text in texts]


def rich(*parts: Block) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


async def test_charts_tables_and_rich_text_are_taken(workspace: Workspace) -> None:
    blocks = [
        chart(),
        pie(3, 5),
        {"type": "table", "rows": [cells("Tier", "Tickets"), cells("L1", "12")]},
        {"type": "data_table", "caption": "Tickets", "rows": [cells("Tier"), [{"type": "raw_number", "value": 12}]]},
        rich({"type": "text", "text": "hello "}, {"type": "user", "user_id": "U0ADA"}),
    ]

    answer = await workspace.call("chat_postMessage", channel="C0LEADS", text="digest", blocks=blocks)

    assert [block["type"] for block in answer["message"]["blocks"]] == [block["type"] for block in blocks]


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([pie(1), pie(1), pie(1)], "no more than 2 data_visualization blocks"),
        ([pie(*range(1, 8))], "no more than 6 items allowed [json-pointer:/blocks/0/chart/segments]"),
        ([pie(0)], "must be more than 0 [json-pointer:/blocks/0/chart/segments/0/value]"),
        ([chart() | {"title": "x" * 51}], "must be less than 51 characters [json-pointer:/blocks/0/title]"),
        ([chart(axis_config={"categories": ["Mon"]})], "labels must match the axis categories"),
        ([chart(type="radar")], "unsupported type: radar [json-pointer:/blocks/0/chart/type]"),
        ([{"type": "data_table", "rows": [cells("a"), cells("b")]}], "missing required field: caption"),
        ([{"type": "data_table", "caption": "c", "rows": [cells("a"), cells("b", "c")]}], "of the same length"),
        ([{"type": "table", "rows": [cells(*"abc" * 7)]}], "no more than 20 items allowed"),
        ([{"type": "table", "rows": [cells("a")]}] * 2, "only_one_table_allowed"),
        ([rich({"type": "blink", "text": "x"})], "unsupported type: blink"),
        (
            [{"type": "actions", "elements": [{"type": "datepicker", "action_id": "d", "initial_date": "tomorrow"}]}],
            "must be a date of the form YYYY-MM-DD",
        ),
        (
            [{"type": "actions", "elements": [{"type": "datetimepicker", "action_id": "d", "initial_date_time": 12}]}],
            "must be a time stamp of ten digits",
        ),
        (
            [
                {
                    "type": "actions",
                    "elements": [tier_select(initial_option={"text": plain("L4"), "value": "l4"})],
                }
            ],
            "must be one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
        ),
        ([tier_input() | {"dispatch_action": "yes"}], "must be a boolean [json-pointer:/blocks/0/dispatch_action]"),
    ],
)
async def test_wrong_charts_tables_and_inputs_are_refused(
    workspace: Workspace, blocks: list[Block], message: str
) -> None:
    refusal = await workspace.refusal("chat_postMessage", channel="C0SUPL1", text="x", blocks=blocks)

    assert refusal["error"] == "invalid_blocks"
    assert any(message in error for error in refusal["errors"]), refusal["errors"]
