"""The ledger of the chain behind the pager: who was to be reached, by which way, and what came of it."""

from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.page_rules import ReachBy
from domain.texts import Key, Line, Name


class ReachOutcome(StrEnum):
    """What came of reaching somebody. ``WANTED``: it is on its way."""

    WANTED = "wanted"
    DONE = "done"
    FAILED = "failed"


class Reach(Frozen):
    """A person whom a step of a page's chain reaches: one entry for each page, step and person, whatever is repeated.

    ``step`` counts from 1; ``key`` is the intent's; ``why`` says why it failed.
    """

    page_key: Key
    step: int
    person: Name
    by: ReachBy
    at: datetime
    key: Key = ""
    outcome: ReachOutcome = ReachOutcome.WANTED
    why: Line | None = None
