"""What supervisord is told of one session's PTY worker. Pure.

It stands beside the sections of `supervisord.conf` and follows their style; the notes on paths there hold here too.
"""

from bus import topics

#: `startretries` is as large as everywhere: a worker that waits for something to be mended is not given up on.
_TEMPLATE = """\
; Written by the broker for one session's PTY worker, and removed when the session ends.
[program:{name}]
command="%(ENV_HOME)s/.itermbus/env/bin/python" -P -m workers.pty {session_id}
priority=400
directory=/
umask=077
autorestart=true
startsecs=1
startretries=10000
stopwaitsecs=5
redirect_stderr=true
stdout_logfile=~/.itermbus/log/{name}.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=2
"""


def worker_conf(session_id: str) -> str:
    """The text of `conf.d/pty-<session id>.conf`. Raises `Invalid` for what is no session id."""
    return _TEMPLATE.format(name=topics.worker_name(session_id), session_id=session_id)
