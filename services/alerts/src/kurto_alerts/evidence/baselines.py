"""Takes the spectra of new baselines while the samples that they were learned from are stored."""

import asyncio
import logging
from datetime import timedelta

import grpc

from kurto_alerts.evidence.ports import EvidenceStore, SampleSource, SignalRefused, SignalSource
from kurto_alerts.evidence.ranges import line_count
from kurto_alerts.failures import is_passing
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)
BATCH_SIZE = 100


class BaselineSpectra:
    """Looks for baselines that were frozen a short time ago and have no spectra yet.

    Parameters
    ----------
    store : EvidenceStore
        Knows baselines and keeps spectra.
    samples : SampleSource
        Gives the samples with which learning ended.
    signals : SignalSource
        Gives their spectra.
    clock : Clock
        Time.
    span_s : float
        Seconds of samples that a spectrum is of.
    age_s : float
        Seconds after freezing for which it is tried.
    poll_s : float
        Seconds between two looks.
    """

    def __init__(
        self,
        store: EvidenceStore,
        samples: SampleSource,
        signals: SignalSource,
        clock: Clock,
        *,
        span_s: float,
        age_s: float,
        poll_s: float,
    ) -> None:
        self._store = store
        self._samples = samples
        self._signals = signals
        self._clock = clock
        self._span = timedelta(seconds=span_s)
        self._age = timedelta(seconds=age_s)
        self._poll_s = poll_s

    async def run(self) -> None:
        """Look for ever; what is away only postpones it."""
        while True:
            try:
                await self.run_once()
            except Exception as error:
                away = isinstance(error, grpc.aio.AioRpcError | asyncio.InvalidStateError)
                if not (away or is_passing(error)):
                    raise
                extra = {"action": "baseline_spectra_postponed", "problem": repr(error)}
                _LOG.warning("Cannot take spectra of new baselines", extra=extra)
            await self._clock.sleep(self._poll_s)

    async def run_once(self) -> int:
        """Take the spectra that are missing; return how many."""
        taken = 0
        after = self._clock.now() - self._age
        for baseline_id, sensor_id, end in await self._store.new_baselines(after, BATCH_SIZE):
            record, _ = await self._samples.read(sensor_id, end - self._span, end, moment=end)
            if record is None:
                continue
            for channel in record.header.channels:
                try:
                    spectrum = await self._signals.spectrum(
                        sensor_id,
                        channel,
                        record.start_us,
                        record.duration_us,
                        line_count(record.samples.shape[1]),
                    )
                except SignalRefused as error:
                    extra = {"action": "baseline_spectrum_refused", "problem": str(error)}
                    _LOG.info("A baseline has no spectrum", extra={**extra, "channel": channel})
                    continue
                await self._store.save_baseline_spectrum(baseline_id, spectrum)
                taken += 1
        return taken
