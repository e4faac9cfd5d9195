"""The command line: starts, stops and shows the processes of itermbus."""
