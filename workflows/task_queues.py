"""Task queues: one for the workflows, one per outside system, so that one vendor's outage or limit delays no other."""

from domain.intents import Lane
from domain.issues import Tracker

WORKFLOWS = "tierline-tickets"
SLACK = "tierline-slack"
JIRA = "tierline-jira"
GITHUB = "tierline-github"
PAGERDUTY = "tierline-pagerduty"
MAIL = "tierline-mail"
LINKS = "tierline-links"
TELLING = "tierline-telling"
"""Batches of an issue's fan-out, each of which lasts: what joins or opens something does not wait behind them."""
AUDIT = "tierline-audit"
"""The audit's own, workflow and activities: what holds the tickets up does not hold it up."""

_BY_LANE = {
    Lane.SLACK: SLACK,
    Lane.SLACK_CHANNELS: SLACK,
    Lane.JIRA: JIRA,
    Lane.GITHUB: GITHUB,
    Lane.PAGERDUTY: PAGERDUTY,
    Lane.MAIL: MAIL,
    Lane.WORKFLOWS: LINKS,
}


def of_lane(lane: Lane) -> str:
    """The task queue of a lane's activities."""
    return _BY_LANE[lane]


def of_tracker(tracker: Tracker) -> str:
    """The task queue of a tracker's activities."""
    return JIRA if tracker is Tracker.JIRA else GITHUB
