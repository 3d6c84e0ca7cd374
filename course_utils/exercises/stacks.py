"""Stacks of layers as a learner counts them: their numbers, and how the counting goes wrong.

All right numbers come from ``counting.geometry``.
"""

from dataclasses import dataclass, replace
from math import prod

from ..counting import geometry
from .mistakes import Recipe, Slip


@dataclass(frozen=True)
class Layer:
    """A convolution, pooling or linear layer.

    Attributes:
        inputs, outputs: channels (or units).
        window: (height, width) of the kernel; (side,) if someone forgets to square it.
        map: (height, width) of the output, where it matters.
        normed: channels of a batch normalisation beside it, with ``per_channel`` parameters each.
        extra: further numbers that someone counts.
        name: what the exercise calls it.
    """

    inputs: int = 1
    outputs: int = 1
    window: tuple = (1, 1)
    stride: int = 1
    padding: int = 0
    ceil: bool = False
    groups: int = 1
    bias: bool = True
    normed: int = 0
    per_channel: int = 2
    extra: int = 0
    map: tuple = ()
    pools: bool = False
    name: str = "这一层"

    @property
    def side(self):
        """Side of the kernel."""
        return self.window[0]


def conv(inputs, outputs, side, **settings):
    """A convolution with a square kernel."""
    return Layer(inputs, outputs, (side, side), **settings)


def pool(side, stride, **settings):
    """A pooling."""
    return Layer(window=(side, side), stride=stride, pools=True, bias=False, **settings)


def _each(**changes):
    """A slip in all layers; values may be functions of the layer."""

    def change(layers):
        return tuple(
            replace(one, **{k: v(one) if callable(v) else v for k, v in changes.items()})
            for one in layers
        )

    return change


def _where(condition, change):
    """A slip that only happens where the condition holds for some layer."""
    return lambda layers: change(layers) if any(map(condition, layers)) else None


def parameters(layers):
    """Weights, biases, gamma and beta."""
    return sum(
        geometry.conv_parameters(one.inputs, one.outputs, one.window, one.groups, one.bias)
        + one.per_channel * one.normed
        + one.extra
        for one in layers
    )


def multiply_adds(layers):
    """Multiply-adds; ``extra`` counts at every output."""
    return sum(
        geometry.multiply_adds(
            prod(one.map) * one.outputs, prod(one.window) * one.inputs // one.groups
        )
        + prod(one.map) * one.outputs * one.extra
        for one in layers
    )


def sides(layers, size):
    """Side of the map after each layer."""
    found = []
    for one in layers:
        size = geometry.output_size(size, one.side, one.stride, one.padding, ceil_mode=one.ceil)
        found.append(size)
    return found


def field(layers):
    """Receptive field of the last layer, as a ``geometry.Field``."""
    seen = geometry.Field()
    for one in layers:
        seen = seen.window(one.side, one.stride, one.padding)
    return seen


_BIAS = "每个卷积核（每个输出通道或单元）有一个偏置，不多也不少；后面紧跟 BN 的卷积没有偏置。"
_AREA = "核有高和宽两个方向，k×k 的核在每个输入通道上有 k² 个权值，不是 k 个。"
_DEPTH = "一个卷积核要看全部输入通道：它的深度等于输入的通道数。"
_KERNELS = "有多少个输出通道，就有多少个卷积核，每个都有自己的权值。"
_SHARED = "权值在各个位置上共享，参数量与输出的大小无关；乘上位置数的是连接数和乘加次数。"
_NORM = "每个 BN 对每个通道有 γ 和 β 两个可训练的参数；均值和方差是统计量，不是参数。"

_SIDE_FOR_AREA = Slip(
    "positions",
    "把核的边长当成了面积（没有平方）",
    _AREA,
    _where(lambda one: one.side > 1, _each(window=lambda one: (one.side,))),
)
_NO_DEPTH = Slip(
    "channels",
    "没有乘输入的通道数（把核的深度当成了 1）",
    _DEPTH,
    _where(lambda one: one.inputs > 1, _each(inputs=1, groups=1)),
)
_ONE_KERNEL = Slip(
    "channels",
    "只算了一个卷积核（一张输出特征图）",
    _KERNELS,
    _where(
        lambda one: one.outputs > 1,
        _each(outputs=1, groups=1, normed=lambda one: min(one.normed, 1)),
    ),
)

_PARAMETER_SLIPS = (
    Slip("bias", "没有算偏置", _BIAS, _where(lambda one: one.bias, _each(bias=False))),
    Slip(
        "norm",
        "没有算批归一化（BN）的 γ 和 β",
        _NORM,
        _where(lambda one: one.normed, _each(normed=0)),
    ),
    _SIDE_FOR_AREA,
    _NO_DEPTH,
    _ONE_KERNEL,
    Slip(
        "bias",
        "每一层只算了一个偏置（加了 1，而不是输出通道数）",
        _BIAS,
        _where(lambda one: one.bias, _each(bias=False, extra=1)),
    ),
    Slip(
        "bias",
        "偏置按输入通道数算了",
        _BIAS,
        _where(lambda one: one.bias, _each(bias=False, extra=lambda one: one.inputs)),
    ),
    Slip(
        "bias",
        "给核的每一片（每个输入通道）各算了一个偏置",
        _BIAS,
        _where(
            lambda one: one.bias and one.inputs > 1,
            _each(bias=False, extra=lambda one: one.inputs * one.outputs),
        ),
    ),
    Slip(
        "bias",
        "给后面有 BN 的卷积也算了偏置",
        _BIAS,
        _where(lambda one: one.normed and not one.bias, _each(bias=True)),
    ),
    Slip(
        "norm",
        "把 BN 的统计量（均值、方差）也算成了参数，每个通道 4 个",
        _NORM,
        _where(lambda one: one.normed, _each(per_channel=4)),
    ),
    Slip(
        "norm",
        "BN 的每个通道只算了一个（γ、β 是两个）",
        _NORM,
        _where(lambda one: one.normed, _each(per_channel=1)),
    ),
    Slip(
        "norm",
        "每个 BN 只算了两个参数，没有乘通道数",
        _NORM,
        _where(lambda one: one.normed, _each(normed=1)),
    ),
    Slip(
        "channels",
        "把输入和输出的通道数颠倒了",
        "偏置跟着输出走：(k²·输入 + 1)·输出。",
        _where(
            lambda one: one.inputs != one.outputs,
            _each(inputs=lambda one: one.outputs, outputs=lambda one: one.inputs),
        ),
    ),
    Slip(
        "channels",
        "按分组卷积（groups = 2）算了",
        "分组以后每个核只看一半输入通道，本题不分组。",
        _where(
            lambda one: one.groups == 1 and one.inputs % 2 == 0,
            _each(inputs=lambda one: one.inputs // 2 if one.inputs % 2 == 0 else one.inputs),
        ),
    ),
)


def _sums_for_products(layers):
    """What should be multiplied is added."""
    yield Slip(
        "channels",
        "把输入和输出的通道数相加了（应当相乘）",
        _DEPTH,
        _each(inputs=1, outputs=lambda one: one.inputs + one.outputs),
    )
    yield Slip(
        "positions",
        "把核的高和宽相加了（应当相乘）",
        _AREA,
        _where(lambda one: one.side > 2, _each(window=lambda one: (2 * one.side,))),
    )
    for place, layer in enumerate(layers if len(layers) > 1 else ()):
        yield Slip(
            "channels",
            f"{layer.name}只算了一个卷积核",
            _KERNELS,
            lambda all_, p=place: tuple(
                replace(one, outputs=1, groups=1) if i == p else one for i, one in enumerate(all_)
            ),
        )


def _one_less_and_more(layers):
    """A layer forgotten, or only one counted, or the last once more."""
    number = len(layers)
    why = "把题目里的层一一列出来，各算一次，再相加。"
    for place, layer in enumerate(layers if number > 1 else ()):
        yield Slip(
            "layers",
            f"漏掉了{layer.name}（少算一层）",
            why,
            lambda all_, p=place: _dropped(all_, p),
        )
    for place, layer in enumerate(layers if number > 2 else ()):
        yield Slip(
            "layers",
            f"只算了{layer.name}（其余各层都漏了）",
            why,
            lambda all_, p=place: all_[p : p + 1] if len(all_) > p else None,
        )
    if number > 1:
        yield Slip("layers", "多算了一层", why, lambda all_: (*all_, all_[-1]))


def _dropped(layers, place):
    return (*layers[:place], *layers[place + 1 :]) if len(layers) > max(place, 1) else None


def _other_kernels(layers):
    """Another side of the kernel than the exercise's."""
    for right in dict.fromkeys(one.side for one in layers):
        for wrong in (1, 3, 5, 7):
            if wrong != right:
                yield Slip(
                    "channels",
                    f"把 {right}×{right} 的核算成了 {wrong}×{wrong}",
                    f"题目里的核是 {right}×{right}。",
                    _where(
                        lambda one, r=right: one.side == r,
                        _each(
                            window=lambda one, r=right, w=wrong: (
                                (w,) * len(one.window) if one.side == r else one.window
                            )
                        ),
                    ),
                )


def _other_channels(layers):
    """All layers with the channels of the first or of the last."""
    first, last = layers[0], layers[-1]
    why = "前一层的输出通道数就是后一层的输入通道数，第一层的输入来自上一个模块。"
    if len(layers) > 1 and first.inputs != first.outputs:
        yield Slip(
            "channels",
            f"把每一层的输入都当成了 {first.inputs} 个通道（其实只有第一层是）",
            why,
            _each(inputs=first.inputs),
        )
    if len(layers) > 1 and first.inputs != last.outputs:
        yield Slip(
            "channels",
            f"把第一层的输入也当成了 {last.outputs} 个通道（它只有 {first.inputs} 个）",
            why,
            lambda all_: (replace(all_[0], inputs=last.outputs), *all_[1:]),
        )


def _bias_of_one(layers):
    """Biases of some layers only."""
    for place, layer in enumerate(layers if len(layers) > 1 else ()):
        if layer.bias:
            yield Slip(
                "bias",
                f"只算了{layer.name}的偏置，其余的漏了",
                _BIAS,
                lambda all_, p=place: tuple(
                    replace(one, bias=one.bias and i == p) for i, one in enumerate(all_)
                ),
            )
    if len(layers) > 1 and all(one.normed for one in layers):
        for place, layer in enumerate(layers):
            yield Slip(
                "norm",
                f"漏掉了{layer.name}的 BN",
                _NORM,
                lambda all_, p=place: tuple(
                    replace(one, normed=0 if i == p else one.normed) for i, one in enumerate(all_)
                ),
            )
            yield Slip(
                "norm",
                f"只算了{layer.name}的 BN，其余的漏了",
                _NORM,
                lambda all_, p=place: tuple(
                    replace(one, normed=one.normed if i == p else 0) for i, one in enumerate(all_)
                ),
            )


def count_parameters(layers, positions=0):
    """The recipe of a number of parameters.

    Args:
        layers: tuple of ``Layer``.
        positions: outputs of one map, by which some multiply (the connections).
    """
    layers = tuple(layers)
    slips = [
        *_PARAMETER_SLIPS,
        *_one_less_and_more(layers),
        *_other_channels(layers),
        *_bias_of_one(layers),
        *_sums_for_products(layers),
        *_other_kernels(layers),
    ]
    if positions:
        slips += [
            Slip(
                "positions",
                "算成了连接数（多乘了输出的位置数）",
                _SHARED,
                lambda all_: tuple(
                    Layer(extra=positions * parameters([one]), outputs=0, bias=False)
                    for one in all_
                ),
            ),
            Slip(
                "positions",
                "数成了输出的个数（位置数 × 特征图）",
                _SHARED,
                lambda all_: (Layer(extra=positions * all_[-1].outputs, outputs=0, bias=False),),
            ),
            Slip(
                "positions",
                "数成了一张输出特征图的位置数",
                _SHARED,
                lambda all_: (Layer(extra=positions, outputs=0, bias=False),),
            ),
        ]
    return Recipe(parameters, layers, tuple(slips), pairs=True)


_POSITIONS = "每个输出位置都要算一遍：乘加次数 = 输出的位置数 × 通道数 × 每个输出要看的输入。"
_COST_SLIPS = (
    Slip("bias", "把偏置也算进了乘加次数", "乘加次数不计偏置：偏置只加不乘。", _each(extra=1)),
    _NO_DEPTH,
    _ONE_KERNEL,
    Slip("positions", "没有乘输出的位置数（这是权值的个数，参数量）", _POSITIONS, _each(map=())),
    Slip(
        "positions",
        "没有乘输出的位置数，又加了偏置（这是参数量）",
        _POSITIONS,
        _each(map=(), extra=1),
    ),
    _SIDE_FOR_AREA,
    Slip(
        "positions",
        "输出的位置只算了一个方向（边长没有平方）",
        _POSITIONS,
        _each(map=lambda one: one.map[:1]),
    ),
    Slip(
        "positions",
        "用了减半（池化）以后的边长",
        _POSITIONS,
        _where(lambda one: one.map, _each(map=lambda one: tuple(n // 2 for n in one.map))),
    ),
    Slip(
        "positions",
        "用了加倍（池化以前）的边长",
        _POSITIONS,
        _where(lambda one: one.map, _each(map=lambda one: tuple(2 * n for n in one.map))),
    ),
    Slip(
        "padding",
        "没有填充（输出的边长少了 k − 1）",
        "本题的卷积有填充，输出与输入一样大。",
        _where(
            lambda one: one.map and one.side > 1,
            _each(map=lambda one: tuple(n - one.side + 1 for n in one.map)),
        ),
    ),
    Slip(
        "positions",
        "只数了输出的个数，没有乘每个输出要看的输入",
        _POSITIONS,
        _each(inputs=1, window=(1, 1), groups=1),
    ),
)


def count_multiply_adds(layers):
    """The recipe of a number of multiply-adds."""
    layers = tuple(layers)
    slips = (*_COST_SLIPS, *_one_less_and_more(layers), *_other_kernels(layers))
    return Recipe(multiply_adds, layers, slips, pairs=True)


_ROUND = "边长 = ⌊(n + 2p − k) ÷ s⌋ + 1：先减核，再除以步长，向下取整，最后加 1。"


def side_of_map(size, layers, after=()):
    """The recipe of the side of the last layer's map.

    Args:
        size: side of the image.
        layers: tuple of ``Layer``.
        after: the layers that follow, one of which some count too many.
    """
    layers = tuple(layers)

    def stopped(all_):
        return lambda _: ((size, all_), {})

    def with_layers(change):
        def changed(subject):
            (side, all_), options = subject
            made = change(all_)
            return None if made is None else ((side, made), options)

        return changed

    def with_option(**options):
        return lambda subject: (subject[0], subject[1] | options)

    def measure(subject):
        (side, all_), options = subject
        return _side(side, all_, **options)

    slips = [
        Slip(
            "padding",
            "没有填充",
            "两边各填充 p 格，边长先增加 2p。",
            with_layers(_where(lambda one: one.padding, _each(padding=0))),
        ),
        Slip(
            "padding",
            "只填充了一边",
            "两边各填充 p 格，边长先增加 2p。",
            with_layers(
                _where(lambda one: one.padding, _each(padding=lambda one: (one.padding, 0)))
            ),
        ),
        Slip("padding", "最后忘了加 1（直接用 n − k）", _ROUND, with_option(plus=0)),
        Slip(
            "padding",
            "除不尽时取整的方向反了（该向下取整的向上，或者相反）",
            "卷积和池化默认向下取整，只有写明 ceil_mode 的才向上取整。",
            with_layers(_each(ceil=lambda one: not one.ceil)),
        ),
        Slip("padding", "没有取整", _ROUND, with_option(rounded=False)),
        Slip(
            "padding",
            "没有取整，也没有填充",
            _ROUND,
            with_layers(_where(lambda one: one.padding, _each(padding=0))),
        ),
        Slip(
            "field",
            "忘了除以步长",
            "步长 s 使边长缩小为约 1/s。",
            with_layers(_where(lambda one: one.stride > 1, _each(stride=1))),
        ),
        Slip(
            "padding",
            "忘了减去卷积核（只除以了步长）",
            _ROUND,
            with_layers(_where(lambda one: one.stride > 1 and not one.pools, _each(window=(1, 1)))),
        ),
        Slip(
            "field",
            "漏掉了池化层（没有减半）",
            "池化也使边长缩小。",
            with_layers(
                lambda all_: (
                    tuple(one for one in all_ if not one.pools)
                    if any(one.pools for one in all_) and not all(one.pools for one in all_)
                    else None
                )
            ),
        ),
        Slip(
            "padding",
            "把卷积当成了有填充、边长不变的",
            "不填充的卷积使边长减少 k − 1。",
            with_layers(
                _where(
                    lambda one: not one.pools and one.stride == 1 and not one.padding,
                    _each(window=lambda one: one.window if one.pools else (1, 1)),
                )
            ),
        ),
    ]
    for place in range(len(layers) - 1, 0, -1):
        done = layers[place - 1].name
        slips.append(
            Slip(
                "layers",
                f"停在了{done}，后面还有{layers[place].name}（层数少了）",
                "从图像起一层一层写下边长，一直写到题目问的那一层。",
                stopped(layers[:place]),
            )
        )
    slips.append(Slip("layers", "一层也没有经过，就是输入的边长", _ROUND, stopped(())))
    for place in range(1, len(after) + 1):
        slips.append(
            Slip(
                "layers",
                f"多算了一层，到了{after[place - 1].name}",
                "写到题目问的那一层就停。",
                stopped((*layers, *after[:place])),
            )
        )
    return Recipe(measure, ((size, layers), {}), tuple(slips))


def _side(side, layers, plus=1, rounded=True):
    """Side after layers; without the 1, or without rounding, as some compute it."""
    for one in layers:
        if plus and rounded:
            try:
                side = geometry.output_size(
                    side, one.side, one.stride, one.padding, ceil_mode=one.ceil
                )
            except geometry.GeometryError:
                return 0
        else:
            begin, end = (
                one.padding if isinstance(one.padding, tuple) else (one.padding, one.padding)
            )
            side = (side + begin + end - one.side) / one.stride + (plus or bool(one.pools))
            side = int(side) if rounded else side
    return int(side) if side == int(side) else side


_FIELD = "增加多少，要看这一层的输入里相邻两格在原图上相距多远，以及窗口比一格多看几格。"


def field_of(layers, after=(), size=None):
    """The recipe of the receptive field of the last layer, in pixels.

    Args:
        layers: tuple of ``Layer``.
        after: the layers that follow, one of which some count too many.
        size: side of the image.
    """
    layers = tuple(layers)

    def measure(all_):
        return int(field(all_).size) if isinstance(all_, tuple) else all_

    def stopped(at):
        return lambda _: at

    last, before = layers[-1], field(layers[:-1])
    jumps = max(int(field(layers[:place]).jump) for place in range(len(layers) + 1))
    slips = [
        Slip(
            "field",
            f"没有乘间距：前面有步长，相邻两格在原图上相距不止 1 像素（这里到了相距 {jumps}）",
            _FIELD,
            _where(lambda one: one.stride > 1, _each(stride=1)),
        ),
        Slip(
            "field",
            "漏掉了池化层",
            "池化也是一个窗口：它使感受野增加，也使间距加倍。",
            lambda all_: (
                tuple(one for one in all_ if not one.pools)
                if any(one.pools for one in all_)
                else None
            ),
        ),
        Slip(
            "field",
            "算了池化的步长，却漏掉了它的窗口",
            "池化的窗口也看 k 格，先增加 (k − 1) × 间距。",
            _where(
                lambda one: one.pools, _each(window=lambda one: (1, 1) if one.pools else one.window)
            ),
        ),
        Slip(
            "field",
            "把各层的核边长相加了（窗口互相重叠，不能相加）",
            "相邻的窗口互相重叠，每多一层只增加 (k − 1) × 间距。",
            stopped(sum(one.side for one in layers)),
        ),
        Slip(
            "field",
            "把各层的核边长相乘了（求了积）",
            "相邻的窗口互相重叠，每多一层只增加 (k − 1) × 间距。",
            stopped(_product(one.side for one in layers)),
        ),
        Slip(
            "field",
            "最后一层增加的用了 k，而不是 k − 1（窗口互相重叠）",
            _FIELD,
            stopped(int(before.size + last.side * before.jump)),
        ),
        Slip(
            "field",
            "每一层增加的都用了 k，而不是 k − 1（窗口互相重叠）",
            _FIELD,
            _each(window=lambda one: (one.side + 1,)),
        ),
        Slip(
            "field",
            "只看了最后一层自己的核（对它的输入的一层的视野）",
            "它的每个输入本身已经看到原图的一片区域。",
            stopped(last.side),
        ),
        Slip(
            "field",
            "漏了起点的 1（一个像素自己就看见 1）",
            "还没有任何一层时，一格看见 1 个像素。",
            stopped(int(field(layers).size) - 1),
        ),
        Slip(
            "field",
            "把起点算成了 2（一个像素自己只看见 1）",
            "还没有任何一层时，一格看见 1 个像素。",
            stopped(int(field(layers).size) + 1),
        ),
        Slip("layers", "数的是层数", "层数不是感受野。", stopped(len(layers))),
        Slip("positions", "把核的面积相加了", _FIELD, stopped(sum(one.side**2 for one in layers))),
        Slip(
            "field",
            "把每一层都当成了步长 2",
            "题目里的步长写明了的才不是 1。",
            _where(lambda one: one.stride == 1, _each(stride=2)),
        ),
    ]
    if before.jump > 1:
        slips += [
            Slip(
                "field",
                "增加的部分没有乘间距（直接相加）",
                _FIELD,
                stopped(int(before.size) + last.side - 1),
            ),
            Slip(
                "field",
                "增加的部分没有乘间距，而且用了 k（直接相加）",
                _FIELD,
                stopped(int(before.size) + last.side),
            ),
            Slip(
                "field",
                "间距多乘了一个步长",
                _FIELD,
                stopped(int(before.size + 2 * (last.side - 1) * before.jump)),
            ),
            Slip(
                "field",
                "间距少乘了一个步长",
                _FIELD,
                stopped(int(before.size + (last.side - 1) * before.jump / 2)),
            ),
            Slip(
                "field",
                "把带步长的层的增量乘了它自己的步长（间距要用它的输入的）",
                _FIELD,
                stopped(_late_jumps(layers)),
            ),
        ]
    for place in range(len(layers) - 1, 0, -1):
        done, todo = layers[place - 1].name, layers[place].name
        slips.append(
            Slip(
                "layers",
                f"停在了{done}，后面还差{todo}（少算一层或几层）",
                "从图像起一层一层地写，一直写到题目问的那一层。",
                stopped(layers[:place]),
            )
        )
    for place in range(1, len(after) + 1):
        slips.append(
            Slip(
                "layers",
                f"多算了一层，到了{after[place - 1].name}",
                "写到题目问的那一层就停。",
                stopped((*layers, *after[:place])),
            )
        )
    if size:
        slips.append(
            Slip(
                "field",
                "这是图像的边长",
                "感受野可以比图像小，也可以比图像大（图像之外的填充也算在内）。",
                stopped(size),
            )
        )
        for place, side in enumerate(sides(layers, size)):
            if place == len(layers) - 1:
                slips.append(
                    Slip(
                        "positions",
                        "这是特征图的边长（尺寸），不是感受野",
                        "感受野量的是输入里看见多少，不是输出有多大。",
                        stopped(side),
                    )
                )
    return Recipe(measure, layers, tuple(slips))


def _product(numbers):
    return prod(numbers)


def _late_jumps(layers):
    seen, jump = 1, 1
    for one in layers:
        jump *= one.stride
        seen += (one.side - 1) * jump
    return seen
