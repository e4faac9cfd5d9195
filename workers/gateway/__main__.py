"""`python -m workers.gateway`: assembles the gateway and runs it until it is told to stop."""

import sys

import zmq

from bus import config, process
from bus.errors import SetupError
from bus.paths import Paths, check
from workers.gateway.app import Gateway
from workers.gateway.audit import AuditLog, NoAudit
from workers.gateway.listener import Listener


def main() -> int:
    return process.run(serve, "workers.gateway")


def serve() -> int:
    """Runs the gateway. Raises `SetupError` for what the user has to mend."""
    process.check_supervised("workers.gateway")
    paths = Paths.of_home()
    check(paths)
    settings = config.load(paths)
    process.start_logging(settings.log_level)
    stop = process.StopSignal()
    audit = _audit(paths) if settings.gateway.audit else NoAudit()
    listener = Listener(paths.gateway_socket)
    try:
        with zmq.Context() as context:
            gateway = Gateway(context, paths, settings.gateway, listener, audit)
            try:
                gateway.run(stop)
            finally:
                gateway.close()
    finally:
        listener.close()
    return process.EXIT_OK


def _audit(paths: Paths) -> AuditLog:
    try:
        return AuditLog(paths.audit)
    except OSError as error:
        raise SetupError(f"cannot write the audit log {paths.audit}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
