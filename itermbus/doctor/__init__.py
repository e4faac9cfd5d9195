"""What can be wrong with a set-up: one small module a subject, each a function from what is there to findings."""
