"""One run: a system, sessions with known streams, clients that check, faults for a time, and the verdict."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import leaks
from tests.chaos.faults import Faults
from tests.chaos.instance import Instance
from tests.chaos.link import Link
from tests.chaos.typist import Typist
from tests.chaos.witness import Witness
from tests.support import temporary_home, wait_until

#: The stated time: after the last fault everything runs again within this, and every client has every byte that is to
#: be had within as much again. On an idle machine it takes some five seconds.
WHOLE_SECONDS = 60.0

_STREAMS = 3
_WITNESSES = 3
_RATE = 300_000
_HERE = Path(__file__).parent


@dataclass
class Verdict:
    """What came of a run."""

    seed: int
    faults: Counter[str]
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


def run(seed: int, seconds: float, python: str, say: Callable[[str], None] = lambda _text: None) -> Verdict:
    """Runs for `seconds` under faults. `python` runs the programs in the sessions."""
    with temporary_home() as home, ExitStack() as stack:
        instance = Instance(home)
        stack.callback(instance.close)
        return _Run(instance, seed, python, say).carry_out(seconds, stack)


class _Run:
    def __init__(self, instance: Instance, seed: int, python: str, say: Callable[[str], None]) -> None:
        self._instance = instance
        self._gateway = instance.paths.gateway_socket
        self._python = python
        self._say = say
        self._record = instance.home / "typed"
        self._verdict = Verdict(seed, Counter())

    def carry_out(self, seconds: float, stack: ExitStack) -> Verdict:
        verdict = self._verdict
        typed_into, streams = self._open_sessions()
        every = [typed_into, *streams]
        self._instance.wait_whole(every, WHOLE_SECONDS)
        witnesses = [Witness(f"witness {n}", self._gateway, streams) for n in range(_WITNESSES)]
        typist = Typist(self._gateway, typed_into)
        for thread in (*witnesses, typist):
            thread.start()
            stack.callback(thread.stop)
        wait_until(lambda: all(_knows_all(witness) for witness in witnesses), "every client to see every stream")
        wait_until(lambda: len(typist.written) > 3, "typing to work")
        before = leaks.take(self._instance)
        faults = Faults(self._instance, witnesses, verdict.seed)
        faults.run(seconds, self._say)
        verdict.faults = faults.counts
        self._settle(every, witnesses, streams)
        typist.stop()
        self._check_typing(typist)
        self._check_leaks(before)
        self._tell(witnesses, typist, faults)
        return verdict

    def _open_sessions(self) -> tuple[str, dict[str, str]]:
        """The session that records what is typed, and those that print: session id -> the name of its stream."""
        link = Link(self._gateway, lambda: {"client": "chaos", "sessions": "none"})
        wait_until(lambda: (link.receive(0.1) or link.connections) and _is_up(link), "the gateway", seconds=60)
        recorder = self._create(link, f"{self._python} {_HERE / 'recorder.py'} {self._record}")
        streams = {}
        for number in range(_STREAMS):
            key = f"stream{number}"
            command = f"{self._python} {_HERE / 'printer.py'} {key} {self._instance.home} {_RATE}"
            streams[self._create(link, command)] = key
        link.drop()
        return recorder, streams

    def _create(self, link: Link, command: str) -> str:
        answer = ask(link, type="create_tab", command=command)
        return str(answer["session_id"])

    def _settle(self, every: list[str], witnesses: list[Witness], streams: dict[str, str]) -> None:
        """After the last fault: everything runs, and what was printed to the last byte is at every client."""
        began = time.monotonic()
        try:
            whole = self._instance.wait_whole(every, WHOLE_SECONDS)
            self._verdict.figures["whole again after"] = f"{whole:.1f} s"
            self._wait_followed(witnesses, streams)
            (self._instance.home / "stop").touch()
            printed = {name: self._printed(key) for name, key in streams.items()}
            for witness in witnesses:
                for name, size in printed.items():
                    wait_until(
                        lambda w=witness, n=name, s=size: w.has_seen(n, s),  # type: ignore[misc]
                        f"{witness.name} to have all {size} bytes of {streams[name]}",
                        seconds=WHOLE_SECONDS,
                    )
            self._verdict.figures["every byte there after"] = f"{time.monotonic() - began:.1f} s"
        except AssertionError as error:
            self._verdict.wrong.append(str(error))
            self._verdict.wrong += self._where(witnesses)
        for witness in witnesses:
            witness.stop()
            self._verdict.wrong += witness.faults

    def _wait_followed(self, witnesses: list[Witness], streams: dict[str, str]) -> None:
        """While the streams still flow: a client that has just come gets a screen in place of what was printed before,
        and where that is in the stream nobody could say if nothing followed."""
        for name, key in streams.items():
            wait_until(
                lambda n=name: self._is_followed(witnesses, n),  # type: ignore[misc]
                f"every client to follow {key}",
                seconds=WHOLE_SECONDS,
            )

    def _is_followed(self, witnesses: list[Witness], session_id: str) -> bool:
        epoch = self._instance.epoch(session_id)
        return epoch is not None and all(witness.follows(session_id, epoch) for witness in witnesses)

    def _where(self, witnesses: list[Witness]) -> list[str]:
        states = [f"{process.name} is {process.statename}" for process in self._instance.table()]
        views = [
            f"{witness.name}: {view.key} is at {view.position}, offset {view.next}"
            for witness in witnesses
            for view in witness.views.values()
        ]
        return [*states, *views]

    def _printed(self, key: str) -> int:
        path = self._instance.home / f"{key}.printed"
        wait_until(path.exists, f"{key} to end", seconds=WHOLE_SECONDS)
        return int(wait_until(path.read_text, f"how far {key} came"))

    def _check_typing(self, typist: Typist) -> None:
        newest = max(typist.written, default=0)
        ending = b"%08d\n" % newest

        def arrived() -> bool:
            return newest == 0 or ending in self._record.read_bytes()[-4096:]

        try:
            wait_until(arrived, "the last line that was told as written")
        except AssertionError as error:
            self._verdict.wrong.append(str(error))
        self._verdict.wrong += typist.check(self._record.read_bytes())

    def _check_leaks(self, before: leaks.Inventory) -> None:
        def grown() -> list[str]:
            return before.compare(leaks.take(self._instance))

        try:
            wait_until(lambda: not grown(), "no more processes, descriptors, files or memory than before", seconds=20)
        except AssertionError:
            self._verdict.wrong += grown()

    def _tell(self, witnesses: list[Witness], typist: Typist, faults: Faults) -> None:
        views = [view for witness in witnesses for view in witness.views.values()]
        figures = self._verdict.figures
        figures["bytes compared"] = f"{sum(view.checked_bytes for view in views):,}"
        figures["gaps, bytes in them"] = f"{sum(v.gaps for v in views)}, {sum(v.gap_bytes for v in views):,}"
        figures["snapshots"] = str(sum(witness.snapshots for witness in witnesses))
        figures["epochs of each stream"] = ", ".join(str(len(view.epochs)) for view in witnesses[0].views.values())
        figures["worker and shim killed at once"] = str(faults.double_kills)
        figures["connections of each client"] = ", ".join(str(witness.link.connections) for witness in witnesses)
        figures["lines typed"] = (
            f"{len(typist.written)} written, {len(typist.refused)} refused, {len(typist.unknown)} of unknown fate"
        )


def _knows_all(witness: Witness) -> bool:
    return all(view.shift is not None for view in witness.views.values())


def _is_up(link: Link) -> bool:
    answer = ask(link, type="ping")
    return answer["type"] == "result"


def ask(link: Link, **request: Any) -> dict[str, Any]:
    """One request's answer, whatever it takes within reason."""
    number = 0
    deadline = time.monotonic() + WHOLE_SECONDS
    while time.monotonic() < deadline:
        number += 1
        link.send(id=number, **request)
        for message in _until_answer(link, number):
            if message["type"] == "result":
                return message
            if message["code"] not in ("iterm2_unavailable", "timeout"):
                raise AssertionError(f"{request} was refused: {message}")
        time.sleep(0.2)
    raise AssertionError(f"{request} was not answered")


def _until_answer(link: Link, number: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        messages = link.receive(0.5)
        if messages is None:
            return []
        if found := [message for message in messages if message.get("id") == number]:
            return found
    return []
