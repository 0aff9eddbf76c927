"""``python -m gateway``: serve the gateway at ``TIERLINE_GATEWAY__HOST`` and ``TIERLINE_GATEWAY__PORT``."""

import sys

import uvicorn

from config.errors import ConfigurationError
from gateway.app import create_app
from gateway.composition import configured
from telemetry.logs import configure_logging


def main() -> None:
    """Serve until SIGTERM or SIGINT. A missing or wrong setting is one clear line each, and exit code 1."""
    configure_logging()
    try:
        settings, _, _ = configured()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    uvicorn.run(
        create_app,
        factory=True,
        host=settings.gateway.host,
        port=settings.gateway.port,
        access_log=False,
        log_config=None,
    )


if __name__ == "__main__":
    main()
