"""The `tierline` command."""

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli import policy as policy_commands
from cli import settings as settings_commands
from config.errors import ConfigurationError
from config.version import VERSION
from domain.durations import parse_duration
from domain.issues import Tracker
from integrations.errors import IntegrationError

_DEBUG = "--debug"
_OWN_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="tierline",
    help="Owns the path of a support ticket, from the first reply to the outside vendor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(policy_commands.app, name="policy")
app.add_typer(settings_commands.app, name="settings")


@app.callback()
def options(
    debug: Annotated[bool, typer.Option(_DEBUG, help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Owns the path of a support ticket, from the first reply to the outside vendor."""
    # `main` reads the option itself: it has to know before anything can fail.


@app.command("check")
def check(
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="The policy to check instead of the configured one.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Read settings and policy only; connect to nothing.")
    ] = False,
) -> None:
    """Check settings, policy, connections and permissions: one line each, and exit 1 when something is to be done."""
    from cli.check import check as run_check

    raise typer.Exit(0 if run_check(policy=policy, offline=offline) else 1)


@app.command("doctor")
def doctor(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TICKET]...", help="Tickets by number, other workflows by id; left out, all that are ill."
        ),
    ] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Reopen what ended before its time.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Take what stands still back to before its fault, and let it go on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find workflows that stand still or ended before their time; exit 1 when something is to be done."""
    from cli.doctor import doctor as run_doctor

    raise typer.Exit(run_doctor(names or [], reopening=reopen, repairing=repair, as_json=as_json))


@app.command("resync")
def resync(
    issues: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ISSUE]...", help="Issues by key or address; left out, whatever changed lately."),
    ] = None,
    tracker: Annotated[Tracker | None, typer.Option("--tracker", help="Only this one.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="How far back, such as 2h or 3d; the policy's look_back if left out."
        ),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="The policy instead of the configured one.")
    ] = None,
) -> None:
    """Catch up with Jira and GitHub now, and print what was mended; exit 1 when something could not be."""
    from cli.resync import resync as run_resync

    raise typer.Exit(run_resync(issues or [], tracker=tracker, since=_length(since), policy_file=policy))


def _length(text: str | None) -> timedelta | None:
    try:
        return parse_duration(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


@app.command("demo", add_help_option=False, context_settings=_OWN_OPTIONS)
def demo(context: typer.Context) -> None:
    """Watch a ticket live: engine, sandbox, gateway and worker on this machine (`tierline demo --help`)."""
    from cli.demo import demo as run_demo

    _run_inner(run_demo, context)


@app.command("simulate", add_help_option=False, context_settings=_OWN_OPTIONS)
def simulate(context: typer.Context) -> None:
    """Try a policy on an event log of the past: what would it have breached? (`tierline simulate --help`)."""
    from cli.simulate import simulate as run_simulation

    _run_inner(run_simulation, context)


@app.command("replay", add_help_option=False, context_settings=_OWN_OPTIONS)
def replay(context: typer.Context) -> None:
    """Hold the live workflow against the simulation, on tickets of a log (`tierline replay --help`)."""
    from cli.replay import replay_log as run_replay

    _run_inner(run_replay, context)


def _run_inner(command: Callable[..., None], context: typer.Context) -> None:
    """Run a command that reads its own options, so that its many imports cost the other commands nothing."""
    inner = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    inner.command()(command)
    inner(args=context.args, prog_name=f"tierline {context.info_name}")


@app.command("version")
def show_version() -> None:
    """Print the version."""
    typer.echo(f"tierline {VERSION}")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave: 0 done, 1 something is wrong, 2 wrong usage, 130 interrupted. Never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _leave(_run([argument for argument in given if argument != _DEBUG], debug=_DEBUG in given))


def _run(arguments: list[str], *, debug: bool) -> int:
    # The vendors' libraries log what we tell in a line of our own; without a handler that would go to the terminal as well.
    logging.basicConfig(handlers=None if debug else [logging.NullHandler()])
    try:
        app(args=arguments, prog_name="tierline")
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            _tell(leaving.code)
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except KeyboardInterrupt:
        return 130
    except (ConfigurationError, IntegrationError) as error:
        _tell(str(error))
        return 1
    except BrokenPipeError:
        return 1
    except Exception as error:
        if debug:
            traceback.print_exc()
        else:
            reason = " ".join(str(error).split())[:300]
            _tell(f"tierline: {type(error).__name__}{': ' + reason if reason else ''}")
            _tell(f"Run again with {_DEBUG} to see the traceback.")
        return 1
    return 0


def _tell(text: str) -> None:
    typer.echo(text, err=True)


def _leave(code: int) -> NoReturn:
    """Flush and leave at once: a short-lived Temporal client may crash while the interpreter takes itself down."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
