"""What follows from something that an issue heard: intents of its own, and news for every ticket on it."""

from dataclasses import dataclass

from domain.issue_intents import IssueIntent
from domain.messages import DeliveryBody


@dataclass(frozen=True)
class TellAll:
    """News for every ticket on the issue: a fan-out."""

    body: DeliveryBody


Follow = IssueIntent | TellAll
