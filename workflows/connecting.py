"""How every program of Tierline connects to Temporal: one way to write payloads, and one answer to a query that comes too early."""

from typing import Any

from temporalio.client import Client

from telemetry.converter import data_converter
from workflows.whole_tasks import AskAgain


async def connect(target_host: str, **options: Any) -> Client:
    """A client of Tierline's workflows; ``options`` are those of ``Client.connect``.

    Raises:
        RuntimeError: there is no server at that address.
    """
    return await Client.connect(target_host, data_converter=data_converter, interceptors=[AskAgain()], **options)
