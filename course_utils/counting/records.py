"""What a trace leaves behind: plain records of operations and of the layer calls that ran them."""

from dataclasses import dataclass, field

CHANNELS_LAST = ("NLC", "NHWC", "NDHWC")


@dataclass(slots=True)
class LayerCall:
    """One call of one layer: its path in the network, and the shapes that went in and out."""

    name: str
    type: str
    is_leaf: bool
    layer: object = field(default=None, repr=False)
    input_shape: list | None = None
    output_shape: list | None = None


@dataclass(slots=True)
class Operation:
    """One operation; shapes and constants are plain Python values.

    Attributes:
        kind: its name, as in ``operations.KINDS``.
        inputs, outputs: ids of values; lists of tensors are flattened.
        input_shapes, output_shapes: one list a value; None for a value that is a list.
        attributes: Paddle's attributes of the operation.
        constants: {number of the operand: value} of those that are known.
        call: number of the layer call that ran it, -1 outside of the network.
        touched: ids of values that share memory with one that this operation changes in place.
    """

    kind: str
    inputs: list
    outputs: list
    input_shapes: list
    output_shapes: list
    attributes: dict
    constants: dict
    call: int = -1
    touched: tuple = ()

    @property
    def output_shape(self):
        """Shape of the first output."""
        return self.output_shapes[0]


@dataclass
class Graph:
    """The operations of one forward pass, in order, with the layer calls that ran them."""

    input_id: object = None
    input_shape: list = field(default_factory=list)
    operations: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)
