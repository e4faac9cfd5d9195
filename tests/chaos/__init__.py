"""Chaos: random kills and stops of every process while sessions print known streams and echo typed ones."""
