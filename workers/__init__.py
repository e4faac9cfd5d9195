"""The processes that move bytes: one `pty` worker a session, and the `gateway`."""
