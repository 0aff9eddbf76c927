"""Jira's own feed of changes, where more changed at once than one reading takes."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.jira import flavours, tracker
from tests.integrations.conftest import World


async def test_a_bulk_change_of_more_issues_than_one_reading_takes_is_read_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JQL knows whole minutes: each part's search begins with issues that an earlier part has told."""
    monkeypatch.setattr(tracker, "_FEED", 3)
    monkeypatch.setattr(flavours, "_PAGE", 2)
    monkeypatch.setattr(tracker, "_INDEX_LAG", timedelta(0))
    for number in range(8):
        await world.people("POST", "/jira/issues", {"user": "ada", "summary": f"Issue {number}"})
    since, told, begun = datetime.now(UTC) - timedelta(minutes=10), set(), datetime.now(UTC)

    for _ in range(8):
        feed = await world.do(world.jira.changed_since, ["PAY"], since, {})
        told |= {issue.key for issue in feed.issues}
        if feed.until >= begun or feed.until <= since:
            break
        since = feed.until

    assert told == {f"PAY-{number}" for number in range(1, 9)}
