"""A ticket and the issue that it is on, both at work: releases, duplicates, comments, files, and the lead's word on a priority."""

from datetime import timedelta

from domain.chat import FileLink
from domain.engineering_rules import EngineeringRules, ImpactClass, ImpactRules, ProjectRules, RequestKind, SummaryRules
from domain.impact_choices import KEEP
from domain.issue_messages import ImpactAnswered
from domain.issues import FieldStamp, FixVersion, IssueCategory, IssueRef, SyncedField, Visibility
from domain.messages import (
    AttachFile,
    CommentIssue,
    Escalate,
    LinkIssue,
    Reopen,
    SetPriority,
    SetRequestKind,
    SetWorkaround,
    ThreadChange,
    ThreadMessage,
)
from domain.policy import Policy
from domain.ticket import TicketStatus
from domain.tiers import Priority, Tier
from tests.domain.building import LENA, SAM, a_policy, an_opening, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope


def under(engineering: EngineeringRules) -> Policy:
    """A policy whose clocks only count, with these rules for engineering."""
    return without_ladders(engineering=engineering)


async def on_an_issue(desk: Desk, ref: IssueRef, policy: Policy, ticket_id: str = "T-1") -> OpenedTicket:
    """A ticket that Sam has, linked to an issue whose state it knows."""
    ticket = await desk.opens(an_opening(ticket_id=ticket_id), policy)
    await ticket.does(LENA, LinkIssue(reference=ref.key))
    await ticket.until(lambda view: any(issue.meaning for issue in view.issues), "the issue has told how it stands")
    return ticket


async def test_a_fix_waits_for_its_release_and_a_reopening_reaches_the_engineers(desk: Desk, outside: Outside) -> None:
    rules = EngineeringRules(projects={"PAY": ProjectRules(wait_for_release=True)})
    ref = outside.jira.has("Card payment fails").ref
    ticket = await on_an_issue(desk, ref, under(rules))
    version = FixVersion(name="2.4")
    outside.jira.person_sets(ref.id, status="Done", category=IssueCategory.DONE, fix_versions=(version,))
    await desk.hints(ref)
    view = await ticket.until_said("PAY-1 is fixed and waits for release 2.4")
    assert (view.status, view.issues[0].release) == (TicketStatus.OPEN, "2.4")
    assert not outside.mail.sent

    out = version.model_copy(update={"released": True})
    outside.jira.person_sets(ref.id, fix_versions=(out,))
    await desk.hints(ref)
    await ticket.until(lambda view: view.status is TicketStatus.RESOLVED, "the release resolved it")
    await until(lambda: bool(outside.mail.sent), "the customer is told")
    assert "The fix is part of release 2.4." in outside.mail.sent[0].text

    await ticket.does(LENA, Reopen(reason="it still fails for grace@navy.example"))
    await until(lambda: bool(outside.jira.written), "the engineers hear of it")
    (written,) = outside.jira.written
    assert "T-1 is open again" in written[1]
    assert "it still fails for [e-mail]" in written[1]


async def test_a_duplicate_is_followed_and_what_changes_is_known_there(desk: Desk, outside: Outside) -> None:
    old, new = (outside.jira.has(title).ref for title in ("Card payment fails", "The acquirer's certificate"))
    ticket = await on_an_issue(desk, old, under(EngineeringRules(summary=SummaryRules(every=timedelta(seconds=1)))))
    outside.jira.person_sets(
        old.id, status="Done", category=IssueCategory.DONE, resolution="Duplicate", duplicate_of=new
    )
    await desk.hints(old)
    await ticket.until_said("PAY-1 is a duplicate of PAY-2")
    view = await ticket.until(
        lambda view: any(i.meaning for i in view.issues), "the other issue has told how it stands"
    )
    assert [issue.ref.key for issue in view.issues] == ["PAY-2"]

    await ticket.does(LENA, SetPriority(priority=Priority.P1))
    await ticket.does(SAM, SetWorkaround(text="Pay by bank transfer"))
    await ticket.does(SAM, SetRequestKind(request=RequestKind.FEATURE))

    async def known() -> bool:
        return (await desk.watched(new)).features == 1

    await until(known, "the issue knows that it is wished for")
    await until(
        lambda: "Pay by bank transfer" in outside.jira.summaries.get(new.id, ""), "engineers read the workaround there"
    )


async def test_comments_reach_the_engineers_once_and_a_refused_one_comes_back(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await on_an_issue(desk, ref, under(EngineeringRules()))
    await ticket.does(SAM, CommentIssue(text="A second customer has it", visibility=Visibility.PUBLIC), command="c-1")
    await ticket.does(SAM, CommentIssue(text="A second customer has it", visibility=Visibility.PUBLIC), command="c-1")
    await until(lambda: bool(outside.jira.written), "the engineers can read it")
    assert outside.jira.written == [("PAY-1", "Support, on T-1: A second customer has it")]
    assert list(outside.jira.visibilities.values()) == [Visibility.PUBLIC]

    outside.jira.system.refuses("internal comments are not allowed here", operation="comment")
    await ticket.does(SAM, CommentIssue(text="The customer's test key leaked"))
    view = await ticket.until_said("internal comments are not allowed here")
    assert any("The customer's test key leaked" in entry.text for entry in view.timeline)
    assert not any("test key" in entry.text for entry in view.timeline if entry.public)


async def test_a_file_of_the_thread_is_put_on_the_issue_once(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await on_an_issue(desk, ref, under(EngineeringRules()))
    log = FileLink(
        name="trace.log", url="https://acme.slack.com/files/F1", id="F1", download="https://files.slack.com/F1"
    )
    outside.chat.files[log.url] = b"502"
    await ticket.hears(ThreadMessage(change=ThreadChange.POSTED, ts="1.1", by=SAM, text="", files=(log,)))
    await ticket.until_said("[file trace.log: https://acme.slack.com/files/F1]")
    # The tracker takes the file, and its answer is lost.
    outside.jira.system.fails(operation="attach", times=1)
    await ticket.does(SAM, AttachFile())
    await ticket.until_said("trace.log is on PAY-1")
    assert [(file.name, file.content) for file in outside.jira.files.values()] == [("trace.log", b"502")]


async def test_the_lead_is_asked_with_buttons_and_the_answer_reaches_the_issue(desk: Desk, outside: Outside) -> None:
    classes = (
        ImpactClass(name="low", at=0, priority="Low"),
        ImpactClass(name="high", at=20, priority="High"),
    )
    rules = EngineeringRules(impact=ImpactRules(classes=classes))
    ref = outside.jira.has("Card payment fails").ref
    by_hand = {SyncedField.PRIORITY: FieldStamp(at=outside.jira.issues[ref.id].updated_at, by="ada")}
    outside.jira.person_sets(ref.id, priority="Medium", stamps=by_hand)
    ticket = await on_an_issue(desk, ref, under(rules))
    await ticket.does(LENA, SetPriority(priority=Priority.P1))
    await until(lambda: bool(outside.chat.choices), "the lead is asked")
    (keep,) = [choice for _, choice in outside.chat.choices if choice.action_id == KEEP]
    assert keep.value == f"jira/{ref.id}/PAY-1"

    answer = ImpactAnswered(id="pressed-1", accept=True, by="lena")
    await desk.issue(ref).signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=answer))
    await until(lambda: outside.jira.issues[ref.id].priority == "High", "the priority follows the impact")


async def test_an_escalated_ticket_comes_back_when_its_issue_is_declined(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(an_opening(ticket_id="T-1"), a_policy())
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    view = await ticket.until(lambda view: any(i.meaning for i in view.issues), "its issue has told how it stands")
    ref = view.issues[0].ref
    outside.jira.person_sets(ref.id, status="Closed", category=IssueCategory.DONE, resolution="Won't Do")
    await desk.hints(ref)
    view = await ticket.until(lambda view: view.tier is Tier.L1, "it is back where it came from")
    assert view.status is TicketStatus.OPEN
    assert any("closed without a fix (Closed, Won't Do)" in entry.text for entry in view.timeline)
