"""`isomod serve`: one process of the API. It refuses to start on a setting that would break a promise, and says which and why."""

from typing import Annotated

from typer import Option


def serve(
    host: Annotated[str, Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Option(help="The port to listen on.", min=0, max=65_535)] = 8000,
) -> None:
    """The API; stops on SIGTERM after the requests that are under way."""
    import uvloop

    uvloop.run(_serve(host, port))


async def _serve(host: str, port: int) -> None:
    from isomod_graphql.cli.listening import listen
    from isomod_graphql.cli.logs import configure_logs
    from isomod_graphql.cli.running import open_platform, serve_app, stop_signals
    from isomod_graphql.core.installation import open_installation
    from isomod_graphql.core.settings import Settings
    from isomod_graphql.web.app import create_app

    settings = Settings()
    settings.require_safe()
    configure_logs(settings.log_level)
    async with stop_signals() as stop:
        listener = listen(host, port)
        try:
            async with open_installation(settings) as installation:
                await open_platform(installation.store)
                address = f"http://{host}:{listener.getsockname()[1]}"
                await serve_app(
                    create_app(installation), listener, stop, lambda: print(f"ready {address}", flush=True)
                )
        finally:
            listener.close()
