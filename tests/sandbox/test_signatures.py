"""The sandbox signs as the vendors publish it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from sandbox.signatures import github_signature, jira_signature, pagerduty_signature, slack_signature
from tests.shared import shared_dir

SIGN: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "slack": lambda v: slack_signature(SecretStr(v["secret"]), v["body"].encode(), int(v["timestamp"])),
    "github": lambda v: github_signature(SecretStr(v["secret"]), v["body"].encode()),
    "jira": lambda v: jira_signature(SecretStr(v["secret"]), v["body"].encode()),
    "pagerduty": lambda v: pagerduty_signature(SecretStr(v["secret"]), v["body"].encode()),
}


@pytest.mark.parametrize("vendor", SIGN)
def test_the_published_signature_is_reproduced(vendor: str) -> None:
    vectors = json.loads(shared_dir("contracts", "signature-vectors.json").read_text())
    of_vendor = [vector for vector in vectors if vector["vendor"] == vendor]
    assert of_vendor
    for vector in of_vendor:
        assert SIGN[vendor](vector)[vector["header"]] == vector["value"]
        assert SIGN[vendor]({**vector, "body": vector["body"] + " "})[vector["header"]] != vector["value"]
        assert SIGN[vendor]({**vector, "secret": "another"})[vector["header"]] != vector["value"]
