"""Exercises of section 6.2."""

from ..counting import geometry
from .kinds import NetworkExercise, NumberExercise

FLOAT32 = 4  # bytes


def _padded_input():
    return NumberExercise(geometry.output_size(224, 11, 4, padding=2), {
        geometry.output_size(224, 11, 4): "不填充（或只填一边）才得这个数；本题两边各填充 2。",
        geometry.output_size(224, 11, 4, padding=2, ceil_mode=True): "除不尽时向下取整，不是向上。",
        geometry.output_size(224, 11, padding=2): "步长是 4，别忘了除。",
    })  # fmt: skip


def _full_c4():
    expected = geometry.conv_parameters(384, 384, (3, 3))
    return NumberExercise(expected, {
        geometry.conv_parameters(384, 384, (3, 3), groups=2): "这是分两组时的 C4；本题不分组。",
        geometry.conv_parameters(384, 384, (3, 3), bias=False): "384 个核各有一个偏置，别忘了。",
        2 * geometry.conv_parameters(384, 384, (3, 3), groups=2): "权值加倍，偏置没有加倍。",
        geometry.conv_parameters(256, 384, (3, 3)): "C4 的输入是 C3 的 384 张图，不是 256 张。",
        13 * 13 * expected: "参数量不乘输出的位置数。",
    })  # fmt: skip


def _bytes_before_c2():
    pooled = geometry.output_size(geometry.output_size(227, 11, 4), 3, 2)
    numbers = 48 * pooled**2
    return NumberExercise(FLOAT32 * numbers, {
        numbers: "这是数的个数；一个 float32 占 4 个字节。",
        2 * FLOAT32 * numbers: "这是两个方向的合计；本题只问一块 GPU 送出多少。",
        FLOAT32 * 48 * geometry.output_size(227, 11, 4) ** 2: "C2 的输入是池化之后的特征图。",
        FLOAT32 * 128 * pooled**2: "这是 C2 的输出；要送的是 C2 的输入，每块 GPU 上 48 张图。",
    })  # fmt: skip


def _response_normalised():
    before, value, after = 6, 2, 3
    squares = before**2 + value**2 + after**2
    return NumberExercise(value / (1 + squares), {
        value / (1 + squares / 3): "这是飞桨的公式：它把 α 除以了 n，论文没有除。",
        value / (1 + value**2): "求和要包括两边相邻的图，不只是自己。",
        value / squares: "分母里还有 k = 1。",
        value / (1 + before + value + after): "求和的是平方。",
        value / (1 + squares - value**2): "求和也包括自己那一项。",
    })  # fmt: skip


def _shared_cells():
    side, kernel, stride = 7, 3, 2
    windows = geometry.output_size(side, kernel, stride)
    single = side - (windows - 1) * (kernel - stride)  # in one direction
    return NumberExercise(side**2 - single**2, {
        (side - single) ** 2: "这只是同属四个窗口的格；同属两个窗口的也要算。",
        single**2: "这是只被一个窗口看到的格，题目问的正好相反。",
        2 * side * (side - single): "行与列的交叉处算了两次。",
        windows**2 * kernel**2 - side**2: "这是多看的总次数；交叉处的格被看了四次。",
    })  # fmt: skip


def _light_alexnet():
    def judge(table):
        last = table.rows[-1]
        if last.output_shape != [1, 1000]:
            return f"输出应为 [1, 1000] 的 logits，现在是 {last.output_shape}。"
        if any(row.type in ("Softmax", "softmax") for row in table.rows):
            return "前向计算应返回 logits：Softmax 属于损失函数，请去掉。"
        convolutions = sum(row.type == "Conv2D" for row in table.rows)
        if convolutions < 5:
            return f"至少要有 5 个卷积层，现在有 {convolutions} 个。"
        if table.totals["params"] > 10_000_000:
            return (
                f"参数量是 {table.totals['params']:,}，超过 10,000,000；"
                f"大头在第一个全连接层，试试在它前面做全局平均池化。"
            )
        return None

    return NetworkExercise((1, 3, 227, 227), judge)


EXERCISES = {
    "6.2-1": _padded_input(),
    "6.2-2": _full_c4(),
    "6.2-3": _bytes_before_c2(),
    "6.2-4": _response_normalised(),
    "6.2-5": _shared_cells(),
    "6.2-6": _light_alexnet(),
}
