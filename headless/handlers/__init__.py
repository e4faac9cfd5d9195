"""One module for each family of requests; dispatch.py is the table of them."""
