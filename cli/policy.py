"""`tierline policy`: check a policy file, and write what editors and people need to know about it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.written import write_document
from config.policy import find_placeholders, load_policy, policy_schema
from config.policy_gaps import find_gaps
from config.policy_reference import policy_reference
from domain.ticket import EditMode

app = typer.Typer(
    help="Check a policy file; write its schema and its reference.", no_args_is_help=True, rich_markup_mode=None
)

Output = Annotated[Path, typer.Option("--output", metavar="FILE", help="Where to write it; - prints it.")]


@app.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy.")]) -> None:
    """Tell each problem of a policy file with its line; exit 1 if there is any. Lines that begin with -- are warnings."""
    policy = load_policy(file)
    for placeholder in find_placeholders(file):
        typer.echo(f"--  {placeholder.file}:{placeholder.line}: {placeholder.field}: to be replaced by your own value")
    for gap in find_gaps(file, policy):
        typer.echo(f"--  {gap.file}:{gap.line}: {gap.text}")
    typer.echo(f"ok  {file}: {policy.name}, version {policy.version}")


@app.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The edited policy, with a new version.")],
    tickets: Annotated[
        EditMode,
        typer.Option(
            "--tickets",
            help="For new tickets alone; for open ones from now on; or for open ones counted anew from their start.",
        ),
    ],
    why: Annotated[str, typer.Option("--why", help="Why; it stands in each ticket's timeline.")] = "policy edit",
    by: Annotated[str | None, typer.Option("--by", help="Who; your login name if left out.")] = None,
    per_second: Annotated[
        float, typer.Option("--per-second", min=0.1, max=100, help="How many tickets a second.")
    ] = 10,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change, ticket by ticket.")] = False,
) -> None:
    """Choose for which tickets an edited policy counts; without this command it never touches an open ticket."""
    from cli.policy_apply import apply_policy

    raise typer.Exit(apply_policy(file, tickets, why=why, by=by, per_second=per_second, dry_run=dry_run))


@app.command("schema")
def schema(output: Output = Path("config/policy.schema.json")) -> None:
    """Write the policy's JSON Schema, with which editors check and complete policy files."""
    write_document(policy_schema(), output)


@app.command("reference")
def reference(output: Output = Path("docs/policy.md")) -> None:
    """Write the policy's reference from its models."""
    write_document(policy_reference(), output)
