"""What takes longer than a test may: `make soak` runs it, SOAK=small as a step of CI, SOAK=full at the sizes that are promised."""

import os


def size(*, small: int, full: int) -> int:
    """How many rounds this run plays."""
    return full if os.environ.get("SOAK") == "full" else small
