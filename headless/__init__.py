"""A host that speaks iTerm2's own API over real PTYs, for machines without iTerm2."""
