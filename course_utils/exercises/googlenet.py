"""Exercises of section 6.4."""

from itertools import combinations

from ..counting import geometry
from .kinds import NumberExercise
from .lenet import FIELD, PARAMETERS, SIDE
from .mistakes import Mistake, Question
from .networks import NetworkExercise
from .stacks import (
    Layer,
    conv,
    count_multiply_adds,
    count_parameters,
    field,
    field_of,
    parameters,
    pool,
    side_of_map,
)

WIDTHS_3A = (64, 96, 128, 16, 32, 32)  # Table 6.2: 1×1, reduce, 3×3, reduce, 5×5, pool proj


def _module(in_channels, widths, **settings):
    """The six convolutions of an Inception module."""
    one, reduce3, three, reduce5, five, project = widths
    return (
        conv(in_channels, one, 1, name="1×1 分支", **settings),
        conv(in_channels, reduce3, 1, name="3×3 之前的降维层", **settings),
        conv(reduce3, three, 3, name=" 3×3 卷积", **settings),
        conv(in_channels, reduce5, 1, name="5×5 之前的降维层", **settings),
        conv(reduce5, five, 5, name=" 5×5 卷积", **settings),
        conv(in_channels, project, 1, name="池化分支的投影层", **settings),
    )


def _five_branch(inputs, reduce, maps):
    first, second = conv(inputs, reduce, 1, name="降维层"), conv(reduce, maps, 5, name=" 5×5 卷积")
    why = f"先用 1×1 降到 {reduce} 个通道，5×5 的输入就只有 {reduce} 个。"
    bare = geometry.conv_parameters(reduce, maps, (5, 5), bias=False)
    return Question(
        parameters([first, second]),
        own=(
            Mistake(parameters([second]), "layers", "漏掉了降维层", "降维层的参数也要算进去。"),
            Mistake(
                parameters([first]), "layers", "只算了降维层，漏了 5×5 卷积", "还有 5×5 卷积。"
            ),
            Mistake(
                parameters([conv(inputs, maps, 5)]), "channels", "按没有降维层的 5×5 卷积算", why
            ),
            Mistake(
                parameters([first, conv(inputs, maps, 5)]),
                "channels",
                f"有降维层，5×5 的输入却没有变成 {reduce} 个通道",
                why,
            ),
            Mistake(
                bare,
                "bias",
                "漏掉了降维层，也没有算偏置",
                "降维层的参数也要算进去，两个卷积都有偏置。",
            ),
        ),
        recipe=count_parameters([first, second], positions=28**2),
    )


def _naive_channels(inputs, one, three, five):
    expected = one + three + five + inputs

    def wrong(value, what, why):
        return Mistake(value, "channels", what, why)

    joined = "四条分支的输出沿通道拼接：通道数相加。"
    kept = "池化不改变通道数，池化分支也要拼接进来。"
    return Question(
        expected,
        own=(
            wrong(one + three + five, "漏掉了池化分支", kept),
            wrong(
                one + three + five + 64,
                "按 V1 算的（池化分支后有 64 个通道的投影层）",
                "初级模块没有投影层。",
            ),
            wrong(
                one + three + five + 32,
                "按 V1 算的（池化分支后有 32 个通道的投影层）",
                "初级模块没有投影层。",
            ),
            wrong(inputs, "只看了输入（或池化分支）的通道数", joined),
            wrong(max(one, three, five), "取了最大的一条（拼接是相加，不是取最大）", joined),
            wrong(
                max(one, three, five, inputs),
                "取了最大的一条（拼接是相加，不是取最大），或者只看了输入",
                joined,
            ),
            wrong(expected / 4, "把四条分支平均了（应当拼接）", joined),
            wrong(one + three + five + 1, "把池化分支当成了 1 个通道", kept),
            wrong(one + three + five + three, "池化分支用了 3×3 分支的通道数", kept),
            wrong(one + three + five + one, "池化分支用了 1×1 分支的通道数", kept),
            wrong(one + three + five + five, "池化分支用了 5×5 分支的通道数", kept),
            wrong(one * three * five, "把通道数乘了起来（求了积，应当相加）", joined),
            wrong(one * three * five * inputs, "把通道数乘了起来（求了积，应当相加）", joined),
            wrong(one + three + inputs, "漏掉了 5×5 分支", joined),
            wrong(three + five + inputs, "漏掉了 1×1 分支", joined),
            wrong(one + five + inputs, "漏掉了 3×3 分支", joined),
            wrong(expected + inputs, "把输入算了两次（池化分支就是输入，只有一次）", joined),
            wrong(expected * 28**2, "乘了位置数，成了数的个数", "题目只问通道数。"),
            wrong(4 * inputs, "让每条分支都输出了输入的通道数", joined),
            *(
                wrong(sum(some), f"只加了 {' + '.join(map(str, some))}，漏掉了别的分支", joined)
                for length in (2, 3)
                for some in combinations((one, three, five, inputs), length)
            ),
        ),
    )


def _stem(ceil_mode):
    """The first convolution and the four max poolings: all that changes the side."""
    return (
        conv(3, 64, 7, stride=2, padding=3, name="第一个卷积层"),
        *(pool(3, 2, ceil=ceil_mode, name=f"第 {n} 个最大池化") for n in range(1, 5)),
    )


def _larger_image(size):
    recipe = side_of_map(size, _stem(True), after=(pool(3, 2, ceil=True, name="第 5 次池化"),))
    side = recipe.value

    def wrong(value, kind, what, why):
        return Mistake(value, kind, what, why)

    return Question(
        side,
        own=(
            wrong(
                side_of_map(size, _stem(False)).value,
                "padding",
                "四个池化都向下取整（应当向上取整）",
                "题目里的池化都向上取整。",
            ),
            wrong(
                side_of_map(224, _stem(True)).value,
                "positions",
                "输入是 224×224 时的结果",
                f"本题输入 {size}×{size}。",
            ),
            wrong(1, "layers", "全局平均池化之后的边长", "题目问的是它之前。"),
            wrong(
                1024 * side**2,
                "positions",
                "数成了 1024 张特征图的个数（面积 × 1024）",
                "题目只问边长。",
            ),
            wrong(1024, "channels", "数成了通道数", "题目问的是边长，不是有多少张图。"),
        ),
        recipe=recipe,
    )


def _field_of_4(module, kernel):
    """Of 4a, 4b, …: the field of the output's farthest branch."""
    layers = [
        conv(3, 64, 7, stride=2, padding=3, name="第一个卷积层"),
        pool(3, 2, name=" pool1"),
        conv(64, 192, 3, padding=1, name="第二个卷积层"),
        pool(3, 2, name=" pool2"),
        conv(192, 256, 5, padding=2, name=" 3a"),
        conv(256, 480, 5, padding=2, name=" 3b"),
        pool(3, 2, name=" pool3"),
        *(conv(1, 1, 5, padding=2, name=f" 4{name}") for name in "abcde"[: module - 1]),
        conv(1, 1, kernel, padding=kernel // 2, name=f" 4{'abcde'[module - 1]}"),
    ]
    after = (
        *(conv(1, 1, 5, padding=2, name=f" 4{name}") for name in "abcde"[module : module + 1]),
        pool(3, 2, name="后面的池化层"),
    )
    recipe = field_of(layers, after, size=224)
    before = field(layers[:-1])
    name = f"4{'abcde'[module - 1]}"
    return Question(
        recipe.value,
        own=(
            Mistake(
                int(before.window(3).size),
                "layers",
                f"{name} 只看了 3×3 的分支（最远的是 {kernel}×{kernel}）",
                "四条分支拼在一起，要看其中看得最远的一条。",
            ),
            Mistake(
                int(before.window(1).size),
                "layers",
                f"{name} 只看了 1×1 的分支，停在了它的输入，还差 {kernel}×{kernel} 卷积",
                "四条分支拼在一起，要看其中看得最远的一条。",
            ),
            Mistake(
                int(field(layers[:6] + layers[7:]).size),
                "field",
                "漏掉了 pool3（池化层的窗口和步长）",
                "pool3 的窗口是 3×3，步长 2。",
            ),
            Mistake(
                int(before.size - before.jump),
                "layers",
                f"漏了一层：停在 {name} 以前的池化层",
                "从图像起一层一层地写。",
            ),
            Mistake(
                int(before.window(5).size),
                "layers",
                f"{name} 的卷积核没有换（仍按 5×5）",
                f"题目把它换成了 {kernel}×{kernel}。",
            ),
            Mistake(
                14, "positions", "这是特征图的边长，不是感受野", "感受野量的是输入里看见多少。"
            ),
        ),
        recipe=recipe,
    )


def _operations(in_channels, one, reduce3, three, reduce5, five, project):
    widths = (one, reduce3, three, reduce5, five, project)
    layers = _module(in_channels, widths, map=(7, 7))
    recipe = count_multiply_adds(layers)

    def millions(count):
        return round(count / 1e6)

    def wrong(value, kind, what, why):
        return Mistake(value, kind, what, why)

    exact = recipe.value
    weights = parameters(_module(in_channels, widths, bias=False))
    wide = (
        Layer(in_channels, one + 9 * three + 25 * five + project, map=(7, 7)),
    )  # without the reductions
    small = [
        wrong(millions(mistake.value), mistake.kind, mistake.what, mistake.why)
        for mistake in recipe.singles()
        if millions(mistake.value) != millions(exact)  # a slip that the rounding swallows
    ]
    rounding = "题目要的是多少百万次：除以 10⁶，再四舍五入到整数。"
    return Question(
        millions(exact),
        own=(
            wrong(54, "cost", "书中印的值", "请按这一行的六个宽度算一遍。"),
            wrong(
                millions(2 * exact),
                "cost",
                "一次乘加算了两次（2 倍）",
                "一次乘加算一次，不是两次。",
            ),
            wrong(
                millions(4 * exact),
                "positions",
                "把特征图当成了 14×14（应为 7×7）",
                "5a 的特征图是 7×7，不是 14×14。",
            ),
            wrong(
                weights,
                "positions",
                "数的是权值，没有乘 7×7 个位置，单位也不是百万",
                "乘加次数 = 位置数 × 权值的个数。",
            ),
            wrong(
                millions(weights),
                "positions",
                "数的是权值（百万），没有乘 7×7 个位置",
                "乘加次数 = 位置数 × 权值的个数。",
            ),
            wrong(exact / 1e6, "padding", "没有四舍五入取整", rounding),
            wrong(exact, "cost", "没有换成百万（单位）", rounding),
            wrong(exact / 1e9, "cost", "以十亿为单位（应为百万）", rounding),
            wrong(
                millions(weights * 7),
                "positions",
                "位置只算了一个方向（7 没有平方）",
                "7×7 的特征图有 49 个位置。",
            ),
            wrong(exact / 2e6, "cost", "少了一半（除以了 2），也没有四舍五入取整", rounding),
            wrong(
                millions(sum(49 * one.inputs * one.outputs * one.side**2 for one in layers[:-1])),
                "layers",
                "漏掉了池化分支的投影层",
                "投影层也是一个 1×1 卷积。",
            ),
            wrong(
                millions(count_multiply_adds(wide).value),
                "layers",
                "漏掉了降维层（3×3、5×5 直接看全部输入）",
                "3×3 和 5×5 之前各有一个 1×1 降维层。",
            ),
            *small,
        ),
    )


def _covers(examined):
    field = examined.table.rows[-1].receptive_field
    if isinstance(field, int) and field >= 5:
        return None
    return f"输出的一个位置看到的范围是 {field}，应至少为 5（5×5）。"


def _a_tenth_less(examined):
    limit = 0.9 * parameters(_module(192, WIDTHS_3A))
    if examined.params <= limit:
        return None
    return (
        f"参数量是 {examined.params:,}，还没有少一成（至多 {limit:,.0f}）；"
        f"看看表中哪一层最多，它的输入通道能不能再少些。"
    )


EXERCISES = {
    "6.4-1": NumberExercise(
        "一个 Inception 模块的输入有 {inputs} 个通道，它的 5×5 分支先降到 {reduce} 个通道，"
        "再用 5×5 卷积输出 {maps} 个。这条分支共有多少个参数（含偏置）？",
        {"inputs": 256, "reduce": 32, "maps": 96},
        {"inputs": (192, 320, 480), "reduce": (16, 24, 40), "maps": (48, 64, 112)},
        _five_branch,
        f"每个卷积：{PARAMETERS}两个相加。",
        lambda inputs, reduce, maps: (
            f"{inputs} → {reduce} → {maps}：({inputs} + 1)×{reduce} + (25×{reduce} + 1)×{maps} = "
            f"{(inputs + 1) * reduce + (25 * reduce + 1) * maps:,}。"
        ),
        "channels",
    ),
    "6.4-2": NumberExercise(
        "初级模块的输入有 {inputs} 个通道，1×1、3×3、5×5 分别输出 {one}、{three}、{five} 个，"
        "还有 3×3 最大池化的分支。输出有多少个通道？",
        {"inputs": 256, "one": 128, "three": 192, "five": 96},
        {
            "inputs": (320, 480, 512),
            "one": (112, 144, 160),
            "three": (208, 224, 240),
            "five": (48, 56, 72),
        },
        _naive_channels,
        "拼接：通道数相加；池化分支的通道数与输入相同。",
        lambda inputs, one, three, five: (
            f"输入 {inputs}，三条卷积分支 {one}、{three}、{five}："
            f"{one} + {three} + {five} + {inputs} = {one + three + five + inputs}。"
        ),
        "channels",
    ),
    "6.4-3": NumberExercise(
        "GoogLeNet 的输入换成 {size}×{size}，其余不变（最大池化都向上取整）。"
        "全局平均池化之前，特征图的边长是多少？",
        {"size": 320},
        {"size": (256, 288, 352, 384, 416, 448, 512)},
        _larger_image,
        SIDE,
        lambda size: f"{size}：第一层卷积和四个最大池化各减半，{size} ÷ 2⁵ = {size // 32}。",
        "padding",
    ),
    "6.4-4": NumberExercise(
        "GoogLeNet 从 pool3 之后数起，把第 {module} 个 Inception 模块的 5×5 卷积换成 "
        "{kernel}×{kernel}（填充使边长不变），其余不变。在这个模块的输出里，"
        "一个位置在 224×224 的输入上能看到多大的一块（边长）？",
        {"module": 1, "kernel": 7},
        {"module": (2, 3, 4, 5), "kernel": (9, 11)},
        _field_of_4,
        FIELD,
        lambda module, kernel: (
            f"第 {module} 个模块换成 {kernel}×{kernel}：pool3 看 107、间距 16，前面 {module - 1} 个"
            f"模块看得最远的是 5×5，各加 4×16，这一个加 {kernel - 1}×16，一共 "
            f"{107 + 64 * (module - 1) + 16 * (kernel - 1)}。"
        ),
        "field",
    ),
    "6.4-5": NumberExercise(
        "一个 Inception 模块的输入是 7×7×{in_channels}，六个宽度是：1×1 分支 {one}，"
        "3×3 分支降到 {reduce3} 再输出 {three}，5×5 分支降到 {reduce5} 再输出 {five}，"
        "池化分支的投影 {project}。它做多少百万次乘加（四舍五入到整数）？",
        {
            "in_channels": 832,
            "one": 256,
            "reduce3": 160,
            "three": 320,
            "reduce5": 32,
            "five": 128,
            "project": 128,
        },
        {"one": (192, 320, 384), "three": (288, 352, 384), "project": (96, 160)},
        _operations,
        "乘加次数 = 位置数 × 权值的个数（不计偏置）。",
        lambda in_channels, one, reduce3, three, reduce5, five, project: (
            f"宽度 {one}、{reduce3}、{three}、{reduce5}、{five}、{project}：权值 {in_channels}×("
            f"{one} + {reduce3} + {reduce5} + {project}) + 9×{reduce3}×{three} + "
            f"25×{reduce5}×{five}，乘 7×7，除以 10⁶，四舍五入。"
        ),
        "cost",
        note="（这就是 5a 的六个宽度；书中这一行的 `ops` 印作 54M。）",
    ),
    "6.4-6": NetworkExercise(
        (192, 28, 28),
        (256, 28, 28),
        (_covers, _a_tenth_less),
        logits=False,
        statement="写一个自己的模块代替 3a：输入 (n, 192, 28, 28)，输出 (n, 256, 28, 28)，"
        "仍能看到至少 5×5 的范围，而参数比 3a 的 163,696 个少一成以上。"
        "提示：一个 5×5 可以换成两个 3×3（6.3 节），这正是 Inception V2 的做法；"
        "但要当心两个 3×3 之间的宽度。",
        sketch="骨架：几条分支各自算出 28×28 的图，再用 "
        "paddle.concat(…, axis=1) 拼成 256 个通道；每条分支先用 1×1 把 192 个通道降下来。"
        "轮到你：写出每一层的形状和参数量，再写代码。",
    ),
}
