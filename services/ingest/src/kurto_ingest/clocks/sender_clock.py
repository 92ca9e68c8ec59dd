"""What is known of a sender's clock and of its converter's rate, from a few readings a second."""

from __future__ import annotations

from dataclasses import dataclass

from kurto_ingest.clocks.lower_envelope import Line, LowerEnvelope
from kurto_ingest.clocks.step_detector import StepDetector
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import span_us

__all__ = ["ClockFinding", "SenderClock"]

_QUEUED_US = 500_000  # a batch that came so much later than others had been waiting somewhere
_SETTLED_S = 5.0
_DRIFT_SPAN_S = 60.0
_DRIFT_PPM, _RESTORED_PPM = 100.0, 80.0
_CONFIRMATIONS = 3
_NOTE_INTERVAL_S, _LONGEST_NOTE_INTERVAL_S = 60.0, 600.0
_NOTE_ERROR_US = 500.0


@dataclass(frozen=True, slots=True)
class ClockFinding:
    """Something about a clock that is worth an event; `value` is that of the event."""

    kind: EventKind
    value: float
    message: str


class SenderClock:
    """Measures when samples were really taken.

    Every reading says: this sample came at that time, and its sender says it was taken at that
    one. The network only ever adds to the first, so the lowest line below the differences between
    arrival and nominal time tells the true offset and rate; the service's own clock is the truth.
    The sender's clock bounds it from above once more: by what `opened` measured. A clock that is
    set shows as a step between the sender's times and the nominal ones, without any network in
    between. Samples of a recording or from a buffer come at any time: there the sender's times are
    believed, and its clock's offset added.

    Parameters
    ----------
    stream_format : StreamFormat
        The stream.
    recorded : bool
        True for recordings and samples from a buffer.
    """

    def __init__(self, stream_format: StreamFormat, *, recorded: bool) -> None:
        self._format = stream_format
        self._recorded = recorded
        self._envelope = LowerEnvelope()
        self._steps = StepDetector()
        self._stepped_us = 0.0  # what the sender's clock was set by, all in all
        self._opened_offset_us: int | None = None
        self._bound_wanted = False
        self._noted: SampleTime | None = None
        self._noted_s = 0.0
        self._jumped = False
        self._confirmed = 0
        self._found: list[ClockFinding] = []
        self._rows: list[SampleTime] = []
        self.drifting = False
        #: The service's clock minus the sender's, in microseconds; None if it is not known.
        self.offset_us: int | None = None
        #: Corrected minus nominal time of the newest samples, in microseconds; 0 until measured.
        self.correction_us = 0
        #: How much faster than nominal the converter samples; None if it is not known.
        self.rate_error_ppm: float | None = None

    def opened(self, offset_us: int | None, *, now: bool = True) -> None:
        """Take what OpenStream measured: the service's clock minus the sender's.

        Parameters
        ----------
        offset_us : int or None
            The offset in microseconds.
        now : bool
            False for one that was measured some time ago: clocks drift.
        """
        if offset_us is not None:
            self._opened_offset_us = self.offset_us = offset_us
            self._bound_wanted = now

    def observe(self, first: int, count: int, device_us: int, arrival_us: int) -> None:
        """Take a reading.

        Parameters
        ----------
        first, count : int
            The batch: index of its first sample, and samples per channel.
        device_us : int
            The sender's clock at the first sample, microseconds since 1970-01-01T00:00:00Z.
        arrival_us : int
            The service's clock when the batch came.
        """
        layout = self._format
        nominal_us = layout.time_us(first)
        last_us = layout.time_us(first + count - 1) + span_us(1, layout.sample_rate_hz)
        x_s = (nominal_us - layout.anchor_us) / 1e6
        difference_us = device_us - nominal_us
        if self._recorded:
            delay_us = float(difference_us - self._stepped_us + (self._opened_offset_us or 0))
        else:
            delay_us = float(arrival_us - last_us)
        step_us = self._steps.add(x_s, difference_us)
        if step_us is not None:
            delay_us = self._step(step_us, x_s, delay_us)
        if self._steps.in_doubt:
            return
        self._bound(x_s, difference_us)
        line = self._envelope.line() if self._is_settled else None
        if line is not None and delay_us > line.value(x_s) + _QUEUED_US:
            return
        if self._envelope.add(x_s, delay_us) or self._jumped:
            self._evaluate(first, x_s, device_us)

    @property
    def _is_settled(self) -> bool:
        return self._envelope.span_s >= _SETTLED_S

    def _bound(self, x_s: float, difference_us: float) -> None:
        if self._bound_wanted and self._opened_offset_us is not None and not self._recorded:
            self._envelope.add(x_s, difference_us + self._opened_offset_us)
        self._bound_wanted = False

    def _step(self, step_us: float, x_s: float, delay_us: float) -> float:
        """Take note of a step; returns the delay, without it if the sender's clock was set."""
        seconds = step_us / 1e6
        line = self._envelope.line()
        came_us = delay_us - line.value(x_s) if line is not None else 0.0
        paused = not self._recorded and abs(came_us - step_us) < abs(step_us) / 2
        if paused:
            # Samples come later by as much as the sender says: none were taken in between.
            self._envelope.shift(step_us)
            self._jumped = True
            message = f"Sampling paused: times of the samples from here on move by {seconds:+.3f} s"
        else:
            self._stepped_us += step_us
            if self._opened_offset_us is not None:
                self._opened_offset_us -= round(step_us)
            if self._recorded:
                delay_us -= step_us
            message = f"The sender's clock was set by {seconds:+.3f} s: sample times are not moved"
        self._found.append(ClockFinding(EventKind.CLOCK_STEP, seconds, message + "."))
        return delay_us

    def _evaluate(self, first: int, x_s: float, device_us: int) -> None:
        line = self._envelope.line()
        if line is None:
            return
        sample_offset_us = line.value(x_s)
        if self._is_settled and not self._recorded:
            self.correction_us = round(sample_offset_us)
        self.offset_us = round(sample_offset_us + self._format.time_us(first) - device_us)
        if self._envelope.span_s >= _DRIFT_SPAN_S:
            self.rate_error_ppm = -line.slope
            self._judge_rate(-line.slope)
        if self._jumped or self._is_settled:
            self._note(first, x_s, device_us, sample_offset_us, line)

    def _judge_rate(self, error_ppm: float) -> None:
        wrong = abs(error_ppm) > (_RESTORED_PPM if self.drifting else _DRIFT_PPM)
        self._confirmed = self._confirmed + 1 if wrong != self.drifting else 0
        if self._confirmed < _CONFIRMATIONS:
            return
        self.drifting, self._confirmed = wrong, 0
        kind = EventKind.RATE_DRIFT if wrong else EventKind.RATE_RESTORED
        state = "is off" if wrong else "is right again"
        message = f"The sample rate {state}: {error_ppm:+.0f} ppm of the nominal one."
        self._found.append(ClockFinding(kind, error_ppm, message))
        self._noted_s = -_LONGEST_NOTE_INTERVAL_S  # to be noted at once

    def _note(self, first: int, x_s: float, device_us: int, offset_us: float, line: Line) -> None:
        """Keep the time of this sample, if it says more than the last one that was kept."""
        noted = self._noted
        if noted is not None and not self._jumped:
            if first <= noted.first_index:
                return
            waited_s = x_s - self._noted_s
            expected_us = noted.offset_us - noted.rate_error_ppm * waited_s
            if waited_s < min(_NOTE_INTERVAL_S, max(_SETTLED_S, self._noted_s / 2)):
                return
            error_us = abs(offset_us - expected_us)
            if error_us < _NOTE_ERROR_US and waited_s < _LONGEST_NOTE_INTERVAL_S:
                return
        self._noted = SampleTime(
            sensor_id=self._format.sensor_id,
            epoch=self._format.epoch,
            first_index=first,
            device_us=device_us,
            offset_us=round(offset_us),
            rate_error_ppm=-line.slope if self._envelope.span_s >= _DRIFT_SPAN_S / 3 else 0.0,
            jump=self._jumped,
        )
        self._noted_s, self._jumped = x_s, False
        self._rows.append(self._noted)

    def take(self) -> tuple[list[ClockFinding], list[SampleTime]]:
        """Return what was found since the last time: events, and rows to be kept."""
        found, self._found = self._found, []
        rows, self._rows = self._rows, []
        return found, rows
