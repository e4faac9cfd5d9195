"""What itermbus replaces: one asyncio process between a `socat` per session and the clients.

    socat_server.py FOLDER SESSION...

It listens at `FOLDER/<session>.sock` for each session's `socat` and at `FOLDER/clients.sock` for clients, wraps what it
reads as base64 in a JSON line, writes it with `write` and `drain`, and writes decoded input back.
"""

import asyncio
import base64
import json
import sys
from pathlib import Path

_READ_BYTES = 64 * 1024


class Server:
    def __init__(self) -> None:
        self._sessions: dict[str, asyncio.StreamWriter] = {}
        self._clients: set[asyncio.StreamWriter] = set()

    async def serve_session(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sessions[name] = writer
        while data := await reader.read(_READ_BYTES):
            message = {"type": "terminal_data", "session_id": name, "data": base64.b64encode(data).decode()}
            line = json.dumps(message).encode() + b"\n"
            for client in list(self._clients):
                client.write(line)
                await client.drain()

    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                message = json.loads(line)
                session = self._sessions[message["session_id"]]
                session.write(base64.b64decode(message["data"]))
                await session.drain()
        finally:
            self._clients.discard(writer)


async def main() -> None:
    folder, server = Path(sys.argv[1]), Server()

    def of(name: str):  # type: ignore[no-untyped-def]
        return lambda reader, writer: server.serve_session(name, reader, writer)

    for name in sys.argv[2:]:
        await asyncio.start_unix_server(of(name), folder / f"{name}.sock", limit=_READ_BYTES)
    await asyncio.start_unix_server(server.serve_client, folder / "clients.sock")
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
