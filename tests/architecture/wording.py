"""What no file of the repository may say: addresses of registries, paths of a machine, promises of later work."""

import re
from collections.abc import Sequence

from tests.architecture.sources import Source

# The words are put together from parts, so that this file does not say them.
REGISTRIES = re.compile(
    "|".join(
        (
            r"\bpypi\." + "org",
            "python" + "hosted",
            "registry" + r"\.(npmjs|yarnpkg)",
            "deb" + r"\.debian\." + "org",
            "find" + "-links",
            "index" + r"-url\s*[= ]\s*http",
        )
    )
)
MACHINE = re.compile(
    r"(?<![\w.~-])/(" + "|".join(("work" + "/", "root" + "/", "home/" + r"\w", "Users/" + r"\w")) + ")"
)
LATER = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b|(?i:\bplace" + "holder)"
)


def lines_saying(pattern: re.Pattern[str], sources: Sequence[Source]) -> list[str]:
    return [
        f"{source.path}:{number} {line.strip()[:100]}"
        for source in sources
        for number, line in enumerate(source.lines, 1)
        if pattern.search(line) and not source.excused(number)
    ]
