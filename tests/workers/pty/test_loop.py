"""The worker as a process: what it publishes, replays, writes and refuses."""

import os
import signal
import socket
import subprocess
import sys
import threading
from array import array

import psutil
import pytest

from bus import sockets
from bus.codec import Event, Frame
from bus.errors import Busy, NotAttached, RequestTimeout, TooLong, UnknownType
from bus.limits import INPUT_BACKLOG_BYTES, INPUT_BYTES, RING_BYTES
from bus.messages.commands import FindMark, GetLayout, GetPosition, Input, NoteSize, Replay
from bus.messages.events import Attachment, SizeChanged
from bus.messages.layout import Layout
from bus.messages.results import Mark, Modes, Position, Replayed, Written
from bus.ring import HEADER_BYTES
from bus.ring_file import head_of
from bus.subscriber import Subscriber
from tests.support import end, wait_until
from tests.workers.pty.conftest import SESSION, Rig


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _replay_all(rig: Rig, epoch: str, offset: int = 0) -> bytes:
    """Everything from `offset`, by as many requests as it takes."""
    got = b""
    while True:
        result, data = rig.rpc.call(Replay(epoch=epoch, offset=offset + len(got), limit=1 << 30), Replayed)
        assert result.offset == offset + len(got)
        got += data
        if result.offset + len(data) == result.head:
            return got


def test_output_is_published_with_its_place_in_the_stream(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    with Subscriber(rig.context, [rig.session.pub], [b"pty."]) as subscriber:
        sent = 0

        def publish() -> Frame | None:
            nonlocal sent
            os.write(rig.output, b"x")
            sent += 1
            message = subscriber.receive(0.05)
            return message if isinstance(message, Frame) else None

        first = wait_until(publish, "a frame")
        assert (first.session_id, first.header.epoch) == (SESSION, epoch)
        _write_all(rig.output, b"abc\xff\x00")
        expected = first.header.offset + len(first.payload)
        got = b""
        while not got.endswith(b"abc\xff\x00"):
            frame = subscriber.receive(5)
            assert isinstance(frame, Frame)
            assert frame.header.offset == expected
            expected += len(frame.payload)
            got += frame.payload
        assert expected == sent + 5


def test_the_ring_gives_every_recent_byte_again(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    data = os.urandom(3_000_000)
    _write_all(rig.output, data)
    rig.wait_head(len(data))
    assert _replay_all(rig, epoch) == data
    assert _replay_all(rig, epoch, 2_999_990) == data[-10:]


def test_modes_and_marks_are_told_with_their_place(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    data = b"\x1b[?2004h\x1b]133;A\x07$ "
    _write_all(rig.output, data)
    position = rig.wait_head(len(data))
    assert position.modes == Modes(bracketed_paste=True)
    assert rig.rpc.call(FindMark(state="prompt"), Mark)[0] == Mark(epoch=epoch, offset=len(data) - 2)
    assert rig.rpc.call(FindMark(state="running"), Mark)[0].offset is None


def test_a_size_is_published_between_the_right_frames(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    with Subscriber(rig.context, [rig.session.pub], [b""]) as subscriber:

        def subscribed() -> object:
            os.write(rig.output, b"x")
            return subscriber.receive(0.05)

        wait_until(subscribed, "the subscription")
        position = rig.rpc.call(NoteSize(columns=100, rows=30), Position)[0]
        _write_all(rig.output, b"after")
        seen: list[object] = []

        def frame_after() -> bool:
            seen.append(subscriber.receive(0.1))
            last = seen[-1]
            return isinstance(last, Frame) and last.header.offset >= position.head

        wait_until(frame_after, "the frame after the size")
    size = SizeChanged(session_id=SESSION, epoch=epoch, offset=position.head, columns=100, rows=30)
    assert Event("size", size) in seen
    assert position.head == rig.rpc.call(GetPosition(), Position)[0].sized_at > 0


def test_what_the_ring_has_lost_shows_in_the_reply(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    data = os.urandom(RING_BYTES + 100_000)
    _write_all(rig.output, data)
    position = rig.wait_head(len(data))
    assert position.tail == 100_000
    result, _payload = rig.rpc.call(Replay(epoch=epoch, offset=5, limit=10), Replayed)
    assert (result.epoch, result.offset, result.head) == (epoch, 100_000, len(data))
    assert _replay_all(rig, epoch, 100_000) == data[100_000:]


def test_another_epoch_is_answered_with_this_one(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    _write_all(rig.output, b"now")
    rig.wait_head(3)
    result, payload = rig.rpc.call(Replay(epoch="long-ago", offset=77, limit=100), Replayed)
    assert (result.epoch, result.offset, payload) == (epoch, 0, b"now")


def test_it_drains_at_once_though_nobody_reads(rig: Rig) -> None:
    """200 MB with a subscriber that never receives: the writer is not held up, the worker's memory is bounded."""
    worker = rig.start_worker()
    rig.start_shim()
    rig.wait_attached()
    with Subscriber(rig.context, [rig.session.pub], [b"pty."]):
        chunk = os.urandom(1 << 20)
        for _ in range(200):
            _write_all(rig.output, chunk)
        rig.wait_head(200 << 20)
        assert psutil.Process(worker.pid).memory_info().rss < 120 << 20


def test_input_is_written_and_answered(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    rig.wait_attached()
    data = bytes(range(256))
    assert rig.rpc.call(Input(), Written, data)[0] == Written(written=256)
    assert rig.read_typed(256) == data


def test_input_without_a_coprocess_is_refused(rig: Rig) -> None:
    rig.start_worker()
    wait_until(rig.position, "the worker")
    with pytest.raises(NotAttached):
        rig.rpc.call(Input(), Written, b"x")


def test_input_that_nobody_reads_is_refused_in_time_and_the_worker_goes_on(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    accepted = 0

    def type_more() -> int:
        return rig.rpc.call(Input(), Written, b"i" * 50_000, seconds=0.3)[0].written

    with pytest.raises(Busy):  # noqa: PT012 - which of the calls is refused depends on the size of the pipe
        while accepted < 10 * INPUT_BACKLOG_BYTES:
            accepted += type_more()
    # A pipe's worth was written before the pipe was full; exactly that much arrives.
    assert rig.read_typed(accepted) == b"i" * accepted
    _write_all(rig.output, b"alive")
    rig.wait_head(5)
    assert _replay_all(rig, epoch) == b"alive"
    assert rig.rpc.call(Input(), Written, b"again")[0].written == 5
    assert rig.read_typed(5) == b"again"


def test_requests_that_are_not_for_a_worker_are_refused(rig: Rig) -> None:
    rig.start_worker()
    rig.start_shim()
    rig.wait_attached()
    with pytest.raises(UnknownType):
        rig.rpc.call(GetLayout(), Layout)  # type: ignore[type-var]
    with pytest.raises(TooLong):
        rig.rpc.call(Input(), Written, b"x" * (INPUT_BYTES + 1))


def test_garbage_on_its_sockets_is_dropped(rig: Rig) -> None:
    rig.start_worker()
    wait_until(rig.position, "the worker")
    requests = sockets.rpc_client(rig.context, rig.session.rpc)
    for parts in ([b""], [b"a", b"b"], [b"\xc1", b""], [b"a", b"b", b"c"]):
        requests.send_multipart(parts)
    requests.close()
    pipe = os.pipe()
    with (rig.paths.root / "file").open("wb") as file:
        for greeting, descriptors in (
            (b"", []),
            (b"attach 1 nobody -\n", [*pipe]),
            (b"attach 1 %s -\n" % SESSION.encode(), []),
            (b"attach 1 %s -\n" % SESSION.encode(), [pipe[0]]),
            (b"attach 1 %s -\n" % SESSION.encode(), [*pipe, *pipe]),
            (b"attach 1 %s -\n" % SESSION.encode(), [file.fileno(), file.fileno()]),
            (os.urandom(5000), []),
        ):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
                rude.settimeout(10)
                rude.connect(str(rig.session.attach))
                if greeting:
                    socket.send_fds(rude, [greeting], descriptors)
                    assert rude.recv(10) in (b"no\n", b"")
    for end_of_pipe in pipe:
        os.close(end_of_pipe)
    rig.start_shim()
    assert rig.wait_attached()


def test_descriptors_that_were_refused_are_closed(rig: Rig) -> None:
    rig.start_worker()
    wait_until(rig.position, "the worker")
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
        rude.connect(str(rig.session.attach))
        socket.send_fds(rude, [b"attach 1 somebody-else -\n"], [writing])
        os.close(writing)
        rude.settimeout(10)
        assert rude.recv(10) == b"no\n"
    # End of file comes only when the worker's copy is closed too.
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_a_killed_worker_is_followed_in_the_same_epoch(rig: Rig) -> None:
    """The shim reads meanwhile; modes, marks and the size are known to the next worker too."""
    first = rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    before = b"\x1b[?2004h\x1b]133;A\x07$ "
    _write_all(rig.output, before)
    rig.wait_head(len(before))
    rig.rpc.call(NoteSize(columns=100, rows=30), Position)
    end(first, signal.SIGKILL)
    alone = b"while nobody was there\x1b[?1h"
    _write_all(rig.output, alone)
    rig.start_worker()
    rig.wait_attached()
    position = rig.wait_head(len(before + alone))
    assert _replay_all(rig, epoch) == before + alone
    assert (position.epoch, position.sized_at) == (epoch, len(before))
    assert position.modes == Modes(bracketed_paste=True, cursor_keys=True)
    assert rig.rpc.call(FindMark(state="prompt"), Mark)[0].offset == len(before) - 2


def test_workers_killed_again_and_again_lose_no_byte(rig: Rig) -> None:
    """A stream at full speed, its reader killed at no matter which moment: one epoch, every byte at its place."""
    worker = rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    enough = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not enough.is_set():
            _write_all(rig.output, _counting(written, 1 << 18))
            written += 1 << 18

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(8):
            before = written
            wait_until(lambda start=before: written > start + (4 << 20), "the stream to flow")
            end(worker, signal.SIGKILL)
            worker = rig.start_worker()
            position = rig.wait_attached()
            assert position.epoch == epoch
            offset, got = _replay_from(rig, epoch, position.tail)
            assert got == _counting(offset, len(got))
    finally:
        enough.set()
        writer.join()
    position = rig.wait_head(written)
    assert position.head == written
    seen = position.tail
    while seen < written:
        offset, got = _replay_from(rig, epoch, seen)
        assert got == _counting(offset, len(got))
        seen = offset + len(got)


def _counting(offset: int, size: int) -> bytes:
    """The bytes from `offset` of a stream that counts by eights, and so is nowhere what it is elsewhere."""
    first = offset // 8
    return array("Q", range(first, first + size // 8 + 2)).tobytes()[offset - first * 8 :][:size]


def _replay_from(rig: Rig, epoch: str, offset: int) -> tuple[int, bytes]:
    """What the worker has from `offset` on, as soon as there is one: it may just have been killed."""

    def replay() -> tuple[int, bytes] | None:
        try:
            result, data = rig.rpc.call(Replay(epoch=epoch, offset=offset, limit=1 << 30), Replayed, seconds=0.5)
        except (RequestTimeout, Busy):
            return None
        assert result.epoch == epoch
        return result.offset, data

    return wait_until(replay, "a worker that answers")


def test_a_worker_that_is_stopped_is_replaced_and_nothing_is_lost(rig: Rig) -> None:
    worker = rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    _write_all(rig.output, b"one")
    rig.wait_head(3)
    worker.send_signal(signal.SIGSTOP)
    data = os.urandom(1 << 20)
    _write_all(rig.output, data)
    assert worker.wait(10) == -signal.SIGKILL
    rig.start_worker()
    rig.wait_head(3 + len(data))
    assert _replay_all(rig, epoch) == b"one" + data


@pytest.mark.parametrize("place", [0, 16, 40, 70])
def test_a_damaged_ring_begins_an_epoch_and_says_so(rig: Rig, place: int) -> None:
    worker = rig.start_worker()
    shim = rig.start_shim()
    epoch = rig.wait_attached().epoch
    _write_all(rig.output, b"before")
    rig.wait_head(6)
    shim.send_signal(signal.SIGSTOP)
    end(worker, signal.SIGKILL)
    with rig.session.ring.open("r+b") as file:
        file.seek(place)
        file.write(b"\x5a")
    worker = rig.start_worker()
    shim.send_signal(signal.SIGCONT)
    position = rig.wait_attached(not_epoch=epoch)
    assert (position.tail, position.head) == (0, 0)
    _write_all(rig.output, b"after")
    rig.wait_head(5)
    assert _replay_all(rig, position.epoch) == b"after"
    end(worker)
    assert worker.stderr is not None
    assert b"the ring was damaged" in worker.stderr.read()


def test_a_stop_while_there_was_no_worker_is_told_by_the_next(rig: Rig) -> None:
    shim = rig.start_shim()
    _write_all(rig.output, b"x")
    wait_until(lambda: head_of(str(rig.session.ring)) == 1, "the shim to read alone")
    end(shim)
    rig.start_worker()
    position = wait_until(rig.position, "the worker")
    assert (position.attached, position.stopped) == (False, True)
    rig.close_pipe()
    rig.start_shim()
    assert not rig.wait_attached().stopped


def test_a_configured_size_of_the_ring_is_for_new_epochs(rig: Rig) -> None:
    rig.paths.config.write_text("[worker]\nring_bytes = 131072\n")
    worker = rig.start_worker()
    shim = rig.start_shim()
    epoch = rig.wait_attached().epoch
    _write_all(rig.output, b"kept")
    rig.wait_head(4)
    rig.paths.config.write_text("[worker]\nring_bytes = 262144\n")
    end(worker)
    rig.start_worker()
    rig.wait_attached()
    assert _replay_all(rig, epoch) == b"kept"
    rig.close_pipe()
    shim.wait(10)
    rig.start_shim()
    rig.wait_attached(not_epoch=epoch)
    assert rig.session.ring.stat().st_size == HEADER_BYTES + 262144


def test_another_users_ring_is_refused_with_words(rig: Rig) -> None:
    rig.session.ring.write_bytes(b"")
    rig.session.ring.chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workers.pty", SESSION], env=rig.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert "others can read or write it" in done.stderr


def test_a_second_worker_waits_for_the_first(rig: Rig) -> None:
    """As after the death of a supervisord: two readers of one pipe would get half of it each."""
    first = rig.start_worker()
    rig.start_shim()
    epoch = rig.wait_attached().epoch
    second = rig.start_worker()
    assert second.stderr is not None
    assert b"still there" in second.stderr.readline()
    _write_all(rig.output, b"one")
    rig.wait_head(3)
    assert second.poll() is None
    assert _replay_all(rig, epoch) == b"one"
    end(first)
    assert rig.wait_attached().epoch == epoch
    assert second.poll() is None


def test_the_end_of_the_pipe_is_published_and_all_of_it_was_read(rig: Rig) -> None:
    rig.start_worker()
    shim = rig.start_shim()
    epoch = rig.wait_attached().epoch
    with Subscriber(rig.context, [rig.session.pub], [b"event."]) as subscriber:
        got: list[Attachment] = []

        def collect() -> None:
            while (message := subscriber.receive(10)) is not None:
                if isinstance(message, Event) and isinstance(message.body, Attachment):
                    got.append(message.body)
                    return

        # The subscription is known once a first event arrives: attach again until it does.
        thread = threading.Thread(target=collect)
        thread.start()
        while thread.is_alive():
            _write_all(rig.output, b"last words")
            rig.wait_head(10)
            rig.close_pipe()
            assert shim.wait(10) == 0
            detached = wait_until(lambda: (p := rig.position()) and not p.attached and p, "the end")
            assert _replay_all(rig, detached.epoch) == b"last words"
            thread.join(0.2)
            if thread.is_alive():
                shim = rig.start_shim()
                epoch = rig.wait_attached(not_epoch=epoch).epoch
        assert got[0].reason in ("", "ended")


@pytest.mark.parametrize("pipe_first", [True, False])
def test_a_stop_of_the_user_is_told_from_an_end(rig: Rig, pipe_first: bool) -> None:
    """iTerm2 sends SIGTERM and closes the pipe in one moment; the worker may see either first."""
    worker = psutil.Process(rig.start_worker().pid)
    shim = rig.start_shim()
    rig.wait_attached()
    with Subscriber(rig.context, [rig.session.pub], [b""]) as subscriber:

        def subscribed() -> object:
            os.write(rig.output, b"x")
            return subscriber.receive(0.05)

        wait_until(subscribed, "the subscription")
        if pipe_first:
            shim.send_signal(signal.SIGSTOP)
            before = worker.num_fds()
            rig.close_pipe()
            wait_until(lambda: worker.num_fds() <= before - 2, "the worker to see the end of the pipe")
        shim.send_signal(signal.SIGTERM)
        shim.send_signal(signal.SIGCONT)

        def last_word() -> Attachment | None:
            message = subscriber.receive(0.1)
            return message.body if isinstance(message, Event) and isinstance(message.body, Attachment) else None

        said = wait_until(last_word, "the end of the attachment")
        assert (said.attached, said.reason) == (False, "stopped")


def test_a_coprocess_that_is_started_again_begins_an_epoch(rig: Rig) -> None:
    rig.start_worker()
    shim = rig.start_shim()
    first = rig.wait_attached()
    _write_all(rig.output, b"before")
    rig.wait_head(6)
    rig.close_pipe()
    shim.wait(10)
    rig.start_shim()
    second = rig.wait_attached(not_epoch=first.epoch)
    assert (second.tail, second.head) == (0, 0)
    _write_all(rig.output, b"after")
    rig.wait_head(5)
    assert _replay_all(rig, second.epoch) == b"after"


def test_it_stops_at_once_and_takes_its_sockets_along(rig: Rig) -> None:
    worker = rig.start_worker()
    rig.start_shim()
    rig.wait_attached()
    assert end(worker, seconds=5) == 0
    assert not any(path.exists() for path in rig.session.sockets)


def test_it_goes_when_its_parent_has_died(rig: Rig) -> None:
    """supervisord's death leaves its children running; they make way for those of the next one."""
    script = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-P', '-m', 'workers.pty', '{SESSION}'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], env=rig.env, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    wait_until(rig.position, "the worker")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the orphan to go")


@pytest.mark.parametrize("argument", ["", "active", "../x", SESSION.lower()])
def test_a_wrong_session_id_is_said(rig: Rig, argument: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workers.pty", argument], env=rig.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert done.stderr == "workers.pty: that is not a session id: an upper-case UUID is\n"
