"""Reads YAML and remembers on which line everything stands.

Scalars are read as YAML 1.2 does (true, false, null, whole numbers, else text): no dates, no ``yes`` for true, no ``12:30`` for 750.
"""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from config.errors import PolicyError

Step = str | int
Path_ = tuple[Step, ...]

_LARGEST_FILE = 1_000_000
_MOST_VALUES = 50_000


@dataclasses.dataclass(frozen=True)
class Document:
    """A file's contents, and the line (from 1) of each field and list entry by its path."""

    file: str
    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of the path, or of the nearest thing around it that is written in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(file: Path) -> Document:
    """Read one YAML document.

    Raises:
        PolicyError: there is no such file, it is not YAML, or a key is written twice; with the line of each problem.
    """
    shown = str(file)
    text = _read(file, shown)
    try:
        root = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        raise PolicyError([f"{shown}:{_mark_line(error)}: {_syntax(error)}"]) from None
    except (yaml.YAMLError, RecursionError):
        raise PolicyError([f"{shown}: not readable as YAML: use plain text in UTF-8"]) from None
    if root is None:
        raise PolicyError([f"{shown}: the file is empty; start from config/policies/default.yaml"])
    builder = _Builder(shown)
    data = builder.value(root, ())
    if builder.problems:
        raise PolicyError(builder.problems)
    return Document(shown, data, builder.lines)


def _read(file: Path, shown: str) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise PolicyError([f"{shown}: larger than 1 MB; a policy is a few hundred lines"])
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PolicyError([f"{shown}: there is no such file"]) from None
    except UnicodeDecodeError:
        raise PolicyError([f"{shown}: not readable as YAML: use plain text in UTF-8"]) from None
    except OSError as error:
        raise PolicyError([f"{shown}: cannot be read: {error.strerror}"]) from None


def _mark_line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark is not None else 1


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "something is out of place"
    if r"\t" in problem:
        return "not readable as YAML: indent with spaces, not with tabs"
    if "expected a single document" in (error.context or ""):
        return "not readable as YAML: write one document; take the `---` line out"
    return f"not readable as YAML: {problem}"


class _Loader(yaml.SafeLoader):
    """Resolves scalars as YAML 1.2 does."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own interface


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+", "-+0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


class _Builder:
    """Turns nodes into values; collects lines and problems on the way."""

    def __init__(self, file: str) -> None:
        self.lines: dict[Path_, int] = {}
        self.problems: list[str] = []
        self._file = file
        self._open: set[int] = set()
        self._values = 0

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._values += 1
        if self._values > _MOST_VALUES:
            raise PolicyError([f"{self._file}: more than {_MOST_VALUES} values; is an alias repeated in an alias?"])
        if id(node) in self._open:
            self._problem(node, path, "an alias that contains itself")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged.extend(value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node])
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, path, "a field's name must be plain text")
                continue
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in first_lines:
                self._problem(key_node, (*path, key), f"written twice; the first is on line {first_lines[key]}")
                continue
            first_lines[key] = line
            self.lines[(*path, key)] = line
            values[key] = self.value(value_node, (*path, key))
        for inherited in self._inherited(merged, path):
            values = {**inherited, **values}
        return values

    def _inherited(self, nodes: list[yaml.Node], path: Path_) -> Iterator[dict[str, Any]]:
        for node in nodes:
            if isinstance(node, yaml.MappingNode):
                yield self.value(node, path)
            else:
                self._problem(node, path, "`<<` takes an alias of a group of fields")

    def _scalar(self, node: yaml.Node, path: Path_) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text = str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
        if kind != "str":
            self._problem(node, path, f"the tag {node.tag} is not used in policies")
        return text

    def _problem(self, node: yaml.Node, path: Path_, text: str) -> None:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
        self.problems.append(f"{self._file}:{node.start_mark.line + 1}: {where + ': ' if where else ''}{text}")
