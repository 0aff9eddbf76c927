"""The blocks that show numbers: charts and tables.

The rules are those of https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block, ``table-block`` and
``data-table-block``.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.slack.findings import Findings, find_in_items, find_in_length

MAX_CHART_TITLE = 50
MAX_SERIES = 6
MAX_POINTS = 20
MAX_LABEL = 20
MAX_AXIS_LABEL = 50
MAX_TABLE_ROWS = 100
MAX_DATA_TABLE_ROWS = 201
"""The header and two hundred."""
MAX_COLUMNS = 20


def find_in_chart(block: Mapping[str, Any], at: str) -> Findings:
    """A ``data_visualization`` block."""
    if not isinstance(block.get("title"), str) or not block["title"]:
        yield f"missing required field: title [json-pointer:{at}]"
    yield from find_in_length(block.get("title"), f"{at}/title", MAX_CHART_TITLE)
    chart = block.get("chart")
    if not isinstance(chart, dict):
        yield f"missing required field: chart [json-pointer:{at}]"
    elif chart.get("type") == "pie":
        yield from find_in_items(chart.get("segments"), f"{at}/chart/segments", MAX_SERIES, _segment)
    elif chart.get("type") in ("bar", "area", "line"):
        yield from _axes(chart, f"{at}/chart")
    else:
        yield f"unsupported type: {chart.get('type')} [json-pointer:{at}/chart/type]"


def _segment(segment: Any, at: str) -> Findings:
    yield from _point(segment, at)
    if isinstance(segment, dict) and _is_number(segment.get("value")) and segment["value"] <= 0:
        yield f"must be more than 0 [json-pointer:{at}/value]"


def _axes(chart: Mapping[str, Any], at: str) -> Findings:
    axes = chart.get("axis_config")
    if not isinstance(axes, dict) or not isinstance(axes.get("categories"), list):
        yield f"missing required field: axis_config [json-pointer:{at}]"
        return
    for index, category in enumerate(axes["categories"]):
        yield from find_in_length(category, f"{at}/axis_config/categories/{index}", MAX_LABEL)
    for name in ("x_label", "y_label"):
        yield from find_in_length(axes.get(name), f"{at}/axis_config/{name}", MAX_AXIS_LABEL)
    yield from find_in_items(chart.get("series"), f"{at}/series", MAX_SERIES, _series)
    series = [each for each in chart.get("series") or [] if isinstance(each, dict)]
    names = [each.get("name") for each in series]
    if len(set(map(str, names))) < len(names):
        yield f"series names must be unique [json-pointer:{at}/series]"
    for index, each in enumerate(series):
        labels = [point.get("label") for point in each.get("data") or [] if isinstance(point, dict)]
        if labels != axes["categories"]:
            yield f"labels must match the axis categories [json-pointer:{at}/series/{index}/data]"


def _series(series: Any, at: str) -> Findings:
    if not isinstance(series, dict) or not isinstance(series.get("name"), str):
        yield f"missing required field: name [json-pointer:{at}]"
        return
    yield from find_in_length(series["name"], f"{at}/name", MAX_LABEL)
    yield from find_in_items(series.get("data"), f"{at}/data", MAX_POINTS, _point)


def _point(point: Any, at: str) -> Findings:
    if not isinstance(point, dict) or not isinstance(point.get("label"), str):
        yield f"missing required field: label [json-pointer:{at}]"
        return
    yield from find_in_length(point["label"], f"{at}/label", MAX_LABEL)
    if not _is_number(point.get("value")):
        yield f"must be a number [json-pointer:{at}/value]"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def find_in_table(block: Mapping[str, Any], at: str) -> Findings:
    """A ``table`` block."""
    yield from find_in_items(block.get("rows"), f"{at}/rows", MAX_TABLE_ROWS, _row)
    settings = block.get("column_settings")
    if isinstance(settings, list) and len(settings) > MAX_COLUMNS:
        yield f"no more than {MAX_COLUMNS} items allowed [json-pointer:{at}/column_settings]"


def find_in_data_table(block: Mapping[str, Any], at: str) -> Findings:
    """A ``data_table`` block: a caption, a header without rich text, and rows that are as long as it."""
    if not isinstance(block.get("caption"), str) or not block["caption"]:
        yield f"missing required field: caption [json-pointer:{at}]"
    yield from find_in_items(block.get("rows"), f"{at}/rows", MAX_DATA_TABLE_ROWS, _row)
    rows = block.get("rows")
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        if len(rows) == 1:
            yield f"must be more than 1 items [json-pointer:{at}/rows]"
        if len({len(row) for row in rows}) > 1:
            yield f"rows must be of the same length [json-pointer:{at}/rows]"
        if rows and any(isinstance(cell, dict) and cell.get("type") == "rich_text" for cell in rows[0]):
            yield f"unsupported type: rich_text [json-pointer:{at}/rows/0]"
    size = block.get("page_size")
    if size is not None and not (type(size) is int and 1 <= size <= 100):
        yield f"must be between 1 and 100 [json-pointer:{at}/page_size]"


def _row(row: Any, at: str) -> Findings:
    yield from find_in_items(row, at, MAX_COLUMNS, _cell)


def _cell(cell: Any, at: str) -> Findings:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if kind not in ("raw_text", "raw_number", "rich_text"):
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
    elif kind == "raw_text" and not isinstance(cell.get("text"), str):
        yield f"missing required field: text [json-pointer:{at}]"
    elif kind == "raw_number" and not _is_number(cell.get("value")):
        yield f"missing required field: value [json-pointer:{at}]"
