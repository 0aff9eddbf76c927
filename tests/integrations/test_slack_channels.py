"""A ticket's own channel in Slack, and what becomes of messages that Slack does not take, against the local Slack."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.chat import ChannelRef, MessageRef
from domain.digest import Digest
from domain.tiers import Owner
from integrations.errors import PassingFailure, PermanentFailure, RateLimited
from integrations.slack import room
from integrations.slack.card import card_topic
from integrations.slack.digest import digest_charts
from sandbox.slack.directory import Channel
from tests.integrations.conftest import World
from tests.integrations.subjects import CARD, DIGEST

KEY = "T-1042/2"
NAME = "sev1-t-1042"


async def opened(world: World, *, invite: tuple[str, ...] = (), recheck: bool = False) -> ChannelRef:
    """The ticket's channel, as the worker has it made."""
    card = CARD.model_copy(update={"card_url": "https://acme.slack.com/archives/C0SUPL1/p1"})
    return await world.do(
        world.slack.open_severity_channel, NAME, card, private=False, invite=invite, key=KEY, recheck=recheck
    )


def channel(world: World, ref: ChannelRef) -> Channel:
    """What Slack has of it."""
    return world.sandbox.slack.channels[ref.id]


def messages(world: World, ref: ChannelRef) -> list[str]:
    """What the bot wrote there."""
    found = world.sandbox.slack.messages[ref.id].values()
    return [message.text for message in found if "set the channel" not in message.text]


def bookmarks(world: World, ref: ChannelRef) -> dict[str, str]:
    """The links below its name."""
    return {bookmark.title: bookmark.link for bookmark in world.sandbox.slack.bookmarks.get(ref.id, [])}


async def without_scopes(world: World, *scopes: str) -> None:
    """An operator installed the app with less than it asks for."""
    async with httpx2.AsyncClient(base_url=world.sandbox.http_url) as client:
        left = sorted(world.sandbox.slack.scopes - set(scopes))
        (await client.post("/sandbox/slack", json={"scopes": left})).raise_for_status()


async def test_a_channel_is_made_with_people_topic_bookmarks_and_the_cards_link(world: World) -> None:
    ref = await opened(world, invite=("U0LENA", "S0ENGINEERS", "U0TIERLINE", "U0NOBODY"))

    made = channel(world, ref)
    assert (ref.name, made.name, made.is_private) == (NAME, NAME, False)
    # The group's member came; who does not exist, and the bot itself, are no trouble.
    assert set(made.members) == {"U0TIERLINE", "U0LENA", "U0ADA"}
    assert made.topic == card_topic(CARD)
    assert made.topic.startswith(
        "with engineering · P1 · L3 Engineering · U0ADA · waits on engineering · resolution due"
    )
    assert bookmarks(world, ref) == {
        "Card": "https://acme.slack.com/archives/C0SUPL1/p1",
        "PAY-12": "https://acme.atlassian.net/browse/PAY-12",
        "PagerDuty": "https://acme.pagerduty.com/incidents/PINC1",
        "Temporal": CARD.ticket_url,
    }
    assert any("<https://acme.slack.com/archives/C0SUPL1/p1|Open the card>" in text for text in messages(world, ref))


@pytest.mark.parametrize(
    "step",
    [
        "conversations.create",
        "conversations.setPurpose",
        "conversations.invite",
        "conversations.setTopic",
        "bookmarks.add",
        "chat.postMessage",
    ],
)
async def test_wherever_the_answer_is_lost_nothing_is_doubled(world: World, step: str) -> None:
    world.break_down("slack", "drop_after", operation=step, times=1)
    with pytest.raises(PassingFailure):
        await opened(world, invite=("U0LENA",))

    ref = await opened(world, invite=("U0LENA",), recheck=True)

    assert len(world.written("slack", "conversations.create")) == 1
    assert len([text for text in messages(world, ref) if "Open the card" in text]) == 1
    kept = [bookmark.title for bookmark in world.sandbox.slack.bookmarks[ref.id]]
    assert sorted(kept) == ["Card", "PAY-12", "PagerDuty", "Temporal"]
    assert channel(world, ref).members.count("U0LENA") == 1


@pytest.mark.parametrize("creator", ["U0EVE", "U0TIERLINE"])
async def test_a_name_that_others_have_is_refused_and_their_channel_left_alone(world: World, creator: str) -> None:
    purpose = "" if creator == "U0EVE" else "T-1042's own channel, kept by Tierline (T-1042/9)"
    taken = Channel("C0TAKEN", NAME, purpose=purpose, members=["U0TIERLINE"], creator=creator)
    world.sandbox.slack.add_channel(taken)

    with pytest.raises(PermanentFailure, match="another channel has the name #sev1-t-1042") as caught:
        await opened(world)

    assert caught.value.code == "name_taken"
    assert taken.purpose == purpose
    assert world.written("slack", "conversations.create") == []


async def test_a_missing_scope_names_itself(world: World) -> None:
    await without_scopes(world, "channels:manage")

    with pytest.raises(PermanentFailure, match="lacks the scope channels:manage"):
        await opened(world)


async def test_a_channel_is_worth_having_without_bookmarks_and_user_groups(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await without_scopes(world, "bookmarks:read", "bookmarks:write", "usergroups:read")

    ref = await opened(world, invite=("S0ENGINEERS", "U0LENA"))

    assert set(channel(world, ref).members) == {"U0TIERLINE", "U0LENA"}
    assert bookmarks(world, ref) == {}
    assert "could not set bookmarks in a ticket's own channel" in caplog.text
    assert "could not read a user group" in caplog.text


async def test_dressing_changes_what_differs_and_nothing_else(world: World) -> None:
    ref = await opened(world)
    asked = len(world.asked("slack"))
    same = CARD.model_copy(update={"card_url": "https://acme.slack.com/archives/C0SUPL1/p1"})

    await world.do(world.slack.dress_severity_channel, ref, same)
    repeated = world.asked("slack")[asked:]
    moved = same.model_copy(update={"owner": "tom", "page_url": "https://acme.pagerduty.com/incidents/PINC2"})
    await world.do(world.slack.dress_severity_channel, ref, moved, invite=["U0TOM"])
    await world.do(world.slack.dress_severity_channel, ref, moved, invite=["U0TOM"])

    assert [call.split("/")[-1] for call in repeated] == ["conversations.info", "bookmarks.list"]
    assert "tom" in channel(world, ref).topic
    assert bookmarks(world, ref)["PagerDuty"].endswith("PINC2")
    assert len(bookmarks(world, ref)) == len(world.sandbox.slack.bookmarks[ref.id]) == 4
    assert channel(world, ref).members.count("U0TOM") == 1


async def test_a_line_and_the_summary_come_once_and_the_channel_is_archived(world: World) -> None:
    ref = await opened(world)
    card = MessageRef(channel="C0SUPL1", ts="1.000100", permalink="https://acme.slack.com/archives/C0SUPL1/p1000100")
    world.break_down("slack", "drop_after", operation="chat.postMessage", times=1)
    with pytest.raises(PassingFailure):
        await tell(world, ref, recheck=False)
    await tell(world, ref, recheck=True)
    for lost in ("chat.postMessage", "conversations.archive"):
        world.break_down("slack", "drop_after", operation=lost, times=1)
        with pytest.raises(PassingFailure):
            await close(world, ref, card, recheck=True)
    await close(world, ref, card, recheck=True)

    told = messages(world, ref)
    assert [text for text in told if "took" in text] == ["sam &lt;took&gt; it"]
    assert [text for text in told if "is over" in text] == [
        f"T-1042 is over\nPath: L1 → L3\n<{card.permalink}|The card>"
    ]
    assert channel(world, ref).is_archived
    assert len(world.written("slack", "conversations.archive")) == 1


async def tell(world: World, ref: ChannelRef, *, recheck: bool) -> None:
    await world.do(world.slack.tell_severity_channel, ref, "sam <took> it", key="T-1042/8", recheck=recheck)


async def close(world: World, ref: ChannelRef, card: MessageRef, *, recheck: bool) -> None:
    summary = "T-1042 is over\nPath: L1 → L3"
    await world.do(world.slack.close_severity_channel, ref, summary, card=card, key="T-1042/9", recheck=recheck)


async def test_a_channel_that_somebody_archived_says_so_with_slacks_own_word(world: World) -> None:
    ref = await opened(world)
    channel(world, ref).is_archived = True

    with pytest.raises(PermanentFailure) as dressing:
        await world.do(world.slack.dress_severity_channel, ref, CARD)
    with pytest.raises(PermanentFailure) as telling:
        await tell(world, ref, recheck=False)

    assert (dressing.value.code, telling.value.code) == ("is_archived", "is_archived")
    await close(world, ref, MessageRef(channel="C0SUPL1", ts="1.0001"), recheck=False)


METHODS = (
    "conversations.create",
    "conversations.invite",
    "conversations.setTopic",
    "bookmarks.list",
    "chat.postMessage",
)


@pytest.mark.parametrize("method", METHODS)
async def test_a_rate_limit_anywhere_delays_and_drops_nothing(world: World, method: str) -> None:
    world.break_down("slack", "rate_limit", operation=method, times=1, retry_after_s=7)

    with pytest.raises(RateLimited) as caught:
        await opened(world, invite=("U0LENA",))
    assert caught.value.retry_after == timedelta(seconds=7)

    ref = await opened(world, invite=("U0LENA",), recheck=True)
    assert "U0LENA" in channel(world, ref).members


# --- what Slack does not take ----------------------------------------------------------------------------------------


def refused_blocks(*_: object) -> list[dict[str, Any]]:
    return [{"type": "hologram"}]


async def test_a_card_whose_blocks_are_refused_is_shown_as_text(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1/card", recheck=False)
    monkeypatch.setattr(room, "card_blocks", refused_blocks)

    ref = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=False)
    await world.do(world.slack.update_card, good, CARD.model_copy(update={"status": "resolved"}))
    found = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=True)

    for message in (world.sandbox.slack.messages["C0SUPL1"][ts] for ts in (ref.ts, good.ts)):
        assert not message.blocks
        assert "*Owner* <@U0ADA>" in message.text
        assert "<https://acme.atlassian.net/browse/PAY-12|PAY-12> In Progress" in message.text
        assert "/tier help" in message.text
    assert found == ref
    assert "Slack refused the blocks of the card of T-1042" in caplog.text
    assert "Checkout" not in caplog.text


async def test_the_digest_has_charts_and_goes_out_without_them_where_slack_knows_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.do(world.slack.post_digest, "C0LEADS", DIGEST, key="digest/1", recheck=False)
    monkeypatch.setattr(room, "digest_charts", refused_blocks)
    await world.do(world.slack.post_digest, "C0LEADS", DIGEST, key="digest/2", recheck=False)

    with_charts, without = world.sandbox.slack.messages["C0LEADS"].values()
    kinds = [block["type"] for block in with_charts.blocks or []]
    assert kinds.count("data_visualization") == 2
    assert [block["type"] for block in without.blocks or []] == [kind for kind in kinds if kind != "data_visualization"]


def test_charts_keep_slacks_measure() -> None:
    pie, bars = digest_charts(DIGEST)
    assert pie["chart"]["segments"][0] == {"label": "the vendor", "value": 28.0}
    assert bars["chart"]["axis_config"]["categories"] == ["acceptance"]
    everybody = dict.fromkeys(Owner, timedelta(hours=1))
    crowded = digest_charts(DIGEST.model_copy(update={"waiting": everybody}))[0]["chart"]["segments"]
    assert (len(crowded), crowded[-1]) == (6, {"label": "others", "value": 3.0})
    assert all(len(segment["label"]) <= 20 for segment in crowded)
    nothing: Digest = DIGEST.model_copy(update={"waiting": {}, "breaches": {}})
    assert digest_charts(nothing) == []
