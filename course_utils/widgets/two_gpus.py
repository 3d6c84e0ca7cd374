"""AlexNet on two GPUs: which half computes what, and what crosses between them.

Source: Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural
networks", NIPS 2012, section 3.2 and figure 2.
"""

from dataclasses import dataclass
from math import hypot, isqrt, prod

from . import svg
from .explorer import Explorer, choice_slider, dropdown

BYTES = 4  # of a number, float32
TALKS = {
    "按论文，只在某几层互通": "paper",
    "每个卷积层、全连接层都互通": "always",
    "从不互通": "never",
}
_KINDS = {
    "Conv2D": "卷积层",
    "Linear": "全连接层",
    "MaxPool2D": "最大池化层",
    "AvgPool2D": "平均池化层",
    "LocalResponseNorm": "局部响应归一化",
    "Dropout": "随机失活",
    "Flatten": "展平",
}
_LANES = ((svg.BLUE, 76), (svg.ORANGE, 266))  # colour and top edge of each GPU's lane
_LANE = 132  # height of a lane


@dataclass(frozen=True)
class Step:
    """One layer on one of two equal GPUs; sizes are (channels, rows, columns) or (features,).

    ``whole_input``: both GPUs hold the whole input, as at the first layer. ``crosses``: numbers
    of one image that change GPU, both directions together. ``filters``, each kernel x kernel x
    ``depth``, ``parameters`` and ``multiply_adds`` are those of one GPU.
    """

    name: str
    kind: str
    input_half: tuple
    output_half: tuple
    whole_input: bool
    crosses: int = 0
    filters: int = 0
    kernel: int = 0
    depth: int = 0
    parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class TwoGpus:
    """All layers in forward order and the index of the chosen one."""

    steps: tuple
    chosen: int
    talk: str

    @property
    def step(self):
        """The chosen layer."""
        return self.steps[self.chosen]

    @property
    def total(self):
        """Numbers that have crossed when the chosen layer is done."""
        return sum(step.crosses for step in self.steps[: self.chosen + 1])

    @property
    def whole(self):
        """Numbers that cross in the whole network."""
        return sum(step.crosses for step in self.steps)

    @property
    def parameters(self):
        """Parameters of both GPUs together."""
        return 2 * sum(step.parameters for step in self.steps)


class TwoGpuExplorer(Explorer):
    """Walk through a network that is split over two GPUs, layer by layer.

    Args:
        table: the ``NetworkTable`` of the grouped network; its first row reads the image.
        shared: names of the rows whose filters or neurons see both halves of their input.

    Raises:
        ValueError: channels that do not halve, or weights that do not agree with ``shared``.
    """

    title = "两块 GPU 各算一半，什么时候要互通？"
    question = "只在几层互通，一幅图像要在两块 GPU 之间传多少字节？如果每层都互通，会多几倍？"

    def __init__(self, table, shared):
        self.rows = table.rows
        self.shared = set(shared)
        for name in self.shared:
            table[name]  # a KeyError that names the rows, if there is none of that name
        super().__init__()

    def make_controls(self):
        names = [row.name for row in self.rows]
        return {
            "layer": choice_slider("层", names, names[0]),
            "talk": dropdown("互通方式", list(TALKS.items()), "paper"),
        }

    def compute(self, layer, talk):
        """``TwoGpus`` with the layer of that name chosen, ``talk`` being a value of ``TALKS``."""
        steps = tuple(
            _step(row, i == 0, row.name in self.shared, talk) for i, row in enumerate(self.rows)
        )
        return TwoGpus(steps, [step.name for step in steps].index(layer), talk)

    def draw(self, result):
        """One lane a GPU, what crosses between them, and below a bar for every layer."""
        lanes = "".join(
            _lane(result.step, number, colour, y) for number, (colour, y) in enumerate(_LANES)
        )
        body = _title(result) + lanes + _crossing(result.step) + _bars(result)
        return svg.picture(860, 626, body, _sentence(result))

    def frames(self):
        names = [row.name for row in self.rows]
        walk = [name for name in names if name in {names[0], names[-1], *self.shared}]
        captions = {talk: words for words, talk in TALKS.items()}
        return [
            (f"{layer}；{captions[talk]}", {"layer": layer, "talk": talk})
            for layer, talk in [
                *((layer, "paper") for layer in walk),
                (names[-1], "always"),
                (names[-1], "never"),
            ]
        ]


def _step(row, first, shared, talk):
    """One row of the table on one GPU; ``shared`` is what holds in the paper."""
    source = tuple(row.input_shape[1:])
    step = {
        "name": row.name,
        "kind": _KINDS.get(row.type, row.type),
        "input_half": source if first else _half(source, row.name),
        "output_half": _half(tuple(row.output_shape[1:]), row.name),
        "whole_input": first,
    }
    if not row.macs:
        return Step(**step)
    outputs, *positions = row.output_shape[1:]
    weights = row.macs // prod(row.output_shape[1:])  # of one filter
    kernel = _kernel(row, weights, source[0] if first or shared else source[0] // 2)
    biases = row.params - weights * outputs
    talks = {"paper": shared, "always": True, "never": False}[talk] and not first
    depth = source[0] if first or talks else source[0] // 2
    filters = outputs // 2
    return Step(
        **step,
        crosses=prod(source) if talks else 0,
        filters=filters,
        kernel=kernel,
        depth=depth,
        parameters=filters * kernel**2 * depth + biases // 2,
        multiply_adds=filters * prod(positions) * kernel**2 * depth,
    )


def _half(shape, name):
    if shape[0] % 2:
        raise ValueError(
            f"{name} has {shape[0]} channels, which two GPUs cannot share equally; use a network "
            f"with even numbers of channels."
        )
    return (shape[0] // 2, *shape[1:])


def _kernel(row, weights, depth):
    """Side of the square kernel of a filter with that many weights over ``depth`` channels."""
    kernel = isqrt(weights // depth)
    if kernel**2 * depth != weights:
        raise ValueError(
            f"{row.name} has {weights} weights a filter, which is no square kernel over {depth} "
            f"channels; check whether it belongs in `shared` ({row.input_shape[1]} channels in)."
        )
    return kernel


def _size(shape):
    """(channels, rows, columns) as the book writes it."""
    return "×".join(str(n) for n in (*shape[1:], shape[0])) if shape[1:] else f"{shape[0]:,} 个数"


def _bytes(numbers):
    return f"{numbers * BYTES:,} 字节"


def _verdict(step):
    if step.crosses:
        return f"两块 GPU 互换各自的一半输入：每个方向 {step.crosses // 2:,} 个数"
    if step.whole_input:
        return "同一幅图像送到两块 GPU，彼此不交换数据"
    return "各算各的，彼此不交换数据"


def _sentence(result):
    step = result.step
    work = (
        f"每块 GPU 有参数 {step.parameters:,} 个，乘加 {step.multiply_adds:,} 次。"
        if step.filters
        else ""
    )
    return (
        f"{step.name}（{step.kind}）：{_verdict(step)}。每块 GPU 输入 {_size(step.input_half)}，"
        f"输出 {_size(step.output_half)}。{work}到这一层为止共传 {_bytes(result.total)}，"
        f"整个网络共传 {_bytes(result.whole)}。"
    )


def _title(result):
    step = result.step
    talk = next(words for words, value in TALKS.items() if value == result.talk)
    return (
        svg.text(836, 30, talk, text_anchor="end", font_size=16)
        + svg.text(24, 30, f"{step.name}　{step.kind}", font_size=20, font_weight="bold")
        + svg.text(
            24,
            58,
            _verdict(step),
            font_size=17,
            font_weight="bold" if step.crosses else "normal",
            fill=svg.RED if step.crosses else svg.INK,
        )
    )


def _lane(step, number, colour, y):
    middle = y + _LANE / 2
    ground = svg.rect(
        24, y, 812, _LANE, rx=8, fill=colour, fill_opacity=0.1, stroke=colour, stroke_width=2
    )
    return (
        ground
        + svg.text(36, y + 22, f"GPU {number}", font_weight="bold")
        + _volume(150, middle, step.input_half, colour, "整幅输入" if step.whole_input else "输入")
        + _arrow(214, middle, 276, middle)
        + _work(step, middle, colour)
        + _arrow(492, middle, 552, middle)
        + _volume(620, middle, step.output_half, colour, "输出")
        + _costs(step, middle)
    )


def _volume(x, y, shape, colour, title):
    """A box whose face grows with the map and whose length grows with the channels."""
    side = 8 + 4 * isqrt(shape[1] if shape[1:] else 1)
    depth = 4 + 1.1 * min(shape[0], 2500) ** 0.5
    lean = 0.35 * depth
    left, top = x - (side + depth) / 2, y - 6 - (side - lean) / 2
    roof = (
        f"M{left:.5g} {top:.5g}l{depth:.4g}-{lean:.4g}h{side}l-{depth:.4g} {lean:.4g}z"
        f"M{left + side:.5g} {top:.5g}l{depth:.4g}-{lean:.4g}v{side}l-{depth:.4g} {lean:.4g}z"
    )
    return (
        svg.path(roof, fill=colour, fill_opacity=0.3, stroke=svg.INK, stroke_width=1)
        + svg.rect(left, top, side, side, fill=colour, fill_opacity=0.65, stroke=svg.INK)
        + svg.text(x, y + 58, f"{title} {_size(shape)}", text_anchor="middle", font_size=15)
    )


def _arrow(x, y, to_x, to_y, stroke=svg.INK, stroke_width=2):
    """A line whose head ends at (to_x, to_y)."""
    length = hypot(to_x - x, to_y - y)
    right, down = (to_x - x) / length, (to_y - y) / length
    neck_x, neck_y = to_x - 12 * right, to_y - 12 * down
    head = (
        f"M{to_x} {to_y:.5g}L{neck_x + 6 * down:.5g} {neck_y - 6 * right:.5g}"
        f"L{neck_x - 6 * down:.5g} {neck_y + 6 * right:.5g}z"
    )
    return svg.path(
        f"M{x} {y:.5g}L{neck_x:.5g} {neck_y:.5g}", stroke=stroke, stroke_width=stroke_width
    ) + svg.path(head, fill=stroke)


def _work(step, y, colour):
    lines = (
        [f"{step.filters} 个滤波器", f"每个 {step.kernel}×{step.kernel}×{step.depth}"]
        if len(step.output_half) > 1 and step.filters
        else [f"{step.filters} 个神经元", f"每个看 {step.depth:,} 个数"]
        if step.filters
        else [step.kind, "没有参数"]
    )
    return svg.rect(278, y - 34, 212, 68, rx=6, fill="#FFFFFF", stroke=colour, stroke_width=2) + (
        "".join(
            svg.text(384, y - 6 + 24 * i, words, text_anchor="middle", font_size=17)
            for i, words in enumerate(lines)
        )
    )


def _costs(step, y):
    if not step.filters:
        return ""
    lines = ["这一半的参数", f"{step.parameters:,}", "这一半的乘加", f"{step.multiply_adds:,}"]
    return "".join(
        svg.text(
            824,
            y - 34 + 25 * i,
            words,
            text_anchor="end",
            font_size=15 if i % 2 == 0 else 17,
            fill="#555555" if i % 2 == 0 else svg.INK,
        )
        for i, words in enumerate(lines)
    )


def _crossing(step):
    """The exchange between the two lanes."""
    upper, lower = (y + _LANE / 2 for _, y in _LANES)
    middle = (upper + lower) / 2
    if not step.crosses:
        return svg.path(
            f"M24 {middle:.5g}h812", stroke=svg.GREY, stroke_width=1.5, stroke_dasharray="3 6"
        ) + svg.text(590, middle - 6, "没有数据过界", fill="#555555")
    words = f"{step.crosses // 2:,} 个数 = {_bytes(step.crosses // 2)}"
    return (
        _arrow(206, upper + 12, 276, lower - 16, svg.RED, 4)
        + _arrow(206, lower - 12, 276, upper + 16, svg.RED, 4)
        + svg.group(
            svg.text(296, middle - 4, f"↓ {words}") + svg.text(296, middle + 18, f"↑ {words}"),
            fill=svg.RED,
            font_weight="bold",
        )
    )


def _bars(result):
    """A bar a layer: the numbers that cross before it."""
    left, base, high = 30, 536, 64
    step = 800 / len(result.steps)
    largest = max(1, *(each.crosses for each in result.steps))
    marks = names = ""
    for i, each in enumerate(result.steps):
        x, chosen = left + (i + 0.5) * step, i == result.chosen
        height = high * each.crosses / largest
        if each.crosses:
            marks += svg.rect(
                x - 0.35 * step,
                base - height,
                0.7 * step,
                height,
                fill=svg.RED if i <= result.chosen else "#E8B090",
                stroke=svg.INK if chosen else "none",
                stroke_width=2,
            )
            names += svg.text(x, base - height - 5, f"{each.crosses * BYTES:,}", font_size=14)
        if each.filters or chosen:
            names += svg.text(
                x,
                base + 17,
                ("▲ " if chosen else "") + each.name,
                font_weight="bold" if chosen else "normal",
            )
    so_far = f"到 {result.step.name} 为止共传 {result.total:,} 个数 = {_bytes(result.total)}"
    whole = (
        f"整个网络共传 {result.whole:,} 个数 = {_bytes(result.whole)}；"
        f"两块 GPU 的参数合计 {result.parameters:,}"
    )
    return (
        svg.text(24, 428, "每层过界的字节数（一幅图像，双向合计；反向传播再传一次）")
        + marks
        + svg.path(f"M{left} {base}h800", stroke=svg.INK)
        + svg.group(names, text_anchor="middle", font_size=15)
        + svg.text(24, 584, so_far, font_weight="bold")
        + svg.text(24, 610, whole)
    )
