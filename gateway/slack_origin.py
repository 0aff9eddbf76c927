"""Where a person in Slack asked for something, which a form remembers, and how they are told there what came of it."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.gateway import SlackDoor
from gateway.payloads import text_at
from gateway.slack_surfaces import SurfaceFailure

_LONGEST_METADATA = 3_000


class Origin(BaseModel):
    """What a form remembers: its ticket (None while the person has not chosen one), and where its result can be told.

    With ``confirm`` a result is told even when all went well: whoever pressed a button of a card sees the card change, others do not.
    ``home`` says that they asked on their App Home, which is made anew to tell them. ``seen`` is the fingerprint of what the person was
    shown last before it is sent.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    ticket: str | None = Field(default=None, pattern=r"^T-[0-9A-Z]{1,20}$")
    response_url: str | None = None
    channel: str | None = None
    confirm: bool = False
    home: bool = False
    seen: str | None = None

    def metadata(self) -> str:
        """As ``private_metadata``, of which Slack keeps 3,000 characters."""
        return self.model_dump_json(exclude_defaults=True)


def origin_of(payload: object) -> Origin | None:
    """Where a form came from; None when it is none of ours."""
    try:
        return Origin.model_validate_json(text_at(payload, "view", "private_metadata", longest=_LONGEST_METADATA) or "")
    except ValidationError:
        return None


async def tell(slack: SlackDoor, origin: Origin, user: str, text: str) -> None:
    """Tell the person alone: where they asked, or directly where that cannot be done any more."""
    if await slack.late_answers.tell(origin.response_url, text):
        return
    try:
        if origin.channel is not None:
            await slack.surfaces.whisper(origin.channel, user, text)
            return
    except SurfaceFailure:
        pass
    await slack.surfaces.write(user, text)
