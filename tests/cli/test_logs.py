"""Log lines are JSON without what libraries quote: no argument, no traceback, no word of an exception."""

import json
import subprocess

from tests.cli.conftest import PROGRAM

SAID = """
import asyncio, logging
from isomod_graphql.cli.logs import configure_logs
configure_logs("DEBUG")
try:
    raise ValueError("hunter2")
except ValueError:
    logging.getLogger("pool").exception("Failed to reset %s", "hunter2")
async def fail():
    raise ValueError("hunter2")
async def forget():
    asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
asyncio.run(forget())
"""


def test_what_libraries_say_is_their_words_and_the_kind_of_the_exception() -> None:
    said = subprocess.run([PROGRAM[0], "-c", SAID], capture_output=True, text=True, check=True)

    lines = [json.loads(line) for line in said.stderr.splitlines()]

    assert "hunter2" not in said.stderr
    assert [(line["event"], line["kind"]) for line in lines] == [
        ("Failed to reset %s", "ValueError"),
        ("Task exception was never retrieved", "ValueError"),
    ]
