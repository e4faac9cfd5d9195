"""`itermbus config`: the settings in force, or whether `config.toml` can be used."""

from rich.text import Text

from bus.paths import Paths
from itermbus import exit_codes, origins
from itermbus.console import console, print_json, table


def run(as_json: bool, check: bool) -> int:
    """Prints each setting with its origin. Raises `SetupError`, with the setting, for a file that cannot be used."""
    paths = Paths.of_home()
    settings = origins.read(paths)
    out = console()
    if as_json:
        print_json({"file": str(paths.config), "exists": paths.config.exists(), "settings": settings})
    elif check:
        found = "can be used" if paths.config.exists() else "does not exist, and need not: every setting has a default"
        out.print(f"{paths.config} {found}.", markup=False)
    else:
        rows = table(out, "SETTING", "VALUE", "ORIGIN")
        for setting in settings:
            rows.add_row(setting.name, Text(_shown(setting.value)), setting.origin)
        out.print(rows)
    return exit_codes.OK


def _shown(value: object) -> str:
    """As `config.toml` would have it."""
    if value is None:
        return "(as the profile says)"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
