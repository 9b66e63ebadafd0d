"""The console's files as they are served: their headers, their compressed copies, and no address but our own."""

import gzip
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from isomod_graphql.web.console import DIST, accepts_gzip, console_routes
from tests.browser.chromium import built

SOURCE = DIST.parent
EXTERNAL = re.compile(r"""(?:src|href|action)\s*=\s*["']?\s*(?:[a-z]+:)?//""", re.IGNORECASE)
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "secret.js").write_text("outside")
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><p>page")
    (assets / "app-1a2b.js").write_text("export {}")
    (assets / "app-1a2b.js.gz").write_bytes(gzip.compress(b"export {}"))
    (assets / "app-1a2b.js.map").write_text("{}")
    for name in ("app.css", "codicon.ttf", "icon.svg"):
        (assets / name).write_text("x")
    return tmp_path / "dist"


def client_of(dist: Path) -> TestClient:
    return TestClient(Starlette(routes=[*console_routes(dist)]), headers={"Accept-Encoding": "identity"})


def test_the_page_is_asked_for_anew_and_carries_the_policy(dist: Path) -> None:
    answer = client_of(dist).get("/graphiql")

    assert answer.status_code == 200
    assert answer.text == "<!doctype html><p>page"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("app-1a2b.js", "text/javascript; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("codicon.ttf", "font/ttf"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_an_asset_is_kept_for_good_and_carries_the_policy(dist: Path, name: str, media_type: str) -> None:
    answer = client_of(dist).get(f"/console/assets/{name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["vary"] == "Accept-Encoding"


def test_the_compressed_copy_goes_to_whoever_accepts_it(dist: Path) -> None:
    client = client_of(dist)

    compressed = client.get("/console/assets/app-1a2b.js", headers={"Accept-Encoding": "br, gzip"})
    plain = client.get("/console/assets/app-1a2b.js")
    without_copy = client.get("/console/assets/app.css", headers={"Accept-Encoding": "gzip"})

    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert compressed.headers["content-length"] == str((dist / "assets" / "app-1a2b.js.gz").stat().st_size)
    assert compressed.text == plain.text == "export {}"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in without_copy.headers


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("*", True),
        ("*;q=0.1", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=much", False),
        ("xgzip", False),
    ],
)
def test_accept_encoding_is_read_as_rfc_9110_says(header: str, *, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    "path",
    [
        "/console/assets/missing.js",
        "/console/assets/app-1a2b.js.map",
        "/console/assets/app-1a2b.js.gz",
        "/console/assets/..%2findex.html",
        "/console/assets/..%2f..%2fsecret.js",
        "/console/assets/%2e%2e",
        "/console/assets/.hidden.js",
        "/console/assets/app-1a2b.js%00",
    ],
)
def test_no_other_file_is_served(dist: Path, path: str) -> None:
    answer = client_of(dist).get(path)

    assert answer.status_code == 404
    assert "outside" not in answer.text


def test_a_console_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    answer = client_of(tmp_path / "nothing").get("/graphiql")

    assert answer.status_code == 404
    assert "<code>make console</code>" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_a_console_built_while_the_server_runs_is_found(dist: Path, tmp_path: Path) -> None:
    client = client_of(tmp_path / "later")
    before = client.get("/graphiql").status_code
    dist.rename(tmp_path / "later")

    after = client.get("/graphiql").status_code

    assert (before, after) == (404, 200)


@pytest.mark.parametrize("name", ["index.html", "account.html"])
def test_the_page_s_source_names_no_other_host_and_no_inline_script(name: str) -> None:
    page = (SOURCE / name).read_text()

    assert not EXTERNAL.search(page)
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"\son\w+=", page) == []


def test_the_lock_file_names_no_host_to_install_from() -> None:
    packages = json.loads((SOURCE / "package-lock.json").read_text())["packages"]

    installed = {name: package for name, package in packages.items() if name}

    assert [name for name, package in installed.items() if "resolved" in package] == []
    assert [name for name, package in installed.items() if "integrity" not in package] == []


@built
@pytest.mark.parametrize("name", ["index.html", "account.html"])
def test_a_built_page_loads_only_assets_that_exist(name: str) -> None:
    page = (DIST / name).read_text()

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert not EXTERNAL.search(page)
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert len(loaded) >= 3
    client = client_of(DIST)
    assert {path: client.get(path).status_code for path in loaded} == dict.fromkeys(loaded, 200)


@built
def test_the_built_style_sheets_load_nothing_from_elsewhere() -> None:
    sheets = {path.name: path.read_text() for path in DIST.glob("assets/*.css")}

    found = {
        name: re.findall(r"""(?:url\(\s*["']?|@import\s*["'])(?:[a-z]+:)?//[^)"']*""", text)
        for name, text in sheets.items()
    }

    assert found == {name: [] for name in sheets}
    assert sheets


@built
def test_every_large_built_file_stands_beside_its_compressed_copy() -> None:
    without = [
        path.name
        for path in DIST.glob("assets/*")
        if path.suffix in {".js", ".css"} and not path.with_name(f"{path.name}.gz").is_file()
    ]

    assert without == []
