"""Lets the Temporal SDK download, or start, an engine; run as a process of its own.

``python sdk_download.py dev-server|test-server download FOLDER`` leaves the SDK's download in ``FOLDER``;
``python sdk_download.py test-server start EXECUTABLE`` starts that one and speaks with it. Both say why in one line when
they fail. It is a process of its own so that it can be ended when the network hangs, and because a short-lived Temporal
client may crash its interpreter on the way out; ``os._exit`` avoids that.
"""

import asyncio
import os
import sys
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

_STARTUP_LIMIT = timedelta(seconds=60)


async def start(engine: str, action: str, path: str) -> None:
    """Starts the engine, downloaded to ``path`` or found there, and stops it again."""
    downloaded = path if action == "download" else None
    existing = path if action == "start" else None
    if engine == "dev-server":
        environment = await WorkflowEnvironment.start_local(
            download_dest_dir=downloaded,
            dev_server_existing_path=existing,
            dev_server_startup_timeout=_STARTUP_LIMIT,
        )
    else:
        environment = await WorkflowEnvironment.start_time_skipping(
            download_dest_dir=downloaded,
            test_server_existing_path=existing,
            test_server_startup_timeout=_STARTUP_LIMIT,
        )
    try:
        await environment.get_current_time()
        await environment.client.service_client.check_health()
    finally:
        await environment.shutdown()


def main() -> None:
    """Leaves with status 0 when the engine came up, with 1 and one line on standard output when it did not."""
    try:
        asyncio.run(start(*sys.argv[1:4]))
    except Exception as error:
        print(error, flush=True)
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
