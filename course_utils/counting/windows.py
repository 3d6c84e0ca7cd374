"""How convolutions and poolings slide over their input, read from an operation's settings."""

from dataclasses import dataclass

from . import geometry
from .records import CHANNELS_LAST


@dataclass(frozen=True)
class Window:
    """How one operation slides over one axis of its input (dimension ``dim``)."""

    dim: int
    size: int
    kernel: int
    stride: int
    padding: tuple
    dilation: int = 1
    ceil_mode: bool = False

    def output_size(self):
        """Number of positions of the window; raises ``GeometryError`` if there are none."""
        return geometry.output_size(
            self.size, self.kernel, self.stride, self.padding, self.dilation, self.ceil_mode
        )


def spatial_dims(operation):
    """The dimensions of an operation's input that are axes of the image."""
    rank = len(operation.input_shapes[0])
    last = operation.attributes.get("data_format") in CHANNELS_LAST
    return range(1, rank - 1) if last else range(2, rank)


def windows(operation):
    """The windows of a convolution, unfold or (not adaptive) pooling, one per spatial axis."""
    attributes, shape = operation.attributes, operation.input_shapes[0]
    if attributes.get("adaptive") or attributes.get("global_pooling"):
        return []
    kernel = _kernel(operation)
    axes = len(kernel)
    strides = attributes["strides"]
    dilations = attributes.get("dilations", [1] * axes)
    algorithm = attributes.get("padding_algorithm", "EXPLICIT")
    result = []
    for axis, dim in enumerate(spatial_dims(operation)):
        dilation = dilations[axis]
        if algorithm == "SAME":
            # Paddle drops the dilation here (field-tested on 3.3.1).
            padding, dilation = geometry.same_padding(shape[dim], kernel[axis], strides[axis]), 1
        elif algorithm == "VALID":
            padding = (0, 0)
        else:
            padding = _explicit_padding(attributes["paddings"], axis, axes)
        ceil_mode = attributes.get("ceil_mode", False)
        result.append(
            Window(dim, shape[dim], kernel[axis], strides[axis], padding, dilation, ceil_mode)
        )
    return result


def _kernel(operation):
    """Sizes of the window: from the settings, from a constant, or from the weights."""
    attributes = operation.attributes
    kernel = attributes.get("kernel_sizes") or attributes.get("kernel_size")
    # Constant weights have one value, a constant kernel a list of sizes.
    constant = operation.constants.get(1)
    return kernel or (constant if isinstance(constant, list) else operation.input_shapes[1][2:])


def _explicit_padding(paddings, axis, axes):
    if len(paddings) == axes:
        return (paddings[axis], paddings[axis])
    return (paddings[2 * axis], paddings[2 * axis + 1])


def check_windows(operation):
    """Raise ``GeometryError`` for windows that do not fit into their input."""
    for window in windows(operation):
        if window.size >= 0:
            window.output_size()


def check_convolution(operation):
    """Raise ``GeometryError`` for a convolution whose input has other channels than its weights,
    or is smaller than its kernel (Paddle's static shape inference lets both pass)."""
    last = operation.attributes.get("data_format") in CHANNELS_LAST
    channels = operation.input_shapes[0][-1 if last else 1]
    wanted = operation.input_shapes[1][1] * operation.attributes["groups"]
    geometry.verify_width("通道", wanted, channels)
    check_windows(operation)
