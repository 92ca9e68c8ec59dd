"""`kurto alarms`: figures about alarms."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToJson

import kurto
from kurto.alerts.v1 import alarm_report_pb2
from kurto.assets.v1 import asset_service_pb2
from kurto.calls import answer
from kurto_cli.alarm_tables import report_lines
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, run_to_end

TIMEOUT_S = 30.0

alarms = typer.Typer(help="Alarms: figures about a period.", no_args_is_help=True)


class ReportFormat(enum.StrEnum):
    """How figures are written."""

    TABLE = "table"
    JSON = "json"


From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", help="Begin, such as 2026-01-31T12:00Z; default: 7 days back."
    ),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, exclusive; or now.")]
Machine = Annotated[
    list[str] | None, typer.Option(help="Only this machine; may be given several times.")
]
Site = Annotated[str, typer.Option(help="Only the machines of this site.")]
Format = Annotated[ReportFormat, typer.Option("--format", help="How to write it.")]


@alarms.callback()
def group() -> None:
    """Alarms: figures about a period."""


@alarms.command()
def report(
    *,
    start: From = None,
    end: To = None,
    machine: Machine = None,
    site: Site = "",
    output: Format = ReportFormat.TABLE,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Say how many alarms there were, from where, and how soon they were acknowledged."""

    async def work() -> None:
        request = alarm_report_pb2.GetAlarmReportRequest(machine_ids=machine or [])
        for option, text, field in (
            ("--from", start, request.start_time),
            ("--to", end, request.end_time),
        ):
            if text is not None:
                field.FromDatetime(moment(option, text))
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            if site:
                request.machine_ids.extend(await machines_of(client, site))
            call = client.alerts.GetAlarmReport(
                request, metadata=client.metadata, timeout=TIMEOUT_S
            )
            found = (await answer(call)).report
        if output is ReportFormat.JSON:
            json = MessageToJson(
                found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            typer.echo(json)
        else:
            typer.echo("\n".join(report_lines(found)))

    run_to_end(work)


async def machines_of(client: kurto.Client, site_id: str) -> list[str]:
    """Return the ids of a site's machines.

    Raises
    ------
    ValueError
        If it has none: figures of none would be those of all.
    """
    request = asset_service_pb2.ListMachinesRequest(site_id=site_id, page_size=1000)
    found: list[str] = []
    while True:
        call = client.assets.ListMachines(request, metadata=client.metadata, timeout=TIMEOUT_S)
        page = await answer(call)
        found += [machine.machine_id for machine in page.machines]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    if not found:
        raise ValueError(f"site {site_id!r} has no machines")
    return found


def moment(option: str, text: str) -> datetime:
    """Return the time that an option says; ValueError if it is none or has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} is {text!r}; give a time such as 2026-01-31T12:00Z") from None
    if time.tzinfo is None:
        raise ValueError(f"{option} is {text!r}, without a zone; add Z for UTC, or +01:00")
    return time
