"""What is made from the models is up to date, and the files that ship agree with it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config.policy import policy_schema
from config.policy_reference import policy_reference
from config.positions import read_document
from config.settings import settings_variables
from config.settings_reference import settings_reference
from domain.policy import Policy
from tests.shared import REPOSITORY

POLICIES = sorted((REPOSITORY / "config" / "policies").glob("*.yaml"))
SCHEMA = REPOSITORY / "config" / "policy.schema.json"


@pytest.mark.parametrize(
    ("file", "made", "command"),
    [
        (SCHEMA, policy_schema, "tierline policy schema"),
        (REPOSITORY / "docs" / "policy.md", policy_reference, "tierline policy reference"),
        (REPOSITORY / "docs" / "settings.md", settings_reference, "tierline settings reference"),
    ],
    ids=["schema", "policy reference", "settings reference"],
)
def test_a_generated_file_is_up_to_date(file: Path, made: Any, command: str) -> None:
    assert file.read_text(encoding="utf-8") == made(), f"{file.name} is stale: run `{command}`"


def test_the_schema_comes_out_the_same_in_every_process() -> None:
    script = "from config.policy import policy_schema; print(policy_schema(), end='')"
    for seed in ("1", "2", "3"):
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        made = subprocess.run(
            [sys.executable, "-c", script], cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=True
        )
        assert made.stdout == policy_schema()


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.name)
def test_a_policy_that_ships_fits_the_schema_which_its_first_line_names(file: Path) -> None:
    first, *_ = file.read_text(encoding="utf-8").splitlines()
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / named).resolve() == SCHEMA.resolve()
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(read_document(file).data, schema, jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_the_policy_refuses() -> None:
    schema = json.loads(policy_schema())
    good = read_document(POLICIES[0]).data
    for wrong in ({**good, "verson": "1"}, {**good, "quiet_time": "3 days"}, {**good, "entry_tier": "L9"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema, jsonschema.Draft202012Validator)


def test_the_policy_reference_explains_every_field() -> None:
    rows = [line for line in policy_reference().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == []
    assert all(f"| `{name}` |" in policy_reference() for name in Policy.model_fields)


def test_the_settings_reference_lists_every_variable_and_no_path_of_this_machine() -> None:
    page = settings_reference()
    assert [variable.name for variable in settings_variables() if f"| `{variable.name}` |" not in page] == []
    assert str(REPOSITORY) not in page


def test_policies_are_plain_yaml_for_other_programs_too() -> None:
    for file in POLICIES:
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["name"]
