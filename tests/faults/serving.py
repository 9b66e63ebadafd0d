"""A real `isomod serve` under load, to be killed: clients that remember every answer which they received to its last byte."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from itertools import count
from urllib.parse import urlsplit

from isomod_graphql.core.installation import Urls

PROGRAM = [sys.executable, "-c", "from isomod_graphql.cli import main; main()"]


@dataclass
class Killable:
    """A server process of its own."""

    process: subprocess.Popen[str]
    address: str

    @classmethod
    def start(cls, urls: Urls) -> "Killable":
        """Waits for the line that says ready."""
        settings = {
            "ISOMOD_DATABASE_URL": urls.main,
            "ISOMOD_KEYSTORE_URL": urls.keys,
            "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file),
        }
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0"],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        word, _, address = process.stdout.readline().strip().partition(" ")
        server = cls(process, address)
        if word != "ready":
            raise RuntimeError(f"the server did not start: {server.kill()}")
        return server

    def kill(self) -> int:
        """SIGKILL; the code that the process ended with."""
        self.process.kill()
        code = self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@dataclass
class Reader:
    """Somebody who asks the same again and again, each time in a document that nobody asked before, until nobody answers.

    `received` are the hashes of the documents whose answers came in whole and showed data of others, with those names.
    """

    token: str
    query: str
    received: dict[bytes, list[str]] = field(default_factory=dict)
    cut_off: int = 0
    refused: list[str] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def read(self, address: str) -> None:
        """Asks until the connection breaks."""
        connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            while True:
                document = f"query {self.query} # {self.token[-8:]} {next(self.numbers)}"
                connection.request("POST", "/graphql", json.dumps({"query": document}), headers)
                self._keep(document, connection.getresponse().read())
        except (OSError, HTTPException):
            self.cut_off += 1
        finally:
            connection.close()

    def _keep(self, document: str, body: bytes) -> None:
        answer = json.loads(body)
        if answer.get("errors"):
            self.refused.append(answer["errors"][0]["extensions"]["code"])
            return
        names = [node["name"] for node in answer["data"]["users"]["nodes"]]
        self.received[sha256(document.encode()).digest()] = names


def start_reading(readers: Sequence[Reader], address: str) -> list[threading.Thread]:
    """One thread per reader."""
    threads = [threading.Thread(target=reader.read, args=(address,)) for reader in readers]
    for thread in threads:
        thread.start()
    return threads
