"""How the broker gets a cookie: from the headless host where it runs, else from iTerm2 through AppleScript.

A cookie lets one connection in and is then used up (iTerm2 sources/API/iTermWebSocketCookieJar.m:35). Nothing here
blocks the event loop, though macOS may wait for its user's click: osascript is a child process with a deadline.
"""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bus.messages.layout import Iterm2Status
from bus.paths import Paths

#: What iTerm2's Script Console and macOS's question call us.
_NAME = "itermbus"

_HOST_SECONDS = 5.0
_HOST_ANSWER_BYTES = 4096

#: macOS itself gives an unanswered AppleEvent up after two minutes.
_SCRIPT_SECONDS = 130.0

#: An answer that takes longer is waiting for the user.
_PATIENCE_SECONDS = 2.0

_OSASCRIPT = "/usr/bin/osascript"
_PGREP = "/usr/bin/pgrep"

_APPLICATIONS = (Path("/Applications/iTerm.app"), Path("~/Applications/iTerm.app"))

_COOKIE = re.compile(r"[0-9A-Za-z-]{8,128}")

#: The number at the end of osascript's message -> what it means. 1 is iTerm2's own (sources/Applescript/
#: iTermRequestCookieCommand.m:22), the others are macOS's.
_ERRORS: dict[str, Iterm2Status] = {
    "1": Iterm2Status(
        state="api_disabled",
        reason="iTerm2's Python API is off: in iTerm2, Settings > General > Magic, tick Enable Python API",
    ),
    "2": Iterm2Status(
        state="refused", reason="itermbus was denied in iTerm2; it asks again within a minute: allow it there"
    ),
    "-1743": Iterm2Status(
        state="refused",
        reason="macOS does not let itermbus control iTerm2: allow it in "
        "System Settings > Privacy & Security > Automation",
    ),
    "-1712": Iterm2Status(
        state="waiting_for_authorisation",
        reason="nobody answered macOS's question whether itermbus may control iTerm2; it comes again: click OK there",
    ),
    "-600": Iterm2Status(state="not_running", reason="iTerm2 is not running: open it"),
    "-609": Iterm2Status(state="not_running", reason="iTerm2 is not running: open it"),
}

WAITING = Iterm2Status(
    state="waiting_for_authorisation", reason="macOS is asking whether itermbus may control iTerm2: click OK there"
)


class Cookie(NamedTuple):
    """Lets one connection in. Its text never gets into a log."""

    cookie: str
    key: str

    def __repr__(self) -> str:
        return "Cookie(...)"


class NotAuthorised(Exception):
    """There is no cookie to be had now; `status` says why."""

    def __init__(self, status: Iterm2Status) -> None:
        super().__init__(status.reason)
        self.status = status


async def host_cookie(paths: Paths) -> Cookie | None:
    """A cookie of the headless host, None when none runs or it does not answer as agreed."""
    try:
        async with asyncio.timeout(_HOST_SECONDS):
            reader, writer = await asyncio.open_unix_connection(str(paths.headless_socket), limit=_HOST_ANSWER_BYTES)
            try:
                writer.write(json.dumps({"request": "cookie", "name": _NAME}).encode("ascii") + b"\n")
                await writer.drain()
                answer = json.loads(await reader.readline())
            finally:
                writer.close()
    except (OSError, ValueError, EOFError, TimeoutError):
        return None
    if not isinstance(answer, dict):
        return None
    return _cookie(str(answer.get("cookie", "")), str(answer.get("key", "")))


async def iterm2_cookie(
    on_waiting: Callable[[], None], program: str = _OSASCRIPT, patience: float = _PATIENCE_SECONDS
) -> Cookie:
    """A cookie of iTerm2's. Raises `NotAuthorised`.

    `on_waiting` is called after `patience` seconds without an answer: then the user has to click first.
    """
    script = f'tell application "iTerm2" to request cookie and key for app named "{_NAME}"'
    waiting = asyncio.get_running_loop().call_later(patience, on_waiting)
    try:
        code, out, err = await run_child(program, "-e", script, seconds=_SCRIPT_SECONDS)
    except TimeoutError:
        raise NotAuthorised(WAITING) from None
    except OSError as error:
        raise NotAuthorised(Iterm2Status(state="refused", reason=f"cannot run {program}: {error}")) from None
    finally:
        waiting.cancel()
    cookie = _cookie(*out.split()[:2]) if code == 0 and len(out.split()) >= 2 else None
    if cookie is None:
        raise NotAuthorised(explain(err))
    return cookie


def explain(message: str) -> Iterm2Status:
    """The state that osascript's error message stands for. Pure."""
    found = re.search(r"\((-?[0-9]+)\)\s*$", message)
    known = _ERRORS.get(found.group(1)) if found else None
    if known is not None:
        return known
    if "not enabled" in message:
        return _ERRORS["1"]
    reason = message.strip()[-200:] or "no reason given"
    return Iterm2Status(state="refused", reason=f"iTerm2 gave no cookie: {reason}")


async def why_absent(platform: str = sys.platform) -> Iterm2Status:
    """Why nobody listens at iTerm2's socket: not installed, not running, or running with its API off."""
    if platform != "darwin":
        return Iterm2Status(state="not_running", reason="the headless host is not running")
    with contextlib.suppress(OSError, TimeoutError):
        code, _, _ = await run_child(_PGREP, "-x", "iTerm2", seconds=_HOST_SECONDS)
        if code == 0:
            return _ERRORS["1"]
    if not any(path.expanduser().is_dir() for path in _APPLICATIONS):
        return Iterm2Status(
            state="not_installed", reason="iTerm2 is not in the Applications folder: install it from iterm2.com"
        )
    return _ERRORS["-600"]


async def run_child(program: str, *arguments: str, seconds: float) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a child, which is killed at the deadline and when its waiter is cancelled.

    Raises `TimeoutError`, and `OSError` when it cannot be started.
    """
    child = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await child.communicate()
    except BaseException:  # Late or cancelled: nobody else would end the child.
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        raise
    return child.returncode or 0, out.decode("utf-8", "replace").strip(), err.decode("utf-8", "replace").strip()


def _cookie(cookie: str, key: str) -> Cookie | None:
    return Cookie(cookie, key) if _COOKIE.fullmatch(cookie) and (not key or _COOKIE.fullmatch(key)) else None
