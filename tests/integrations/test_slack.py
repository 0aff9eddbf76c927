"""Slack as the chat room, against the local Slack."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from domain.card import CardChoice, CardReach, CardReport, CardTrouble, CardVendor
from domain.chat import ChannelRef, MessageRef, NoticeChoice
from domain.issues import IssueCandidate, IssueCategory
from domain.page_rules import ReachBy
from domain.policy import ReportField
from domain.reach import ReachOutcome
from integrations.checks import Check
from integrations.errors import PassingFailure, PermanentFailure, RateLimited
from integrations.slack.card import CHOICE_BLOCK, card_blocks, card_plain, card_text
from integrations.slack.digest import digest_blocks, digest_text, duration
from integrations.slack.mrkdwn import bar, link, moment, person
from integrations.slack.room import SlackRoom
from sandbox.slack.directory import UserGroup
from tests.integrations.conftest import World
from tests.integrations.subjects import CARD, DIGEST, ISSUE, NOON


async def messages(world: World, channel: str = "C0SUPL1") -> list[dict[str, Any]]:
    answer = await world.people("GET", f"/slack/channels/{channel}/messages")
    found: list[dict[str, Any]] = answer["messages"] if isinstance(answer, dict) else answer
    return found


async def test_a_card_is_posted_and_lives_on(world: World) -> None:
    ref = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=False)
    await world.do(
        world.slack.update_card, ref, CARD.model_copy(update={"status": "resolved", "buttons": (), "more": ()})
    )

    (shown,) = await messages(world)
    assert ref.channel == "C0SUPL1"
    assert ref.permalink is not None
    assert ref.permalink.endswith(f"/archives/C0SUPL1/p{ref.ts.replace('.', '')}")
    assert "resolved" in shown["text"]
    assert "tierline.actions" not in str(shown["blocks"])


async def test_a_card_whose_answer_was_lost_is_found_and_not_posted_twice(world: World) -> None:
    world.break_down("slack", "drop_after", operation="chat.postMessage", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=False)

    ref = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=True)

    (shown,) = await messages(world)
    assert ref.ts == shown["ts"]
    assert len(world.written("slack", "chat.postMessage")) == 1


async def test_a_recheck_that_finds_nothing_posts(world: World) -> None:
    await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1/card", recheck=False)

    await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-10/card", recheck=True)

    assert len(await messages(world)) == 2


async def test_an_update_keeps_the_key(world: World) -> None:
    ref = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=False)
    await world.do(world.slack.update_card, ref, CARD)

    found = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=True)

    assert found == ref


async def test_lines_go_into_the_cards_thread_once(world: World) -> None:
    card = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=False)
    world.break_down("slack", "drop_after", operation="chat.postMessage", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.slack.post_line, card, "Ada took it <over> & out", key="T-1042/7", recheck=False)

    line = await world.do(world.slack.post_line, card, "Ada took it <over> & out", key="T-1042/7", recheck=True)
    other = await world.do(world.slack.post_line, card, "And went home", key="T-1042/8", recheck=True)

    assert len(world.written("slack", "chat.postMessage")) == 3
    assert line.ts != card.ts
    assert other.ts > line.ts
    assert line.permalink is not None
    assert line.permalink.endswith(f"?thread_ts={card.ts}&cid=C0SUPL1")
    assert "Ada took it &lt;over&gt; &amp; out" in str(await messages(world))


async def test_a_notice_mentions_and_links_the_card(world: World) -> None:
    card = await world.do(world.slack.post_card, "C0SUPL1", CARD, key="T-1042/card", recheck=False)

    await world.do(
        world.slack.post_notice, "C0LEADS", "T-1042 <is> late", mention="U0LENA", card=card, key="n1", recheck=False
    )

    (shown,) = await messages(world, "C0LEADS")
    assert shown["text"] == f"<@U0LENA> T-1042 &lt;is&gt; late <{card.permalink}|Open the card>"


async def test_a_notice_has_buttons_to_choose_by(world: World) -> None:
    accept = NoticeChoice(action_id="tierline.impact_accept", label="Let it follow", value="jira/10012")
    keep = NoticeChoice(action_id="tierline.impact_keep", label="Keep it", value="jira/10012")

    await world.do(
        world.slack.post_notice,
        "C0LEADS",
        "PAY-1 hurts more",
        mention="U0LENA",
        card=None,
        key="n3",
        recheck=False,
        choices=(accept, keep),
    )

    (shown,) = await messages(world, "C0LEADS")
    text, row = shown["blocks"]
    assert text["text"]["text"] == shown["text"] == "<@U0LENA> PAY-1 hurts more"
    assert [(one["action_id"], one["text"]["text"], one["value"]) for one in row["elements"]] == [
        ("tierline.impact_accept", "Let it follow", "jira/10012"),
        ("tierline.impact_keep", "Keep it", "jira/10012"),
    ]


async def test_a_line_in_the_thread_has_buttons_to_choose_by(world: World) -> None:
    card = await world.do(world.slack.post_card, "C0LEADS", CARD, key="c9", recheck=False)
    link = NoticeChoice(action_id="tierline.issue_choice.link.0", label="Link PAY-3", value="T-1042 PAY-3")

    for _ in range(2):
        await world.do(world.slack.post_line, card, "is it PAY-3?", key="l9", recheck=True, choices=(link,))

    (shown,) = await messages(world, "C0LEADS")
    (line,) = [reply for reply in shown["replies"] if reply["ts"] != card.ts]
    assert line["text"] == "is it PAY-3?"
    assert [one["value"] for one in line["blocks"][1]["elements"]] == ["T-1042 PAY-3"]


async def test_a_notice_to_a_person_is_a_direct_message_once(world: World) -> None:
    world.break_down("slack", "drop_after", operation="chat.postMessage", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.slack.post_notice, "U0ADA", "wake up", mention=None, card=None, key="n2", recheck=False)

    ref = await world.do(world.slack.post_notice, "U0ADA", "wake up", mention=None, card=None, key="n2", recheck=True)

    assert ref.channel.startswith("D")
    assert len(world.written("slack", "chat.postMessage")) == 1


async def test_the_digest_is_posted_once(world: World) -> None:
    world.break_down("slack", "drop_after", operation="chat.postMessage", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.slack.post_digest, "C0LEADS", DIGEST, key="digest/W47", recheck=False)

    await world.do(world.slack.post_digest, "C0LEADS", DIGEST, key="digest/W47", recheck=True)

    (shown,) = await messages(world, "C0LEADS")
    assert "Joint retro of Support: 12 opened" in shown["text"]


async def test_who_somebody_is(world: World) -> None:
    ada = await world.do(world.slack.user, "U0ADA")

    assert (ada.id, ada.name.lower()) == ("U0ADA", "ada")
    with pytest.raises(PermanentFailure, match="no such user"):
        await world.do(world.slack.user, "U0NOBODY")


async def test_a_message_that_is_gone_and_a_channel_that_never_was(world: World) -> None:
    with pytest.raises(PermanentFailure, match="the message is gone"):
        await world.do(world.slack.update_card, MessageRef(channel="C0SUPL1", ts="1.000001"), CARD)
    with pytest.raises(PermanentFailure, match="no such channel"):
        await world.do(world.slack.post_card, "C0NOWHERE", CARD, key="k", recheck=False)


async def test_slack_says_how_long_to_wait(world: World) -> None:
    world.break_down("slack", "rate_limit", operation="chat.postMessage", retry_after_s=11)

    with pytest.raises(RateLimited) as caught:
        await world.do(world.slack.post_card, "C0SUPL1", CARD, key="k", recheck=False)

    assert caught.value.retry_after == timedelta(seconds=11)


async def test_the_check_tells_what_to_do(world: World) -> None:
    found = await world.do(world.slack.check, ["C0SUPL1", "C0NOWHERE"])

    told = {check.what: check for check in found}
    assert told["Slack: channel C0SUPL1 (#support-l1)"].ok
    assert not told["Slack: channel C0NOWHERE"].ok
    assert "no such channel" in (told["Slack: channel C0NOWHERE"].advice or "")


async def test_the_check_names_missing_scopes_and_what_they_are_for(world: World) -> None:
    world.sandbox.slack.scopes -= {"links:write", "usergroups:read", "groups:write"}

    def scopes(found: list[Check]) -> Check:
        return next(check for check in found if check.what == "Slack: scopes")

    public = scopes(await world.do(world.slack.check, []))
    private = scopes(await world.do(world.slack.check, [], private_channels=True))
    world.sandbox.slack.scopes |= {"links:write", "usergroups:read"}

    assert public.advice == (
        "add links:write (for chat.unfurl), usergroups:read (for usergroups.list, usergroups.users.list) to the app and reinstall it"
    )
    assert "groups:write (for private channels)" in (private.advice or "")
    assert scopes(await world.do(world.slack.check, [])).ok


async def test_the_check_finds_user_groups_that_are_not_there_or_empty(world: World) -> None:
    groups = world.sandbox.slack.user_groups
    groups["S0NOBODY"] = UserGroup("S0NOBODY", "nobody", "Nobody", ())

    found = await world.do(world.slack.check, [], ["S0LEADS", "S0GONE", "S0NOBODY"])

    told = {check.what: check for check in found if "user group" in check.what}
    assert told["Slack: user group S0LEADS: 1 in it"].ok
    assert told["Slack: user group S0GONE"].advice == "there is none; correct it in the policy"
    assert "nobody is in it" in (told["Slack: user group S0NOBODY"].advice or "")


async def test_the_check_tries_socket_modes_token(world: World) -> None:
    credentials = world.sandbox.credentials
    base_url = f"{world.sandbox.http_url}/slack/api/"

    async def told(app_token: SecretStr) -> Check:
        room = SlackRoom(credentials.slack_bot_token, base_url, app_token=app_token)
        return next(check for check in await world.do(room.check, []) if check.what == "Slack: Socket Mode")

    assert (await told(credentials.slack_app_token)).ok
    wrong = await told(SecretStr("xapp-1-A-wrong"))
    assert not wrong.ok
    assert "Slack does not know TIERLINE_SLACK__APP_TOKEN" in (wrong.advice or "")
    assert not any("Socket" in check.what for check in await world.do(world.slack.check, []))


def texts_of(blocks: object) -> str:
    return str(blocks)


def test_a_card_says_what_a_reader_needs_at_a_glance() -> None:
    head, facts, clock, links, troubles, actions = card_blocks(CARD)

    assert head["text"] == {"type": "plain_text", "text": "🔴 T-1042 · Checkout fails with 502", "emoji": True}
    said = [field["text"] for field in facts["fields"]]
    assert "*Tier*\nL1 → L2 → *L3* Engineering" in said
    assert "*Owner*\n<@U0ADA>" in said
    assert "*Waiting on*\nengineering" in said
    assert "*Customer*\nInitech · gold" in said
    end = "<!date^1795176000^{date_short_pretty}, {time}|2026-11-20 12:00 UTC>"
    assert f"⏱ *resolution* due {end} (<!date^1795176000^{{ago}}|2026-11-20 12:00 UTC>)" in clock["text"]["text"]
    # The bar is as old as the card's last change, and says so.
    assert "`▓▓▓▓░░░░░░` 42 % as of <!date^1795175820^" in clock["text"]["text"]
    assert "⛔ *Breached:* handoff" in clock["text"]["text"]
    assert "<https://acme.atlassian.net/browse/PAY-12|PAY-12> In Progress · Ada" in links["text"]["text"]
    assert "<https://acme.pagerduty.com/incidents/PINC1|Ada acknowledged the page>" in links["text"]["text"]
    assert "in Temporal>" in links["text"]["text"]
    assert troubles["elements"][0]["text"].startswith("⚠️ Jira is late since <!date^1795175760^")
    *pressed, more = actions["elements"]
    assert [(button["action_id"], button["value"]) for button in pressed] == [
        ("tierline.accept", "T-1042"),
        ("tierline.escalate", "T-1042"),
        ("tierline.return", "T-1042"),
        ("tierline.reply", "T-1042"),
        ("tierline.resolve", "T-1042"),
    ]
    assert (more["type"], more["action_id"]) == ("overflow", "tierline.more")
    assert [choice["value"] for choice in more["options"]] == [
        f"{name}:T-1042" for name in ("note", "snooze", "hand_over", "priority", "link")
    ]


def test_a_card_shows_likely_duplicates_with_their_buttons_until_somebody_chose() -> None:
    same = IssueCandidate(
        ref=ISSUE,
        title="Cards <fail>",
        status="To Do",
        category=IssueCategory.TO_DO,
        updated_at=NOON,
        similarity=87,
    )
    link = NoticeChoice(action_id="tierline.issue_choice.link.0", label="Link PAY-12", value="T-1042 PAY-12")
    asking = CARD.model_copy(update={"choice": CardChoice(candidates=(same,), until=NOON, buttons=(link,))})

    blocks = card_blocks(asking)

    words = next(b for b in blocks if b["type"] == "section" and "Is it the same" in b.get("text", {}).get("text", ""))
    assert "PAY-12> 87 % · To Do · Cards &lt;fail&gt;" in words["text"]["text"]
    row = next(block for block in blocks if block.get("block_id") == CHOICE_BLOCK)
    assert [button["value"] for button in row["elements"]] == ["T-1042 PAY-12"]
    assert "Cards &lt;fail&gt;" in card_plain(asking)
    assert CHOICE_BLOCK not in str(card_blocks(CARD))


def test_a_bare_card_has_no_empty_blocks() -> None:
    bare = CARD.model_copy(
        update={
            "clock": None,
            "breached": (),
            "issues": (),
            "page": None,
            "page_url": None,
            "ticket_url": None,
            "troubles": (),
            "buttons": (),
            "more": (),
            "owner": None,
        }
    )

    blocks = card_blocks(bare)

    assert [block["type"] for block in blocks] == ["header", "section"]
    assert "_nobody yet_" in texts_of(blocks)


def test_a_card_shows_all_that_a_ticket_can_have() -> None:
    everything = CARD.model_copy(
        update={
            "reached": (
                CardReach(person="U0LENA", by=ReachBy.SLACK, outcome=ReachOutcome.DONE),
                CardReach(person="lead@acme.example", by=ReachBy.MAIL, outcome=ReachOutcome.FAILED),
            ),
            "report": CardReport(missing=(ReportField.IMPACT, ReportField.REPRODUCTION)),
            "vendor": CardVendor(name="Cardnet", due_at=NOON, overdue=True),
            "channel": ChannelRef(id="C0SEV1", name="sev1-t-1042"),
            "external_ref": "A-77",
            "help_desk_url": "https://desk.example/A-77",
            "waiting_since": NOON,
            "snoozed_until": NOON,
            "snoozed_by": "U0SAM",
        }
    )

    said = texts_of(card_blocks(everything))

    assert "📣 <@U0LENA> was told by direct message" in said
    assert "📣 lead@acme.example could not be told by mail" in said
    assert "*Report*\\n⚠️ the impact and how to reproduce it missing" in said
    assert "🏭 Cardnet, overdue since <!date^" in said
    assert "💬 <#C0SEV1>" in said
    assert "*Reference*\\n<https://desk.example/A-77|A-77>" in said
    assert "engineering since <!date^1795176000^" in said
    assert "💤 Snoozed by <@U0SAM> until <!date^1795176000^" in said
    complete = everything.model_copy(update={"report": CardReport(written=(ReportField.IMPACT,))})
    assert "*Report*\\n✅ impact" in texts_of(card_blocks(complete))


def test_a_breached_clock_is_said_once() -> None:
    assert CARD.clock is not None
    late = CARD.clock.model_copy(update={"breached": True, "percent": 130, "name": "handoff"})

    said = texts_of(card_blocks(CARD.model_copy(update={"clock": late})))

    assert "⛔ *handoff* `▓▓▓▓▓▓▓▓▓▓` breached, was due" in said
    assert "Breached:" not in said


@pytest.mark.parametrize("evil", ["<!channel>", "<@U0LENA>", "<https://evil.example|click>", "a & b"])
def test_no_text_of_a_persons_becomes_a_mention_or_a_link(evil: str) -> None:
    card = CARD.model_copy(
        update={
            "title": evil,
            "customer": evil,
            "plan": evil,
            "status": evil,
            "tier_name": evil,
            "waiting_on": evil,
            "owner": f"{evil} Smith",
            "page": evil,
            "vendor": CardVendor(name=evil, due_at=NOON),
            "external_ref": evil,
            "reached": (CardReach(person=evil, by=ReachBy.MAIL, outcome=ReachOutcome.DONE),),
            "troubles": (CardTrouble(system=evil, since=NOON),),
        }
    )

    markup = [block for block in card_blocks(card) if block["type"] != "header"]

    assert evil.rstrip(">") not in str(markup)
    assert evil.rstrip(">") not in card_text(card)


def test_long_texts_stay_within_slacks_limits() -> None:
    card = CARD.model_copy(
        update={
            "title": "x" * 500,
            "customer": "y" * 5000,
            "vendor": CardVendor(name="z" * 5000, due_at=NOON),
            "troubles": (CardTrouble(system="t" * 5000, since=NOON),) * 30,
            "reached": (CardReach(person="r" * 5000, by=ReachBy.MAIL, outcome=ReachOutcome.DONE),) * 30,
        }
    )

    for block in card_blocks(card):
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        for element in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]:
            if element and element.get("type") == "mrkdwn":
                assert len(element["text"]) <= 3000
        assert len(block.get("elements", [])) <= 10


def test_the_digest_has_what_the_retro_talks_about() -> None:
    said = texts_of(digest_blocks(DIGEST))

    assert "📊 Joint retro · Support" in said
    assert "*Opened*\\n12" in said
    assert "*Returned*\\n2" in said
    assert "`L1 ▓▓▓▓▓▓▓▓▓▓` 8" in said
    assert "⛔ acceptance: 2" in said
    assert "the vendor: 1 d 4 h (85%)" in said
    assert f"<{ISSUE.url}|PAY-12>: 4 tickets" in said
    assert "T-1001 in L3, open for 3 d 2 h" in said
    assert "<@U0ADA> · 4" in said
    assert "9 resolved" in digest_text(DIGEST)


def test_an_empty_week_is_a_digest_too() -> None:
    empty = DIGEST.model_copy(
        update={"by_tier": {}, "breaches": {}, "waiting": {}, "top_issues": (), "oldest": (), "thanks": ()}
    )

    assert texts_of(digest_blocks(empty)).count("_none_") == 6


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h"),
        (timedelta(hours=5, minutes=10), "5 h 10 min"),
        (timedelta(minutes=12, seconds=30), "12 min"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(0), "0 s"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_durations(length: timedelta, said: str) -> None:
    assert duration(length) == said


def test_markup() -> None:
    assert bar(0) == "░" * 10
    assert bar(0.01) == "▓" + "░" * 9
    assert bar(7) == "▓" * 10
    assert link("javascript:alert(1)", "a>b") == "a&gt;b"
    assert link("https://x.example/?a=1&b=<2>", "a|b") == "<https://x.example/?a=1&amp;b=&lt;2&gt;|a¦b>"
    assert person("U0ADA") == "<@U0ADA>"
    assert person("UNA <x>") == "UNA &lt;x&gt;"
    assert moment(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)).endswith("|2026-01-02 03:04 UTC>")
