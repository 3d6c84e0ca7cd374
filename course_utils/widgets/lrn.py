"""Local response normalisation, one position of a layer at a time.

Source: Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural
networks", NIPS 2012, section 3.3.
"""

from dataclasses import dataclass

import numpy as np

from . import svg
from .explorer import Explorer, choice_slider, dropdown, slider

RULES = {"论文的 α": "paper", "飞桨的 α÷n": "paddle"}
_ALPHAS = (0.0, 0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0)
_WIDTHS = (1, 3, 5, 7, 9, 15)
_SCALES = (1, 10, 100)
_LEFT, _WIDE, _HIGH = 40, 790, 140  # of a chart, pixels


@dataclass(frozen=True)
class Lrn:
    """One setting: ``values`` in, ``outputs`` out, one of each channel.

    ``window``: channels whose squares meet in the chosen one; ``squares`` is their sum.
    ``weight``: what the sum is multiplied by, alpha or alpha / n. ``outputs`` are nan where the
    denominator is 0.
    """

    values: np.ndarray
    channel: int
    n: int
    k: float
    alpha: float
    beta: float
    rule: str
    scale: int
    window: range
    squares: float
    weight: float
    denominators: np.ndarray
    outputs: np.ndarray

    @property
    def value(self):
        """The chosen channel's activation."""
        return self.values[self.channel]

    @property
    def denominator(self):
        """What the chosen activation is divided by."""
        return self.denominators[self.channel]

    @property
    def output(self):
        """The chosen channel's normalised activation, nan if the denominator is 0."""
        return self.outputs[self.channel]


class LrnExplorer(Explorer):
    """Choose a channel and the four constants; see the neighbours, the sum and the result.

    Args:
        values: float array (channels,), the activations after ReLU at one position.

    Raises:
        ValueError: another number of axes, or negative activations.
    """

    title = "局部响应归一化（LRN）：邻居怎样压低一个激活值"
    question = (
        "按论文取 n = 5、k = 2、α = 0.0001、β = 0.75，激活值会变成原来的几成？"
        "这主要是邻居的作用，还是 k 的作用？激活值放大 100 倍以后呢？"
    )

    def __init__(self, values):
        self.values = np.asarray(values, dtype="float64")
        if self.values.ndim != 1 or self.values.min() < 0:
            raise ValueError(
                f"values have shape {list(self.values.shape)} and a minimum of "
                f"{self.values.min():g}; pass one activation a channel, after ReLU (none negative)."
            )
        super().__init__()

    def make_controls(self):
        return {
            "channel": slider("通道 i", 0, len(self.values) - 1, int(self.values.argmax())),
            "n": choice_slider("窗口 n", _WIDTHS, 5),
            "k": slider("k", 0.0, 4.0, 2.0, 0.5),
            "alpha": choice_slider("α", [(_decimal(value), value) for value in _ALPHAS], 0.0001),
            "beta": slider("β", 0.0, 1.5, 0.75, 0.25),
            "rule": dropdown("怎样乘 α", list(RULES.items()), "paper"),
            "scale": choice_slider("激活值放大", [(f"{s} 倍", s) for s in _SCALES], 1),
        }

    def compute(self, channel, n, k, alpha, beta, rule, scale):
        """``Lrn`` by the paper's sum: over the channels from i - n/2 to i + n/2 that exist."""
        values = self.values * scale
        windows = [_window(i, n, len(values)) for i in range(len(values))]
        squares = np.array([np.sum(values[window] ** 2) for window in windows])
        weight = alpha if rule == "paper" else alpha / n
        denominators = (k + weight * squares) ** beta
        outputs = np.full_like(values, np.nan)
        np.divide(values, denominators, out=outputs, where=denominators > 0)
        return Lrn(
            values,
            channel,
            n,
            k,
            alpha,
            beta,
            rule,
            scale,
            windows[channel],
            float(squares[channel]),
            weight,
            denominators,
            outputs,
        )

    def draw(self, result):
        """The formula with its numbers, the activations as bars, the outputs as bars below."""
        return svg.picture(
            860,
            584,
            _formula(result) + _inputs(result, 286) + _outputs(result, 488) + _note(result, 538),
            _sentence(result),
        )

    def frames(self):
        strongest = int(self.values.argmax())
        paper = {
            "channel": strongest, "n": 5, "k": 2.0, "alpha": 0.0001, "beta": 0.75,
            "rule": "paper", "scale": 1,
        }  # fmt: skip
        neighbour = strongest - 1 if strongest else strongest + 1
        changes = [
            ("论文的设置", {}),
            ("激活值放大 100 倍", {"scale": 100}),
            ("激活值放大 100 倍，看旁边的通道", {"scale": 100, "channel": neighbour}),
            ("激活值放大 100 倍，飞桨的 α÷n", {"scale": 100, "rule": "paddle"}),
            ("第一个通道：窗口只剩一半", {"scale": 100, "channel": 0}),
            ("α = 1", {"alpha": 1.0}),
            (
                "k = 0，n = 1",
                {"k": 0.0, "n": 1, "alpha": 1.0, "channel": int(self.values.argmin())},
            ),
        ]
        return [(caption, {**paper, **change}) for caption, change in changes]


def _window(channel, n, count):
    return range(max(0, channel - n // 2), min(count - 1, channel + n // 2) + 1)


def _decimal(value):
    return f"{value:.7f}".rstrip("0").rstrip(".")


def _short(value):
    return f"{value:.4g}" if value < 9999.5 else f"{value:,.0f}"


def _possible(result):
    return result.denominator > 0


def _problem(result):
    weighted = f"k + {_decimal(result.weight)} × {_short(result.squares)}"
    return (
        f"通道 {result.channel} 的窗口里 {weighted} = 0，分母是 0，除法没有意义"
        "（飞桨会给出 nan）。请把 k 调大。"
    )


def _sentence(result):
    if not _possible(result):
        return f"不可能的设置：{_problem(result)}"
    return (
        f"通道 {result.channel}：激活值 {_short(result.value)}，窗口是通道 {result.window[0]} 到 "
        f"{result.window[-1]}，平方和 {_short(result.squares)}，除以 {_short(result.denominator)}，"
        f"得 {_short(result.output)}。{_share(result)}"
    )


def _share(result):
    """What k does and what the neighbours do."""
    alone = result.k**result.beta
    if not alone:
        return "k = 0：压低多少，全看窗口里的激活值。"
    return (
        f"只有 k 时除以 {result.k:g}^{result.beta:g} = {_short(alone)}；"
        f"窗口里的激活值使分母再增大 {result.denominator / alone - 1:.2%}。"
    )


def _power(base, exponent):
    """tspans of a power, the exponent raised."""
    return (
        svg.element("tspan", base)
        + svg.element("tspan", exponent, dy=-8, font_size=14)
        + svg.element("tspan", "\u200b", dy=8)
    )


def _line(y, content, **attributes):
    return svg.element("text", content, x=24, y=y, font_size=18, **attributes)


def _formula(result):
    i, window = result.channel, result.window
    terms = [f"{_short(value)}²" for value in result.values[window.start : window.stop]]
    if len(terms) > 7:
        terms = [*terms[:3], "…", *terms[-3:]]
    channels = f"{window[0]}" if len(window) == 1 else f"{window[0]}–{window[-1]}"
    sum_line = f"窗口：通道 {channels}　Σ a(j)² = {' + '.join(terms)} = "
    sum_line += svg.element("tspan", _short(result.squares), font_weight="bold")
    alpha = "α" if result.rule == "paper" else "(α ÷ n)"
    general = "b(i) = a(i) ÷ " + _power(f"( k + {alpha} · Σ a(j)² )", "β")
    general += "　　j 从 i − n/2 到 i + n/2，越界的不计"
    numbers = f"b({i}) = {_short(result.value)} ÷ " + _power(
        f"( {result.k:g} + {_decimal(result.weight)} × {_short(result.squares)} )",
        f"{result.beta:g}",
    )
    if _possible(result):
        numbers += f" = {_short(result.value)} ÷ {_short(result.denominator)} = " + svg.element(
            "tspan", _short(result.output), font_weight="bold", font_size=22, fill=svg.BLUE
        )
    else:
        numbers += svg.element("tspan", "　✗ 不可能的设置", font_weight="bold", fill=svg.RED)
    return _line(32, general) + _line(64, sum_line) + _line(98, numbers)


def _inputs(result, base):
    largest = result.values.max()
    title = f"输入 a（最大 {_short(largest)}）；橙色：窗口里的通道，蓝色：选中的通道"
    return _chart(result, result.values, largest, base, title)


def _outputs(result, base):
    """The outputs and, where k alone gives a value, a short line at what it gives."""
    alone = result.k**result.beta
    if not alone:
        largest = np.nan_to_num(result.outputs).max()
        title = f"输出 b（最大 {_short(largest)}）；红叉：分母是 0 的通道"
        return _chart(result, result.outputs, largest, base, title)
    unpressed = result.values / alone
    title = (
        f"输出 b（最大 {_short(result.outputs.max())}）；"
        "短横线：没有窗口里的激活值、只有 k 时的输出"
    )
    step, scale = _WIDE / len(unpressed), _HIGH / (unpressed.max() or 1)
    lines = "".join(
        f"M{_LEFT + i * step:.5g} {base - value * scale:.5g}h{step:.4g}"
        for i, value in enumerate(unpressed)
        if value > 0
    )
    return _chart(result, result.outputs, unpressed.max(), base, title) + svg.path(
        lines, stroke=svg.INK, stroke_width=1.5
    )


def _chart(result, values, largest, base, title):
    """A bar a channel, the height of the chart being ``largest``; a cross where there is no
    value; the window stands on a pale band."""
    step, scale = _WIDE / len(values), _HIGH / (largest or 1)
    window = result.window
    bars = {svg.GREY: "", svg.ORANGE: "", svg.BLUE: ""}
    crosses = ""
    for i, value in enumerate(values):
        colour = svg.BLUE if i == result.channel else svg.ORANGE if i in window else svg.GREY
        if np.isfinite(value):
            x, height = _LEFT + (i + 0.12) * step, value * scale
            bars[colour] += f"M{x:.5g} {base}v-{height:.5g}h{0.76 * step:.4g}v{height:.5g}z"
        else:
            x = _LEFT + (i + 0.5) * step
            crosses += f"M{x - 3:.5g} {base - 10}l6 6m0-6l-6 6"
    centre = _LEFT + (result.channel + 0.5) * step
    return (
        svg.text(24, base - _HIGH - 14, title, font_weight="bold")
        + svg.rect(
            _LEFT + window[0] * step,
            base - _HIGH - 4,
            len(window) * step,
            _HIGH + 4,
            fill=svg.ORANGE,
            fill_opacity=0.2,
            stroke=svg.ORANGE,
            stroke_dasharray="4 3",
        )
        + "".join(svg.path(commands, fill=colour) for colour, commands in bars.items() if commands)
        + (svg.path(crosses, stroke=svg.RED, stroke_width=2) if crosses else "")
        + svg.path(f"M{_LEFT} {base}h{_WIDE}", stroke=svg.INK)
        + svg.text(
            centre, base + 17, f"▲ {result.channel}", text_anchor="middle", font_weight="bold"
        )
    )


def _note(result, y):
    if not _possible(result):
        return svg.text(24, y, _problem(result), fill=svg.RED, font_weight="bold")
    passed = result.alpha if result.rule == "paddle" else result.alpha * result.n
    paddle = (
        f"nn.LocalResponseNorm({result.n}, alpha={_decimal(passed)}, beta={result.beta:g}, "
        f"k={result.k:g})"
    )
    advice = (
        f"飞桨把 alpha 除以 n：{paddle} 给出的就是这个值。"
        if result.rule == "paddle"
        else f"飞桨会把 alpha 除以 n，要得到这个值须写 {paddle}。"
    )
    scaled = f"激活值已放大 {result.scale} 倍。" if result.scale > 1 else ""
    return svg.text(24, y, scaled + _share(result)) + svg.text(24, y + 26, advice)
