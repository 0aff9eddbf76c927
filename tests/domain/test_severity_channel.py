"""The gravest tickets have a channel of their own."""

from typing import Any

from domain.chat import ChannelRef, MessageRef
from domain.intents import (
    CloseSeverityChannel,
    DressSeverityChannel,
    Lane,
    Notice,
    OpenSeverityChannel,
    ShowCard,
    TellSeverityChannel,
    lane_of,
)
from domain.issues import IssueCategory
from domain.messages import CardShown, Note, SetPriority, SeverityChannelOpened
from domain.paging import PageStatus
from domain.policy import Policy, SeverityChannelRules
from domain.severity_channel import name_of
from domain.ticket import TicketStatus
from domain.ticket_card import card_of
from domain.tiers import Priority, Tier
from tests.domain.building import (
    DAY,
    HOUR,
    LENA,
    MINUTE,
    SAM,
    TOM,
    Story,
    a_policy,
    an_opening,
    without_ladders,
)

CHANNEL = ChannelRef(id="C0SEV1042", name="sev1-t-1042")
RULES = SeverityChannelRules(invite=("S0ONCALL", "U0MANAGER"))


def watching(**changes: Any) -> Policy:
    """A policy whose P1 tickets get a channel of their own."""
    return a_policy(**({"severity_channel": RULES} | changes))


def a_grave_one(policy: Policy | None = None) -> Story:
    return Story(policy or watching(), an_opening(priority=Priority.P1))


def with_its_channel(policy: Policy | None = None) -> Story:
    story = a_grave_one(policy)
    return story.comes_of(story.only(OpenSeverityChannel), SeverityChannelOpened(channel=CHANNEL))


def told(story: Story) -> str:
    """What the channel heard with the last event."""
    return "\n".join(intent.text for intent in story.now_intended(TellSeverityChannel))


def test_a_ticket_that_opens_grave_gets_its_channel_at_once() -> None:
    story = a_grave_one()

    wanted = story.only(OpenSeverityChannel)

    assert (wanted.name, wanted.private) == ("sev1-t-1042", False)
    # The policy's own, and the lead of the tier that has it.
    assert wanted.invite == ("S0ONCALL", "U0MANAGER", LENA.id)
    assert lane_of(wanted) is Lane.SLACK_CHANNELS


def test_a_ticket_that_becomes_grave_gets_one_and_never_a_second() -> None:
    story = Story(watching()).accepted()
    assert story.all(OpenSeverityChannel) == []

    story.does(LENA, SetPriority(priority=Priority.P1))
    assert SAM.id in story.only(OpenSeverityChannel).invite
    story.does(LENA, SetPriority(priority=Priority.P2)).does(LENA, SetPriority(priority=Priority.P1))

    assert len(story.all(OpenSeverityChannel)) == 1


def test_without_the_policys_word_nobody_makes_a_channel() -> None:
    assert Story(a_policy(), an_opening(priority=Priority.P1)).all(OpenSeverityChannel) == []


def test_the_card_and_its_thread_lead_to_the_channel() -> None:
    story = with_its_channel()

    assert card_of(story.ticket, story.now).channel == CHANNEL
    assert story.thread[-1] == "Has a channel of its own: #sev1-t-1042"


def test_the_channel_hears_milestones_and_not_every_line() -> None:
    story = with_its_channel()

    story.does(SAM, Note(text="I look at the logs"))
    assert told(story) == ""
    story.accepted()
    assert told(story) == "sam took it in L1"
    story.escalated(Tier.L3)
    assert told(story) == "It went from L1 to L3"
    story.issue_opened()
    assert told(story) == "PAY-12 is linked: https://acme.example/browse/PAY-12"
    story.page_raised().page_is(PageStatus.ACKNOWLEDGED)
    assert told(story) == "Ada acknowledged the page\nAda took it in L3"
    story.issue_is(IssueCategory.TO_DO).issue_is(IssueCategory.IN_PROGRESS)
    assert told(story) == "PAY-12 is In Progress"
    story.resolved()
    assert told(story) == "It is resolved by sam"
    story.customer_writes("It fails again")
    assert "It is open again" in told(story)


def test_the_channel_hears_of_a_breach_with_the_turn_that_brings_it() -> None:
    story = with_its_channel(without_ladders(severity_channel=RULES)).passes(31 * MINUTE)

    assert story.all(TellSeverityChannel)[-1].text == "Breached: acceptance in L1, 30m are over"


def test_who_takes_it_is_invited_and_the_topic_follows() -> None:
    story = with_its_channel()

    story.accepted(TOM)
    (dress,) = story.now_intended(DressSeverityChannel)
    assert dress.invite == (TOM.id,)
    story.does(SAM, Note(text="nothing that the topic shows"))
    assert story.now_intended(DressSeverityChannel) == []
    story.does(LENA, SetPriority(priority=Priority.P2))
    assert [d.invite for d in story.now_intended(DressSeverityChannel)] == [()]


def test_the_channel_that_is_there_before_the_card_gets_its_link_to_the_card_all_the_same() -> None:
    story = with_its_channel()
    assert story.ticket.card is None

    shown = CardShown(
        ref=MessageRef(channel="C0SUPL1", ts="1.1", permalink="https://acme.slack.com/archives/C0SUPL1/p11")
    )
    story.comes_of(story.all(ShowCard)[-1], shown)

    assert [dress.invite for dress in story.now_intended(DressSeverityChannel)] == [()]
    story.comes_of(story.all(ShowCard)[-1], shown)
    assert story.now_intended(DressSeverityChannel) == []


def test_it_stays_through_resolution_and_reopening_and_ends_with_the_ticket() -> None:
    story = with_its_channel().accepted().resolved()
    assert story.all(CloseSeverityChannel) == []
    story.customer_writes("It fails again").accepted().resolved().passes(2 * DAY)

    assert story.ticket.status is TicketStatus.CLOSED
    (closing,) = story.all(CloseSeverityChannel)
    assert closing.channel == CHANNEL
    assert "Path: L1 → L1" in closing.summary
    assert "Taken by: sam (L1)" in closing.summary
    assert "resolved 2026-11-16 12:00 UTC by sam after a reopening" in closing.summary
    assert "Breached: no clock" in closing.summary
    assert story.now_intended(TellSeverityChannel) == []


def test_the_summary_tells_breaches_and_whose_time_it_was_and_nothing_about_the_customer() -> None:
    story = with_its_channel(without_ladders(severity_channel=RULES)).passes(HOUR).accepted().resolved().passes(2 * DAY)

    summary = story.only(CloseSeverityChannel).summary

    assert "Breached: acceptance in L1, first response" in summary
    assert summary.endswith("Whose time it was: L1 1h")
    assert "navy.example" not in summary
    assert "Every card payment ends" not in summary


def test_a_channel_that_comes_after_the_end_is_closed_at_once() -> None:
    story = a_grave_one().accepted().resolved().passes(2 * DAY)

    story.comes_of(story.only(OpenSeverityChannel), SeverityChannelOpened(channel=CHANNEL))

    assert story.only(CloseSeverityChannel).channel == CHANNEL
    assert story.all(DressSeverityChannel) == []


def test_a_channel_that_cannot_be_made_is_told_to_the_lead_once() -> None:
    story = a_grave_one().fails(OpenSeverityChannel, "slack: the app lacks the scope channels:manage")

    assert "No channel of its own, #sev1-t-1042 could not be made" in story.timeline[-1]
    (notice,) = story.now_intended(Notice)
    assert notice.mention == LENA.id
    assert "Work on it in the card's thread" in notice.text
    story.accepted().escalated(Tier.L2).does(LENA, SetPriority(priority=Priority.P2))
    story.does(LENA, SetPriority(priority=Priority.P1))
    assert len(story.all(OpenSeverityChannel)) == 1
    assert story.all(DressSeverityChannel) == []


def test_a_channel_that_somebody_archived_is_left_alone() -> None:
    story = with_its_channel().accepted().fails(TellSeverityChannel, "slack: the channel is archived", "is_archived")

    assert story.thread[-1].startswith("#sev1-t-1042 cannot be written to any more")
    assert card_of(story.ticket, story.now).channel is None
    story.fails(DressSeverityChannel, "slack: the channel is archived", "is_archived")
    story.escalated(Tier.L2).resolved().passes(2 * DAY)
    assert len([line for line in story.thread if "cannot be written to" in line]) == 1
    assert len(story.all(OpenSeverityChannel)) == 1
    assert story.all(CloseSeverityChannel) == []


def test_its_name_keeps_slacks_rules() -> None:
    assert name_of("sev1-", "T-1042") == "sev1-t-1042"
    assert len(name_of("a" * 21, "T-" + "Z" * 200)) <= 80


def test_what_is_decided_late_comes_to_the_same_in_the_channel() -> None:
    policy = watching()
    on_time, late = with_its_channel(policy), with_its_channel(policy)

    on_time.passes(200 * MINUTE).does(SAM, Note(text="x"))
    late.jumps(200 * MINUTE).does(SAM, Note(text="x"))

    assert [one.text for one in late.all(TellSeverityChannel)] == [one.text for one in on_time.all(TellSeverityChannel)]
    assert len(late.all(TellSeverityChannel)) > 2
    assert [d.invite for d in late.all(DressSeverityChannel)] == [d.invite for d in on_time.all(DressSeverityChannel)]
