"""Snapshots of the policy: of this code, of a file, of a revision of the repository. Refuses what is no snapshot, and to write one."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from isomod_graphql.cli.failed import Failed
from isomod_graphql.engine.policy_snapshot import snapshot_of
from permissions.differences import NotAPolicy, require_snapshot

ROOT: Final = Path(__file__).resolve().parents[2]
COMMITTED: Final = ROOT / "permissions" / "policy.json"


def snapshot() -> dict[str, Any]:
    """The whole policy of this code, and which category and mask each field has."""
    from schema.root import build_schema

    return snapshot_of(build_schema()[2])


def as_text(policy: dict[str, Any]) -> str:
    """As it is committed."""
    return json.dumps(policy, indent=1, ensure_ascii=False) + "\n"


def read(source: str) -> dict[str, Any]:
    """A snapshot from a file, or from a revision that has one committed. Raises Failed."""
    path = Path(source)
    text = path.read_text(encoding="utf-8") if path.is_file() else _of_revision(source)
    try:
        found: dict[str, Any] = json.loads(text)
        require_snapshot(found)
    except (ValueError, NotAPolicy) as error:
        raise Failed(
            f"{source} holds no policy: {error if isinstance(error, NotAPolicy) else 'no JSON'}"
        ) from None
    return found


def _of_revision(revision: str) -> str:
    git = shutil.which("git")
    if git is None or revision.startswith("-"):
        raise Failed(f"there is no file {revision}")
    name = COMMITTED.relative_to(ROOT).as_posix()
    shown = subprocess.run(  # noqa: S603  no shell, and a revision is no option
        [git, "-C", str(ROOT), "show", f"{revision}:{name}"], capture_output=True, text=True, check=False
    )
    if shown.returncode:
        raise Failed(f"{revision} is neither a file nor a revision with {name}")
    return shown.stdout
