"""Programs of partners: registered, proven by a secret, given short tokens. Refuses a token wider than its registration."""
