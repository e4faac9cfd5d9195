"""One module a command. Each has `run`, which returns an exit code or raises an `ItermbusError`."""
