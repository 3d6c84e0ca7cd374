"""Exercises of section 6.1."""

from ..counting import geometry
from .kinds import NumberExercise
from .mistakes import Mistake, Question
from .networks import NetworkExercise
from .stacks import conv, count_parameters, field_of, parameters, pool, side_of_map

PARAMETERS = "参数量 =（核的边长² × 输入通道 + 1 个偏置）× 输出通道。"
SIDE = "边长 = ⌊(n + 2p − k) ÷ s⌋ + 1，一层接一层地算。"
FIELD = "感受野从 1 起，每一层增加 (k − 1) × 间距；间距是前面所有步长之积。"


def _first_layer(maps, kernel):
    layer = conv(1, maps, kernel)
    positions = geometry.output_size(32, kernel) ** 2
    return Question(
        parameters([layer]),
        own=(
            Mistake(
                parameters([conv(1, maps, 5)]),
                "channels",
                "没有改卷积核（仍按 5×5）",
                f"卷积核已改成 {kernel}×{kernel}，不再是 5×5。",
            ),
            Mistake(
                parameters([conv(1, 6, kernel)]),
                "channels",
                "没有改卷积核的个数（仍按 6 个）",
                f"卷积核已改成 {maps} 个，不再是 6 个。",
            ),
            Mistake(
                parameters([conv(3, maps, kernel)]),
                "channels",
                "把输入当成了 3 个通道",
                "灰度图像只有 1 个通道，彩色图像才有 3 个。",
            ),
        ),
        recipe=count_parameters([layer], positions),
    )


def _unpadded(size):
    layers = (conv(1, 6, 5, name=" C1"), pool(2, 2, name=" S2"), conv(6, 16, 5, name=" C3"))
    recipe = side_of_map(size, layers, after=(pool(2, 2, name=" S4"),))

    def last(side, padding=0):
        return side_of_map(side, (conv(1, 6, 5, padding=padding), *layers[1:])).value

    side = recipe.value
    return Question(
        side,
        own=(
            Mistake(
                last(size, 2),
                "padding",
                "先填充 2 格的结果（本题不填充）",
                f"本题不填充，输入就是 {size}×{size}。",
            ),
            Mistake(
                last(size + 4, 2),
                "padding",
                "填充了两次的结果（本题一次也不填充）",
                f"本题不填充，输入就是 {size}×{size}。",
            ),
            Mistake(
                last(32),
                "padding",
                "输入是 32×32 时的结果（填充以后的）",
                f"本题不填充，输入是 {size}×{size}。",
            ),
            Mistake(
                16 * side**2,
                "positions",
                "数成了 C3 全部特征图的个数（面积 × 16）",
                "题目问的是边长，一个方向上有几格。",
            ),
            Mistake(
                last(size - 1),
                "padding",
                "最后忘了加 1（直接用 n − k）",
                "边长是 n − k + 1：窗口在起点也算一个位置。",
            ),
        ),
        recipe=recipe,
    )


def _plain_pooling(side, maps, window):
    positions = side**2 * maps
    inputs = window**2
    expected = geometry.connections(positions, inputs)
    return Question(
        expected,
        own=(
            Mistake(
                geometry.connections(positions, inputs, bias=True),
                "bias",
                "还算着偏置的连接",
                "没有可训练的偏置，就没有那一条连接。",
            ),
            Mistake(
                geometry.connections(side**2, inputs),
                "channels",
                "只算了一张特征图",
                f"共有 {maps} 张特征图，每张都要池化。",
            ),
            Mistake(
                positions,
                "positions",
                "只数了输出的个数，没有乘每个窗口的输入",
                f"每个输出看 {window}×{window} 个输入，各是一条连接。",
            ),
            Mistake(
                geometry.connections((window * side) ** 2 * maps, inputs),
                "positions",
                "按输入的位置数算（应按输出的）",
                f"连接数按输出的位置数：输出是 {side}×{side}。",
            ),
            Mistake(
                geometry.connections(side * maps, inputs),
                "positions",
                "位置只算了一个方向（边长没有平方成面积）",
                f"输出有 {side}×{side} 个位置。",
            ),
            Mistake(
                geometry.connections(positions, window),
                "positions",
                "把窗口的边长当成了面积（没有平方）",
                f"窗口有 {window}×{window} 个输入。",
            ),
            Mistake(
                0,
                "bias",
                "把“没有参数”当成了“没有连接”",
                "没有参数不等于没有连接：每个输出仍由窗口里的输入算出。",
            ),
            Mistake(
                2 * maps,
                "bias",
                "数成了原来 S2 的参数（每张图一个系数、一个偏置）",
                "题目问的是连接数；而且这一层没有可训练的参数。",
            ),
            Mistake(
                geometry.connections(
                    geometry.output_size(window * side, window) ** 2 * maps, inputs
                ),
                "field",
                "忘了步长（窗口每次只移动 1 格）",
                f"步长是 {window}，窗口互不重叠。",
            ),
            Mistake(
                geometry.connections(positions, inputs * maps),
                "channels",
                "让每个输出看了全部特征图（池化只看自己那一张）",
                "池化的每个输出只看自己那一张图，不像卷积看所有通道。",
            ),
            Mistake(
                maps * inputs, "positions", "没有乘输出的位置数", f"输出有 {side}×{side} 个位置。"
            ),
            Mistake(
                inputs * side**2 * maps**2,
                "channels",
                "多乘了一次特征图的张数",
                "池化的每个输出只看自己那一张图。",
            ),
            Mistake(
                geometry.connections(positions, inputs + 2),
                "bias",
                "还算着系数和偏置的连接",
                "没有系数和偏置，就没有它们的连接。",
            ),
        ),
    )


def _full_c3(inputs, maps, kernel):
    layer = conv(inputs, maps, kernel)
    area = (kernel, kernel)
    sparse = sum(geometry.conv_parameters(n, m, (5, 5)) for n, m in ((3, 6), (4, 9), (6, 1)))
    return Question(
        parameters([layer]),
        own=(
            Mistake(
                sparse, "channels", "按论文连接表的稀疏 C3 算", "本题改了尺寸，每张都看全部输入。"
            ),
            Mistake(
                geometry.conv_parameters(inputs, maps - 1, area),
                "channels",
                "少算了一个卷积核",
                "有多少张输出特征图，就有多少个卷积核。",
            ),
        ),
        recipe=count_parameters([layer], positions=geometry.output_size(14, kernel) ** 2),
    )


def _field_of_c3(first, third):
    layers = (conv(1, 6, first, name=" C1"), pool(2, 2, name=" S2"), conv(6, 16, third, name=" C3"))
    after = (pool(2, 2, name=" S4"), conv(16, 120, 5, name=" C5"))
    recipe = field_of(layers, after)
    pooled = first + 2 - 1
    return Question(
        recipe.value,
        own=(
            Mistake(
                pooled + third - 1,
                "field",
                "直接相加：S2 之后相邻两格在原图上相距 2 像素，增量没有乘 2（不能直接相加）",
                "C3 的增量是 (k − 1) × 2。",
            ),
            Mistake(
                first + 2,
                "field",
                "停在了 S2，而且增量用了 k，不是 k − 1（窗口互相重叠）",
                "2×2 的窗口只比一格多看 1 格。",
            ),
            Mistake(
                2 * (first + third), "field", "把各层的核相加再乘 2", "增量是 (k − 1) × 间距。"
            ),
        ),
        recipe=recipe,
    )


def _has_convolution(examined):
    return None if examined.kernels() else "网络里还没有卷积层（或者它没有用到输出里）。"


def at_most(limit, cure):
    """A demand: no more than so many parameters."""

    def demand(examined):
        if examined.params <= limit:
            return None
        return f"参数量是 {examined.params:,}，超过 {limit:,}；{cure}"

    return demand


EXERCISES = {
    "6.1-1": NumberExercise(
        "把 C1 改成 {maps} 个 {kernel}×{kernel} 的卷积核（输入仍是 1 个通道），它有多少个参数？",
        {"maps": 8, "kernel": 3},
        {"maps": (7, 9, 10, 12, 16, 20), "kernel": (3, 7, 9)},
        _first_layer,
        PARAMETERS,
        lambda maps, kernel: (
            f"{maps} 个 {kernel}×{kernel} 的核，一个核有 {kernel}² + 1 = {kernel**2 + 1} 个参数，"
            f"一共 {kernel**2 + 1} × {maps} = {(kernel**2 + 1) * maps}。"
        ),
        "bias",
    ),
    "6.1-2": NumberExercise(
        "给 LeNet-5 直接输入 {size}×{size} 的图像（不填充），其余不变，C3 的特征图边长是多少？",
        {"size": 60},
        {"size": (36, 40, 44, 48, 52, 56, 64)},
        _unpadded,
        SIDE,
        lambda size: (
            f"输入 {size}：C1 是 {size} − 5 + 1 = {size - 4}，S2 减半是 {(size - 4) // 2}，"
            f"C3 再减 4 是 {(size - 4) // 2 - 4}。"
        ),
        "padding",
    ),
    "6.1-3": NumberExercise(
        "一个没有系数、没有偏置的平均池化（{window}×{window}，步长 {window}），"
        "输出 {maps} 张 {side}×{side} 的特征图，它有多少条连接？",
        {"maps": 10, "side": 18, "window": 3},
        {"maps": (5, 7, 8, 12), "side": (9, 11, 13, 15), "window": (2, 3, 4)},
        _plain_pooling,
        "连接数 = 输出的位置数 × 特征图的张数 × 每个输出看见的输入。",
        lambda maps, side, window: (
            f"{maps} 张图，输出各 {side}×{side}，窗口 {window}×{window}："
            f"{side}² × {maps} × {window}² = {side**2 * maps * window**2:,}。"
        ),
        "positions",
    ),
    "6.1-4": NumberExercise(
        "把 S2 改成 {inputs} 张特征图，C3 改成 {maps} 张、{kernel}×{kernel} 的核，"
        "每张都看 S2 的全部 {inputs} 张，C3 有多少个参数？",
        {"inputs": 8, "maps": 20, "kernel": 3},
        {"inputs": (5, 7, 10), "maps": (12, 18, 24), "kernel": (3, 5, 7)},
        _full_c3,
        PARAMETERS,
        lambda inputs, maps, kernel: (
            f"{inputs} 张输入、{maps} 张输出、{kernel}×{kernel} 的核："
            f"（{kernel}² × {inputs} + 1）× {maps} = {(kernel**2 * inputs + 1) * maps:,}。"
        ),
        "channels",
    ),
    "6.1-5": NumberExercise(
        "把 C1 的核改成 {first}×{first}，C3 的改成 {third}×{third}，S2 仍是 2×2（步长 2）。"
        "C3 的一个输出在输入图像上能看到多大的一块（边长）？",
        {"first": 7, "third": 7},
        {"first": (3, 9, 11), "third": (5, 9)},
        _field_of_c3,
        FIELD,
        lambda first, third: (
            f"核是 {first} 和 {third}：C1 看 {first}，S2 看 {first} + 1 = {first + 1}、间距变成 2，"
            f"C3 看 {first + 1} + {third - 1} × 2 = {first + 1 + 2 * (third - 1)}。"
        ),
        "field",
    ),
    "6.1-6": NetworkExercise(
        (1, 32, 32),
        (10,),
        (
            _has_convolution,
            at_most(10_000, "看看表中哪一层最多，全局平均池化能省去它。"),
        ),
        statement="写一个自己的小网络：输入 (n, 1, 32, 32)，输出 10 个 logits，至少有一个卷积层，"
        "参数不超过 10,000 个。提示：看看 LeNet-5 的参数大多在哪一层，"
        "`nn.AdaptiveAvgPool2D(1)` 能不能代替它？",
        sketch="骨架：卷积 → ReLU → 池化 → 卷积 → ReLU → 全局平均池化 → 展平 → 全连接层（16 "
        "个输入、10 个输出只要 170 个参数）。轮到你：写出每一层的形状和参数量，再写代码。",
    ),
}
