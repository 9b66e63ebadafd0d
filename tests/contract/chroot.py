"""A Debian root as a folder: made, mounted and entered; knows no product and leaves no mount behind in its namespace."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = "python3,python3-venv,ca-certificates"
OF_INSTALLER = re.compile(
    r"(PIP_|NPM_CONFIG_|NODE_EXTRA_CA_CERTS$|SSL_CERT_|REQUESTS_CA_BUNDLE$|(HTTPS?|NO|ALL)_PROXY$)",
    re.IGNORECASE,
)


def bootstrap(root: Path) -> None:
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root], check=True
    )


def copy_of(root: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", "--reflink=auto", root, target], check=True)


def installer_environment() -> dict[str, str]:
    """How this machine's pip reaches its packages: its variables, and its configuration files as variables."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    found = {}
    for line in listing.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in {"global", "install", "download"}:
            found[f"PIP_{name.upper().replace('-', '_')}"] = str(ast.literal_eval(value))
    return found | {name: value for name, value in os.environ.items() if OF_INSTALLER.match(name)}


def paths_in(values: Sequence[str]) -> list[Path]:
    """Files and folders of this machine that the values name, as paths or as file URLs.

    A folder `simple` is an index (PEP 503), whose pages may point to files beside it: then its parent.
    """
    words = [word.removeprefix("file://") for value in values for word in re.split(r"[\s,]+", value)]
    found = {Path(word) for word in words if word.startswith("/") and Path(word).exists()}
    return sorted({path.parent if path.name == "simple" else path for path in found})


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


@dataclass(frozen=True)
class Root:
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def inside(self, path: str | Path) -> Path:
        return self.folder / str(path).lstrip("/")

    def open_to_machine(self, installer: Mapping[str, str]) -> None:
        """For the time of the build: devices, names, and what the installer reads."""
        mount("--bind", "/dev", self.inside("/dev"))
        mount("-t", "proc", "proc", self.inside("/proc"))
        for name in ("/etc/resolv.conf", "/etc/hosts"):
            if Path(name).is_file():
                shutil.copyfile(name, self.inside(name))
        for path in paths_in([*installer.values()]):
            self.show(path, path)

    def show(self, path: Path, at: Path) -> None:
        """The machine's file or folder, read-only, at a path of the root."""
        target = self.inside(at)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        mount("--bind", path.resolve(), target)
        mount("-o", "remount,ro,bind", target)

    def command(self, arguments: Sequence[str], *, cwd: str, user: str = "0:0") -> list[str]:
        entered = ["chroot", f"--userspec={user}", str(self.folder), "/usr/bin/env", "-i", f"--chdir={cwd}"]
        return [*entered, *(f"{name}={value}" for name, value in self.environment.items()), *arguments]

    def run(self, arguments: Sequence[str], *, cwd: str, user: str = "0:0") -> None:
        subprocess.run(self.command(arguments, cwd=cwd, user=user), check=True, stdin=subprocess.DEVNULL)
