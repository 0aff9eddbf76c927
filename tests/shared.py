"""Where the tests find the vendors' contracts and the recorded incidents, which are not part of this repository."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def shared_dir(*parts: str) -> Path:
    """A path below the shared reference material, or a skip that says what is missing.

    It is looked for beside the checkout, or where ``TIERLINE_SHARED`` points.
    """
    root = Path(os.environ.get("TIERLINE_SHARED", REPOSITORY.parent / "shared"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the shared reference material ({'/'.join(parts) or 'shared'}), not found at {path}")
    return path
