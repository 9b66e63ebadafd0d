"""`python -m benchmarks.launching`: `isomod serve` with what only a benchmark wants. It refuses to be a way to run the product.

With `--null-sink` access records go nowhere, with `--reference` nothing is compiled; at the end it prints what the caches
hold, as JSON. The product itself has no such switches.
"""

import argparse
import json

import uvloop

from isomod_graphql.cli.listening import listen
from isomod_graphql.cli.logs import configure_logs
from isomod_graphql.cli.running import open_platform, serve_app, stop_signals
from isomod_graphql.core.installation import open_installation
from isomod_graphql.core.settings import Settings
from isomod_graphql.engine.recording import Access
from isomod_graphql.web.app import Parts, create_app


class NullSink:
    """A Recorder that forgets: what the durable record costs is the difference to the product."""

    underway = 0

    async def record(self, access: Access) -> None:
        """Returns at once; nothing is durable."""


def change(parts: Parts, *, null_sink: bool, reference: bool) -> None:
    """Makes the application another one than the product."""
    if null_sink:
        parts.execution._recorder = NullSink()  # noqa: SLF001  the product has no switch for this
    if reference:
        parts.execution.compiles = False


def caches(parts: Parts) -> dict[str, float]:
    """How many things each cache holds, and their weight in megabytes as the cache estimates it."""
    documents, plans = parts.endpoint.documents, parts.execution.plans
    compiler = parts.execution.compiler
    held = {
        "documents": (len(documents), documents.weight),
        "plans": (len(plans), plans.weight),
        "programs": (len(compiler.programs), compiler.programs.weight),
    }
    found: dict[str, float] = {}
    for name, (count, weight) in held.items():
        found |= {name: count, f"{name}, MB": round(weight / 2**20, 1)}
    return found | {"answers compiled": compiler.answers, "answers not compiled": compiler.fallbacks.total()}


async def launch(port: int, *, null_sink: bool, reference: bool) -> None:
    """Serves until it is told to stop."""
    settings = Settings()
    configure_logs(settings.log_level)
    async with stop_signals() as stop:
        listener = listen("127.0.0.1", port)
        try:
            async with open_installation(settings) as installation:
                await open_platform(installation.store)
                app = create_app(installation)
                parts: Parts = app.state.parts
                change(parts, null_sink=null_sink, reference=reference)
                address = f"http://127.0.0.1:{listener.getsockname()[1]}"
                await serve_app(app, listener, stop, lambda: print(f"ready {address}", flush=True))
                print(json.dumps(caches(parts)), flush=True)
        finally:
            listener.close()


def main() -> None:
    """Reads the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--null-sink", action="store_true")
    parser.add_argument("--reference", action="store_true")
    options = parser.parse_args()
    uvloop.run(launch(options.port, null_sink=options.null_sink, reference=options.reference))


if __name__ == "__main__":
    main()
