"""Log lines as JSON on standard error. It refuses tracebacks and arguments: they quote values; the kind of an exception is enough."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}


class _JsonLines(logging.Formatter):
    """For the libraries that log by themselves."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": _words(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["kind"] = record.exc_info[0].__qualname__
        return json.dumps(line)


def _words(record: logging.LogRecord) -> str:
    """What the library wrote down beforehand: its arguments quote values, and lines after the first hold an exception."""
    return next(iter(str(record.msg).splitlines()), "")


def configure_logs(level: str) -> None:
    """DEBUG, INFO, WARNING or ERROR; anything else is INFO."""
    least = LEVELS.get(level.upper(), logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_traceback,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _without_traceback(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    line.pop("exc_info", None)
    return line
