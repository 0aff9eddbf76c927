"""How a failed call becomes a failed activity: what Temporal retries, when, and what people read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.failures import classified, not_configured, repeated
from activities.issue_tracker import CommentInput, FetchIssueInput, IssueTrackerActivities, OpenIssueInput
from activities.mail import CustomerMailInput, MailActivities, VendorMailInput
from activities.pagerduty import PagerDutyActivities, RaisePageInput
from activities.slack import CardInput, LineInput, SlackActivities
from config.issue_text import issue_text
from domain.chat import MessageRef
from domain.decide import open_ticket
from domain.engineering_issue import draft_issue
from domain.paging import PageDraft
from domain.ticket_card import card_of
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.mail.smtp import SmtpMailer
from tests.domain.building import NOON, a_policy, an_issue, an_opening
from tests.workflows.outside import Outside

TICKET = open_ticket(an_opening(), a_policy(), NOON).state
CARD = card_of(TICKET, NOON)


def failed_with(error: Exception) -> ApplicationError:
    """What Temporal is told when a call fails so."""
    with pytest.raises(ApplicationError) as told, classified():
        raise error
    return told.value


def test_a_refusal_is_not_retried_and_keeps_the_short_code() -> None:
    told = failed_with(PermanentFailure("slack", "the channel is archived", status=200, code="is_archived"))
    assert (told.type, told.non_retryable, told.details) == ("PermanentFailure", True, ("is_archived",))
    assert told.message == "slack: the channel is archived"


@pytest.mark.parametrize(("status", "detail"), [(404, "404"), (410, "410"), (None, None)])
def test_without_a_code_the_status_says_it(status: int | None, detail: str | None) -> None:
    told = failed_with(PermanentFailure("jira", "the issue is gone", status=status))
    assert told.details == (detail,)


def test_a_rate_limit_sets_the_next_delay_and_is_no_alarm() -> None:
    told = failed_with(RateLimited("github", "too many calls", retry_after=timedelta(seconds=42)))
    assert (told.type, told.non_retryable) == ("RateLimited", False)
    assert told.next_retry_delay == timedelta(seconds=42)
    assert told.category is ApplicationErrorCategory.BENIGN


@pytest.mark.parametrize("error", [PassingFailure("jira", "HTTP 502"), IntegrationError("jira", "no idea")])
def test_what_may_pass_is_retried_at_our_own_pace(error: IntegrationError) -> None:
    told = failed_with(error)
    assert (told.type, told.non_retryable, told.next_retry_delay) == (type(error).__name__, False, None)


def test_credentials_that_are_refused_end_the_round_and_are_tried_again_where_that_is_wanted() -> None:
    refused = PermanentFailure("jira", "renew the token", status=401)
    with pytest.raises(ApplicationError) as told, classified(waits_for_credentials=True):
        raise refused
    assert (told.value.type, told.value.non_retryable) == ("CredentialsRefused", True)
    assert told.value.next_retry_delay is not None
    assert failed_with(refused).type == "PermanentFailure"


@pytest.mark.parametrize(
    "error",
    [KeyError("Robin"), IndexError("Robin"), ValueError("Robin"), TypeError("Robin"), AttributeError("Robin")],
)
@pytest.mark.parametrize(("attempt", "permanent"), [(1, False), (2, False), (3, True), (9, True)])
def test_a_fault_of_tierlines_own_is_given_up_after_three_attempts(
    error: Exception, attempt: int, permanent: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Retried for ever, it would hold up everything behind it, and nobody would hear why."""
    told = at_attempt(attempt).run(failed_with, error)
    assert (told.type, told.non_retryable) == ("Fault", permanent)
    assert told.message.startswith(f"Tierline cannot do this ({type(error).__name__} at test_failures.py:")
    assert "Robin" not in told.message + caplog.text


def test_a_failure_of_the_network_is_left_to_the_next_attempt() -> None:
    with pytest.raises(ConnectionResetError), classified():
        raise ConnectionResetError


async def test_a_message_that_cannot_be_written_is_refused_at_once() -> None:
    mailer = SmtpMailer("127.0.0.1", 1, None, None, "support@acme.example", False)
    mail = CustomerMailInput(key="T-1/1", ticket_id="T-1", to="=?utf-8?q? <a@b?=.example>", subject="s", text="t")
    with pytest.raises(ApplicationError, match="the recipient's address is not valid; correct it") as told:
        await ActivityEnvironment().run(MailActivities(mailer, links=None).mail_customer, mail)
    assert told.value.non_retryable


def test_a_failure_does_not_carry_the_outsides_answer_along() -> None:
    told = failed_with(PassingFailure("jira", "HTTP 502"))
    assert told.__cause__ is None
    assert told.__suppress_context__


def test_what_is_not_set_up_is_refused_with_what_to_set() -> None:
    told = not_configured("Jira", "TIERLINE_JIRA__URL")
    assert (told.type, told.non_retryable, told.category) == ("NotConfigured", True, ApplicationErrorCategory.BENIGN)
    assert told.message == "Jira is not set up: set TIERLINE_JIRA__URL"


@pytest.mark.parametrize(
    ("attempt", "recheck", "expected"), [(1, False, False), (1, True, True), (2, False, True), (7, True, True)]
)
def test_an_earlier_attempt_may_have_done_it(attempt: int, recheck: bool, expected: bool) -> None:
    assert at_attempt(attempt).run(repeated, recheck) is expected


def at_attempt(number: int) -> ActivityEnvironment:
    """Where an activity runs for the nth time."""
    environment = ActivityEnvironment()
    environment.info = ActivityEnvironment.default_info().__class__(
        **{**vars(ActivityEnvironment.default_info()), "attempt": number}
    )
    return environment


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: SlackActivities(None).show_card(CardInput(key="k", channel="C0", card=CARD)),
            "TIERLINE_SLACK__BOT_TOKEN",
        ),
        (
            lambda: IssueTrackerActivities(
                None, name="Jira", setting="TIERLINE_JIRA__URL", text=issue_text
            ).fetch_issue(FetchIssueInput(ref=an_issue())),
            "TIERLINE_JIRA__URL",
        ),
        (
            lambda: PagerDutyActivities(None).raise_page(
                RaisePageInput(draft=PageDraft(key="k", title="t", details="d", service="s"))
            ),
            "TIERLINE_PAGERDUTY__API_KEY",
        ),
    ],
)
def test_each_system_names_its_setting(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ApplicationError, match=words) as told:
        ActivityEnvironment().run(call)
    assert told.value.non_retryable


async def test_mail_and_the_vendors_page_name_their_settings() -> None:
    customer = CustomerMailInput(key="T-1/1", ticket_id="T-1", to="a@b.example", subject="s", text="t")
    with pytest.raises(ApplicationError, match="TIERLINE_MAIL__HOST"):
        await ActivityEnvironment().run(MailActivities(None, links=None).mail_customer, customer)
    vendor = VendorMailInput(key="T-1/2", ticket_id="T-1", case=1, to="a@b.example", subject="s", text="t")
    with pytest.raises(ApplicationError, match="TIERLINE_GATEWAY__LINK_SECRET"):
        await ActivityEnvironment().run(MailActivities(Outside().mail, links=None).mail_vendor, vendor)


def test_a_second_attempt_finds_what_the_first_one_did() -> None:
    outside = Outside()
    slack = SlackActivities(outside.chat)
    jira = IssueTrackerActivities(outside.jira, name="Jira", setting="TIERLINE_JIRA__URL", text=issue_text)
    line = LineInput(key="T-1042/7", card=MessageRef(channel="C0SUPL1", ts="1.0"), text="a line")
    route = TICKET.policy.routes[0]
    draft = OpenIssueInput(draft=draft_issue(TICKET, route, "needs the logs")[0])
    first = (at_attempt(1).run(slack.post_line, line), at_attempt(1).run(jira.open_issue, draft))
    second = (at_attempt(2).run(slack.post_line, line), at_attempt(2).run(jira.open_issue, draft))
    assert first == second
    assert outside.chat.texts() == ["a line"]
    assert len(outside.jira.issues) == 1
    comment = CommentInput(ref=first[1], key="jira-1001/3", text="a note", recheck=True)
    assert at_attempt(1).run(jira.comment, comment) == at_attempt(1).run(jira.comment, comment)
    assert outside.jira.written == [("PAY-1", "a note")]


async def test_a_tickets_mails_are_one_thread_with_lasting_ids() -> None:
    outside = Outside()
    mail = MailActivities(outside.mail, links=None)
    first = CustomerMailInput(key="T-1/1", ticket_id="T-1", to="a@b.example", subject="s", text="one", first=True)
    later = CustomerMailInput(key="T-1/9", ticket_id="T-1", to="a@b.example", subject="s", text="two")
    for message in (first, later, later):
        await ActivityEnvironment().run(mail.mail_customer, message)
    begins, follows, again = outside.mail.sent
    assert begins.thread is None
    assert follows.thread == begins.message_id
    assert follows.message_id == again.message_id != begins.message_id


def test_a_card_that_stands_is_updated_in_its_place_and_links_its_workflow() -> None:
    outside = Outside()
    slack = SlackActivities(outside.chat, ui_url="https://temporal.example/namespaces/default/workflows")
    ref = ActivityEnvironment().run(slack.show_card, CardInput(key="T-1042/card", channel="C0SUPL1", card=CARD))
    again = CardInput(key="T-1042/card", channel="C0SUPL1", card=CARD, ref=ref)
    assert ActivityEnvironment().run(slack.show_card, again) == ref
    assert outside.chat.texts() == ["T-1042"]
    shown = outside.chat.cards["T-1042"].ticket_url
    assert shown == "https://temporal.example/namespaces/default/workflows/ticket%2FT-1042"
