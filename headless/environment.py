"""The environment of shells and coprocesses (iTerm2 sources/PTYSession/PTYSession.m:3073-3201)."""

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

from headless.config import APP_VERSION

#: Variables of the host that its sessions must not inherit: they describe how the host itself was started.
_PRIVATE = frozenset(
    (
        "VIRTUAL_ENV",
        "VIRTUAL_ENV_PROMPT",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONWARNINGS",
        "ITERM2_COOKIE",
        "ITERM2_KEY",
        "SUPERVISOR_ENABLED",
        "SUPERVISOR_PROCESS_NAME",
        "SUPERVISOR_GROUP_NAME",
        "SUPERVISOR_SERVER_URL",
        "COLUMNS",
        "LINES",
        "TERMCAP",
        "TMUX",
        "TMUX_PANE",
        "STY",
        "_",
        "OLDPWD",
    )
)
_PRIVATE_PREFIXES = ("PYTEST_", "COV_", "SUPERVISOR_")
#: The part of TERM_FEATURES that the host's emulator has: 24 bit colour, bracketed paste, titles, mouse, focus.
TERM_FEATURES = "T3CwLrMSc7UUw9Ts3BFGsSyHNoSxF"
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def host_environment(own: Mapping[str, str] | None = None) -> dict[str, str]:
    """The host's environment without what concerns only the host: what "iTerm2's own environment" is here."""
    own = os.environ if own is None else own
    kept = {
        name: value for name, value in own.items() if name not in _PRIVATE and not name.startswith(_PRIVATE_PREFIXES)
    }
    own_bin = str(Path(sys.executable).parent) if sys.prefix != sys.base_prefix else None
    path = [entry for entry in kept.get("PATH", _DEFAULT_PATH).split(":") if entry != own_bin]
    kept["PATH"] = ":".join(path) or _DEFAULT_PATH
    return kept


def session_environment(
    session_id: str, prefix: str, profile_name: str, terminal_type: str, folder: str, suite: str
) -> dict[str, str]:
    """What iTerm2 adds, for the shell and for a coprocess. `prefix` is `w<window>t<tab>p<pane>`."""
    identity = f"{prefix}:{session_id}"
    added = {
        "TERM": terminal_type,
        "COLORFGBG": "15;0",
        "COLORTERM": "truecolor",
        "TERM_PROGRAM": "iTerm.app",
        "TERM_PROGRAM_VERSION": APP_VERSION,
        "LC_TERMINAL": "iTerm2",
        "LC_TERMINAL_VERSION": APP_VERSION,
        "TERM_FEATURES": TERM_FEATURES,
        "ITERM_SESSION_ID": identity,
        "TERM_SESSION_ID": identity,
        "ITERM_PROFILE": profile_name,
        "PWD": folder.rstrip("/") or "/",
    }
    if suite != "iTerm2":
        added["IT2_SUITE"] = suite
    return added


def with_locale(environment: dict[str, str]) -> dict[str, str]:
    """Adds a UTF-8 locale if there is none: a host started by a supervisor has an empty environment."""
    effective = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    if "utf-8" not in effective.lower() and "utf8" not in effective.lower():
        environment.pop("LC_ALL", None)
        environment.pop("LC_CTYPE", None)
        environment["LANG"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    return environment


def shell_environment(base: Mapping[str, str], added: Mapping[str, str], shell: str, home: str) -> dict[str, str]:
    """For a login shell: who the user is comes from the password database, SHLVL starts anew."""
    result = dict(base)
    result.pop("SHLVL", None)
    user = user_name()
    result.update(HOME=home, SHELL=shell, USER=user, LOGNAME=user)
    result.update(added)
    return with_locale(result)


def coprocess_environment(base: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """For a coprocess: the host's own environment overlaid with the session's; SHLVL and SHELL are not adjusted."""
    return with_locale({**base, **added})


def user_name() -> str:
    """The name of the user who runs the host."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run as a uid without an entry
        return os.environ.get("USER", str(os.geteuid()))


def login_shell() -> str:
    """The user's shell by the password database, or /bin/sh."""
    try:
        shell = pwd.getpwuid(os.geteuid()).pw_shell
    except KeyError:
        shell = ""
    return shell if shell and os.access(shell, os.X_OK) else "/bin/sh"
