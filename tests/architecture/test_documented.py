"""docs/operations.md names every setting and every verb, and no other setting is spoken of anywhere."""

from isomod_graphql.cli.program import verbs
from isomod_graphql.core.settings import Settings
from tests.architecture.documented import read_from_environment, spoken_of
from tests.architecture.sources import ROOT, Source, python_sources

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SETTINGS = {f"ISOMOD_{name.upper()}" for name in Settings.model_fields}


def test_every_setting_is_described() -> None:
    described = {line.split("`")[1] for line in OPERATIONS.splitlines() if line.startswith("| `ISOMOD_")}

    assert described == SETTINGS


def test_every_setting_that_a_document_speaks_of_exists() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "compose.yaml", ROOT / "Dockerfile"]

    assert {
        name for path in documents for name in spoken_of(path.read_text(encoding="utf-8"))
    } - SETTINGS == set()


def test_the_code_reads_no_variable_that_is_not_described() -> None:
    assert {name for name in read_from_environment(python_sources()) if name not in OPERATIONS} == set()


def test_variables_are_found_however_they_are_read() -> None:
    text = "import os\nos.environ['A']\nos.environ.get('B', '')\nos.getenv('C')\nos.environ.setdefault('D', '')\n"

    assert read_from_environment([Source("schema/a.py", text)]) == {"A", "B", "C", "D"}
    assert spoken_of("`ISOMOD_REGION` and ISOMOD_ alone") == {"ISOMOD_REGION"}


def test_every_verb_is_described() -> None:
    described = {line.split("`")[1] for line in OPERATIONS.splitlines() if line.startswith("| `isomod ")}

    assert described == {f"isomod {verb}" for verb in verbs()}
