"""What `itermbus init` lays out below `~/.itermbus`, so that one supervisord.conf serves every installation."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bus import paths as run_time
from bus.errors import SetupError
from bus.paths import CODE, Paths

#: Only in a wheel: the checkout has these files where their users look for them (see pyproject.toml).
_SHARE = Path(__file__).resolve().parent / "share"

_HEADLESS_CONF = """\
; Written by `itermbus init`: the host that stands in for iTerm2.
[program:headless]
command="%(ENV_HOME)s/.itermbus/env/bin/python" -P -m headless{arguments}
priority=100
directory=/
umask=077
autorestart=true
startsecs=1
startretries=10000
stopwaitsecs=10
redirect_stderr=true
stdout_logfile=~/.itermbus/log/headless.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=3
"""

#: What supervisor's quoting (shlex) and patterns (glob) cannot carry. Spaces and percent signs are fine.
_UNFIT_FOR_HOME = frozenset('"\\\n*?[')


def supervisord_conf() -> Path:
    """The supervisord.conf of this installation: the wheel's, else the checkout's. Raises `SetupError`."""
    return _shared(_SHARE / "supervisord.conf", CODE / "supervisord.conf")


def launchd_plist() -> Path:
    """The launchd property list of this installation. Raises `SetupError`."""
    name = "com.itermbus.supervisord.plist"
    return _shared(_SHARE / name, CODE / "launchd" / name)


def default_headless() -> bool:
    """Whether the headless host stands in for iTerm2 when nobody said so: everywhere but on macOS."""
    return sys.platform != "darwin"


def headless_conf(paths: Paths) -> Path:
    """The file that makes supervisord run the headless host."""
    return paths.conf_d / "headless.conf"


def conf_link(paths: Paths) -> Path:
    """A name for supervisord.conf that is the same for every installation."""
    return paths.root / "supervisord.conf"


def conf_argument(paths: Paths) -> Path:
    """What to give to supervisord as `-c`.

    supervisor cuts the include patterns at spaces after it has put HOME in. Where that would happen, the name in
    ~/.itermbus makes the relative pattern find the same files.
    """
    return conf_link(paths) if any(c.isspace() for c in str(paths.home)) else supervisord_conf()


def prepare(paths: Paths, headless: bool, profiles: Sequence[Path] = ()) -> None:
    """Makes the run-time folder and everything in it that supervisord.conf relies on.

    `profiles` are files for the headless host. Does the same again without harm. Raises `SetupError`.
    """
    _check_home(paths)
    run_time.prepare(paths)
    prefix = _environment(paths)
    try:
        if prefix is not None:
            _point(paths.environment, prefix)
        _point(conf_link(paths), supervisord_conf())
        _set_headless(paths, headless, profiles)
    except OSError as error:
        raise SetupError(f"cannot write {error.filename or paths.root}: {error.strerror}.") from None


def _check_home(paths: Paths) -> None:
    if not str(paths.home).isprintable():
        raise SetupError(f"HOME is {str(paths.home)!r}: it has a character that supervisor cannot take in a path.")
    unfit = _UNFIT_FOR_HOME.intersection(str(paths.home))
    if unfit:
        raise SetupError(
            f"HOME is {str(paths.home)!r}: supervisor cannot take {' '.join(sorted(map(repr, unfit)))} in a path. "
            "Use a home folder without it."
        )


def _environment(paths: Paths) -> Path | None:
    """The environment that the link has to name, or None when we already run by way of the link.

    It is not resolved further: Homebrew's names stay the same over an upgrade, what they point to does not.
    """
    prefix = Path(sys.prefix)
    if prefix == paths.environment:
        return None
    if not os.access(prefix / "bin" / "python", os.X_OK):
        raise SetupError(
            f"there is no {prefix / 'bin' / 'python'}: itermbus has to be installed in an environment of its own. "
            "`pipx install itermbus` makes one."
        )
    return prefix


def _point(link: Path, target: Path) -> None:
    """Makes `link` a link to `target` in one step, so that nobody ever finds it missing."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.exists() and not link.is_symlink():
        raise SetupError(f"{link} is in the way: a link is needed there. Move it away.")
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _set_headless(paths: Paths, headless: bool, profiles: Sequence[Path]) -> None:
    conf = headless_conf(paths)
    if not headless:
        conf.unlink(missing_ok=True)
        return
    fresh = conf.with_name(f"{conf.name}.{os.getpid()}")
    arguments = "".join(f" --profile {conf_quote(file)}" for file in profiles)
    fresh.write_text(_HEADLESS_CONF.replace("{arguments}", arguments), encoding="utf-8")
    fresh.replace(conf)


def conf_quote(path: Path) -> str:
    """A path as one word of a command in supervisord.conf. Raises `SetupError` for one that no quoting carries.

    supervisor takes `%(name)s` for a variable, cuts at a `;` or `#` after a space, and splits as a shell does.
    """
    text = str(path)
    if not text.isprintable():
        raise SetupError(f"{text!r} has a character in its name that supervisor cannot take. Rename it.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + re.sub(r"(?<=\s)(?=[;#])", '""', escaped) + '"'


def _shared(in_wheel: Path, in_checkout: Path) -> Path:
    for candidate in (in_wheel, in_checkout):
        if candidate.is_file():
            return candidate
    raise SetupError(f"this installation is incomplete: neither {in_wheel} nor {in_checkout} exists. Install it again.")
