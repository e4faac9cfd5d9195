"""What starts itermbus at login: there, ours, loaded."""

from itermbus import service, tools
from itermbus.doctor.finding import Finding, note, ok, warning
from itermbus.service import Run, Service

_CHECK = "start at login"


def check(wanted: Service, run: Run = tools.run) -> list[Finding]:
    """The LaunchAgent or the systemd unit, against the one of this installation."""
    loaded = service.is_loaded(wanted, run)
    if not wanted.path.exists():
        if loaded:
            text = f"{wanted.name} is loaded from elsewhere: {wanted.path} does not exist"
            return [warning(_CHECK, text, "itermbus install puts this installation's in its place.")]
        return [note(_CHECK, f"no {wanted.kind}: it has to be started by hand", "itermbus install")]
    if wanted.path.read_bytes() != wanted.content:
        text = f"{wanted.path} is not this installation's: another version's, or edited"
        return [warning(_CHECK, text, "itermbus install writes it anew.")]
    if not loaded:
        return [warning(_CHECK, f"{wanted.path} is there and not loaded", "itermbus install loads it.")]
    return [ok(_CHECK, f"{wanted.name} is loaded, from {wanted.path}")]
