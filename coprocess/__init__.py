"""The program that iTerm2 runs as each session's coprocess."""
