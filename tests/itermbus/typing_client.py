"""The main job in its smallest form: a client of dialect 1 types a command and reads what it prints."""

import base64
import time

from tests.itermbus.support import PATIENCE, Client


def type_and_read(client: Client) -> None:
    """Goes through the start sequence, then types into the active session until its output comes back."""
    start = client.until("ready")
    kinds = [message["type"] for message in start if message["type"] != "terminal_data"]
    assert kinds == ["sessions", "initial_terminal_data", "config", "ready"], kinds
    sessions = start[0]["sessions"]
    assert isinstance(sessions, list)
    (session_id,) = [s["session_id"] for s in sessions if s["is_active"]]
    typed = base64.b64encode(b"echo $((6 * 7))-answer\r").decode()
    client.send(type="terminal_input", session_id=session_id, data=typed)
    wait_for_output(client, session_id, b"42-answer")


def wait_for_output(client: Client, session_id: str, text: bytes) -> None:
    """Reads until `text` has come out of the session, as its bytes or, when the stream only begins, as a repaint."""
    deadline = time.monotonic() + PATIENCE
    seen = b""
    while text not in seen:
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {text!r} in {seen!r}"
        message = client.receive()
        if message.get("session_id") == session_id and "data" in message:
            seen += base64.b64decode(str(message["data"]))
