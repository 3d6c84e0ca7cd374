"""Exercises of section 6.5."""

import copy
from dataclasses import dataclass

import paddle
from paddle import nn

from ..counting import geometry
from .kinds import NetworkExercise, NumberExercise


def _weights(convolutions):
    """Weights of convolutions without biases: (input channels, output channels, kernel)."""
    return sum(geometry.conv_parameters(n, m, (k, k), bias=False) for n, m, k in convolutions)


def _normalised(convolutions):
    """The same with gamma and beta of a normalisation after each."""
    return _weights(convolutions) + sum(2 * m for _, m, _ in convolutions)


def _changing_block():
    residual, projection = [(64, 128, 3), (128, 128, 3)], [(64, 128, 1)]
    whole = residual + projection
    return NumberExercise(
        _normalised(whole),
        {
            _normalised(residual): "形状变了，B 的捷径是一个 1×1 投影，它和它的 BN 也有参数。",
            _weights(whole): "三个卷积之后各有一个 BN，每个通道有 γ 和 β。",
            _weights(residual): "还有 1×1 投影，以及每个卷积之后的 BN。",
            _normalised(residual) + _weights(projection): "投影之后也有 BN。",
            _normalised(whole) + sum(m for _, m, _ in whole): "ResNet 的卷积没有偏置。",
            _normalised([(64, 128, 3), (64, 128, 3), (64, 128, 1)]): (
                "第二个 3×3 的输入已经是 128 个通道。"
            ),
        },
    )


def _deeper_table():
    repeats = (3, 24, 36, 3)
    blocks = sum(repeats)
    return NumberExercise(
        3 * blocks + 2,
        {
            3 * blocks: "还有第一个卷积和最后的全连接层。",
            3 * blocks + 1: "首尾各有一层：第一个卷积和最后的全连接层。",
            2 * blocks + 2: "瓶颈模块有 3 个卷积，不是 2 个。",
            blocks: "这是模块的个数，每个瓶颈模块有 3 层。",
            3 * blocks + 2 + len(repeats): "投影捷径与主分支并排，不在最长的一条路上多加一层。",
        },
    )


def _small_field(blocks=3, groups=3):
    """Field of the last map of a network for small images: 6 * blocks + 2 layers."""
    field = geometry.Field().window(3, 1, 1)
    for group in range(groups):
        for place in range(2 * blocks):
            field = field.window(3, 2 if group and not place else 1, 1)
    return int(field.size)


def _field_of_20():
    convolutions = 1 + 3 * 2 * 3
    return NumberExercise(
        _small_field(),
        {
            1 + 2 * convolutions: "第二、三组里相邻两格在原图上相距 2、4 个像素，增量要乘以它。",
            _small_field(groups=2): "这是第二组的输出，还有第三组。",
            _small_field(blocks=1): "每一组有 3 个模块，共 6 个卷积。",
            _small_field() - 2: "第一组之前还有一个 3×3 卷积。",
            32: "感受野可以比图像大：图像之外的填充也算在内。",
        },
    )


def _where_the_stride_is():
    inputs, width, kernel = 256, 128, 1

    def millions(positions):
        return round(geometry.multiply_adds(positions * width, kernel**2 * inputs) / 1e6)

    large, small = 56 * 56, 28 * 28
    return NumberExercise(
        millions(large - small),
        {
            millions(large): "这是 1×1 在 56×56 上的全部乘加；题目问的是两种做法之差。",
            millions(small): "这是 1×1 在 28×28 上的乘加；题目问的是两种做法之差。",
            millions(large + small): "要相减，不是相加。",
            2 * millions(large - small): "一次乘加算一次，不是两次。",
            round(9 * width * width * (large - small) / 1e6): (
                "步长放在哪里，3×3 的输出都是 28×28，它的乘加不变；变的是前面的 1×1。"
            ),
        },
    )


def _paths():
    blocks = 3 + 4 + 6 + 3
    return NumberExercise(
        2**blocks,
        {
            blocks: "模块有这么多个，每一个都有两条路可选；捷径跳过的是模块，不是整组。",
            2 * blocks: "各个模块的选择互相独立，要相乘，不是相加。",
            blocks + 1: "这是路的长短有几种；同样长短的路有很多条。",
            2 ** (2 * blocks): "一个模块里的两个卷积要么都走，要么都跳过。",
        },
    )


@dataclass(frozen=True)
class BlockExercise(NetworkExercise):
    """A block that passes its input on as it is once all its kernels are zero.

    ``positive``: only inputs without negative values, as they come out of a ReLU.
    """

    positive: bool = False

    def verdict(self, answer):
        """(right, what to say)."""
        right, words = super().verdict(answer)
        if not right:
            return right, words
        block = copy.deepcopy(answer) if isinstance(answer, nn.Layer) else answer()
        block.eval()
        for weight in block.parameters():
            if weight.ndim == 4:
                weight.set_value(paddle.zeros_like(weight))
        x = paddle.randn(self.input_shape)
        x = x.abs() if self.positive else x
        if bool((block(x) == x).all()):
            return right, words
        return False, "把卷积核全设为 0，输出应当就是输入；检查捷径，以及相加之后有没有多余的运算。"


def _wrong_output(table, shape):
    """What is wrong with the last output of a block, or None."""
    found = table.rows[-1].output_shape
    return None if found == shape else f"输出应为 {shape}，现在是 {found}。"


# Names of rows: a ReLU is a layer or a function.
_SHORT = {"BatchNorm2D": "BN", "ReLU": "ReLU", "relu": "ReLU", "Conv2D": "卷积"}


def _preactivation():
    def judge(table):
        if complaint := _wrong_output(table, [1, 64, 28, 28]):
            return complaint
        order = [_SHORT[row.type] for row in table.rows if row.type in _SHORT]
        if order != ["BN", "ReLU", "卷积"] * 2:
            return f"次序应为 BN、ReLU、卷积、BN、ReLU、卷积，现在是 {'、'.join(order)}。"
        expected = _normalised([(64, 64, 3)] * 2)
        if table.totals["params"] != expected:
            return (
                f"参数量应为 {expected:,}，与基本模块一样，现在是 {table.totals['params']:,}；"
                f"卷积是 3×3、没有偏置的吗？"
            )
        return None

    return BlockExercise((1, 64, 28, 28), judge)


def _grouped():
    limit = 72_000

    def judge(table):
        if complaint := _wrong_output(table, [1, 256, 56, 56]):
            return complaint
        # The field of the sum is that of its farthest branch.
        widths = [
            row.output_shape[1]
            for row in table.rows
            if row.type == "Conv2D" and row.receptive_field == 3
        ]
        if not widths or widths[0] < 128:
            return f"3×3 卷积应有至少 128 个通道，现在是 {widths[0] if widths else 0} 个。"
        if table.totals["params"] > limit:
            return (
                f"参数量是 {table.totals['params']:,}，超过 {limit:,}；"
                f"分组卷积的每一组只看一部分输入通道，试试加大 groups。"
            )
        return None

    return BlockExercise((1, 256, 56, 56), judge, positive=True)


EXERCISES = {
    "6.5-1": _changing_block(),
    "6.5-2": _deeper_table(),
    "6.5-3": _field_of_20(),
    "6.5-4": _where_the_stride_is(),
    "6.5-5": _paths(),
    "6.5-6": _preactivation(),
    "6.5-7": _grouped(),
}
