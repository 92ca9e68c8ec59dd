"""The examples in docstrings give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


def modules_with_examples() -> list[str]:
    """Return the names of the hand-written modules that show examples; stubs sit in `v1`."""
    names = []
    for root in ("packages", "services"):
        for path in sorted((REPOSITORY / root).glob("*/src/**/*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts[3:]
            if "v1" not in parts and ">>> " in path.read_text(encoding="utf-8"):
                names.append(".".join(parts).removesuffix(".__init__"))
    return names


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_say(name: str) -> None:
    runner = doctest.DocTestRunner()
    said: list[str] = []
    for example in doctest.DocTestFinder().find(importlib.import_module(name)):
        runner.run(example, out=said.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(said)


def test_the_libraries_show_examples() -> None:
    packages = {name.partition(".")[0] for name in modules_with_examples()}
    assert packages >= {"kurto", "kurto_dsp"}
