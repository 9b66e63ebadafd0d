"""The worker, its queue and its schedule."""
