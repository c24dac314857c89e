"""The web server's listening socket, opened by the supervisor so that a taken port is known before anything starts."""

import errno
import socket

import psutil

from labelapp.common.serving.errors import ServingError


def open_listener(address: str, *, port: int) -> socket.socket:
    """Listen on `address`; it stays open while the web server restarts, so that requests wait instead of failing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=1024)
    except OverflowError as error:
        raise ServingError(f"PORT must be between 0 and 65535, not {port}") from error
    except OSError as error:
        raise ServingError(_explain(error, address=address, port=port)) from error


def _explain(error: OSError, *, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken{_owner(port)}: stop it, or choose another with PORT=8001 make run"
    if error.errno == errno.EACCES:
        return f"port {port} is for root only: choose one above 1023 with PORT=8000"
    return f"cannot listen on BIND_ADDRESS {address}, port {port}: {error.strerror}"


def _owner(port: int) -> str:
    """Name the process that listens on `port`, where the system lets us see it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return ""
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr[1] == port
        if listens and connection.pid:
            return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
