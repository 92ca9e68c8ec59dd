"""The API reference can be generated from the docstrings, without a complaint."""

import subprocess
import sys
from pathlib import Path


def test_every_library_gets_its_pages(repository: Path, tmp_path: Path) -> None:
    words = [sys.executable, str(repository / "tools" / "api_reference.py"), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    pages = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.html")}
    assert pages >= {"kurto.html", "kurto_dsp.html", "kurto_dsp/diagnosis.html"}
    text = (tmp_path / "kurto_dsp" / "diagnosis.html").read_text(encoding="utf-8")
    assert "diagnose_window" in text
    assert "Squared envelope" in text or "squared envelope" in text
    assert str(repository) not in text
