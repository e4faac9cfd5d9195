"""`itermbus trace`: what passes over the bus, as it passes."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

import zmq

from bus import codec, sockets, topics
from bus.codec import Published
from bus.errors import ItermbusError, ProtocolError
from bus.paths import Paths
from itermbus import exit_codes, sessions, trace_lines
from itermbus.mistakes import Mistake
from itermbus.output_pipe import OutputPipe
from itermbus.supervisor_client import SupervisorClient
from itermbus.trace_lines import Style
from itermbus.tracing import Counts, Filter

#: Messages between two looks at the clock and at the reader.
_PER_TURN = 64

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Form = Literal["escaped", "hex", "raw", "json"]


@dataclass(frozen=True, slots=True)
class Until:
    """When a trace ends by itself: after so many messages or seconds; None for never."""

    messages: int | None = None
    seconds: float | None = None


def run(
    session: str | None, topic: list[str], process: str | None, form: Form, until: Until, *, with_input: bool = False
) -> int:
    """Prints what passes until Ctrl-C, `until` or the end of the reader. Raises `Mistake`, `SetupError`."""
    paths = sessions.running_paths()
    out, counts, started = OutputPipe(), Counts(), time.monotonic()
    wanted = replace(_filter(paths, session, topic, process, out), with_input=with_input)
    prefixes = [prefix.encode("utf-8", "replace") for prefix in wanted.prefixes()]
    if not prefixes:
        raise Mistake("nothing that is published fits all of these filters")
    old = [(number, signal.signal(number, out.interrupt)) for number in _STOPS]
    try:
        for message in _messages(paths, prefixes, counts, out, until.seconds):
            if wanted.takes(message):
                _show(message, counts, _style(form, out), out)
            if counts.messages == until.messages:
                break
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        out.forget()
        return exit_codes.OK
    finally:
        for number, handler in old:
            signal.signal(number, handler)
    _summarise(counts, time.monotonic() - started, form, out)
    return exit_codes.OK


def _filter(paths: Paths, session: str | None, topic: list[str], process: str | None, out: OutputPipe) -> Filter:
    own = _own_session(paths, out)
    found = sessions.find(paths, session).session_id if session is not None else None
    if found is not None and found == own and out.columns is not None:
        raise Mistake("this is that very session: each line of the trace would be traced. Write it to a file.")
    return Filter(
        session_id=found,
        topics=tuple(topic),
        process=_process(paths, process) if process is not None else None,
        without=own if own != found else None,
    )


def _own_session(paths: Paths, out: OutputPipe) -> str | None:
    """The session in which the trace is shown, be it by way of a pipe: what it printed would be traced in turn."""
    with suppress(ItermbusError):
        return sessions.shown_on(sessions.ask_layout(paths), out.shown_by)
    return None


def _process(paths: Paths, name: str) -> str:
    """The name in supervisord of the process that `name` means: of a worker the beginning is enough."""
    names = [process.name for process in SupervisorClient(paths.supervisor_socket).processes()]
    if name in names:
        return name
    is_worker = name.lower().startswith(topics.WORKER_PREFIX)
    wanted = topics.WORKER_PREFIX + name[len(topics.WORKER_PREFIX) :].upper() if is_worker else name
    found = [one for one in names if one.startswith(wanted)]
    if len(found) != 1:
        raise Mistake(f"{name!r} is no process, or the beginning of several. There are: {', '.join(names)}")
    return found[0]


def _messages(
    paths: Paths, prefixes: list[bytes], counts: Counts, out: OutputPipe, seconds: float | None
) -> Iterator[Published]:
    """What comes, until `seconds` have passed. Raises `BrokenPipeError` when nobody reads any more."""
    deadline = None if seconds is None else time.monotonic() + seconds
    with zmq.Context() as context, sockets.subscriber(context, [paths.bus_pub], prefixes) as bus:
        poller = zmq.Poller()
        poller.register(bus, zmq.POLLIN)
        if out.watch is not None:
            poller.register(out.watch, zmq.POLLERR)
        while (left := None if deadline is None else deadline - time.monotonic()) is None or left > 0:
            ready = dict(poller.poll(None if left is None else int(left * 1000) + 1))
            if out.watch is not None and out.watch in ready:
                raise BrokenPipeError
            for parts in sockets.waiting(bus, _PER_TURN):
                try:
                    yield codec.decode_published(parts)
                except ProtocolError:
                    counts.unreadable += 1


def _style(form: Form, out: OutputPipe) -> Style:
    if form == "escaped":
        width = out.columns
        return lambda message, now: trace_lines.escaped(message, now, width)
    return {"hex": trace_lines.hexdump, "raw": trace_lines.raw, "json": trace_lines.as_json}[form]


def _show(message: Published, counts: Counts, style: Style, out: OutputPipe) -> None:
    now = time.time()
    lost = counts.take(message, now)
    if lost is not None:
        out.write(style(lost, now))
    out.write(style(message, now))


def _summarise(counts: Counts, seconds: float, form: Form, out: OutputPipe) -> None:
    figures = {"seconds": round(seconds, 3), **counts.summary()}
    if form == "json":
        if out.torn:
            return
        try:
            out.write(json.dumps({"kind": "summary", **figures}).encode("ascii") + b"\n")
        except BrokenPipeError:
            out.forget()
        return
    lost = f"{counts.gaps} gaps ({counts.gap_bytes} bytes)" if counts.gaps else "no gap"
    typed = f", {counts.inputs} inputs" if counts.inputs else ""
    sys.stderr.write(
        f"{seconds:.1f} s: {counts.frames} frames with {counts.bytes} bytes, {counts.events} events, "
        f"{counts.stats} statistics{typed}; {lost}, {counts.new_epochs} new epochs, {counts.unreadable} unreadable; "
        f"latency {counts.latency_mean * 1000:.2f} ms mean, {counts.latency_most * 1000:.2f} ms most\n"
    )
