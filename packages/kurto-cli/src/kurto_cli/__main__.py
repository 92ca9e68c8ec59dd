"""Run the `kurto` command."""

from kurto_cli.app import app


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="kurto")


if __name__ == "__main__":
    main()
