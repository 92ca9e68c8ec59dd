"""Accept the contract as released: what `make check` compares later changes against."""

import json
import subprocess
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def write_image(repository: Path) -> None:
    """Write ``protos/released.json``, one line per item so that changes can be reviewed."""
    with tempfile.TemporaryDirectory() as directory:
        image = Path(directory) / "image.json"
        words = ["buf", "build", "protos", "--exclude-source-info", "--output", str(image)]
        subprocess.run(words, check=True, cwd=repository)
        content = json.loads(image.read_text(encoding="utf-8"))
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    (repository / "protos" / "released.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_image(REPOSITORY)
