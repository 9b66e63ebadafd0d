"""A form as OAuth's endpoints take it, and the program that sends it. Refuses a parameter that is repeated or stands in the address, and two proofs at once.

RFC 6749 sections 2.3.1, 3.2 and appendix B; a parameter without a value counts as left out.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from isomod_graphql.partners.authentication import ClientProof
from isomod_graphql.partners.errors import InvalidClient, InvalidRequest
from isomod_graphql.web.facts import HttpFacts

FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES: Final = 16_384
MOST_PARAMETERS: Final = 30

Form = Mapping[str, str]


def require_form(http: HttpFacts) -> None:
    """Raises InvalidRequest for another media type, a content coding, or parameters in the address."""
    kind, _, parameters = (http.header(b"content-type") or "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != FORM or charset not in {"", "utf-8"}:
        raise InvalidRequest(f"The body is {FORM}.")
    if (http.header(b"content-encoding") or "identity").lower() != "identity":
        raise InvalidRequest("The body is not compressed.")
    if http.query:
        raise InvalidRequest("Parameters stand in the body, not in the address.")


def form_of(body: bytes) -> Form:
    """The parameters that have a value. Raises InvalidRequest."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise InvalidRequest from None
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise InvalidRequest("A parameter is repeated.")
    return {name: value for name, value in pairs if value}


def proof_of(http: HttpFacts, form: Form) -> ClientProof:
    """From the Authorization header or the form. Raises InvalidRequest for both, InvalidClient for neither."""
    sent = http.header(b"authorization")
    if sent is not None:
        if "client_secret" in form:
            raise InvalidRequest("The client authenticates in one way at a time.")
        proof = _basic(sent)
        if form.get("client_id", proof.client_id) != proof.client_id:
            raise InvalidRequest("The form names another client.")
        return proof
    if "client_id" not in form or "client_secret" not in form:
        raise InvalidClient
    return ClientProof(form["client_id"], form["client_secret"])


def _basic(sent: str) -> ClientProof:
    scheme, _, encoded = sent.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient
    try:
        text = b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        proof = ClientProof(unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict"))
    except ValueError:
        raise InvalidClient from None
    if not colon or not proof.client_id or not proof.secret:
        raise InvalidClient
    return proof
