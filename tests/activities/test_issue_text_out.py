"""A whole issue as GitHub shows it: the template's headings and lists, Tierline's own links, and people's words that do not act."""

from itertools import pairwise

from temporalio.testing import ActivityEnvironment

from activities.issue_tracker import IssueTrackerActivities, OpenIssueInput
from config.issue_text import issue_text
from domain.intents import OpenIssue
from domain.messages import Escalate, FileLink, ThreadChange, ThreadMessage
from domain.report import EscalationReport
from domain.tiers import Tier
from integrations.github.quoting import quoted
from tests.domain.building import LENA, SAM, Story, an_opening, without_ladders
from tests.integrations.test_github_text import HOSTILE, tokens_of
from tests.workflows.outside import Outside

PAGE = "https://temporal.example/namespaces/default/workflows"
FILE = "https://acme.slack.com/files/U1/F1/screen.png"
ALLOWED = {
    *("text", "code_inline", "softbreak", "inline", "paragraph_open", "paragraph_close"),
    *("heading_open", "heading_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
    *("link_open", "link_close"),
}


def test_an_issue_of_hostile_words_has_tierlines_headings_and_links_alone() -> None:
    hostile = "\n\n".join(HOSTILE)
    story = Story(without_ladders(), an_opening(title=HOSTILE[1], description=hostile, component=HOSTILE[3]))
    files = (FileLink(name="![x](https://beacon.example) #12.png", url=FILE),)
    story.told_of(ThreadMessage(change=ThreadChange.POSTED, ts="1796000000.1", by=SAM, text="see", files=files))
    report = EscalationReport(impact=hostile[:1_000], reproduction=hostile[-1_000:])
    opening = story.does(LENA, Escalate(to=Tier.L3, reason=hostile, report=report)).only(OpenIssue)
    outside = Outside()
    activities = IssueTrackerActivities(outside.github, name="GitHub", setting="", text=issue_text, ui_url=PAGE)

    ActivityEnvironment().run(activities.open_issue, OpenIssueInput(draft=opening.draft, facts=opening.facts))

    (draft,) = outside.github.drafts
    tokens = list(tokens_of(quoted(draft.body, draft.links)))
    assert {token.type for token in tokens} <= ALLOWED
    assert [token.attrs["href"] for token in tokens if token.type == "link_open"] == [FILE, f"{PAGE}/ticket%2FT-1042"]
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert headings == [
        "Summary",
        "Impact",
        "How to reproduce it",
        "What the customer reports",
        "Environment",
        "Evidence (whoever opens it needs access there)",
        "Facts",
    ]
