"""What each branch of a module of parallel branches sees, and what it answers.

Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 4 and figure 2;
receptive fields as in ``effective_field``.
"""

from dataclasses import dataclass
from math import prod

import numpy as np
import paddle
from paddle import nn

from ..counting.effective_field import FieldProbe, clipped, cut, extent
from ..counting.modes import evaluating
from ..images.datasets import standardize
from . import svg
from .explorer import Explorer, slider
from .photos import drawn_photo, fitted, window_frame

# Colour and dashes of the four branches.
_STYLES = (
    (svg.BLUE, "none"),
    (svg.RED, "9 4"),
    (svg.GREEN, "3 3"),
    (svg.PURPLE, "14 3 3 3"),
)
_PHOTO, _ZOOM, _MAP = 300, 240, 210  # sides in pixels
_LEFT, _TOP, _MAPS = 24, 66, 400  # of the photo; x of the maps


@dataclass(frozen=True)
class View:
    """One branch at one position.

    ``window``: rows and columns of the photo that the unit sees, as in ``effective_field.Unit``.
    ``feature_map``: float32 (height, width), of ``maps`` the one that was asked for.
    """

    name: str
    window: tuple
    feature_map: np.ndarray
    maps: int
    channel: int

    @property
    def dead(self):
        """Whether the map is the same everywhere."""
        return bool(np.ptp(self.feature_map) == 0)


@dataclass(frozen=True)
class Views:
    """All branches at the unit in this row and column of their feature maps."""

    row: int
    column: int
    rank: int
    photo: np.ndarray
    branches: tuple

    @property
    def widest(self):
        """The window that holds all others."""
        return max((branch.window for branch in self.branches), key=lambda w: prod(extent(w)))


class BranchExplorer(Explorer):
    """Move over the feature maps of parallel branches; see what each unit saw of a photo.

    Args:
        before: the layers in front of the module; ``nn.Identity()`` if there are none.
        module: a layer whose children, four at most, all read its input.
        input_shape: (1, 3, n, n), or (1, 1, n, n) for a grey photo.
        photo: uint8 array (height, width, 3); its middle square is scaled to n x n.

    Raises:
        ValueError: an input_shape that a photo cannot have, or a module without two to four
            branches.
        graph.TraceError: layers that cannot take the input.
    """

    title = "四条分支各看见什么？"
    question = (
        "四条分支的同一个位置，看见的范围一样大吗？哪一条看得最远？"
        "池化分支没有自己的卷积核去看邻居，它看见的为什么也比 1×1 分支大？"
    )

    def __init__(self, before, module, input_shape, photo):
        branches = list(module.named_children())
        if not 2 <= len(branches) <= len(_STYLES):
            raise ValueError(
                f"{type(module).__name__} has {len(branches)} branches; give a module with two "
                f"to {len(_STYLES)}."
            )
        self.photo = fitted(photo, "the module", input_shape)
        units = FieldProbe(nn.Sequential(before, module), input_shape).units
        last = {unit.layer.split(".")[1]: unit for unit in units.values() if unit.layer[:2] == "1."}
        self.units = [last[name] for name, _ in branches]
        self.names = [_name(branch) for _, branch in branches]
        with evaluating(before), evaluating(module), paddle.no_grad():
            x = before(paddle.to_tensor(standardize(self.photo[None])))
            self.maps = [_by_contrast(branch(x)[0].numpy()) for _, branch in branches]
        super().__init__()

    def make_controls(self):
        height, width = self.units[0].output_shape[1:]
        fewest = min(len(maps) for _, maps in self.maps)
        return {
            "row": slider("行", 0, height - 1, height // 2),
            "column": slider("列", 0, width - 1, width // 2),
            "rank": slider("第几张特征图", 1, fewest, 1),
        }

    def compute(self, row, column, rank):
        """``Views``; rank 1 is the map of each branch with the strongest contrast."""
        return Views(
            row,
            column,
            rank,
            self.photo,
            tuple(
                View(name, _moved(unit, row, column), maps[rank - 1], len(maps), order[rank - 1])
                for name, unit, (order, maps) in zip(self.names, self.units, self.maps, strict=True)
            ),
        )

    def draw(self, result):
        """The photo and its magnified part with all windows, and one map of each branch."""
        maps = "".join(
            _map(result, branch, style, _MAPS + 226 * (i % 2), _TOP + 294 * (i // 2))
            for i, (branch, style) in enumerate(zip(result.branches, _STYLES, strict=False))
        )
        body = _whole(result) + _magnified(result) + maps + _notes()
        return svg.picture(860, 690, body, _sentence(result))

    def frames(self):
        height, width = self.units[0].output_shape[1:]
        middle = self.settings()
        return [
            (f"第 {place['row']} 行，第 {place['column']} 列；第 {place['rank']} 张", place)
            for place in (
                middle,
                middle | {"row": height // 3, "column": width // 3},
                middle | {"row": 0, "column": 0},
                middle | {"rank": min(2, self.controls["rank"].max)},
            )
        ]


def _name(branch):
    """What a branch does to its neighbourhood."""
    layers = branch.sublayers(include_self=True)
    if any(isinstance(layer, nn.MaxPool2D) for layer in layers):
        return "池化分支"
    kernel = max(layer.weight.shape[-1] for layer in layers if isinstance(layer, nn.Conv2D))
    return f"{kernel}×{kernel} 分支"


def _by_contrast(maps):
    """(channels, maps) with the strongest contrast first."""
    order = np.argsort(-maps.std(axis=(1, 2)), kind="stable")
    return order.tolist(), maps[order]


def _moved(unit, row, column):
    """The window of the unit in another place of the same feature map."""
    steps = (
        int((place - middle) * jump)
        for place, middle, jump in zip((row, column), unit.position, unit.jump, strict=True)
    )
    return tuple(
        (first + step, last + step) for step, (first, last) in zip(steps, unit.window, strict=True)
    )


def _frames(result, x, y, scale, within):
    """The windows of all branches, without what lies outside of ``within``; one that equals
    another before it is drawn a little smaller, so that both show."""
    drawn, before = "", []
    for branch, (colour, dashes) in zip(result.branches, _STYLES, strict=False):
        inset = 4 * before.count(branch.window) / scale
        before.append(branch.window)
        seen = tuple(
            (max(first, low) + inset, min(last, high) - inset)
            for (first, last), (low, high) in zip(branch.window, within, strict=True)
        )
        style = {"stroke": colour, "stroke_dasharray": dashes, "stroke_width": 3}
        drawn += window_frame(seen, x, y, scale, fill="none", **style)
    return drawn


def _by(window):
    return "×".join(map(str, extent(window)))


def _sentence(result):
    seen = "；".join(f"{branch.name}看见 {_by(branch.window)} 像素" for branch in result.branches)
    return f"特征图的第 {result.row} 行、第 {result.column} 列：{seen}。"


def _whole(result):
    side = len(result.photo)
    image = ((0, side - 1), (0, side - 1))
    place = f"框：第 {result.row} 行、第 {result.column} 列的单元看见的范围"
    return (
        svg.text(_LEFT, 28, f"输入 {side}×{side}", font_weight="bold", font_size=16)
        + svg.text(_LEFT, 52, place)
        + drawn_photo(_LEFT, _TOP, _PHOTO, _PHOTO, result.photo)
        + _frames(result, _LEFT, _TOP, _PHOTO / side, image)
    )


def _magnified(result):
    """The widest window fills the square; what lies outside of the photo is grey."""
    x, y = _LEFT + 30, _TOP + _PHOTO + 42
    (top, _), (left, _) = result.widest
    scale = _ZOOM / max(extent(result.widest))
    x0, y0 = x - left * scale, y - top * scale
    shown = clipped(result.widest, result.photo.shape[:2])
    height, width = (n * scale for n in extent(shown))
    pixels = cut(result.photo, result.widest)
    return (
        svg.text(_LEFT, y - 12, "放大看最大的窗口（灰色处在图像之外）", font_weight="bold")
        + window_frame(result.widest, x0, y0, scale, fill=svg.PALE)
        + drawn_photo(
            float(x0 + shown[1][0] * scale), float(y0 + shown[0][0] * scale), width, height, pixels
        )
        + _frames(result, x0, y0, scale, result.widest)
    )


def _map(result, branch, style, x, y):
    """One feature map with the chosen unit marked."""
    colour, dashes = style
    rows, columns = branch.feature_map.shape
    largest = branch.feature_map.max()
    cell_x, cell_y = _MAP / columns, _MAP / rows
    value = branch.feature_map[result.row, result.column]
    said = "处处相同" if branch.dead else f"这一格是最大值的 {value / largest:.0%}"
    return (
        svg.text(x, y - 12, f"{branch.name}：看见 {_by(branch.window)}", font_weight="bold",
                 font_size=16, fill=colour)
        + svg.image(x, y, _MAP, _MAP, branch.feature_map / (largest or 1))
        + svg.rect(x, y, _MAP, _MAP, fill="none", stroke=colour, stroke_width=2.5,
                   stroke_dasharray=dashes)
        + svg.rect(x + result.column * cell_x - 2, y + result.row * cell_y - 2, cell_x + 4,
                   cell_y + 4, fill="none", stroke=svg.ORANGE, stroke_width=3)
        + svg.text(x, y + _MAP + 20, f"第 {branch.channel} 通道（共 {branch.maps} 个）")
        + svg.text(x, y + _MAP + 42, said)
    )  # fmt: skip


def _notes():
    return svg.text(
        _MAPS,
        _TOP + 578,
        "橙框：选中的单元。各分支的特征图按反差从大到小排列；",
        fill="#555555",
    ) + svg.text(_MAPS, _TOP + 600, "黑色为 0，白色为这张图的最大值。", fill="#555555")
