"""When a run of a workflow hands over to the next one, how it comes to rest before it does, and that what it hands over fits."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from temporalio import workflow

from workflows.lanes import Lanes

MOST_BYTES = 1_400_000
"""What a run hands to the next at the most, as it is encoded. The server ends a workflow at 2 MiB; the reserve is for encryption."""
_T = TypeVar("_T")


class TooLarge(Exception):
    """Not even the least that a workflow needs fits. It fails the workflow's task, which can be repaired; the server would end the workflow."""


def due(limit: int | None) -> bool:
    """Whether the run is long enough: by the server's own suggestion, or beyond ``limit`` events of history."""
    info = workflow.info()
    return info.is_continue_as_new_suggested() or (limit is not None and info.get_current_history_length() > limit)


def was_reset() -> bool:
    """Whether this run is what a reset made of another one: what it does may have been done by that one."""
    info = workflow.info()
    return bool(info.original_execution_run_id) and info.original_execution_run_id != info.run_id


async def come_to_rest(lanes: Lanes[Any, Any], inbox: Sequence[object], drain: Callable[[], None]) -> None:
    """Let what is under way end and answer every caller; what comes in meanwhile is still taken."""
    lanes.halt()
    while True:
        await lanes.until(lambda: bool(inbox) or (lanes.halted and workflow.all_handlers_finished()))
        if not inbox:
            return
        drain()


def first_that_fits(starts: Iterable[_T]) -> _T:
    """The first of these beginnings of a next run, each smaller than the one before, that the server takes.

    Raises:
        TooLarge: none of them.
    """
    size = 0
    for start in starts:
        size = _encoded_size(start)
        if size <= MOST_BYTES:
            return start
        workflow.logger.warning("%s bytes are too many to hand to the next run: it gets less", f"{size:,}")
    raise TooLarge(f"the least to go on with has {size:,} bytes, of {MOST_BYTES:,}")


def _encoded_size(start: object) -> int:
    return sum(payload.ByteSize() for payload in workflow.payload_converter().to_payloads([start]))
