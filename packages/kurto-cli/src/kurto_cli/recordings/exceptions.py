"""What goes wrong with files."""


class RecordingError(ValueError):
    """A file that cannot be used; the message is one line and says what would help."""


def one_line(error: BaseException, limit: int = 200) -> str:
    """Return what an error says in one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
