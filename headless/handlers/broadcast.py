"""Broadcast domains: groups of sessions that get each other's input."""

from iterm2 import api_pb2

from headless import listing
from headless.handlers.call import Call

_Status = api_pb2.SetBroadcastDomainsResponse


def get_domains(
    call: Call, _request: api_pb2.GetBroadcastDomainsRequest, response: api_pb2.GetBroadcastDomainsResponse
) -> None:
    """The domains in force; none when nothing is broadcast."""
    for ids in listing.broadcast_domains(call.host.app):
        response.broadcast_domains.add(session_ids=ids)


def set_domains(
    call: Call, request: api_pb2.SetBroadcastDomainsRequest, response: api_pb2.SetBroadcastDomainsResponse
) -> None:
    """Replaces all domains. They must not overlap, and each must stay within one window."""
    app = call.host.app
    domains = [[app.session(guid) for guid in domain.session_ids] for domain in request.broadcast_domains]
    found = [[session for session in domain if session is not None] for domain in domains]
    everyone = [session for domain in found for session in domain]
    windows = [{session.tab.window if session.tab is not None else None for session in domain} for domain in found]
    if domains != found:
        response.status = _Status.SESSION_NOT_FOUND
    elif len(set(map(id, everyone))) != len(everyone):
        response.status = _Status.BROADCAST_DOMAINS_NOT_DISJOINT
    elif any(len(group) > 1 for group in windows):
        response.status = _Status.SESSIONS_NOT_IN_SAME_WINDOW
    else:
        response.status = _Status.OK
        app.broadcast_domains = [domain for domain in found if domain]
        for session in app.sessions():
            session.variables.set("isBroadcastSource", any(session in domain for domain in found))
        call.host.events.domains_changed(listing.broadcast_domains(app))
