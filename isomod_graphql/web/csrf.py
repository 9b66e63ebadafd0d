"""Whether a request that a browser may have been tricked into is refused. Bearer tokens need none of this.

OWASP cross-site request forgery: fetch metadata first, the Origin header where a browser sends none, and a token
that only a page of ours can read.
"""

import hmac
from collections.abc import Collection

from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import CrossSiteRefused, CsrfTokenInvalid

HEADER = b"x-csrf-token"


def require_same_site(http: HttpFacts, origins: Collection[str] = ()) -> None:
    """`origins` are the other origins whose pages may call us. A program that is no browser sends neither header."""
    site = http.header(b"sec-fetch-site")
    if site in {"same-origin", "none"}:
        return
    origin = http.header(b"origin")
    if site is None and origin is None:
        return
    if origin is None or (origin not in origins and (site is not None or origin != http.origin)):
        raise CrossSiteRefused


def require_token(http: HttpFacts, token: str | None) -> None:
    """`token` belongs to the session; a session without one can change nothing."""
    sent = http.header(HEADER) or ""
    if not token or not hmac.compare_digest(sent.encode(), token.encode()):
        raise CsrfTokenInvalid
