"""The demo's two database servers: started while the rest of the program is still being loaded, and always stopped. Refuses a folder in use."""

import fcntl
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from isomod_graphql.cli.failed import Failed
from isomod_graphql.core.embedded import start_server, stop_server

NAMES = ("postgres", "keystore")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """The folder, made if it is not there, for this process alone. Raises Failed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"a demo already runs in {folder}") from None
        yield


@contextmanager
def servers_in(folder: Path) -> Iterator[threading.Thread]:
    """A thread that starts both servers; whoever needs them joins it. At the end they are stopped, whatever happened."""
    starting = threading.Thread(target=_start, args=(folder,))
    _on_signal(_interrupt)
    try:
        starting.start()
        yield starting
    finally:
        # A second Ctrl-C would leave a server behind.
        _on_signal(signal.SIG_IGN)
        starting.join()
        for name in NAMES:
            if (folder / name / "postmaster.pid").exists():
                stop_server(folder / name)


def _start(folder: Path) -> None:
    # One after the other: the wheel's lock is not made for two threads.
    for name in NAMES:
        start_server(folder / name)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _on_signal(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in STOPPING:
        signal.signal(number, handler)
