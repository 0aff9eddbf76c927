"""Messages in a card's thread become part of the ticket's story; everything else that Slack calls a message does not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from domain.ended import Ended, EndedHow
from domain.messages import FileLink, ThreadChange, ThreadMessage
from domain.people import Role
from domain.ticket_references import ReferenceKind, reference
from gateway.slack_surfaces import Profile
from gateway.tickets import TicketEnded
from tests.gateway.front_door import AGENT, NOBODY, FrontDoor, eventually
from tests.gateway.slack_happenings import BOT, CARD, CHANNEL, a_deletion, a_reply, an_edit, enveloped

THE_CARD = reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")
STRANGER = "U0KIRAN"
DOWNLOAD = "https://files.slack.com/files-pri/T0ACME-F1/download/trace.log"
LOG = {
    "id": "F1",
    "name": "trace.log",
    "permalink": "https://acme.slack.com/files/U0SAM/F1/trace.log",
    "url_private_download": DOWNLOAD,
    "size": 7,
}


@pytest.fixture
def door(door: FrontDoor) -> FrontDoor:
    """A gateway at which the card of T-1042 is known."""
    door.desk.references["T-1042"] = {THE_CARD}
    door.forms.teams = frozenset({"T0ACME"})
    door.forms.profiles[AGENT] = Profile(user_id=AGENT, name="sam")
    door.forms.profiles[STRANGER] = Profile(user_id=STRANGER, name="kiran", stranger=True)
    return door


async def happens(door: FrontDoor, event: dict[str, Any], event_id: str = "Ev01", **envelope: Any) -> httpx2.Response:
    return await door.slack("events", json.dumps(enveloped(event, event_id, **envelope)).encode())


def told(door: FrontDoor) -> list[ThreadMessage]:
    """What the tickets were told of threads."""
    bodies = [delivery.body for _, delivery in door.desk.deliveries]
    return [body for body in bodies if isinstance(body, ThreadMessage)]


async def test_a_message_in_the_cards_thread_reaches_its_ticket_once(door: FrontDoor) -> None:
    for _ in range(2):
        response = await happens(door, a_reply("see &lt;PAY&gt; <https://pay.example|the page> <@U0ADA>"))
        assert (response.status_code, response.content) == (200, b"")

    ((ticket_id, delivery),) = door.desk.deliveries
    (message,) = told(door)
    assert (ticket_id, delivery.id) == ("T-1042", "slack/Ev01")
    assert (message.change, message.ts) == (ThreadChange.POSTED, "1795175000.000200")
    assert message.text == "see <PAY> the page (https://pay.example) @U0ADA"
    assert (message.by.id, message.by.name, message.by.roles) == (AGENT, "sam", frozenset({Role.AGENT}))


async def test_a_colleague_without_a_role_is_recorded_as_well(door: FrontDoor) -> None:
    await happens(door, a_reply("it fails for me too", user=NOBODY))

    assert [(message.by.id, message.by.roles) for message in told(door)] == [(NOBODY, frozenset())]


async def test_an_edit_tells_the_new_words_and_who_wrote_them(door: FrontDoor) -> None:
    before = a_reply("it is the gatway")
    await happens(door, an_edit(before, before | {"text": "it is the gateway"}))

    (message,) = told(door)
    assert (message.change, message.text, message.ts) == (ThreadChange.EDITED, "it is the gateway", before["ts"])
    assert message.by.id == AGENT


async def test_a_deletion_tells_whose_message_it_was(door: FrontDoor) -> None:
    await happens(door, a_deletion(a_reply("never mind")))

    (message,) = told(door)
    assert (message.change, message.text, message.ts) == (ThreadChange.DELETED, "", "1795175000.000200")


async def test_files_become_links_and_nothing_of_them_is_fetched(door: FrontDoor) -> None:
    await happens(door, a_reply("", subtype="file_share", files=[LOG]))

    (message,) = told(door)
    assert message.files == (FileLink(name="trace.log", url=str(LOG["permalink"]), id="F1", download=DOWNLOAD),)


async def test_a_file_that_is_taken_out_is_an_edit(door: FrontDoor) -> None:
    before = a_reply("here", files=[LOG])
    await happens(door, an_edit(before, a_reply("here")))

    assert [(message.change, message.files) for message in told(door)] == [(ThreadChange.EDITED, ())]


@pytest.mark.parametrize("changes", [{"subtype": "thread_broadcast"}, {"subtype": "me_message"}, {"team": "T0ACME"}])
async def test_every_way_of_writing_counts(door: FrontDoor, changes: dict[str, Any]) -> None:
    await happens(door, a_reply("done", **changes))

    assert [message.text for message in told(door)] == ["done"]


async def test_a_message_that_was_passed_on_is_told_with_its_words(door: FrontDoor) -> None:
    await happens(door, a_reply("", attachments=[{"text": "it burns", "fallback": "[lena] it burns"}]))

    assert [message.text for message in told(door)] == ["it burns"]


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


REPLY = a_reply()
IGNORED: dict[str, dict[str, Any]] = {
    "a message of the channel, in no thread": without(REPLY, "thread_ts", "parent_user_id"),
    "the thread's own first message": REPLY | {"thread_ts": REPLY["ts"]},
    "a thread below a person's message": REPLY | {"parent_user_id": "U0LENA"},
    "our own line": REPLY | {"user": BOT, "bot_id": "B0TIERLINE"},
    "our own line, without its app": REPLY | {"user": BOT},
    "another app's message": REPLY | {"bot_id": "B0OTHER", "user": "U0OTHER"},
    "an app without a user": without(REPLY, "user") | {"subtype": "bot_message", "bot_id": "B0OTHER"},
    "somebody joined": REPLY | {"subtype": "channel_join"},
    "a topic was set": REPLY | {"subtype": "channel_topic"},
    "Slack counted the replies": REPLY | {"subtype": "message_replied"},
    "nothing was written": REPLY | {"text": " "},
    "a preview was added": an_edit(
        REPLY, REPLY | {"attachments": [{"title": "a link", "from_url": "https://a.example"}]}
    ),
    "our own card was redrawn": an_edit(
        REPLY | {"user": BOT, "bot_id": "B0TIERLINE"}, REPLY | {"user": BOT, "bot_id": "B0TIERLINE", "text": "new"}
    ),
    "an edit of the channel": an_edit(without(REPLY, "thread_ts"), without(REPLY, "thread_ts") | {"text": "new"}),
    "our own line was deleted": a_deletion(REPLY | {"bot_id": "B0TIERLINE", "user": BOT}),
    "a message of the channel was deleted": a_deletion(without(REPLY, "thread_ts")),
    "an edit without its message": {"type": "message", "subtype": "message_changed", "channel": CHANNEL},
    "a deletion without its message": {"type": "message", "subtype": "message_deleted", "channel": CHANNEL},
    "an event that nobody asked for": {"type": "channel_rename", "channel": {"id": CHANNEL}},
    "a reaction taken back": {"type": "reaction_removed", "user": AGENT, "reaction": "eyes"},
}


@pytest.mark.parametrize("event", IGNORED.values(), ids=IGNORED.keys())
async def test_what_is_no_words_of_a_person_in_a_cards_thread_is_not_even_looked_up(
    door: FrontDoor, event: dict[str, Any]
) -> None:
    response = await happens(door, event)

    assert response.status_code == 200
    assert [*door.desk.handed, *door.desk.searches, *door.forms.whispers] == []


async def test_threads_below_other_messages_of_ours_are_looked_up_once(door: FrontDoor) -> None:
    for number in range(3):
        await happens(door, a_reply(thread_ts="1795160000.000100"), f"Ev{number}")

    assert len(door.desk.searches) == 1
    assert door.desk.handed == []


async def test_a_thread_is_looked_up_once_however_much_is_written(door: FrontDoor) -> None:
    for number in range(3):
        await happens(door, a_reply(str(number)), f"Ev{number}")

    assert [message.text for message in told(door)] == ["0", "1", "2"]
    assert len(door.desk.searches) == 1


async def test_a_message_below_a_card_that_was_posted_just_now_comes_again(door: FrontDoor) -> None:
    just_now = f"{int(door.now.timestamp()) - 2}.000100"
    soon = a_reply(thread_ts=just_now)
    early = await happens(door, soon)
    door.desk.references["T-1042"].add(reference(ReferenceKind.CARD, f"{CHANNEL}/{just_now}"))
    again = await happens(door, soon)

    assert (early.status_code, again.status_code) == (503, 200)
    assert len(told(door)) == 1


async def test_while_temporal_is_away_slack_is_to_come_again_and_nothing_is_lost(door: FrontDoor) -> None:
    door.desk.away = True
    first = await happens(door, REPLY)
    door.desk.away = False
    await happens(door, REPLY)
    door.desk.away = True
    known_by_now = await happens(door, a_reply("more"), "Ev02")
    door.desk.away = False
    await happens(door, a_reply("more"), "Ev02")

    assert (first.status_code, known_by_now.status_code) == (503, 503)
    assert [message.text for message in told(door)] == [REPLY["text"], "more"]


async def test_strangers_of_a_shared_channel_are_told_once_that_they_are_not_recorded(door: FrontDoor) -> None:
    theirs = {"user": STRANGER, "user_team": "T0CARDNET", "source_team": "T0CARDNET"}
    for number in range(3):
        await happens(door, a_reply("any news?", **theirs), f"Ev{number}", shared=True)
    await eventually(lambda: len(door.forms.whispers) == 1)

    ((channel, user, text, thread),) = door.forms.whispers
    assert (channel, user, thread) == (CHANNEL, STRANGER, CARD)
    assert text.startswith("What you write here stays in Slack: it is not taken to T-1042.")
    assert door.desk.handed == []


async def test_strangers_hear_nothing_where_no_ticket_is(door: FrontDoor) -> None:
    theirs = {"user": STRANGER, "user_team": "T0CARDNET", "thread_ts": "1795160000.000100"}
    await happens(door, a_reply("any news?", **theirs), shared=True)
    await door.gateway.running.finish(1)

    assert door.forms.whispers == []


async def test_whoever_writes_below_a_closed_tickets_card_is_told_so_once(door: FrontDoor) -> None:
    del door.desk.tickets["T-1042"]
    for number in range(2):
        response = await happens(door, REPLY, f"Ev{number}")
        assert response.status_code == 200
    await eventually(lambda: len(door.forms.whispers) == 1)

    assert door.forms.whispers[0][1:3] == (
        AGENT,
        "This was not recorded. Ticket T-1042 is closed; open a new one and mention it there.",
    )


async def test_whoever_writes_below_the_card_of_a_ticket_that_ended_before_its_time_is_told_what_happened(
    door: FrontDoor,
) -> None:
    ended = Ended(how=EndedHow.TERMINATED, at=datetime(2026, 11, 30, 8, tzinfo=UTC))
    door.desk.ended["T-1042"] = ended
    assert (await happens(door, REPLY, "Ev1")).status_code == 200
    await eventually(lambda: len(door.forms.whispers) == 1)

    assert door.forms.whispers[0][2] == f"This was not recorded. {TicketEnded('T-1042', ended)}"
    assert "was terminated on 2026-11-30 08:00:00 UTC" in door.forms.whispers[0][2]


async def test_an_event_without_an_id_is_kept_aside(door: FrontDoor) -> None:
    payload = enveloped(REPLY)
    del payload["event_id"]

    assert (await door.slack("events", json.dumps(payload).encode())).status_code == 200
    assert len(list(door.quarantine.iterdir())) == 1


async def test_whose_workspace_it_is_decides_while_slack_does_not_say_who_wrote(door: FrontDoor) -> None:
    await door.gateway.slack.directory.own_teams()  # type: ignore[union-attr]
    door.forms.works = False
    await happens(door, a_reply("any news?", user="U0KIRAN", user_team="T0CARDNET"), shared=True)

    assert door.desk.handed == []


async def test_who_wrote_is_named_by_id_while_slack_does_not_answer(build: Callable[..., FrontDoor]) -> None:
    door = build()
    door.desk.references["T-1042"] = {THE_CARD}
    door.forms.works = False
    await happens(door, REPLY)

    assert [message.by.name for message in told(door)] == [AGENT]
