"""The settings in force, each with where it came from."""

import tomllib
from collections.abc import Iterator, Mapping

import msgspec

from bus import config
from bus.config import Settings
from bus.paths import Paths


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting by its full name in `config.toml`; None stands for "as the profile says". `origin` is `default` or
    `config.toml`."""

    name: str
    value: object
    default: object
    origin: str


def read(paths: Paths) -> list[Setting]:
    """All of them, in the order of the documentation. Raises `SetupError` for a file that cannot be used."""
    settings = config.load(paths)
    return [*_walk(settings, Settings(), _written(paths), "")]


def _written(paths: Paths) -> Mapping[str, object]:
    """What the file says; `config.load` has judged it already."""
    try:
        return tomllib.loads(paths.config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _walk(
    settings: msgspec.Struct, defaults: msgspec.Struct, written: Mapping[str, object], prefix: str
) -> Iterator[Setting]:
    for name in settings.__struct_fields__:
        value, default = getattr(settings, name), getattr(defaults, name)
        if isinstance(value, msgspec.Struct):
            section = written.get(name, {})
            yield from _walk(value, default, section if isinstance(section, dict) else {}, f"{prefix}{name}.")
        else:
            origin = "config.toml" if name in written else "default"
            yield Setting(name=prefix + name, value=value, default=default, origin=origin)
