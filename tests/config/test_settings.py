"""Scenarios: an operator sets variables, and is told what is missing, wrong or unknown."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import (
    DEFAULT_POLICY,
    GatewaySettings,
    GitHubSettings,
    Part,
    Settings,
    load_settings,
    settings_variables,
)
from config.temporal_client import temporal_connect_config
from config.variables import Variable
from domain.people import Role
from tests.config.environments import JIRA, SECRETS, SLACK_AND_GITHUB, without


def problems_of(environ: dict[str, str], *parts: Part, dotenv: Path | None = None) -> dict[str, str]:
    """What is told of each variable."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(*parts, environ=environ, dotenv=dotenv)
    assert caught.value.__cause__ is None
    assert str(caught.value).splitlines() == list(caught.value.problems), "one line for each problem"
    return dict(problem.split(": ", 1) for problem in caught.value.problems)


def load(environ: dict[str, str], *parts: Part) -> Settings:
    return load_settings(*parts, environ=environ, dotenv=None)


def test_with_slack_and_github_alone_it_runs() -> None:
    settings = load(SLACK_AND_GITHUB)
    assert settings.slack is not None
    assert settings.slack.base_url == "https://slack.com/api/"
    assert settings.github is not None
    assert settings.jira is settings.pagerduty is settings.mail is None
    (token,) = settings.gateway.api_tokens
    assert (token.name, token.roles) == ("helpdesk", (Role.INTEGRATION,))
    assert (settings.gateway.port, settings.worker.health_port) == (8800, 8801)
    assert settings.policy_file == DEFAULT_POLICY


def test_an_empty_environment_names_each_missing_variable_in_one_line() -> None:
    problems = problems_of({})
    assert list(problems) == [
        "TIERLINE_GATEWAY__LINK_SECRET",
        "TIERLINE_GATEWAY__API_TOKENS",
        "TIERLINE_SLACK__BOT_TOKEN",
        "TIERLINE_SLACK__SIGNING_SECRET",
        "TIERLINE_JIRA__URL",
        "TIERLINE_JIRA__EMAIL",
        "TIERLINE_JIRA__API_TOKEN",
        "TIERLINE_JIRA__WEBHOOK_SECRET",
        "TIERLINE_GITHUB__TOKEN",
        "TIERLINE_GITHUB__WEBHOOK_SECRET",
    ]
    assert all(text.startswith("missing") for text in problems.values())
    assert problems["TIERLINE_SLACK__BOT_TOKEN"] == (
        "missing; the bot's token, which begins with xoxb-; copy it from https://api.slack.com/apps > your app > "
        "OAuth & Permissions > Bot User OAuth Token"
    )
    assert "not needed if GitHub is set instead" in problems["TIERLINE_JIRA__URL"]


def test_the_worker_does_not_need_what_only_the_gateway_uses() -> None:
    environ = without(SLACK_AND_GITHUB, "TIERLINE_GATEWAY__API_TOKENS")
    assert load(environ, Part.WORKER).gateway.api_tokens == ()
    assert list(problems_of(environ, Part.GATEWAY)) == ["TIERLINE_GATEWAY__API_TOKENS"]
    assert list(problems_of(environ)) == ["TIERLINE_GATEWAY__API_TOKENS"]


def test_each_program_does_without_what_only_the_other_reads() -> None:
    full = {**SLACK_AND_GITHUB, **JIRA, "TIERLINE_MAIL__HOST": "mail", "TIERLINE_MAIL__FROM_ADDRESS": "s@acme.example"}
    read_by = {part: {one.name for one in settings_variables() if part in one.read_by} for part in Part}
    for part in Part:
        own = {name: value for name, value in full.items() if name in read_by[part]}
        assert own != full
        assert load(own, part) == load(full, part), "it takes nothing of the other's from a shared environment either"

    gateway, worker = load(full, Part.GATEWAY), load(full, Part.WORKER)
    assert gateway.github is not None
    assert worker.github is not None
    assert (gateway.github.token, gateway.mail) == (None, None)
    assert (worker.github.webhook_secret, worker.gateway.api_tokens) == (None, ())


@pytest.mark.parametrize("part", Part)
def test_each_program_demands_its_own(part: Part) -> None:
    environ = without(SLACK_AND_GITHUB, "TIERLINE_GITHUB__TOKEN", "TIERLINE_GITHUB__WEBHOOK_SECRET")
    demanded = {
        Part.WORKER: [
            "TIERLINE_JIRA__URL",
            "TIERLINE_JIRA__EMAIL",
            "TIERLINE_JIRA__API_TOKEN",
            "TIERLINE_GITHUB__TOKEN",
        ],
        Part.GATEWAY: ["TIERLINE_JIRA__WEBHOOK_SECRET", "TIERLINE_GITHUB__WEBHOOK_SECRET"],
    }
    assert list(problems_of(environ, part)) == demanded[part]


def test_a_system_of_which_the_other_program_has_a_variable_demands_its_own() -> None:
    environ = without(SLACK_AND_GITHUB, "TIERLINE_GITHUB__WEBHOOK_SECRET")
    assert list(problems_of(environ, Part.GATEWAY)) == ["TIERLINE_GITHUB__WEBHOOK_SECRET"]


def test_socket_mode_does_instead_of_the_signing_secret() -> None:
    environ = {**without(SLACK_AND_GITHUB, "TIERLINE_SLACK__SIGNING_SECRET"), "TIERLINE_SLACK__APP_TOKEN": "xapp-1-A-b"}
    slack = load(environ).slack
    assert slack is not None
    assert slack.app_token is not None
    assert (slack.app_token.get_secret_value(), slack.signing_secret) == ("xapp-1-A-b", None)
    assert "xapp-1-A-b" not in repr(slack)

    both = load({**SLACK_AND_GITHUB, "TIERLINE_SLACK__APP_TOKEN": "xapp-1-A-b"}).slack
    assert both is not None
    assert both.signing_secret is not None


def test_without_either_way_from_slack_one_line_names_both() -> None:
    problems = problems_of(without(SLACK_AND_GITHUB, "TIERLINE_SLACK__SIGNING_SECRET"))
    assert list(problems) == ["TIERLINE_SLACK__SIGNING_SECRET"]
    assert "(not needed in Socket Mode, with TIERLINE_SLACK__APP_TOKEN)" in problems["TIERLINE_SLACK__SIGNING_SECRET"]


@pytest.mark.parametrize("system", ["PAGERDUTY", "MAIL"])
def test_a_system_is_configured_by_any_of_its_variables_and_then_each_missing_one_is_named(system: str) -> None:
    required = [variable.name for variable in settings_variables() if variable.section == system and variable.required]
    values = {"TIERLINE_MAIL__HOST": "mail.acme.example"}
    given = {required[0]: values.get(required[0], "bot@acme.example")}
    assert list(problems_of({**SLACK_AND_GITHUB, **given})) == required[1:]


def test_jira_by_its_address_alone_lacks_the_account_of_jira_cloud() -> None:
    assert list(problems_of({**SLACK_AND_GITHUB, "TIERLINE_JIRA__URL": "https://acme.example"})) == [
        "TIERLINE_JIRA__EMAIL",
        "TIERLINE_JIRA__API_TOKEN",
        "TIERLINE_JIRA__WEBHOOK_SECRET",
    ]


def test_a_personal_access_token_does_instead_of_the_account_of_jira_cloud() -> None:
    account = {"TIERLINE_JIRA__PERSONAL_ACCESS_TOKEN": "very-secret-pat"}
    data_center = without(JIRA, "TIERLINE_JIRA__EMAIL", "TIERLINE_JIRA__API_TOKEN")
    jira = load({**SLACK_AND_GITHUB, **data_center, **account}).jira
    assert jira is not None
    assert (jira.email, jira.api_token) == (None, None)
    assert "very-secret-pat" not in repr(jira)

    (problem,) = problems_of({**SLACK_AND_GITHUB, **JIRA, **account}).values()
    assert "give either email and api_token (Cloud) or personal_access_token (Data Center), not both" in problem


def test_jiras_token_may_be_in_a_file_instead() -> None:
    in_file = {**without(JIRA, "TIERLINE_JIRA__API_TOKEN"), "TIERLINE_JIRA__API_TOKEN_FILE": "/run/secrets/jira"}
    jira = load({**SLACK_AND_GITHUB, **in_file}).jira
    assert jira is not None
    assert (jira.api_token, jira.api_token_file) == (None, Path("/run/secrets/jira"))

    (problem,) = problems_of({**SLACK_AND_GITHUB, **JIRA, **in_file}).values()
    assert "give the token or the file that holds it, not both" in problem


def test_a_github_app_does_instead_of_a_token() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\\nMII\\n-----END RSA PRIVATE KEY-----"
    app = {
        "TIERLINE_GITHUB__APP_ID": "900100",
        "TIERLINE_GITHUB__INSTALLATION_ID": "7",
        "TIERLINE_GITHUB__PRIVATE_KEY": key,
    }
    environ = {**without(SLACK_AND_GITHUB, "TIERLINE_GITHUB__TOKEN"), **app}
    github = load(environ).github
    assert github is not None
    assert github.private_key is not None
    assert github.private_key.get_secret_value().splitlines()[1] == "MII"

    in_files = {**environ, "TIERLINE_GITHUB__PRIVATE_KEY_FILE": "/run/secrets/key"}
    assert load(without(in_files, "TIERLINE_GITHUB__PRIVATE_KEY")).github is not None
    token_file = {**without(environ, *app), "TIERLINE_GITHUB__TOKEN_FILE": "/run/secrets/token"}
    assert load(token_file).github is not None

    partly = without(environ, "TIERLINE_GITHUB__INSTALLATION_ID", "TIERLINE_GITHUB__PRIVATE_KEY")
    assert list(problems_of(partly)) == ["TIERLINE_GITHUB__PRIVATE_KEY", "TIERLINE_GITHUB__INSTALLATION_ID"]

    both = problems_of({**SLACK_AND_GITHUB, **app})
    assert both == {"TIERLINE_GITHUB__…": "give either a token or a GitHub App, and not both"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TIERLINE_GATEWAY__PORT", "99999", "must be at most 65535"),
        ("TIERLINE_GATEWAY__PORT", "http", "must be a whole number"),
        ("TIERLINE_GATEWAY__LINK_SECRET", "short", "must have at least 32 characters"),
        ("TIERLINE_WORKER__STICKY_TIMEOUT", "0", "must be more than 0"),
        ("TIERLINE_PUBLIC_URL", "tierline.example", "write an address such as https://tierline.example.org"),
        ("TIERLINE_PUBLIC_URL", "https://me:pw@x.example", "write the address without a user name or password"),
        ("TIERLINE_SLACK__BOT_TOKEN", "xapp-1-A", "not a bot token: that begins with xoxb-"),
        ("TIERLINE_SLACK__APP_TOKEN", "xoxb-1", "not an app-level token: that begins with xapp-"),
        (
            "TIERLINE_GATEWAY__API_TOKENS",
            "helpdesk",
            'not readable as JSON; write [{"name": "helpdesk", "roles": ["integration"], "token": "…"}]',
        ),
        (
            "TIERLINE_GATEWAY__API_TOKENS",
            '[{"name": "x", "roles": ["boss"], "token": "very-secret-api-token"}, {"name": "y"}]',
            "[0].roles[0]: allowed: agent, lead, engineer, customer, vendor, integration, operator; "
            "[1].roles: missing; it has to be given; [1].token: missing; it has to be given",
        ),
        (
            "TIERLINE_GATEWAY__API_TOKENS",
            '[{"name": "x", "role": "lead", "token": "0123456789abcdef"}, '
            '{"name": "y", "role": "lead", "token": "0123456789abcdef"}]',
            "two names have the same token",
        ),
        ("TIERLINE_MAIL__STARTTLS", "perhaps", "must be true or false"),
        *[
            (
                "TIERLINE_MAIL__FROM_ADDRESS",
                wrong,
                "write the sender as Support <support@example.org>, or the address alone",
            )
            for wrong in ("Support", "=?utf-8?q? <a@b?=.example>", "a@b.example, c@d.example", "=?x?= <a@b.example>")
        ],
    ],
)
def test_a_wrong_value_is_told_by_name_and_without_the_value(name: str, value: str, told: str) -> None:
    mail = {"TIERLINE_MAIL__HOST": "mail.acme.example", "TIERLINE_MAIL__FROM_ADDRESS": "Support <s@acme.example>"}
    assert problems_of({**SLACK_AND_GITHUB, **mail, name: value}) == {name: told}


def test_a_name_without_its_password_is_told() -> None:
    mail = {"TIERLINE_MAIL__HOST": "mail.acme.example", "TIERLINE_MAIL__FROM_ADDRESS": "s@acme.example"}
    told = problems_of({**SLACK_AND_GITHUB, **mail, "TIERLINE_MAIL__USERNAME": "joe"})
    assert told == {"TIERLINE_MAIL__…": "username and password go together: give both or neither"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("TIERLINE_SLACK__BOT_TOKN", "no such setting; did you mean TIERLINE_SLACK__BOT_TOKEN?"),
        ("TIERLINE_SLACK_BOT_TOKEN", "no such setting; did you mean TIERLINE_SLACK__BOT_TOKEN?"),
        ("TIERLINE_SLACK", "no such setting; did you mean TIERLINE_SLACK__BOT_TOKEN?"),
        ("TIERLINE_WEATHER", "no such setting; docs/settings.md lists those there are"),
    ],
)
def test_an_unknown_variable_is_named_with_a_suggestion(name: str, told: str) -> None:
    assert problems_of({**SLACK_AND_GITHUB, name: "1"}) == {name: told}


def test_variables_of_the_sandbox_and_the_tests_are_not_taken_for_settings() -> None:
    others = {"TIERLINE_SANDBOX_CREDENTIALS": "{}", "TIERLINE_SHARED": "/somewhere", "PATH": "/bin"}
    assert load({**SLACK_AND_GITHUB, **others}) == load(SLACK_AND_GITHUB)


def test_no_secret_is_ever_shown() -> None:
    environ = {
        **SLACK_AND_GITHUB,
        "TIERLINE_GATEWAY__PORT": "very-secret-in-the-wrong-place",
        "TIERLINE_GATEWAY__API_TOKENS": '[{"name": "very-secret-name", "roles": "very-secret-role"}',
        "TIERLINE_PUBLIC_URL": "very-secret-address",
        "TIERLINE_SLACK__BOT_TOKEN": "very-secret-token",
        "TIERLINE_WORKER__HEALTH_PORT": "-1",
    }
    told = problems_of(environ)
    assert "TIERLINE_SLACK__BOT_TOKEN" in told
    assert "very-secret" not in str(told)
    shown = f"{load(SLACK_AND_GITHUB)} {load(SLACK_AND_GITHUB)!r} {load(SLACK_AND_GITHUB).model_dump_json()}"
    assert not [value for value in SECRETS.values() if value in shown]
    assert "very-secret-api-token" not in shown


def test_an_empty_variable_counts_as_not_set() -> None:
    blank = dict.fromkeys(JIRA, " ")
    assert load({**SLACK_AND_GITHUB, **blank}).jira is None


def test_dotenv_completes_the_environment_which_wins(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    lines = [f"{name}='{value}'" for name, value in SLACK_AND_GITHUB.items()]
    dotenv.write_text(
        "\n".join([*lines, "TIERLINE_GATEWAY__PORT=9000", "TIERLINE_PUBLIC_URL=https://a.example/", "OTHER=1"])
    )
    environ = {"TIERLINE_GATEWAY__PORT": "9001", "TIERLINE_PUBLIC_URL": ""}
    settings = load_settings(environ=environ, dotenv=dotenv)
    assert settings.gateway.port == 9001
    assert settings.public_url == "https://a.example"


def test_a_dotenv_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"TIERLINE_GATEWAY__PORT=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"\.env: cannot be read: it is not UTF-8 text"):
        load_settings(environ={}, dotenv=dotenv)


def test_settings_that_are_built_in_code_are_just_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERLINE_GATEWAY__PORT", "9000")
    settings = Settings(gateway=GatewaySettings(link_secret=SecretStr("x" * 32)))
    assert settings.gateway.port == 8800
    with pytest.raises(ValueError, match="give the token or private key, or the file that holds it"):
        GitHubSettings(token=SecretStr("x"), token_file=Path("x"))


def test_every_variable_says_what_it_is_and_every_required_one_where_to_get_it() -> None:
    def silent(variable: Variable) -> bool:
        return not variable.description or (variable.required and not variable.where)

    assert [variable.name for variable in settings_variables() if silent(variable)] == []


def test_temporal_is_on_this_machine_unless_its_own_variables_say_otherwise(tmp_path: Path) -> None:
    nowhere = {"TEMPORAL_CONFIG_FILE": str(tmp_path / "none.toml")}
    config = temporal_connect_config(environ=nowhere, dotenv=None)
    assert (config["target_host"], config["namespace"]) == ("127.0.0.1:7233", "default")

    dotenv = tmp_path / ".env"
    dotenv.write_text("TEMPORAL_ADDRESS=a.example:7233\nTEMPORAL_NAMESPACE=support\n")
    config = temporal_connect_config(environ={**nowhere, "TEMPORAL_ADDRESS": "b.example:7233"}, dotenv=dotenv)
    assert (config["target_host"], config["namespace"]) == ("b.example:7233", "support")


def test_a_temporal_profile_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    profile = tmp_path / "temporal.toml"
    profile.write_text("[profile.default\n")
    with pytest.raises(ConfigurationError) as caught:
        temporal_connect_config(environ={"TEMPORAL_CONFIG_FILE": str(profile)}, dotenv=None)
    (problem,) = caught.value.problems
    assert problem.startswith("TEMPORAL_*: ")
    assert "\n" not in problem
