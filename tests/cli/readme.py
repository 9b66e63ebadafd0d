"""The commands that README.md and docs/api.md show, taken out of them and run as a reader would."""

import subprocess
from pathlib import Path
from typing import Final

from tests.architecture.sources import ROOT

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE: Final = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def blocks(heading: str, language: str, text: str = README) -> list[str]:
    """The blocks of code under a heading."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [part.split("```", 1)[0] for part in section.split(f"```{language}\n")[1:]]


def commands(heading: str, text: str = README) -> list[str]:
    """The blocks of shell under a heading."""
    return blocks(heading, "sh", text)


def run(folder: Path, *blocks: str) -> list[str]:
    """What the blocks print in one shell, line by line, for the demo in this folder."""
    text = "\n".join(blocks).replace("DEMO=.isomod/demo.json", f"DEMO={folder}/demo.json", 1)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "no_proxy": "*"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()
