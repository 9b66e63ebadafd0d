"""`isomod serve` and `isomod worker` say when they are ready and end with 0 on SIGTERM."""

import os
import signal
import subprocess

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from tests.cli.conftest import PROGRAM


def started(*words: str, urls: Urls) -> subprocess.Popen[str]:
    settings = {
        "ISOMOD_DATABASE_URL": urls.main,
        "ISOMOD_KEYSTORE_URL": urls.keys,
        "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file),
    }
    return subprocess.Popen(
        [*PROGRAM, *words],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_api_answers_and_ends_what_it_has_on_sigterm(urls: Urls) -> None:
    with started("serve", "--port", "0", urls=urls) as process, httpx2.Client(trust_env=False) as client:
        assert process.stdout is not None
        address = process.stdout.readline().strip().removeprefix("ready ")
        ready = client.get(f"{address}/readyz")
        named = client.post(f"{address}/graphql", json={"query": "{ __typename }"})
        client.close()
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=30) == 0
    assert (ready.json(), named.json()) == ({"status": "ready"}, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_on_a_signal(urls: Urls, number: signal.Signals) -> None:
    with started("worker", urls=urls) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)

        assert process.wait(timeout=30) == 0
