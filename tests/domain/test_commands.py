"""What people ask of a ticket: what it does, and why it is refused."""

import pytest

from domain.clocks import ClockOutcome, ClockStatus
from domain.intents import (
    CloseVendorCase,
    FindIssue,
    LeaveIssue,
    MailCustomer,
    Notice,
    OpenIssue,
    OpenVendorCase,
    RaisePage,
    ReopenOnIssue,
    ShowCard,
    TellIssue,
    ThreadLine,
)
from domain.issues import IssueCategory, Tracker
from domain.messages import (
    Accept,
    Cancel,
    Command,
    CustomerMessage,
    Escalate,
    LinkIssue,
    Note,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Wait,
)
from domain.paging import Urgency
from domain.people import Customer, Role
from domain.policy import ClockKind, CommandName, HandOffs, VendorRules
from domain.ticket import TicketStatus
from domain.tiers import Owner, Priority, Tier, WaitingOn
from tests.domain.building import (
    ADA,
    DAY,
    EVE,
    GRACE_HERSELF,
    HELPDESK,
    HOUR,
    INSTANT,
    L1_CHANNEL,
    L2_CHANNEL,
    L3_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    TOM,
    Story,
    a_policy,
    an_issue,
    an_opening,
    office_hours,
    the_tiers,
)

CLOSED = "T-1042 is closed: open a new ticket"
RESOLVED = "T-1042 is resolved: reopen it first"


def closed() -> Story:
    """A ticket whose life is over."""
    return Story().resolved().passes(2 * DAY)


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_new_ticket_stands_in_the_entry_tier_with_its_clocks_running_and_its_card_shown() -> None:
    story = Story()
    assert (story.ticket.tier, story.ticket.status, story.ticket.owner) == (Tier.L1, TicketStatus.OPEN, Owner.L1)
    assert {clock.kind for clock in story.ticket.clocks} == set(a_policy().clocks)
    assert all(clock.status is ClockStatus.RUNNING for clock in story.ticket.clocks)
    assert [type(intent) for intent in story.last] == [ShowCard]
    assert story.decisions[-1].deadline is not None
    assert story.decisions[-1].deadline.at == NOON + 15 * MINUTE


def test_a_team_may_begin_in_another_tier() -> None:
    story = Story(a_policy(entry_tier=Tier.L2))
    assert (story.ticket.tier, story.ticket.owner) == (Tier.L2, Owner.L2)


# --- accept, reply, note -----------------------------------------------------------------------------------------------


def test_accepting_stops_the_handoff_clock_and_its_ladder() -> None:
    story = Story().passes(5 * MINUTE).accepted(SAM).passes(DAY)
    assert story.clock(ClockKind.HANDOFF).outcome is ClockOutcome.MET
    assert (story.ticket.tier, story.ticket.stint.accepted_by) == (Tier.L1, SAM)
    assert "Taken in L1" in story.thread[0]


def test_a_ticket_is_taken_once() -> None:
    assert Story().accepted(SAM).refuses(TOM, Accept()) == "T-1042 was taken by sam already"


def test_a_reply_takes_the_ticket_answers_the_customer_and_waits_for_them() -> None:
    story = Story().passes(MINUTE).replied(SAM)
    assert story.ticket.stint.accepted_by == SAM
    assert story.ticket.first_response_at == NOON + MINUTE
    assert (story.ticket.waiting_on, story.ticket.owner) == (WaitingOn.CUSTOMER, Owner.CUSTOMER)
    mail = story.only(MailCustomer)
    assert (mail.to, mail.subject, mail.first) == ("grace@navy.example", "[T-1042] Card payment fails", True)
    assert mail.text == "Which card is it?"


def test_a_second_mail_goes_into_the_same_thread() -> None:
    story = Story().replied().replied(TOM)
    assert [mail.first for mail in story.all(MailCustomer)] == [True, False]
    assert story.ticket.stint.accepted_by == SAM


def test_an_answer_that_asks_nothing_leaves_the_ticket_with_the_tier() -> None:
    story = Story().replied(awaits_customer=False)
    assert story.ticket.waiting_on is WaitingOn.TIER


def test_a_customer_without_an_address_is_not_mailed_and_the_answer_is_in_the_story() -> None:
    story = Story(opening=an_opening(customer=Customer(id="c", name="Grace"))).replied()
    assert not story.all(MailCustomer)
    assert "sam: To the customer: Which card is it?" in story.timeline


def test_a_note_changes_nothing_but_the_story() -> None:
    story = Story()
    before = story.ticket
    story.does(TOM, Note(text="Seen this before"))
    assert story.timeline[-1] == "tom: Seen this before"
    assert [type(intent) for intent in story.last] == [ThreadLine]
    assert story.ticket.clocks == before.clocks


# --- the customer ------------------------------------------------------------------------------------------------------


def test_a_customer_who_comes_back_starts_a_new_handoff_clock_and_the_channel_hears() -> None:
    story = Story().replied().passes(DAY).customer_writes()
    assert len(story.clocks(ClockKind.HANDOFF)) == 2
    assert story.clock(ClockKind.HANDOFF).started_at == NOON + DAY
    assert (story.ticket.waiting_on, story.ticket.stint.accepted_by) == (WaitingOn.TIER, None)
    assert story.told == [(L1_CHANNEL, "T-1042: the customer came back, and somebody is to take it")]
    story.accepted(TOM)


def test_a_customer_who_writes_twice_starts_one_handoff_clock() -> None:
    story = Story().replied().customer_writes().customer_writes("Hello?")
    assert len(story.clocks(ClockKind.HANDOFF)) == 2


def test_a_customer_who_writes_before_anybody_answered_changes_no_clock() -> None:
    story = Story()
    clocks = story.ticket.clocks
    story.customer_writes()
    assert story.ticket.clocks == clocks
    assert "The customer wrote: It still fails." in story.thread[-1]


def test_a_customer_who_writes_while_engineers_are_to_act_is_heard_by_who_took_the_ticket() -> None:
    story = Story().accepted(SAM).linked().customer_writes()
    assert story.ticket.waiting_on is WaitingOn.ENGINEERING
    assert story.told == [(SAM.id, "T-1042: the customer wrote while engineering is to act")]


def test_a_customer_who_answers_while_the_vendor_has_the_ticket_leaves_it_waiting_on_the_vendor() -> None:
    story = Story().escalated(Tier.L4).replied(SAM).passes(HOUR)
    assert story.ticket.owner is Owner.CUSTOMER
    story.customer_writes()
    assert (story.ticket.waiting_on, story.ticket.owner) == (WaitingOn.VENDOR, Owner.VENDOR)
    assert story.told == [(SAM.id, "T-1042: the customer wrote while the vendor is to act")]
    assert not any(clock.status is ClockStatus.RUNNING for clock in story.clocks(ClockKind.HANDOFF))


def test_a_customer_who_writes_while_the_vendor_has_it_is_heard_though_the_policy_has_no_tier_for_vendors() -> None:
    tiers = {tier: rules for tier, rules in the_tiers().items() if tier is not Tier.L4}
    story = Story(a_policy(tiers=tiers)).escalated(Tier.L3).escalated(Tier.L4).customer_writes()
    assert [channel for channel, _ in story.told] == [L3_CHANNEL]


# --- escalate ----------------------------------------------------------------------------------------------------------


def test_escalating_begins_a_stint_and_tells_the_new_tier() -> None:
    story = Story().passes(MINUTE).escalated(Tier.L2, "needs the logs")
    assert [stint.tier for stint in story.ticket.stints] == [Tier.L1, Tier.L2]
    assert (story.ticket.stints[0].left_at, story.ticket.stint.entered_at) == (NOON + MINUTE, NOON + MINUTE)
    assert story.ticket.handoffs == (NOON + MINUTE,)
    assert story.told == [(L2_CHANNEL, "T-1042 was escalated from L1 to L2 by lena: needs the logs")]


def test_escalating_to_engineering_opens_an_issue_by_the_route_and_pages() -> None:
    story = Story(opening=an_opening(priority=Priority.P1)).escalated(Tier.L3, "502 from the acquirer")
    draft = story.only(OpenIssue).draft
    assert (draft.tracker, draft.project, draft.issue_type) == (Tracker.JIRA, "PAY", "Bug")
    assert (draft.labels, draft.priority) == (("support",), "Highest")
    assert draft.key == "T-1042-stint-1"
    assert draft.title == "Card payment fails (T-1042)"
    facts = story.only(OpenIssue).facts
    assert facts is not None
    assert facts.summary == "502 from the acquirer"
    page = story.only(RaisePage).draft
    assert (page.key, page.service, page.escalation_policy) == ("tierline/T-1042/page/1", "PSVCPAY", "PEPENG")
    assert (page.urgency, page.priority) == (Urgency.HIGH, "P1")


def test_a_long_title_leaves_room_for_the_tickets_number() -> None:
    story = Story(opening=an_opening(title="x y" * 60)).escalated(Tier.L3)
    title = story.only(OpenIssue).draft.title
    assert len(title) == 120
    assert title.endswith(" (T-1042)")


def test_without_a_route_the_lead_is_asked_to_link_an_issue() -> None:
    story = Story(opening=an_opening(product="mail")).escalated(Tier.L3)
    assert not story.all(OpenIssue)
    assert any("no route of the policy fits" in text for _, text in story.told)


def test_a_second_escalation_tells_the_issue_that_is_there() -> None:
    story = Story().with_engineering().does(ADA, Return(reason="not ours")).passes(MINUTE).escalated(Tier.L3, "it is")
    assert len(story.all(OpenIssue)) == 1
    assert story.only(TellIssue).text == "T-1042 was escalated to engineering again: it is"


def test_a_second_escalation_while_the_tracker_is_down_opens_no_second_issue() -> None:
    story = Story().escalated(Tier.L3).does(ADA, Return(reason="not ours")).escalated(Tier.L3, "it is")
    assert len(story.all(OpenIssue)) == 1
    story.issue_opened()
    assert [issue.ref.key for issue in story.ticket.issues] == ["PAY-12"]


def test_after_an_issue_could_not_be_opened_the_next_escalation_tries_again() -> None:
    story = Story().escalated(Tier.L3).fails(OpenIssue).does(ADA, Return(reason="not ours")).escalated(Tier.L3)
    assert [intent.draft.key for intent in story.all(OpenIssue)] == ["T-1042-stint-1", "T-1042-stint-3"]


def test_escalating_to_the_vendor_opens_a_case_with_its_own_clock() -> None:
    story = Story().escalated(Tier.L4, "Refusals from your gateway")
    case = story.only(OpenVendorCase)
    assert (case.case, case.vendor, case.due_at) == (1, "cardnet", NOON + 4 * HOUR)
    assert case.text == "Refusals from your gateway"
    assert (story.ticket.owner, story.ticket.waiting_on) == (Owner.VENDOR, WaitingOn.VENDOR)
    assert len(story.clocks(ClockKind.HANDOFF)) == 1


def test_a_vendor_is_named_when_there_are_several() -> None:
    hostco = VendorRules(name="Hostco", email="desk@hostco.example", target=HOUR)
    policy = a_policy(vendors=a_policy().vendors | {"hostco": hostco})
    story = Story(policy, an_opening(component="web"))
    assert story.refuses(LENA, Escalate(to=Tier.L4, reason="x")) == "name the vendor: cardnet, hostco"
    unknown = story.refuses(LENA, Escalate(to=Tier.L4, reason="x", vendor="acme"))
    assert unknown == "the policy has no vendor 'acme'; it has cardnet, hostco"
    story.escalated(Tier.L4, vendor="hostco")
    assert story.only(OpenVendorCase).vendor == "hostco"


def test_without_vendors_there_is_no_l4() -> None:
    refused = Story(a_policy(vendors={})).refuses(LENA, Escalate(to=Tier.L4, reason="x"))
    assert refused == "the policy names no vendor, so there is no L4 to escalate to"


def test_leaving_a_tier_ends_its_page() -> None:
    story = Story().with_engineering().escalated(Tier.L4)
    assert story.ended_pages == ["tierline/T-1042/page/1"]
    assert story.ticket.open_page is None


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Escalate(to=Tier.L2, reason="x"), "T-1042 is in L2: escalate goes up; use return to go down"),
        (Escalate(to=Tier.L1, reason="x"), "T-1042 is in L2: escalate goes up; use return to go down"),
        (Return(to=Tier.L2, reason="x"), "T-1042 is in L2: return goes down; use escalate to go up"),
        (Return(to=Tier.L3, reason="x"), "T-1042 is in L2: return goes down; use escalate to go up"),
        (Return(to=Tier.L0, reason="x"), "the policy has no tier L0; it has L1, L2, L3, L4"),
    ],
)
def test_up_is_escalate_and_down_is_return(request_: Request, words: str) -> None:
    assert Story().escalated(Tier.L2).refuses(LENA, request_) == words


def test_a_tier_that_the_policy_does_not_have_is_refused() -> None:
    tiers = {tier: rules for tier, rules in the_tiers().items() if tier is not Tier.L2}
    refused = Story(a_policy(tiers=tiers)).refuses(LENA, Escalate(to=Tier.L2, reason="x"))
    assert refused == "the policy has no tier L2; it has L1, L3, L4"


# --- return ------------------------------------------------------------------------------------------------------------


def test_a_return_goes_to_the_tier_it_came_from_and_says_why() -> None:
    story = Story().escalated(Tier.L2).escalated(Tier.L3).passes(HOUR).does(ADA, Return(reason="no way to repeat it"))
    assert [stint.tier for stint in story.ticket.stints] == [Tier.L1, Tier.L2, Tier.L3, Tier.L2]
    assert story.ticket.returns == (NOON + HOUR,)
    assert (L2_CHANNEL, "T-1042 came back from L3 to L2 (ada): no way to repeat it") in story.told
    assert story.clock(ClockKind.HANDOFF).stint == 3


def test_a_return_may_name_the_tier() -> None:
    story = Story().escalated(Tier.L2).escalated(Tier.L3).does(ADA, Return(to=Tier.L1, reason="ask the customer"))
    assert story.ticket.tier is Tier.L1


def test_nothing_is_returned_from_where_it_began() -> None:
    refused = Story().refuses(LENA, Return(reason="x"))
    assert refused == "T-1042 came from nowhere below L1: name the tier to return it to"


def test_a_return_from_the_vendor_closes_the_case() -> None:
    story = Story().escalated(Tier.L3).escalated(Tier.L4).does(LENA, Return(reason="we found it"))
    assert story.ticket.tier is Tier.L3
    assert story.only(CloseVendorCase).case == 1
    assert story.ticket.open_case is None


# --- resolve, reopen, close ----------------------------------------------------------------------------------------------


def test_resolving_ends_every_clock_tells_the_customer_and_begins_the_quiet_time() -> None:
    story = Story().passes(MINUTE).resolved(SAM)
    assert {clock.outcome for clock in story.ticket.clocks} == {ClockOutcome.MET}
    assert (story.ticket.resolved_by, story.ticket.first_response_at) == ("sam", NOON + MINUTE)
    assert story.only(MailCustomer).text == "Please try again: it works now."
    assert story.decisions[-1].deadline is not None
    assert story.decisions[-1].deadline.at == NOON + MINUTE + 2 * DAY


def test_resolving_ends_the_page_and_the_vendors_case() -> None:
    story = Story().with_engineering().resolved(ADA)
    assert story.ended_pages == ["tierline/T-1042/page/1"]
    story = Story().escalated(Tier.L4).resolved(SAM)
    assert story.only(CloseVendorCase).why == "the ticket is resolved"


def test_a_ticket_is_closed_after_the_quiet_time_and_leaves_its_issues() -> None:
    story = Story().with_engineering().resolved(ADA).passes(2 * DAY - INSTANT)
    assert story.ticket.status is TicketStatus.RESOLVED
    story.passes(INSTANT)
    assert (story.ticket.status, story.ticket.closed_at) == (TicketStatus.CLOSED, NOON + 2 * DAY)
    assert story.only(LeaveIssue).ref.key == "PAY-12"
    assert story.ticket.stint.left_at == NOON + 2 * DAY
    assert story.decisions[-1].deadline is None


@pytest.mark.parametrize("reopening", [CustomerMessage(text="No"), Reopen(reason="No")])
def test_a_customer_who_says_no_reopens_the_ticket_where_it_was(reopening: Request) -> None:
    story = Story().escalated(Tier.L2).resolved().passes(DAY).does(GRACE_HERSELF, reopening)
    assert (story.ticket.status, story.ticket.tier, story.ticket.owner) == (TicketStatus.OPEN, Tier.L2, Owner.L2)
    assert (story.ticket.reopened, story.ticket.reopenings) == (1, (NOON + DAY,))
    assert (story.ticket.resolved_at, story.ticket.resolved_by) == (None, None)
    assert story.clock(ClockKind.HANDOFF).status is ClockStatus.RUNNING
    assert story.clock(ClockKind.HANDOFF).stint == 2


def test_a_word_at_the_very_end_of_the_quiet_time_still_reopens() -> None:
    story = Story().resolved().jumps(2 * DAY).customer_writes()
    assert story.ticket.status is TicketStatus.OPEN


@pytest.mark.parametrize("by", [HELPDESK, GRACE_HERSELF])
def test_engineers_hear_in_the_issue_that_a_customer_says_it_is_not_fixed(by: object) -> None:
    story = Story().with_engineering().issue_is(IssueCategory.DONE).passes(HOUR)
    story.customer_writes("Still 502", by=HELPDESK if by is HELPDESK else GRACE_HERSELF)
    told = story.only(ReopenOnIssue)
    assert (told.ref, told.by_customer, told.text) == (an_issue(), True, "Still 502")


def test_engineers_hear_who_reopened_it() -> None:
    story = Story().with_engineering().issue_is(IssueCategory.DONE).does(LENA, Reopen(reason="Same error"))
    told = story.only(ReopenOnIssue)
    assert (told.ref, told.by_customer, told.text) == (an_issue(), False, "Same error")


def test_what_the_vendor_had_is_reopened_in_the_tier_that_asked_it() -> None:
    assert Story().escalated(Tier.L3).escalated(Tier.L4).resolved().customer_writes().ticket.tier is Tier.L3
    assert Story().escalated(Tier.L2).escalated(Tier.L4).resolved().customer_writes().ticket.tier is Tier.L2


def test_a_ticket_can_be_reopened_again_and_again() -> None:
    story = Story()
    for _ in range(3):
        story.passes(MINUTE).resolved().passes(HOUR).customer_writes()
    assert story.ticket.reopened == 3
    assert len(story.ticket.stints) == 4
    assert len(story.clocks(ClockKind.RESOLUTION)) == 1
    assert story.clock(ClockKind.RESOLUTION).counted == 3 * MINUTE


# --- priority and links --------------------------------------------------------------------------------------------------


def test_a_new_priority_is_said_with_what_it_means() -> None:
    story = Story().does(LENA, SetPriority(priority=Priority.P1))
    assert story.ticket.priority is Priority.P1
    assert "Priority changed from P3 to P1" in story.thread[-1]
    assert story.now_intended(ShowCard)
    assert story.refuses(LENA, SetPriority(priority=Priority.P1)) == "T-1042 has priority P1 already"


def test_a_link_is_looked_up_first() -> None:
    story = Story().does(LENA, LinkIssue(reference="acme/storefront#7"))
    looked_up = story.only(FindIssue)
    assert (looked_up.tracker, looked_up.reference) == (Tracker.GITHUB, "acme/storefront#7")
    assert not story.ticket.issues


def test_a_link_to_a_pull_request_says_what_to_link_instead() -> None:
    for address in (
        "https://github.com/acme/storefront/pull/7",
        "<https://github.com/acme/storefront/pull/7/files|#7>",
    ):
        refused = Story().refuses(LENA, LinkIssue(reference=address))
        assert refused == "that is a pull request, and Tierline follows issues only: link the issue that it is to fix"


def test_a_link_to_nothing_is_refused_with_an_example() -> None:
    refused = Story().refuses(LENA, LinkIssue(reference="that bug"))
    assert refused == "write the issue as PAY-12, owner/repository#7 or its address"


# --- who may, and when ---------------------------------------------------------------------------------------------------

EVERYTHING: tuple[Request, ...] = (
    Accept(),
    Reply(text="x"),
    Note(text="x"),
    CustomerMessage(text="x"),
    Escalate(to=Tier.L2, reason="x"),
    Return(to=Tier.L1, reason="x"),
    Resolve(text="x"),
    Reopen(reason="x"),
    SetPriority(priority=Priority.P1),
    LinkIssue(reference="PAY-12"),
)


@pytest.mark.parametrize("request_", EVERYTHING, ids=lambda request_: request_.do.value)
def test_somebody_without_a_role_may_do_nothing(request_: Request) -> None:
    words = Story().refuses(EVE, request_)
    what = "change the priority" if request_.do is CommandName.PRIORITY else request_.do.value.replace("_", " ")
    assert words.startswith(f"eve may not {what}: it takes the role ")


@pytest.mark.parametrize("request_", EVERYTHING, ids=lambda request_: request_.do.value)
def test_nothing_leads_out_of_closed(request_: Request) -> None:
    assert closed().refuses(LENA, request_) == CLOSED


@pytest.mark.parametrize(
    ("by", "request_"),
    [
        (SAM, Accept()),
        (SAM, Reply(text="x")),
        (LENA, Escalate(to=Tier.L2, reason="x")),
        (LENA, Return(reason="x")),
        (SAM, Resolve(text="x")),
        (LENA, SetPriority(priority=Priority.P1)),
        (LENA, LinkIssue(reference="PAY-12")),
    ],
)
def test_a_resolved_ticket_takes_only_a_reopening_a_note_and_the_customer(by: object, request_: Request) -> None:
    story = Story().resolved()
    assert story.refuses(SAM if by is SAM else LENA, request_) == RESOLVED
    story.does(SAM, Note(text="Thanked them")).does(SAM, Reopen(reason="Wrong ticket"))


def test_an_open_ticket_is_not_reopened() -> None:
    assert Story().refuses(SAM, Reopen(reason="x")) == "T-1042 is open: there is nothing to reopen"


def test_agents_do_not_escalate_unless_the_policy_lets_them() -> None:
    escalation = Escalate(to=Tier.L2, reason="x")
    words = Story().refuses(SAM, escalation)
    assert words == "sam may not escalate: it takes the role lead, engineer or operator"
    Story(a_policy(permissions={CommandName.ESCALATE: (Role.AGENT,)})).does(SAM, escalation)


def test_what_the_policy_gives_to_nobody_is_refused_in_words() -> None:
    policy = a_policy(permissions={CommandName.ESCALATE: ()})
    words = Story(policy).refuses(LENA, Escalate(to=Tier.L2, reason="x"))
    assert words == "the policy lets nobody escalate"


def test_a_refused_command_still_brings_what_time_brought() -> None:
    story = Story().jumps(16 * MINUTE)
    decision = story.hears(Command(id="c", by=EVE, request=Accept()))
    assert decision.refusal is not None
    assert [notice.channel for notice in story.now_intended(Notice)] == [L1_CHANNEL]


def test_a_ticket_on_hold_waits_and_its_clocks_pause_by_the_policy() -> None:
    policy = a_policy()
    work = policy.clocks[ClockKind.TIER_WORK].model_copy(update={"pauses": frozenset({WaitingOn.HOLD})})
    story = Story(policy.model_copy(update={"clocks": policy.clocks | {ClockKind.TIER_WORK: work}})).accepted()
    story.does(SAM, Wait(on=WaitingOn.HOLD, reason="the shop is closed"))
    assert story.clock(ClockKind.TIER_WORK).status is ClockStatus.PAUSED
    assert "sam: Waits on hold: the shop is closed" in story.timeline
    assert story.refuses(SAM, Wait(on=WaitingOn.HOLD)) == "T-1042 waits on hold already"
    story.does(SAM, Wait(on=WaitingOn.TIER))
    assert story.clock(ClockKind.TIER_WORK).status is ClockStatus.RUNNING


def test_a_cancelled_ticket_ends_its_clocks_and_may_be_reopened_elsewhere() -> None:
    story = Story().accepted().does(LENA, Cancel(reason="a duplicate"))
    assert story.ticket.status is TicketStatus.CANCELLED
    assert {clock.outcome for clock in story.ticket.clocks if clock.kind is not ClockKind.HANDOFF} == {
        ClockOutcome.CANCELLED
    }
    assert story.refuses(LENA, Escalate(to=Tier.L2, reason="no")) == "T-1042 is cancelled: reopen it first"
    story.does(LENA, Reopen(reason="it is none", to=Tier.L2))
    assert (story.ticket.tier, story.ticket.status) == (Tier.L2, TicketStatus.OPEN)
    assert story.clock(ClockKind.RESOLUTION).status is ClockStatus.RUNNING


def test_a_ladder_that_advises_moves_nothing() -> None:
    story = Story(a_policy(hand_offs=HandOffs.ADVISED)).passes(30 * MINUTE)
    assert story.ticket.tier is Tier.L1
    assert any("escalate it to L2" in text for _, text in story.told)


def test_a_priority_with_a_calendar_of_its_own_is_counted_by_it() -> None:
    policy = a_policy(calendars={"office": office_hours()})
    rules = policy.clocks[ClockKind.RESOLUTION].model_copy(
        update={"calendar": "office", "calendars": {Priority.P1: "always"}}
    )
    story = Story(policy.model_copy(update={"clocks": {ClockKind.RESOLUTION: rules}})).accepted()
    assert story.clock(ClockKind.RESOLUTION).calendar == "office"
    story.does(LENA, SetPriority(priority=Priority.P1))
    assert story.clock(ClockKind.RESOLUTION).calendar == "always"
