"""Where everything lives at run time: all of it derives from the home folder.

`Paths` only names things. `prepare` makes the run-time folder, `check` refuses one that is not safe to use.
"""

import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from bus import topics
from bus.errors import SetupError

#: The folder that holds `bus/`, `coprocess/` and the others: the checkout, or site-packages.
CODE = Path(__file__).resolve().parent.parent

#: The coprocess shim. The broker names it in the coprocess command and never imports it.
SHIM = CODE / "coprocess" / "shim.py"

#: Bytes of a socket's path without the closing NUL: `sun_path` has 104 on macOS and 108 on Linux (unix(4), unix(7)).
SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107

#: Permission bits that a private folder must not have.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

#: Who may own what we read: root can do everything anyway.
_TRUSTED = frozenset({0, os.geteuid()})

_LONGEST_SESSION_ID = "00000000-0000-0000-0000-000000000000"


class SessionPaths(NamedTuple):
    """One session's files, all in the run folder: its worker's endpoints, its recent bytes, its worker's lock."""

    pub: Path
    rpc: Path
    link: Path
    attach: Path
    ring: Path
    lock: Path

    @property
    def sockets(self) -> tuple[Path, ...]:
        return (self.pub, self.rpc, self.link, self.attach)


class Paths(NamedTuple):
    """The layout of `~/.itermbus`. Build it with `Paths.of_home()`."""

    home: Path

    @classmethod
    def of_home(cls) -> "Paths":
        """The paths for `$HOME`. Raises `SetupError` when it is unset or not absolute."""
        home = os.environ.get("HOME", "")
        if not home:
            raise SetupError("HOME is not set: itermbus keeps everything below it. Set HOME and start again.")
        if not home.startswith("/"):
            raise SetupError(f"HOME is {home!r}, which is not an absolute path. Set it to one and start again.")
        return cls(Path(home))

    @property
    def root(self) -> Path:
        return self.home / ".itermbus"

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def environment(self) -> Path:
        """A link to the Python environment that runs itermbus, so that one name serves every installation."""
        return self.root / "env"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def conf_d(self) -> Path:
        return self.root / "conf.d"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def audit(self) -> Path:
        """Which client typed how much where, if that is switched on."""
        return self.log / "audit.log"

    @property
    def lock(self) -> Path:
        return self.run / "lock"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def supervisor_pid(self) -> Path:
        return self.run / "supervisord.pid"

    @property
    def gateway_socket(self) -> Path:
        return self.run / "gateway.sock"

    @property
    def headless_socket(self) -> Path:
        """The headless host's control socket, where its cookies come from."""
        return self.run / "headless.sock"

    @property
    def bus_pub(self) -> Path:
        """Where everybody subscribes: events always, frames of all workers."""
        return self.run / "bus.pub"

    @property
    def bus_feed(self) -> Path:
        """Where the broker and the workers publish into `bus_pub`."""
        return self.run / "bus.feed"

    @property
    def broker_rpc(self) -> Path:
        return self.run / "broker.rpc"

    @property
    def iterm2_socket(self) -> Path:
        """iTerm2's API socket, where the `iterm2` package looks for it (`iterm2/connection.py:420`)."""
        suite = os.environ.get("IT2_SUITE", "iTerm2")
        return self.home / "Library" / "Application Support" / suite / "private" / "socket"

    def session(self, session_id: str) -> SessionPaths:
        """The endpoints of a session's worker. Raises `Invalid` for what is no session id."""
        name = topics.check_session_id(session_id)
        return SessionPaths(*(self.run / f"{name}.{end}" for end in ("pub", "rpc", "link", "attach", "ring", "lock")))

    def worker_conf(self, session_id: str) -> Path:
        """The file that tells supervisord of a session's worker."""
        return self.conf_d / f"{topics.worker_name(session_id)}.conf"

    @property
    def sockets(self) -> tuple[Path, ...]:
        """Every socket of the run folder, with one session's standing for all."""
        return (
            self.supervisor_socket,
            self.gateway_socket,
            self.headless_socket,
            self.bus_pub,
            self.bus_feed,
            self.broker_rpc,
            *self.session(_LONGEST_SESSION_ID).sockets,
        )


def ipc(path: Path) -> str:
    """The ZeroMQ endpoint at `path`."""
    return f"ipc://{path}"


def prepare(paths: Paths) -> None:
    """Makes the run-time folder where it is missing, all of it with mode 0700, then checks it.

    Raises `SetupError`. Never changes the mode or owner of a folder that was there before: whoever loosened it
    may have put something into it.
    """
    _check_home(paths.home)
    for folder in (paths.root, paths.run, paths.conf_d, paths.log):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise SetupError(f"{folder} is in the way: a folder is needed there. Move it away.") from None
        except OSError as error:
            raise SetupError(f"cannot make {folder}: {error.strerror}.") from None
    check(paths)


def check(paths: Paths) -> None:
    """Refuses a run-time folder that is missing, not ours, open to others, or too deep for a socket's path.

    Raises `SetupError` with the path and the remedy.
    """
    _check_home(paths.home)
    for folder in (paths.root, paths.run, paths.conf_d, paths.log):
        _check_private_folder(folder)
    # supervisord runs what these say.
    for conf in paths.conf_d.glob("*.conf"):
        check_private_file(conf)
    for socket in paths.sockets:
        length = len(os.fsencode(socket))
        if length > SOCKET_PATH_BYTES:
            raise SetupError(
                f"the socket path {socket} is {length} bytes long and this system allows {SOCKET_PATH_BYTES}. "
                "Use a home folder with a shorter path."
            )


def check_private_file(path: Path) -> None:
    """Refuses a file that another user owns or may write, or that is no file. A link is judged by what it names.

    Raises `SetupError`, and `FileNotFoundError` when there is none.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SetupError(f"cannot read {path}: {error.strerror}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise SetupError(f"cannot read {path}: it is no file. Move it away.")
    if status.st_uid not in _TRUSTED:
        raise SetupError(f"{path} belongs to user {status.st_uid}, and you are user {os.geteuid()}. Move it away.")
    if status.st_mode & _OTHERS_WRITE:
        raise SetupError(
            f"{path} has mode {stat.S_IMODE(status.st_mode):04o}: others can write to it. "
            f"See what is in it, then: chmod go-w '{path}'"
        )


def _check_home(home: Path) -> None:
    """Whoever may write to the home folder can put a folder of his own in the place of ours."""
    try:
        status = home.stat()
    except OSError as error:
        raise SetupError(f"cannot look at HOME, {home}: {error.strerror}.") from None
    if status.st_uid not in _TRUSTED:
        raise SetupError(
            f"HOME is {home}, which belongs to user {status.st_uid}, and you are user {os.geteuid()}. "
            "Set HOME to a folder of your own."
        )
    if status.st_mode & _OTHERS_WRITE and not status.st_mode & stat.S_ISVTX:
        raise SetupError(
            f"HOME, {home}, has mode {stat.S_IMODE(status.st_mode):04o}: others could put a folder of theirs in the "
            f"place of {home / '.itermbus'}. Mend it with: chmod go-w '{home}'"
        )


def _check_private_folder(folder: Path) -> None:
    try:
        status = folder.lstat()
    except FileNotFoundError:
        raise SetupError(f"{folder} does not exist. `itermbus init` makes it.") from None
    except OSError as error:
        raise SetupError(f"cannot look at {folder}: {error.strerror}.") from None
    if not stat.S_ISDIR(status.st_mode):
        raise SetupError(f"{folder} is not a folder. Move it away; `itermbus init` makes a new one.")
    if status.st_uid != os.geteuid():
        raise SetupError(
            f"{folder} belongs to user {status.st_uid}, and you are user {os.geteuid()}. "
            "Whoever owns it could type into your shells. Move it away, or start as its owner."
        )
    if status.st_mode & _OTHERS:
        raise SetupError(
            f"{folder} has mode {stat.S_IMODE(status.st_mode):04o}: others can get in. "
            f"See what is in it, then: chmod 700 '{folder}'"
        )
