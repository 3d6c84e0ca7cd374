"""An independent check of receptive fields: where the gradient of one output cell arrives."""

import numpy as np
import paddle
from paddle import nn


def gradient_extent(net, input_shape):
    """(height, width) of the input region that reaches the middle cell of the output.

    All weights are made positive and max pooling averages, so no path is hidden by chance.
    ``net`` must be free of ReLU-like operations that could block a gradient at zero.
    """
    for layer in net.sublayers(include_self=True):
        for parameter in layer.parameters(include_sublayers=False):
            parameter.set_value(paddle.full_like(parameter, 0.01))
    net.eval()
    image = paddle.ones(input_shape)
    image.stop_gradient = False
    output = net(image)
    middle = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
    middle.backward()
    rows, columns = np.nonzero(image.grad.numpy()[0].any(axis=0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


class Average(nn.Layer):
    """Average pooling that counts its padding, for a max pooling of the same window."""

    def __init__(self, kernel, stride, padding=0):
        super().__init__()
        self.pool = nn.AvgPool2D(kernel, stride, padding, exclusive=False)

    def forward(self, x):
        return self.pool(x)
