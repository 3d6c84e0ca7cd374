"""Design a DenseNet: growth rate, blocks, bottlenecks, compression; what it costs and stores.

Sources: Huang et al., "Densely Connected Convolutional Networks", CVPR 2017, section 3 and
table 1; Pleiss et al., "Memory-Efficient Implementation of DenseNets", arXiv 1707.06990 (what the
concatenations store).
"""

from dataclasses import dataclass
from math import floor

import ipywidgets as widgets

from ..counting.geometry import conv_parameters, linear_parameters, multiply_adds, output_size
from . import svg
from .explorer import PresetExplorer, slider

SIZES = ("block1", "block2", "block3", "block4")
IMAGE, CLASSES = 224, 1000
_BYTES = 4  # of a float32
_FILLS = ("#CFE3F3", "#F8E3B5", "#CDEBDD", "#F1DCE7")  # of the blocks; their names stand below
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 836, 66, 268  # of the staircase
_TABLE, _ROW = 354, 25
_COLUMNS = (24, 146, 254, 478, 644, 836)  # x; from the fourth on the right ends


@dataclass(frozen=True)
class Part:
    """A block, or another part of the network; ``received`` holds the channels that each dense
    layer receives, ``stored`` and ``shared`` the numbers that the concatenations store, one copy
    for each layer or one in all."""

    name: str
    side: int
    inputs: int
    outputs: int
    parameters: int
    multiply_adds: int
    received: tuple = ()
    stored: int = 0
    shared: int = 0


@dataclass(frozen=True)
class Design:
    """A whole network; parameters with biases, gamma and beta, multiply-adds without biases."""

    growth_rate: int
    bottleneck: bool
    compression: float
    parts: tuple

    @property
    def blocks(self):
        """The dense blocks."""
        return [part for part in self.parts if part.received]

    @property
    def depth(self):
        """Layers with weights on the longest path: dense layers, transitions, first and last."""
        each = 2 if self.bottleneck else 1
        layers = sum(len(block.received) for block in self.blocks)
        return each * layers + len(self.blocks) - 1 + 2

    @property
    def variant(self):
        """The paper's name of this combination of switches."""
        letters = "B" * self.bottleneck + "C" * (self.compression < 1)
        return f"DenseNet-{letters}" if letters else "DenseNet"

    @property
    def empty(self):
        """The first transition that leaves no channel, or None: such a network cannot be."""
        return next((part for part in self.parts if not part.outputs), None)

    def total(self, quantity):
        """Sum of a field of the parts."""
        return sum(getattr(part, quantity) for part in self.parts)


class DenseNetExplorer(PresetExplorer):
    """Choose growth rate, blocks and switches; channels, parameters, work and memory follow.

    Args:
        networks: {name: layers of the four blocks}. The first is shown first, with k = 32,
            64 channels of input, bottlenecks and a compression of 0.5.

    Raises:
        ValueError: not four numbers of layers.
    """

    title = "设计一个 DenseNet"
    question = (
        "从 DenseNet-121 出发，关掉瓶颈（B），或者把 θ 改成 1（C），哪一个开关让参数量增加得更多？"
        "增长率 k 加倍，参数量也只加倍吗？"
    )
    preset_label = "表 6.4 的网络"

    def __init__(self, networks):
        for name, sizes in networks.items():
            if len(sizes) != len(SIZES):
                raise ValueError(f"{name} has {len(sizes)} blocks; give the layers of four.")
        super().__init__({
            name: {"growth_rate": 32, "inputs": 64, **dict(zip(SIZES, sizes, strict=True)),
                   "compression": 0.5, "bottleneck": True}
            for name, sizes in networks.items()
        })  # fmt: skip

    def make_controls(self):
        first, *_ = presets = list(self.preset_settings.values())
        most = max(64, *(preset[name] for preset in presets for name in SIZES))
        return {
            "growth_rate": slider("增长率 k", 4, 64, 32, step=4),
            "inputs": slider("初始通道 k₀", 8, 128, 64, step=8),
            **{name: slider(f"第 {i} 块的层数", 1, most, first[name])
               for i, name in enumerate(SIZES, start=1)},
            "compression": slider("压缩因子 θ", 0.1, 1.0, 0.5, step=0.1),
            "bottleneck": widgets.Checkbox(description="瓶颈（先 1×1 到 4k）", value=True,
                                           indent=False),
        }  # fmt: skip

    def compute(self, growth_rate, inputs, block1, block2, block3, block4, compression, bottleneck):
        """A ``Design``."""
        compression = round(compression, 2)  # a slider's steps are not exact
        side = output_size(IMAGE, 7, 2, 3)
        stem = _convolution(7, 3, inputs, side)
        parts = [Part("开头", side, 3, inputs, stem[0] + 2 * inputs, stem[1])]
        side, channels = output_size(side, 3, 2, 1), inputs
        for number, layers in enumerate((block1, block2, block3, block4), start=1):
            if number > 1:
                parts.append(_transition(number - 1, channels, compression, side))
                side, channels = output_size(side, 2, 2), parts[-1].outputs
            parts.append(_block(number, channels, layers, growth_rate, bottleneck, side))
            channels = parts[-1].outputs
        parameters = 2 * channels + linear_parameters(channels, CLASSES)
        parts.append(Part("BN、分类层", 1, channels, CLASSES, parameters, CLASSES * channels))
        return Design(growth_rate, bottleneck, compression, tuple(parts))

    def draw(self, result):
        """The channel staircase on top, the table of the parts, the memory of concatenation."""
        empty = result.empty
        if empty:
            says = f"不可能的设置：{empty.name}一个通道也不剩。"
            return svg.picture(860, 716, _refusal(empty, result.compression), says)
        body = _heading(result) + _staircase(result) + _table(result) + _memory(result)
        return svg.picture(860, 716, body, _sentence(result))


def _convolution(kernel, inputs, outputs, side):
    """(weights, multiply-adds) of a convolution without biases."""
    weights = conv_parameters(inputs, outputs, (kernel, kernel), bias=False)
    return weights, multiply_adds(side * side * outputs, kernel * kernel * inputs)


def _transition(number, channels, compression, side):
    """BN-ReLU-Conv(1×1) on the large maps, then 2×2 averages."""
    outputs = floor(compression * channels)
    weights, work = _convolution(1, channels, outputs, side)
    return Part(f"转换层 {number}", side, channels, outputs, weights + 2 * channels, work)


def _block(number, channels, layers, growth_rate, bottleneck, side):
    """Dense layers; each receives the block's input and what all before it made."""
    received = tuple(channels + growth_rate * i for i in range(layers))
    outputs = channels + growth_rate * layers
    middle = 4 * growth_rate
    parameters = work = 0
    for inputs in received:
        chain = [(3, inputs, growth_rate)]
        if bottleneck:
            chain = [(1, inputs, middle), (3, middle, growth_rate)]
        for kernel, before, after in chain:
            weights, adds = _convolution(kernel, before, after, side)
            parameters += weights + 2 * before  # gamma and beta stand before the convolution
            work += adds
    positions = side * side
    return Part(f"第 {number} 块", side, channels, outputs, parameters, work, received,
                positions * (sum(received) + outputs), positions * outputs)  # fmt: skip


def _sentence(result):
    sizes = "、".join(str(len(block.received)) for block in result.blocks)
    costs = f"参数量 {result.total('parameters'):,}，乘加 {result.total('multiply_adds'):,} 次"
    return (
        f"{result.variant}，k 为 {result.growth_rate}，θ 为 {result.compression}，"
        f"四块各 {sizes} 层：共 {result.depth} 层，{costs}，"
        f"最后一块送出 {result.blocks[-1].outputs} 个通道。"
    )


def _refusal(part, compression):
    """Why a transition that has no channel left cannot be."""
    lines = (
        "✗ 不可能的设置",
        f"{part.name}收到 {part.inputs} 个通道，⌊{compression:g}×{part.inputs}⌋ = 0，"
        "一个通道也不剩，后面的块没有输入。",
        "把 θ、k 或 k₀ 调大，或者给它前面的块多加几层。",
    )
    return "".join(
        svg.text(24, 90 + 34 * i, words, font_size=17, fill=svg.RED if i == 0 else svg.INK,
                 font_weight="bold" if i == 0 else "normal")
        for i, words in enumerate(lines)
    )  # fmt: skip


def _heading(result):
    sizes = "+".join(str(len(block.received)) for block in result.blocks)
    each = "2×" if result.bottleneck else ""
    counted = f"1 + {each}({sizes}) + {len(result.blocks) - 1} + 1 = {result.depth} 层"
    return svg.text(24, 28, f"{result.variant}：{counted}", font_size=19, font_weight="bold")


def _staircase(result):
    """A step for each dense layer; what a block hands on is its last step."""
    steps = [[*block.received, block.outputs] for block in result.blocks]
    count = sum(map(len, steps))
    most = max(block[-1] for block in steps)
    wide, tall = (_RIGHT - _LEFT) / count, (_BOTTOM - _TOP) / most
    drawn = svg.text(24, 52, "每一层收到多少个通道（每级台阶一层，每块的最后一级是送出的通道）")
    drawn += svg.path(f"M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}", stroke=svg.INK, fill="none")
    drawn += svg.text(_LEFT - 6, _TOP + 12, f"{most:,}", text_anchor="end", font_size=14)
    drawn += svg.text(_LEFT - 6, _BOTTOM, "0", text_anchor="end", font_size=14)
    x = _LEFT
    for number, (block, fill) in enumerate(zip(steps, _FILLS, strict=True), start=1):
        outline, start = f"M{x:.5g} {_BOTTOM}", x
        for channels in block:
            outline += f"V{_BOTTOM - channels * tall:.5g}h{wide:.5g}"
            x += wide
        outline += f"V{_BOTTOM}"
        drawn += svg.path(outline, fill=fill, stroke=svg.INK, stroke_width=1)
        place = {"x": (start + x) / 2, "text_anchor": "middle", "font_size": 14}
        drawn += svg.element("text", str(number), y=_BOTTOM + 18, font_weight="bold", **place)
    flow = "　".join(
        f"第 {number} 块 {block[0]:,} → {block[-1]:,}"
        for number, block in enumerate(steps, start=1)
    )
    falls = "、".join(
        f"⌊{result.compression:g}×{one[-1]}⌋ = {other[0]}"
        for one, other in zip(steps, steps[1:], strict=False)
    )
    return (
        drawn
        + svg.text(24, _BOTTOM + 44, f"通道数：{flow}")
        + svg.text(
            24, _BOTTOM + 68, f"转换层：{falls}" + "（θ = 1，不压缩）" * (result.compression == 1)
        )
    )


def _table(result):
    heads = ("部分", "特征图", "通道", "参数量", "乘加次数", "拼接另存（MB）")
    drawn = _line(_TABLE + 14, heads, font_weight="bold")
    drawn += svg.path(f"M24 {_TABLE + 21}H836", stroke=svg.GREY)
    for number, part in enumerate(result.parts):
        cells = (
            part.name,
            f"{part.side}×{part.side}",
            f"{part.inputs:,} → {part.outputs:,}",
            f"{part.parameters:,}",
            f"{part.multiply_adds:,}",
            f"{_megabytes(part.stored):.2f}" if part.stored else "",
        )
        drawn += _line(_TABLE + 40 + _ROW * number, cells)
    y = _TABLE + 40 + _ROW * len(result.parts)
    sums = f"{result.total('parameters'):,}", f"{result.total('multiply_adds'):,}"
    cells = ("合计", "", "", *sums, f"{_megabytes(result.total('stored')):.2f}")
    return (
        drawn
        + svg.path(f"M24 {y - 16}H836", stroke=svg.GREY)
        + _line(y + 6, cells, font_weight="bold", font_size=17)
    )


def _line(y, cells, **style):
    return "".join(
        svg.text(x, y, words, text_anchor="end" if place > 2 else "start", **style)
        for place, (x, words) in enumerate(zip(_COLUMNS, cells, strict=True))
        if words
    )


def _megabytes(numbers):
    return _BYTES * numbers / 2**20


def _memory(result):
    """Two bars: a copy for each concatenation, and every map stored once."""
    stored, shared = result.total("stored"), result.total("shared")
    y = _TABLE + 40 + _ROW * len(result.parts) + 46
    drawn = svg.text(
        24, y - 12, "一幅图像，四块的拼接要存多少（float32，不计其他）", font_weight="bold"
    )
    for number, (words, value, colour) in enumerate(
        (("每层各拼一份", stored, svg.RED), ("每张图只存一份", shared, svg.BLUE))
    ):
        top = y + 24 * number
        length = max(2.0, 480 * value / stored)
        times = f"（{stored / shared:.1f} 倍）" if number == 0 else ""
        drawn += svg.text(24, top + 15, words)
        drawn += svg.rect(140, top, length, 18, fill=colour)
        drawn += svg.text(148 + length, top + 15, f"{_megabytes(value):.2f} MB{times}")
    return drawn
