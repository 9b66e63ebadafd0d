"""Builds the image of the Dockerfile in a fresh Debian root and runs it read-only; needs root, changes nothing outside."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from isomod_graphql.core.embedded import start_pair, stop_server
from isomod_graphql.core.roots import create_root_key_file
from tests.architecture.sources import ROOT
from tests.contract.chroot import Root, bootstrap, copy_of, installer_environment, mount
from tests.contract.dockerfile import Stage, Step, ignored, stages

USER = 10001
SOCKET = ".s.PGSQL.5432"
TOOLS_OF_DEVELOPMENT = ("pytest", "mypy", "ruff", "schemathesis", "hatchling")


def copy_from_context(step: Step, root: Root, cwd: str) -> None:
    """COPY of files into a folder, or of one folder's content, less what .dockerignore leaves out."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    *names, target = step.words
    into = root.inside(os.path.join(cwd, target))  # noqa: PTH118  an absolute target replaces the folder, as in a Dockerfile
    for name in names:
        origin = ROOT / name
        files = [path for path in origin.rglob("*") if path.is_file()] if origin.is_dir() else [origin]
        for path in files:
            if ignored(path.relative_to(ROOT).as_posix(), rules):
                continue
            place = into / (path.relative_to(origin) if origin.is_dir() else path.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def build(stage: Stage, root: Root, built: dict[str, Root], base_environment: dict[str, str]) -> Root:
    """Carries out the steps; the root it returns has the stage's environment alone."""
    environment = dict(base_environment)
    cwd = "/"
    for step in stage.steps:
        if step.word == "WORKDIR":
            cwd = step.rest
            root.inside(cwd).mkdir(parents=True, exist_ok=True)
        elif step.word == "ENV":
            environment |= dict(pair.split("=", 1) for pair in step.words)
        elif step.word == "COPY" and step.words[0].startswith("--from="):
            origin, source, target = step.words
            subprocess.run(
                ["cp", "-a", "-T", built[origin.removeprefix("--from=")].inside(source), root.inside(target)],
                check=True,
            )
        elif step.word == "COPY":
            copy_from_context(step, root, cwd)
        elif step.word == "RUN":
            print(f"  RUN {step.rest}", flush=True)
            Root(root.folder, environment).run(["/bin/sh", "-c", step.rest], cwd=cwd)
    return Root(root.folder, {"PATH": "/usr/bin:/bin", **stage.environment})


def image(work: Path) -> tuple[Root, Stage]:
    """The last stage, built."""
    installer = installer_environment()
    base = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LANG": "C.UTF-8", **installer}
    bootstrap(work / "base")
    built: dict[str, Root] = {}
    final = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    for stage in final:
        print(f"stage {stage.name}", flush=True)
        copy_of(work / "base", work / stage.name)
        root = Root(work / stage.name)
        root.open_to_machine(installer)
        built[stage.name] = build(stage, root, built, base)
    return built["final"], final[-1]


def sealed(root: Root, work: Path, sockets: dict[str, str]) -> Root:
    """The image as an engine with `read_only` starts it: only /tmp and the data folder can be written."""
    run = work / "run"
    run.mkdir()
    mount("--bind", root.folder, run)
    mount("-o", "remount,ro,bind", run)
    image_run = Root(run, {**root.environment, **settings()})
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", image_run.inside("/tmp"))  # noqa: S108  a path of the image
    mount(
        "-t", "tmpfs", "-o", f"mode=700,uid={USER},gid={USER}", "tmpfs", image_run.inside("/var/lib/isomod")
    )
    mount("-t", "tmpfs", "tmpfs", image_run.inside("/run"))
    for name, folder in sockets.items():
        # The socket alone: the folder around it is the server's data, which the image's user may not enter.
        image_run.show(Path(folder) / SOCKET, Path("/run") / name / SOCKET)
    image_run.show(work / "secrets", Path("/run/secrets"))
    return image_run


def settings() -> dict[str, str]:
    def url(role: str, database: str, server: str) -> str:
        return f"postgresql+asyncpg://{role}@/{database}?host=/run/{server}"

    return {
        "ISOMOD_DATABASE_URL": url("isomod_app", "isomod", "main"),
        "ISOMOD_OWNER_DATABASE_URL": url("isomod_owner", "isomod", "main"),
        "ISOMOD_KEYSTORE_URL": url("isomod_app", "isomod_keys", "keystore"),
        "ISOMOD_KEYSTORE_OWNER_URL": url("isomod_owner", "isomod_keys", "keystore"),
        "ISOMOD_KEYSTORE_ARCHIVE": "/var/lib/isomod/archive",
        "ISOMOD_ROOT_KEY_FILE": "/run/secrets/root_key",
        "ISOMOD_PUBLIC_URL": "https://isomod.example",
        "ISOMOD_REGION": "local",
        "ISOMOD_SMTP_URL": "smtp://127.0.0.1:2525",
    }


def answer(request: Request | str, seconds: float = 60) -> bytes:
    """The body, as soon as the server gives one with status 200."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urlopen(request, timeout=5) as response:  # noqa: S310  an address of this machine
                body: bytes = response.read()
                return body
        except (URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def serve(root: Root, stage: Stage) -> None:
    """CMD answers, HEALTHCHECK agrees, SIGTERM ends it with 0. The port is a free one instead of 8000."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    user, cwd = stage.last("USER").rest, stage.last("WORKDIR").rest
    command = [word.replace("8000", port) for word in stage.last("CMD").command]
    health = [word.replace("8000", port) for word in stage.last("HEALTHCHECK").command]
    with subprocess.Popen(root.command(command, cwd=cwd, user=user), stdin=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            answer(f"{address}/healthz")
            answer(f"{address}/readyz")
            root.run(health, cwd=cwd, user=user)
            headers = {"Content-Type": "application/json", "Host": "isomod.example"}
            query = Request(f"{address}/graphql", json.dumps({"query": "{ __typename }"}).encode(), headers)  # noqa: S310  as above
            assert json.loads(answer(query))["data"] == {"__typename": "Query"}
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) in {0, -signal.SIGTERM}
        finally:
            process.kill()


def inside(work: Path, sockets: dict[str, str]) -> None:
    """In a mount namespace of its own."""
    built, stage = image(work)
    packages = [path.name for path in built.inside("/srv/isomod/lib").glob("python3*/site-packages/*")]
    assert not set(TOOLS_OF_DEVELOPMENT) & set(packages)
    root = sealed(built, work, sockets)
    user, cwd = stage.last("USER").rest, stage.last("WORKDIR").rest
    for command in (["isomod", "--help"], ["isomod", "migrate"], ["isomod", "migrate"]):
        print(f"  {' '.join(command)}", flush=True)
        root.run(command, cwd=cwd, user=user)
    serve(root, stage)
    print("the image builds, migrates, serves and stops", flush=True)


def main() -> None:
    work = Path(tempfile.mkdtemp(prefix="isomod-image-"))
    work.chmod(0o755)
    key = work / "secrets" / "root_key"
    key.parent.mkdir()
    create_root_key_file(key)
    os.chown(key, USER, USER)
    try:
        servers = asyncio.run(start_pair(work / "data"))
        sockets = dict(zip(("main", "keystore"), (server.socket_folder for server in servers), strict=True))
        # The mounts live and die with the namespace, so that removing the folder can never reach through one.
        apart = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            sys.executable,
            "-m",
            "tests.contract.image_check",
        ]
        subprocess.run([*apart, str(work), json.dumps(sockets)], cwd=ROOT, check=True)
    finally:
        for name in ("postgres", "keystore"):
            stop_server(work / "data" / name)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        inside(Path(sys.argv[1]), json.loads(sys.argv[2]))
    else:
        main()
