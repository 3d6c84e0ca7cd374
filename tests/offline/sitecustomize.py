"""Cuts the network for every Python process of a test run: only this computer can be reached.

Python imports a module of this name at its start wherever it finds one; ``tests/conftest.py`` puts
this folder on the path of all processes that the tests start, kernels of notebooks included.
"""

import sys

HERE = ("127.", "::1", "localhost")


def refuse(event, arguments):
    """Audit hook: no connection and no look-up of a name beyond the loopback interface."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host and not str(host).startswith(HERE):
        raise ConnectionRefusedError(f"the tests run without a network, but {host} was asked for.")


sys.addaudithook(refuse)
