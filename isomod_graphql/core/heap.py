"""The garbage collector and what lives as long as the process. It refuses to look through the schema again for every few requests."""

import gc
from typing import Final

YOUNG: Final = 20_000
"""Objects made before the youngest generation is looked through: more than one request makes, so that most die unseen."""


def settle() -> None:
    """Called once, when everything is loaded: what is there now is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
