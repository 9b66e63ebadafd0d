"""The isomod command."""
