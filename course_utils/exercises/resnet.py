"""Exercises of section 6.5."""

from ..counting import geometry
from .kinds import NumberExercise
from .lenet import FIELD, at_most
from .mistakes import Mistake, Question
from .networks import BlockExercise
from .stacks import conv, count_parameters, field, field_of, parameters


def _normalised(inputs, outputs, side, name):
    """A convolution without bias, and the batch normalisation after it."""
    return conv(inputs, outputs, side, bias=False, normed=outputs, name=name)


def _changing_block(inputs, maps):
    first = _normalised(inputs, maps, 3, "第一个 3×3 卷积")
    second = _normalised(maps, maps, 3, "第二个 3×3 卷积")
    project = _normalised(inputs, maps, 1, "投影捷径（1×1）")
    whole = (first, second, project)
    weights = sum(
        geometry.conv_parameters(one.inputs, one.outputs, one.window, bias=False) for one in whole
    )
    return Question(
        parameters(whole),
        own=(
            Mistake(
                parameters((first, _normalised(inputs, maps, 3, ""), project)),
                "channels",
                f"把第二个 3×3 的输入当成了 {inputs} 个通道",
                f"第二个 3×3 的输入已经是 {maps} 个通道。",
            ),
            Mistake(
                parameters(
                    (_normalised(maps, maps, 3, ""), second, _normalised(maps, maps, 1, ""))
                ),
                "channels",
                f"把模块的输入也当成了 {maps} 个通道（第一个卷积和投影的输入）",
                f"模块的输入只有 {inputs} 个通道。",
            ),
            Mistake(
                parameters((first, second, _normalised(inputs, maps, 3, ""))),
                "channels",
                "把投影当成了 3×3 卷积（它是 1×1）",
                "捷径 B 的投影是 1×1 卷积。",
            ),
            Mistake(
                weights - inputs * maps,
                "norm",
                "漏掉了投影捷径，也没有算 BN 的 γ 和 β",
                "形状变了，B 的捷径是一个 1×1 投影，它和它的 BN 也有参数。",
            ),
            Mistake(
                weights + 4 * maps,
                "norm",
                "漏掉了一个 BN（投影之后也有 BN）",
                "三个卷积之后各有一个 BN。",
            ),
            Mistake(
                weights + 3 * maps,
                "norm",
                "每个 BN 的每个通道只算了一个参数（或者算了偏置而没有算 BN）",
                "每个通道有 γ 和 β 两个；ResNet 的卷积没有偏置。",
            ),
            Mistake(
                parameters(whole) + 3 * maps,
                "bias",
                "又算了卷积的偏置（ResNet 的卷积没有偏置）",
                "后面紧跟 BN，偏置会被减掉，所以不要。",
            ),
            Mistake(
                3 * (inputs + maps) * maps + inputs * maps + 6 * maps,
                "positions",
                "把 3×3 核的边长当成了面积（没有平方）",
                "3×3 的核在每个输入通道上有 9 个权值。",
            ),
        ),
        recipe=count_parameters(whole, positions=28**2),
    )


def _deeper_table(a, b, c, d):
    blocks = a + b + c + d

    def wrong(value, what, why):
        return Mistake(value, "layers", what, why)

    ends = "首尾各有一层：第一个卷积和最后的全连接层。"
    three = "瓶颈模块有 3 个卷积：1×1、3×3、1×1。"
    return Question(
        3 * blocks + 2,
        own=(
            wrong(3 * blocks, "漏掉了首尾（第一个卷积和最后的全连接层）", ends),
            wrong(3 * blocks + 1, "首尾只算了一层（第一个卷积或全连接层）", ends),
            wrong(2 * blocks + 2, "按基本模块的 2 个卷积算（瓶颈模块有 3 个）", three),
            wrong(2 * blocks, "按基本模块的 2 个卷积算（瓶颈模块有 3 个），首尾也漏了", three),
            wrong(blocks, "只数了模块的个数", three),
            wrong(blocks + 2, "每个模块只算了一层（瓶颈模块有 3 层）", three),
            wrong(
                3 * blocks + 2 + 4,
                "把投影捷径也数进去了",
                "投影捷径与主分支并排，不在最长的一条路上多加一层。",
            ),
            wrong(4 * blocks + 2, "每个模块算了 4 层（瓶颈模块有 3 个卷积，捷径不算）", three),
            wrong(3 * blocks + 4, "把池化层也数进去了（首尾只有两层带权值）", "只数带权值的层。"),
            wrong(
                3 * blocks + 3, "把一个池化层也数进去了（首尾只有两层带权值）", "只数带权值的层。"
            ),
            wrong(
                3 * a * b * c * d,
                "把四组的个数乘了起来（求了积，应当相加）",
                "四组前后相接，层数相加。",
            ),
            wrong(
                a * b * c * d,
                "把四组的个数乘了起来（求了积，应当相加）",
                "四组前后相接，层数相加。",
            ),
            wrong(
                6 * blocks + 2,
                "把 BN 也算成了层（只数带权值的卷积）",
                "按论文的数法，BN 和 ReLU 不数。",
            ),
            wrong(
                9 * blocks + 2,
                "把 BN 和 ReLU 也算成了层（只数带权值的卷积）",
                "按论文的数法，BN 和 ReLU 不数。",
            ),
            wrong(3 * (blocks + 4) + 2, "每一组多算了一个模块", "括号里就是每组模块的个数。"),
            *(
                wrong(
                    each * blocks + more,
                    f"每个模块算了 {each} 层，首尾等等算了 {more} 层",
                    f"{three}{ends}",
                )
                for each in (1, 2, 3, 4)
                for more in (-1, 0, 1, 2, 3, 4, 5, 6)
                if (each, more) != (3, 2)
            ),
        ),
    )


def _small_resnet(blocks, groups=3):
    """The convolutions of a residual network for small images: 6 * blocks + 1."""
    layers = [conv(3, 16, 3, padding=1, name="第一个卷积")]
    for group in range(groups):
        for place in range(2 * blocks):
            stride = 2 if group and not place else 1
            layers.append(
                conv(
                    1,
                    1,
                    3,
                    stride=stride,
                    padding=1,
                    name=f"第 {group + 1} 组的第 {place + 1} 个卷积",
                )
            )
    return layers


def _small_field(blocks):
    layers = _small_resnet(blocks)

    def wrong(made, what, why):
        return Mistake(int(field(made).size), "field", what, why)

    recipe = field_of(layers, after=(conv(1, 1, 3, name="下一个卷积"),), size=32)
    every = len(layers)
    halves = _small_resnet(blocks)[: 1 + 2 * blocks]
    return Question(
        recipe.value,
        own=(
            wrong(
                layers[1:],
                "漏掉了第一组之前的第一个 3×3 卷积",
                "三组之前还有一个卷积，它也看 3×3。",
            ),
            Mistake(
                1 + 2 * every,
                "field",
                "没有乘间距：第二、三组里相邻两格在原图上相距 2、4 个像素",
                "增量是 2 × 间距。",
            ),
            Mistake(
                int(field(_small_resnet(blocks, 2)).size),
                "layers",
                "停在了第二组，还有第三组",
                "还有第三组的卷积。",
            ),
            Mistake(
                int(field(halves).size),
                "layers",
                "停在了第一组，还有第二、三组",
                "还有第二、三组的卷积。",
            ),
            Mistake(
                1 + 2 * (1 + blocks + 2 * blocks + 4 * blocks),
                "layers",
                f"每个模块只算了一个卷积（每组有 {blocks} 个模块，共 {2 * blocks} 个卷积）",
                "基本模块有两个 3×3 卷积。",
            ),
            Mistake(
                1 + 3 * sum(int(field(layers[:place]).jump) for place in range(every)),
                "field",
                "每一层增加的都用了 k，而不是 k − 1（窗口互相重叠）",
                "增量是 (k − 1) × 间距。",
            ),
            Mistake(32, "field", "图像的边长", "感受野可以比图像大：图像之外的填充也算在内。"),
            Mistake(
                int(field(layers).size) + 8,
                "layers",
                "多算了一层（全局池化之前就停）",
                "全局平均池化不算在内。",
            ),
        ),
        recipe=recipe,
    )


def _where_the_stride_is(inputs, width, large, small):
    def millions(sides, kernel=1, channels=inputs, outputs=width):
        return round(geometry.multiply_adds(sides * outputs, kernel**2 * channels) / 1e6)

    more, less = large**2, small**2
    exact = geometry.multiply_adds((more - less) * width, inputs)

    def wrong(value, kind, what, why):
        return Mistake(value, kind, what, why)

    unit = "题目要的是多少百万次：除以 10⁶，再四舍五入到整数。"
    only = f"步长放在哪里，3×3 的输出都是 {small}×{small}，变的只有第一个 1×1：{inputs} → {width}。"
    return Question(
        millions(more - less),
        own=(
            wrong(
                millions(more),
                "positions",
                f"只算了 1×1 在 {large}×{large} 上的全部乘加（没有求两种做法之差）",
                "题目问的是两种做法之差。",
            ),
            wrong(
                millions(less),
                "positions",
                f"只算了 1×1 在 {small}×{small} 上的乘加（没有求两种做法之差）",
                "题目问的是两种做法之差。",
            ),
            wrong(
                millions(more + less),
                "positions",
                "把两种做法相加了（要相减，求差）",
                "多做多少，是相减。",
            ),
            wrong(
                millions(2 * (more - less)),
                "cost",
                "一次乘加算了两次（2 倍）",
                "一次乘加算一次，不是两次。",
            ),
            wrong(millions(more - less, 3, width), "layers", "算的是 3×3 卷积", only),
            wrong(exact / 1e6, "padding", "没有四舍五入取整", unit),
            wrong(exact, "cost", "没有换成百万（单位）", unit),
            wrong(exact / 1e9, "cost", "以十亿为单位（应为百万）", unit),
            wrong(0, "layers", "以为移动步长不改变计算；可是第一个 1×1 的输出变大了", only),
            wrong(
                millions((large - small) ** 2),
                "positions",
                "先相减再平方了（应先平方再相减）",
                f"位置数之差是 {large}² − {small}²。",
            ),
            wrong(
                millions((more - less) * 9), "layers", "把第一个 1×1 当成了 3×3（多乘了 9）", only
            ),
            wrong(
                -millions(more - less),
                "cost",
                "符号反了（负数）；题目问的是多做多少",
                "用大的减小的。",
            ),
            wrong(
                millions((more - less), outputs=4 * width),
                "channels",
                f"用了模块的输出宽度 {4 * width}（第一个 1×1 只输出 {width}）",
                only,
            ),
            wrong(
                millions((more - less), outputs=1),
                "channels",
                f"漏乘了第一个 1×1 的输出通道 {width}（宽度）",
                only,
            ),
            wrong(
                millions(large - small),
                "positions",
                "位置只算了一个方向（没有平方）",
                f"位置数之差是 {large}² − {small}²。",
            ),
        ),
    )


def _paths(a, b, c, d):
    blocks = a + b + c + d

    def wrong(value, what, why):
        return Mistake(value, "layers", what, why)

    times = "各个模块的选择互相独立，路的条数要相乘：每个模块乘 2。"
    return Question(
        2**blocks,
        own=(
            wrong(blocks, "数的是模块的个数（每一个都有两条路可选）", times),
            wrong(2 * blocks, "把各个模块的选择相加了（应当相乘）", times),
            wrong(blocks + 1, "数的是路的长短有几种", "同样长短的路有很多条。"),
            wrong(
                2 ** (2 * blocks),
                "把一个模块里的两个卷积分开选了",
                "一个模块里的两个卷积要么都走，要么都跳过。",
            ),
            wrong(2**4, "按四组算，一组只选一次", "捷径跳过的是模块，不是整组。"),
            wrong(a * b * c * d, "把四组的个数相乘了（应当是 2 的次方）", times),
            wrong(blocks**2, "算成了个数的平方（应当是 2 的次方）", times),
            wrong(2**blocks - 1, "没有算全走捷径（或全走主分支）的那一条，它也是一条路", times),
            wrong(2 ** (blocks + 1), "多算了一次选择（2 倍）；首尾两层没有捷径", times),
            wrong(2 ** (blocks - 1), "少算了一个模块", times),
            wrong(
                2 ** (2 * blocks + 2),
                "把每一层都当成了可选的；一个模块才选一次，首尾没有捷径",
                times,
            ),
            wrong(2**a + 2**b + 2**c + 2**d, "各组算好以后相加了（应当相乘）", times),
            wrong(1, "按普通网络算；有捷径就不止一条路", times),
            wrong(2 * blocks + 2, "数的是层数", times),
            *(
                wrong(2 ** (blocks - group), f"漏掉了一组（{group} 个模块）", times)
                for group in (a, b, c, d)
            ),
            wrong(
                (a + 1) * (b + 1) * (c + 1) * (d + 1),
                "每组只数了走几个模块，没有数是哪几个",
                "同样走两个模块，走的是哪两个，是不同的路。",
            ),
            wrong(3**blocks, "让每个模块有三种选择（只有两种）", times),
        ),
    )


NAMES = {"BatchNorm": "BN", "Relu": "ReLU", "Conv2d": "卷积", "DepthwiseConv2d": "卷积"}


def _order(examined):
    order = [NAMES[kind] for kind in examined.trace.kinds if kind in NAMES]
    if order == ["BN", "ReLU", "卷积"] * 2:
        return None
    return f"次序应为 BN、ReLU、卷积、BN、ReLU、卷积，现在是 {'、'.join(order)}。"


def _as_many_as_a_basic_block(examined):
    expected = parameters([_normalised(64, 64, 3, "")] * 2)
    if examined.params == expected:
        return None
    return (
        f"参数量应为 {expected:,}，与基本模块一样，现在是 {examined.params:,}；"
        f"卷积是 3×3、没有偏置的吗？"
    )


def _wide(examined):
    widths = [weight.shape[0] for weight in examined.kernels(side=3)]
    if widths and max(widths) >= 128:
        return None
    found = f"{max(widths)} 个" if widths else "没有 3×3 卷积"
    return f"3×3 卷积应有至少 128 个通道，现在是 {found}。"


REPEATS = {"a": (2, 4, 5), "b": (6, 8, 10), "c": (12, 20, 30), "d": (4, 5, 6)}

EXERCISES = {
    "6.5-1": NumberExercise(
        "一个残差模块：输入 {inputs} 个通道，两个 3×3 卷积都输出 {maps} 个通道，步长 2，捷径 B"
        "（1×1 投影），每个卷积后面都有 BN。它共有多少个参数（含 BN 的 $\\gamma$ 和 $\\beta$）？",
        {"inputs": 64, "maps": 128},
        {"inputs": (48, 80, 96), "maps": (160, 192, 224)},
        _changing_block,
        "没有偏置的卷积：核的面积 × 输入 × 输出；每个后面的 BN：2 × 输出通道。",
        lambda inputs, maps: (
            f"{inputs} → {maps}：权值 9×{inputs}×{maps} + 9×{maps}×{maps} + {inputs}×{maps}，"
            f"三个 BN 各 2×{maps}，一共 {10 * inputs * maps + 9 * maps**2 + 6 * maps:,}。"
        ),
        "norm",
        note="（这就是 ResNet-34 的 conv3_x 的第一个模块。）",
    ),
    "6.5-2": NumberExercise(
        "有人把瓶颈模块堆成 ({a}, {b}, {c}, {d}) 的四组，首尾不变。按论文的数法，"
        "这是多少层的网络？",
        {"a": 3, "b": 24, "c": 36, "d": 3},
        REPEATS,
        _deeper_table,
        "层数 = 3 × 模块的个数 + 首尾各 1 层。",
        lambda a, b, c, d: (
            f"({a}, {b}, {c}, {d})：3 × {a + b + c + d} + 2 = {3 * (a + b + c + d) + 2}。"
        ),
        "layers",
    ),
    "6.5-3": NumberExercise(
        "用在小图像（32×32）上的残差网络：第一个 3×3 卷积之后有三组，每组 {blocks} 个基本模块，"
        "第二、三组的第一个卷积步长为 2。全局平均池化之前，一个位置的感受野边长是多少？",
        {"blocks": 3},
        {"blocks": (2, 4, 5, 7)},
        _small_field,
        FIELD,
        lambda blocks: (
            f"每组 {blocks} 个模块：间距 1 的卷积有 {2 * blocks + 2} 个，间距 2 的有 "
            f"{2 * blocks} 个，"
            f"间距 4 的有 {2 * blocks - 1} 个，"
            f"1 + 2 × ({2 * blocks + 2} + 2×{2 * blocks} + 4×{2 * blocks - 1}) = "
            f"{1 + 2 * (2 * blocks + 2 + 4 * blocks + 8 * blocks - 4)}。"
        ),
        "field",
        note="（这就是 `CifarResNet(20)`。）",
    ),
    "6.5-4": NumberExercise(
        "一个瓶颈模块：输入 {large}×{large}×{inputs}，第一个 1×1 输出 {width} 个通道，"
        "模块的输出是 {small}×{small}。把步长从第一个 1×1 移到 3×3 上，"
        "这个模块多做多少百万次乘加（四舍五入到整数）？",
        {"inputs": 256, "width": 128, "large": 56, "small": 28},
        {"inputs": (320, 512, 640), "width": (160, 192, 256)},
        _where_the_stride_is,
        "只有第一个 1×1 变了：差 =（大的位置数 − 小的位置数）× 输入 × 宽度。",
        lambda inputs, width, large, small: (
            f"{inputs} → {width}：({large}² − {small}²) × {inputs} × {width} ÷ 10⁶ ≈ "
            f"{round((large**2 - small**2) * inputs * width / 1e6)}。"
        ),
        "cost",
        note="（这就是 ResNet-50 的 conv3_x 的第一个模块。）",
    ),
    "6.5-5": NumberExercise(
        "信号走到一个残差模块，可以走主分支，也可以走捷径。一个网络有 ({a}, {b}, {c}, {d}) "
        "四组模块，"
        "从输入到输出一共有多少条不同的路？",
        {"a": 3, "b": 4, "c": 6, "d": 3},
        {"a": (2, 3, 4), "b": (2, 3, 5), "c": (3, 4, 5), "d": (2, 4)},
        _paths,
        "每个模块有两种选择，互相独立：2 的（模块个数）次方。",
        lambda a, b, c, d: f"({a}, {b}, {c}, {d})：2^{a + b + c + d} = {2 ** (a + b + c + d):,}。",
        "layers",
        note="（这就是 ResNet-34 的四组。）",
    ),
    "6.5-6": BlockExercise(
        (64, 28, 28),
        (64, 28, 28),
        (_order, _as_many_as_a_basic_block),
        statement="何恺明等人后来发现，把 BN 和 ReLU 移到卷积**前面**，捷径就成了彻底的恒等映射，"
        "上千层的网络也容易训练 [6]。写出这样的**预激活**模块：输入、输出都是 (n, 64, 28, 28)，"
        "主分支依次是 BN、ReLU、3×3 卷积、BN、ReLU、3×3 卷积（卷积没有偏置），相加之后**没有** "
        "ReLU。",
        sketch="骨架：主分支 y 依次经过 BN、ReLU、3×3 卷积两遍，x 一直不动，最后 return x + y。"
        "轮到你：写出每一层的形状和参数量，再写代码。",
    ),
    "6.5-7": BlockExercise(
        (256, 56, 56),
        (256, 56, 56),
        (_wide, at_most(72_000, "分组卷积的每一组只看一部分输入通道，试试加大 groups。")),
        positive=True,
        statement="瓶颈模块的 3×3 只有 64 个通道。不增加多少参数（总共不超过 72,000 个），"
        "把它加宽到至少 128 个通道：输入、输出都是 (n, 256, 56, 56)，要有捷径。"
        "提示：3×3 用分组卷积，`nn.Conv2D` 的 `groups`（6.2 节）。",
        sketch="骨架：1×1 把 256 降到 128，分组的 3×3（每组只看几个通道），1×1 升回 256，各接 "
        "BN，最后与 x 相加。轮到你：写出每一层的形状和参数量，再写代码。",
    ),
}
