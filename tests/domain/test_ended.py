"""How the audit tells of workflows that ended before their time: once for each, by name, and until the last one is back."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.ended import (
    Ended,
    EndedHow,
    EndedWorkflow,
    EndedWorkflows,
    alarm_of,
    ended_page,
    ended_text,
    new_ended,
    reopened_text,
    still_ended,
)
from domain.policy import AuditRules, PageRules

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
RULES = AuditRules(every=timedelta(minutes=1), grace=timedelta(minutes=1), channel="C0LEADS")


def ended(number: int, how: EndedHow = EndedHow.TERMINATED) -> EndedWorkflow:
    """A ticket that ended."""
    return EndedWorkflow(workflow_id=f"ticket/T-{number}", run_id=f"run-{number}", ended=Ended(how=how, at=AT))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (EndedHow.TERMINATED, "was terminated on 2026-11-30 08:00:00 UTC"),
        (EndedHow.CANCELED, "was canceled on 2026-11-30 08:00:00 UTC"),
        (EndedHow.FAILED, "failed on 2026-11-30 08:00:00 UTC"),
        (EndedHow.TIMED_OUT, "timed out on 2026-11-30 08:00:00 UTC"),
    ],
    ids=[how.name.lower() for how in (EndedHow.TERMINATED, EndedHow.CANCELED, EndedHow.FAILED, EndedHow.TIMED_OUT)],
)
def test_each_way_to_end_has_its_words(how: EndedHow, words: str) -> None:
    assert Ended(how=how, at=AT).words == words


def test_an_alarm_counts_all_and_names_ten() -> None:
    text = ended_text([ended(number) for number in range(12)])
    assert text.startswith("12 workflows ended before their time")
    assert "T-9 was terminated" in text
    assert "T-10 " not in text
    assert "; and 2 more. " in text


def test_only_what_no_alarm_tells_of_is_new() -> None:
    first = alarm_of([ended(1)])
    found = EndedWorkflows(workflows=(ended(2), ended(1)))
    assert [workflow.name for workflow in new_ended(found, [first])] == ["T-2"]
    assert alarm_of([ended(1), ended(2)]).key == alarm_of([ended(2), ended(1)]).key != first.key


def test_an_alarm_lasts_until_the_last_of_its_workflows_is_back() -> None:
    alarm = alarm_of([ended(1), ended(2)])
    one_left = still_ended(alarm, EndedWorkflows(workflows=(ended(2),)))
    assert one_left.runs == ("run-2",)
    over = still_ended(one_left, EndedWorkflows())
    assert over.runs == ()
    assert reopened_text(over) == "2 workflows ended before their time: by now reopened or deleted"


def test_what_was_not_read_is_not_taken_for_reopened() -> None:
    alarm = alarm_of([ended(1)])
    assert still_ended(alarm, EndedWorkflows(workflows=(ended(2),), more=True)) == alarm


def test_without_somebody_to_page_nobody_is_paged() -> None:
    assert ended_page(alarm_of([ended(1)]), [ended(1)], RULES) is None
    rules = RULES.model_copy(update={"page": PageRules(service="PSVCPAY", escalation_policy="PEPENG")})
    page = ended_page(alarm_of([ended(1)]), [ended(1)], rules)
    assert page is not None
    assert page.key == alarm_of([ended(1)]).key
