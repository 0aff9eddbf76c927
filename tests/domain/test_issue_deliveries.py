"""What engineering issues tell a ticket, and what it does about it."""

from typing import Any

import pytest

from domain.engineering_rules import EngineeringRules, ProjectRules, RequestKind
from domain.intents import (
    JoinIssue,
    LeaveIssue,
    MailCustomer,
    PutFileOnIssue,
    RaisePage,
    ReopenOnIssue,
    TellIssue,
    UpdateIssue,
)
from domain.issue_lead import LEAD_HEARS_OF
from domain.issues import IssueAttachment, IssueCategory, IssueMeaning, IssueRef, Tracker, Visibility
from domain.messages import (
    AttachFile,
    Command,
    CommentIssue,
    FileAttached,
    FileLink,
    GoneReason,
    IssueAttached,
    IssueCommented,
    IssueGone,
    IssueMerged,
    IssueSaid,
    Note,
    Reopen,
    Request,
    Return,
    SetPriority,
    SetRequestKind,
    SetWorkaround,
    ThreadChange,
    ThreadMessage,
)
from domain.paging import PageStatus
from domain.policy import Policy
from domain.ticket import TicketStatus
from domain.ticket_card import card_of
from domain.ticket_on_issue import on_issue
from domain.tiers import Owner, Priority, Tier, WaitingOn
from integrations.slack.card import card_plain
from tests.domain.building import (
    ADA,
    DAY,
    HOUR,
    L1_CHANNEL,
    L2_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_change,
    a_comment,
    a_policy,
    an_issue,
    an_opening,
)

_CATEGORY = {
    IssueMeaning.TO_DO: IssueCategory.TO_DO,
    IssueMeaning.IN_PROGRESS: IssueCategory.IN_PROGRESS,
}


def means(story: Story, meaning: IssueMeaning, ref: IssueRef | None = None, **other: Any) -> Story:
    """The issue's workflow tells that the issue's status means this now."""
    news = a_change(ref or an_issue(), _CATEGORY.get(meaning, IssueCategory.DONE), story.now)
    return story.told_of(news.model_copy(update={"meaning": meaning, **other}))


def status_of(story: Story) -> TicketStatus:
    """Where the ticket is in its life."""
    return story.ticket.status


def waits_on(story: Story) -> WaitingOn:
    """Whose turn it is."""
    return story.ticket.waiting_on


def with_public_storefront(**changes: Any) -> Policy:
    """A policy by which strangers read acme/storefront."""
    engineering = EngineeringRules(projects={"acme/storefront": ProjectRules(public=True)})
    return a_policy(engineering=engineering, **changes)


def in_the_open() -> Story:
    """A ticket on an issue that strangers read."""
    story = Story(with_public_storefront()).accepted()
    return story.linked(IssueCategory.IN_PROGRESS, an_issue(7, Tracker.GITHUB))


LOG = FileLink(
    name="trace.log",
    url="https://acme.slack.com/files/U0SAM/F1/trace.log",
    id="F1",
    download="https://files.slack.com/files-pri/T0ACME-F1/download/trace.log",
)


def _command(request: Request) -> Command:
    return Command(id="by-hand", by=SAM, request=request)


def posts(story: Story, *files: FileLink) -> Story:
    """Sam posts files below the card."""
    return story.told_of(ThreadMessage(change=ThreadChange.POSTED, ts="1.1", by=SAM, text="look", files=files))


# --- an issue moves ------------------------------------------------------------------------------------------------


def test_an_issue_that_is_worked_on_takes_the_ticket_in_l3() -> None:
    story = Story().with_engineering().passes(MINUTE).issue_is(IssueCategory.IN_PROGRESS)
    assert story.ticket.stint.accepted_by is not None
    assert story.ticket.stint.accepted_by.name == "Ada"
    assert not any("moved from" in line for line in story.timeline)
    assert "Tierline: PAY-12 is now with Ada" in story.timeline
    assert story.ticket.issues[0].category is IssueCategory.IN_PROGRESS


def test_an_issue_that_is_worked_on_takes_no_ticket_of_another_tier() -> None:
    story = Story().linked(IssueCategory.TO_DO).issue_is(IssueCategory.IN_PROGRESS)
    assert story.ticket.stint.accepted_at is None


def test_an_issue_that_is_done_resolves_the_ticket_and_the_customer_hears() -> None:
    story = Story().with_engineering().passes(HOUR).issue_is(IssueCategory.DONE)
    assert (story.ticket.status, story.ticket.resolved_by) == (TicketStatus.RESOLVED, "Ada")
    assert "fixed the problem" in story.only(MailCustomer).text
    assert story.ticket.first_response_at == NOON + HOUR
    assert story.ticket.stint.accepted_at == NOON + HOUR


def test_every_ticket_that_waits_for_the_issue_is_resolved() -> None:
    story = Story().accepted().linked()
    assert (story.ticket.waiting_on, story.ticket.owner) == (WaitingOn.ENGINEERING, Owner.L3)
    story.passes(MINUTE).issue_is(IssueCategory.DONE)
    assert story.ticket.status is TicketStatus.RESOLVED


def test_a_ticket_on_two_issues_is_resolved_with_the_last_one() -> None:
    story = Story().linked().linked(ref=an_issue(13)).issue_is(IssueCategory.DONE)
    assert story.ticket.status is TicketStatus.OPEN
    assert story.issue_is(IssueCategory.DONE, an_issue(13)).ticket.status is TicketStatus.RESOLVED


def test_a_reopened_ticket_is_not_resolved_by_news_that_the_issue_is_still_done() -> None:
    """Our own comment on the issue moves it in the tracker, and the tracker tells us so."""
    story = Story().with_engineering().issue_is(IssueCategory.DONE).passes(HOUR).customer_writes()
    story.issue_is(IssueCategory.DONE, assignee="Bob")
    assert story.ticket.status is TicketStatus.OPEN
    again = story.passes(MINUTE).issue_is(IssueCategory.IN_PROGRESS).passes(MINUTE).issue_is(IssueCategory.DONE)
    assert again.ticket.status is TicketStatus.RESOLVED


def test_a_ticket_that_engineering_gave_back_is_not_resolved_by_closing_the_issue() -> None:
    story = Story().accepted().with_engineering().does(ADA, Return(reason="works as designed")).accepted(SAM)
    story.issue_is(IssueCategory.DONE)
    assert story.ticket.status is TicketStatus.OPEN
    assert not story.all(MailCustomer)
    assert story.told == [(SAM.id, "T-1042: PAY-12 is Done after the ticket came back: it is yours to resolve")]


def test_a_ticket_that_went_up_again_is_resolved_by_the_issue() -> None:
    story = Story().with_engineering().does(ADA, Return(reason="need logs")).escalated(Tier.L3)
    assert story.issue_is(IssueCategory.DONE).ticket.status is TicketStatus.RESOLVED


def test_a_link_to_an_issue_that_is_done_leaves_the_ticket_with_its_tier() -> None:
    story = Story().accepted().linked(IssueCategory.DONE).issue_is(IssueCategory.DONE)
    assert (story.ticket.status, story.ticket.waiting_on) == (TicketStatus.OPEN, WaitingOn.TIER)


def test_an_engineers_comment_is_in_the_story_and_the_thread() -> None:
    story = Story().with_engineering().told_of(IssueCommented(ref=an_issue(), comment=a_comment(1, "It is the cache")))
    assert story.thread[-1] == "Ada: on PAY-12: It is the cache"


def test_an_issue_that_moved_to_another_project_keeps_its_identity() -> None:
    story = Story().with_engineering()
    moved = an_issue().model_copy(update={"key": "CORE-3", "url": "https://acme.example/browse/CORE-3"})
    story.issue_is(IssueCategory.TO_DO, moved)
    assert [issue.ref.key for issue in story.ticket.issues] == ["CORE-3"]
    assert "Tierline: PAY-12 was moved to CORE and is now CORE-3; the ticket follows it" in story.timeline


def test_news_of_an_issue_that_the_ticket_is_not_on_is_ignored() -> None:
    story = Story().with_engineering()
    before = story.ticket
    story.issue_is(IssueCategory.DONE, an_issue(99))
    same_id = IssueRef(tracker=Tracker.GITHUB, id=an_issue().id, key="a/b#1", url="https://x.example")
    story.issue_is(IssueCategory.DONE, same_id).told_of(IssueGone(ref=same_id, why="404"))
    assert story.ticket == before


def test_an_issue_that_is_gone_is_told_to_the_lead_and_the_tier_is_to_act() -> None:
    story = Story().accepted().linked().told_of(IssueGone(ref=an_issue(), why="it was deleted"))
    assert not story.ticket.issues
    assert story.ticket.waiting_on is WaitingOn.TIER
    words = "PAY-12 was deleted, or moved to where Tierline cannot see it (it was deleted)"
    assert [channel for channel, text in story.told if words in text] == [L1_CHANNEL]


def test_while_another_issue_is_open_the_ticket_still_waits_for_engineering() -> None:
    story = Story().accepted().linked().linked(ref=an_issue(13)).told_of(IssueGone(ref=an_issue(), why="404"))
    assert story.ticket.waiting_on is WaitingOn.ENGINEERING


def test_news_that_comes_after_the_ticket_is_closed_changes_nothing() -> None:
    story = Story().with_engineering().resolved(ADA).passes(2 * DAY)
    before = story.ticket
    story.issue_is(IssueCategory.IN_PROGRESS).page_is(PageStatus.ACKNOWLEDGED)
    assert story.ticket == before


# --- fixed is not resolved -----------------------------------------------------------------------------------------


def test_a_fix_waits_for_its_release_and_the_customer_is_not_told_yet() -> None:
    story = means(Story().accepted().linked().passes(HOUR), IssueMeaning.FIXED, release="2.4")
    assert story.ticket.status is TicketStatus.OPEN
    assert story.ticket.waiting_on is WaitingOn.ENGINEERING
    assert not story.all(MailCustomer)
    assert "PAY-12 is fixed and waits for release 2.4; the customer is told when it is out" in story.thread
    assert "fixed, waits for release 2.4" in card_plain(card_of(story.ticket, story.now))


def test_the_release_resolves_the_ticket_and_tells_the_customer_which_it_is() -> None:
    story = means(Story().accepted().linked().passes(HOUR), IssueMeaning.FIXED, release="2.4")
    means(story.passes(DAY), IssueMeaning.RELEASED, release="2.4")
    assert story.ticket.status is TicketStatus.RESOLVED
    assert story.only(MailCustomer).text == (
        "Our engineers have fixed the problem behind your ticket. The fix is part of release 2.4."
    )


def test_a_release_comes_at_the_same_time_of_the_tracker_as_the_fix() -> None:
    """Releasing a version does not touch its issues."""
    story = means(Story().linked(), IssueMeaning.FIXED, release="2.4")
    means(story, IssueMeaning.RELEASED, release="2.4")
    assert story.ticket.status is TicketStatus.RESOLVED
    means(story, IssueMeaning.FIXED, release="2.4")
    assert story.ticket.issues[0].meaning is IssueMeaning.RELEASED


def test_a_fix_that_goes_into_another_release_is_told() -> None:
    story = means(Story().linked(), IssueMeaning.FIXED, release="2.4")
    means(story.passes(HOUR), IssueMeaning.FIXED, release="2.5")
    assert story.thread[-1] == "PAY-12 waits for release 2.5 now"


def test_a_fix_takes_the_ticket_in_l3_so_that_nobody_is_reminded() -> None:
    story = means(Story().with_engineering().passes(MINUTE), IssueMeaning.FIXED, release="")
    assert story.ticket.stint.accepted_at == NOON + MINUTE
    assert "PAY-12 is fixed and waits for its release; the customer is told when it is out" in story.thread


def test_a_ticket_that_joins_a_fix_waits_for_its_release() -> None:
    story = Story().accepted().linked(IssueCategory.DONE)
    assert waits_on(story) is WaitingOn.TIER
    means(story, IssueMeaning.FIXED, release="2.4")
    assert waits_on(story) is WaitingOn.ENGINEERING
    means(story.passes(DAY), IssueMeaning.RELEASED, release="2.4")
    assert status_of(story) is TicketStatus.RESOLVED


def test_a_ticket_on_two_issues_is_resolved_when_both_are_released() -> None:
    other = an_issue(13)
    story = Story().linked().linked(ref=other)
    means(story, IssueMeaning.RELEASED)
    assert story.thread[-1] == "PAY-12 is released; the ticket still waits for PAY-13"
    means(story.passes(HOUR), IssueMeaning.FIXED, other, release="3.0")
    assert status_of(story) is TicketStatus.OPEN
    means(story.passes(HOUR), IssueMeaning.RELEASED, other, release="3.0")
    assert status_of(story) is TicketStatus.RESOLVED


def test_a_ticket_of_which_one_issue_was_declined_is_not_resolved_by_the_other() -> None:
    other = an_issue(13)
    story = means(Story().accepted().linked().linked(ref=other), IssueMeaning.DECLINED)
    assert story.ticket.waiting_on is WaitingOn.ENGINEERING
    means(story.passes(HOUR), IssueMeaning.RELEASED, other)
    assert (story.ticket.status, story.ticket.waiting_on) == (TicketStatus.OPEN, WaitingOn.TIER)
    assert story.told == [
        (SAM.id, "T-1042: PAY-13 is released, and PAY-12 ended without a fix: tell the customer what holds")
    ]


def test_without_a_meaning_the_category_tells() -> None:
    assert Story().linked().issue_is(IssueCategory.DONE).ticket.status is TicketStatus.RESOLVED


# --- no fix will come ----------------------------------------------------------------------------------------------


def test_an_issue_that_is_declined_brings_the_ticket_back_to_the_tier_that_had_it() -> None:
    story = Story().escalated(Tier.L2).accepted().with_engineering().passes(HOUR)
    means(story, IssueMeaning.DECLINED, status="Closed", resolution="Won't Do")
    assert (story.ticket.status, story.ticket.tier) == (TicketStatus.OPEN, Tier.L2)
    assert not story.all(MailCustomer)
    told = dict(story.told)
    assert told[L2_CHANNEL].startswith("T-1042: PAY-12 was closed without a fix (Closed, Won't Do): tell the customer")
    assert story.ticket.returns == (NOON + HOUR,)


def test_an_issue_that_is_declined_gives_the_turn_back_to_whoever_has_the_ticket() -> None:
    story = means(Story().accepted().linked(), IssueMeaning.DECLINED, status="Won't Do")
    assert story.ticket.waiting_on is WaitingOn.TIER
    assert [where for where, _ in story.told] == [SAM.id, L1_CHANNEL]


def test_of_many_tickets_not_each_tells_the_lead() -> None:
    story = means(Story().accepted().linked(), IssueMeaning.DECLINED, tickets=LEAD_HEARS_OF + 1)
    assert [where for where, _ in story.told] == [SAM.id]


def test_of_many_tickets_not_each_tells_the_lead_that_their_issue_is_gone() -> None:
    """The issue says how many they are: what a ticket was told of that may be long ago."""
    news = IssueGone(ref=an_issue(), why="it was deleted", tickets=LEAD_HEARS_OF + 1)
    assert not Story().accepted().linked().told_of(news).told


def test_a_duplicate_that_names_no_other_issue_says_what_to_do() -> None:
    story = means(Story().accepted().linked(), IssueMeaning.DUPLICATE)
    assert story.ticket.status is TicketStatus.OPEN
    assert "link that one with /tier link" in story.thread[-1]


# --- news come in any order ----------------------------------------------------------------------------------------


def test_news_older_than_what_is_known_changes_nothing() -> None:
    story = means(Story().linked().passes(HOUR), IssueMeaning.IN_PROGRESS)
    before = story.ticket
    story.told_of(a_change(an_issue(), IssueCategory.DONE, NOON + MINUTE, "Bob"))
    assert story.ticket == before
    assert not story.last


@pytest.mark.parametrize("done_first", [True, False])
def test_of_two_news_of_one_instant_being_done_wins(done_first: bool) -> None:
    story = Story().linked(IssueCategory.TO_DO).passes(HOUR)
    order = [IssueMeaning.FIXED, IssueMeaning.IN_PROGRESS]
    for meaning in order if done_first else reversed(order):
        means(story, meaning, release="2.4")
    assert story.ticket.issues[0].meaning is IssueMeaning.FIXED


def test_status_reopening_is_decided_never_accidental() -> None:
    """An issue that is taken up again opens no ticket that is resolved."""
    story = means(Story().accepted().linked(), IssueMeaning.RELEASED)
    means(story.passes(HOUR), IssueMeaning.IN_PROGRESS, status="In Progress")
    assert story.ticket.status is TicketStatus.RESOLVED
    assert story.thread[-1] == (
        "PAY-12 was taken up again (In Progress); this ticket stays resolved. Use /tier reopen if the customer is hit by it"
    )
    assert not story.all(ReopenOnIssue)


# --- moves, duplicates, the end ------------------------------------------------------------------------------------


def test_a_new_key_in_the_same_project_is_told() -> None:
    ref = an_issue(7, Tracker.GITHUB)
    story = Story().linked(ref=ref)
    story.issue_is(IssueCategory.IN_PROGRESS, ref.model_copy(update={"key": "acme/storefront#8"}))
    assert "acme/storefront#7 is now acme/storefront#8; the ticket follows it" in story.thread


def test_an_issue_that_is_moved_to_where_strangers_read_is_told_to_the_lead() -> None:
    ref = IssueRef(tracker=Tracker.GITHUB, id="I_7", key="acme/private#7", url="https://github.example/acme/private/7")
    story = Story(with_public_storefront()).accepted().linked(ref=ref)
    story.issue_is(IssueCategory.IN_PROGRESS, ref.model_copy(update={"key": "acme/storefront#3"}))
    assert "acme/private#7 was moved to acme/storefront and is now acme/storefront#3" in "\n".join(story.thread)
    assert [where for where, text in story.told if "strangers can read" in text] == [L1_CHANNEL]


def merged_into(number: int, of: int = 12, **other: Any) -> IssueMerged:
    """The news that an issue is a duplicate of another one."""
    fields = {"title": "The acquirer's certificate", "status": "In Progress", "category": IssueCategory.IN_PROGRESS}
    return IssueMerged(ref=an_issue(of), into=an_issue(number), **(fields | other))


def test_a_duplicate_is_left_for_the_issue_that_is_worked_on() -> None:
    story = Story().accepted().linked().told_of(merged_into(13))
    assert [issue.ref.key for issue in story.ticket.issues] == ["PAY-13"]
    assert [intent.ref.key for intent in story.now_intended(LeaveIssue)] == ["PAY-12"]
    assert [intent.ref.key for intent in story.now_intended(JoinIssue)] == ["PAY-13"]
    assert story.ticket.waiting_on is WaitingOn.ENGINEERING
    assert story.thread[-1].startswith(
        "PAY-12 is a duplicate of PAY-13 (In Progress): the ticket goes on with that one"
    )


def test_a_duplicate_is_left_once() -> None:
    story = Story().linked().told_of(merged_into(13))
    before = story.ticket
    story.told_of(merged_into(13))
    assert story.ticket == before


def test_a_duplicate_is_left_also_where_the_news_of_its_status_name_the_other_one() -> None:
    """A ticket that is linked to an issue that is a duplicate already hears of it with the first news."""
    story = Story().linked(IssueCategory.DONE)
    means(story, IssueMeaning.DUPLICATE, duplicate_of=an_issue(13))
    assert [issue.ref.key for issue in story.ticket.issues] == ["PAY-13"]
    story.told_of(merged_into(13))
    assert [intent.ref.key for intent in story.all(LeaveIssue)] == ["PAY-12"]


def test_a_duplicate_of_an_issue_that_the_ticket_is_on_is_left() -> None:
    story = Story().linked().linked(ref=an_issue(13)).told_of(merged_into(13))
    assert [issue.ref.key for issue in story.ticket.issues] == ["PAY-13"]
    assert not story.now_intended(JoinIssue)
    assert story.thread[-1] == "PAY-12 is a duplicate of PAY-13, which the ticket is on already"


def test_duplicates_in_a_circle_are_followed_once_around() -> None:
    story = Story().linked().told_of(merged_into(13)).told_of(merged_into(12, of=13))
    assert [issue.ref.key for issue in story.ticket.issues] == ["PAY-13"]
    assert "it stays on PAY-13" in story.thread[-1]
    assert len(story.told) == 1
    before = story.ticket
    story.told_of(merged_into(12, of=13))
    assert story.ticket == before
    assert not story.last


def test_whoever_links_the_issue_again_is_right_whatever_it_was_a_duplicate_of() -> None:
    story = Story().linked().told_of(merged_into(13)).linked(ref=an_issue())
    assert story.ticket.duplicates_left == ()


def test_an_issue_that_is_a_duplicate_of_itself_is_no_news() -> None:
    story = Story().linked()
    before = story.ticket
    assert story.told_of(merged_into(12)).ticket == before


def test_who_was_to_be_woken_for_a_duplicate_is_woken_for_the_other_issue() -> None:
    story = Story().escalated(Tier.L3).issue_opened()
    story.page_raised().told_of(merged_into(13))
    assert [page.status for page in story.ticket.pages] == [PageStatus.RESOLVED, None]
    assert len(story.wanted_pages) == 2
    taken = Story().with_engineering().page_is(PageStatus.ACKNOWLEDGED).told_of(merged_into(13))
    assert len(taken.wanted_pages) == 1
    assert not taken.now_intended(RaisePage)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (GoneReason.DELETED, "link another issue with /tier link, or escalate again to have one opened"),
        (GoneReason.FORBIDDEN, "give its Jira account access to PAY, then write /tier link PAY-12"),
    ],
)
def test_a_tombstone_is_told_to_the_ticket_with_what_to_do(reason: GoneReason, words: str) -> None:
    story = Story().accepted().linked().told_of(IssueGone(ref=an_issue(), why="HTTP 403", reason=reason))
    assert words in story.thread[-1]
    assert [where for where, text in story.told if words in text] == [L1_CHANNEL]
    assert (story.ticket.issues, story.ticket.waiting_on) == ((), WaitingOn.TIER)
    assert [intent.ref.key for intent in story.all(LeaveIssue)] == ["PAY-12"]


# --- what is said and put on the issue -----------------------------------------------------------------------------


def test_visibility_comments_are_internal_unless_somebody_says_otherwise() -> None:
    """A bug-bounty report was published by itself (mozilla/fxa 13267): what engineers write never reaches a customer by itself."""
    story = Story().accepted().linked()
    secret = "The key in the test vault works in production, too"
    public = a_comment(1, secret).model_copy(update={"visibility": Visibility.PUBLIC})
    story.told_of(IssueCommented(ref=an_issue(), comment=a_comment(2, secret)))
    story.told_of(IssueCommented(ref=an_issue(), comment=public))
    story.told_of(IssueCommented(ref=an_issue(), comment=public, edited=True))
    story.told_of(IssueSaid(ref=an_issue(), text=secret))
    means(story.passes(HOUR), IssueMeaning.RELEASED)
    assert not any(secret in mail.text for mail in story.all(MailCustomer))
    assert not any(secret in entry.text for entry in story.ticket.timeline if entry.public)

    story = Story().accepted().linked().does(SAM, CommentIssue(text="The customer has our test key"))
    assert story.only(TellIssue).visibility is Visibility.INTERNAL


def test_a_comment_that_was_changed_is_told_as_such() -> None:
    story = Story().linked().told_of(IssueCommented(ref=an_issue(), comment=a_comment(1, "Only 4.2"), edited=True))
    assert story.thread[-1] == "Ada: on PAY-12: edited: Only 4.2"


def test_a_comment_on_an_issue_that_was_left_is_not_told() -> None:
    story = Story()
    before = story.ticket
    assert story.told_of(IssueCommented(ref=an_issue(), comment=a_comment(1))).ticket == before


def test_a_file_on_the_issue_is_told_with_its_address_and_size() -> None:
    file = IssueAttachment(id="9", name="dump.hprof", url="https://acme.example/9", size_bytes=1_234_567, author="Ada")
    story = Story().linked().told_of(IssueAttached(ref=an_issue(), attachment=file))
    assert story.thread[-1] == "Ada: put a file on PAY-12: dump.hprof (1.2 MB), https://acme.example/9"


def test_what_is_said_of_the_issue_reaches_the_lead_where_it_should() -> None:
    story = Story().linked().told_of(IssueSaid(ref=an_issue(), text="the priority stays High"))
    assert (story.thread[-1], story.told) == ("PAY-12: the priority stays High", [])
    story.told_of(IssueSaid(ref=an_issue(), text="PAY-12 takes no comments", tell_lead=True))
    assert story.told == [(L1_CHANNEL, "T-1042: PAY-12 takes no comments")]


# --- writing to the engineers --------------------------------------------------------------------------------------


def test_a_note_stays_in_the_house() -> None:
    story = Story().accepted().linked().does(SAM, Note(text="They are angry"))
    assert not story.all(TellIssue)


def test_support_writes_to_the_engineers_on_purpose_and_without_personal_data() -> None:
    story = Story().accepted().linked().linked(ref=an_issue(13))
    story.does(
        SAM, CommentIssue(text="Grace Hopper (grace@navy.example) sees it with 4.2", visibility=Visibility.PUBLIC)
    )
    told = [(intent.ref.key, intent.text, intent.visibility) for intent in story.now_intended(TellIssue)]
    text = "Support, on T-1042: [customer] ([e-mail]) sees it with 4.2"
    assert told == [("PAY-12", text, Visibility.PUBLIC), ("PAY-13", text, Visibility.PUBLIC)]
    assert story.thread[-1].startswith("sam: To the engineers (public): Grace Hopper")


def test_an_internal_comment_is_refused_where_strangers_read() -> None:
    story = in_the_open()
    refused = story.refuses(SAM, CommentIssue(text="The customer has our test key"))
    assert refused == (
        "acme/storefront is public, so everybody would read it there: write `/tier comment T-1042 public TEXT` if strangers "
        "may, or `/tier note T-1042 TEXT` for colleagues alone"
    )
    story.does(SAM, CommentIssue(text="It begins with 4.2", visibility=Visibility.PUBLIC))
    assert story.only(TellIssue).visibility is Visibility.PUBLIC


def test_an_internal_comment_goes_only_where_no_strangers_read() -> None:
    story = in_the_open().linked(ref=an_issue(12))
    decision = story.hears(_command(CommentIssue(text="see the log")))
    assert [intent.ref.key for intent in story.now_intended(TellIssue)] == ["PAY-12"]
    assert decision.answer == "The engineers read it on PAY-12; not on acme/storefront#7, which strangers read"


def test_the_policy_says_who_reads_a_comment_that_nobody_placed() -> None:
    policy = a_policy(engineering=EngineeringRules(comments=Visibility.PUBLIC))
    story = Story(policy).accepted().linked().does(SAM, CommentIssue(text="see the log"))
    assert story.only(TellIssue).visibility is Visibility.PUBLIC


def test_without_an_issue_nobody_would_read_it() -> None:
    assert "is on no engineering issue" in Story().refuses(SAM, CommentIssue(text="see the log"))
    assert "is on no engineering issue" in posts(Story(), LOG).refuses(SAM, AttachFile())


# --- files ---------------------------------------------------------------------------------------------------------


def test_a_file_of_the_thread_is_copied_to_the_issue_once() -> None:
    story = posts(Story().accepted().linked(), LOG).does(SAM, AttachFile())
    put = story.only(PutFileOnIssue)
    assert (put.ref.key, put.file) == ("PAY-12", LOG)
    story.comes_of(put, FileAttached(id="10070"))
    assert story.thread[-1] == "trace.log is on PAY-12"
    assert story.refuses(SAM, AttachFile()).startswith("there is no new file in the thread of T-1042")


def test_a_tracker_that_takes_no_files_gets_the_address() -> None:
    story = posts(Story().accepted().linked(ref=an_issue(7, Tracker.GITHUB)), LOG).does(
        SAM, AttachFile(name="TRACE.log")
    )
    story.comes_of(story.only(PutFileOnIssue), FileAttached())
    told = story.only(TellIssue)
    assert LOG.url in told.text
    assert told.visibility is Visibility.INTERNAL


def test_a_file_that_could_not_be_copied_can_be_asked_for_again() -> None:
    story = posts(Story().accepted().linked(), LOG).does(SAM, AttachFile()).fails(PutFileOnIssue, "jira: too large")
    assert story.thread[-1] == "trace.log could not be copied to PAY-12: jira: too large"
    assert story.does(SAM, AttachFile()).now_intended(PutFileOnIssue)


def test_no_file_is_put_where_strangers_read() -> None:
    assert "everybody could open the file there" in posts(in_the_open(), LOG).refuses(SAM, AttachFile())


def test_a_file_that_is_not_there_is_said_with_those_that_are() -> None:
    story = posts(Story().accepted().linked(), LOG, FileLink(name="video.mp4", url="https://video.example/1"))
    assert "there is video.mp4, trace.log" in story.refuses(SAM, AttachFile(name="dump"))
    assert story.refuses(SAM, AttachFile()).startswith("Slack does not let Tierline fetch video.mp4")


# --- the issue knows its ticket ------------------------------------------------------------------------------------


def updated(story: Story) -> list[str]:
    """The issues that hear of what the last event changed of the ticket."""
    return [intent.ref.key for intent in story.now_intended(UpdateIssue)]


def test_what_matters_to_engineers_is_told_to_the_issue() -> None:
    story = Story().accepted().linked()
    assert updated(story.does(LENA, SetPriority(priority=Priority.P1))) == ["PAY-12"]
    assert updated(story.does(SAM, SetRequestKind(request=RequestKind.FEATURE))) == ["PAY-12"]
    assert updated(story.does(SAM, SetWorkaround(text="Pay by transfer, says grace@navy.example"))) == ["PAY-12"]
    known = on_issue(story.ticket, an_issue())
    assert (known.severity, known.request) == (Priority.P1, RequestKind.FEATURE)
    assert known.workaround == "Pay by transfer, says [e-mail]"
    assert updated(story.does(SAM, SetWorkaround())) == ["PAY-12"]


def test_a_clock_that_ticks_is_no_news_and_one_that_moves_is() -> None:
    story = Story().accepted().linked()
    before = len(story.all(UpdateIssue))
    story.passes(5 * HOUR).does(SAM, Note(text="still looking"))
    assert len(story.all(UpdateIssue)) == before
    assert updated(story.replied(awaits_customer=True)) == ["PAY-12"]
    assert updated(story.passes(HOUR).customer_writes()) == ["PAY-12"]


def test_whoever_joins_needs_no_news_of_itself() -> None:
    story = Story().accepted().linked()
    assert not story.all(UpdateIssue)


def test_a_released_issue_does_not_hear_from_each_of_its_tickets() -> None:
    story = means(Story().accepted().linked(), IssueMeaning.RELEASED)
    assert not story.all(UpdateIssue)
    by_hand = Story().accepted().linked().resolved()
    assert updated(by_hand) == ["PAY-12"]


@pytest.mark.parametrize("by_customer", [True, False])
def test_a_ticket_that_is_open_again_tells_its_issue(by_customer: bool) -> None:
    story = means(Story().accepted().linked(), IssueMeaning.RELEASED).passes(HOUR)
    if by_customer:
        story.customer_writes("Still 502, call me: grace@navy.example")
    else:
        story.does(LENA, Reopen(reason="Still 502, call me: grace@navy.example"))
    told = story.only(ReopenOnIssue)
    assert (told.ref.key, told.by_customer, told.text) == ("PAY-12", by_customer, "Still 502, call me: [e-mail]")
    assert updated(story) == ["PAY-12"]


def test_a_ticket_that_is_open_again_after_no_fix_waits_for_no_engineer() -> None:
    story = means(Story().accepted().linked(), IssueMeaning.DECLINED).resolved().passes(HOUR).customer_writes()
    assert story.ticket.waiting_on is WaitingOn.TIER
    assert story.only(ReopenOnIssue).by_customer


def test_a_request_kind_is_set_as_the_ticket_is_opened() -> None:
    story = Story(opening=an_opening(request=RequestKind.FEATURE))
    assert "feature request" in card_plain(card_of(story.ticket, story.now))
    assert story.refuses(SAM, SetRequestKind(request=RequestKind.FEATURE)) == "T-1042 is a feature request already"
    assert story.refuses(SAM, SetWorkaround()) == "T-1042 has no workaround"


def test_the_card_shows_what_the_issue_weighs_and_how_customers_help_themselves() -> None:
    story = means(Story().accepted().linked(), IssueMeaning.IN_PROGRESS, tickets=14, impact="high")
    story.does(SAM, SetWorkaround(text="Pay by transfer"))
    shown = card_plain(card_of(story.ticket, story.now))
    assert "In Progress · Ada · 14 tickets · impact high" in shown
    assert "Workaround: Pay by transfer" in shown
