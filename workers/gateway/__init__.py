"""The gateway: translates the bus to JSON lines on a Unix socket, for Node clients and whoever else reads lines."""
