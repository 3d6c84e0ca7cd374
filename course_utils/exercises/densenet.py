"""Exercises of section 6.6."""

from itertools import count
from math import ceil, floor

from ..counting import geometry
from .kinds import NetworkExercise, NumberExercise

K = 32  # growth rate of Table 6.4
K0 = 2 * K  # channels that enter the first block


def _received(layer, k0=K0, k=K):
    """Channels that a dense layer receives (Huang et al. 2017, section 3)."""
    return k0 + (layer - 1) * k


def _conv(in_channels, out_channels, kernel, bias=False):
    """Parameters of a convolution."""
    return geometry.conv_parameters(in_channels, out_channels, (kernel, kernel), bias=bias)


def _bn_relu_conv(in_channels, out_channels, kernel):
    """Parameters of BN-ReLU-Conv: gamma and beta of each input channel, then the weights."""
    return 2 * in_channels + _conv(in_channels, out_channels, kernel)


def _channels():
    layer, k0, k = 10, 128, 32
    received = _received(layer, k0, k)
    return NumberExercise(
        received,
        {
            k: "这是第 10 层产生的通道数；题目问它收到多少个。",
            k0 + layer * k: "第 l 层收到的是它前面 l-1 层的输出，不包括它自己的。",
            (layer - 1) * k: "模块的输入也拼接在里面。",
            layer * k: "模块的输入也拼接在里面，而且第 10 层前面只有 9 层。",
        },
    )


def _layer_parameters():
    m, width = 256, 4 * K
    right = _bn_relu_conv(m, width, 1) + _bn_relu_conv(width, K, 3)
    weights = _conv(m, width, 1) + _conv(width, K, 3)
    return NumberExercise(
        right,
        {
            weights: "还有两个批归一化，每个输入通道有 γ、β 两个参数。",
            _bn_relu_conv(m, K, 3): "这是不带瓶颈的稠密层；DenseNet-121 的带瓶颈。",
            right + width + K: "卷积后面没有偏置。",
            weights + 2 * m + 2 * K: "第二个批归一化在 3×3 卷积之前，它的通道数是 4k。",
        },
    )


def _connections():
    layers = 12
    return NumberExercise(
        layers * (layers + 1) // 2,
        {
            layers * (layers - 1) // 2: "模块的输入也是一个来源，每一层都收到它。",
            layers**2: "连接只从前往后，每一对只算一次。",
            layers: "这是没有稠密连接的网络；这里每一层都与前面所有层相连。",
            (layers + 1) * (layers + 2) // 2: "题目只数进入 12 个稠密层的，不算通往转换层的。",
        },
    )


def _compressed():
    k0, layers, k, theta = 24, 9, 15, 0.5
    m = k0 + layers * k
    return NumberExercise(
        floor(theta * m),
        {
            m: "这是模块输出的通道数，转换层还要压缩。",
            ceil(theta * m): "θm 不是整数时向下取整。",
            floor(theta * layers * k): "模块的输出里也有它的输入。",
            floor(theta * _received(layers, k0, k)): "模块的输出也包括最后一层的 k 个通道。",
        },
    )


def _depth():
    sizes = (6, 12, 36, 24)
    layers, transitions = sum(sizes), len(sizes) - 1
    others = 1 + transitions + 1  # the first convolution, the transitions, the linear layer
    return NumberExercise(
        2 * layers + others,
        {
            layers + others: "每个稠密层有 1×1 和 3×3 两个卷积。",
            2 * layers: "还有开头的卷积、转换层和全连接层。",
            2 * layers + 2: "每个转换层里也有一个卷积。",
            2 * layers + others - 1: "开头的卷积、三个转换层、全连接层，是不是少算了一个？",
            2 * layers + others + 1: "四个模块之间只有三个转换层。",
        },
    )


def _first_saving():
    def first(condition):
        return next(layer for layer in count(1) if condition(_received(layer)))

    def cheaper(m):
        return _conv(m, 4 * K, 1) + _conv(4 * K, K, 3) < _conv(m, K, 3)

    right = first(cheaper)
    return NumberExercise(
        right,
        {
            first(lambda m: m > 4 * K): "从这一层起 1×1 卷积才减少通道数，但它自己也要权值。",
            first(lambda m: m >= 4 * K): "通道数不增不减还不够，1×1 卷积自己也要权值。",
            right - 1: "这一层收到 224 个通道，还没有超过 7.2k。",
            right + 1: "前一层收到 256 个通道，已经超过了 7.2k。",
            1: "第 1 层只收到 64 个通道，瓶颈反而把它加宽到 128 个。",
        },
    )


def _deep_and_small():
    depth, limit = 40, 30_000

    def judge(table):
        if table.rows[-1].output_shape != [1, 10]:
            return f"输出应为 [1, 10]，现在是 {table.rows[-1].output_shape}。"
        weighted = sum(row.type in ("Conv2D", "Linear") for row in table.rows)
        if weighted < depth:
            return f"带权值的层有 {weighted} 个，至少要 {depth} 个；稠密层可以很窄，多放几个。"
        if not any(row.type.startswith("concat") for row in table.rows):
            return "网络里还没有拼接：请用 DenseBlock。"
        if table.totals["params"] > limit:
            return (
                f"参数量是 {table.totals['params']:,}，超过 {limit:,}；"
                f"减小增长率 k，或者让转换层压缩一半。"
            )
        return None

    return NetworkExercise((1, 1, 28, 28), judge)


EXERCISES = {
    "6.6-1": _channels(),
    "6.6-2": _layer_parameters(),
    "6.6-3": _connections(),
    "6.6-4": _compressed(),
    "6.6-5": _depth(),
    "6.6-6": _first_saving(),
    "6.6-7": _deep_and_small(),
}
