"""Write the API reference of the libraries from their docstrings, as HTML into a directory."""

import pkgutil
import sys
import warnings
from pathlib import Path

import pdoc

import kurto_dsp

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARIES = ("kurto", "kurto_dsp")


def modules() -> list[str]:
    """Return what gets a page: the libraries, and the packages of signal processing in them.

    The stubs in `kurto` are not among them: the contract describes itself.
    """
    families = pkgutil.iter_modules(kurto_dsp.__path__, "kurto_dsp.")
    return [*LIBRARIES, *sorted(module.name for module in families if module.ispkg)]


def write(output: Path) -> None:
    """Write one page for each module; anything that the generator complains of is an error."""
    pdoc.render.configure(docformat="numpy", search=True, show_source=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*modules(), output_directory=output)


if __name__ == "__main__":
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "build" / "api"
    write(directory)
    print(f"API reference: {directory}/index.html")
