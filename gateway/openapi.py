"""The API's description (OpenAPI 3.1), with errors under the media type that they have, and with the characters that texts may have."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from domain.clean_text import WRITABLE
from gateway import problems

_PROBLEM = "#/components/schemas/ProblemDocument"


def describe_problems(app: FastAPI) -> None:
    """Have ``/openapi.json`` say ``application/problem+json`` for every problem; the framework knows one media type a route."""
    generate = app.openapi

    def description() -> dict[str, Any]:
        document = generate()
        for operations in document["paths"].values():
            for operation in operations.values():
                for response in operation["responses"].values():
                    _correct(response.get("content", {}))
        for text in _texts_of_bodies(document):
            text["pattern"] = WRITABLE
        return document

    app.openapi = description  # type: ignore[method-assign]


def _correct(content: dict[str, Any]) -> None:
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref") == _PROBLEM:
        del content["application/json"]
        content[problems.MEDIA_TYPE] = {**content.get(problems.MEDIA_TYPE, {}), "schema": schema}


def _texts_of_bodies(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema of each free text that a request's body may have; ``gateway.unwritable`` looks through these."""
    bodies = [operation.get("requestBody") for path in document["paths"].values() for operation in path.values()]
    waiting: list[Any] = bodies
    seen: set[str] = set()
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, list):
            waiting += schema
        if not isinstance(schema, dict):
            continue
        if schema.get("type") == "string" and not schema.keys() & {"pattern", "enum", "const", "format"}:
            yield schema
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            waiting.append(document["components"]["schemas"][reference.rpartition("/")[2]])
        waiting += [inner for name, inner in schema.items() if name not in {"examples", "example", "default"}]
