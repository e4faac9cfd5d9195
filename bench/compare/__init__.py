"""The byte path as a user gets it, side by side with the socat design that it replaces: `python -m bench.compare`."""
