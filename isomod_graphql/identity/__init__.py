"""Accounts, memberships, sessions and tokens: who is signed in. It refuses to say who exists."""
