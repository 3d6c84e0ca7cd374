"""Design an Inception module: six widths, what they cost, and the naive module beside them.

Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 4 and figure 2.
"""

from dataclasses import dataclass

from ..counting.geometry import conv_parameters, multiply_adds
from . import svg
from .explorer import PresetExplorer, choice_slider, slider

WIDTHS = {
    "one": "1×1 卷积",
    "reduce3": "3×3 降维",
    "three": "3×3 卷积",
    "reduce5": "5×5 降维",
    "five": "5×5 卷积",
    "proj": "池化投影",
}
BRANCHES = ("1×1 分支", "3×3 分支", "5×5 分支", "池化分支")
_COLOURS = (svg.BLUE, svg.ORANGE, svg.GREEN, svg.PURPLE)  # of the branches
_HALF, _BOX = 394, (92, 46)  # width of one module, size of a box, pixels
_LEFTS = (24, 442)  # of the naive module and of V1
_COSTS = 330  # y of the comparison


@dataclass(frozen=True)
class Layer:
    """A layer that keeps the size of the maps; a pooling has no parameters."""

    kernel: int
    inputs: int
    outputs: int
    pooling: bool = False
    parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class Module:
    """Four branches, each a tuple of ``Layer``, joined along the channels."""

    branches: tuple

    @property
    def out_channels(self):
        """Channels of the four branches together."""
        return sum(branch[-1].outputs for branch in self.branches)

    @property
    def parameters(self):
        """Weights and biases."""
        return sum(layer.parameters for branch in self.branches for layer in branch)

    @property
    def multiply_adds(self):
        """Multiply-adds of the convolutions."""
        return sum(map(branch_cost, self.branches))


@dataclass(frozen=True)
class Design:
    """Both forms of a module on the same input, with the same 1×1, 3×3 and 5×5 widths."""

    side: int
    in_channels: int
    naive: Module
    v1: Module


def branch_cost(branch):
    """Multiply-adds of one branch."""
    return sum(layer.multiply_adds for layer in branch)


class InceptionExplorer(PresetExplorer):
    """Choose the six widths; parameters, multiply-adds and output channels follow at once.

    Args:
        modules: {name: (side, in_channels, widths)}, the ready-made settings; the widths stand
            in the order of ``WIDTHS``, as in table 1 of the paper. The first is shown first.

    Raises:
        ValueError: a module without six widths.
    """

    title = "设计一个 Inception 模块"
    question = (
        "把 5×5 降维层的宽度减半，整个模块的乘加次数会减少多少？输出的通道数会变吗？"
        "降维层要多宽，这一支才比直接卷积还贵？"
    )
    preset_label = "表 6.2 的模块"

    def __init__(self, modules):
        for name, (_, _, widths) in modules.items():
            if len(widths) != len(WIDTHS):
                raise ValueError(
                    f"module {name} has {len(widths)} widths; give six: {', '.join(WIDTHS)}."
                )
        super().__init__({
            name: {"side": side, "in_channels": channels, **dict(zip(WIDTHS, widths, strict=True))}
            for name, (side, channels, widths) in modules.items()
        })  # fmt: skip

    def make_controls(self):
        modules = self.preset_settings.values()
        first, *_ = modules
        sides = sorted({7, 14, 28, *(module["side"] for module in modules)})
        most = max(max(module.values()) for module in modules)
        return {
            "side": choice_slider("特征图边长", sides, first["side"]),
            "in_channels": slider("输入通道", 1, most, first["in_channels"]),
            **{
                name: slider(words, 1, max(512, *(m[name] for m in modules)), value)
                for (name, words), value in zip(WIDTHS.items(), list(first.values())[2:],
                                                strict=True)
            },
        }  # fmt: skip

    def compute(self, side, in_channels, one, reduce3, three, reduce5, five, proj):
        """A ``Design``."""

        def chain(*layers):
            """A branch from (kernel, outputs) of its convolutions; (3, None) is the pooling."""
            branch, channels = [], in_channels
            for kernel, outputs in layers:
                branch.append(_layer(kernel, channels, outputs, side))
                channels = branch[-1].outputs
            return tuple(branch)

        pooling = (3, None)
        naive = chain((1, one)), chain((3, three)), chain((5, five)), chain(pooling)
        v1 = (
            chain((1, one)),
            chain((1, reduce3), (3, three)),
            chain((1, reduce5), (5, five)),
            chain(pooling, (1, proj)),
        )
        return Design(side, in_channels, Module(naive), Module(v1))

    def draw(self, result):
        """The two modules on top, their costs and where they go below, then the formulas."""
        body = (
            _module(result, result.naive, _LEFTS[0], "初级模块")
            + _module(result, result.v1, _LEFTS[1], "Inception V1")
            + _costs(result)
            + _shares(result)
            + _formulas(result)
        )
        return svg.picture(860, 680, body, _sentence(result))

    def frames(self):
        return [(f"模块 {name}", settings) for name, settings in super().frames()]


def _layer(kernel, inputs, outputs, side):
    if outputs is None:
        return Layer(kernel, inputs, inputs, pooling=True)
    return Layer(
        kernel,
        inputs,
        outputs,
        parameters=conv_parameters(inputs, outputs, (kernel, kernel)),
        multiply_adds=multiply_adds(side * side * outputs, kernel * kernel * inputs),
    )


def _sentence(result):
    naive, v1 = result.naive, result.v1
    return (
        f"输入 {result.side}×{result.side}×{result.in_channels}。"
        f"Inception V1 输出 {v1.out_channels} 个通道，参数量 {v1.parameters:,}，"
        f"乘加 {v1.multiply_adds:,} 次；初级模块输出 {naive.out_channels} 个通道，"
        f"参数量 {naive.parameters:,}，乘加 {naive.multiply_adds:,} 次。"
    )


def _module(result, module, left, title):
    """Input, four branches from top to bottom, and what they are joined to."""
    middle = left + _HALF // 2
    step = _HALF / len(BRANCHES)
    body = svg.text(left, 26, title, font_size=18, font_weight="bold")
    arrows = ""
    for number, branch in enumerate(module.branches):
        x = left + (number + 0.5) * step
        tops = (96, 164) if len(branch) == 2 else (130,)
        arrows += f"M{middle} 68L{x:.5g} {tops[0]}"
        for place, (layer, top) in enumerate(zip(branch, tops, strict=True)):
            thin = len(branch) == 2 and layer.kernel == 1
            body += _box(x, top, layer, _COLOURS[number], thin)
            if place:
                arrows += f"M{x:.5g} {tops[0] + _BOX[1]}V{top}"
        arrows += f"M{x:.5g} {tops[-1] + _BOX[1]}L{middle} 244"
    outputs = [branch[-1].outputs for branch in module.branches]
    joined = f"{' + '.join(map(str, outputs))} = {module.out_channels}"
    return (
        svg.path(arrows, stroke=svg.GREY, stroke_width=1.5, fill="none")
        + body
        + _end(middle, 40, f"输入 {result.side}×{result.side}×{result.in_channels}")
        + _end(middle, 244, f"沿通道拼接：{joined}", 320)
    )


def _box(x, y, layer, colour, thin):
    """One layer; 1×1 convolutions that save work for others have a dashed edge."""
    width, height = _BOX
    name = f"{layer.kernel}×{layer.kernel} " + ("池化" if layer.pooling else "卷积")
    return (
        svg.rect(x - width / 2, y, width, height, rx=6, fill="#FFFFFF", stroke=colour,
                 stroke_width=2.5, stroke_dasharray="6 3" if thin else "none")
        + svg.text(x, y + 19, name, text_anchor="middle", font_size=14)
        + svg.text(x, y + 38, f"{layer.inputs} → {layer.outputs}", text_anchor="middle",
                   font_size=14)
    )  # fmt: skip


def _end(x, y, words, width=200):
    return svg.rect(
        x - width / 2, y, width, 28, rx=6, fill="#F2F2F2", stroke=svg.INK, stroke_width=1.5
    ) + svg.text(x, y + 20, words, text_anchor="middle")


def _costs(result):
    """Three pairs of bars, the naive module above V1."""
    drawn = svg.path(f"M24 {_COSTS - 36}H836", stroke=svg.PALE, stroke_width=1.5)
    quantities = (("参数量", "parameters"), ("乘加次数", "multiply_adds"),
                  ("输出通道", "out_channels"))  # fmt: skip
    for number, (words, name) in enumerate(quantities):
        y = _COSTS + 52 * number
        values = [getattr(module, name) for module in (result.naive, result.v1)]
        drawn += svg.text(24, y + 7, words, font_weight="bold", font_size=17)
        drawn += svg.text(836, y + 7, f"初级 ÷ V1 = {values[0] / values[1]:.2f}", text_anchor="end",
                          font_weight="bold")  # fmt: skip
        for place, (value, colour, form) in enumerate(
            zip(values, ("#9A9A9A", svg.BLUE), ("初级", "V1"), strict=True)
        ):
            length, top = max(2.0, 330 * value / max(values)), y - 14 + 20 * place
            drawn += svg.text(128, top + 14, form, font_size=14)
            drawn += svg.rect(166, top, length, 17, fill=colour)
            drawn += svg.text(174 + length, top + 14, f"{value:,}", font_size=15)
    return drawn


def _shares(result):
    """One bar of V1's multiply-adds, divided among the branches."""
    y, left, width = _COSTS + 158, 166, 670
    drawn = svg.text(24, y + 17, "V1 的乘加花在", font_weight="bold")
    x, legend = left, ""
    total = result.v1.multiply_adds
    for number, (branch, name, colour) in enumerate(
        zip(result.v1.branches, BRANCHES, _COLOURS, strict=True)
    ):
        share = branch_cost(branch) / total
        drawn += svg.rect(x, y, share * width, 24, fill=colour, stroke="#FFFFFF", stroke_width=2)
        x += share * width
        place = left + 168 * number
        legend += svg.rect(place, y + 34, 14, 14, fill=colour)
        legend += svg.text(place + 20, y + 47, f"{name} {share:.1%}")
    return drawn + legend


def _formulas(result):
    """Weights of the 3×3 and the 5×5 branch with and without their reductions."""
    drawn = ""
    for number, branch in enumerate(result.v1.branches[1:3]):
        reduction, convolution = branch
        k, n, r, m = convolution.kernel, reduction.inputs, reduction.outputs, convolution.outputs
        with_it, without = n * r + k * k * r * m, k * k * n * m
        dearer = with_it >= without
        verdict = "✗ 先降维反而不省" if dearer else f"省下 {1 - with_it / without:.0%}"
        y = _COSTS + 240 + 54 * number
        drawn += svg.text(
            24, y, f"{k}×{k} 分支：先降维，每个位置 {n}×{r} + {k}×{k}×{r}×{m} = {with_it:,} 次乘加"
        ) + svg.element(
            "text",
            f"直接卷积，{k}×{k}×{n}×{m} = {without:,} 次　"
            + svg.element(
                "tspan", verdict, font_weight="bold", fill=svg.RED if dearer else svg.BLUE
            ),
            x=110,
            y=y + 24,
        )
    return drawn
