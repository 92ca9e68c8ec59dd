"""Checks of single fields of requests."""

from kurto_alerts.exceptions import FieldInvalid


def checked_text(name: str, text: str, *, most: int = 1000) -> str:
    """Return a text that is short enough and storable."""
    if len(text) > most or "\0" in text:
        raise FieldInvalid(
            f"{name} must have at most {most} characters, none of them NUL", field=name
        )
    return text
