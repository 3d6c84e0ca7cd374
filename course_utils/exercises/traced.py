"""What a network's ``forward`` really returned: read from the gradient graph of its output.

The graph holds what led to the output and nothing else, whatever the classes are called: a
layer that was called in vain, or built and never called, is not in it.
"""

import re


class Trace:
    """The operations between an input and an output, in the order of the computation.

    Attributes:
        kinds: their names, such as "Conv2d", "BatchNorm", "Relu", "Add", "Concat".
        last: the name of the last one that is no mere change of shape.
        reaches_input: whether the output depends on the input at all.
    """

    _SHAPES = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Cast", "Slice", "Assign"}

    def __init__(self, output, image):
        self._seen = set()
        ends = image.grad_fn
        self._end = ends.node_ptr() if ends is not None else None
        self.kinds = []
        self.last = None
        if output.grad_fn is not None:
            self._walk(output.grad_fn)
            self.last = self._last(output.grad_fn)
        self.reaches_input = self._end in self._seen

    def uses(self, parameter):
        """Whether a parameter had a part in the output."""
        node = parameter.grad_fn
        return node is not None and node.node_ptr() in self._seen

    def count(self, *names):
        """How many operations have one of these names."""
        return sum(kind in names for kind in self.kinds)

    def _walk(self, root):
        """Children first, without recursion: a network may be a thousand operations deep."""
        stack = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                self.kinds.append(_name(node))
            elif node.node_ptr() not in self._seen:
                self._seen.add(node.node_ptr())
                stack.append((node, True))
                stack += [(child, False) for child in node.next_functions if child is not None]

    def _last(self, node):
        while _name(node) in self._SHAPES and node.next_functions[0] is not None:
            node = node.next_functions[0]
        return _name(node)


def _name(node):
    return re.sub(r"2?GradNode(Final)?$", "", node.name())
