"""The targets: each takes any bytes at all, and raises only when something is wrong with our code.

What a function may raise is what its loop catches. Beside that, whatever holds for all input is checked here.
"""

import configparser
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from broker.worker_conf import worker_conf
from bus import codec, config, rpc
from bus.errors import Invalid, ProtocolError, RequestError, SetupError
from bus.link import Link, pack
from bus.log_lines import one_line
from bus.position import Position
from bus.ring import waiting
from bus.ring_file import open_ring
from headless import handshake
from headless.emulator.terminal import Terminal
from workers.gateway import dialect1, dialect2, wire
from workers.gateway.dialect2_lines import error_line
from workers.gateway.feed import Feed
from workers.gateway.lines import LineSplitter
from workers.gateway.queries import without_queries
from workers.pty.escapes import EscapeFollower

Target = Callable[[bytes], None]

_RING_BYTES = 256


def chunks(data: bytes) -> Iterator[bytes]:
    """`data` cut into pieces whose lengths are bytes of it, so that a mutation moves the cuts too."""
    at = 0
    while at < len(data):
        size = data[at] + 1
        yield data[at + 1 : at + 1 + size]
        at += 1 + size


def published(data: bytes) -> None:
    """A published message, its parts cut at the newlines."""
    _decodes(codec.decode_published, data.split(b"\n", 2))


def request(data: bytes) -> None:
    """A request: its header, and what is answered to one of another version."""
    try:
        codec.decode_request([data, b""])
    except ProtocolError as error:
        _is_one_line(error)
        refusal = rpc.version_refusal_parts(error, "broker")
        if refusal is not None:
            assert codec.decode_reply(refusal)[0].refusal is not None


def reply(data: bytes) -> None:
    """A reply's header."""
    _decodes(codec.decode_reply, [data, b""])


def link(data: bytes) -> None:
    """What a link receives: messages, whole and no larger than they may be, or its end. Cut anywhere it is the same."""
    ours, theirs = socket.socketpair()
    end, got, cut = Link(ours), [], bytearray()
    ours.setblocking(False)
    try:
        for chunk in chunks(data):
            theirs.send(chunk)
            cut += chunk
            got += end.receive() if chunk else []
    except ProtocolError as error:
        _is_one_line(error)
        assert end.closed
    finally:
        end.close()
        theirs.close()
    assert bytes(cut).startswith(b"".join(map(pack, got)))


def _decodes(decode: Callable[[list[bytes]], object], parts: list[bytes]) -> None:
    try:
        decode(parts)
    except ProtocolError as error:
        _is_one_line(error)


def _is_one_line(error: Exception) -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 2000


def gateway_lines(data: bytes) -> None:
    """A client's bytes: the same lines however they are cut, and each a request or one error line."""
    pieces = list(chunks(data))
    cut, whole = LineSplitter(200), LineSplitter(200)
    lines = [line for piece in pieces for line in cut.feed(piece)]
    assert [type(line) for line in whole.feed(b"".join(pieces))] == [type(line) for line in lines]
    for line in lines:
        try:
            dialect1.parse(line)
        except RequestError as error:
            answer = dialect1.error(error)
            assert answer.isascii()
            assert answer.count(b"\n") == 1
            assert len(answer) < wire.OUTPUT_LINE_BYTES
            assert json.loads(answer)["type"] == "error"


def dialect2_lines(data: bytes) -> None:
    """A line of a client of dialect 2: a request, or one error line that carries its id."""
    request_id = dialect2.id_of(data)
    try:
        dialect2.parse(data, wire.type_of(data))
    except RequestError as error:
        answer = error_line(error, request_id)
        assert answer.isascii()
        assert answer.count(b"\n") == 1
        assert len(answer) < wire.OUTPUT_LINE_BYTES
        assert json.loads(answer)["type"] == "error"


def feed(data: bytes) -> None:
    """A session's bytes on their way to a viewer: nothing lost or doubled, no query left, however they are cut."""
    pieces = list(chunks(data))
    stream = b"".join(pieces)
    fed = Feed(Position("epoch", 7))
    out = b"".join(part for piece in pieces for part in fed.take(piece))
    out += b"".join(fed.flush())
    assert fed.position.offset == 7 + len(stream)
    assert len(out) <= len(stream)
    if b"\x1b" not in stream:
        assert out == stream
    elif len(stream) < 512:
        assert out == without_queries(stream), "the same queries are taken out however the bytes arrive"


def escapes(data: bytes) -> None:
    """A session's bytes past the worker: the same modes and marks however they are cut."""
    pieces = list(chunks(data))
    cut, whole = EscapeFollower(), EscapeFollower()
    offset = 0
    for piece in pieces:
        cut.take(piece, offset)
        offset += len(piece)
    whole.take(b"".join(pieces), 0)
    assert cut.modes == whole.modes
    for state in ("prompt", "running", "finished"):
        assert cut.newest(state) == whole.newest(state)


def emulator(data: bytes) -> None:
    """A session's bytes in the headless host's terminal, which is resized now and then."""
    terminal = Terminal(10, 4, 20)
    for number, piece in enumerate(chunks(data)):
        terminal.feed(piece)
        if number % 3 == 2:
            terminal.resize(1 + len(piece) % 30, 1 + len(piece) % 7)
    terminal.take_news()


def config_file(data: bytes) -> None:
    """`config.toml`."""
    try:
        config.parse(data, "config.toml")
    except SetupError as error:
        _is_one_line(error)


def ring_file(data: bytes) -> None:
    """A session's ring, what was there before overwritten from byte 0: taken as it is or begun anew, never believed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ring"
        sound = _sound_ring(path)
        path.write_bytes(data + sound[len(data) :])
        ring = open_ring(str(path), _RING_BYTES)
        out, into = os.pipe()
        try:
            os.set_blocking(out, False)
            os.write(into, b"next")
            begin, held = ring.read(0, len(sound))
            assert len(held) <= ring.capacity
            assert begin + len(held) == ring.head or not ring.epoch
            ring.noted()
            if not ring.epoch or not ring.settle(out):
                ring.restart("anew")
            ring.fill(out, waiting(out) or 1)
            assert ring.read(ring.head - 4, 4)[1] == b"next" or ring.capacity < 4
        finally:
            ring.close()
            os.close(out)
            os.close(into)


def _sound_ring(path: Path) -> bytes:
    ring = open_ring(str(path), _RING_BYTES)
    ring.restart("epoch")
    ring.note(b"note")
    ring.close()
    return path.read_bytes()


def conf_d(data: bytes) -> None:
    """A session id on its way into supervisord's configuration: one program and its own command, or a refusal."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        conf = worker_conf(text)
    except Invalid:
        return
    parsed = configparser.RawConfigParser()
    parsed.read_string(conf)
    assert parsed.sections() == [f"program:pty-{text}"]
    assert parsed[f"program:pty-{text}"]["command"].endswith(f'python" -P -m workers.pty {text}')


def host_handshake(data: bytes) -> None:
    """The head of a request to the headless host's API socket. Nobody gets in without a cookie."""
    decision = handshake.decide(data, lambda _cookie: False)
    assert decision.status in (400, 401, 406)


def log_line(data: bytes) -> None:
    """Any text on its way into a log."""
    assert one_line(data.decode("utf-8", "surrogateescape")).isprintable()


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        published,
        request,
        reply,
        link,
        gateway_lines,
        dialect2_lines,
        feed,
        escapes,
        emulator,
        config_file,
        ring_file,
        conf_d,
        host_handshake,
        log_line,
    )
}

_ID = b"01234567-89AB-CDEF-0123-456789ABCDEF"

#: What to begin with: input that gets past the first check.
SEEDS: dict[str, list[bytes]] = {
    "published": [
        b"pty.%s\n" % _ID + b"\x84\xa1v\x01\xa5epoch\xa1e\xa6offset\x07\xa4time\x01\nbytes",
        b"event.closed\n\x82\xa1v\x01\xaasession_id\xd9\x24%s\n" % _ID,
        b"event.closed\n\x81\xa1v\x02\n",
    ],
    "request": [
        b"\x84\xa1v\x01\xa2id\x01\xa8deadline\x01\xa7command\x81\xa4type\xaaget_layout",
        b"\x82\xa1v\x02\xa2id\x07",
    ],
    "reply": [
        b"\x83\xa1v\x01\xa2id\x01\xa6result\x81\xa4type\xa4done",
        b"\x83\xa1v\x02\xa2id\x01\xa7refusal\x82\xa4code\xa4busy\xa7message\xa1x",
    ],
    "gateway_lines": [
        b"\x40" + b'{"type":"terminal_input","session_id":"%s","data":"YQ=="}\n' % _ID,
        b'\x10{"type":"hello","version":2}\n\x20{"type":"tab_create"}\n',
    ],
    "link": [b"\x12\x02\x00\x00\x00\x03\x00\x00\x00\x02abcde", b"\x00\x03" * 20],
    "dialect2_lines": [
        b'{"type":"input","id":1,"session_id":"%s","data":"YQ=="}' % _ID,
        b'{"type":"subscribe","id":"a","sessions":["%s"],"resume":{"%s":{"epoch":"e","offset":1}}}' % (_ID, _ID),
        b'{"type":"resize","session_id":"%s","columns":80,"rows":25,"lease":5}' % _ID,
    ],
    "ring_file": [b"itermbus", b"itermbus" + bytes(7) + b"\x01" + bytes(100)],
    "feed": [b"\x04ab\x1b[5n\x02\x1b[c", b"\x09\x1b]11;?\x07\x1b]1337;ReportCellSize\x07"],
    "escapes": [b"\x10\x1b[?1049h\x1b[?2004h\x20\x1b]133;D;7\x07\x1bc", b"\x05\x1b[3 q\x1b="],
    "emulator": [
        b"\x20\x1b[2J\x1b[31mabc\r\n\x1b[5;5H\x1b[1;3r\x1bM",
        b"\x20\x1b]0;title\x07\xe6\xbc\xa2\xf0\x9f\x91\xa9",
    ],
    "config_file": [b'log_level = "debug"\n[gateway]\nclients = 3\n', b"[[[[[[[", b"a = 1" + b"0" * 5000],
    "conf_d": [_ID, _ID + b"\ncommand=x"],
    "host_handshake": [
        b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHost: localhost\r\nOrigin: ws://localhost/\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Protocol: api.iterm2.com\r\n"
        b"x-iterm2-library-version: python 2.30\r\nx-iterm2-cookie: a\r\n\r\n"
    ],
    "log_line": [b"a\nb\x1b[2J\xff\xe2\x80\xa8"],
}
