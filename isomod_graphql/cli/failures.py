"""Why a verb failed, in one line on standard error. It refuses to quote a value: an address of a database holds a password."""

import sys

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from isomod_graphql.cli.failed import Failed
from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.roots import MissingRootKey
from isomod_graphql.core.settings import UnsafeSettings

FAILED = 1
UNSAFE = 78
"""EX_CONFIG of sysexits.h: starting again changes nothing before the settings do."""


def explain(error: Exception) -> int:
    """Says the failure and returns the exit code. An exception that nobody expected is raised again, as a bug."""
    code = UNSAFE if isinstance(error, UnsafeSettings | MissingRootKey | ValidationError) else FAILED
    print(f"isomod: {_sentence(error)}", file=sys.stderr)
    return code


def _sentence(error: Exception) -> str:
    if isinstance(error, Failed | UnsafeSettings | MissingRootKey):
        return str(error)
    if isinstance(error, ValidationError):
        return "; ".join(f"ISOMOD_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
    if isinstance(error, IsoModError):
        return f"{error.message} ({error.code})"
    if isinstance(error, DBAPIError):
        return f"the database refused: {type(error.orig).__name__}"
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error.strerror or 'no answer'}"
    raise error
