"""An issue's JSON with the fields, properties and expansions that were asked for."""

from sandbox.jira.part import Json
from sandbox.jira.shapes import Shapes
from sandbox.jira.state import Issue


def issue_shape(shapes: Shapes, issue: Issue, names: list[str], properties: str, expand: set[str]) -> Json:
    """An issue with the fields that were asked for; with only ``id`` it has no ``fields`` at all."""
    everything = {**shapes.fields(issue), "comment": shapes.comment_page(issue, issue.comments)}
    wanted = {name for name in names if name and not name.startswith("-")}
    dropped = {name[1:] for name in names if name.startswith("-")}
    if "*all" in wanted or (dropped and not wanted):
        chosen = set(everything)
    elif "*navigable" in wanted:
        chosen = set(everything) - {"comment"} | wanted
    else:
        chosen = wanted
    shape: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": issue.id,
        "self": shapes.url(f"issue/{issue.id}"),
        "key": issue.key,
    }
    if wanted == {"id"}:
        return {"id": issue.id}
    shape["fields"] = {name: value for name, value in everything.items() if name in chosen - dropped}
    if properties:
        keys = set(properties.split(","))
        shape["properties"] = {k: v for k, v in issue.properties.items() if k in keys or "*all" in keys}
    if "changelog" in expand:
        histories = [shapes.history(history) for history in reversed(issue.histories)]
        shape["changelog"] = {
            "startAt": 0,
            "maxResults": len(histories),
            "total": len(histories),
            "histories": histories,
        }
    return shape
