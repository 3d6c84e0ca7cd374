"""Exercises of section 6.4."""

from ..counting import geometry
from .kinds import NetworkExercise, NumberExercise

WIDTHS_3A = (64, 96, 128, 16, 32, 32)  # Table 6.2: 1×1, reduce, 3×3, reduce, 5×5, pool proj
WIDTHS_5A = (256, 160, 320, 32, 128, 128)


def _module(in_channels, widths, bias=True):
    """Parameters of an Inception module."""
    one, reduce3, three, reduce5, five, proj = widths
    convolutions = [
        (in_channels, one, 1),
        (in_channels, reduce3, 1),
        (reduce3, three, 3),
        (in_channels, reduce5, 1),
        (reduce5, five, 5),
        (in_channels, proj, 1),
    ]
    return sum(geometry.conv_parameters(n, m, (k, k), bias=bias) for n, m, k in convolutions)


def _five_branch():
    inputs, reduce, outputs = 256, 32, 96

    def parameters(bias):
        first = geometry.conv_parameters(inputs, reduce, (1, 1), bias=bias)
        return first + geometry.conv_parameters(reduce, outputs, (5, 5), bias=bias)

    return NumberExercise(
        parameters(bias=True),
        {
            parameters(bias=False): "每个卷积核还有一个偏置，两个卷积都有。",
            geometry.conv_parameters(reduce, outputs, (5, 5)): "降维层的参数也要算进去。",
            geometry.conv_parameters(inputs, reduce, (1, 1)): "这只是降维层，还有 5×5 卷积。",
            geometry.conv_parameters(
                inputs, outputs, (5, 5)
            ): "这是没有降维层的 5×5 卷积：降维之后它的输入只有 32 个通道。",
        },
    )


def _naive_channels():
    inputs, one, three, five, proj = 256, 128, 192, 96, 64
    return NumberExercise(
        one + three + five + inputs,
        {
            one + three + five: "池化分支也要拼接进来，它的通道数与输入相同。",
            one + three + five + proj: "这是 V1 的输出；初级模块没有投影层，池化不改变通道数。",
            inputs: "这是输入的通道数；四条分支的输出要拼接起来。",
        },
    )


def _last_side(size, ceil_mode):
    """Side of the maps before the global average pooling."""
    side = geometry.output_size(size, 7, 2, padding=3)
    for _ in range(4):
        side = geometry.output_size(side, 3, 2, ceil_mode=ceil_mode)
    return side


def _larger_image():
    return NumberExercise(
        _last_side(320, ceil_mode=True),
        {
            _last_side(320, ceil_mode=False): "这是向下取整的结果；表 6.2 的池化向上取整。",
            _last_side(224, ceil_mode=True): "这是 224×224 的结果；本题输入 320×320。",
            2 * _last_side(320, ceil_mode=True): "除了第一层卷积，还有四个最大池化，各减半一次。",
            1: "这是全局平均池化之后的边长，题目问的是它之前。",
        },
    )


def _field_of_4a():
    field = geometry.Field().window(7, 2, 3).window(3, 2).window(3, 1, 1).window(3, 2)
    for _ in range(2):  # 3a, 3b: the 5×5 branch sees farthest
        field = field.window(5, 1, 2)
    pooled = field.window(3, 2)
    return NumberExercise(
        int(pooled.window(5, 1, 2).size),
        {
            int(pooled.size): "这是 pool3 的感受野，还差 4a 自己的 5×5 卷积。",
            int(pooled.size) + 4: "pool3 之后相邻两格在原图上相距 16 像素，4 要乘以 16。",
            int(pooled.window(3, 1, 1).size): "要看四条分支中看得最远的一条：5×5。",
            5: "这是对模块输入的感受野；题目问的是对 224×224 的图像。",
        },
    )


def _operations_of_5a():
    positions = 7 * 7

    def millions(count):
        return round(count / 1e6)

    weights = _module(832, WIDTHS_5A, bias=False)
    return NumberExercise(
        millions(positions * weights),
        {
            54: "这就是书中印的值，请按六个宽度算一遍。",
            millions(2 * positions * weights): "一次乘加算一次，不是两次。",
            millions(14 * 14 * weights): "5a 的特征图是 7×7，不是 14×14。",
            millions(weights): "这是权值的个数（百万），还要乘以位置数。",
        },
    )


def _own_module():
    limit = 0.9 * _module(192, WIDTHS_3A)

    def judge(table):
        last = table.rows[-1]
        if last.output_shape != [1, 256, 28, 28]:
            return f"输出应为 [1, 256, 28, 28]，现在是 {last.output_shape}。"
        field = last.receptive_field
        if not isinstance(field, int) or field < 5:
            return f"输出的一个位置看到的范围是 {field}，应至少为 5。"
        if table.totals["params"] > limit:
            return (
                f"参数量是 {table.totals['params']:,}，还没有少一成（至多 {limit:,.0f}）；"
                f"看看表中哪一层最多，它的输入通道能不能再少些。"
            )
        return None

    return NetworkExercise((1, 192, 28, 28), judge)


EXERCISES = {
    "6.4-1": _five_branch(),
    "6.4-2": _naive_channels(),
    "6.4-3": _larger_image(),
    "6.4-4": _field_of_4a(),
    "6.4-5": _operations_of_5a(),
    "6.4-6": _own_module(),
}
