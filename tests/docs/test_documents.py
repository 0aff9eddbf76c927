"""The documents keep to what there is: links lead somewhere, and every command, variable and example is real."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.main import app
from config.policy import load_policy
from config.settings import settings_variables
from gateway.api import NewTicket
from tests.shared import REPOSITORY

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
DECISIONS = sorted((REPOSITORY / "docs" / "adr").glob("[0-9]*.md"))
LARGEST_PICTURE_BYTES = 200_000

_FENCE = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.MULTILINE)
_VARIABLE = re.compile(r"\b(?:TIERLINE|TEMPORAL|POSTGRES)_[A-Z0-9_]*[A-Z0-9]\b")
_REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted|proxy\.golang|goproxy|maven\.org|maven\.apache|npmjs|docker\.io|ghcr\.io|quay\.io|mcr\.microsoft"
)
_MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|tmp|root|home|Users|mnt|private)/")
_TEMPORALS_OWN = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_PROFILE", "TEMPORAL_TLS"}

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _without_fences(text: str) -> str:
    return _FENCE.sub("", text)


def _anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    headings = (found["text"] for found in _HEADING.finditer(_without_fences(_text(document))))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def _fences(document: Path, language: str) -> list[str]:
    return [found["text"] for found in _FENCE.finditer(_text(document)) if found["language"] == language]


def _commands(document: Path, word: str) -> Iterator[list[str]]:
    """What follows ``word`` where it stands as a command: at the start of a span of code, or of a line of a console."""
    text = _text(document)
    spans = re.findall(r"`([^`\n]+)`", _without_fences(text))
    lines = [line for fence in _fences(document, "console") for line in fence.splitlines()]
    for command in [*spans, *lines]:
        words = command.split("#")[0].split()
        if words and words[0].removeprefix(".venv/bin/") == word:
            yield words[1:]


@each_document
def test_links_inside_the_documents_lead_somewhere(document: Path) -> None:
    broken = []
    for found in _LINK.finditer(_without_fences(_text(document))):
        target, _, anchor = found["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (document.parent / target).resolve() if target else document
        is_there = file.exists() and file.is_relative_to(REPOSITORY)
        if not is_there or (anchor and anchor not in _anchors(file)):
            broken.append(found["target"])
    assert broken == []


@each_document
def test_commands_of_make_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", _text_of("Makefile"), re.MULTILINE))
    named = {words[0] for words in _commands(document, "make") if words}
    assert named <= targets


@each_document
def test_commands_of_tierline_exist(document: Path) -> None:
    unknown = [words for words in _commands(document, "tierline") if not _is_command(words)]
    assert unknown == []


@each_document
def test_every_variable_is_a_setting(document: Path) -> None:
    known = {variable.name for variable in settings_variables()} | _TEMPORALS_OWN
    known |= set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", _text_of(".env.example"), re.MULTILINE))
    assert {name for name in _VARIABLE.findall(_text(document)) if name not in known} == set()


@each_document
def test_fences_are_closed_and_diagrams_say_what_they_are(document: Path) -> None:
    opening = re.findall(r"^ *```", _text(document), re.MULTILINE)
    assert len(opening) == 2 * len(list(_FENCE.finditer(_text(document)))), "a fence is not closed"
    kinds = ("flowchart ", "sequenceDiagram", "stateDiagram-v2")
    assert all(diagram.lstrip().startswith(kinds) for diagram in _fences(document, "mermaid"))


@each_document
def test_no_registry_and_no_path_of_a_machine_is_named(document: Path) -> None:
    text = _text(document)
    assert _REGISTRIES.findall(text) == []
    assert _MACHINE_PATH.findall(text) == []


def test_the_policy_in_the_readme_is_a_policy(tmp_path: Path) -> None:
    (written,) = _fences(REPOSITORY / "README.md", "yaml")
    file = tmp_path / "policy.yaml"
    file.write_text(written, encoding="utf-8")
    assert load_policy(file).ladders["nobody-took-it"].rungs[-1].at == 100
    assert len(written.splitlines()) <= 10


def test_the_ticket_in_the_readme_is_one_that_the_api_takes() -> None:
    bodies = [
        body for fence in _fences(REPOSITORY / "README.md", "console") for body in re.findall(r"-d '([^']+)'", fence)
    ]
    assert [NewTicket.model_validate(json.loads(body)).product for body in bodies] == ["payments"]


def test_every_picture_is_small_and_used() -> None:
    shown = "\n".join(_text(document) for document in DOCUMENTS)
    for picture in (REPOSITORY / "docs" / "pictures").iterdir():
        assert picture.stat().st_size < LARGEST_PICTURE_BYTES, picture.name
        ways = (f"pictures/{picture.name})", f'pictures/{picture.name}" ')
        assert any(way in shown for way in ways), f"{picture.name} is in no document"


def test_decisions_are_numbered_listed_and_whole() -> None:
    index = _text(REPOSITORY / "docs" / "adr" / "README.md")
    assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for decision in DECISIONS:
        headings = re.findall(r"^## (.+)$", _text(decision), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], decision.name
        assert f"({decision.name})" in index, decision.name


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads(_text_of("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *(w for extra in project["optional-dependencies"].values() for w in extra)]
    names = {re.split(r"[<>=\[]", requirement)[0] for requirement in wanted} - {"tierline"}
    explained = set(re.findall(r"[a-z0-9-]+", _text(REPOSITORY / "docs" / "adr" / "0006-libraries.md")))
    assert names - explained == set()


def _text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def _is_command(words: list[str]) -> bool:
    """Whether the words lead from group to group to a command; what follows that are its arguments."""
    group: typer.Typer | None = app
    for word in words:
        if group is None:
            return True
        groups = {found.name: found.typer_instance for found in group.registered_groups}
        if word not in groups and word not in {found.name for found in group.registered_commands}:
            return False
        group = groups.get(word)
    return True


def test_a_command_that_there_is_not_is_noticed() -> None:
    assert _is_command(["policy", "check", "FILE"])
    assert not _is_command(["policy", "polish"])
    assert not _is_command(["conjure"])
