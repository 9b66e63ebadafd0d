"""`isomod demo`: the whole product on this machine, seeded, in one command. It refuses any setting that leads elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Exit, Option

INTERRUPTED = 130
"""Stopped before it was ready."""


def demo(
    port: Annotated[
        int,
        Option(help="The port to listen on, on this machine only; 0 takes a free one.", min=0, max=65_535),
    ] = 8000,
    data: Annotated[Path, Option(help="Where everything is kept; a second start goes on from there.")] = Path(
        ".isomod"
    ),
    size: Annotated[
        Literal["small", "bench"], Option(help="bench adds the organisation of the read benchmark.")
    ] = "small",
    no_browser: Annotated[bool, Option("--no-browser", help="Opens no browser.")] = False,
) -> None:
    """Embedded databases, two organisations, the API and the worker; Ctrl-C stops everything."""
    from isomod_graphql.cli.demo.servers import alone_in, servers_in
    from isomod_graphql.cli.listening import listen

    folder = data.resolve()
    try:
        with listen("127.0.0.1", port) as listener, alone_in(folder), servers_in(folder) as starting:
            # This takes as long as the servers do, and goes on beside them.
            import uvloop

            from isomod_graphql.cli.demo.stage import Stage, run

            starting.join()
            uvloop.run(run(Stage(listener, folder, size, browser=not no_browser)))
    except KeyboardInterrupt:
        raise Exit(INTERRUPTED) from None
