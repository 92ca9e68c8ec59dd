"""Recordings of vibration in files: one reader for all commands."""

from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.reading import SUFFIXES, read_recording
from kurto_cli.recordings.recording import RecordedSpeed, Recording, SampleMatrix, Segment

__all__ = [
    "SUFFIXES",
    "RecordedSpeed",
    "Recording",
    "RecordingError",
    "SampleMatrix",
    "Segment",
    "read_recording",
]
