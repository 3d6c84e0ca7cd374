from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from course_utils.commands.lab import PromptConnection


def test_a_connection_holds_nothing_back(monkeypatch):
    done = []
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)
    handler.set_nodelay = lambda value: done.append(("set_nodelay", value))
    monkeypatch.setattr(
        ZMQChannelsWebsocketConnection, "connect", lambda self: done.append("connect")
    )
    PromptConnection(websocket_handler=handler).connect()
    assert done == [("set_nodelay", True), "connect"]
