"""The state of the connection to Slack in Socket Mode, for those who run the gateway."""

from dataclasses import dataclass


@dataclass
class SlackLine:
    """Whether Slack's envelopes reach us now. ``greeted`` counts the connections on which Slack has said hello."""

    up: bool = False
    greeted: int = 0
