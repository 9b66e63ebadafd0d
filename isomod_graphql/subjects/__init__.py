"""The person and the facts that everything obeys: restriction, consent, erasure. It refuses to run procedures."""
