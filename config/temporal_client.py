"""Where Temporal is: the ``TEMPORAL_*`` variables and profiles that every Temporal program reads."""

import os
from collections.abc import Mapping
from pathlib import Path

from temporalio.envconfig import ClientConfig, ClientConnectConfig

from config.dotenv import with_dotenv
from config.errors import ConfigurationError

DEFAULT_ADDRESS = "127.0.0.1:7233"


def temporal_connect_config(
    *, environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")
) -> ClientConnectConfig:
    """The arguments of ``Client.connect``, to which the caller adds the data converter and the like.

    ``target_host`` and ``namespace`` are always there: a server on this machine and ``default``, where nothing says otherwise.

    Raises:
        ConfigurationError: a variable or the profile's file cannot be read.
    """
    variables = with_dotenv(os.environ if environ is None else environ, dotenv)
    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=variables)
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError([f"TEMPORAL_*: {reason}; correct the variable or the profile's file"]) from None
    config.setdefault("target_host", DEFAULT_ADDRESS)
    config.setdefault("namespace", "default")
    return config
