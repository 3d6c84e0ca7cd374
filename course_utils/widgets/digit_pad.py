"""Write a digit and see what every layer of a network makes of it."""

from contextlib import contextmanager
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import paddle
import traitlets

from ..counting.modes import evaluating
from ..images.datasets import pad_to_32
from . import svg
from .explorer import Explorer, row

_BOX, _SIDE = 20, 28  # MNIST: a digit fills a 20x20 box inside a 28x28 image
_MOST_MAPS = 16  # shown of one layer


class Pad(anywidget.AnyWidget):
    """The canvas: ``drawing`` is what was written on it, ``shown`` a square image put on it.

    Both are the bytes of a square image, 0 for paper and 255 for ink.
    """

    _esm = Path(__file__).with_name("digit_pad.js")
    drawing = traitlets.CBytes().tag(sync=True, echo_update=False)
    shown = traitlets.CBytes().tag(sync=True)


class DigitPad(Explorer):
    """A pad to write on, the feature maps of a network and its answer.

    Args:
        net: a layer from images (1, 1, 32, 32) to logits (1, 10), the largest being the answer.
        stages: the layers whose outputs are shown, by the name to show, e.g. {"C1": net.c1}.
        images: test images, uint8 array (n, 28, 28), for the button and the flip-book.
    """

    title = "手写一个数字，看每一层"
    question = "把 7 的那一横写短些，网络会改口吗？哪一层的特征图先变？"

    def __init__(self, net, stages, images):
        self.net = net
        self.stages = stages
        self.images = images
        self.image = images[0]
        self._next = 1
        super().__init__()

    def make_controls(self):
        """None that sets an argument by its value: the pad and the button set the image."""
        self.pad = Pad(shown=self.image.tobytes())
        self.pad.observe(self._drawn, "drawing")
        self.button = widgets.Button(description="取一张测试图像")
        self.button.on_click(self._take_image)
        return {}

    def layout(self):
        self.picture.layout.flex = "1 1 420px"
        return [row([widgets.VBox([self.pad, self.button]), self.picture])]

    def settings(self):
        return {"image": self.image}

    def compute(self, image):
        """Run the network on a uint8 image (28, 28), ink 255.

        Returns:
            dict of float arrays: "image" (28, 28), "input" (32, 32), every stage as (channels,
            rows, columns) or (features,), "logits" (10,).
        """
        batch = pad_to_32(image[None])
        with evaluating(self.net), _captured(self.stages) as outputs, paddle.no_grad():
            logits = self.net(paddle.to_tensor(batch))
        stages = {name: outputs[name].numpy()[0] for name in self.stages}
        return {"image": image, "input": batch[0, 0], **stages, "logits": logits.numpy()[0]}

    def draw(self, result):
        """Input and answer on top, one row of maps for each stage, the outputs as bars."""
        body, y = _input(result), 96
        for name in self.stages:
            drawn, height = _stage(name, result[name], y)
            body += drawn
            y += height + 12
        return svg.picture(640, y + 164, body + _outputs(result["logits"], y + 10), _answer(result))

    def frames(self):
        return [(f"测试图像 {i}", {"image": image}) for i, image in enumerate(self.images[:10])]

    def _take_image(self, button):
        self.image = self.images[self._next % len(self.images)]
        self._next += 1
        self.pad.shown = self.image.tobytes()
        self.redraw()

    def _drawn(self, change):
        side = int(len(change.new) ** 0.5)
        self.image = like_mnist(np.frombuffer(change.new, np.uint8).reshape(side, side))
        self.redraw()


def like_mnist(drawing):
    """A drawing (uint8, ink 255) as an MNIST image: uint8 array (28, 28).

    The ink is scaled into a 20x20 box and its centre of mass put into the middle, as in
    LeCun et al. 1998, section III.A.
    """
    image = np.zeros((_SIDE, _SIDE), np.uint8)
    if not drawing.any():
        return image
    rows, columns = (np.flatnonzero(drawing.any(axis=axis)) for axis in (1, 0))
    ink = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(float)
    height, width = (max(1, round(_BOX * side / max(ink.shape))) for side in ink.shape)
    small = _averaging(ink.shape[0], height) @ ink @ _averaging(ink.shape[1], width).T
    top, left = (
        int(np.clip(round(_SIDE / 2 - centre), 0, _SIDE - side))
        for centre, side in zip(_centre_of_mass(small), small.shape, strict=True)
    )
    image[top : top + height, left : left + width] = np.rint(small)
    return image


def _averaging(size, count):
    """Matrix (count, size) that averages ``size`` cells into ``count`` equal stretches."""
    edges = np.linspace(0, size, count + 1)[:, None]
    cell = np.arange(size)
    shared = np.clip(np.minimum(edges[1:], cell + 1) - np.maximum(edges[:-1], cell), 0, None)
    return shared / shared.sum(axis=1, keepdims=True)


def _centre_of_mass(ink):
    return [
        np.average(np.arange(side) + 0.5, weights=ink.sum(axis=1 - axis))
        for axis, side in enumerate(ink.shape)
    ]


@contextmanager
def _captured(stages):
    """The outputs of the stages, by name, filled by a forward pass inside the block."""
    outputs = {}
    hooks = [
        layer.register_forward_post_hook(
            lambda layer, inputs, output, name=name: outputs.__setitem__(name, output)
        )
        for name, layer in stages.items()
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def _answer(result):
    if not result["image"].any():
        return "还没有写字：请写一个数字"
    order = np.argsort(result["logits"])[::-1]
    return f"网络的回答：{order[0]}，其次是 {order[1]}"


def _darkness(values):
    """Grey levels of one layer: the largest value black (0), the smallest white (1)."""
    low, high = values.min(), values.max()
    return (high - values) / (high - low if high > low else 1)


def _input(result):
    return (
        svg.text(12, 36, "输入", font_weight="bold")
        + svg.text(12, 58, "32×32", font_size=13)
        + svg.image(112, 12, 72, 72, _darkness(result["input"]))
        + svg.rect(112, 12, 72, 72, fill="none", stroke=svg.GREY)
        + svg.text(210, 46, _answer(result), font_size=21, font_weight="bold", fill=svg.BLUE)
        + svg.text(210, 74, "每一层各用一把灰度尺：越黑，值越大", font_size=13)
    )


def _stage(name, values, y):
    """(SVG, height) of one stage's row."""
    grey = _darkness(values)
    if grey.ndim == 1:
        rows = 12 if grey.size == 84 else -(-grey.size // 20)  # F6 is a 7x12 digit code
        grey = np.pad(grey, (0, -grey.size % rows), constant_values=1).reshape(1, rows, -1)
        size, cell = f"{values.size} 个值", 6
    else:
        size = f"{len(grey)} 张 {grey.shape[1]}×{grey.shape[2]}"
        shown = min(len(grey), _MOST_MAPS)
        cell = min(44 / grey.shape[2], 518 / (shown * (grey.shape[2] + 1)))
        grey = grey[:_MOST_MAPS]
    count, rows, columns = grey.shape
    sheet = np.pad(grey, ((0, 0), (0, 0), (0, 1)), constant_values=1)  # one cell between maps
    sheet = sheet.transpose(1, 0, 2).reshape(rows, -1)
    width, height = columns * cell, rows * cell
    frames = "".join(
        f"M{112 + i * (width + cell):.5g} {y}h{width:.4g}v{height:.4g}h-{width:.4g}z"
        for i in range(count)
    )
    return (
        svg.text(12, y + 16, name, font_weight="bold")
        + svg.text(12, y + 36, size, font_size=13)
        + svg.image(112, y, sheet.shape[1] * cell, height, sheet)
        + svg.path(frames, fill="none", stroke=svg.GREY, stroke_width=0.8)
    ), max(height, 40)


def _number(value):
    return f"{round(value, 1) + 0.0:.1f}".replace("-", "−")  # + 0.0 turns −0.0 into 0.0


def _outputs(logits, y):
    base, high, left, step = y + 112, 84, 112, 52
    low, best = logits.min(), int(logits.argmax())
    scale = high / max(logits.max() - low, 1e-9)
    heights = [round(float(3 + (value - low) * scale), 1) for value in logits]
    bars = "".join(
        svg.rect(
            left + i * step, base - height, 36, height, fill=svg.BLUE if i == best else "#B8B8B8"
        )
        for i, height in enumerate(heights)
    )
    numbers = "".join(
        svg.text(left + 18 + i * step, base - 6 - height, _number(value))
        + svg.text(left + 18 + i * step, base + 19, i)
        for i, (height, value) in enumerate(zip(heights, logits.tolist(), strict=True))
    )
    star = svg.text(
        left + best * step + 18,
        base + 37,
        "★ 最大",
        text_anchor="middle",
        font_size=13,
        font_weight="bold",
        fill=svg.BLUE,
    )
    return (
        svg.text(12, y + 60, "输出", font_weight="bold")
        + svg.text(12, y + 80, "越大越像", font_size=13)
        + bars
        + svg.group(numbers, text_anchor="middle", font_size=13)
        + star
        + svg.path(f"M{left - 8} {base}h{10 * step}", stroke=svg.INK)
    )
