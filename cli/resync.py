"""`tierline resync`: catch up with the trackers now, with named issues or with whatever changed lately."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import typer
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from config.errors import ConfigurationError
from config.policy import load_policy
from config.settings import load_settings
from config.temporal_client import temporal_connect_config
from domain.durations import format_duration
from domain.issues import Tracker
from domain.policy import Policy
from domain.reconcile import NAMES, Answer, IssueAnswer, ResyncReport, ResyncRequest, line_of, named_projects
from domain.references import issue_key
from workflows import task_queues, workflow_ids
from workflows.connecting import connect
from workflows.resync import ResyncWorkflow

_BEGINNING = timedelta(seconds=15)
"""A worker that runs takes a workflow within a second."""
_LONGEST = timedelta(minutes=10)
_POLL_S = 0.1
_NOT_BEGUN = 2
"""Events of a workflow that no worker has taken yet: that it started, and that it waits for one."""

_TOLD = {
    Answer.AGREES: "agrees",
    Answer.UNWATCHED: "no ticket is on it; link one with /tier link",
    Answer.PENDING: "its tracker does not answer yet: it is read as soon as it does",
    Answer.UNREACHED: "its workflow does not answer: does the worker run, and well? Run the command again",
}
_FAILED = frozenset({Answer.UNREACHED, Answer.UNKNOWN, Answer.UNWATCHED})
"""Of an issue that somebody named: what they wanted did not happen."""


def resync(issues: Sequence[str], *, tracker: Tracker | None, since: timedelta | None, policy_file: Path | None) -> int:
    """Run the command; returns its exit code: 0 when everything agrees now, else 1.

    Raises:
        ConfigurationError: what was asked for cannot be done here, or Temporal or the worker does not answer.
    """
    wanted = _of_issues(issues, tracker) if issues else _of_feeds(tracker, since, _policy(policy_file))
    reports = asyncio.run(_carried_out(wanted))
    told = [_tell(request, report) for request, report in zip(wanted, reports, strict=True)]
    return 0 if all(told) else 1


def _of_issues(references: Sequence[str], tracker: Tracker | None) -> list[ResyncRequest]:
    named: dict[Tracker, list[str]] = {}
    problems = []
    for reference in references:
        found = issue_key(reference) or issue_key(reference.upper())
        if found is None:
            problems.append(f"{reference}: no issue; write PAY-12, owner/repository#7 or its address")
        elif tracker is not None and found[0] is not tracker:
            problems.append(f"{reference}: not an issue of {NAMES[tracker]}; leave --tracker out")
        else:
            named.setdefault(found[0], []).append(found[1])
    if problems:
        raise ConfigurationError(problems)
    return [ResyncRequest(tracker=of, issues=tuple(dict.fromkeys(keys))) for of, keys in named.items()]


def _of_feeds(tracker: Tracker | None, since: timedelta | None, policy: Policy) -> list[ResyncRequest]:
    rules = policy.engineering.reconcile
    back = since or (rules.look_back if rules is not None else timedelta(days=1))
    trackers = [tracker] if tracker is not None else list(Tracker)
    wanted = [ResyncRequest(tracker=of, projects=named_projects(policy, of), since=back) for of in trackers]
    if tracker is None:
        wanted = [request for request in wanted if request.projects]
    if not wanted:
        raise ConfigurationError(
            ["The policy names no Jira project and no GitHub repository: add a route, or name the issues to resync."]
        )
    return wanted


def _policy(file: Path | None) -> Policy:
    return load_policy(file if file is not None else load_settings().policy_file)


async def _carried_out(wanted: Iterable[ResyncRequest]) -> list[ResyncReport]:
    config = temporal_connect_config()
    try:
        client = await connect(**config)
        return list(await asyncio.gather(*(_one(client, request) for request in wanted)))
    except (RPCError, RuntimeError, OSError):
        raise ConfigurationError(
            [f"Temporal is not reached at {config['target_host']}: set TEMPORAL_ADDRESS to its frontend, or start it."]
        ) from None


async def _one(client: Client, wanted: ResyncRequest) -> ResyncReport:
    handle = await client.start_workflow(
        ResyncWorkflow.run,
        wanted,
        id=workflow_ids.resync_id(wanted.tracker, str(uuid4())),
        task_queue=task_queues.WORKFLOWS,
        # What nobody waits for any more is not to begin when a worker comes back.
        execution_timeout=_LONGEST,
        static_summary=f"Catch up with {NAMES[wanted.tracker]} at once",
    )
    if not await _has_begun(handle):
        await handle.terminate("no worker took it")
        raise ConfigurationError(
            [
                f"No worker answers within {format_duration(_BEGINNING)}: start one (python worker.py), then run this again."
            ]
        )
    try:
        return await handle.result()
    except WorkflowFailureError:
        late = f"it took longer than {format_duration(_LONGEST)}; what was begun goes on, see {handle.id} in Temporal"
        return ResyncReport(tracker=wanted.tracker, trouble=late)


async def _has_begun(handle: WorkflowHandle[ResyncWorkflow, ResyncReport]) -> bool:
    loop = asyncio.get_running_loop()
    end = loop.time() + _BEGINNING.total_seconds()
    while loop.time() < end:
        if (await handle.describe()).history_length > _NOT_BEGUN:
            return True
        await asyncio.sleep(_POLL_S)
    return False


def _tell(wanted: ResyncRequest, report: ResyncReport) -> bool:
    """Print what came of it; whether everything agrees now."""
    name = NAMES[report.tracker]
    if report.trouble is not None:
        typer.echo(f"{name}: {report.trouble}", err=True)
        return False
    mended = [answer for answer in report.answers if answer.answer is Answer.MENDED]
    # Of a feed only what was not as it should be is worth a line.
    rest = [
        a for a in report.answers if a.answer is not Answer.MENDED and (wanted.issues or a.answer is not Answer.AGREES)
    ]
    for answer in mended:
        typer.echo(f"mended  {line_of(answer)}")
    failed = [answer for answer in rest if answer.answer in _FAILED]
    for answer in rest:
        typer.echo(f"{answer.key}: {_words(answer)}", err=answer in failed)
    if not wanted.issues:
        typer.echo(_count(name, wanted, report, len(mended)))
    elif not mended and not failed and not any(a.answer is Answer.PENDING for a in rest):
        typer.echo(f"{name}: everything agrees")
    return not failed


def _count(name: str, wanted: ResyncRequest, report: ResyncReport, mended: int) -> str:
    since = f"{report.changed} issues changed in the last {format_duration(wanted.since)}, {len(report.answers)} of them with tickets"
    return f"{name}: {since}; {f'{mended} mended' if mended else 'everything agrees'}"


def _words(answer: IssueAnswer) -> str:
    return answer.why or _TOLD.get(answer.answer, "the tracker does not know it")
