"""Constructs what analyses on demand need."""

from __future__ import annotations

from kurto_analyzer.feature_reader import FeatureReader
from kurto_analyzer.on_demand.analyst import Analyst
from kurto_analyzer.on_demand.heavy_work import HeavyWork
from kurto_analyzer.on_demand.samples import IngestSamples
from kurto_analyzer.on_demand.servicer import SpectrumDesk
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.runtime import Runtime

__all__ = ["spectrum_desk"]


def spectrum_desk(
    settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings], newest: FeatureReader
) -> SpectrumDesk:
    """Return what answers about spectra; ingest need not be up."""
    samples = IngestSamples(
        runtime.channel(settings.ingest_address),
        timeout_s=settings.sample_read_timeout_s,
        longest_s=settings.max_analysis_s,
        max_samples=settings.max_analysis_samples,
    )
    work = HeavyWork(places=settings.max_analyses, timeout_s=settings.analysis_timeout_s)
    runtime.push_close(work.close)
    analyst = Analyst(samples, work, longest_s=settings.max_analysis_s)
    return SpectrumDesk(newest, analyst, runtime.queries)
