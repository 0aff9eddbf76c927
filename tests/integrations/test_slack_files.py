"""Files that people share in Slack, read as the bot."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from domain.chat import FileLink
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.slack.room import SlackRoom
from tests.integrations.conftest import World
from tests.integrations.vendor_at_fault import SECRET_IN_BODY, Misbehaviour, VendorAtFault

MEGABYTE = 1024 * 1024
TOKEN = "xoxb-very-secret-token-of-the-test"
LOGIN = Misbehaviour(200, {"content-type": "text/html; charset=utf-8"}, "<html><title>Sign in</title></html>")


async def shared(world: World, name: str, content: str) -> FileLink:
    """Sam shares a file, and Slack tells where it is."""
    request = {"user": "U0SAM", "channel": "C0SUPL1", "name": name, "content": content}
    answer = await world.people("POST", "/slack/file", request)
    file = world.sandbox.slack.file_json(world.sandbox.slack.files[answer["file"]])
    return FileLink(name=file["name"], url=file["permalink"], id=file["id"], download=file["url_private_download"])


async def test_a_file_is_read_with_its_type(world: World) -> None:
    file = await shared(world, "trace.log", "502 from the acquirer")
    read = await world.do(world.slack.download, file, most_bytes=MEGABYTE)
    assert (read.name, read.content) == ("trace.log", b"502 from the acquirer")
    assert "/" in read.content_type


async def test_without_the_scope_the_page_to_sign_in_is_no_file(world: World) -> None:
    file = await shared(world, "trace.log", "502")
    world.sandbox.slack.scopes -= {"files:read"}
    with pytest.raises(PermanentFailure, match="it needs the scope files:read"):
        await world.do(world.slack.download, file, most_bytes=MEGABYTE)


async def test_a_file_over_the_limit_is_not_read(world: World) -> None:
    file = await shared(world, "dump.bin", "x" * 2_000)
    with pytest.raises(PermanentFailure, match=r"dump\.bin is larger than"):
        await world.do(world.slack.download, file, most_bytes=1_999)
    assert len((await world.do(world.slack.download, file, most_bytes=2_000)).content) == 2_000


async def test_a_file_that_somebody_deleted_is_gone(world: World) -> None:
    file = await shared(world, "trace.log", "502")
    del world.sandbox.slack.files[file.id or ""]
    with pytest.raises(PermanentFailure, match=r"trace\.log is gone: somebody deleted it"):
        await world.do(world.slack.download, file, most_bytes=MEGABYTE)


# --- an outside that misbehaves ------------------------------------------------------------------------------------


@pytest.fixture
def vendor() -> Iterator[VendorAtFault]:
    with VendorAtFault().serving() as server:
        yield server


def at(vendor: VendorAtFault, name: str = "trace.log") -> FileLink:
    """A file that is kept there."""
    return FileLink(name=name, url="https://acme.slack.com/files/F1", download=f"{vendor.url}/files-pri/F1/{name}")


def room(vendor: VendorAtFault) -> SlackRoom:
    """Our client of it."""
    return SlackRoom(SecretStr(TOKEN), f"{vendor.url}/slack/api/")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Misbehaviour(None), PassingFailure),
        (Misbehaviour(503), PassingFailure),
        (Misbehaviour(429, {"Retry-After": "7"}), RateLimited),
        (Misbehaviour(403), PermanentFailure),
        (Misbehaviour(302, {"Location": "https://slack.com/signin"}), PermanentFailure),
        (LOGIN, PermanentFailure),
    ],
    ids=["cut", "503", "429", "403", "redirect", "page to sign in"],
)
def test_each_failure_is_one_request_and_of_its_class(
    vendor: VendorAtFault, fault: Misbehaviour, expected: type[IntegrationError]
) -> None:
    vendor.misbehaviour = fault
    with pytest.raises(expected) as caught:
        room(vendor).download(at(vendor), most_bytes=MEGABYTE)
    assert len(vendor.requests) == 1
    assert SECRET_IN_BODY not in str(caught.value)
    assert TOKEN[-4:] not in str(caught.value)


def test_a_page_that_somebody_shared_is_a_file(vendor: VendorAtFault) -> None:
    vendor.misbehaviour = LOGIN
    assert room(vendor).download(at(vendor, "report.html"), most_bytes=MEGABYTE).content_type == "text/html"


@pytest.mark.parametrize(
    "address",
    ["https://slack.com.evil.example/x", "http://files.slack.com/x", "https://evil.example/slack.com", "", None],
)
def test_the_token_goes_to_slack_alone(vendor: VendorAtFault, address: str | None) -> None:
    with pytest.raises(PermanentFailure, match="is not kept in Slack: put it on the issue by hand"):
        room(vendor).download(at(vendor).model_copy(update={"download": address}), most_bytes=MEGABYTE)
    with VendorAtFault().serving() as another, pytest.raises(PermanentFailure, match="is not kept in Slack"):
        room(vendor).download(at(another), most_bytes=MEGABYTE)
    assert vendor.requests == []
