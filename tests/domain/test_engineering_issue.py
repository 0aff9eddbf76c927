"""What an engineering issue may tell of a ticket, by who reads the project, and what of the report an engineer finds in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.issue_text import issue_text
from domain.engineering_issue import text_on, versions_in
from domain.engineering_rules import EngineeringRules, ProjectRules, RedactionRules, ShareRules
from domain.intents import OpenIssue, ReopenOnIssue, TellIssue
from domain.issue_facts import IssueSection
from domain.issues import Tracker, Visibility, project_of
from domain.messages import CommentIssue, Escalate, FileLink, Reopen, Return, ThreadChange, ThreadMessage
from domain.policy import Route
from domain.report import EscalationReport
from domain.tiers import Priority, Tier
from tests.domain.building import ADA, GRACE, LENA, SAM, Story, an_issue, an_opening, without_ladders

PRIVATE = EngineeringRules()
PUBLIC = EngineeringRules(projects={"pay": ProjectRules(public=True)})
REPORT = EscalationReport(
    impact="All tills of Hopper Ltd (cus-77) are down",
    reproduction="Pay at https://shop.internal/pay with till-7:8443, version 4.2.1; request 6f1e2d3c-1111-4222-8333-444455556666",
)


def escalated(
    engineering: EngineeringRules = PRIVATE, reason: str = "gold customer HD-4711 waits", **opening: Any
) -> Story:
    story = Story(without_ladders(engineering=engineering), an_opening(external_ref="HD-4711", **opening))
    return story.does(LENA, Escalate(to=Tier.L3, reason=reason, report=REPORT))


@pytest.mark.parametrize(
    ("key", "project"), [("PAY-12", "PAY"), ("acme/store-front#7", "acme/store-front"), ("A_B-1", "A_B")]
)
def test_the_project_of_a_key(key: str, project: str) -> None:
    assert project_of(key) == project


def test_a_route_says_all_that_an_issue_has() -> None:
    route = Route(
        tracker=Tracker.JIRA,
        project="PAY",
        issue_type="Bug",
        labels=("support",),
        priorities={Priority.P3: "Medium"},
        components=("Checkout",),
        fields={"Found in": {"value": "production"}},
        assignee="acc-ada",
        watchers=("acc-lena",),
    )
    draft = Story(without_ladders(routes=(route,))).escalated(Tier.L3).only(OpenIssue).draft

    assert (draft.components, draft.fields) == (("Checkout",), {"Found in": {"value": "production"}})
    assert (draft.assignee, draft.watchers, draft.priority) == ("acc-ada", ("acc-lena",), "Medium")


@pytest.mark.parametrize("field", ["priorities", "components", "fields", "watchers"])
def test_what_github_does_not_know_is_refused_in_its_routes(field: str) -> None:
    value: dict[str, Any] = {"priorities": {"P1": "High"}, "components": ["a"], "fields": {"a": 1}, "watchers": ["ada"]}
    with pytest.raises(ValueError, match=f"{field}: GitHub knows none"):
        Route.model_validate({"tracker": "github", "project": "acme/storefront", field: value[field]})


def test_a_private_issue_tells_everything_that_engineers_need() -> None:
    facts = escalated().only(OpenIssue).facts

    assert facts is not None
    assert facts.title == "Card payment fails"
    assert facts.summary == "gold customer HD-4711 waits"
    assert facts.report == "Every card payment ends with error 502 since this morning."
    assert (facts.product, facts.component, facts.versions) == ("payments", "cards", ("version 4.2.1",))
    assert facts.first_seen == "2026-11-16 12:00 UTC"
    assert [(one.plan, one.customers) for one in facts.customers] == [(GRACE.plan or "no plan", 1)]
    assert (facts.tickets, facts.reference) == (("T-1042",), "HD-4711")
    assert "https://shop.internal/pay" in (facts.reproduction or "")


def test_a_public_issue_tells_what_was_written_for_engineers_and_names_nobody() -> None:
    opened = escalated(PUBLIC, title="Hopper Ltd cannot pay", description="call me at +32 2 555 12 34").only(OpenIssue)
    assert opened.facts is not None
    text = f"{opened.draft.title}\n{issue_text(None, opened.facts, 'https://temporal.example/T-1042')}"

    assert opened.draft.title == "cards: All tills of [customer] Ltd ([customer]) are down"
    assert "## Impact" in text
    assert "version 4.2.1" in text
    assert "Pay at [link] with [host]" in text
    for secret in (
        "cus-77",
        "Hopper",
        "HD-4711",
        "gold",
        "shop.internal",
        "6f1e2d3c",
        "T-1042",
        "temporal.example",
        "cannot pay",
        "555",
    ):
        assert secret not in text, secret


def test_the_policy_may_share_less_with_a_private_project_and_more_with_a_public_one() -> None:
    title = (IssueSection.TITLE, IssueSection.IMPACT)
    private = EngineeringRules(shares=ShareRules(private=title))
    public = EngineeringRules(projects={"PAY": ProjectRules(public=True, shares=title)})

    for rules in (private, public):
        opened = escalated(rules).only(OpenIssue)
        assert opened.facts is not None
        assert opened.draft.title == "Card payment fails"
        assert (opened.facts.summary, opened.facts.report, opened.facts.first_seen) == (None, None, None)
        assert opened.facts.impact is not None


def test_comments_say_why_only_where_the_policy_shares_it() -> None:
    for rules, why in ((EngineeringRules(), "it is back: the steps"), (PUBLIC, None)):
        story = escalated(rules).issue_opened().does(ADA, Return(reason="steps?"))
        story.does(LENA, Escalate(to=Tier.L3, reason="it is back: the steps"))
        said = story.now_intended(TellIssue)[0].text
        assert ("it is back" in said) is (why is not None)
        assert said.startswith("T-1042 was escalated to engineering again")


def test_engineers_hear_of_a_reopening_and_of_the_reason_only_where_it_is_shared() -> None:
    for rules, told in ((PRIVATE, "still broken"), (PUBLIC, "")):
        story = escalated(rules).issue_opened().resolved().does(LENA, Reopen(reason="still broken"))
        assert [intent.text for intent in story.now_intended(ReopenOnIssue)] == [told]


def test_an_own_pattern_is_taken_out_wherever_text_goes_to_engineers() -> None:
    own = EngineeringRules(redaction=RedactionRules(patterns={"contract": r"CTR-\d{4,8}"}))
    story = escalated(own, reason="contract CTR-0815 says two hours", description="See CTR-4711.").issue_opened()
    facts = story.only(OpenIssue).facts

    assert facts is not None
    assert (facts.summary, facts.report) == ("contract [contract] says two hours", "See [contract].")
    assert text_on(story.ticket, an_issue(), "CTR-0815") == "[contract]"


def test_files_of_the_thread_are_linked_where_the_chat_asks_for_access_and_nowhere_else() -> None:
    story = Story(without_ladders())
    files = (
        FileLink(name="screen of Grace.png", url="https://acme.slack.com/files/U1/F1/screen.png?pub_secret=abc"),
        FileLink(name="open.txt", url="https://slack-files.com/T1-F2-5f3a"),
        FileLink(name="odd.txt", url="javascript:alert(1)"),
        FileLink(name="plain.txt", url="http://acme.slack.com/files/F4"),
    )
    story.told_of(ThreadMessage(change=ThreadChange.POSTED, ts="1796000000.1", by=SAM, text="see", files=files))
    facts = story.escalated(Tier.L3).only(OpenIssue).facts

    assert facts is not None
    assert [(file.name, file.url) for file in facts.evidence] == [
        ("screen of [customer].png", "https://acme.slack.com/files/U1/F1/screen.png")
    ]


def test_versions_are_found_and_dates_amounts_and_addresses_are_none() -> None:
    text = "Firefox 131.0.2, version 4.2, v3.1-rc.1 and 2.14.0; not 21.11.2026, 12.50 EUR, 2026-11-21 or [IP address]"
    assert versions_in(text) == ("Firefox 131.0.2", "version 4.2", "v3.1-rc.1", "2.14.0")


def test_no_words_of_a_comment_are_a_heading_or_a_list() -> None:
    story = escalated().issue_opened()
    story.does(LENA, CommentIssue(text="see\n## Resolved\n- by nobody\n\u2022 item", visibility=Visibility.INTERNAL))
    story.does(ADA, Return(reason="ok\n## Fixed")).does(LENA, Escalate(to=Tier.L3, reason="no\n# Closed"))
    said = [intent.text for intent in story.all(TellIssue)]

    assert [line for text in said for line in text.splitlines() if line.startswith(("#", "-", "\u2022"))] == []
    assert "by nobody" in said[0]


SECRETS = st.sampled_from(
    [
        "grace@navy.example",
        "+49 30 90182345",
        "4111 1111 1111 1111",
        "ghp_abcdefghij0123456789ABCDEFGHIJ012345",
        "xoxb-1234567890-abcdefABCDEF",
        "Grace Hopper",
        "CTR-0815",
        "10.0.0.12",
        "postgres://shop:hunter22@db.internal/shop",
    ]
)
STRICT_SECRETS = st.sampled_from(
    [
        "cus-77",
        "HD-4711",
        "https://wiki.acme.internal/x",
        "db01.acme.corp",
        "till-7:8443",
        "6f1e2d3c-1111-4222-8333-444455556666",
        "#48151",
    ]
)
WORDS = st.lists(
    st.sampled_from(
        ["Since", "noon", "checkout", "fails", "with", "502,", "and", "(see)", "v4.2", "\n", "## Impact", "- x"]
    ),
    max_size=8,
)


@given(
    before=WORDS,
    after=WORDS,
    secret=SECRETS,
    strict=STRICT_SECRETS,
    where=st.sampled_from(["reason", "description", "impact", "title"]),
)
def test_no_secret_that_is_planted_anywhere_survives_in_an_issue(
    before: list[str], after: list[str], secret: str, strict: str, where: str
) -> None:
    """Whatever stands around it, and wherever it was written: neither in the title nor in the text, and less still where strangers read."""
    planted = " ".join([*before, secret, *after, strict])
    texts = dict.fromkeys(("reason", "description", "impact", "title"), "Card payment fails") | {where: planted}
    everything = tuple(IssueSection)
    for public in (False, True):
        rules = EngineeringRules(
            redaction=RedactionRules(patterns={"contract": r"CTR-\d{4,8}"}),
            projects={"PAY": ProjectRules(public=public, shares=everything)},
        )
        opening = an_opening(external_ref="HD-4711", title=texts["title"][:200], description=texts["description"])
        story = Story(without_ladders(engineering=rules), opening)
        report = EscalationReport(impact=texts["impact"], reproduction="Pay.")
        opened = story.does(LENA, Escalate(to=Tier.L3, reason=texts["reason"], report=report)).only(OpenIssue)
        assert opened.facts is not None
        told = f"{opened.draft.title}\n{issue_text(None, opened.facts, None)}"
        assert secret not in told
        if public:
            assert strict not in told
            assert "Comments here" in told
        headings = [line for line in told.splitlines() if line.startswith("## ")]
        assert len(headings) == len(set(headings))
