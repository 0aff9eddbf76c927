"""The gateway as an ASGI app: ``uvicorn gateway.app:create_app --factory --no-access-log``.

``create_app`` is for production: settings and policy from the environment, one Temporal client that connects when it is first needed.
``app_for`` takes a gateway that is already put together.
"""

import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from config.errors import ConfigurationError
from config.version import VERSION
from gateway import api, health, problems, slack, vendor_page, webhooks
from gateway.body_limit import BodyLimit
from gateway.composition import configured, open_gateway
from gateway.gateway import Gateway
from gateway.openapi import describe_problems
from gateway.request_log import RequestLog
from gateway.unexpected import Unexpected
from telemetry.logs import configure_logging

_TAGS = [
    {"name": "Tickets", "description": "What a help desk, or a script, asks of Tierline."},
    {"name": "Webhooks", "description": "What vendors tell; each delivery is signed."},
    {"name": "Slack", "description": "What Slack sends; each request is signed."},
    {"name": "Operation", "description": "For those who run it."},
]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app() -> FastAPI:
    """The app as the environment configures it. Leaves the process with one line for each thing that is missing or wrong."""
    try:
        settings, policy, connection = configured()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    configure_logging()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_gateway(settings, policy, connection) as gateway:
            app.state.gateway = gateway
            yield

    return _assemble(max_body_bytes=settings.gateway.max_body_bytes, lifespan=lifespan)


def app_for(gateway: Gateway) -> FastAPI:
    """The app of this gateway. Whoever made the gateway closes what it uses."""
    app = _assemble(max_body_bytes=gateway.max_body_bytes, lifespan=None)
    app.state.gateway = gateway
    return app


def _assemble(*, max_body_bytes: int, lifespan: Lifespan | None) -> FastAPI:
    # A vendor's address holds the token that opens its page: it must not reach a log. RequestLog writes the route instead.
    logging.getLogger("uvicorn.access").disabled = True
    app = FastAPI(
        title="Tierline",
        version=VERSION,
        summary="Owns the path of a support ticket, from the first reply to the outside vendor.",
        openapi_tags=_TAGS,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    app.add_middleware(BodyLimit, most=max_body_bytes)
    app.add_middleware(Unexpected)
    app.add_middleware(RequestLog)
    for part in (api, webhooks, slack, health, vendor_page):
        app.include_router(part.router)
    describe_problems(app)
    return app
