"""Design a ResNet: blocks, widths, shortcuts; what each stage costs and how far it sees.

Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1 and
sections 3.3 and 4.1.
"""

from dataclasses import dataclass

from ..counting.geometry import (
    Field,
    conv_parameters,
    linear_parameters,
    multiply_adds,
    output_size,
)
from . import svg
from .explorer import PresetExplorer, dropdown, slider

KINDS = {"basic": ("基本模块", (3, 3)), "bottleneck": ("瓶颈模块", (1, 3, 1))}
STAGES = ("conv2_x", "conv3_x", "conv4_x", "conv5_x")
IMAGE, CLASSES = 224, 1000
_EXPANSION = 4  # output channels of a bottleneck over its width
_SHORTCUTS = {"A": "A：补零，无参数", "B": "B：1×1 卷积投影"}
_STRIDES = {"1x1": "第一个 1×1（论文）", "3x3": "3×3（v1.5）"}
_COLUMNS = (24, 102, 216, 484, 654)  # x of the columns: name, output, blocks, two bars
_RIGHT, _TOP, _ROW, _BAR = 836, 92, 46, 120


@dataclass(frozen=True)
class Stage:
    """One row: what it puts out, what it costs and what one of its units sees.

    ``field`` is the side of the receptive field in pixels, None for the whole image.
    """

    name: str
    words: str
    side: int
    channels: int
    parameters: int
    multiply_adds: int
    field: int | None


@dataclass(frozen=True)
class Design:
    """A whole network; parameters with biases, gamma and beta, multiply-adds without biases.

    ``identities`` and ``others`` are the numbers of shortcuts that keep the shape and of those
    that must change it.
    """

    kind: str
    blocks: tuple
    shortcut: str
    stride_in: str
    stages: tuple
    identities: int
    others: int
    projection_parameters: int

    @property
    def parameters(self):
        """Of the whole network."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def multiply_adds(self):
        """Of the whole network."""
        return sum(stage.multiply_adds for stage in self.stages)

    @property
    def depth(self):
        """Layers with weights on the longest path."""
        return 2 + len(KINDS[self.kind][1]) * sum(self.blocks)


class ResNetExplorer(PresetExplorer):
    """Choose blocks, widths and shortcuts; parameters, work, fields and depth follow at once.

    Args:
        networks: {name: (kind, blocks of the four stages)}, the kind "basic" or "bottleneck".
            The first is shown first, with 64 channels, shortcut B and the stride as in the paper.

    Raises:
        ValueError: an unknown kind, or not four numbers of blocks.
    """

    title = "设计一个 ResNet"
    question = (
        "ResNet-34 的模块数是 3、4、6、3，把基本模块换成瓶颈模块就是 ResNet-50。"
        "“瓶颈”是为了省，换过之后，参数量和乘加次数是变少还是变多？"
    )
    preset_label = "表 6.3 的网络"

    def __init__(self, networks):
        for name, (kind, blocks) in networks.items():
            if kind not in KINDS:
                raise ValueError(f"{name} has blocks of kind {kind!r}; choose {', '.join(KINDS)}.")
            if len(blocks) != len(STAGES):
                raise ValueError(f"{name} has {len(blocks)} numbers of blocks; give four.")
        super().__init__({
            name: {"kind": kind, **dict(zip(STAGES, blocks, strict=True)), "width": 64,
                   "shortcut": "B", "stride_in": "1x1"}
            for name, (kind, blocks) in networks.items()
        })  # fmt: skip

    def make_controls(self):
        first, *_ = presets = list(self.preset_settings.values())
        most = max(40, *(preset[stage] for preset in presets for stage in STAGES))
        return {
            "kind": dropdown("残差模块", [(w, kind) for kind, (w, _) in KINDS.items()],
                             first["kind"]),
            **{stage: slider(f"{stage} 模块", 1, most, first[stage]) for stage in STAGES},
            "width": slider("conv2_x 宽度", 16, 128, 64, step=8),
            "shortcut": dropdown("形状改变时", [(w, s) for s, w in _SHORTCUTS.items()], "B"),
            "stride_in": dropdown("步长 2 放在", [(w, s) for s, w in _STRIDES.items()], "1x1"),
        }  # fmt: skip

    def compute(self, kind, conv2_x, conv3_x, conv4_x, conv5_x, width, shortcut, stride_in):
        """A ``Design``."""
        blocks = (conv2_x, conv3_x, conv4_x, conv5_x)
        walk = _Walk(kind, shortcut, stride_in, width)
        stages = [walk.stem(), walk.pooling()]
        stages += [walk.stage(number, count) for number, count in enumerate(blocks)]
        stages.append(walk.classifier())
        return Design(kind, blocks, shortcut, stride_in, tuple(stages), walk.identities,
                      walk.others, walk.projections)  # fmt: skip

    def draw(self, result):
        """A row for each stage with two bars, the totals, then what the choices mean."""
        other = "basic" if result.kind == "bottleneck" else "bottleneck"
        swapped = self.compute(other, *result.blocks, result.stages[0].channels, result.shortcut,
                               result.stride_in)  # fmt: skip
        body = _table(result) + _totals(result) + _notes(result, swapped)
        return svg.picture(860, 590, body, _sentence(result))


class _Walk:
    """Goes through the network from the image on and adds up."""

    def __init__(self, kind, shortcut, stride_in, width):
        self.kernels = KINDS[kind][1]
        self.expansion = _EXPANSION if kind == "bottleneck" else 1
        self.strided = ("1x1", "3x3").index(stride_in) if kind == "bottleneck" else 0
        self.shortcut, self.width = shortcut, width
        self.side, self.channels, self.field = IMAGE, 3, Field()
        self.identities = self.others = self.projections = 0

    def stem(self):
        self.channels, words = self.width, f"7×7 卷积，{self.width}，步长 2"
        self.side = output_size(self.side, 7, 2, 3)
        self.field = self.field.window(7, 2, 3)
        return self._row("conv1", words, *_convolution(7, 3, self.width, self.side))

    def pooling(self):
        self.side = output_size(self.side, 3, 2, 1)
        self.field = self.field.window(3, 2, 1)
        return self._row("pool1", "3×3 最大池化，步长 2", 0, 0)

    def stage(self, number, count):
        """``count`` blocks, of which the first changes the shape."""
        width = self.width * 2**number
        widths = [width] * (len(self.kernels) - 1) + [width * self.expansion]
        costs = [self._block(widths, 2 if number and not i else 1) for i in range(count)]
        layers = "、".join(f"{k}×{k},{w}" for k, w in zip(self.kernels, widths, strict=True))
        return self._row(STAGES[number], f"[{layers}]×{count}", *map(sum, zip(*costs, strict=True)))

    def classifier(self):
        inputs = self.channels
        self.side, self.channels = 1, CLASSES
        parameters = linear_parameters(inputs, CLASSES)
        self.field = None
        return self._row("linear", "全局平均池化、全连接", parameters,
                         multiply_adds(CLASSES, inputs))  # fmt: skip

    def _block(self, widths, stride):
        """(parameters, multiply-adds) of one block."""
        inputs, before, start = self.channels, self.side, self.field
        costs, outputs = [], widths[-1]
        for place, (kernel, width) in enumerate(zip(self.kernels, widths, strict=True)):
            step = stride if place == self.strided else 1
            self.side = output_size(self.side, kernel, step, kernel // 2)
            self.field = self.field.window(kernel, step, kernel // 2)
            costs.append(_convolution(kernel, self.channels, width, self.side))
            self.channels = width
        self.field = self.field.union(start.window(1, stride))
        if (inputs, before) == (outputs, self.side):
            self.identities += 1
        else:
            self.others += 1
            if self.shortcut == "B":
                costs.append(_convolution(1, inputs, outputs, self.side))
                self.projections += costs[-1][0]
        return map(sum, zip(*costs, strict=True))

    def _row(self, name, words, parameters, work):
        field = None if self.field is None else int(self.field.size)
        return Stage(name, words, self.side, self.channels, parameters, work, field)


def _convolution(kernel, inputs, outputs, side):
    """(parameters, multiply-adds) of a convolution without biases, with its normalisation."""
    weights = conv_parameters(inputs, outputs, (kernel, kernel), bias=False)
    return weights + 2 * outputs, multiply_adds(side * side * outputs, kernel * kernel * inputs)


def _sentence(result):
    words, _ = KINDS[result.kind]
    last = result.stages[-2]
    return (
        f"{words}，每组 {'、'.join(map(str, result.blocks))} 个：{result.depth} 层，"
        f"参数量 {result.parameters:,}，乘加 {result.multiply_adds:,} 次，"
        f"最后一组的感受野 {last.field}×{last.field}。"
    )


def _table(result):
    name, output, blocks, parameters, work = _COLUMNS
    heads = ((name, "层"), (output, "输出"), (blocks, "由什么组成（核,通道）"),
             (parameters, "参数量"), (work, "乘加次数"))  # fmt: skip
    drawn = "".join(svg.text(x, 62, words, font_weight="bold") for x, words in heads)
    drawn += svg.text(_RIGHT, 62, "感受野", font_weight="bold", text_anchor="end")
    drawn += svg.text(name, 30, f"{KINDS[result.kind][0]}，{result.depth} 层", font_size=19,
                      font_weight="bold")  # fmt: skip
    drawn += svg.path(f"M{name} 72H{_RIGHT}", stroke=svg.GREY, stroke_width=1)
    most = {
        quantity: max(getattr(stage, quantity) for stage in result.stages)
        for quantity in ("parameters", "multiply_adds")
    }
    for number, stage in enumerate(result.stages):
        y = _TOP + _ROW * number
        size = f"{stage.side}×{stage.side}×{stage.channels}"
        drawn += svg.text(name, y + 8, stage.name, font_weight="bold") + svg.text(
            output, y + 8, size
        )
        drawn += svg.text(blocks, y + 8, stage.words, font_size=14)
        for x, quantity, colour in ((parameters, "parameters", svg.BLUE),
                                    (work, "multiply_adds", svg.ORANGE)):  # fmt: skip
            value = getattr(stage, quantity)
            drawn += svg.text(x, y + 2, f"{value:,}")
            drawn += svg.rect(x, y + 8, _BAR * value / most[quantity], 10, fill=colour)
        seen = "整幅" if stage.field is None else f"{stage.field}"
        larger = stage.field is not None and stage.field > IMAGE
        drawn += svg.text(_RIGHT, y + 8, seen + "*" * larger, text_anchor="end",
                          font_weight="bold" if larger else "normal")  # fmt: skip
    return drawn


def _totals(result):
    y = _TOP + _ROW * len(result.stages) - 14
    layers = len(KINDS[result.kind][1])
    counted = f"1 + {layers}×({'+'.join(map(str, result.blocks))}) + 1 = {result.depth} 层"
    style = {"font_size": 17, "font_weight": "bold"}
    return (
        svg.path(f"M{_COLUMNS[0]} {y}H{_RIGHT}", stroke=svg.GREY, stroke_width=1)
        + svg.text(_COLUMNS[0], y + 26, "合计", **style)
        + svg.text(_COLUMNS[1], y + 26, counted, **style)
        + svg.text(_COLUMNS[3], y + 26, f"{result.parameters:,}", **style)
        + svg.text(_COLUMNS[4], y + 26, f"{result.multiply_adds:,}", **style)
    )


def _notes(result, swapped):
    """What the shortcuts cost, where the stride is, what the other kind of block would cost."""
    share = result.projection_parameters / result.parameters
    cost = f"参数 {result.projection_parameters:,} 个（{share:.1%}）"
    if result.shortcut == "A":
        cost = "隔点取样、缺的通道补零，没有参数"
    if result.kind == "basic":
        stride = (
            "步长 2 在每组第一个 3×3 卷积上；"
            f"“步长 2 放在{_STRIDES[result.stride_in]}”只对瓶颈模块起作用"
        )
    else:
        stride = f"步长 2 在每组第一个模块的{_STRIDES[result.stride_in]}卷积上"
    ratio_p = swapped.parameters / result.parameters
    ratio_m = swapped.multiply_adds / result.multiply_adds
    lines = [
        f"捷径分支：{result.identities} 条恒等映射，没有参数；"
        f"{result.others} 条要改变形状，{cost}。",
        stride + "。",
        f"同样的模块数与宽度换成{KINDS[swapped.kind][0]}：{swapped.depth} 层，"
        f"参数量 {swapped.parameters:,}（{ratio_p:.2f} 倍），乘加 {ratio_m:.2f} 倍。",
        f"输入 {IMAGE}×{IMAGE}×3。* 感受野比图像还大，多出来的落在填充里。",
    ]
    y = _TOP + _ROW * len(result.stages) + 52
    return "".join(svg.text(24, y + 27 * i, words) for i, words in enumerate(lines))
