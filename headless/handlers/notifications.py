"""NotificationRequest: subscribing and unsubscribing (iTerm2 sources/API/iTermAPIHelper.m:1889-2143)."""

from typing import TypeAlias

from iterm2 import api_pb2

from headless.errors import RequestRefused
from headless.handlers.call import Call
from headless.notifications import (
    ALL,
    GLOBAL_TYPES,
    MAX_SUBSCRIPTIONS,
    SESSION_TYPES,
    Subscription,
    Type,
    VariableMonitor,
)
from headless.variables import Scope, Variables

_Status = api_pb2.NotificationResponse
_StatusValue: TypeAlias = api_pb2.NotificationResponse.Status.ValueType


def notification(call: Call, request: api_pb2.NotificationRequest, response: api_pb2.NotificationResponse) -> None:
    """Subscribes or unsubscribes; PROFILE_CHANGE and LOCATION_CHANGE, which abort iTerm2, are malformed here."""
    kind = request.notification_type
    if request.subscribe and call.host.hub.count(call.client) >= MAX_SUBSCRIPTIONS:
        raise RequestRefused(f"more than {MAX_SUBSCRIPTIONS} subscriptions")
    if not request.HasField("subscribe"):
        response.status = _Status.REQUEST_MALFORMED
    elif kind in GLOBAL_TYPES:
        response.status = _one(call, request, "")
    elif kind in SESSION_TYPES:
        response.status = _session(call, request)
    elif kind == Type.NOTIFY_ON_VARIABLE_CHANGE:
        response.status = _variable(call, request)
    elif kind == Type.NOTIFY_ON_SERVER_ORIGINATED_RPC:
        response.status = _function(call, request)
    else:
        response.status = _Status.REQUEST_MALFORMED


def _session(call: Call, request: api_pb2.NotificationRequest) -> _StatusValue:
    """Per-session types. Leaving "all" ends equal subscriptions of every client, as in iTerm2."""
    hub = call.host.hub
    if request.session == ALL:
        if request.subscribe:
            return _one(call, request, ALL)
        own = hub.find(call.client, request.notification_type, ALL)
        removed = hub.remove_equal(request)
        if own is not None and own not in hub.subscribers(request.notification_type, ALL):
            return _Status.OK
        if own is not None:
            hub.remove(own)
        return _Status.OK if removed or own is not None else _Status.NOT_SUBSCRIBED
    session = call.host.app.session(request.session)
    if session is None:
        return _Status.SESSION_NOT_FOUND
    return _one(call, request, session.guid)


def _one(call: Call, request: api_pb2.NotificationRequest, session: str) -> _StatusValue:
    hub = call.host.hub
    existing = hub.find(call.client, request.notification_type, session)
    if request.subscribe:
        if existing is not None:
            return _Status.ALREADY_SUBSCRIBED
        kept = api_pb2.NotificationRequest()
        kept.CopyFrom(request)
        hub.add(Subscription(call.client, request.notification_type, session, kept))
        return _Status.OK
    if existing is None:
        return _Status.NOT_SUBSCRIBED
    hub.remove(existing)
    return _Status.OK


def _variable(call: Call, request: api_pb2.NotificationRequest) -> _StatusValue:
    """Variable monitors; "all" covers every session or window, "active" the current session."""
    if not request.HasField("variable_monitor_request"):
        return _Status.REQUEST_MALFORMED
    wanted = request.variable_monitor_request
    roots = _roots(call, wanted.scope, wanted.identifier)
    if roots is None:
        return _Status.INVALID_IDENTIFIER
    hub, requested = call.host.hub, wanted.identifier
    if requested == ALL:
        return _all_variables(call, request, roots)
    existing = hub.find_monitors(call.client, wanted.scope, requested, wanted.name)
    if request.subscribe:
        if existing:
            return _Status.ALREADY_SUBSCRIBED
        hub.add_monitor(VariableMonitor(call.client, wanted.scope, requested, wanted.name, roots[0][1], requested))
        return _Status.OK
    if not existing:
        return _Status.NOT_SUBSCRIBED
    hub.remove_monitors(existing)
    return _Status.OK


def _all_variables(
    call: Call, request: api_pb2.NotificationRequest, roots: list[tuple[str, Variables]]
) -> _StatusValue:
    """Monitors of all sessions or windows. There is no duplicate check: twice subscribed, twice notified (:2004)."""
    hub, wanted = call.host.hub, request.variable_monitor_request
    if request.subscribe:
        template = VariableMonitor(
            call.client, wanted.scope, ALL, wanted.name, Variables(wanted.scope, lambda _owner, _name: None), ALL
        )
        hub.add_monitor(template)
        for identifier, root in roots:
            hub.add_monitor(
                VariableMonitor(call.client, wanted.scope, identifier, wanted.name, root, f"{ALL}:{identifier}")
            )
        return _Status.OK
    templates = hub.find_monitors(None, wanted.scope, ALL, wanted.name)
    if not any(template.client is call.client for template in templates):
        return _Status.NOT_SUBSCRIBED
    for template in templates:  # of every client, as in iTerm2
        hub.remove_monitors([template])
        for identifier, _root in roots:
            hub.remove_monitors(hub.find_monitors(template.client, wanted.scope, f"{ALL}:{identifier}", wanted.name))
    return _Status.OK


def _roots(call: Call, scope: int, identifier: str) -> list[tuple[str, Variables]] | None:
    """The objects a monitor is about, with their identifiers; None if there is no such object."""
    app = call.host.app
    if scope == Scope.APP:
        return [("", app.variables)] if identifier != ALL else None
    if identifier == ALL:
        if scope == Scope.SESSION:
            return [(session.guid, session.variables) for session in app.sessions()]
        if scope == Scope.WINDOW:
            return [(window.window_id, window.variables) for window in app.windows]
        return None
    if scope == Scope.SESSION:
        session = app.session(identifier)
        return None if session is None else [(session.guid, session.variables)]
    if scope == Scope.TAB:
        tab = app.tab(identifier)
        return None if tab is None else [(identifier, tab.variables)]
    window = app.window(identifier)
    return None if window is None else [(identifier, window.variables)]


def _function(call: Call, request: api_pb2.NotificationRequest) -> _StatusValue:
    """Registers a function of a script, by its name and the names of its arguments."""
    if not request.HasField("rpc_registration_request"):
        return _Status.REQUEST_MALFORMED
    registration = api_pb2.RPCRegistrationRequest()
    registration.CopyFrom(request.rpc_registration_request)
    if request.subscribe:
        added = call.host.registry.add(call.client, registration)
        return _Status.OK if added else _Status.DUPLICATE_SERVER_ORIGINATED_RPC
    removed = call.host.registry.remove(call.client, registration)
    return _Status.OK if removed else _Status.NOT_SUBSCRIBED
