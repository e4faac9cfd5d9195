"""The profiles on offer and the copies that sessions make of them (iTerm2 sources/PTYSession/PTYSession.m:21841)."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from headless import default_profile
from headless.default_profile import DARK, LIGHT
from headless.errors import StartError

#: Longest profile file, and most profiles taken from files.
MAX_FILE = 16 * 1024 * 1024
MAX_PROFILES = 2000

Profile = dict[str, object]
_DEFAULTS = default_profile.defaults()


class ProfileStore:
    """The shared profiles, the first one being the default until another is made so."""

    def __init__(self) -> None:
        self._profiles: dict[str, Profile] = {}
        guid = new_guid()
        self._profiles[guid] = {**_DEFAULTS, "Guid": guid}
        self.default_guid = guid

    def __iter__(self) -> Iterator[Profile]:
        return iter(list(self._profiles.values()))

    @property
    def default(self) -> Profile:
        """The default profile."""
        return self._profiles[self.default_guid]

    def by_guid(self, guid: str) -> Profile | None:
        """A shared profile."""
        return self._profiles.get(guid)

    def by_name(self, name: str) -> Profile | None:
        """The first profile of that name."""
        return next((profile for profile in self._profiles.values() if profile.get("Name") == name), None)

    def add(self, profile: Mapping[str, object]) -> None:
        """Offers one more profile."""
        self._profiles[str(profile["Guid"])] = dict(profile)

    def load(self, path: Path) -> None:
        """Adds the profiles of a file: iTerm2's dynamic profile format, in which it also exports all profiles, or the
        single profile that "Save Profile as JSON" writes.

        Raises StartError with the file's name when it cannot be read or is no such file.
        """
        try:
            if path.stat().st_size > MAX_FILE:
                raise StartError(f"profile file {path} is larger than {MAX_FILE} bytes")
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise StartError(f"cannot read profile file {path}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise StartError(f"profile file {path} is not JSON: {error}") from error
        entries = content.get("Profiles") if isinstance(content, dict) else None
        if isinstance(content, dict) and entries is None and "Guid" in content:
            entries = [content]
        if not isinstance(entries, list) or len(entries) > MAX_PROFILES:
            raise StartError(f"{path} holds no list of profiles under the key Profiles")
        for entry in entries:
            self.add(self._dynamic(entry, path))

    def _dynamic(self, entry: object, path: Path) -> Profile:
        """One entry: Name and Guid are required, the rest comes from its parent or the default profile."""
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("Name", "Guid")):
            raise StartError(f"{path}: each profile needs a text Name and a text Guid")
        for key, value in entry.items():
            if not accepts(key, value):
                raise StartError(f"{path}: profile {entry['Name']}: wrong type of value for {key}")
        parent_name = entry.get("Dynamic Profile Parent Name")
        parent = self.by_name(parent_name) if isinstance(parent_name, str) else None
        return {**(parent or self.default), **entry}


class SessionProfile:
    """What one session uses: a shared profile until something is changed for the session alone."""

    def __init__(self, store: ProfileStore, guid: str, overrides: Mapping[str, object] | None = None) -> None:
        self._store = store
        self._guid = guid
        self._own: Profile | None = None
        if overrides:
            self.divorce(overrides)

    def values(self) -> Profile:
        """All properties with a value, over the defaults."""
        shared = self._store.by_guid(self._guid) or self._store.default
        return {**_DEFAULTS, **(shared if self._own is None else self._own)}

    def get(self, key: str) -> object:
        """One property."""
        return self.values().get(key)

    @property
    def shared_guid(self) -> str:
        """The shared profile it comes from."""
        return self._guid

    def divorce(self, changes: Mapping[str, object]) -> None:
        """Changes properties for this session only; the first time the copy gets a Guid of its own."""
        if self._own is None:
            self._own = {**self.values(), "Guid": new_guid(), "Original Guid": self._guid}
        self._own.update(changes)

    def text(self, key: str) -> str:
        """A property that is text, or empty."""
        value = self.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, low: int, high: int) -> int:
        """A property that is a whole number, kept within bounds."""
        value = self.get(key)
        return max(low, min(high, int(value))) if isinstance(value, (int, float)) else low


def new_guid() -> str:
    """An identifier as iTerm2 writes them: an upper-case UUID."""
    return str(uuid.uuid4()).upper()


def accepts(key: str, value: object) -> bool:
    """Whether a value has the type of a known key; unknown keys take anything but null."""
    if value is None:
        return False
    known = _DEFAULTS.get(key)
    if isinstance(known, (bool, int, float)):
        return isinstance(value, (bool, int, float))
    return known is None or isinstance(value, type(known))


def property_json(value: object) -> str:
    """A property as iTerm2 sends it: booleans as 1 and 0."""
    return json.dumps(int(value) if isinstance(value, bool) else value)


def selected(profile: Mapping[str, object], keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The properties asked for as key and JSON; no keys mean all."""
    wanted = set(keys)
    for key, value in profile.items():
        if value is not None and (not wanted or key in wanted):
            yield key, property_json(value)


def palette(profile: Mapping[str, object], *, dark: bool) -> dict[str, tuple[int, int, int]]:
    """The colours that programs can ask for, by the emulator's names, 0 to 255 each."""
    suffix = (DARK if dark else LIGHT) if profile.get("Use Separate Colors for Light and Dark Mode") else ""
    names = {"foreground": "Foreground Color", "background": "Background Color", "cursor": "Cursor Color"}
    names |= {str(index): f"Ansi {index} Color" for index in range(16)}
    result: dict[str, tuple[int, int, int]] = {}
    for name, key in names.items():
        value = profile.get(key + suffix) or profile.get(key)
        if isinstance(value, dict):
            red, green, blue = (
                max(0, min(255, round(255 * _component(value.get(f"{part} Component")))))
                for part in ("Red", "Green", "Blue")
            )
            result[name] = (red, green, blue)
    return result


def _component(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
