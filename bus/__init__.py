"""The bus: wire format, run-time folder, sockets. The only code that itermbus's processes share.

Nothing is imported here: a worker pays in memory for every module, so each process names the ones it needs.
"""
