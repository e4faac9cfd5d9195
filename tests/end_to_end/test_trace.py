"""`itermbus trace` and what it records, against the whole system."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bus.paths import CODE
from itermbus.supervisor_client import listens
from tests.end_to_end.client2 import Client2
from tests.end_to_end.node_client import NodeClient
from tests.end_to_end.system import System
from tests.end_to_end.tmux import Pane
from tests.support import end, environment, wait_until

#: More than all queues between a worker and a trace hold though every frame were of 64 KiB: four times 256 frames.
_FLOOD = 90_000_000


@contextmanager
def _started(system: System, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`itermbus trace` with its output in pipes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "itermbus", "trace", *arguments],
        env=environment(system.home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _first_line(process: "subprocess.Popen[bytes]", client: NodeClient, session_id: str) -> bytes:
    """What a trace says first; something is printed until it does, since nobody knows when it has subscribed."""
    assert process.stdout is not None
    reader = process.stdout.fileno()
    os.set_blocking(reader, False)
    seen = b""

    def line_came() -> bool:
        nonlocal seen
        client.type(session_id, b"\n")
        try:
            seen += os.read(reader, 65536)
        except BlockingIOError:
            return False
        return b"\n" in seen

    wait_until(line_came, "a line of the trace")
    os.set_blocking(reader, True)
    return seen


def test_a_session_is_traced_escaped_with_its_latency(system: System, client: NodeClient, fresh_session: str) -> None:
    with _started(system, "--session", fresh_session[:8]) as trace:
        seen = _first_line(trace, client, fresh_session)
        client.type(fresh_session, b"printf 'tra''ced \\033[1m\\001\\303\\251\\n'\n")
        client.type(client.sessions[0]["session_id"], b"echo elsewhere\n")
        assert trace.stdout is not None
        while b"traced" not in seen:
            seen += trace.stdout.readline()
        trace.send_signal(signal.SIGINT)
        rest, summary = trace.communicate(timeout=30)
    assert trace.returncode == 0
    lines = (seen + rest).decode("ascii").splitlines()
    assert any(r"traced \e[1m\x01\xc3\xa9\r\n" in line for line in lines)
    assert all(f"pty.{fresh_session}" in line and "ms " in line for line in lines)
    assert b"no gap" in summary
    assert b"latency" in summary
    assert b"elsewhere" not in seen + rest


def test_json_has_every_byte_and_a_summary(system: System, client: NodeClient, fresh_session: str) -> None:
    with _started(system, "--json", "--topic", "pty.", "--process", f"pty-{fresh_session[:13].lower()}") as trace:
        seen = _first_line(trace, client, fresh_session)
        client.type(fresh_session, b"seq 1 5000; echo do''ne\n")
        wait_until(lambda: b"done\r\n" in client.seen(fresh_session), "the output")
        trace.send_signal(signal.SIGTERM)
        rest, _ = trace.communicate(timeout=30)
    *frames, summary = [json.loads(line) for line in (seen + rest).splitlines()]
    data = b"".join(base64.b64decode(frame["data"]) for frame in frames)
    assert b"\r\n".join(b"%d" % n for n in range(1, 5001)) in data
    assert [f["offset"] + len(base64.b64decode(f["data"])) for f in frames[:-1]] == [f["offset"] for f in frames[1:]]
    assert all(0 <= frame["latency"] < 30 for frame in frames)
    assert (summary["kind"], summary["bytes"], summary["gaps"]) == ("summary", len(data), 0)


def test_raw_and_hex_and_ends_by_themselves(system: System, client: NodeClient, fresh_session: str) -> None:
    with _started(system, "--raw", "-s", fresh_session, "--count", "1") as raw:
        assert _first_line(raw, client, fresh_session).replace(b"\x1b[?2004l\r", b"").startswith(b"\r\nready$ "[:2])
        assert raw.wait(30) == 0
    with _started(system, "--hex", "-s", fresh_session) as dump:
        assert b"+" in _first_line(dump, client, fresh_session).splitlines()[0]
        assert end(dump) == 0
    done = system.run("trace", "--seconds", "0.2", "--topic", "event.nothing")
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 frames" in done.stderr


def test_events_by_topic(system: System, client: NodeClient) -> None:
    with _started(system, "--topic", "event.", "--process", "broker", "--json", "--count", "1") as trace:

        def ended() -> bool:
            client.send("tab_create")
            try:
                return trace.wait(0.5) == 0
            except subprocess.TimeoutExpired:
                return False

        wait_until(ended, "one event")
        assert trace.stdout is not None
        first = json.loads(trace.stdout.readline())
    assert (first["kind"], first["process"]) == ("event", "broker")
    assert first["topic"].startswith("event.")


def test_it_ends_quietly_with_its_reader(system: System, client: NodeClient, fresh_session: str) -> None:
    with _started(system, "-t", "event.nothing") as silent, _started(system, "-s", fresh_session) as busy:
        _first_line(busy, client, fresh_session)
        for trace in (busy, silent):
            assert trace.stdout is not None
            assert trace.stderr is not None
            trace.stdout.close()
            trace.stdout = None
            assert trace.wait(30) == 0
            assert trace.stderr.read() == b""


def test_who_does_not_read_disturbs_nobody_and_is_told_what_it_missed(
    system: System, client: NodeClient, fresh_session: str
) -> None:
    with _started(system, "--json", "-s", fresh_session) as trace:
        seen = _first_line(trace, client, fresh_session)
        client.type(fresh_session, b"head -c %d /dev/zero | tr '\\0' x; echo; echo flo''oded\n" % _FLOOD)
        wait_until(lambda: b"flooded\r\n" in client.seen(fresh_session), "the end of the flood")
        assert trace.stdout is not None
        lines = [json.loads(line) for line in seen.splitlines()]
        for line in trace.stdout:
            lines.append(json.loads(line))
            if lines[-1]["kind"] == "gap":
                break
            client.type(fresh_session, b"\n")
        trace.send_signal(signal.SIGINT)
        lines += [json.loads(line) for line in trace.stdout]
    gaps = [line for line in lines if line["kind"] == "gap"]
    assert lines[-1]["gap_bytes"] == sum(gap["to"] - gap["from"] for gap in gaps) > 0


def test_a_trace_in_a_session_does_not_trace_itself(system: System, client: NodeClient, fresh_session: str) -> None:
    python = f"{sys.executable} -m itermbus"
    client.type(fresh_session, f"cd {CODE}; {python} trace --session {fresh_session}\n".encode())
    wait_until(lambda: b"each line of the trace would be traced" in client.seen(fresh_session), "a refusal")
    client.type(fresh_session, f"{python} attach {fresh_session}\n".encode())
    wait_until(lambda: b"cannot be shown on itself" in client.seen(fresh_session), "a refusal")
    since = len(client.messages)
    client.type(fresh_session, f"{python} trace --topic pty. | cat\n".encode())
    other = client.sessions[0]["session_id"]

    def traced() -> bool:
        client.type(other, b"\n")
        return f"pty.{other}".encode() in client.seen(fresh_session, since)

    wait_until(traced, "the other session")
    client.type(fresh_session, b"\x03")
    wait_until(lambda: b"no gap" in client.seen(fresh_session, since), "the summary")
    assert f"pty.{fresh_session}".encode() not in client.seen(fresh_session, since)


def test_what_is_typed_is_traced_only_when_asked_for(system: System, client: NodeClient, fresh_session: str) -> None:
    with (
        _started(system, "--json") as everything,
        _started(system, "--json", "--topic", "input", "-s", fresh_session) as typed,
        _started(system, "--with-input", "-s", fresh_session) as both,
    ):
        _first_line(everything, client, fresh_session)
        assert b'"kind": "input"' in _first_line(typed, client, fresh_session)
        _first_line(both, client, fresh_session)
        # Nothing of it is echoed.
        client.type(fresh_session, b"stty -echo; echo si''lent; read secret; stty echo\n")
        wait_until(lambda: b"silent\r\n" in client.seen(fresh_session), "the end of the echo")
        client.type(fresh_session, b"pass''word\n")
        client.type(fresh_session, b"echo en''ded\n")
        wait_until(lambda: b"ended\r\n" in client.seen(fresh_session), "the end")
        said = []
        for trace in (everything, typed, both):
            trace.send_signal(signal.SIGINT)
            said.append(trace.communicate(timeout=30)[0])
    lines = [json.loads(line) for line in said[1].splitlines()]
    assert b"pass''word\n" in b"".join(base64.b64decode(line["data"]) for line in lines if line["kind"] == "input")
    assert {line["topic"] for line in lines[:-1]} == {f"input.{fresh_session}"}
    assert rb"pass''word\n" in said[2]
    assert {json.loads(line)["kind"] for line in said[0].splitlines()} <= {"frame", "event", "stat", "summary"}
    assert base64.b64encode(b"pass''word\n") not in said[0]


def test_a_recording_has_what_was_typed_when_that_is_asked_for(
    system: System, client: NodeClient, fresh_session: str
) -> None:
    path = system.home / "typed.cast"
    with _started(system, "-s", fresh_session, "--record", str(path), "--with-input") as recording:

        def is_recorded() -> bool:
            client.type(fresh_session, b"\n")
            return path.exists() and '"i"' in path.read_text()

        wait_until(is_recorded, "input in the recording")
        client.type(fresh_session, b"printf 'h\xc3")
        client.type(fresh_session, b"\xa9 \\377\\n'; stty -echo; echo si''lent; read x; stty echo; echo af''ter\n")
        wait_until(lambda: b"silent\r\n" in client.seen(fresh_session), "the end of the echo")
        client.type(fresh_session, b"hid''den\n")
        wait_until(lambda: "after\\r\\n" in path.read_text(), "the output")
        recording.send_signal(signal.SIGINT)
        _, summary = recording.communicate(timeout=30)
    assert b" bytes of input" in summary
    events = _events(path)
    typed = "".join(str(event[2]) for event in events if event[1] == "i")
    assert typed.lstrip("\n").startswith("printf 'hé \\377\\n'; stty -echo")
    assert typed.endswith("hid''den\n")
    printed = "".join(str(event[2]) for event in events if event[1] == "o")
    assert "hid''den" not in printed
    _play(system, path)


def _events(path: Path) -> list[list[object]]:
    """The events of a recording whose first line is as it should be."""
    header, *events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, 80, 25)
    times = [event[0] for event in events]
    assert times == sorted(times)
    assert 0 <= times[0] < 1
    return events


def test_a_recording_has_every_byte_from_the_first_screen_on(
    system: System, client: NodeClient, fresh_session: str
) -> None:
    path = system.home / "session.cast"
    other = Client2(system.paths.gateway_socket)
    other.hello(sessions=[fresh_session])
    other.expect("snapshot")
    client.type(
        fresh_session, b"PS0='\\e]133;C;\\a'; PS1='\\[\\e]133;D;$?\\a\\e]133;A\\a\\]marked$ \\[\\e]133;B\\a\\]'\n"
    )
    other.wait_output(fresh_session, b"\x1b]133;A\x07marked$ ")
    with _started(system, "--session", fresh_session, "--record", str(path)) as recording:
        wait_until(lambda: path.exists() and "marked$" in path.read_text(), "the first screen")
        start = len(other.output(fresh_session))
        # A character in two halves with time between them, and bytes that are no UTF-8.
        client.type(fresh_session, b"printf 'h\\303'; sleep 0.3; printf '\\251 \\377\\n'; false\n")
        other.wait_output(fresh_session, b"\xa9 \xff\r\n")
        wait_until(lambda: "finished: 1" in path.read_text(), "marks in the recording")
        other.close()
        pid = system.supervisorctl()["gateway"][1]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not psutil.pid_exists(pid) and listens(system.paths.gateway_socket), "the next gateway")
        again = Client2(system.paths.gateway_socket)
        again.hello(sessions="none")
        place = {"epoch": other.epoch(fresh_session), "offset": other.stream(fresh_session).end}
        again.ask("subscribe", sessions=[fresh_session], resume={fresh_session: place})
        # A resume from before a change of size would begin with a gap.
        again.type(fresh_session, b"echo res''umed\n")
        again.wait_output(fresh_session, b"resumed\r\n")
        wait_until(lambda: "resumed\\r\\n" in path.read_text(), "the recording to go on")
        assert again.ask("resize", session_id=fresh_session, columns=90, rows=30, lease=60)["columns"] == 90
        again.type(fresh_session, b"echo af''ter\n")
        again.wait_output(fresh_session, b"after\r\n")
        wait_until(lambda: "after\\r\\n" in path.read_text(), "the last output")
        wait_until(lambda: '"90x30"' in path.read_text(), "the new size")
        recording.send_signal(signal.SIGINT)
        _, summary = recording.communicate(timeout=30)
    again.close()
    assert (recording.returncode, b"no gap, 1 reconnections" in summary) == (0, True), summary
    assert path.stat().st_mode & 0o777 == 0o600
    (_, code, screen), *events = _events(path)
    assert (code, "marked$" in str(screen)) == ("o", True)
    printed = "".join(str(event[2]) for event in events if event[1] == "o")
    both = (other.output(fresh_session)[start:] + again.output(fresh_session)).decode("utf-8", "replace")
    assert "after\r\n" in printed
    assert both.startswith(printed)
    assert "hé \ufffd\r\n" in printed
    assert [event[2] for event in events if event[1] == "r"] == ["90x30"]
    marks = [str(event[2]) for event in events if event[1] == "m"]
    assert "finished: 1" in marks
    assert any(mark.startswith("running: printf") for mark in marks)
    _play(system, path)


def _play(system: System, path: Path) -> None:
    """asciinema itself takes it: all of it as text, and on a terminal."""
    asciinema = str(Path(sys.executable).with_name("asciinema"))
    done = subprocess.run(
        [asciinema, "cat", str(path)], env=environment(system.home), capture_output=True, timeout=30, check=True
    )
    assert "hé \ufffd\r\n".encode() in done.stdout
    pane = Pane(system.home)
    try:
        pane.run(asciinema, "play", "--speed", "20", str(path))
        pane.wait("after")
    finally:
        pane.close()


def test_what_a_user_can_get_wrong(system: System, client: NodeClient, fresh_session: str) -> None:
    there = system.home / "there"
    there.write_text("mine")
    for arguments, text in (
        (("--session", "F" * 40), "there is no session"),
        (("--session", ""), "there is no session"),
        (("--process", "nobody"), "is no process"),
        (("--process", "gateway", "--topic", "pty."), "fits all of these filters"),
        (("--hex", "--raw"), "exclude each other"),
        (("--record", str(there), "-s", fresh_session), "is there already"),
        (("--record", str(system.home / "none" / "x.cast"), "-s", fresh_session), "cannot write"),
        (("--record", str(system.home / "x.cast")), "which session?"),
    ):
        done = system.run("trace", *arguments)
        assert (done.returncode, text in done.stderr) == (2, True), (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    assert there.read_text() == "mine"
