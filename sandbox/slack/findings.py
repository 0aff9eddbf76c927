"""What Slack's schema check says of texts, lists and lengths; see `sandbox.slack.blocks`.

Each finding is a sentence with the JSON pointer of its place.
"""

from collections.abc import Callable, Iterator
from typing import Any

Findings = Iterator[str]


def find_in_items(value: Any, at: str, limit: int, check: Callable[[Any, str], Findings]) -> Findings:
    """A list that must be there, with at least one and at most `limit` entries, each of which `check` looks at."""
    if not isinstance(value, list):
        parent, _, name = at.rpartition("/")
        yield f"missing required field: {name} [json-pointer:{parent}]"
        return
    if not value:
        yield f"must be more than 0 items [json-pointer:{at}]"
    if len(value) > limit:
        yield f"no more than {limit} items allowed [json-pointer:{at}]"
        return
    for index, item in enumerate(value):
        yield from check(item, f"{at}/{index}")


def find_in_text(value: Any, at: str, limit: int, *, plain_only: bool = False) -> Findings:
    """A text object that must be there, of at most `limit` characters."""
    if value is None:
        parent, _, name = at.rpartition("/")
        yield f"missing required field: {name} [json-pointer:{parent}]"
        return
    if not isinstance(value, dict):
        yield f"must be a valid JSON object [json-pointer:{at}]"
        return
    kinds = ("plain_text",) if plain_only else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield f"unsupported type: {value.get('type')} [json-pointer:{at}/type]"
        return
    if not isinstance(value.get("text"), str):
        yield f"missing required field: text [json-pointer:{at}]"
    elif not value["text"]:
        yield f"must be more than 0 characters [json-pointer:{at}/text]"
    else:
        yield from find_in_length(value["text"], f"{at}/text", limit)


def find_in_length(value: Any, at: str, limit: int) -> Findings:
    """A string of at most `limit` characters; it need not be there."""
    if value is None:
        return
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{at}]"
    elif len(value) > limit:
        yield f"must be less than {limit + 1} characters [json-pointer:{at}]"
