"""When a run of a workflow hands over to the next one, and how it comes to rest before it does."""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import workflow

from workflows.lanes import Lanes


def due(limit: int | None) -> bool:
    """Whether the run is long enough: by the server's own suggestion, or beyond ``limit`` events of history."""
    info = workflow.info()
    return info.is_continue_as_new_suggested() or (limit is not None and info.get_current_history_length() > limit)


async def come_to_rest(lanes: Lanes[Any, Any], inbox: Sequence[object], drain: Callable[[], None]) -> None:
    """Let what is under way end and answer every caller; what comes in meanwhile is still taken."""
    lanes.halt()
    while True:
        await lanes.until(lambda: bool(inbox) or (lanes.halted and workflow.all_handlers_finished()))
        if not inbox:
            return
        drain()
