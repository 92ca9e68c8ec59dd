"""``python -m kurto_analyzer``."""

from kurto_analyzer.settings import AnalyzerSettings
from kurto_analyzer.wiring import wire
from kurto_service.runtime import main

if __name__ == "__main__":
    main("analyzer", AnalyzerSettings, wire)
