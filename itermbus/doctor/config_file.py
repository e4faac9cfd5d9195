"""`config.toml`."""

from bus import config
from bus.errors import SetupError
from bus.paths import Paths
from itermbus.doctor.finding import Finding, ok, problem


def check(paths: Paths) -> list[Finding]:
    """That it can be used, or is not there."""
    try:
        config.load(paths)
    except SetupError as error:
        return [problem("config", str(error), f"Edit {paths.config}, then: itermbus config --check")]
    return [ok("config", "can be used" if paths.config.exists() else "there is none: the defaults hold")]
