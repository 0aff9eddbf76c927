"""The living card: what it shows, what can be pressed, that its thread tells each change, and where it goes when Slack loses it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.card import CardButton, CardReport, CardVendor
from domain.chat import MessageRef
from domain.intents import Notice, ShowCard, ThreadLine
from domain.issues import IssueCategory
from domain.messages import (
    ApplyPolicy,
    CardShown,
    Escalate,
    HandOver,
    LaneChanged,
    LaneHealth,
    Note,
    Reply,
    Return,
    SetPriority,
    Snooze,
    VendorAnswered,
    Wait,
)
from domain.paging import PageStatus
from domain.people import Role
from domain.policy import Action, CommandName, Policy, ReportField, TeamRules
from domain.report import EscalationReport
from domain.ticket import EditMode, home_channel
from domain.ticket_card import card_of
from domain.tiers import Priority, Tier, WaitingOn
from tests.domain.building import (
    ADA,
    DAY,
    HOUR,
    L1_CHANNEL,
    L3_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    TOM,
    Story,
    a_ladder,
    a_person,
    a_policy,
    an_opening,
    rung,
    the_tiers,
    without_ladders,
)

CARD = MessageRef(channel=L1_CHANNEL, ts="1700000000.000100", permalink="https://slack.example/p1")
OPERATOR = a_person("U0OPS", "ops", Role.OPERATOR)


def asking(*fields: ReportField, **teams: TeamRules) -> Policy:
    """L3 asks for a report before it takes a ticket; L1 has teams."""
    tiers = the_tiers(page_on_entry=False)
    tiers[Tier.L3] = tiers[Tier.L3].model_copy(update={"requires": fields})
    tiers[Tier.L1] = tiers[Tier.L1].model_copy(update={"teams": teams})
    return without_ladders(tiers=tiers)


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_it_says_since_when_who_is_waited_for() -> None:
    story = Story(without_ladders()).passes(HOUR)
    assert card_of(story.ticket, story.now).waiting_since == NOON
    story.replied().passes(HOUR)
    assert card_of(story.ticket, story.now).waiting_since == NOON + HOUR
    # A note is nobody's turn, and an edited policy neither.
    story.does(SAM, Note(text="x"))
    edited = ApplyPolicy(policy=without_ladders(version="8"), mode=EditMode.FROM_NOW, why="new targets")
    story.does(OPERATOR, edited).passes(MINUTE)
    assert card_of(story.ticket, story.now).waiting_since == NOON + HOUR
    story.resolved()
    assert card_of(story.ticket, story.now).waiting_since is None


def test_another_team_of_the_tier_waits_since_it_has_the_ticket() -> None:
    teams = {"cards": TeamRules(name="Cards"), "loans": TeamRules(name="Loans")}
    story = Story(asking(**teams)).passes(HOUR).does(LENA, HandOver(to="cards", reason="theirs"))

    card = card_of(story.ticket, story.now)

    assert (card.tier_name, card.waiting_since) == ("Cards", NOON + HOUR)


def test_where_all_clocks_stand_still_it_says_so() -> None:
    story = Story(without_ladders()).replied(awaits_customer=False).passes(HOUR).replied()

    card = card_of(story.ticket, story.now)

    assert card.clock is None
    assert card.standstill is not None
    assert (card.standstill.name, card.standstill.percent) == ("tier work", 12)
    story.customer_writes()
    assert card_of(story.ticket, story.now).standstill is None


def test_its_percent_is_of_the_instant_at_which_it_was_drawn() -> None:
    story = Story().passes(10 * MINUTE)
    card = card_of(story.ticket, story.now)
    assert (card.drawn_at, card.clock.percent if card.clock else None) == (NOON + 10 * MINUTE, 33)


def test_the_vendors_due_time_is_a_date_and_is_overdue_in_time() -> None:
    story = Story().escalated(Tier.L4)
    assert card_of(story.ticket, story.now).vendor == CardVendor(name="Cardnet", due_at=NOON + 4 * HOUR)
    story.passes(4 * HOUR)
    vendor = card_of(story.ticket, story.now).vendor
    assert vendor is not None
    assert vendor.overdue


def test_the_report_is_there_or_says_what_is_missing() -> None:
    story = Story(asking(ReportField.IMPACT, ReportField.REPRODUCTION))
    assert card_of(story.ticket, story.now).report is None
    report = EscalationReport(impact="all tills of two shops", reproduction="pay with any card")
    story.does(LENA, Escalate(to=Tier.L3, reason="the gateway", report=report))
    assert card_of(story.ticket, story.now).report == CardReport(written=(ReportField.IMPACT, ReportField.REPRODUCTION))
    advised = asking(ReportField.IMPACT).model_copy(
        update={
            "ladders": {"up": a_ladder(rung(100, Action.HAND_OFF))},
            "tiers": {tier: rules for tier, rules in asking(ReportField.IMPACT).tiers.items() if tier is not Tier.L2},
        }
    )
    clocks = {kind: rules.model_copy(update={"ladder": "up"}) for kind, rules in advised.clocks.items()}
    by_itself = Story(advised.model_copy(update={"clocks": clocks})).passes(31 * MINUTE)
    assert by_itself.ticket.tier is Tier.L3
    assert card_of(by_itself.ticket, by_itself.now).report == CardReport(missing=(ReportField.IMPACT,))


def test_the_help_desks_number_is_a_link_where_the_policy_knows_its_address() -> None:
    with_address = without_ladders(help_desk_url="https://desk.example/tickets/{ref}")
    story = Story(with_address, an_opening(external_ref="A/77 b"))
    assert card_of(story.ticket, story.now).help_desk_url == "https://desk.example/tickets/A%2F77%20b"
    assert card_of(Story(with_address).ticket, NOON).help_desk_url is None


# --- what can be pressed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "more"),
    [
        (Story(), ("note", "snooze", "priority", "link")),
        (
            Story(asking(cards=TeamRules(name="Cards"))).accepted(),
            ("note", "snooze", "hand_over", "priority", "link"),
        ),
        (Story().resolved(), ("note",)),
        (Story().resolved().passes(2 * DAY), ()),
    ],
)
def test_the_menu_holds_what_is_pressed_now_and_then(story: Story, more: tuple[str, ...]) -> None:
    assert card_of(story.ticket, story.now).more == tuple(CardButton(button) for button in more)


def test_what_nobody_in_slack_may_do_has_no_button() -> None:
    policy = without_ladders(permissions={CommandName.LINK: (Role.INTEGRATION,), CommandName.RESOLVE: ()})

    card = card_of(Story(policy).ticket, NOON)

    assert CardButton.LINK not in card.more
    assert CardButton.RESOLVE not in card.buttons


def test_at_the_top_there_is_no_way_up() -> None:
    alone = without_ladders(vendors={})
    assert CardButton.ESCALATE not in card_of(Story(alone).escalated(Tier.L3).ticket, NOON).buttons
    assert CardButton.ESCALATE in card_of(Story(alone).ticket, NOON).buttons


# --- each change of the card leaves a line in its thread --------------------------------------------------------------

CHANGES: dict[str, tuple[Callable[[], Story], Callable[[Story], Story]]] = {
    "owner": (Story, lambda s: s.accepted()),
    "owner, after the customer came back": (lambda: Story().replied(), lambda s: s.customer_writes()),
    "priority": (Story, lambda s: s.does(LENA, SetPriority(priority=Priority.P1))),
    "tier": (Story, lambda s: s.escalated(Tier.L2)),
    "tier, back": (lambda: Story().escalated(Tier.L2), lambda s: s.does(LENA, Return(reason="no logs"))),
    "waiting on": (Story, lambda s: s.does(SAM, Wait(on=WaitingOn.HOLD, reason="a release"))),
    "waiting on, after a reply": (Story, lambda s: s.does(SAM, Reply(text="Which card?"))),
    "snooze": (Story, lambda s: s.does(LENA, Snooze.model_validate({"for": "2h"}))),
    "snooze, over": (
        lambda: Story(without_ladders()).does(LENA, Snooze.model_validate({"for": "10m"})),
        lambda s: s.passes(10 * MINUTE),
    ),
    "issue opened": (lambda: Story().escalated(Tier.L3), lambda s: s.issue_opened()),
    "issue": (
        lambda: Story().with_engineering().issue_is(IssueCategory.TO_DO, assignee=None),
        lambda s: s.issue_is(IssueCategory.IN_PROGRESS, assignee=None),
    ),
    "issue's assignee": (
        lambda: Story().with_engineering().issue_is(IssueCategory.TO_DO, assignee=None),
        lambda s: s.issue_is(IssueCategory.TO_DO, assignee="Ada"),
    ),
    "page": (lambda: Story().escalated(Tier.L3), lambda s: s.page_raised()),
    "vendor": (lambda: Story().accepted(), lambda s: s.escalated(Tier.L4)),
    "vendor answered": (
        lambda: Story().escalated(Tier.L4),
        lambda s: s.told_of(VendorAnswered(case=1, text="Corrected")),
    ),
    "lane": (Story, lambda s: _lane(s, LaneHealth.LATE)),
    "lane, well": (lambda: _lane(Story(), LaneHealth.LATE), lambda s: _lane(s, LaneHealth.WELL)),
    "breach": (lambda: Story(without_ladders()), lambda s: s.passes(30 * MINUTE)),
    "resolved": (Story, lambda s: s.resolved()),
    "reopened": (lambda: Story().resolved(), lambda s: s.customer_writes()),
    "closed": (lambda: Story().resolved(), lambda s: s.passes(2 * DAY)),
}


def _lane(story: Story, health: LaneHealth) -> Story:
    story.hears(LaneChanged(lane="jira", health=health, error="503"))
    return story


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_that_the_card_shows_has_a_line_in_its_thread(change: str) -> None:
    before, happens = CHANGES[change]
    story = before()
    card, lines = card_of(story.ticket, story.now), len(story.thread)

    happens(story)

    assert card_of(story.ticket, story.now) != card
    assert story.all(ShowCard)
    said = story.thread[lines:]
    assert said
    assert len(said) == len(set(said))


def test_late_systems_have_the_names_that_people_know() -> None:
    story = Story()
    for lane in ("pagerduty", "github", "slack channels"):
        story.hears(LaneChanged(lane=lane, health=LaneHealth.LATE, error="503"))
    card = card_of(story.ticket, story.now)
    assert [trouble.system for trouble in card.troubles] == ["PagerDuty", "GitHub", "The ticket's own channel"]
    assert story.thread[-1] == "The ticket's own channel is late: 503. Tierline keeps trying"


def test_a_page_that_is_acknowledged_is_told_in_the_thread() -> None:
    story = Story().with_engineering()
    lines = len(story.thread)

    story.page_is(PageStatus.ACKNOWLEDGED, by=ADA.name)

    assert any("cknowledged" in line for line in story.thread[lines:])


def test_a_breach_and_the_step_of_its_instant_are_one_line() -> None:
    twice = a_ladder(rung(100, Action.TELL_OWNER, Action.TELL_LEAD))
    told = a_policy(ladders={"tell": twice, "handoff": twice})
    story = Story(told).accepted(TOM)
    lines = len(story.thread)

    story.passes(timedelta(hours=1))

    assert story.thread[lines:] == ["The first response clock is breached: 1h are over"]


# --- where it goes when Slack loses it --------------------------------------------------------------------------------


def shown() -> Story:
    story = Story()
    return story.comes_of(story.all(ShowCard)[-1], CardShown(ref=CARD))


@pytest.mark.parametrize("code", ["message_not_found", "edit_window_closed", "cant_update_message"])
def test_a_card_that_can_be_edited_no_more_is_posted_anew(code: str) -> None:
    story = shown().does(LENA, SetPriority(priority=Priority.P1)).fails(ShowCard, "slack: gone", code)

    assert story.ticket.card is None
    assert story.ticket.card_wanted
    assert story.now_intended(ShowCard)
    assert home_channel(story.ticket) == L1_CHANNEL
    story.comes_of(story.all(ShowCard)[-1], CardShown(ref=CARD))
    assert not story.ticket.card_wanted


def test_a_line_whose_thread_is_gone_follows_the_new_card() -> None:
    story = shown().does(SAM, Note(text="look at the gateway"))
    story.fails(ThreadLine, "slack: the thread is gone", "thread_not_found")

    assert [type(intent) for intent in story.last] == [ShowCard, ThreadLine]
    assert story.now_intended(ThreadLine)[0].text == "sam: look at the gateway"
    # Those that waited behind it found no card, and come again as well.
    story.fails(ThreadLine, "the card is on its way", "no_card")
    assert [intent.text for intent in story.now_intended(ThreadLine)] == ["sam: look at the gateway"]
    assert story.now_intended(ShowCard) == []


@pytest.mark.parametrize("code", ["is_archived", "not_in_channel", "channel_not_found"])
def test_a_card_moves_to_the_channel_of_the_tier_that_has_it_when_its_own_is_gone(code: str) -> None:
    story = shown().escalated(Tier.L3).fails(ShowCard, "slack: the channel is archived", code)

    assert home_channel(story.ticket) == L3_CHANNEL
    assert story.now_intended(ShowCard)
    assert "a new one is posted in C0ENG" in story.timeline[-1]


def test_where_no_channel_is_left_the_lead_hears_of_it_in_person_once() -> None:
    story = shown().does(LENA, SetPriority(priority=Priority.P1)).fails(ShowCard, "slack: archived", "is_archived")

    assert story.now_intended(ShowCard) == []
    ((channel, text),) = story.told
    assert channel == LENA.id
    assert "T-1042 has no card in Slack" in text
    # Another tier's channel is another chance.
    story.escalated(Tier.L2)
    assert story.now_intended(ShowCard)
    assert home_channel(story.ticket) == "C0SUPL2"


def test_who_deletes_every_card_gets_no_more() -> None:
    story = shown()
    for _ in range(25):
        story.does(LENA, SetPriority(priority=Priority.P1 if story.ticket.priority is Priority.P2 else Priority.P2))
        if story.all(ShowCard)[-1] in story.last:
            story.fails(ShowCard, "slack: gone", "message_not_found")
            story.comes_of(story.all(ShowCard)[-1], CardShown(ref=CARD))
    assert story.ticket.cards_lost > 20
    assert not story.ticket.card_wanted


def test_what_a_channel_cannot_hear_its_lead_hears() -> None:
    story = shown().escalated(Tier.L2).fails(Notice, "slack: the channel is archived", "is_archived")

    ((channel, text),) = story.told
    assert channel == LENA.id
    assert text.startswith("T-1042 was escalated from L1 to L2")
    assert "(for C0SUPL2, which could not be told: slack: the channel is archived)" in text
    story.fails(Notice, "slack: that user's account is closed", "user_disabled")
    assert story.told == []
