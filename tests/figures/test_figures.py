"""What the figures show: the right numbers, in whole words, with characters that the font has."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from course_utils import figures, runtime
from course_utils.counting.geometry import Field
from course_utils.figures._canvas import VERMILION

C3 = [
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5),
]  # fmt: skip
LENET = [
    ("输入", (1, 32, 32)),
    ("C1 卷积层", (6, 28, 28), "卷积\n5×5"),
    ("S2 池化层", (6, 14, 14), "下采样\n2×2"),
    ("C3 卷积层", (16, 10, 10), "卷积\n5×5"),
    ("S4 池化层", (16, 5, 5), "下采样\n2×2"),
    ("C5 卷积层", (120, 1, 1), "卷积\n5×5"),
    ("F6 全连接层", (84,), "全连接"),
    ("输出层", (10,), "RBF"),
]
C3_FIELD = Field().window(5).window(2, stride=2).window(5)  # of LeNet-5
DIGITS = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
CODES = np.where(np.random.default_rng(1).random((10, 12, 7)) < 0.5, 1, -1)
NORMALS = np.random.default_rng(2).normal(size=(16, 1, 5, 5))


def run(train, test):
    return [
        {"epoch": epoch, "train_error": train / epoch, "test_error": test / epoch}
        for epoch in range(1, 8)
    ]


RUNS = {"平均池化": [run(4, 6), run(6, 8), run(5, 10)], "最大池化": [run(3, 5)]}

BRANCHES = [
    [("卷积", 1, 64)],
    [("卷积", 1, 96), ("卷积", 3, 128)],
    [("卷积", 1, 16), ("卷积", 5, 32)],
    [("最大池化", 3, 192), ("卷积", 1, 32)],
]
STAGES = [
    [
        ("输入", "other", (3, 224, 224), None),
        ("conv1", "convolution", (64, 112, 112), None),
        ("pool1", "pooling", (64, 56, 56), None),
    ],
    [
        ("3a", "module", (256, 28, 28), (192, 64)),
        ("pool2", "pooling", (256, 1, 1), None),
        ("linear", "other", (1000, 1, 1), None),
    ],
]
RESIDUAL_BLOCKS = {
    "(a) 基本模块": (64, [(3, 64), (3, 64)], None),
    "(b) 瓶颈模块": (64, [(1, 64), (3, 64), (1, 256)], 1),
}
TWIN_ROWS = [
    ("conv1\nconv2_x\n56×56", [("c1", "7×7 /2\n64", "conv"), ("pool", "池化\n/2", "pool")]),
    ("conv4_x\n14×14", [(f"4.{i}", "3×3 /2\n256", "conv") for i in range(12)]),
]
TWIN_SHORTCUTS = [(f"4.{i}", f"4.{i + 1}", i > 0) for i in range(0, 12, 2)]
INPUTS = np.linspace(-6, 6, 25)
DENSE_NODES = [
    ("输入 $x_0$", None, 6), ("$H_1$", 6, 4), ("$H_2$", 10, 4), ("$H_3$", 14, 4),
    ("$H_4$", 18, 4), ("转换层", 22, None),
]  # fmt: skip
DENSE_LINKS = list(combinations(range(6), 2))
STAIRS = {
    "θ = 0.5": [[64, 96, 128], [64, 96, 128, 160]],
    "θ = 1": [[64, 96, 128], [128, 160, 192, 224]],
}
HEARD = np.where(np.tri(4, dtype=bool).T, np.arange(16).reshape(4, 4), np.nan)
MEASURED = {
    "DenseNet": [
        ({"参数量（千）": 11, "乘加次数（百万）": 1}, [16.5, 17]),
        ({"参数量（千）": 27, "乘加次数（百万）": 3}, [16.0, 16.3]),
    ],
    "ResNet": [({"参数量（千）": 27, "乘加次数（百万）": 2}, [16.1, 17.2])],
}
FAMILIES = {
    "ResNet": [("34", 21.8, 3.66, 26.7), ("50", 25.6, 4.1, 24.0)],
    "DenseNet-BC": [("121", 8.0, 2.8, 25.0), ("169", 14.1, 3.4, 23.8)],
}

DRAWINGS = {
    "volumes": lambda: figures.network_volumes(LENET, title="LeNet-5 的结构"),
    "connections": lambda: figures.connection_table(C3),
    "subsampling": lambda: figures.subsampling_step([[0.12, 0.8], [-0.25, 1]], 0.53, -0.2),
    "averaging": lambda: figures.subsampling_step([[1, 2], [3, 4]], -0.5, 0.1, scale=0.25),
    "scaling": lambda: figures.subsampling_step([[1, 2], [3, 4]], -0.5, 0.1, scale=0.5),
    "pooling": lambda: figures.pooling_windows(np.arange(49).reshape(7, 7), 3, 2, "max"),
    "pooled digit": lambda: figures.pooling_windows(DIGITS[0], 2, 2),
    "padding": lambda: figures.padded_digit(DIGITS[0], C3_FIELD, pad=2),
    "samples": lambda: figures.image_grid(DIGITS, range(12), range(12), title="测试集的图像"),
    "maps": lambda: figures.feature_map_strip(NORMALS[:, 0], "C3 的特征图"),
    "codes": lambda: figures.digit_codes(CODES),
    "curves": lambda: figures.training_curves(RUNS),
    "scatter": lambda: figures.seed_scatter({"C3 用连接表": [1.02, 1.11, 0.98], "全连接": [1]}),
    "kernels": lambda: figures.kernel_grid(NORMALS),
    "sharing": lambda: figures.local_connections(),
    "branches": lambda: figures.branch_module(BRANCHES, 192, 28, "Inception V1（模块 3a）"),
    "stages": lambda: figures.network_stages(
        STAGES, {"3a": "辅助分类器\n平均池化"}, ["1×1", "3×3"]
    ),
    "bars": lambda: figures.grouped_bars(
        ["3a", "3b"],
        {"初级模块": [303, 854], "V1": [128, 304]},
        "乘加次数（百万）",
        "比较",
    ),
    "profile": lambda: figures.layer_profile(
        ["conv1", "conv2"], {"只有主损失": [[0.1, 1.0], [0.2, 2.0]]}, "梯度的范数", "各层的梯度"
    ),
    "timeline": lambda: figures.network_timeline(
        [
            {"name": "LeNet-5", "year": 1998, "depth": 4, "params": 60_000, "top5": None},
            {"name": "VGG-16", "year": 2014, "depth": 16, "params": 138_357_544, "top5": 8.8},
        ],
        "从 LeNet 到 VGG",
    ),
    "winners": lambda: figures.challenge_errors(
        [(2011, "XRCE", 25.8, None), (2012, "AlexNet", 16.4, "8 层")], human=5.1
    ),
    "two GPUs": lambda: figures.two_gpus(
        [(f"C{n}", (192, 13, 13), 21632 * (n == 3)) for n in range(1, 12)]
    ),
    "activations": lambda: figures.activation_curves(
        {name: (INPUTS, np.tanh(INPUTS), 1 - np.tanh(INPUTS) ** 2) for name in ("tanh", "sigmoid")}
    ),
    "curves side by side": lambda: figures.curve_panels(
        {f"深度 {depth}": {"ReLU": ([1, 2], [[0.3, 0.2], [0.4, np.nan]])} for depth in (4, 8, 16)},
        "损失",
        "学习率",
        "最后的损失",
        xscale="log",
        level=(2.3, "乱猜"),
    ),
    "gaps": lambda: figures.error_gaps(
        {row: {"dropout": ([0, 5], [[90, 0]], [[90, 9]])} for row in ("标签全对", "30 % 错标签")},
        "轮",
        "训练与测试之间的距离",
    ),
    "thinned": lambda: figures.thinned_networks((2, 3, 2), [[(0, 1), (0, 2), (0, 1)]]),
    "shares": lambda: figures.layer_shares(["c1", "f6"], {"参数量": [3, 97], "乘加次数": [80, 20]}),
    "stacks": lambda: figures.stacked_fields((3, 3), (5,)),
    "residual blocks": lambda: figures.residual_blocks(RESIDUAL_BLOCKS),
    "twins": lambda: figures.twin_networks(TWIN_ROWS, TWIN_SHORTCUTS),
    "dense block": lambda: figures.dense_block(DENSE_NODES, DENSE_LINKS),
    "staircase": lambda: figures.channel_staircase(STAIRS),
    "one staircase": lambda: figures.channel_staircase({"θ = 0.5": STAIRS["θ = 0.5"]}),
    "tradeoff": lambda: figures.error_tradeoff(FAMILIES, "top-1 错误率（%）", "数据：论文表 3"),
    "costs": lambda: figures.errors_against_costs(MEASURED, "错误率与三种代价"),
    "heat map": lambda: figures.weight_heat_map(
        {"训练前": [HEARD, HEARD], "训练后": [HEARD, HEARD]}, ["转换层", "分类层"], "谁听谁的"
    ),
    "shifts": lambda: figures.errors_against_shift(
        {"共享，取平均": [[10, 12, 20], [9, 14, 30]], "共享，全连接头": [[6, 27, 69]]}, "平移"
    ),
    "sliding": lambda: figures.sliding_kernel(
        DIGITS[0] / 255, [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]], ((9, 12), (16, 16), (24, 4))
    ),
    "moving": lambda: figures.moving_answers(
        DIGITS[:2], DIGITS[:2], [0.081, 0.081], [-1.2, 0.8], 6
    ),
    "walk": lambda: figures.layer_walk(
        {"input": DIGITS[0], "C1": DIGITS[:6], "C3": NORMALS[:, 0], "F6": np.arange(84)}, "一个 7"
    ),
    "stack sizes": lambda: figures.stack_parameters(((3, 3), (5,))),
}


@pytest.fixture(autouse=True, scope="module")
def style():
    runtime.use_plot_style()


@pytest.fixture(params=DRAWINGS, scope="module")
def drawing(request, style):
    """(figure, the Text artists that are really drawn)."""
    texts = []
    draw = Text.draw

    def record(text, renderer):
        if text.get_visible() and text.get_text().strip():
            texts.append(text)
        draw(text, renderer)

    figure = DRAWINGS[request.param]()
    figure.set_dpi(100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", record)
        figure.draw_without_rendering()
    assert texts
    return figure, list(dict.fromkeys(texts))


def words(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def frames(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle) and not patch.get_fill()]


def test_texts_can_be_read(drawing):
    figure, texts = drawing
    assert figure.get_size_inches()[0] <= 10
    boxes = {}
    for text in texts:
        assert text.get_fontsize() >= 9, text
        box = text.get_window_extent()
        boxes[text] = box.padded(-1)
        assert box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1, f"{text} is cut"
        assert box.y0 >= -1 and box.y1 <= figure.bbox.y1 + 1, f"{text} is cut"
    for one, other in combinations(texts, 2):
        assert not boxes[one].overlaps(boxes[other]), f"{one} lies over {other}"


def test_font_has_every_character(drawing):
    _, texts = drawing
    (font,) = (Path(figures.__file__).parents[1] / "fonts").glob("*Regular.otf")
    known = {chr(code) for code in FT2Font(str(font)).get_charmap()}
    for text in texts:
        missing = set(text.get_text()) - known - {"\n"}
        assert not missing, f"{text} needs {missing}"
        assert Path(font_manager.findfont(text.get_fontproperties())).name == font.name


def test_a_notebook_shows_a_figure_only_once():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figures.digit_codes(CODES)
    assert plt.get_fignums() == before


def test_volumes_draw_one_plane_for_each_channel():
    figure = figures.network_volumes(LENET)
    planes = [patch for patch in figure.axes[0].patches if patch.get_width() > 0.11]
    assert len(planes) == 1 + 6 + 6 + 16 + 16
    assert {"C1 卷积层\n28×28×6", "C5 卷积层\n1×1×120", "F6 全连接层\n84"} <= set(words(figure))


def test_volumes_refuse_a_shape_with_batch():
    with pytest.raises(ValueError, match=r"C1 has the shape \(1, 6, 28, 28\)"):
        figures.network_volumes([("C1", (1, 6, 28, 28))])
    with pytest.raises(ValueError, match="rows is empty"):
        figures.network_volumes([])


def test_connection_table_has_sixty_crosses_where_the_table_says():
    figure = figures.connection_table(C3)
    (crosses,) = (line for line in figure.axes[0].lines if line.get_gid() == "crosses")
    points = {(int(column), int(row)) for column, row in crosses.get_xydata()}
    assert points == {(column, row) for column, maps in enumerate(C3) for row in maps}
    assert len(crosses.get_xdata()) == 60
    assert "60" in words(figure)


def test_connection_table_names_the_four_groups():
    figure = figures.connection_table(C3)
    groups = ["相邻的 3 张", "相邻的 4 张", "不全相邻的 4 张", "全部 6 张"]
    assert [text for text in words(figure) if text in groups] == groups
    shades = [patch for patch in figure.axes[0].collections if isinstance(patch, PolyCollection)]
    widths = [np.ptp(shade.get_paths()[0].vertices[:, 0]) for shade in shades]
    assert np.allclose(widths, [5.84, 5.84, 2.84, 0.84])


@pytest.mark.parametrize("column", [(0, 6), (1, 1), (-1, 2)])
def test_connection_table_refuses_impossible_maps(column):
    with pytest.raises(ValueError, match="output map 0 sees"):
        figures.connection_table([column])


def test_subsampling_step_writes_todays_numbers():
    text = "\n".join(words(figures.subsampling_step([[1, 2], [3, 4]], 0.1, -0.5)))
    assert "1 + 2 + 3 + 4 = 10" in text
    assert "0.1 × 10 + (−0.5) = 0.5" in text
    assert "1.7159 tanh(2/3 × 0.5) ≈ 0.5517" in text  # 1.7159 * tanh(1/3)
    assert "(1 + 2 + 3 + 4) ÷ 4 = 2.5" in "\n".join(
        words(figures.subsampling_step([[1, 2], [3, 4]], 0.1, -0.5, scale=0.25))
    )


def test_pooling_shows_input_and_result():
    figure = figures.pooling_windows([[1, 2, 3, 4], [5, 6, 7, 8]], 2, 2)
    before, after = figure.axes
    assert words(after)[:2] == ["3.5", "5.5"]
    assert np.allclose(after.images[0].get_array(), [[3.5, 5.5]])
    largest = figures.pooling_windows(np.arange(25).reshape(5, 5), 3, 2, "max").axes[1]
    assert np.allclose(largest.images[0].get_array(), [[12, 14], [22, 24]])
    corners = {patch.get_xy() for patch in frames(before) if patch.get_width() == 2}
    assert corners == {(-0.5, -0.5), (1.5, -0.5)}


def test_pooling_marks_no_window_that_is_not_there():
    before, after = figures.pooling_windows([[1, 2], [3, 4]], 2, 2).axes
    marked = [patch for ax in (before, after) for patch in frames(ax) if patch.get_lw() == 3]
    assert len(marked) == 2


def test_padding_spreads_the_centres_over_the_digit():
    """With padding they form the 20x20 area of LeCun et al. 1998, section II.B."""
    figure = figures.padded_digit(DIGITS[0], C3_FIELD, pad=2)
    for ax, ends, count in zip(figure.axes, ((6.5, 20.5), (4.5, 22.5)), (8, 10), strict=True):
        centres = ax.lines[0].get_xydata()
        assert len(centres) == count**2
        assert (centres.min(), centres.max()) == ends
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == [
        "不填充：28×28，8×8 个中心，覆盖 16×16",
        "填充 2 圈：32×32，10×10 个中心，覆盖 20×20",
    ]


def test_wrong_predictions_have_frame_and_cross():
    figure = figures.image_grid(DIGITS[:3], labels=[7, 2, 1], predictions=[7, 2, 4])
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["标签 7\n预测 7", "标签 2\n预测 2", "标签 1\n预测 4 ×"]
    colors = [
        {to_hex(spine.get_edgecolor()).upper() for spine in ax.spines.values()}
        for ax in figure.axes
    ]
    assert [color == {VERMILION} for color in colors] == [False, False, True]
    assert all(spine.get_visible() for ax in figure.axes for spine in ax.spines.values())


def test_feature_maps_share_one_scale():
    figure = figures.feature_map_strip(np.stack([np.zeros((4, 4)), np.full((4, 4), 9.0)]))
    limits = {ax.images[0].get_clim() for ax in figure.axes if ax.images}
    assert limits == {(0, 9)}


def test_shifts_show_mean_spread_and_chance():
    figure = figures.errors_against_shift({"取平均": [[10, 20], [20, 40]]}, "平移")
    (ax,) = figure.axes
    curve, chance = ax.lines
    assert np.allclose(curve.get_ydata(), [15, 30]) and set(chance.get_ydata()) == {90}
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (10, 40)


def test_a_sliding_kernel_gives_a_cell_for_every_place():
    image = np.zeros((6, 8))
    image[2, 1:5] = 1
    figure = figures.sliding_kernel(image, [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]], ((1, 1),))
    maps = figure.axes[2].images[0].get_array()
    assert maps.shape == (4, 6) and maps[1, 1] == 6 and maps[2, 1] == -3
    assert "6" in words(figure) and "特征图 4×6" in words(figure)
    with pytest.raises(ValueError, match="at most 3 can be marked"):
        figures.sliding_kernel(image, np.ones((3, 3)), ((0, 0),) * 4)


def test_a_walk_has_a_row_for_each_layer_and_at_most_sixteen_maps_in_it():
    many = np.random.default_rng(0).normal(size=(20, 5, 5))
    figure = figures.layer_walk({"input": DIGITS[0], "C3": many, "F6": np.arange(84)}, "7")
    assert len(figure.axes) == 1 + 16 + 1
    assert [text for text in words(figure) if "：" in text] == [
        "输入：28×28", "C3：20 张 5×5", "F6：84 个数"
    ]  # fmt: skip
    assert np.array_equal(figure.axes[-1].images[0].get_array(), np.arange(84).reshape(12, 7))


def test_codes_are_drawn_in_order():
    figure = figures.digit_codes(CODES)
    assert all(
        np.array_equal(ax.images[0].get_array(), code)
        for ax, code in zip(figure.axes, CODES, strict=True)
    )
    assert [ax.get_xlabel() for ax in figure.axes] == list("0123456789")


def test_curves_show_mean_and_spread():
    figure = figures.training_curves(RUNS)
    train, test = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["训练错误率", "测试错误率"]
    assert np.allclose(test.lines[0].get_ydata(), 8 / np.arange(1, 8))
    band = test.collections[0].get_paths()[0].vertices
    assert np.isclose(band[:, 1].max(), 10) and np.isclose(band[band[:, 0] == 1, 1].min(), 6)
    styles = {(line.get_linestyle(), line.get_marker(), line.get_color()) for line in train.lines}
    assert all(len(set(column)) == 2 for column in zip(*styles, strict=True))


def test_scatter_writes_mean_and_every_value():
    figure = figures.seed_scatter({"tanh": [1.0, 1.5, 2.0]})
    assert "均值 1.50（1.00、1.50、2.00）" in words(figure)
    dots, mean = figure.axes[0].lines
    assert list(dots.get_xdata()) == [1.0, 1.5, 2.0] and list(mean.get_xdata()) == [1.5]


def test_kernels_have_limits_around_zero():
    figure = figures.kernel_grid(np.array([1.0, -3.0]).reshape(2, 1, 1, 1))
    assert {ax.images[0].get_clim() for ax in figure.axes if ax.images} == {(-3, 3)}


@pytest.mark.parametrize(
    "settings, counts",
    [
        ({}, [(36, 36), (12, 12), (12, 3)]),
        ({"inputs": 6, "kernel": 2, "stride": 1}, [(30, 30), (10, 10), (10, 2)]),
    ],
)
def test_sharing_counts_what_it_draws(settings, counts):
    figure = figures.local_connections(**settings)
    written = [text for text in words(figure) if "条连接" in text]
    assert written == [f"{links} 条连接，{weights} 个不同的权重" for links, weights in counts]
    assert [len(ax.lines) for ax in figure.axes] == [links for links, _ in counts]


@pytest.mark.parametrize(
    "draw, wrong",
    [
        (lambda: figures.subsampling_step([[1, 2]], 1, 0), r"\(1, 2\)"),
        (lambda: figures.pooling_windows(DIGITS, 2, 2), r"\(12, 28, 28\)"),
        (lambda: figures.pooling_windows(DIGITS[0], 2, 2, "mean"), "'mean'"),
        (lambda: figures.padded_digit(DIGITS, C3_FIELD, 2), r"\(12, 28, 28\)"),
        (lambda: figures.padded_digit(DIGITS[0][:8, :8], C3_FIELD, 2), "14 pixels wide"),
        (lambda: figures.image_grid(DIGITS[0]), r"\(28, 28\)"),
        (lambda: figures.image_grid(DIGITS, labels=[1]), "1 labels for 12 images"),
        (lambda: figures.feature_map_strip(NORMALS), r"\(16, 1, 5, 5\)"),
        (lambda: figures.digit_codes(CODES[0]), r"\(12, 7\)"),
        (lambda: figures.digit_codes(CODES * 2), "they must be"),
        (lambda: figures.training_curves({"a": [{"epoch": [1], "loss": [2]}]}), "'loss'"),
        (lambda: figures.training_curves({"a": [run(1, 1), run(1, 1)[:3]]}), r"\[3, 7\] epochs"),
        (lambda: figures.training_curves(dict.fromkeys(range(7), [run(1, 1)])), "7 labels"),
        (lambda: figures.training_curves({}), "0 labels"),
        (lambda: figures.training_curves({"tanh": []}), "tanh has no run"),
        (lambda: figures.seed_scatter({"tanh": []}), "tanh has no result"),
        (lambda: figures.kernel_grid(NORMALS[:, 0]), r"\(16, 5, 5\)"),
        (lambda: figures.local_connections(kernel=5), "kernel is 5"),
        (lambda: figures.twin_networks(TWIN_ROWS, [("pool", "4.1", True)]), "from pool to 4.1"),
        (lambda: figures.twin_networks(TWIN_ROWS, [("5.0", "5.1", True)]), "from 5.0 to 5.1"),
        (lambda: figures.dense_block(DENSE_NODES, [(2, 1)]), "from 2 to 1"),
        (lambda: figures.dense_block(DENSE_NODES * 2, [(0, 1)]), "12 nodes"),
        (lambda: figures.channel_staircase({"a": [[1, 2]], "b": [[1]]}), r"\(1,\), \(2,\)"),
        (lambda: figures.channel_staircase({}), "0 labels"),
        (lambda: figures.error_tradeoff({"A": [("b", 0, 1, 2)]}, "", ""), "A b has a cost"),
        (lambda: figures.error_tradeoff({}, "", ""), "0 families"),
        (lambda: figures.errors_against_costs({}, ""), "0 families"),
        (lambda: figures.errors_against_costs({"A": [({"a": 0}, [1])]}, ""), "A has a cost of 0"),
        (lambda: figures.weight_heat_map({"a": [HEARD]}, ["b", "c"], ""), "1 blocks; 2 have"),
        (lambda: figures.weight_heat_map({"a": [HEARD[1:]]}, ["b"], ""), r"\(3, 4\)"),
    ],
)
def test_wrong_data_is_refused_with_its_value(draw, wrong):
    with pytest.raises(ValueError, match=wrong):
        draw()


def test_a_notebook_stores_a_figures_words_beside_its_picture():
    figure = figures.seed_scatter({"最大池化": [1, 2], "平均池化": [3, 4]}, title="比较")
    data, metadata = figure._repr_mimebundle_()
    words = metadata["image/png"]["alt"]
    assert data["image/png"] and "比较" in words
    assert {"最大池化", "平均池化", "测试错误率（%）"} <= set(words.split("；"))
    assert not any(word.isdecimal() for word in words.split("；"))


def test_a_figure_reads_out_no_mathematical_markup():
    written = figures.layer_profile(["c1", "f2"], {"Kaiming": [[1, 0.01]]}, "输出", "初始化之后")
    _, metadata = written._repr_mimebundle_()
    assert "从输入到输出" in metadata["image/png"]["alt"]
    assert "$" not in metadata["image/png"]["alt"]


def test_a_module_tells_its_reductions_and_adds_up_its_channels():
    drawn = words(figures.branch_module(BRANCHES, 192, 28, "3a"))
    assert [text for text in drawn if "降维" in text] == [
        "卷积 1×1（降维）\n192 → 96 个通道",
        "卷积 1×1（降维）\n192 → 16 个通道",
    ]
    assert "卷积 1×1（投影）\n192 → 32 个通道" in drawn
    assert "沿通道拼接：64 + 128 + 32 + 32 = 256\n28×28×256" in drawn


def test_stages_number_the_parts_between_poolings():
    drawn = words(figures.network_stages(STAGES))
    assert [text for text in drawn if text.endswith("部分")] == ["第一部分", "第二部分", "第三部分"]
    assert {"224×224×3", "28×28×256", "1×1×1000"} <= set(drawn)


def test_bars_and_profiles_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="V1 has 1 values for 2 names"):
        figures.grouped_bars(["3a", "3b"], {"V1": [1]}, "y", "t")
    with pytest.raises(ValueError, match="needs 2 positive values"):
        figures.layer_profile(["a", "b"], {"主损失": [[1.0, 0.0]]}, "y", "t")


def test_a_profile_is_the_mean_over_the_seeds_on_a_logarithmic_scale():
    figure = figures.layer_profile(["a", "b"], {"主损失": [[1, 0.1], [3, 0.3]]}, "y", "t")
    (ax,) = figure.axes
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[0, 2], [1, 0.2]])


def test_residual_blocks_count_their_weights():
    drawn = words(figures.residual_blocks(RESIDUAL_BLOCKS))
    assert "主分支 73,728 个权值" in drawn  # 2 * 9 * 64 * 64
    assert "主分支 57,344 个权值" in drawn  # 64*64 + 9*64*64 + 64*256
    assert "恒等映射\n没有参数" in drawn and "1×1 投影\n64 → 256\n16,384 个权值" in drawn


def test_twins_tell_how_many_layers_and_shortcuts_they_have():
    (told,) = (t for t in words(figures.twin_networks(TWIN_ROWS, TWIN_SHORTCUTS)) if "一一" in t)
    assert (
        "各有 13 个带权值的层" in told and "多 6 条捷径分支" in told and "其中 1 条为虚线" in told
    )


def test_dense_block_draws_one_arc_for_each_connection():
    figure = figures.dense_block(DENSE_NODES, DENSE_LINKS)
    arcs = {tuple(map(tuple, line.get_xydata().round(3))) for line in figure.axes[0].lines}
    assert len(arcs) == len(DENSE_LINKS) == 15
    assert len({points[0] for points in arcs}) == len({points[-1] for points in arcs}) == 15
    assert {"共 15 条连接", "收到 18 个通道\n新增 4 个", "送出 6 个"} <= set(words(figure))


def test_staircase_steps_where_the_channels_do():
    (ax,) = figures.channel_staircase(STAIRS).axes
    stairs = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert [list(line.get_ydata()) for line in stairs] == [
        [count for block in blocks for count in block] for blocks in STAIRS.values()
    ]
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "第 1 块\n2 层",
        "第 2 块\n3 层",
    ]


def test_tradeoff_has_the_points_of_both_costs():
    panels = figures.error_tradeoff(FAMILIES, "错误率", "数据").axes
    assert [list(ax.lines[1].get_xdata()) for ax in panels] == [[8.0, 14.1], [2.8, 3.4]]
    assert all(list(ax.lines[1].get_ydata()) == [25.0, 23.8] for ax in panels)


def test_every_seed_and_the_mean_against_each_cost():
    panels = figures.errors_against_costs(MEASURED, "代价").axes
    assert [ax.get_xlabel() for ax in panels] == [
        "参数量（千），对数刻度",
        "乘加次数（百万），对数刻度",
    ]
    first, second, mean = (list(line.get_ydata()) for line in panels[0].lines[:3])
    assert (first, second, mean) == ([16.5, 17], [16.0, 16.3], [16.75, 16.15])


def test_heat_maps_of_a_row_share_their_scale_and_leave_out_what_is_not_there():
    maps = [HEARD, HEARD / 2]
    axes = figures.weight_heat_map({"训练后": maps}, ["转换层", "分类层"], "谁听谁的").axes[:2]
    pictures = [ax.images[0] for ax in axes]
    assert {picture.get_clim() for picture in pictures} == {(0, 15)}
    assert all(picture.get_array().mask.sum() == 6 for picture in pictures)
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["1", "2", "3", "转换层"]


def test_a_curve_has_its_mean_its_band_and_the_colour_of_its_label():
    figure = figures.curve_panels(
        {"4": {"ReLU": ([1, 2], [[0.2, 0.4], [0.4, 0.8]])}, "8": {"tanh": ([1, 2], [[1, 1]])}},
        "损失", "步数", "损失",
    )  # fmt: skip
    left, right = figure.axes
    assert left.lines[0].get_ydata().tolist() == pytest.approx([0.3, 0.6])
    assert left.collections[0].get_paths()[0].get_extents().height == pytest.approx(0.6)
    assert to_hex(left.lines[0].get_color()) != to_hex(right.lines[0].get_color())
    with pytest.raises(ValueError, match="0 labels"):
        figures.curve_panels({"": {}}, "", "", "")


def test_the_gap_ends_at_the_mean_of_the_seeds():
    figure = figures.error_gaps(
        {"": {"": ([0, 5], [[90, 0], [90, 2]], [[90, 8], [90, 9]])}}, "", ""
    )
    train, test = figure.axes[0].lines
    assert train.get_ydata()[-1] == pytest.approx(1) and test.get_ydata()[-1] == pytest.approx(8.5)
    assert "8.5 %" in words(figure)


def test_a_thinned_network_has_the_lines_between_what_is_kept():
    figure = figures.thinned_networks((2, 3, 2), [[(0, 1), (0, 2), (0, 1)]])
    whole, thin = figure.axes
    assert len(whole.lines) - 7 == 2 * 3 + 3 * 2  # a dot for each of the seven units
    assert len(thin.lines) - 7 - 1 == 2 * 2 + 2 * 2  # and a cross for the one left out
