"""The PTY worker: drains one session's coprocess pipe, keeps its recent bytes, publishes frames, writes input."""
