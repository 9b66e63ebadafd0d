"""The append-only trail of what was done and refused. It refuses to hold values."""
