"""The formulas of convolutional networks: sizes, parameters, connections, receptive fields.

Pure Python, no Paddle: everything here can be checked with pencil and paper.
Sizes are in pixels (or feature-map cells) along one axis; counts are plain integers.

Sources: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016
(output sizes); Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural
Networks", Distill 2019, doi 10.23915/distill.00021 (receptive fields); LeCun et al.,
"Gradient-based learning applied to document recognition", 1998, section II.B (connections).
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm, prod

# Numbers in one tensor: beyond it Paddle's sizes overflow, and hardly a reader's machine holds it.
LARGEST = 2**31 - 1


class GeometryError(ValueError):
    """A setting that no layer can have; the message is one sentence for people."""


def verify_width(kind, wanted, given):
    """Raise a ``GeometryError`` unless a layer is given as many channels as its weights expect.

    Args:
        kind: what is counted, in Chinese: "通道" or "特征".
    """
    if given != wanted:
        raise GeometryError(f"这一层按 {wanted} 个输入{kind}建立，实际来的是 {given} 个。")


def kernel_extent(kernel, dilation=1):
    """Number of input cells from the first to the last tap of a kernel: d(k - 1) + 1."""
    return dilation * (kernel - 1) + 1


def output_size(size, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    """Output size of a convolution or pooling along one axis.

    floor((n + p_begin + p_end - d(k - 1) - 1) / s) + 1; with ``ceil_mode`` the division is
    rounded up. (Paddle then keeps a last window that lies wholly in the padding and fills it
    with -3.4e38 or NaN; PyTorch leaves it out.)

    Args:
        size, kernel, stride, dilation: positive integers.
        padding: cells added on each side, or a pair (begin, end).

    Raises:
        GeometryError: a value no layer can have, or a kernel larger than the padded input.
    """
    settings = {"size": size, "kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in settings.items():
        if value < 1:
            raise GeometryError(f"{name} 是 {value}，至少应为 1。")
    begin, end = padding if isinstance(padding, (tuple, list)) else (padding, padding)
    if begin < 0 or end < 0:
        raise GeometryError(f"padding 是 {padding}，不能为负数。")
    free = size + begin + end - kernel_extent(kernel, dilation)
    if free < 0:
        raise GeometryError(
            f"范围为 {kernel_extent(kernel, dilation)} 格的核放不进 {size + begin + end} 格"
            f"（输入 {size} + 填充 {begin} + {end}）。"
        )
    return (-(-free // stride) if ceil_mode else free // stride) + 1


def same_padding(size, kernel, stride=1):
    """(begin, end) padding of Paddle's ``padding="same"``: output size = ceil(n / s).

    Paddle sets the dilation to 1 in this mode, so it is no argument here.
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def adaptive_windows(size, output):
    """(first, last) input cell of each window of an adaptive pooling along one axis.

    Window i runs from floor(i n / m) to ceil((i + 1) n / m) - 1; the windows are uneven where
    m does not divide n.
    """
    return [(i * size // output, -(-(i + 1) * size // output) - 1) for i in range(output)]


def conv_parameters(in_channels, out_channels, kernel, groups=1, bias=True):
    """Weights and biases of a convolution; ``kernel`` is (height, width)."""
    return out_channels * (in_channels // groups * prod(kernel) + bool(bias))


def linear_parameters(in_features, out_features, bias=True):
    """Weights and biases of a fully connected layer."""
    return out_features * (in_features + bool(bias))


def connections(output_positions, inputs_each, bias=False):
    """Connections of a layer: output positions x (inputs each one sees + its bias).

    LeNet-5's C1: 28*28*6 positions x (25 + 1) = 122,304 (LeCun et al. 1998, section II.B).
    """
    return output_positions * (inputs_each + bool(bias))


def multiply_adds(output_positions, inputs_each):
    """Multiply-adds of a convolution or linear layer; biases are not counted."""
    return output_positions * inputs_each


@dataclass(frozen=True)
class Field:
    """Which input pixels a cell of a feature map can see, along one axis.

    Cell number i sees the pixels from ``i * jump + first`` to ``i * jump + last``, where
    (first, last) is ``spans[i % len(spans)]``: after a transposed convolution or an uneven
    adaptive pooling, neighbouring cells see windows of different make, which come round again.
    Pixels outside the image are counted too (the "theoretical" receptive field of the
    literature).
    """

    jump: Fraction = Fraction(1)
    spans: tuple = ((Fraction(0), Fraction(0)),)

    @property
    def size(self):
        """Receptive field in input pixels; of cells that differ the widest counts."""
        return self.widest(len(self.spans))

    def widest(self, cells):
        """Receptive field in input pixels of whichever of the first ``cells`` sees most."""
        # A network that fails can leave a map without cells; its first would see the first span.
        spans = self.spans[: max(cells, 1)]
        return max(last - first for first, last in spans) + 1

    def cell(self, i):
        """(first, last) input pixel that cell number i sees."""
        first, last = self.spans[i % len(self.spans)]
        return i * self.jump + first, i * self.jump + last

    def window(self, kernel, stride=1, padding=0, dilation=1):
        """The field after a window slides over this map; ``padding`` is that at the begin."""
        if kernel == stride == 1 and not padding:
            return self
        # Where all cells are alike, the two ends of the window see as far as all of it.
        taps = range(kernel) if len(self.spans) > 1 else {0, kernel - 1}
        return self._of_cells(
            self.jump * stride,
            lcm(len(self.spans), stride) // abs(stride),
            lambda i: [i * stride - padding + tap * dilation for tap in taps],
        )

    def shift(self, cells):
        """The field of a map that starts ``cells`` later: a slice (> 0) or a padding (< 0)."""
        return self._of_cells(self.jump, len(self.spans), lambda i: [i + cells]) if cells else self

    def adaptive(self, size, output):
        """The field after an adaptive pooling from ``size`` cells to ``output``."""
        windows = [range(first, last + 1) for first, last in adaptive_windows(size, output)]
        return self._of_cells(
            self.jump * Fraction(size, output),
            output * (lcm(len(self.spans), size) // size),
            lambda i: [i // output * size + c for c in windows[i % output]],
        )

    def resampled(self, step, start, between):
        """The field of a map of which cell i lies at ``i * step + start`` of this one.

        Args:
            step, start: fractions.
            between: whether a cell between two of this map sees both, or only the first.
        """
        period = Fraction(step).denominator

        def sources(i):
            place = i * step + start
            return [floor(place), ceil(place)] if between else [floor(place)]

        # After as many cells the places, and then the spans too, come round again.
        steps = int(period * step)
        period *= len(self.spans) // gcd(len(self.spans), steps)
        return self._of_cells(self.jump * step, period, sources)

    def transposed(self, kernel, stride=1, padding=0, dilation=1):
        """The field after a transposed convolution: each cell of this map is added, weighted,
        to ``kernel`` cells from ``cell * stride - padding`` on.

        Raises:
            GeometryError: gaps between the kernels leave cells that see nothing.
        """

        def sources(i):
            starts = (i + padding - tap * dilation for tap in range(kernel))
            return [start // stride for start in starts if start % stride == 0]

        return self._of_cells(self.jump / stride, len(self.spans) * stride, sources)

    def union(self, other):
        """The field of a merge (addition, concatenation) of two maps.

        Raises:
            GeometryError: the maps lie on different grids, so that no single field describes
                the merge.
        """
        if self == other:
            return self
        if self.jump != other.jump:
            raise GeometryError(
                f"maps with jumps {self.jump} and {other.jump} cannot be merged cell by cell."
            )
        period = lcm(len(self.spans), len(other.spans))
        return self._of_windows(self.jump, [[self.cell(i), other.cell(i)] for i in range(period)])

    def _of_cells(self, jump, period, sources):
        """The field of a map of which cell i sees the cells ``sources(i)`` of this one."""
        return self._of_windows(jump, [list(map(self.cell, sources(i))) for i in range(period)])

    @staticmethod
    def _of_windows(jump, windows):
        """The field of a map of which cell i sees all pixels from the first to the last of
        ``windows[i]``, and so on periodically."""
        if not all(windows):
            raise GeometryError("some cells see nothing of the input.")
        spans = tuple(
            (min(first for first, _ in seen) - i * jump, max(last for _, last in seen) - i * jump)
            for i, seen in enumerate(windows)
        )
        return Field(jump, spans[:1] if len(set(spans)) == 1 else spans)
