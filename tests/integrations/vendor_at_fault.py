"""A vendor that only misbehaves: it counts the requests it gets and answers each in the one way it was told to."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

SECRET_IN_BODY = "customer-jane-doe-4711"


@dataclass
class Misbehaviour:
    """What every request gets: ``status`` None cuts the line after the request was read whole."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = json.dumps({"ok": False, "message": SECRET_IN_BODY, "errorMessages": [SECRET_IN_BODY]})


class VendorAtFault:
    """A server on a free port."""

    def __init__(self) -> None:
        self.misbehaviour = Misbehaviour(500)
        self.answers: dict[str, Misbehaviour] = {}
        """What is answered at certain paths instead."""
        self.requests: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                outer.requests.append(f"{self.command} {self.path}")
                told = outer.answers.get(self.path.partition("?")[0], outer.misbehaviour)
                if told.status is None:
                    self.close_connection = True
                    return
                content = told.body.encode()
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                if "content-type" not in told.headers:
                    self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["VendorAtFault"]:
        """Serve for the block."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(timeout=5)
