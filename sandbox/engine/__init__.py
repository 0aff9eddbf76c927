"""A local Temporal engine: found on the machine, downloaded, or built once into the user's cache; started and stopped.

``python -m sandbox.engine`` gets everything that the demo and the tests need, ahead of their first run.
"""

from sandbox.engine.choice import EngineChoice, find_dev_server, find_server, find_test_server
from sandbox.engine.dev_server import DevServer
from sandbox.engine.errors import EngineError, EngineFailed, EngineUnavailable
from sandbox.engine.process import free_port
from sandbox.engine.progress import Say, default_say

__all__ = [
    "DevServer",
    "EngineChoice",
    "EngineError",
    "EngineFailed",
    "EngineUnavailable",
    "Say",
    "default_say",
    "find_dev_server",
    "find_server",
    "find_test_server",
    "free_port",
]
