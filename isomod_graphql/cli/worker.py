"""`isomod worker`: what runs later and what runs on a schedule; any number of processes. It refuses unsafe settings as `serve` does."""

import asyncio


def worker() -> None:
    """Events and the schedule; stops on SIGTERM after what is under way."""
    asyncio.run(_worker())


async def _worker() -> None:
    from isomod_graphql.cli.logs import configure_logs
    from isomod_graphql.cli.running import open_platform, stop_signals, work_until
    from isomod_graphql.core.installation import open_installation
    from isomod_graphql.core.settings import Settings

    settings = Settings()
    settings.require_safe()
    configure_logs(settings.log_level)
    async with stop_signals() as stop, open_installation(settings) as installation:
        await open_platform(installation.store)
        print("ready", flush=True)
        await work_until(stop, installation)
