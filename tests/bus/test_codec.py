import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import codec, rpc, topics
from bus.errors import ProtocolError
from bus.limits import HEADER_BYTES, PAYLOAD_BYTES
from bus.messages.commands import GetLayout
from bus.messages.events import Attachment, Closed, FrameHeader
from bus.messages.layout import Iterm2Status, Layout, Session, Split, Tab, Window
from bus.messages.results import Refusal, Reply, Written
from bus.messages.stat import BrokerFigures, Stat, Usage

SESSION = "0A1B2C3D-0000-4000-8000-00000000000F"
USAGE = Usage(cpu_seconds=1.5, memory_peak_bytes=9_000_000)
FIGURES = BrokerFigures(
    sessions=2,
    attached=1,
    iterm2_state="connected",
    iterm2_connections=1,
    reconcile_rounds=3,
    snapshots=0,
    snapshot_age=None,
    screens_followed=0,
    screens_shown=0,
    offset_words_dropped=0,
    commands_answered=4,
    malformed=0,
)
HEADER = FrameHeader(epoch="e1", offset=7, time=1.5)


def test_frame_survives_the_wire_and_its_payload_is_not_touched() -> None:
    payload = bytes(range(256))
    parts = codec.encode_frame(topics.pty(SESSION), HEADER, payload)
    assert parts[2] is payload
    assert codec.decode_published([bytes(part) for part in parts]) == codec.Frame(SESSION, HEADER, payload)


def test_a_frames_header_is_one_plain_messagepack_map() -> None:
    """As a tracer with nothing but pyzmq and msgpack reads it."""
    parts = codec.encode_frame(topics.pty(SESSION), HEADER, b"x")
    assert parts[0] == b"pty." + SESSION.encode()
    assert msgpack.unpackb(bytes(parts[1])) == {"v": 1, "epoch": "e1", "offset": 7, "time": 1.5}


def test_layout_with_nested_splits_survives_the_wire() -> None:
    pane = Session(session_id=SESSION, title="a ü \x00", columns=80, rows=25, reason="why")
    root = Split(vertical=True, children=(pane, Split(vertical=False, children=(pane, pane))))
    layout = Layout(
        broker="b",
        revision=3,
        iterm2=Iterm2Status(state="connected"),
        windows=(Window(window_id="pty-1", number=0, tabs=(Tab(tab_id="1", root=root),)),),
    )
    assert codec.decode_published(codec.encode_event("layout", layout)) == codec.Event("layout", layout)


def test_an_event_of_another_type_is_not_published() -> None:
    with pytest.raises(TypeError):
        codec.encode_event("layout", Closed(session_id=SESSION))


def test_stat_survives_the_wire() -> None:
    stat = Stat(process="pty-" + SESSION, pid=1, time=2.0, usage=USAGE, figures=FIGURES)
    assert codec.decode_published(codec.encode_stat(stat)) == stat


def test_unknown_keys_are_ignored() -> None:
    header = msgpack.packb({"v": 1, "epoch": "e1", "offset": 7, "time": 1.5, "colour": "blue"})
    assert codec.decode_published([topics.pty(SESSION), header, b""]) == codec.Frame(SESSION, HEADER, b"")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"pty." + SESSION.encode()],
        [b"pty." + SESSION.encode(), b"", b""],
        [b"pty." + SESSION.encode(), b"\xc1", b""],
        [b"pty.lower-case", msgpack.packb({}), b""],
        [b"event.unheard_of", msgpack.packb({}), b""],
        [b"\xff.x", msgpack.packb({}), b""],
        [b"pty." + SESSION.encode(), msgpack.packb({"v": 1, "epoch": "e", "offset": -1, "time": 0}), b""],
        [b"pty." + SESSION.encode(), msgpack.packb({"v": 1, "epoch": "e", "offset": "1", "time": 0}), b""],
        [b"pty." + SESSION.encode(), b"x" * (HEADER_BYTES + 1), b""],
        [b"pty." + SESSION.encode(), codec._encode(HEADER), b"x" * (PAYLOAD_BYTES + 1)],
        [b"pty." + SESSION.encode(), b"\x91" * 100_000, b""],
    ],
)
def test_what_cannot_be_read_raises_protocol_error(parts: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        codec.decode_published(parts)


def test_another_version_is_named() -> None:
    header = msgpack.packb({"v": 99, "everything": "else"})
    with pytest.raises(codec.WrongVersion, match=r"version 99.*speaks 1"):
        codec.decode_published([topics.pty(SESSION), header, b""])


def test_a_reply_has_either_a_result_or_a_refusal() -> None:
    both = Reply(id=1, result=Written(written=1), refusal=Refusal(code="busy", message=""))
    for reply in (both, Reply(id=1)):
        with pytest.raises(ProtocolError):
            codec.decode_reply(codec.encode_reply(reply))


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_no_bytes_crash_the_decoders(parts: list[bytes]) -> None:
    for decode in (codec.decode_published, codec.decode_request, codec.decode_reply):
        try:
            decode(parts)
        except ProtocolError:
            continue


@given(st.data())
def test_no_damaged_message_crashes_the_decoders(data: st.DataObject) -> None:
    body = Attachment(session_id=SESSION, attached=True, epoch="e", offset=1)
    for parts, decode in (
        (codec.encode_event("attached", body), codec.decode_published),
        (rpc.request_parts(1, GetLayout()), codec.decode_request),
        (codec.encode_reply(Reply(id=1, result=Written(written=1))), codec.decode_reply),
    ):
        damaged = bytearray(parts[-2])
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
        try:
            decode([*parts[:-2], bytes(damaged), parts[-1]])
        except ProtocolError:
            continue


def test_no_error_repeats_what_came() -> None:
    """Whatever is wrong goes into a log, and what came could be terminal contents, or steer a terminal."""
    for command in (
        {"type": "ZEBRA\x1b[2J"},
        {"type": "input", "ZEBRA": 1},
        {"type": "replay", "epoch": "ZEBRA"},
        "ZEBRA",
    ):
        header = msgpack.packb({"v": 1, "id": 1, "deadline": 1.0, "command": command})
        try:
            codec.decode_request([header, b""])
        except ProtocolError as error:
            assert "ZEBRA" not in str(error)  # noqa: PT017 - one that is in order raises none
            assert str(error).isprintable()  # noqa: PT017
