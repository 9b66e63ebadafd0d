"""What the TypeScript client takes from the schema and the policy is the committed text; what differs is named."""

from pathlib import Path

from isomod_graphql.cli.client import COMMITTED
from isomod_graphql.cli.typescript import generated
from permissions.decisions import Reason
from permissions.masks import MASKS
from tests.cli.conftest import isomod


def test_the_committed_text_is_that_of_the_code() -> None:
    checked = isomod("client", "check")

    assert (checked.returncode, checked.stdout) == (0, "")
    assert isomod("client", "print").stdout == COMMITTED.read_text(encoding="utf-8")


def test_what_has_changed_is_printed(tmp_path: Path) -> None:
    old = tmp_path / "generated.ts"
    old.write_text(generated().replace('  "User.phone": "CONTACT",\n', ""), encoding="utf-8")

    checked = isomod("client", "check", "--committed", str(old))

    assert checked.returncode == 1
    assert [line for line in checked.stdout.splitlines() if line.startswith(("+ ", "- "))] == [
        '+  "User.phone": "CONTACT",'
    ]


def test_a_missing_text_is_a_failure_with_advice(tmp_path: Path) -> None:
    checked = isomod("client", "check", "--committed", str(tmp_path / "none.ts"))

    assert checked.returncode != 0
    assert "`make schema` writes it" in checked.stderr


def test_every_mask_and_reason_is_in_it_and_no_role() -> None:
    text = generated()

    assert [name for name in MASKS if f'"{name}": {{ keeps' not in text] == []
    assert [reason for reason in Reason if f'"{reason}"' not in text] == []
    assert "MANAGER" not in text
