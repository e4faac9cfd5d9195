"""Measurements, none of which passes or fails: what they mean is in docs/performance.md."""
