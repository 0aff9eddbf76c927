"""What trying an outside system found."""

from domain.frozen import Frozen


class Check(Frozen):
    """One thing that ``tierline check`` tried: what, whether it works, and what to do if not."""

    what: str
    ok: bool
    advice: str | None = None
