"""Fault requests of the control socket: what happens to the connections, and what a user would do by hand."""

from collections.abc import Callable
from typing import Any

from headless import activation, coprocesses, ending, keystrokes
from headless.control import BadRequest
from headless.faults import Faults
from headless.host import Host
from headless.server import ApiServer
from headless.session import Session

_MAX_COUNT = 1000
_MAX_DELAY_SECONDS = 60.0


class FaultRequests:
    """Carries out `{"request": "fault", "fault": name, …}`."""

    def __init__(self, host: Host, server: ApiServer, faults: Faults) -> None:
        self._host = host
        self._server = server
        self._faults = faults

    def carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        """`{}` when done; raises BadRequest for unknown faults and bad values."""
        action = _ACTIONS.get(str(request.get("fault")))
        if action is None:
            raise BadRequest(f"unknown fault; known are {', '.join(sorted(_ACTIONS))}")
        return action(self, request) or {}

    def _drop_clients(self, _request: dict[str, Any]) -> dict[str, Any]:
        connections = list(self._server.connections)
        for connection in connections:
            connection.drop()
        return {"dropped": len(connections)}

    def _refuse(self, request: dict[str, Any]) -> None:
        status = request.get("status", 401)
        if status not in (400, 401, 406):
            raise BadRequest("status must be 400, 401 or 406")
        self._faults.refuse(status, int(_number(request, "count", 1, 0, _MAX_COUNT)))

    def _delay(self, request: dict[str, Any]) -> None:
        self._faults.delay_seconds = _number(request, "seconds", 0, 0, _MAX_DELAY_SECONDS)

    def _stop_reading(self, request: dict[str, Any]) -> None:
        self._faults.set_reading(not _flag(request, "stop", default=True), self._server.connections)

    def _notifications(self, request: dict[str, Any]) -> None:
        self._faults.disturb(
            int(_number(request, "seed", 0, 0, 2**31)),
            _number(request, "drop", 0, 0, 1),
            _number(request, "duplicate", 0, 0, 1),
            _number(request, "reorder", 0, 0, 1),
        )

    def _app_active(self, request: dict[str, Any]) -> None:
        activation.set_app_active(self._host, _flag(request, "active", default=True))

    def _theme(self, request: dict[str, Any]) -> None:
        theme = request.get("theme")
        if theme not in ("light", "dark", "light highContrast", "dark highContrast", "light minimal", "dark minimal"):
            raise BadRequest("theme must be light or dark, perhaps with highContrast or minimal")
        self._host.app.variables.set("effectiveTheme", theme)

    def _select(self, request: dict[str, Any]) -> None:
        session = self._session(request)
        if session.tab is None:
            raise BadRequest("the session is in no tab")
        activation.bring_to_front(self._host, session.tab.window)
        activation.select_pane(self._host, session)
        activation.select_tab(self._host, session.tab)

    def _close(self, request: dict[str, Any]) -> None:
        ending.close(self._host, [self._session(request)])

    def _undo_close(self, request: dict[str, Any]) -> None:
        session = self._session(request)
        if session not in self._host.app.undoable:
            raise BadRequest("the session is not closed")
        ending.undo_close(self._host, session)

    def _type(self, request: dict[str, Any]) -> None:
        text = request.get("text")
        session = self._session(request)
        if not isinstance(text, str):
            raise BadRequest("text must be text")
        keystrokes.press(self._host, session, text)

    def _run_coprocess(self, request: dict[str, Any]) -> None:
        command = request.get("command")
        if not isinstance(command, str):
            raise BadRequest("command must be text")
        coprocesses.start(self._host, self._session(request), command, muted=_flag(request, "mute", default=False))

    def _stop_coprocess(self, request: dict[str, Any]) -> None:
        coprocesses.stop(self._host, self._session(request))

    def _kill_emulator(self, _request: dict[str, Any]) -> None:
        self._host.screens.kill()

    def _session(self, request: dict[str, Any]) -> Session:
        guid = request.get("session")
        session = self._host.app.any_session(guid) or self._host.app.session(guid) if isinstance(guid, str) else None
        if session is None:
            raise BadRequest("no such session")
        return session


def _number(request: dict[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise BadRequest(f"{name} must be a number from {low:g} to {high:g}")
    return value


def _flag(request: dict[str, Any], name: str, *, default: bool) -> bool:
    value = request.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false")
    return value


_ACTIONS: dict[str, Callable[[FaultRequests, dict[str, Any]], dict[str, Any] | None]] = {
    "drop_clients": FaultRequests._drop_clients,
    "refuse": FaultRequests._refuse,
    "delay": FaultRequests._delay,
    "stop_reading": FaultRequests._stop_reading,
    "notifications": FaultRequests._notifications,
    "app_active": FaultRequests._app_active,
    "theme": FaultRequests._theme,
    "select": FaultRequests._select,
    "close": FaultRequests._close,
    "undo_close": FaultRequests._undo_close,
    "type": FaultRequests._type,
    "run_coprocess": FaultRequests._run_coprocess,
    "stop_coprocess": FaultRequests._stop_coprocess,
    "kill_emulator": FaultRequests._kill_emulator,
}
