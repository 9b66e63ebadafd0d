"""The demo: believable organisations for the embedded databases. It refuses to touch any other installation."""
