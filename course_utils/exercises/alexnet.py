"""Exercises of section 6.2."""

from ..counting import geometry
from .kinds import NumberExercise
from .lenet import PARAMETERS, SIDE, at_most
from .mistakes import Mistake, Question
from .networks import NetworkExercise
from .stacks import conv, count_parameters, parameters, pool, side_of_map

FLOAT32 = 4  # bytes


def _padded_input(size, kernel, stride, padding):
    layer = conv(3, 96, kernel, stride=stride, padding=padding, name=" C1")
    recipe = side_of_map(size, (layer,), after=(pool(3, 2, name=" S1（池化）"),))
    side = recipe.value
    return Question(
        side,
        own=(
            Mistake(
                96 * side**2,
                "positions",
                "数成了全部特征图的个数（面积 × 96）",
                "题目只问边长，一个方向上有几格。",
            ),
            Mistake(
                (size + 2 * padding - kernel) / stride,
                "padding",
                "没有取整，也忘了加 1",
                "先取整，再加 1：窗口在起点也算一个位置。",
            ),
            Mistake(
                (size + 2 * padding - kernel) / stride + 1,
                "padding",
                "没有取整",
                "除不尽时向下取整：最后不足一步的窗口放不下。",
            ),
        ),
        recipe=recipe,
    )


def _full_c4(maps):
    layer = conv(maps, maps, 3)
    grouped = parameters([conv(maps, maps, 3, groups=2)])
    return Question(
        parameters([layer]),
        own=(
            Mistake(grouped, "channels", "按分两组的 C4 算", "本题不分组，每个核看全部输入。"),
            Mistake(
                2 * grouped,
                "bias",
                "把分组时的参数加倍（偏置也加倍了）",
                "权值加倍，偏置没有加倍。",
            ),
            Mistake(
                parameters([conv(256, maps, 3)]),
                "channels",
                "把输入当成了 256 张（C2 的输出）",
                f"C4 的输入是 C3 的 {maps} 张图，不是 256 张。",
            ),
            Mistake(
                parameters([conv(maps, maps // 2, 3)]),
                "channels",
                "只算了一块 GPU 上的一半卷积核",
                f"两块 GPU 一共 {maps} 个卷积核。",
            ),
        ),
        recipe=count_parameters([layer], positions=13**2),
    )


def _bytes_before_c2(maps, side):
    def sent(side, maps, size=FLOAT32):
        return size * side**2 * maps

    expected = sent(side, maps)
    before = (side - 1) * 2 + 3  # of the 3×3 pooling with stride 2
    later = geometry.output_size(side, 3, 2)
    return Question(
        expected,
        own=(
            Mistake(
                sent(side, maps, 1),
                "cost",
                "数的是数的个数，没有乘 4 个字节",
                "一个 float32 占 4 个字节。",
            ),
            Mistake(
                2 * expected, "cost", "两个方向（两块 GPU）合计", "本题只问一块 GPU 送出多少。"
            ),
            Mistake(
                sent(before, maps),
                "positions",
                "用了池化以前的特征图",
                "C2 的输入是池化之后的特征图。",
            ),
            Mistake(
                sent(side, 128),
                "channels",
                "算成了 C2 的输出（128 张）",
                f"要送的是 C2 的输入，每块 GPU 上 {maps} 张图。",
            ),
            Mistake(
                sent(side, 2 * 128),
                "channels",
                "算成了 C2 两块 GPU 的输出（256 张）",
                f"要送的是 C2 的输入，每块 GPU 上 {maps} 张图。",
            ),
            Mistake(sent(later, 128), "layers", "算成了 C3 之前的交换", "题目问的是 C2 之前。"),
            Mistake(
                sent(side, maps, 2),
                "cost",
                "按一个数 2 个字节（半精度）算；float32 是 4 个字节",
                "float32 是 32 位，4 个字节。",
            ),
            Mistake(
                sent(side, maps, 32), "cost", "按位（比特）算", "1 个字节是 8 位：题目问的是字节。"
            ),
            Mistake(
                sent(side, maps, 8),
                "cost",
                "按一个数 8 个字节（float64）算",
                "float32 是 4 个字节。",
            ),
            Mistake(
                FLOAT32 * side * maps,
                "positions",
                "特征图只算了一个方向（没有平方成面积）",
                f"一张图有 {side}×{side} 个数。",
            ),
            Mistake(
                FLOAT32 * side**2, "channels", "只算了一张特征图", f"每块 GPU 上有 {maps} 张。"
            ),
            Mistake(
                FLOAT32 * 5**2 * maps * 128,
                "positions",
                "算成了 C2 的权值（参数）",
                "要送的是特征图，不是权值。",
            ),
            Mistake(
                4 * expected,
                "cost",
                "多乘了 4（字节乘了两次）",
                "一个 float32 占 4 个字节，只乘一次。",
            ),
            *(
                Mistake(
                    sent(wrong, count),
                    "positions",
                    f"特征图用了 {wrong}×{wrong}、{count} 张",
                    f"应为 {side}×{side}、{maps} 张。",
                )
                for wrong in (before, side, later)
                for count in (maps, 2 * maps, 128, 192, 256)
                if (wrong, count) != (side, maps)
            ),
            Mistake(expected / 8, "cost", "又除以了 8（字节不必再换）", "乘 4 得到的已经是字节。"),
        ),
    )


def _response_normalised(before, value, after):
    squares = before**2 + value**2 + after**2

    def wrong(result, what, why):
        return Mistake(result, "cost", what, why)

    sums = "分母是 k + α × (相邻几张图的平方和，包括自己)。"
    return Question(
        value / (1 + squares),
        own=(
            wrong(value / (1 + squares / 3), "飞桨的公式（把 α 除以了 n）", "论文没有除以 n。"),
            wrong(
                value / (1 + value**2),
                "只加了自己的平方，没有加相邻的图",
                f"求和要包括两边相邻的图。{sums}",
            ),
            wrong(value / squares, "分母里漏了 k = 1", sums),
            wrong(value / (1 + before + value + after), "求和时没有平方", f"求和的是平方。{sums}"),
            wrong(
                value / (1 + squares - value**2), "求和时漏了自己那一项", f"求和也包括自己。{sums}"
            ),
            wrong(1 / (1 + squares), "分子写成了 1", f"分子是它自己的取值 {value}。"),
            wrong(1 + squares, "只算了分母", f"还要用它自己的取值 {value} 去除。"),
            wrong(value / (1 + before**2 + value**2), "漏了另一边（右边）的图，两边都要算", sums),
            wrong(value / (1 + value**2 + after**2), "漏了另一边（左边）的图，两边都要算", sums),
            wrong(value / (1 + squares) ** 0.75, "用了论文的 β = 0.75", "本题的 β = 1。"),
            wrong(value / (1 + squares) ** 0.5, "给分母开方了（β = 0.5）", "本题的 β = 1。"),
            wrong(
                (before + value + after) / (1 + squares),
                "分子把三张图都加进去了",
                "分子只是它自己的取值。",
            ),
            wrong(squares / (1 + squares), "分子写成了平方和", "分子只是它自己的取值。"),
            wrong(value**2 / (1 + squares), "分子也平方了", "分子是取值本身，不平方。"),
            wrong(
                value / (1 + (before + value + after) ** 2),
                "先相加再平方了（应先平方再相加）",
                sums,
            ),
            wrong(value * (1 + squares), "乘了分母（应当除）", "归一化是用分母去除。"),
            wrong(
                before / (1 + squares), "分子用了旁边那张图的取值", "分子是中间那张图自己的取值。"
            ),
            wrong(
                after / (1 + squares), "分子用了旁边那张图的取值", "分子是中间那张图自己的取值。"
            ),
            wrong(value / (2 + squares), "用了论文的 k = 2", "本题的 k = 1。"),
        ),
    )


def _shared_cells(side, kernel, stride):
    windows = geometry.output_size(side, kernel, stride)
    single = side - (windows - 1) * (kernel - stride)  # in one direction
    shared = side - single

    def wrong(result, what, why):
        return Mistake(result, "positions", what, why)

    return Question(
        side**2 - single**2,
        own=(
            wrong(single**2, "数的是只被一个窗口看到的格（正好相反）", "题目问的是其余的格。"),
            wrong(shared**2, "只数了同属四个窗口的格", "同属两个窗口的也要算。"),
            wrong(
                2 * side * shared,
                "行与列的交叉处算了两次",
                "交叉处的格既在共有的行、又在共有的列，只算一次。",
            ),
            wrong(
                windows**2 * kernel**2 - side**2,
                "数的是多看的总次数",
                "交叉处的格被看了四次，只算一格。",
            ),
            wrong(windows**2 * kernel**2, "数的是各个窗口看的总次数", "重叠的格数了好几次。"),
            wrong(windows**2, "数的是窗口的个数", "题目问的是输入里的格。"),
            wrong(side**2, "数的是全部的格", "还要减去只被一个窗口看到的。"),
            wrong(shared, "只数了一个方向上的（边长）", "要数的是两个方向上的格。"),
            wrong(single, "数的是一个方向上只属于一个窗口的（边长）", "要数的是两个方向上的格。"),
            wrong(
                side**2 - single**2 - shared**2,
                "漏了同属四个窗口的格",
                "它们也被不止一个窗口看到。",
            ),
            wrong(
                side * shared,
                "只数了一个方向上重叠的",
                "另一个方向上也有重叠，再减去交叉处重复的。",
            ),
            wrong(
                2 * windows * (windows - 1) * kernel,
                "把每一对相邻窗口的重叠都加了起来（重复了）",
                "交叉处的格在几对窗口里都出现，只算一格。",
            ),
        ),
    )


def _five_convolutions(examined):
    found = len(examined.kernels())
    return None if found >= 5 else f"至少要有 5 个卷积层，输出里用到的现在有 {found} 个。"


EXERCISES = {
    "6.2-1": NumberExercise(
        "如果输入真的是 {size}×{size}，而 C1（{kernel}×{kernel}，步长 {stride}）填充 {padding}，"
        "C1 的输出边长是多少？",
        {"size": 224, "kernel": 11, "stride": 4, "padding": 2},
        {
            "size": (192, 208, 240, 256, 288),
            "kernel": (9, 11, 13),
            "stride": (3, 5),
            "padding": (1, 3, 4),
        },
        _padded_input,
        SIDE,
        lambda size, kernel, stride, padding: (
            f"输入 {size}，核 {kernel}，步长 {stride}，填充 {padding}："
            f"({size} + 2×{padding} − {kernel}) ÷ {stride} = "
            f"{(size + 2 * padding - kernel) / stride:.4g}，向下取整，再加 1，得 "
            f"{(size + 2 * padding - kernel) // stride + 1}。"
        ),
        "padding",
    ),
    "6.2-2": NumberExercise(
        "把 C3 和 C4 都改成 {maps} 张特征图，C4 不分组（每个核看全部 {maps} 张），C4 "
        "有多少个参数？",
        {"maps": 448},
        {"maps": (288, 320, 352, 416, 480)},
        _full_c4,
        PARAMETERS,
        lambda maps: (
            f"{maps} 张输入和输出：(3×3×{maps} + 1) × {maps} = {(9 * maps + 1) * maps:,}。"
        ),
        "channels",
    ),
    "6.2-3": NumberExercise(
        "如果让 C2 也看两块 GPU 的全部特征图，处理一幅图像时，每块 GPU 要在 C2 之前送出多少**字节**"
        "（float32）？池化以后每块 GPU 上有 {maps} 张 {side}×{side} 的特征图。",
        {"maps": 48, "side": 27},
        {"maps": (32, 40, 56, 64), "side": (23, 25, 29, 31)},
        _bytes_before_c2,
        "字节数 = 边长² × 特征图的张数 × 4。",
        lambda maps, side: (
            f"{maps} 张 {side}×{side} 的图：{side}² × {maps} × 4 = {side**2 * maps * 4:,} 字节。"
        ),
        "cost",
    ),
    "6.2-4": NumberExercise(
        "手算一个 LRN（论文的公式）：三张相邻的特征图在同一位置的取值是 {before}、{value}、"
        "{after}，"
        "两边再没有别的图；$n=3$，$k=1$，$\\alpha=1$，$\\beta=1$。中间那张图的输出是多少？",
        {"before": 6, "value": 2, "after": 3},
        {"before": (4, 5, 7), "value": (3, 6, 8), "after": (1, 2, 9)},
        _response_normalised,
        "b = a ÷ (k + α × 平方和)^β，平方和包括自己和两边的邻居。",
        lambda before, value, after: (
            f"取值 {before}、{value}、{after}：{value} ÷ (1 + {before}² + {value}² + {after}²) = "
            f"{value}/{1 + before**2 + value**2 + after**2}。"
        ),
        "cost",
    ),
    "6.2-5": NumberExercise(
        "在 {side}×{side} 的特征图上做 {kernel}×{kernel}、步长 {stride} 的重叠池化，"
        "有多少个格被不止一个窗口看到？",
        {"side": 7, "kernel": 3, "stride": 2},
        {"side": (9, 11, 13, 15, 17)},
        _shared_cells,
        "先看一个方向：哪几格为两个窗口共有；再用全部的格减去两个方向都不共有的。",
        lambda side, kernel, stride: (
            f"{side}×{side}：一个方向有 {(side - kernel) // stride + 1} 个窗口，"
            f"共有的格是 {(side - kernel) // stride} 个，只属于一个窗口的是 "
            f"{side - (side - kernel) // stride} 个，所以 "
            f"{side}² − {side - (side - kernel) // stride}² = "
            f"{side**2 - (side - (side - kernel) // stride) ** 2}。"
        ),
        "positions",
    ),
    "6.2-6": NetworkExercise(
        (3, 227, 227),
        (1000,),
        (
            _five_convolutions,
            at_most(10_000_000, "大头在第一个全连接层，试试在它前面做全局平均池化。"),
        ),
        statement="AlexNet 的参数大多在 F6。写一个自己的版本：输入 (n, 3, 227, 227)，"
        "输出 1000 个 logits，至少 5 个卷积层，参数不超过 10,000,000 个。",
        sketch="骨架：五个卷积（中间两次池化）→ 全局平均池化 → 展平 → 一个全连接层；256 个输入、"
        "1000 个输出只要 257,000 个参数。轮到你：写出每一层的形状和参数量，再写代码。",
    ),
}
