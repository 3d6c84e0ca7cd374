"""What ``make lab`` changes in Jupyter's server: an answer of the kernel is sent at once."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Between page and kernel, without Nagle's algorithm (RFC 896).

    A move of an explorer is answered by several small messages. Nagle's algorithm keeps the second
    back until the page has acknowledged the first, which Linux puts off by up to 40 ms.
    """

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
