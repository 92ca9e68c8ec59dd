"""What can be wrong with a file of rules."""


class RuleFileError(ValueError):
    """A file of rules cannot be used; the message names the line and what to change."""
