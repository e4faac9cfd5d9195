"""supervisord's XML-RPC over its Unix socket, without a thread: each call is one HTTP exchange on the event loop.

Calls can be slow, since supervisord serves them between its other chores, but none can block the broker: each has a
deadline, is cancelled with its task, and leaves nothing behind.
"""

import asyncio
import xmlrpc.client
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.parsers.expat import ExpatError

from bus import topics
from bus.errors import ItermbusError

#: Fault codes of supervisor/xmlrpc.py (class Faults) that mean: it is already as asked.
_BAD_NAME = 10
_ALREADY_STARTED = 60
_NOT_RUNNING = 70
_ALREADY_ADDED = 90
_STILL_RUNNING = 91

#: The longest answer that is read: 2 KiB a process would be generous.
_ANSWER_BYTES = 16 * 1024 * 1024

Call = tuple[str, list[object]]


class SupervisorError(ItermbusError):
    """supervisord did not answer in time, or refused what has to succeed."""


class SupervisorClient:
    """The PTY workers of one supervisord. Its methods raise `SupervisorError`."""

    def __init__(self, socket: Path, seconds: float = 10.0) -> None:
        self._socket = socket
        self._seconds = seconds

    async def states(self) -> dict[str, str]:
        """Session id -> state name (supervisor/states.py) of every PTY worker that supervisord knows."""
        answer = await self.call("supervisor.getAllProcessInfo")
        if not isinstance(answer, list):
            raise SupervisorError("supervisord's list of processes is no list")
        states: dict[str, str] = {}
        for entry in answer:
            group, state = entry.get("group", ""), entry.get("statename", "UNKNOWN")
            session_id = group.removeprefix(topics.WORKER_PREFIX)
            if session_id != group and topics.is_session_id(session_id):
                states[session_id] = state
        return states

    async def add(self, session_ids: Iterable[str]) -> None:
        """Reads the configuration again and starts the workers that it now names.

        `reloadConfig` only looks: other changes of the configuration are not acted on
        (supervisor/rpcinterface.py:173).
        """
        names = _names(session_ids)
        calls: list[Call] = [("supervisor.reloadConfig", [])]
        calls += [("supervisor.addProcessGroup", [name]) for name in names]
        await self._all(calls, harmless={_ALREADY_ADDED})

    async def start(self, session_ids: Iterable[str]) -> None:
        """Starts workers that supervisord knows and does not run."""
        calls: list[Call] = [("supervisor.startProcess", [name, False]) for name in _names(session_ids)]
        await self._all(calls, harmless={_ALREADY_STARTED, _BAD_NAME})

    async def stop(self, session_ids: Iterable[str]) -> None:
        """Asks workers to stop and does not wait for it."""
        calls: list[Call] = [("supervisor.stopProcess", [name, False]) for name in _names(session_ids)]
        await self._all(calls, harmless={_NOT_RUNNING, _BAD_NAME})

    async def remove(self, session_ids: Iterable[str]) -> None:
        """Makes supervisord forget stopped workers. One that still runs stays: ask again later."""
        calls: list[Call] = [("supervisor.removeProcessGroup", [name]) for name in _names(session_ids)]
        await self._all(calls, harmless={_BAD_NAME, _STILL_RUNNING})

    async def kill(self, session_ids: Iterable[str]) -> None:
        """Kills workers that no longer answer; supervisord starts them again."""
        calls: list[Call] = [("supervisor.signalProcess", [name, "KILL"]) for name in _names(session_ids)]
        await self._all(calls, harmless={_NOT_RUNNING, _BAD_NAME})

    async def call(self, method: str, *params: object) -> object:
        """The result of one call. Raises `SupervisorError` for a fault too."""
        body = xmlrpc.client.dumps(params, method).encode("utf-8")  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._exchange(body)
        except TimeoutError:
            raise SupervisorError(f"supervisord did not answer {method} within {self._seconds:g} s") from None
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise SupervisorError(f"supervisord did not answer {method}: {error}") from None
        try:
            values, _ = xmlrpc.client.loads(answer)
        except xmlrpc.client.Fault as fault:
            raise SupervisorError(f"supervisord refused {method}: {fault.faultString}") from None
        except (ExpatError, xmlrpc.client.Error, ValueError) as error:
            raise SupervisorError(f"supervisord's answer to {method} is not XML-RPC: {error}") from None
        result: object = values[0]
        return result

    async def _all(self, calls: Sequence[Call], harmless: set[int]) -> None:
        """Carries out several calls in one request. Raises `SupervisorError` for the first real fault, after all."""
        if not calls:
            return
        answer = await self.call("system.multicall", [{"methodName": name, "params": params} for name, params in calls])
        results = answer if isinstance(answer, list) else []
        for (name, _), result in zip(calls, results, strict=False):
            # system.multicall puts a fault in place of a result (supervisor/xmlrpc.py:222).
            if isinstance(result, dict) and result.get("faultCode") not in harmless | {None}:
                raise SupervisorError(f"supervisord refused {name}: {result.get('faultString')}")

    async def _exchange(self, body: bytes) -> bytes:
        """One HTTP request and its answer's body.

        A deferred answer leaves the connection open whatever was asked (supervisor/xmlrpc.py:87), so the body is
        read by its length and not to the end.
        """
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        try:
            head = f"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
            writer.write(head.encode("ascii") + b"\r\n\r\n" + body)
            await writer.drain()
            status, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            if status.split()[1:2] != ["200"]:
                raise SupervisorError(f"supervisord answered: {status}")
            return await reader.readexactly(_content_length(headers))
        finally:
            writer.close()


def _names(session_ids: Iterable[str]) -> list[str]:
    return [topics.worker_name(session_id) for session_id in sorted(session_ids)]


def _content_length(headers: Iterable[str]) -> int:
    for header in headers:
        name, _, value = header.partition(":")
        if name.strip().lower() == "content-length" and value.strip().isdigit():
            length = int(value)
            if length > _ANSWER_BYTES:
                raise SupervisorError(f"supervisord's answer is {length} bytes long")
            return length
    raise SupervisorError("supervisord's answer does not say how long it is")
