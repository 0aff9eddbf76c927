"""docker-compose.yml, Dockerfile and .env.example agree with the code, with one another, and with the rules for containers.

There may be no Docker engine where the tests run: the structure is held against the compose specification's own JSON schema,
and `docker compose config` is asked where it exists. The schema and namespace scripts run for real in tests/postgresql.
"""

import dataclasses
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from temporalio.envconfig import ClientConnectConfig

from config.policy import load_policy
from config.settings import Part, load_settings, settings_variables
from gateway.composition import open_gateway
from integrations.clients import build_clients
from sandbox.engine.binaries import SERVER_VERSION

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yml"
JOBS = {"temporal-schema", "temporal-namespace"}
OF_COMPOSE = {"POSTGRES_PASSWORD", "TEMPORAL_RETENTION"}
OF_TEMPORAL = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}
SET_BY_COMPOSE = {
    "TIERLINE_GATEWAY__HOST",
    "TIERLINE_GATEWAY__PORT",
    "TIERLINE_GATEWAY__QUARANTINE_DIR",
    "TIERLINE_WORKER__HEALTH_HOST",
    "TIERLINE_WORKER__HEALTH_PORT",
}

VALUES = {
    "TIERLINE_PUBLIC_URL": "https://tierline.example",
    "TIERLINE_GATEWAY__LINK_SECRET": "a-link-secret-of-thirty-two-letters",
    "TIERLINE_GATEWAY__API_TOKENS": '[{"name": "helpdesk", "role": "integration", "token": "0123456789abcdef"}]',
    "TIERLINE_AUDIT__DEAD_MAN_URL": "https://alive.example/1",
    "TIERLINE_SLACK__BOT_TOKEN": "xoxb-1",
    "TIERLINE_SLACK__SIGNING_SECRET": "slack",
    "TIERLINE_SLACK__BASE_URL": "http://127.0.0.1:1/",
    "TIERLINE_JIRA__URL": "https://acme.example",
    "TIERLINE_JIRA__EMAIL": "bot@acme.example",
    "TIERLINE_JIRA__API_TOKEN": "jira",
    "TIERLINE_JIRA__WEBHOOK_SECRET": "from-jira",
    "TIERLINE_GITHUB__TOKEN": "github",
    "TIERLINE_GITHUB__WEBHOOK_SECRET": "from-github",
    "TIERLINE_PAGERDUTY__API_KEY": "pagerduty",
    "TIERLINE_PAGERDUTY__FROM_EMAIL": "bot@acme.example",
    "TIERLINE_PAGERDUTY__WEBHOOK_SECRET": "from-pagerduty",
    "TIERLINE_PAGERDUTY__ROUTING_KEY": "events",
    "TIERLINE_MAIL__HOST": "mail.acme.example",
    "TIERLINE_MAIL__FROM_ADDRESS": "support@acme.example",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return read


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def named_in_example(commented: bool) -> set[str]:
    mark = "#" if commented else ""
    return set(re.findall(rf"^{mark}([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def copied_by_dockerfile() -> set[str]:
    return set(re.findall(r"^COPY (?!--from)(\S+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    package = importlib.util.find_spec("check_jsonschema")
    if package is None or package.origin is None:
        pytest.skip("needs the compose specification's schema, which the package check-jsonschema brings along")
    schema = Path(package.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose, json.loads(schema.read_text()))


def test_docker_reads_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode != 0
    ):
        pytest.skip("there is no `docker compose` on this machine")
    filled = re.sub(r"^([A-Z][A-Z0-9_]+)=$", r"\1=x", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    (tmp_path / "env").write_text(filled)
    command = [
        docker,
        "compose",
        "--file",
        str(COMPOSE),
        "--env-file",
        str(tmp_path / "env"),
        "--profile",
        "trial",
        "config",
    ]
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_image_is_pinned_to_a_release(services: dict[str, dict[str, Any]]) -> None:
    images = [service["image"] for service in services.values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert images
    for image in images:
        name, _, tag = image.rpartition(":")
        assert name, f"{image} has no tag"
        assert re.search(r"\d+\.\d+\.\d+|\d+\.\d+-", tag), f"{image} is not pinned to a release"


def test_the_server_is_the_one_that_the_tests_run_on_postgresql(services: dict[str, dict[str, Any]]) -> None:
    assert services["temporal"]["image"] == f"temporalio/server:{SERVER_VERSION}"
    for job in JOBS:
        assert services[job]["image"].startswith(f"temporalio/admin-tools:{SERVER_VERSION}-")


def test_nothing_runs_as_root_or_may_become_it(services: dict[str, dict[str, Any]]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    user = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)
    assert user
    assert not re.match(r"(root|0)(:|$)", user[-1])
    for name, service in services.items():
        if "build" not in service:
            assert re.match(r"[1-9]\d*:[1-9]\d*$|postgres$", service["user"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_whatever_stays_up_has_a_health_check_and_whoever_needs_it_waits(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if name in JOBS:
            assert service["restart"].startswith("on-failure")
        else:
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in JOBS else "service_healthy"
            assert how == {"condition": expected}, f"{name} needs {needed}"


def test_ports_are_published_on_this_machine_alone(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) >= 5
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in services["postgresql"]


def test_no_secret_is_written_into_it() -> None:
    secrets = {variable.name for variable in settings_variables() if variable.secret} | {"POSTGRES_PASSWORD"}
    for line in COMPOSE.read_text().splitlines():
        name, _, value = line.strip().partition(":")
        if name in secrets or name in {"POSTGRES_PWD", "SQL_PASSWORD"}:
            assert value == "" or value.strip().startswith("${"), line
    assert re.findall(r"^(?:\w*(?:SECRET|TOKENS?|KEY|PASSWORD)\w*)=\S", (ROOT / ".env.example").read_text(), re.M) == []


def test_only_temporal_and_its_schema_job_know_the_databases_password(services: dict[str, dict[str, Any]]) -> None:
    knowing = {name for name, service in services.items() if "POSTGRES_PASSWORD" in json.dumps(service)}
    assert knowing == {"postgresql", "temporal", "temporal-schema"}


def test_each_process_gets_what_it_reads_and_nothing_else(services: dict[str, dict[str, Any]]) -> None:
    for part in Part:
        given = set(services[part.value]["environment"]) - OF_TEMPORAL
        assert given == {variable.name for variable in settings_variables() if part in variable.read_by}, part
    assert {variable.name for variable in settings_variables()} >= SET_BY_COMPOSE


def test_the_gateway_and_the_worker_share_no_secret_that_only_one_of_them_uses(
    services: dict[str, dict[str, Any]],
) -> None:
    secret = {variable.name for variable in settings_variables() if variable.secret}
    shared = set(services["worker"]["environment"]) & set(services["gateway"]["environment"]) & secret
    assert shared == {
        # The worker signs the vendors' links, the gateway verifies them.
        "TIERLINE_GATEWAY__LINK_SECRET",
        # The gateway opens Slack's forms, and asks PagerDuty whose incident a webhook is about.
        "TIERLINE_SLACK__BOT_TOKEN",
        "TIERLINE_PAGERDUTY__API_KEY",
    }


def environment_in(services: dict[str, dict[str, Any]], part: Part) -> dict[str, str]:
    """What a process sees whose ``.env`` has Slack, Jira, GitHub, PagerDuty and mail."""
    return {name: VALUES[name] for name in services[part.value]["environment"] if name in VALUES}


def test_with_its_own_variables_the_worker_reaches_every_system(services: dict[str, dict[str, Any]]) -> None:
    settings = load_settings(Part.WORKER, environ=environment_in(services, Part.WORKER), dotenv=None)
    clients = build_clients(settings)
    assert None not in [getattr(clients, field.name) for field in dataclasses.fields(clients)]


async def test_with_its_own_variables_the_gateway_opens_every_door(
    services: dict[str, dict[str, Any]], free_port: int, tmp_path: Path
) -> None:
    environ = environment_in(services, Part.GATEWAY) | {"TIERLINE_GATEWAY__QUARANTINE_DIR": str(tmp_path)}
    settings = load_settings(Part.GATEWAY, environ=environ, dotenv=None)
    nowhere = ClientConnectConfig(target_host=f"127.0.0.1:{free_port}")
    async with open_gateway(settings, load_policy(ROOT / "config" / "policies" / "demo.yaml"), nowhere) as gateway:
        assert None not in (gateway.slack, gateway.jira_secret, gateway.github_secret, gateway.pagerduty_secret)
        assert gateway.pager is not None
        assert [token.name for token in gateway.api_tokens] == ["helpdesk"]


def test_the_example_names_every_setting_and_nothing_else() -> None:
    settings = {variable.name for variable in settings_variables()}
    assert named_in_example(commented=False) | named_in_example(commented=True) == settings | OF_COMPOSE | OF_TEMPORAL


def test_the_example_asks_for_what_is_always_needed() -> None:
    always = {
        variable.name
        for variable in settings_variables()
        if variable.required and variable.section in {"GATEWAY", "SLACK"}
    }
    assert always <= named_in_example(commented=False)
    assert {"POSTGRES_PASSWORD", "TIERLINE_GATEWAY__API_TOKENS"} <= named_in_example(commented=False)


def test_the_examples_defaults_are_the_settings_own() -> None:
    written = dict(re.findall(r"^#(TIERLINE_[A-Z0-9_]+)=(\S+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert written
    for variable in settings_variables():
        if variable.name in written:
            default = str(variable.default)
            ours = {default, default.lower(), default.removesuffix(".0"), default.removeprefix(f"{ROOT}/")}
            assert written[variable.name] in ours, variable.name


def test_the_image_holds_the_code_that_its_commands_run(services: dict[str, dict[str, Any]]) -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    shipped = set(json.loads(re.findall(r"^only-include = (\[.*\])$", pyproject, re.MULTILINE)[0]))
    assert copied_by_dockerfile() == shipped - {"sandbox"} | {"requirements/runtime.txt"}
    assert services["worker"]["command"] == ["python", "worker.py"]
    assert services["gateway"]["command"] == ["python", "-m", "gateway"]


def test_the_image_gets_nothing_but_what_it_copies() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied_by_dockerfile()


def test_dependencies_are_installed_by_their_hashes() -> None:
    install = re.findall(r"pip install (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(install) == 1
    assert "--require-hashes" in install[0]
