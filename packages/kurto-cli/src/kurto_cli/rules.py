"""`kurto rules`: rules as files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer

import kurto
from kurto.alerts.v1 import alerts_pb2, rule_service_pb2
from kurto.calls import answer
from kurto_cli.rule_files.differences import WORDS, difference_lines, real_changes, summary
from kurto_cli.rule_files.exceptions import RuleFileError
from kurto_cli.rule_files.reading import read_rules
from kurto_cli.rule_files.writing import write_rules
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, fail, run_to_end

TIMEOUT_S = 30.0

rules = typer.Typer(
    help="Alarm rules: list them, keep them as files, try them on what is stored.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Option("--file", "-f", metavar="FILE", help="YAML file of rules.")]
Prune = Annotated[
    bool,
    typer.Option("--prune", help="Rules that the file lacks shall go, but those of day one."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
]
DayOne = Annotated[
    bool, typer.Option("--day-one", help="Also the rules that came with the machines.")
]
RuleId = Annotated[str, typer.Argument(metavar="[RULE]", help="Id of a rule; default: all.")]
Count = Annotated[int, typer.Option(min=1, max=1000, help="Changes to show.")]

Work = Callable[[kurto.Client], Coroutine[Any, Any, None]]


@rules.command("apply")
def apply_file(
    file: File,
    *,
    prune: Prune = False,
    dry_run: DryRun = False,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Create and change rules as a file says, all of them or none."""
    wanted = read_file(file)

    async def work(client: kurto.Client) -> None:
        changes = await _apply(client, wanted, prune=prune, dry_run=dry_run)
        for change in real_changes(changes):
            typer.echo(f"{WORDS[change.change]} {change.rule_id} (version {change.version})")
        typer.echo(f"{summary(changes)}{'; nothing was changed' if dry_run else ''}")

    call_service(work, target, token, ca_certificate)


@rules.command()
def diff(
    file: File,
    *,
    prune: Prune = False,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Show what `apply` would change: status 0 for nothing, 1 for something, 2 for trouble."""
    wanted = read_file(file)
    found: list[rule_service_pb2.RuleVersion] = []

    async def work(client: kurto.Client) -> None:
        found.extend(real_changes(await _apply(client, wanted, prune=prune, dry_run=True)))

    try:
        call_service(work, target, token, ca_certificate)
    except typer.Exit as trouble:
        raise typer.Exit(2) from trouble
    for change in found:
        for line in difference_lines(change):
            typer.echo(line)
    if found:
        raise typer.Exit(1)


@rules.command()
def export(
    output: Output = None,
    *,
    day_one: DayOne = False,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Write the stored rules as a file that `apply` takes."""

    async def work(client: kurto.Client) -> None:
        chosen = [rule async for rule in _stored(client) if day_one or not rule.day_one]
        text = write_rules(chosen)
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")
            typer.echo(f"{output}: {len(chosen)} rules")

    call_service(work, target, token, ca_certificate)


@rules.command("list")
def list_rules(
    *,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """List the stored rules."""

    async def work(client: kurto.Client) -> None:
        async for rule in _stored(client):
            measure = alerts_pb2.Measure.Name(rule.measure).removeprefix("MEASURE_").lower()
            state = " disabled" if rule.disabled else ""
            typer.echo(
                f"{rule.rule_id}\t{rule.feature or measure}\tversion {rule.version}"
                f" by {rule.update_principal}{state}\t{rule.display_name}"
            )

    call_service(work, target, token, ca_certificate)


@rules.command()
def history(
    rule_id: RuleId = "",
    *,
    count: Count = 20,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Show who changed rules when, from what to what, the newest change first."""

    async def work(client: kurto.Client) -> None:
        request = rule_service_pb2.ListRuleVersionsRequest(rule_id=rule_id, page_size=count)
        call = client.rules.ListRuleVersions(request, metadata=client.metadata, timeout=TIMEOUT_S)
        for change in (await answer(call)).versions:
            time = change.change_time.ToDatetime(tzinfo=UTC).isoformat(timespec="seconds")
            typer.echo(
                f"{time} {change.rule_id} version {change.version}"
                f" {WORDS[change.change]} by {change.principal}"
            )
            if change.change == rule_service_pb2.RULE_CHANGE_UPDATED:
                for line in difference_lines(change):
                    if not line.startswith(("---", "+++")):
                        typer.echo(f"  {line}")

    call_service(work, target, token, ca_certificate)


def read_file(file: Path) -> list[alerts_pb2.Rule]:
    """Return the rules of a file, or end with status 2 and what is wrong with it."""
    try:
        return read_rules(file.read_text(encoding="utf-8"))
    except RuleFileError as error:
        fail(f"{file}: {error}", status=2)
    except UnicodeDecodeError:
        fail(f"{file}: no UTF-8 text", status=2)
    except OSError as error:
        fail(f"{file}: {error.strerror}", status=2)


async def _apply(
    client: kurto.Client, wanted: list[alerts_pb2.Rule], *, prune: bool, dry_run: bool
) -> list[rule_service_pb2.RuleVersion]:
    request = rule_service_pb2.ApplyRulesRequest(rules=wanted, prune=prune, dry_run=dry_run)
    call = client.rules.ApplyRules(request, metadata=client.metadata, timeout=TIMEOUT_S)
    return list((await answer(call)).changes)


async def _stored(client: kurto.Client) -> AsyncIterator[alerts_pb2.Rule]:
    request = rule_service_pb2.ListRulesRequest(page_size=1000)
    while True:
        call = client.rules.ListRules(request, metadata=client.metadata, timeout=TIMEOUT_S)
        page = await answer(call)
        for rule in page.rules:
            yield rule
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def call_service(work: Work, target: str, token: str | None, ca_certificate: Path | None) -> None:
    """Do work with a client; what the service finds wrong with a rule ends with status 2."""

    async def connected() -> None:
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            try:
                await work(client)
            except kurto.CallError as error:
                if error.code is grpc.StatusCode.INVALID_ARGUMENT:
                    fail(str(error), status=2)
                raise

    run_to_end(connected)
