"""Ids as parts of PagerDuty's paths."""

import re

from integrations.errors import PermanentFailure
from integrations.pagerduty.failures import SYSTEM


def path_part(name: str) -> str:
    """An id as part of a path; anything else would reach another resource.

    Raises:
        PermanentFailure: it is no id.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise PermanentFailure(SYSTEM, "an id holds letters and digits only; correct the policy")
    return name
