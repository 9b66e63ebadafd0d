"""Everything that is logged while it lasts, every logger at its most talkative."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

LOGGERS: Final = (
    *("", "sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.dialects", "asyncpg", "strawberry", "asyncio", "uvicorn"),
)  # fmt: skip


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What the standard library's loggers and ours write."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setLevel(logging.DEBUG)
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    logging.getLogger().addHandler(handler)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as entries:
            yield text
            text.write(repr(entries))
    finally:
        logging.getLogger().removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
