"""Bytes: none missing, none changed, none torn, in both directions."""

import base64
import hashlib
import random
import sys
from collections.abc import Callable

from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.support import wait_until

_FLOOD = 32_000_000

#: A ring that holds all of the flood: on a busy machine the gateway itself may be behind for a moment.
CONFIG = f"[worker]\nring_bytes = {2 * _FLOOD}\n"

#: Reads what is typed, byte for byte, and says what it was: `COUNT SHA256`. Its arguments: how many bytes to read.
_DIGEST = """
import hashlib, os, sys, tty
tty.setraw(0)
left, digest = int(sys.argv[1]), hashlib.sha256()
print('listening', flush=True)
while left:
    data = os.read(0, min(left, 65536))
    digest.update(data)
    left -= len(data)
print('got', sys.argv[1], digest.hexdigest(), flush=True)
"""


#: Writes a file's bytes one at a time.
_SLOWLY = """
import os, sys
for byte in open(sys.argv[1], 'rb').read():
    os.write(1, bytes([byte]))
print('do' 'ne')
"""


def _listen(system: System, client: NodeClient, session_id: str, size: int) -> None:
    script = system.home / "digest.py"
    script.write_text(_DIGEST)
    since = len(client.messages)
    client.type(session_id, f"{sys.executable} {script} {size}\n".encode())
    client.wait_output(session_id, b"listening", since)


def test_32_mb_of_random_bytes_arrive_with_equal_digest(
    system: System, connect: Callable[..., NodeClient], client: NodeClient, fresh_session: str
) -> None:
    """Random bytes, except that none is an escape: dialect 1 takes terminal queries out, and chance makes some."""
    data = random.Random(32).randbytes(_FLOOD).replace(b"\x1b", b"\x1a")
    blob = system.home / "blob"
    blob.write_bytes(data)
    client.type(fresh_session, b"PS1=; stty raw -echo -opost; printf 'qui''et\\n'\n")
    client.wait_output(fresh_session, b"quiet")
    begin = system.home / "begin"
    client.type(fresh_session, f"until [ -e {begin} ]; do read -t 0.05 </dev/zero; done; cat {blob}\n".encode())
    viewer = connect("--sha256", fresh_session, str(_FLOOD))
    viewer.wait_ready()
    begin.touch()
    wait_until(lambda: len(viewer.raw_lines) == 2, "32 MB", seconds=120)
    assert viewer.messages[-1]["sha256"] == hashlib.sha256(data).hexdigest()


def test_all_byte_values_typed_reach_the_program(system: System, client: NodeClient, fresh_session: str) -> None:
    data = bytes(range(256))
    _listen(system, client, fresh_session, len(data))
    client.type(fresh_session, data)
    client.wait_output(fresh_session, f"got 256 {hashlib.sha256(data).hexdigest()}".encode())


def test_a_long_paste_arrives_whole(system: System, client: NodeClient, fresh_session: str) -> None:
    data = random.Random(1).randbytes(1_000_000)
    _listen(system, client, fresh_session, len(data))
    client.type(fresh_session, data)
    client.wait_output(fresh_session, f"got 1000000 {hashlib.sha256(data).hexdigest()}".encode(), seconds=60)


def test_characters_are_never_cut(system: System, client: NodeClient, fresh_session: str) -> None:
    """The bytes of many characters are written one at a time; each message still decodes on its own."""
    text = "ÄÖÜ €uro 漢字 👩‍👩‍👧 " * 300
    script = system.home / "slowly.py"
    script.write_text(_SLOWLY)
    (system.home / "text").write_text(text, encoding="utf-8")
    since = len(client.messages)
    client.type(fresh_session, f"{sys.executable} {script} {system.home / 'text'}\n".encode())
    client.wait_output(fresh_session, b"done", since)
    for message in client.messages[since:]:
        if message["type"] == "terminal_data":
            base64.b64decode(message["data"]).decode("utf-8")
    assert text.encode() in client.output(fresh_session, since)


def test_queries_are_answered_once_and_not_shown(system: System, client: NodeClient, fresh_session: str) -> None:
    """The host answers the query; the client never sees it, so it cannot answer a second time."""
    since = len(client.messages)
    client.type(fresh_session, b"printf 'a\\033[5nb''c\\n'; read -r -n 4 -s reply; printf '<%q>\\n' \"$reply\"\n")
    client.wait_output(fresh_session, rb"<$'\E[0n'>", since)
    output = client.output(fresh_session, since)
    assert b"abc" in output
    assert b"\x1b[5n" not in output
