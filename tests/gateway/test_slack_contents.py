"""A message in a card's thread is more than its text: mentions, forwarded messages, files of another company, blocks, great length."""

import json
from typing import Any

import pytest

from domain.chat import FileLink
from domain.messages import ThreadChange, ThreadMessage
from domain.ticket_references import ReferenceKind, reference
from gateway.slack_contents import contents_of
from gateway.slack_surfaces import Profile
from tests.gateway.front_door import AGENT, FrontDoor, eventually
from tests.gateway.slack_happenings import CARD, CHANNEL, a_reply, an_edit, enveloped

LOG = {"id": "F1", "name": "trace.log", "permalink": "https://acme.slack.com/files/U0SAM/F1/trace.log"}
CHART = {"id": "F2", "name": "chart.png", "permalink": "https://acme.slack.com/files/U0ADA/F2/chart.png"}
FOREIGN = {"id": "F9", "mode": "file_access", "file_access": "check_file_info"}
FORWARDED: dict[str, Any] = {
    "is_msg_unfurl": True,
    "is_share": True,
    "author_id": "U0ADA",
    "author_name": "Ada Moreau",
    "channel_id": "C0ENG",
    "from_url": "https://acme.slack.com/archives/C0ENG/p1795170000000900",
    "fallback": "[November 20th, 2026] Ada: the pool is full",
    "text": "the pool is full, <@U0LENA>",
    "message_blocks": [{"channel": "C0ENG", "message": {"blocks": []}}],
    "files": [CHART],
}


@pytest.fixture
def door(door: FrontDoor) -> FrontDoor:
    """A gateway at which the card of T-1042, and who and what is mentioned, are known."""
    door.desk.references["T-1042"] = {reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")}
    door.forms.profiles[AGENT] = Profile(user_id=AGENT, name="sam")
    door.forms.profiles["U0ADA"] = Profile(user_id="U0ADA", name="ada")
    door.forms.profiles["U0LENA"] = Profile(user_id="U0LENA", name="lena")
    door.forms.handles["S0LEADS"] = "support-leads"
    door.forms.channels["C0ENG"] = "engineering"
    return door


async def told(door: FrontDoor, event: dict[str, Any]) -> ThreadMessage:
    """What the ticket is told of this event."""
    response = await door.slack("events", json.dumps(enveloped(event)).encode())
    assert response.status_code == 200
    ((_, delivery),) = door.desk.deliveries
    assert isinstance(delivery.body, ThreadMessage)
    return delivery.body


async def test_mentions_arrive_as_names(door: FrontDoor) -> None:
    said = "<@U0ADA> <!subteam^S0LEADS> look at <#C0ENG|>, <!here>: a &lt; b, see <https://a.example/x|the page>"

    message = await told(door, a_reply(said))

    assert message.text == "@ada @support-leads look at #engineering, @here: a < b, see the page (https://a.example/x)"


async def test_while_slack_does_not_say_who_that_is_the_words_arrive_all_the_same(door: FrontDoor) -> None:
    door.forms.works = False

    message = await told(door, a_reply("<@U0ADA> <!subteam^S0LEADS> <#C0ENG|> it burns"))

    assert message.text == "@U0ADA @S0LEADS #C0ENG it burns"


async def test_a_forwarded_message_keeps_its_words_and_files_beside_the_caption(door: FrontDoor) -> None:
    message = await told(door, a_reply("same here", files=[LOG], attachments=[FORWARDED]))

    assert message.text == "same here\n[forwarded, from Ada Moreau: the pool is full, @lena]"
    assert [file.name for file in message.files] == ["trace.log", "chart.png"]


async def test_a_forwarded_message_that_has_blocks_alone_is_read_from_them(door: FrontDoor) -> None:
    leaves = [
        {"type": "text", "text": "ask "},
        {"type": "user", "user_id": "U0ADA"},
        {"type": "text", "text": " at 1 < 2, "},
        {"type": "link", "url": "https://a.example/?a=1&b=2", "text": "here"},
        {"type": "emoji", "name": "fire"},
        {"type": "broadcast", "range": "channel"},
        {"type": "hologram"},
    ]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}
    bare = {name: value for name, value in FORWARDED.items() if name not in ("text", "files", "fallback")}
    shared = bare | {"message_blocks": [{"message": {"blocks": [rich]}}]}

    message = await told(door, a_reply("", attachments=[shared]))

    words = (
        "ask @ada at 1 < 2, here (https://a.example/?a=1&b=2):fire:@channel[a Slack hologram that Tierline cannot read]"
    )
    assert message.text == f"[forwarded, from Ada Moreau: {words}]"


async def test_a_pasted_link_to_a_message_is_no_second_message(door: FrontDoor) -> None:
    pasted = {name: value for name, value in FORWARDED.items() if name != "is_share"}

    message = await told(door, a_reply(f"see <{FORWARDED['from_url']}>", attachments=[pasted]))

    assert (message.text, message.files) == (f"see {FORWARDED['from_url']}", ())


async def test_the_preview_of_a_link_is_not_what_somebody_wrote(door: FrontDoor) -> None:
    preview = {
        "title": "A page",
        "text": "Buy now",
        "from_url": "https://a.example",
        "original_url": "https://a.example",
    }

    message = await told(door, a_reply("<https://a.example>", attachments=[preview]))

    assert message.text == "https://a.example"


async def test_a_message_that_is_forwarded_later_by_an_edit_is_an_edit(door: FrontDoor) -> None:
    before = a_reply("same here")

    message = await told(door, an_edit(before, before | {"attachments": [FORWARDED]}))

    assert (message.change, len(message.files)) == (ThreadChange.EDITED, 1)


async def test_slack_is_asked_about_a_file_of_another_company(door: FrontDoor) -> None:
    link = FileLink(
        name="hsm.log", url="https://cardnet.slack.com/files/F9", id="F9", download="https://files.slack.com/F9"
    )
    door.forms.files["F9"] = link

    message = await told(door, a_reply("", subtype="file_share", files=[FOREIGN]))

    assert (message.text, message.files) == ("", (link,))


async def test_a_file_that_slack_does_not_show_is_named_even_when_it_comes_alone(door: FrontDoor) -> None:
    message = await told(door, a_reply("", subtype="file_share", files=[FOREIGN]))

    assert (message.text, message.files) == ("[a file that Slack does not show to Tierline: F9]", ())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": [{"id": "F3", "mode": "tombstone"}]}, "[a file that was deleted]"),
        (
            {"files": [{"id": "F3", "file_access": "access_denied"}]},
            "[a file that Slack does not show to Tierline: F3]",
        ),
        ({"files": [{"id": "F3"}]}, "[a file that Tierline cannot read: F3]"),
        ({"files": [LOG | {"id": f"F{n}"} for n in range(12)]}, "[2 more files in Slack]"),
        ({"blocks": [{"type": "poll"}]}, "[a Slack poll that Tierline cannot read]"),
        ({"attachments": [{"id": 1}]}, "[an attachment in Slack that Tierline cannot read]"),
    ],
)
async def test_what_tierline_cannot_read_is_named(door: FrontDoor, changes: dict[str, Any], said: str) -> None:
    message = await told(door, a_reply("", **changes))

    assert message.text == said


async def test_a_table_beside_the_text_is_read_too(door: FrontDoor) -> None:
    cells = [{"type": "raw_text", "text": "pool"}, {"type": "raw_text", "text": "98 %"}]
    blocks = [{"type": "rich_text", "elements": []}, {"type": "table", "rows": [cells]}]

    message = await told(door, a_reply("look", blocks=blocks))

    assert message.text == "look\npool | 98 %"


async def test_a_message_that_is_too_long_is_cut_with_a_mark(door: FrontDoor) -> None:
    message = await told(door, a_reply("x" * 30_000))

    assert len(message.text) == 20_000
    assert message.text.endswith("x [… cut here: 30,000 characters, all of them in Slack]")


def test_lists_and_quotations_keep_their_form() -> None:
    def section(text: str) -> dict[str, Any]:
        return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}

    listed = {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [section("one"), section("two")]}
    quoted = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "it\nburns"}]}

    found = contents_of({"blocks": [{"type": "rich_text", "elements": [listed, quoted]}]})

    # What Slack sends is not trimmed but at both ends.
    assert found.words == "1. one\n  2. two\n> it\n> burns"


def test_characters_that_are_no_text_are_left_out_of_rich_text_too() -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "it\x00 burns "}]}

    assert contents_of({"blocks": [{"type": "rich_text", "elements": [section]}]}).words == "it burns"


def test_a_list_within_lists_without_end_is_no_trouble() -> None:
    nested: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(200):
        nested = {"type": "rich_text_section", "elements": [nested]}

    assert "[more in Slack]" in contents_of({"blocks": [{"type": "rich_text", "elements": [nested]}]}).words


async def test_the_form_for_the_customer_shows_names_and_the_forwarded_words(door: FrontDoor) -> None:
    message = {"ts": "1795175000.000200", "thread_ts": CARD, "text": "<@U0ADA> fixed it", "attachments": [FORWARDED]}
    payload = {
        "type": "message_action",
        "callback_id": "send_to_customer",
        "team": {"id": "T0ACME"},
        "user": {"id": "U0LENA", "username": "lena"},
        "channel": {"id": CHANNEL},
        "trigger_id": "1.2.b",
        "message": message,
    }

    assert (await door.interacts(payload)).status_code == 200
    await eventually(lambda: len(door.forms.views) > 1)

    assert "@ada fixed it\\n[forwarded, from Ada Moreau: the pool is full, @lena]" in json.dumps(door.forms.views[-1])
