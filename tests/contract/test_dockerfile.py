"""The Dockerfile keeps to what the image check can carry out, and the image has no more than it needs."""

import pytest

from tests.architecture.sources import ROOT
from tests.contract.dockerfile import Stage, UnknownInstruction, ignored, stages

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
RULES = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_the_image_runs_as_the_user_of_compose_and_installs_only_what_runs() -> None:
    build, final = stages(TEXT)
    installs = [step.rest for step in build.steps if "/srv/isomod/bin/pip install" in step.rest]

    assert final.last("USER").rest == "10001:10001"
    assert "RUN pip" not in TEXT
    assert "requirements-dev.lock" not in TEXT
    assert [("--require-hashes -r requirements.lock" in i, "--no-index" in i) for i in installs] == [
        (True, False),
        (False, True),
    ]


def test_the_health_check_asks_the_port_that_the_server_listens_on() -> None:
    final = stages(TEXT)[-1]

    assert final.last("CMD").command[-2:] == ["--port", "8000"]
    assert "http://127.0.0.1:8000/healthz" in final.last("HEALTHCHECK").command[-1]


@pytest.mark.parametrize(
    "line",
    ["FROM alpine", "ADD a b", "COPY --chown=1:1 a b", "RUN --mount=type=cache true", "ONBUILD RUN true"],
)
def test_what_the_check_would_not_carry_out_is_refused(line: str) -> None:
    opening = "FROM python:3.11-slim-bookworm\n" if not line.startswith("FROM") else ""

    with pytest.raises(UnknownInstruction):
        stages(opening + line)


def test_a_line_goes_on_after_a_backslash() -> None:
    assert stages("FROM python:3.11-slim-bookworm AS a\nENV B=1 \\\n  C=2\n")[0].environment == {
        "B": "1",
        "C": "2",
    }
    assert Stage("a").environment == {}


@pytest.mark.parametrize("path", ["schema/root.py", "isomod_graphql/core/ids.py", "requirements.lock"])
def test_the_product_goes_to_the_build(path: str) -> None:
    assert not ignored(path, RULES)


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        ".git/config",
        ".venv/bin/python",
        "secrets/root_key",
        "schema/__pycache__/root.pyc",
        ".env",
    ],
)
def test_what_is_not_the_product_stays_outside(path: str) -> None:
    assert ignored(path, RULES)
