"""The audit log, switched on: who typed how much where, and nothing of what."""

import base64
import json
import os

from tests.end_to_end.client2 import Client2
from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import temporary_home, wait_until


def test_input_of_both_dialects_is_in_the_log() -> None:
    with temporary_home() as home:
        (home / ".itermbus").mkdir(mode=0o700)
        (home / ".itermbus" / "config.toml").write_text("[gateway]\naudit = true\n")
        system = System(home)
        try:
            system.wait_up()
            old = NodeClient(system.paths.gateway_socket)
            old.wait_ready()
            session_id = old.active["session_id"]
            old.type(session_id, b"echo secret\n")
            new = Client2(system.paths.gateway_socket)
            new.hello(client="auditor", sessions="none")
            new.type(session_id, base64.b64decode(b"c2VjcmV0"))

            def lines() -> list[str]:
                return system.paths.audit.read_text().splitlines() if system.paths.audit.exists() else []

            wait_until(lambda: len(lines()) == 2, "two lines")
            first, second = map(json.loads, lines())
            assert (first["bytes"], first["session_id"], first["name"]) == (12, session_id, "")
            assert (second["bytes"], second["name"], second["pid"]) == (6, "auditor", os.getpid())
            assert "secret" not in system.paths.audit.read_text()
            assert system.paths.audit.stat().st_mode & 0o777 == 0o600
            old.close()
            new.close()
        finally:
            system.close()
