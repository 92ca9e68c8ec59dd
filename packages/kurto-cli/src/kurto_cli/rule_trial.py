"""`kurto rules try`: what a rule would have raised."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import grpc
import typer

import kurto
from kurto.alerts.v1 import alerts_pb2, rule_service_pb2
from kurto.exceptions import from_rpc_error
from kurto_cli.rule_files.quantities import format_duration, parse_duration
from kurto_cli.rules import File, call_service, read_file, rules
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, fail

__all__ = ["rules", "try_rule"]

Rule = Annotated[str, typer.Option(help="Id of the rule, where the file has several.")]
Last = Annotated[str, typer.Option(metavar="DURATION", help="How far to look back: 12h, 7d.")]
Sensors = Annotated[list[str] | None, typer.Option("--sensor", help="Only this sensor; repeat.")]


@rules.command("try")
def try_rule(
    file: File,
    *,
    rule: Rule = "",
    last: Last = "7d",
    sensor: Sensors = None,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Say what alerts a rule would have raised on what is stored; none are raised."""
    request = rule_service_pb2.TryRuleRequest(
        rule=_chosen(read_file(file), rule), sensor_ids=sensor or ()
    )
    try:
        back = timedelta(microseconds=parse_duration(last))
    except ValueError as error:
        fail(f"--last: {error}", status=2)
    request.start_time.FromDatetime(datetime.now(UTC) - back)

    async def work(client: kurto.Client) -> None:
        _show(await _result(client, request), last)

    call_service(work, target, token, ca_certificate)


def _chosen(found: Sequence[alerts_pb2.Rule], rule_id: str) -> alerts_pb2.Rule:
    named = [rule for rule in found if rule_id in ("", rule.rule_id)]
    if len(named) != 1:
        names = ", ".join(rule.rule_id for rule in found)
        fail(f"--rule: name one of the rules of the file: {names or 'it has none'}", status=2)
    return named[0]


async def _result(
    client: kurto.Client, request: rule_service_pb2.TryRuleRequest
) -> rule_service_pb2.TrialResult:
    try:
        async for message in client.rules.TryRule(request, metadata=client.metadata):
            if message.WhichOneof("part") == "result":
                return message.result
            progress = message.progress
            if sys.stderr.isatty():
                typer.echo(
                    f"\r{progress.sensor_count} of {progress.sensor_total} sensors,"
                    f" {progress.window_count} windows, {progress.episode_count} alerts ",
                    err=True,
                    nl=False,
                )
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    raise kurto.KurtoError("The service ended the trial without a result: try again")


def _show(result: rule_service_pb2.TrialResult, last: str) -> None:
    for episode in result.episodes:
        severity = alerts_pb2.Severity.Name(episode.severity).removeprefix("SEVERITY_")
        raised = episode.raise_time.ToDatetime(tzinfo=UTC)
        lasted = "still present at the end"
        if episode.HasField("resolve_time"):
            microseconds = (
                episode.resolve_time.ToMicroseconds() - episode.raise_time.ToMicroseconds()
            )
            lasted = f"for {format_duration(microseconds)}"
        typer.echo(
            f"{raised.isoformat(timespec='seconds')} {severity} {episode.sensor_id}"
            f" {episode.channel}, worst {episode.worst_value:.6g}, {lasted}"
        )
    windows = sum(sensor.window_count for sensor in result.sensors)
    missing = sum(sensor.missing_window_count for sensor in result.sensors)
    typer.echo(
        f"would have raised {result.episode_count} alerts in the last {last}:"
        f" {len(result.sensors)} sensors, {windows} windows evaluated, {missing} missing"
    )
    for sensor in result.sensors:
        begin = "nothing is stored"
        if sensor.HasField("first_time"):
            begin = f"stored from {sensor.first_time.ToDatetime(tzinfo=UTC).isoformat()} on"
        typer.echo(f"  {sensor.sensor_id}: {begin}")
    if result.incomplete:
        typer.echo(f"kurto: not everything was tried, because of {result.incomplete}", err=True)
