"""What those who run the gateway see: health, metrics and log lines."""

import pytest

from tests.gateway.front_door import FrontDoor


async def test_it_is_alive_without_temporal_and_ready_with_it(door: FrontDoor) -> None:
    assert (await door.http.get("/healthz")).json() == {"status": "ok"}
    assert (await door.http.get("/readyz")).status_code == 200
    door.desk.away = True
    assert (await door.http.get("/healthz")).status_code == 200
    assert (await door.http.get("/readyz")).status_code == 503


async def test_requests_and_webhooks_are_counted_by_route_and_outcome(door: FrontDoor) -> None:
    await door.api("GET", "/T-1042")
    await door.api("GET", "/T-9")
    await door.http.get("/some/where/else")
    await door.jira(b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "7"}}')
    await door.http.post("/webhooks/jira", content=b"{}")

    route = "/api/v1/tickets/{ticket_id}"
    requests = "tierline_gateway_requests_total"
    assert door.counted(requests, method="GET", route=route, status="200") == 1
    assert door.counted(requests, method="GET", route=route, status="404") == 1
    assert door.counted(requests, method="GET", route="unmatched", status="404") == 1
    assert door.counted("tierline_gateway_webhooks_total", vendor="jira", outcome="ignored") == 1
    assert door.counted("tierline_gateway_webhooks_total", vendor="jira", outcome="refused") == 1

    exposed = await door.http.get("/metrics")
    assert exposed.headers["content-type"].startswith("text/plain")
    assert f'{requests}{{method="GET",route="{route}",status="200"}} 1.0' in exposed.text


async def test_a_request_is_one_log_line_without_anything_personal(
    door: FrontDoor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="tierline.gateway"):
        await door.api("POST", "/T-1042/note", {"text": "Robin Roe called"})
        await door.types("note T-1042 Robin Roe called")

    lines = [record.getMessage() for record in caplog.records if record.name.startswith("tierline")]
    assert [line.split(" seconds=")[0] for line in lines] == [
        "request method=POST route=/api/v1/tickets/{ticket_id}/note status=200",
        "request method=POST route=/slack/commands status=200",
    ]
    assert not any(word in line for line in lines for word in ("Robin", "T-1042", "lena"))


async def test_every_answer_is_hardened(door: FrontDoor) -> None:
    for path in ("/healthz", "/nowhere", "/api/v1/tickets/T-1042"):
        headers = (await door.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
