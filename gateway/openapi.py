"""The API's description (OpenAPI 3.1), with errors under the media type that they have."""

from typing import Any

from fastapi import FastAPI

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
        return document

    app.openapi = description  # type: ignore[method-assign]


def _correct(content: dict[str, Any]) -> None:
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref") == _PROBLEM:
        del content["application/json"]
        content[problems.MEDIA_TYPE] = {**content.get(problems.MEDIA_TYPE, {}), "schema": schema}
