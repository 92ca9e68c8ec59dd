"""A service with fail points around its commits.

Run as ``python -m tests.faults.rig.failing_service NAME``.

The production code knows nothing of it: the adapters are wrapped before the wiring imports them.

========================== ================================================================
ingest.before_commit       samples are in memory only
ingest.after_commit        they are committed, and nobody knows yet
analyzer.before_commit     features are published to Valkey and not committed
analyzer.after_commit      they are committed and not acknowledged to ingest
alerts.before_commit       transitions are decided and not committed
alerts.after_commit        they are committed and not published
========================== ================================================================
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tests.faults.rig.fail_points import reach

from kurto_service.runtime import main


def failing(adapter: type[Any], service: str) -> type[Any]:
    """Return an adapter whose ``commit`` passes two fail points."""

    class Failing(adapter):  # type: ignore[misc]
        async def commit(self, *arguments: Any, **options: Any) -> Any:
            await reach(f"{service}.before_commit")
            result = await super().commit(*arguments, **options)
            await reach(f"{service}.after_commit")
            return result

    Failing.__name__ = adapter.__name__
    return Failing


def ingest() -> None:
    """Run ingest."""
    from kurto_ingest import postgres  # noqa: PLC0415

    _replace(postgres, "PostgresSampleStore", "ingest")
    from kurto_ingest.settings import IngestSettings  # noqa: PLC0415
    from kurto_ingest.wiring import wire  # noqa: PLC0415

    main("ingest", IngestSettings, wire)


def analyzer() -> None:
    """Run the analyzer."""
    from kurto_analyzer import postgres  # noqa: PLC0415

    _replace(postgres, "PostgresFeatureStore", "analyzer")
    from kurto_analyzer.settings import AnalyzerSettings  # noqa: PLC0415
    from kurto_analyzer.wiring import wire  # noqa: PLC0415

    main("analyzer", AnalyzerSettings, wire)


def alerts() -> None:
    """Run alerts."""
    from kurto_alerts.postgres import evaluation  # noqa: PLC0415

    _replace(evaluation, "PostgresEvaluation", "alerts")
    from kurto_alerts.settings import AlertsSettings  # noqa: PLC0415
    from kurto_alerts.wiring import wire  # noqa: PLC0415

    main("alerts", AlertsSettings, wire)


def _replace(module: object, name: str, service: str) -> None:
    setattr(module, name, failing(getattr(module, name), service))


SERVICES: dict[str, Callable[[], None]] = {
    "ingest": ingest,
    "analyzer": analyzer,
    "alerts": alerts,
}

if __name__ == "__main__":
    SERVICES[sys.argv[1]]()
