"""Exercises of section 6.6."""

from itertools import count
from math import ceil, floor

from ..counting import geometry
from .kinds import NumberExercise
from .lenet import at_most
from .mistakes import Mistake, Question
from .networks import NetworkExercise
from .stacks import conv, count_parameters, parameters


def _received(layer, k0, k):
    """Channels that a dense layer receives (Huang et al. 2017, section 3)."""
    return k0 + (layer - 1) * k


def _channels(k0, k, layer):
    expected = _received(layer, k0, k)

    def wrong(value, what, why):
        return Mistake(value, "channels", what, why)

    rule = f"第 {layer} 层收到模块的输入 {k0} 个，加上前面 {layer - 1} 层各产生的 {k} 个。"
    return Question(
        expected,
        own=(
            wrong(k, f"数的是第 {layer} 层产生（输出）的通道数", "题目问它收到多少个。"),
            wrong(k0 + layer * k, "把它自己的输出也算了进去（不包括它自己）", rule),
            wrong((layer - 1) * k, "漏掉了模块的输入", rule),
            wrong(layer * k, "漏掉了模块的输入，而且多算了一层", rule),
            wrong(k0, "只数了模块的输入，漏掉了前面各层的输出", rule),
            wrong(k0 + k, "只加了前面一层（前面每一层都要加）", rule),
            wrong(_received(layer - 1, k0, k), "少算了一层", rule),
            wrong(layer * k0, "用了 k0 代替 k（每一层增加的是增长率 k）", rule),
            wrong(layer * k0 + k, "用了 k0 代替 k（每一层增加的是增长率 k）", rule),
            wrong(k0 + (layer - 1) * 4 * k, "按瓶颈的 4k 增加（瓶颈只在层内，输出仍是 k）", rule),
            wrong(4 * k, "数的是瓶颈的 4k 个通道", "题目问它收到多少个。"),
            wrong(expected // 2, "压缩了一半（那是转换层的事）", rule),
            wrong(
                (k0 + k) * layer, "让每一层都把模块的输入再加一次（输入只有一份，只算一次）", rule
            ),
            wrong(
                (k0 + k) * (layer - 1),
                "让每一层都把模块的输入再加一次（输入只有一份，只算一次）",
                rule,
            ),
            wrong(layer - 1, "数的是前面有几层，没有乘每层的通道数", rule),
            *(
                wrong(k0 + times * k, f"加了 {times} 层的输出（前面只有 {layer - 1} 层）", rule)
                for times in range(layer + 4)
                if times != layer - 1
            ),
            wrong(k0 * k, "把 k0 和 k 相乘了（应当相加）", rule),
            wrong(k0 + layer - 1, "每一层只加了 1 个通道（应当加 k 个）", rule),
            wrong(k0 + layer, "每一层只加了 1 个通道（应当加 k 个）", rule),
        ),
    )


def _before(inputs, outputs, side, name):
    """A convolution without bias, and the batch normalisation before it."""
    return conv(inputs, outputs, side, bias=False, normed=inputs, name=name)


def _layer_parameters(m, k):
    first = _before(m, 4 * k, 1, "第一段（1×1 卷积和它的 BN）")
    second = _before(4 * k, k, 3, "第二段（3×3 卷积和它的 BN）")
    whole = (first, second)
    weights = parameters([conv(one.inputs, one.outputs, one.side, bias=False) for one in whole])

    def wrong(value, kind, what, why):
        return Mistake(value, kind, what, why)

    norm = f"每个 BN 在卷积之前，通道数是它的输入：{m} 和 4k = {4 * k}。"
    return Question(
        parameters(whole),
        own=(
            wrong(weights, "norm", "没有算批归一化（BN）的 γ 和 β", norm),
            wrong(
                parameters([_before(m, k, 3, "")]),
                "layers",
                "按不带瓶颈的稠密层算",
                "这一层先用 1×1 降到 4k。",
            ),
            wrong(
                parameters([conv(m, k, 3, bias=False)]),
                "layers",
                "按不带瓶颈的稠密层算，也没有算批归一化",
                "这一层先用 1×1 降到 4k。",
            ),
            wrong(
                parameters(whole) + 5 * k, "bias", "又算了卷积的偏置", "DenseNet 的卷积没有偏置。"
            ),
            wrong(weights + 2 * m + 2 * k, "norm", "第二个批归一化用了 k 个通道（应为 4k）", norm),
            wrong(weights + 2 * m, "norm", "漏掉了第二个批归一化", norm),
            wrong(weights + 8 * k, "norm", "漏掉了第一个批归一化", norm),
            wrong(
                weights + 8 * k + 2 * k, "norm", "把批归一化放在了卷积之后（按输出的通道数）", norm
            ),
            wrong(
                parameters([_before(m, k, 1, ""), _before(k, k, 3, "")]),
                "channels",
                "1×1 卷积只输出了 k 个通道（应为 4k）",
                "瓶颈的宽度是 4k。",
            ),
        ),
        recipe=count_parameters(whole),
    )


def _connections(layers):
    def wrong(value, what, why):
        return Mistake(value, "layers", what, why)

    rule = "第 l 层有 l 个来源：模块的输入和前面的 l − 1 层。"
    return Question(
        layers * (layers + 1) // 2,
        own=(
            wrong(layers * (layers - 1) // 2, "漏掉了模块的输入（它也是一个来源）", rule),
            wrong(layers**2, "每一对算了两次（连接只从前往后，只算一次）", rule),
            wrong(layers, "按没有稠密连接的网络算（这里每一层都与前面所有层相连）", rule),
            wrong(
                (layers + 1) * (layers + 2) // 2,
                "把通往转换层的也算了进去",
                f"题目只数进入 {layers} 个稠密层的。",
            ),
            wrong(layers * (layers + 1), "每一条算了两次（忘了除以 2，只从前往后算一次）", rule),
            wrong(layers + 1, "按一层接一层的网络算（这里每一层都与前面所有层相连）", rule),
            wrong(layers - 1, "按一层接一层的网络算（这里每一层都与前面所有层相连）", rule),
            wrong(2**layers, "算成了 2 的次方（应把每一层的来源相加）", rule),
            wrong(layers * (layers - 1), "每一条算了两次，又漏掉了模块的输入", rule),
            wrong(layers * (layers + 1) // 2 + 1, "多算了一条（转换层的不算）", rule),
            wrong(
                layers * (layers + 1) // 2 - 1,
                "少算了一条，还差一条：第 1 层也收到模块的输入",
                rule,
            ),
            wrong(
                layers * (layers + 1) // 2 * 32,
                "乘了每条连接的通道数（32）",
                "题目数的是连接的条数。",
            ),
            wrong((layers + 1) ** 2, "每一对算了两次（连接只从前往后，只算一次）", rule),
        ),
    )


def _compressed(k0, layers, k):
    theta = 0.5
    m = k0 + layers * k

    def wrong(value, kind, what, why):
        return Mistake(value, kind, what, why)

    whole = f"模块的输出有 m = k0 + 层数 × k 个通道，转换层输出 ⌊θm⌋ 个，θ = {theta}。"
    return Question(
        floor(theta * m),
        own=(
            wrong(m, "channels", "没有压缩（这是模块的输出，转换层还要乘 θ）", whole),
            wrong(ceil(theta * m), "padding", "向上取整了（θm 不是整数时向下取整）", whole),
            wrong(theta * m, "padding", "没有取整（θm 不是整数时向下取整）", whole),
            wrong(
                floor(theta * layers * k),
                "channels",
                "漏掉了模块的输入（模块的输出里也有它的输入）",
                whole,
            ),
            wrong(theta * layers * k, "channels", "漏掉了模块的输入，也没有取整", whole),
            wrong(
                floor(theta * _received(layers, k0, k)),
                "layers",
                "漏掉了最后一层的 k 个通道（少算一层）",
                whole,
            ),
            wrong(layers * k, "channels", "漏掉了模块的输入，也没有压缩", whole),
            wrong(k0 // 2, "channels", "只压缩了模块的输入，漏掉了每一层添的 k", whole),
            wrong(
                floor(theta * k), "channels", "只压缩了一层的 k，漏掉了模块的输入和其他各层", whole
            ),
            wrong(floor(theta * (k0 + k)), "layers", "只算了一层", whole),
            wrong(
                k0 + floor(theta * layers * k),
                "channels",
                "模块的输入没有压缩（要一起压缩）",
                whole,
            ),
            wrong(k0 // 2 + layers * k, "channels", "只压缩了模块的输入（要一起压缩）", whole),
            wrong(floor(theta * (m + k)), "layers", "多算了一层", whole),
            wrong(2 * m, "channels", "乘了 2（应当乘 θ，压缩一半）", whole),
            wrong(m // 4, "channels", "压缩了两次（只有一次）", whole),
            wrong(k, "channels", "数的是每一层添的 k", whole),
        ),
    )


def _depth(a, b, c, d):
    layers, transitions = a + b + c + d, 3
    others = 1 + transitions + 1  # the first convolution, the transitions, the linear layer

    def wrong(value, what, why):
        return Mistake(value, "layers", what, why)

    rule = "2 × 稠密层 + 开头的卷积 + 三个转换层 + 全连接层。"
    two = "每个稠密层有 1×1 和 3×3 两个卷积。"
    return Question(
        2 * layers + others,
        own=(
            wrong(layers + others, "每个稠密层只算了一个卷积（有两个卷积）", two),
            wrong(2 * layers, "漏掉了开头的卷积、转换层和全连接层", rule),
            wrong(2 * layers + 2, "漏掉了转换层（每个转换层里也有一个卷积）", rule),
            wrong(2 * layers + others - 1, "开头的卷积、三个转换层、全连接层里少算了一个", rule),
            wrong(
                2 * layers + others + 1,
                "按四个转换层算（四个模块之间只有三个），或者数了池化",
                rule,
            ),
            wrong(layers, "只数了稠密层的个数（每层有两个卷积）", two),
            wrong(layers + 2, "每个稠密层只算了一个卷积（有两个卷积），也漏了转换层", two),
            wrong(2 * layers + 3, "漏掉了首尾（开头的卷积和全连接层），或者漏了两个转换层", rule),
            wrong(3 * layers + others, "每个稠密层算了三个卷积（有两个卷积）", two),
            wrong(4 * layers + others, "把 BN（批归一化）也算成了层（每个稠密层是两个卷积）", two),
            wrong(2 * layers + 1, "漏掉了转换层，以及开头的卷积或全连接层", rule),
            wrong(2 * layers + others + 3, "把转换层里的池化也算成了层（没有权值，不数）", rule),
            wrong(2 * layers + others + 2, "把开头和最后的池化也算成了层（没有权值，不数）", rule),
            wrong(121, "DenseNet-121 的层数", "本题的模块比它长。"),
            *(
                wrong(
                    each * layers + more,
                    f"每个稠密层算了 {each} 个卷积（有两个卷积），别的算了 {more} 个",
                    rule,
                )
                for each in (1, 2, 3, 4)
                for more in range(11)
                if (each, more) != (2, others)
            ),
        ),
    )


def _first_saving(k0, k):
    def first(condition):
        return next(layer for layer in count(1) if condition(_received(layer, k0, k)))

    def weights(m):
        with_bottleneck = parameters([conv(m, 4 * k, 1, bias=False), conv(4 * k, k, 3, bias=False)])
        return with_bottleneck, geometry.conv_parameters(m, k, (3, 3), bias=False)

    def cheaper(m):
        bottleneck, plain = weights(m)
        return bottleneck < plain

    right = first(cheaper)
    received = _received(right, k0, k)

    def wrong(value, what, why):
        return Mistake(value, "channels", what, why)

    rule = "加瓶颈：m×4k + 9×4k×k；不加：9×m×k。前者更少，要 m > 7.2k。"
    wider = first(lambda m: m > 4 * k)
    equal = first(lambda m: m >= 4 * k)
    itself = "1×1 卷积自己也要权值。"
    return Question(
        right,
        own=(
            wrong(wider, "只看了 1×1 从哪一层起减少通道数；它自己也要权值", itself),
            wrong(equal, "只看了 1×1 到哪一层不增加通道数；它自己也要权值", itself),
            wrong(wider - 1, "只看了 1×1 减少通道数的前一层；它自己也要权值", itself),
            wrong(right - 1, "早了一层：这一层收到的通道数还没有超过 7.2k", rule),
            wrong(right + 1, "晚了一层：前一层收到的通道数已经超过了 7.2k", rule),
            wrong(1, "从第 1 层就算省；可是瓶颈反而把它加宽到 4k 个", rule),
            wrong(7.2 * k, "求到的是通道数 7.2k，还没有换成第几层", rule),
            wrong(7.2, "求到的是 m 与 k 之比，还没有换成第几层", rule),
            wrong(4 * k, "求到的是 4k 个通道，还没有换成第几层", itself),
            wrong(received, "求到的是那一层收到的通道数，还没有换成第几层", rule),
            wrong(
                floor((7.2 * k - k0) / k),
                "只算了还差多少个 k：第一层收到的就是 k0，要加上它，再取下一层",
                rule,
            ),
            wrong((7.2 * k - k0) / k + 1, "没有取整；层数是整数，取下一层", rule),
            wrong((7.2 * k - k0) / k, "没有取整，也没有数第一层", rule),
        ),
    )


DEPTH = 40


def _deep(examined):
    weighted = sum(
        weight.ndim in (2, 4) and examined.trace.uses(weight)
        for weight in examined.net.parameters()
    )
    if weighted >= DEPTH:
        return None
    return f"带权值的层有 {weighted} 个，至少要 {DEPTH} 个；稠密层可以很窄，多放几个。"


def _concatenates(examined):
    if examined.trace.count("Concat"):
        return None
    return "网络里还没有拼接：请用 DenseBlock，或者 paddle.concat(…, axis=1)。"


EXERCISES = {
    "6.6-1": NumberExercise(
        "一个稠密连接模块的输入有 {k0} 个通道，k = {k}。它的第 {layer} 层收到多少个通道？",
        {"k0": 128, "k": 32, "layer": 10},
        {"k0": (72, 96, 160), "k": (12, 24, 40), "layer": (7, 8, 11, 13)},
        _channels,
        "收到的 = k0 + (l − 1) × k。",
        lambda k0, k, layer: (
            f"k0 = {k0}，k = {k}，第 {layer} 层：{k0} + {layer - 1}×{k} = {k0 + (layer - 1) * k}。"
        ),
        "channels",
    ),
    "6.6-2": NumberExercise(
        "一个带瓶颈的稠密层收到 {m} 个通道，k = {k}。它共有多少个参数（批归一化的 γ、β 也算）？",
        {"m": 256, "k": 32},
        {"m": (192, 288, 320, 384), "k": (12, 24, 40)},
        _layer_parameters,
        "BN 2m + 1×1 卷积 m×4k + BN 2×4k + 3×3 卷积 9×4k×k，都没有偏置。",
        lambda m, k: (
            f"m = {m}，k = {k}：2×{m} + {m}×{4 * k} + 2×{4 * k} + 9×{4 * k}×{k} = "
            f"{2 * m + m * 4 * k + 8 * k + 36 * k * k:,}。"
        ),
        "norm",
    ),
    "6.6-3": NumberExercise(
        "一个模块有 {layers} 个稠密层。进入这 {layers} "
        "层的连接一共有多少条（模块的输入也是一个来源）？",
        {"layers": 12},
        {"layers": (7, 9, 14, 16, 18, 20)},
        _connections,
        "1 + 2 + … + L = L(L + 1)/2。",
        lambda layers: f"{layers} 层：{layers}×{layers + 1}÷2 = {layers * (layers + 1) // 2}。",
        "layers",
        note="（这就是 DenseNet-121 的第二个模块。）",
    ),
    "6.6-4": NumberExercise(
        "一个模块的输入有 {k0} 个通道，有 {layers} 个稠密层，k = {k}。后面的转换层 θ = 0.5，"
        "它输出多少个通道？",
        {"k0": 24, "layers": 9, "k": 15},
        {"k0": (30, 40, 50), "layers": (7, 11, 13), "k": (13, 17, 21)},
        _compressed,
        "m = k0 + 层数 × k，输出 ⌊θm⌋。",
        lambda k0, layers, k: (
            f"k0 = {k0}，{layers} 层，k = {k}：m = {k0 + layers * k}，"
            f"⌊0.5 × {k0 + layers * k}⌋ = {(k0 + layers * k) // 2}。"
        ),
        "channels",
    ),
    "6.6-5": NumberExercise(
        "一个 DenseNet 的四个模块各有 {a}、{b}、{c}、{d} 个带瓶颈的稠密层。"
        "按表 6.4 那几个网络的数法，它有多少层？",
        {"a": 6, "b": 12, "c": 36, "d": 24},
        {"a": (5, 7, 8), "b": (10, 14, 16), "c": (20, 30, 40), "d": (18, 22, 28)},
        _depth,
        "2 × 稠密层 + 1 + 3 + 1。",
        lambda a, b, c, d: (
            f"({a}, {b}, {c}, {d})：2×{a + b + c + d} + 1 + 3 + 1 = {2 * (a + b + c + d) + 5}。"
        ),
        "layers",
        note="（作者发布过这样一个网络，k = 48。）",
    ),
    "6.6-6": NumberExercise(
        "一个模块收到 {k0} 个通道，k = {k}。假如这个模块可以一直加长，从第几层开始，"
        "加瓶颈的稠密层比不加的**卷积权值更少**？",
        {"k0": 64, "k": 32},
        {"k0": (24, 48, 60), "k": (16, 20, 24)},
        _first_saving,
        "要收到 m > 7.2k 个通道；第 l 层收到 k0 + (l − 1)k 个。",
        lambda k0, k: (
            f"k0 = {k0}，k = {k}：7.2k = {7.2 * k:g}，一层一层地写出收到的通道数 {k0}、{k0 + k}、"
            f"{k0 + 2 * k}……，第一个超过它的就是。"
        ),
        "channels",
        note="（这就是 DenseNet-121 的第一个模块，不过它只有 6 层。）",
    ),
    "6.6-7": NetworkExercise(
        (1, 28, 28),
        (10,),
        (_deep, _concatenates, at_most(30_000, "减小增长率 k，或者让转换层压缩一半。")),
        statement="又深又小：用本节的零件搭一个网络，输入 (n, 1, 28, 28)，输出 10 类的 logits，"
        "带权值的层至少 40 个，参数不超过 30,000 个。",
        sketch="骨架：CifarDenseNet 的深度 40、很小的增长率、in_channels=1，"
        "再打开瓶颈和压缩（SWITCHES）。轮到你：写出每一层的形状和参数量，再写代码。",
    ),
}
