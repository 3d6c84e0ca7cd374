"""Evaluation mode for a while: dropout off, batch normalisation with its running statistics."""

from contextlib import contextmanager


@contextmanager
def evaluating(net):
    """Evaluation mode inside the block; afterwards each layer's own mode again.

    Args:
        net: a ``paddle.nn.Layer``.
    """
    modes = [(layer, layer.training) for layer in net.sublayers(include_self=True)]
    net.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training
