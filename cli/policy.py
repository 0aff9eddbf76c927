"""`tierline policy`: check a policy file, and write what editors and people need to know about it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.written import write_document
from config.policy import find_placeholders, load_policy, policy_schema
from config.policy_reference import policy_reference

app = typer.Typer(
    help="Check a policy file; write its schema and its reference.", no_args_is_help=True, rich_markup_mode=None
)

Output = Annotated[Path, typer.Option("--output", metavar="FILE", help="Where to write it; - prints it.")]


@app.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy.")]) -> None:
    """Tell each problem of a policy file with its line; exit 1 if there is any."""
    policy = load_policy(file)
    for placeholder in find_placeholders(file):
        typer.echo(f"--  {placeholder.file}:{placeholder.line}: {placeholder.field}: to be replaced by your own value")
    typer.echo(f"ok  {file}: {policy.name}, version {policy.version}")


@app.command("schema")
def schema(output: Output = Path("config/policy.schema.json")) -> None:
    """Write the policy's JSON Schema, with which editors check and complete policy files."""
    write_document(policy_schema(), output)


@app.command("reference")
def reference(output: Output = Path("docs/policy.md")) -> None:
    """Write the policy's reference from its models."""
    write_document(policy_reference(), output)
