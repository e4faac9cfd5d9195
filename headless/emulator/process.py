"""The emulator process: holds all terminals, is fed over one socket, answers in order with the bytes.

A process of its own, because interpreting output is slow work in Python and would hold the lock that the
host's byte path needs. It ends when the host's end of the socket closes.
"""

import json
import logging
import os
import signal
import socket
from collections.abc import Callable

from iterm2 import api_pb2

from headless.emulator.encoding import encode_buffer, encode_prompt
from headless.emulator.osc import text_between
from headless.emulator.terminal import Terminal
from headless.emulator.wire import Kind, Question, Reader, frame, split_question

_log = logging.getLogger(__name__)
_READ_SIZE = 256 * 1024
#: Yields to the byte path and to the shells when processors are short.
_NICENESS = 5


def serve(connection: socket.socket) -> None:
    """Serves until the host closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host, which then closes the socket
    os.nice(_NICENESS)
    terminals: dict[int, Terminal] = {}
    reader = Reader()
    with connection:
        while data := connection.recv(_READ_SIZE):
            touched: dict[int, None] = {}
            answers = bytearray()
            for kind, number, payload in reader.feed(data):
                if kind is Kind.ASK:
                    request, what, body = split_question(payload)
                    answers += _report(terminals, touched)
                    answers += frame(Kind.ANSWER, request, _answer(terminals.get(number), what, body))
                else:
                    _apply(terminals, kind, number, payload)
                    touched[number] = None
            answers += _report(terminals, touched)
            if answers:
                connection.sendall(answers)


def _apply(terminals: dict[int, Terminal], kind: Kind, number: int, payload: bytes) -> None:
    """Carries out one frame that needs no answer."""
    terminal = terminals.get(number)
    if kind is Kind.OPEN:
        given = json.loads(payload)
        colors = {name: (int(r), int(g), int(b)) for name, (r, g, b) in given["colors"].items()}
        terminals[number] = Terminal(given["columns"], given["rows"], given["scrollback"], colors)
    elif terminal is None:
        return
    elif kind is Kind.BYTES:
        try:
            terminal.feed(payload)
        except Exception:  # a program's output must never end the process that all sessions share
            _log.exception("session %d: output could not be interpreted, its modes are reset", number)
            terminal.reset_state()
    elif kind is Kind.RESIZE:
        given = json.loads(payload)
        terminal.resize(given["columns"], given["rows"])
    elif kind is Kind.RESET:
        terminal.feed(b"\x18\x1b[?1049l")
        terminal.reset_state()
        if terminal.grid.x:
            terminal.feed(b"\r\n")
    elif kind is Kind.CLOSE:
        del terminals[number]


def _report(terminals: dict[int, Terminal], touched: dict[int, None]) -> bytes:
    """NEWS and CHANGED of the sessions that were fed, and forgets which those were."""
    frames = bytearray()
    for number in touched:
        terminal = terminals.get(number)
        if terminal is None:
            continue
        news = terminal.take_news()
        if news.facts or news.prompts or news.custom or news.bells or news.replies:
            body = {
                "facts": news.facts,
                "prompts": news.prompts,
                "custom": news.custom,
                "bells": news.bells,
                "replies": news.replies.decode("latin-1"),
            }
            frames += frame(Kind.NEWS, number, json.dumps(body).encode())
        if terminal.changed:
            terminal.changed = False
            frames += frame(Kind.CHANGED, number)
    touched.clear()
    return bytes(frames)


def _answer(terminal: Terminal | None, what: Question, body: bytes) -> bytes:
    """The answer to a question; nothing where there is none."""
    return b"" if terminal is None else _ANSWERS[what](terminal, body)


def _buffer(terminal: Terminal, body: bytes) -> bytes:
    response = encode_buffer(terminal, api_pb2.LineRange.FromString(body))
    return b"" if response is None else response.SerializeToString()


def _line_info(terminal: Terminal, _body: bytes) -> bytes:
    info = {
        "overflow": terminal.history.overflow,
        "grid": terminal.rows,
        "history": len(terminal.history.lines),
        "first_visible": terminal.first_row(),
    }
    return json.dumps(info).encode()


def _prompt(terminal: Terminal, body: bytes) -> bytes:
    wanted = json.loads(body)["id"]
    prompts = [prompt for prompt in terminal.marks.prompts if wanted in (None, prompt.identifier)]
    return encode_prompt(terminal, prompts[-1]).SerializeToString() if prompts else b""


def _prompts(terminal: Terminal, body: bytes) -> bytes:
    given = json.loads(body)
    names = [prompt.identifier for prompt in terminal.marks.prompts]
    start = names.index(given["first"]) if given["first"] in names else 0
    end = names.index(given["last"]) + 1 if given["last"] in names else len(names)
    return api_pb2.ListPromptsResponse(
        status=api_pb2.ListPromptsResponse.OK, unique_prompt_id=names[start:end]
    ).SerializeToString()


def _text(terminal: Terminal, body: bytes) -> bytes:
    parts = [text_between(terminal, (x, y), (end_x, end_y)) for x, y, end_x, end_y in json.loads(body)]
    return "\n".join(parts).encode()


_ANSWERS: dict[Question, Callable[[Terminal, bytes], bytes]] = {
    Question.BUFFER: _buffer,
    Question.LINE_INFO: _line_info,
    Question.PROMPT: _prompt,
    Question.PROMPTS: _prompts,
    Question.TEXT: _text,
}
