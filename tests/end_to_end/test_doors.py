"""Another user of the machine finds every door shut: by the folder, by each socket's mode, by the check of the peer."""

import json
import os
import socket
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bus import config
from bus.errors import SetupError
from bus.paths import Paths, check, prepare
from itermbus import host_control
from tests.end_to_end.conftest import System
from tests.support import temporary_home, wait_until

NOBODY = 65534

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="NOT TESTED HERE: only root can try the doors as another user; run the tests as root once"
)

#: Each socket is greeted in a way that its server would answer at once if it let us in.
_GREETINGS = (
    b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03",  # ZMTP: libzmq sends its own greeting even unasked
    b'{"request":"cookie","name":"x"}\n',
    b"POST /RPC2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
)

#: To the host's API socket, with a cookie that would let us in.
_UPGRADE = (
    "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHost: localhost\r\nOrigin: ws://localhost/\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bm9ib2R5\r\nSec-WebSocket-Protocol: api.iterm2.com\r\n"
    "x-iterm2-library-version: python 2.30\r\nx-iterm2-cookie: {cookie}\r\n\r\n"
)

#: What the host, like iTerm2, says to another user before it closes.
_REFUSED_BY_HOST = b"HTTP/1.1 40"


def _as_nobody(look: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What `look` finds as user nobody. A fork, since nobody may not even start our interpreter."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            found = json.dumps(look()).encode()
            with os.fdopen(writing, "wb") as out:
                out.write(found)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        data = answer.read()
    os.waitpid(pid, 0)
    found = json.loads(data)
    assert isinstance(found, dict)
    return found


def _connect(path: Path, cookie: str) -> str:
    """How far a connection gets: refused, closed without a word, or what was said."""
    api = path.name == "socket"
    for greeting in (_UPGRADE.format(cookie=cookie).encode(),) if api else _GREETINGS:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(3)
            try:
                probe.connect(str(path))
            except OSError as error:
                return type(error).__name__
            try:
                probe.sendall(greeting)
                said = probe.recv(4096)
            except (ConnectionResetError, BrokenPipeError):
                said = b""
            except TimeoutError:
                return "left open"
            if said and not said.startswith(_REFUSED_BY_HOST):
                return f"said {said[:20]!r}"
    return "closed"


def _open(path: Path) -> str:
    for flags in (os.O_RDONLY, os.O_WRONLY):
        try:
            os.close(os.open(path, flags))
        except PermissionError:
            continue
        except OSError as error:
            return str(error)
        return "opened"
    return "PermissionError"


def _try(paths: list[Path], cookie: str = "") -> dict[str, str]:
    """Every path with what became of trying it."""
    found = {}
    for path, kind in [(path, path.name) for path in paths]:
        is_socket = kind == "socket" or path.suffix in (".sock", ".pub", ".feed", ".rpc", ".link", ".attach")
        found[str(path)] = _connect(path, cookie) if is_socket else _open(path)
    return found


def _roots(home: Path) -> tuple[Path, Path]:
    return home / ".itermbus", home / "Library"


def _doors(home: Path) -> list[Path]:
    """Every file, socket and folder; links lead to what is installed, and that is no secret."""
    found = [path for root in _roots(home) for path in (root, *root.rglob("*")) if not path.is_symlink()]
    names = {path.name for path in found}
    assert {"supervisor.sock", "gateway.sock", "headless.sock", "bus.pub", "bus.feed", "broker.rpc", "socket"} <= names
    assert {path.suffix for path in found} >= {".pub", ".rpc", ".link", ".attach", ".ring", ".log", ".conf"}
    return found


def _sockets(home: Path) -> list[Path]:
    return [path for path in _doors(home) if path.is_socket()]


@contextmanager
def _loosened(home: Path, sockets: int | None = None) -> Iterator[None]:
    """Folders that others may enter, and with `sockets` sockets that others may connect to."""
    changed = {home: 0o711}
    changed |= {path: 0o711 for path in _doors(home) if path.is_dir()}
    changed |= {path: sockets for path in _sockets(home) if sockets is not None}
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in changed}
    for path, mode in changed.items():
        path.chmod(mode)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)


@pytest.fixture
def doors(system: System) -> list[Path]:
    wait_until(lambda: list(system.paths.run.glob("*.attach")), "the first session's worker")
    (system.paths.config).write_text('log_level = "info"\n')
    return _doors(system.home)


def test_everything_is_ours_alone_from_the_start(doors: list[Path]) -> None:
    for path in doors:
        status = path.lstat()
        wanted = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
        if path.name in ("Library", "Application Support", "config.toml"):
            continue  # macOS's own, and the user's own
        assert (oct(stat.S_IMODE(status.st_mode)), status.st_uid) == (oct(wanted), os.geteuid()), path


def test_the_folder_shuts_all_of_them(system: System, doors: list[Path]) -> None:
    system.home.chmod(0o755)
    ours = [path for path in doors if system.paths.root in path.parents or "private" in str(path)]
    assert set(_as_nobody(lambda: _try(ours)).values()) == {"PermissionError"}


def test_in_an_open_folder_each_door_is_shut_by_its_own_mode(system: System, doors: list[Path]) -> None:
    files = [path for path in doors if not path.is_dir() and path != system.paths.config]
    with _loosened(system.home):
        found = _as_nobody(lambda: _try(files))
    assert {path: said for path, said in found.items() if said != "PermissionError"} == {}


def test_an_open_socket_in_an_open_folder_is_shut_by_the_check_of_the_peer(system: System, doors: list[Path]) -> None:
    """All but supervisord's, which has no such check: its mode and its folder's are all it has (docs/security.md)."""
    sockets = [path for path in doors if path.is_socket() and path != system.paths.supervisor_socket]
    cookie = host_control.ask_cookie(system.paths).cookie
    with _loosened(system.home, sockets=0o666):
        found = _as_nobody(lambda: _try(sockets, cookie))
        ourselves = _try([system.paths.bus_pub, system.paths.iterm2_socket], cookie)
    assert {path: said for path, said in found.items() if said != "closed"} == {}
    assert [said[:5] for said in ourselves.values()] == ["said "] * 2, f"the same greetings let us in: {ourselves}"


def test_nobody_is_let_in_and_it_all_goes_on(system: System, doors: list[Path]) -> None:
    with _loosened(system.home, sockets=0o666):
        _as_nobody(lambda: _try([path for path in doors if path == system.paths.gateway_socket]))
    report = json.loads(system.run("status", "--json").stdout)
    assert report["problems"] == []
    log = system.paths.log / "gateway.log"
    assert "another user's" in log.read_text()


@pytest.fixture
def bare() -> Iterator[Paths]:
    """An empty home with a run-time folder in it."""
    with temporary_home() as home:
        prepare(Paths(home))
        yield Paths(home)


@pytest.mark.parametrize("name", ["run", "conf.d", "log", "", "conf.d/headless.conf", "config.toml"])
@pytest.mark.parametrize("fault", ["owner", "mode"])
def test_it_does_not_start_where_another_user_could_meddle(bare: Paths, name: str, fault: str) -> None:
    for file in (bare.conf_d / "headless.conf", bare.config):
        file.touch(0o600)
    target = bare.root / name
    if fault == "owner":
        os.chown(target, NOBODY, NOBODY)
    else:
        target.chmod(target.stat().st_mode | 0o020)

    def start() -> None:
        check(bare)
        config.load(bare)

    with pytest.raises(SetupError, match=r"belongs to user 65534.*Move it away|mode .* others can .*chmod"):
        start()


@pytest.mark.parametrize(("mode", "owner"), [(0o777, 0), (0o770, 0), (0o700, NOBODY)])
def test_a_home_that_others_can_write_is_refused(bare: Paths, mode: int, owner: int) -> None:
    bare.home.chmod(mode)
    os.chown(bare.home, owner, owner)
    for use in (check, prepare):
        with pytest.raises(SetupError, match=r"HOME.*(chmod go-w|of your own)"):
            use(bare)
