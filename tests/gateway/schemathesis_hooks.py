"""What the description cannot say: a key belongs to one request. Each that is tried gets one of its own."""

import secrets
from typing import Any

import schemathesis

_KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Replace a valid key, which may have been sent with another body before."""
    if 1 <= len((case.headers or {}).get(_KEY, "")) <= 255:
        case.headers[_KEY] = secrets.token_hex(16)
