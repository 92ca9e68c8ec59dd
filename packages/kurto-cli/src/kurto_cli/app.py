"""The `kurto` command: one module for each subcommand, registered here."""

import typer

from kurto_cli.alarms import alarms
from kurto_cli.analyze import analyze
from kurto_cli.demo_machines import demo_machines
from kurto_cli.export import export
from kurto_cli.replay import replay
from kurto_cli.rule_trial import rules
from kurto_cli.simulate import simulate
from kurto_cli.up import up

app = typer.Typer(
    name="kurto",
    help="Condition monitoring of rotating machines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(up)
app.command()(simulate)
app.command()(replay)
app.command()(analyze)
app.command()(export)
app.add_typer(rules, name="rules")
app.add_typer(alarms, name="alarms")
app.command(hidden=True)(demo_machines)


@app.callback()
def kurto() -> None:
    """Condition monitoring of rotating machines."""
