"""The systemd user unit of the headless host and all that goes with it, on Linux."""

from pathlib import Path

from itermbus.service import Service

NAME = "itermbus.service"

#: `%h` is the home folder. With a second instance (exit code 3) or a set-up to be mended (78) it is tried again, as
#: launchd does; after `itermbus down`, which ends with 0, it is not.
_UNIT = """\
# Written by `itermbus install`; `itermbus uninstall` removes it.
[Unit]
Description=itermbus, with the headless host

[Service]
ExecStart="%h/.itermbus/env/bin/python" -P -m itermbus supervise --headless
WorkingDirectory=/
UMask=0077
Restart=on-failure
RestartSec=10
KillMode=mixed
TimeoutStopSec=40

[Install]
WantedBy=default.target
"""


def path(home: Path) -> Path:
    """Where systemd looks for a user's own units."""
    return home / ".config" / "systemd" / "user" / NAME


def service(home: Path, systemctl: str = "systemctl") -> Service:
    """The unit; it runs while its user is logged in, or always after `loginctl enable-linger`."""
    user = [systemctl, "--user"]
    return Service(
        kind="systemd user unit",
        name=NAME,
        path=path(home),
        content=_UNIT.encode(),
        load=[[*user, "daemon-reload"], [*user, "enable", "--now", NAME]],
        unload=[[*user, "disable", "--now", NAME]],
        after_removal=[[*user, "daemon-reload"]],
        status=[*user, "is-enabled", "--quiet", NAME],
        unloaded="It is not enabled yet.",
        folders=[path(home).parent, path(home).parent.parent],
    )
