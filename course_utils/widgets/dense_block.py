"""The connections of one dense block: what a layer hears, who hears it, and how many there are.

Source: Huang et al., "Densely Connected Convolutional Networks", CVPR 2017, section 3 and
figure 1.
"""

from dataclasses import dataclass

import ipywidgets as widgets

from . import svg
from .explorer import PresetExplorer, slider

_MOST = 24  # layers
_LEFT, _RIGHT, _LINE = 44, 816, 300  # ends and height of the row of nodes
_BAR, _TEXT = 392, 486  # y of the bar of channels and of the first line below


@dataclass(frozen=True)
class Block:
    """A dense block with one of its nodes chosen: 0 is the input, l the layer H_l.

    ``hears`` and ``heard_by`` are numbers of nodes; the node after the last layer is the
    transition, if it counts as a reader. All is empty where the block has no such layer.
    """

    inputs: int
    growth_rate: int
    layers: int
    chosen: int
    transition: bool
    connections: tuple

    @property
    def possible(self):
        """Whether the block has the chosen layer."""
        return self.chosen <= self.layers

    @property
    def hears(self):
        """Sources of the chosen node."""
        return tuple(start for start, end in self.connections if end == self.chosen)

    @property
    def heard_by(self):
        """Readers of the chosen node."""
        return tuple(end for start, end in self.connections if start == self.chosen)

    def received(self, node):
        """Channels that a node receives."""
        return self.inputs + (node - 1) * self.growth_rate

    def name(self, node):
        """What a node is called."""
        if node == 0:
            return "x₀"
        return "转换层" if node > self.layers else "H" + _lowered(node)


class DenseBlockExplorer(PresetExplorer):
    """Choose a layer of a dense block; its connections light up, and all are counted.

    Args:
        blocks: {name: (input channels, growth rate, layers)}; the first is shown first, with its
            third layer chosen.

    Raises:
        ValueError: a block without layers, or with more than can be drawn.
    """

    title = "谁听得到谁？"
    question = (
        "第 3 层听得到几个来源，又有几层听得到它？5 层的模块一共有多少条连接？"
        "“L 层有 L(L+1)/2 个连接”，这里的 L 数不数输入？"
    )
    preset_label = "现成的模块"

    def __init__(self, blocks):
        for name, (_, _, layers) in blocks.items():
            if not 1 <= layers <= _MOST:
                raise ValueError(f"{name} has {layers} layers; give a block with 1 to {_MOST}.")
        super().__init__({
            name: {"layers": layers, "chosen": min(3, layers), "inputs": inputs,
                   "growth_rate": growth_rate, "transition": False}
            for name, (inputs, growth_rate, layers) in blocks.items()
        })  # fmt: skip

    def make_controls(self):
        first, *_ = presets = list(self.preset_settings.values())
        widest = max(256, *(preset["inputs"] for preset in presets))
        return {
            "layers": slider("H 的层数", 1, _MOST, first["layers"]),
            "chosen": slider("选中第几层", 0, _MOST, first["chosen"]),
            "inputs": slider("输入通道 k₀", 1, widest, first["inputs"]),
            "growth_rate": slider("增长率 k", 1, 48, first["growth_rate"]),
            "transition": widgets.Checkbox(description="转换层也算一个听众", value=False,
                                           indent=False),
        }  # fmt: skip

    def compute(self, layers, chosen, inputs, growth_rate, transition):
        """A ``Block``: every node hears all nodes before it."""
        readers = range(1, layers + 1 + transition)
        connections = tuple((start, end) for end in readers for start in range(end))
        return Block(inputs, growth_rate, layers, chosen, transition, connections)

    def draw(self, result):
        """All connections as arcs, the input of the chosen layer as a bar, then the counts."""
        body = _arcs(result) + _nodes(result) + _bar(result) + _counts(result)
        return svg.picture(860, 640, body, _sentence(result))


def _lowered(number):
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _places(result):
    """x of every node."""
    count = result.layers + 1 + result.transition
    step = min(110, (_RIGHT - _LEFT) / max(count - 1, 1))
    first = (_LEFT + _RIGHT - step * (count - 1)) / 2
    return [first + step * i for i in range(count)]


def _listed(result, nodes):
    """Names of nodes, many of them shortened."""
    names = [result.name(node) for node in nodes]
    if len(names) > 8:
        names = [*names[:3], "…", names[-1]]
    return "、".join(names)


def _sentence(result):
    if not result.possible:
        return f"这个模块只有 {result.layers} 层，没有第 {result.chosen} 层。"
    return (
        f"{result.layers} 层的稠密连接模块，共 {len(result.connections)} 条连接；"
        f"{result.name(result.chosen)} 听得到 {len(result.hears)} 个来源，"
        f"听得到它的有 {len(result.heard_by)} 个。"
    )


def _arcs(result):
    """Half ellipses above the nodes; those of the chosen node are thick, its readers' dashed."""
    places = _places(result)
    widest = places[-1] - places[0]
    paths = {"others": "", "in": "", "out": ""}
    for start, end in result.connections:
        x, far = places[start], places[end] - places[start]
        high = min(34 + 190 * far / widest, 1.1 * far)
        kind = "others"
        if result.possible and result.chosen in (start, end):
            kind = "in" if end == result.chosen else "out"
        paths[kind] += f"M{x:.5g} {_LINE - 15}a{far / 2:.5g} {high:.5g} 0 0 1 {far:.5g} 0"
    return (
        svg.text(24, 28, f"{result.layers} 层的稠密连接模块：{len(result.connections)} 条连接",
                 font_size=18, font_weight="bold")
        + svg.text(24, 54, "蓝色实线：选中的层听得到谁；橙色虚线：谁听得到它", fill="#555555")
        + svg.path(paths["others"], stroke="#C4C4C4", stroke_width=1, fill="none")
        + svg.path(paths["out"], stroke=svg.ORANGE, stroke_width=3, stroke_dasharray="7 4",
                   fill="none")
        + svg.path(paths["in"], stroke=svg.BLUE, stroke_width=3, fill="none")
    )  # fmt: skip


def _nodes(result):
    """Circles with names; below them the channels that they receive, where there is room."""
    places = _places(result)
    crowded = len(places) > 16
    drawn = ""
    for node, x in enumerate(places):
        lit = result.possible and node == result.chosen
        near = result.possible and (node in result.hears or node in result.heard_by)
        name = "转" if node > result.layers else result.name(node)
        drawn += svg.element("circle", cx=x, cy=_LINE, r=15, fill=svg.ORANGE if lit else "#FFFFFF",
                             stroke=svg.RED if lit else svg.INK if near else svg.GREY,
                             stroke_width=3 if lit else 2 if near else 1)  # fmt: skip
        style = {"text_anchor": "middle", "font_weight": "bold" if lit else "normal"}
        drawn += svg.text(x, _LINE + 5, name, font_size=13, **style)
        words = result.inputs if node == 0 else result.received(node)
        if not crowded or node % 4 == 0 or lit:
            drawn += svg.text(x, _LINE + 38, words, font_size=14, **style)
    said = "圆圈下面：收到的通道数（x₀ 是它送出的）"
    return drawn + svg.text(24, _LINE + 64, said, fill="#555555")


def _bar(result):
    """The chosen node's input, put together from its sources in proportion to their channels."""
    if not result.possible:
        words = f"✗ 这个模块只有 {result.layers} 层，没有第 {result.chosen} 层："
        words += "把“选中第几层”调小，或把层数调大"
        return svg.text(24, _BAR + 30, words, fill=svg.RED, font_weight="bold")
    name = result.name(result.chosen)
    if result.chosen == 0:
        return svg.text(
            24, _BAR + 30, f"x₀ 是模块的输入，送出 {result.inputs} 个通道，不听任何一层"
        )
    total = result.received(result.chosen)
    k0, k, before = result.inputs, result.growth_rate, result.chosen - 1
    formula = f"k₀ + ({result.chosen}−1)k = {k0} + {before}×{k} = {total}"
    words = f"{name} 收到 {formula} 个通道，送出 {k} 个"
    drawn = svg.text(24, _BAR + 2, words, font_weight="bold")
    x, scale = 24, 790 / total
    for node in result.hears:
        wide = scale * (k if node else k0)
        drawn += svg.rect(x, _BAR + 14, wide, 28, fill="#DCEBF7" if node else "#F2F2F2",
                          stroke=svg.BLUE, stroke_width=1.5)  # fmt: skip
        if wide >= 30:
            drawn += svg.text(x + wide / 2, _BAR + 33, result.name(node), text_anchor="middle",
                              font_size=13)  # fmt: skip
        x += wide
    return drawn


def _neighbours(result):
    """Whom the chosen node hears, and who hears it."""
    name, heard = result.name(result.chosen), len(result.heard_by)
    hears = f"{name} 听得到 {len(result.hears)} 个来源：{_listed(result, result.hears)}；"
    by = f"听得到 {name} 的有 {heard} 个：{_listed(result, result.heard_by)}"
    return (hears if result.hears else "") + (by if heard else f"没有谁听得到 {name}")


def _counts(result):
    """Who hears whom in words, then the number of connections under both readings of L."""
    n, arcs = result.layers, len(result.connections)
    lines = [_neighbours(result)] if result.possible else []
    sums = "+".join(map(str, range(1, n + 1))) if n <= 6 else f"1+2+…+{n}"
    more = f"，转换层再听 {n + 1} 个，共 {arcs} 个" if result.transition else ""
    lines.append(f"数弧：各层依次听 {sums} = {n * (n + 1) // 2} 个来源{more}，每个来源一条连接")
    for size, words in ((n, "不数输入"), (n + 1, "把输入也数作一层")):
        formula = size * (size + 1) // 2
        verdict = "✓ 与弧数相符" if formula == arcs else f"✗ 弧有 {arcs} 条"
        lines.append(
            f"L = {size}（{words}）：L(L+1)/2 = {size}×{size + 1}÷2 = {formula}　{verdict}"
        )
    return "".join(
        svg.text(24, _TEXT + 34 * i, words, font_size=16) for i, words in enumerate(lines)
    )
