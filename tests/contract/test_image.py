"""The image of this commit builds in a fresh Debian root and runs there read-only as its own user."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT


@pytest.mark.proof
@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mmdebstrap") is None,
    reason="a Debian root is made by mmdebstrap and entered by root; the gate has both",
)
def test_the_image_builds_migrates_serves_and_stops() -> None:
    check = subprocess.run(
        [sys.executable, "-m", "tests.contract.image_check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )

    assert check.returncode == 0, check.stdout + check.stderr
    assert check.stdout.endswith("the image builds, migrates, serves and stops\n")
