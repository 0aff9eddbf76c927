"""For those who run the gateway: is it alive, is it ready, what does it count."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from gateway.gateway import gateway_of
from gateway.problems import ProblemDocument
from gateway.tickets import DeskUnavailable

router = APIRouter(tags=["Operation"])


class Health(BaseModel):
    """The answer of a gateway that is well."""

    status: str = Field(examples=["ok"])
    slack_socket: Literal["up", "down"] | None = Field(
        None,
        description="Whether Slack reaches us through Socket Mode. Without it commands and buttons of Slack fail, and all else goes on.",
    )


@router.get("/healthz", summary="Is the process alive?", response_model_exclude_none=True)
async def live() -> Health:
    """Answers as long as the event loop turns; asks nobody else."""
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Can it take requests?",
    response_model_exclude_none=True,
    responses={503: {"model": ProblemDocument, "description": "Temporal does not answer."}},
)
async def ready(request: Request) -> Health:
    """Asks Temporal, for two seconds at the most."""
    gateway = gateway_of(request)
    if not await gateway.desk.reachable():
        raise DeskUnavailable
    line = gateway.slack.line if gateway.slack is not None else None
    return Health(status="ok", slack_socket=None if line is None else "up" if line.up else "down")


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Counts of this process."""
    return Response(generate_latest(gateway_of(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)
