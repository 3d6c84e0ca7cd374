"""Exercises of section 6.3."""

from ..counting import geometry
from .kinds import NumberExercise
from .lenet import FIELD, PARAMETERS, at_most
from .mistakes import Mistake, Question
from .networks import NetworkExercise
from .stacks import conv, count_multiply_adds, count_parameters, field, field_of, parameters, pool

MODULES = (2, 2, 3, 3, 3)  # convolutions of configuration D


def _third_module(inputs, maps, layers):
    widths = [inputs] + [maps] * layers
    convolutions = [
        conv(n, m, 3, name=f"第 {place} 层")
        for place, (n, m) in enumerate(zip(widths, widths[1:], strict=False), start=1)
    ]
    whole = [conv(maps, maps, 3)] * layers
    bare = geometry.conv_parameters(maps, maps, (3, 3), bias=False)
    return Question(
        parameters(convolutions),
        own=(
            Mistake(
                parameters(whole),
                "channels",
                f"把第一层的输入也当成了 {maps} 个通道（它只有 {inputs} 个）",
                f"第一层的输入来自上一个模块，只有 {inputs} 个通道。",
            ),
            Mistake(
                layers * bare,
                "channels",
                f"把第一层的输入也当成了 {maps} 个通道，而且没有算偏置",
                f"第一层的输入来自上一个模块，只有 {inputs} 个通道。",
            ),
            Mistake(
                parameters(
                    [conv(n, m, 3, bias=False) for n, m in zip(widths, widths[1:], strict=False)]
                )
                + maps,
                "bias",
                "只算了一层的偏置",
                f"{layers} 层各有 {maps} 个偏置。",
            ),
            Mistake(
                parameters(
                    [conv(n, m, 3, bias=False) for n, m in zip(widths, widths[1:], strict=False)]
                )
                + 1,
                "bias",
                "一共只算了一个偏置",
                f"{layers} 层各有 {maps} 个偏置。",
            ),
        ),
        recipe=count_parameters(convolutions, positions=56**2),
    )


def _convolutions(count, kernel, module=""):
    return tuple(conv(1, 1, kernel, name=f"{module}第 {n} 层") for n in range(1, count + 1))


def _stacked(layers, kernel):
    recipe = field_of(
        _convolutions(layers, kernel), after=(conv(1, 1, kernel, name=f"第 {layers + 1} 层"),)
    )
    return Question(recipe.value, recipe=recipe)


def _vgg(modules, kernel):
    """Convolutions and poolings of VGG, module by module, each with padding."""
    layers = []
    for module, count in enumerate(MODULES[:modules], start=1):
        layers += [
            conv(1, 1, kernel, padding=kernel // 2, name=f"模块 {module} 的第 {n} 个卷积层")
            for n in range(1, count + 1)
        ]
        layers.append(pool(2, 2, name=f"模块 {module} 之后的池化层"))
    return layers


def _second_module(module, kernel):
    layers = _vgg(module, kernel)[:-1]
    after = _vgg(module + 1, kernel)[len(layers) :][:3]
    recipe = field_of(layers, after, size=224)
    return Question(
        recipe.value,
        own=(
            Mistake(
                int(field([one for one in layers if not one.pools]).size),
                "field",
                "漏掉了池化层",
                "池化使感受野增加，并使相邻两格的间距加倍。",
            ),
            Mistake(
                int(field(layers).size) - 1,
                "field",
                "漏了池化层增加的 1",
                "2×2 的池化自己也多看 1 格（乘它的间距）。",
            ),
        ),
        recipe=recipe,
    )


def _larger_image(size):
    side = size // 2**5

    def linear(side, bias=True):
        return geometry.linear_parameters(side * side * 512, 4096, bias)

    def wrong(value, kind, what, why):
        return Mistake(value, kind, what, why)

    later = geometry.linear_parameters(4096, 4096) + geometry.linear_parameters(4096, 1000)
    flat = f"展平以后是 {side}×{side}×512 个数。"
    return Question(
        linear(side),
        own=(
            wrong(linear(side, bias=False), "bias", "没有算偏置", "每个单元还有一个偏置。"),
            wrong(
                linear(side, bias=False) + 1, "bias", "偏置只算了 1 个", "4096 个单元各有一个偏置。"
            ),
            wrong(
                linear(side, bias=False) + side * side * 512,
                "bias",
                "偏置按输入的个数算了",
                "偏置跟着输出走：4096 个单元各有一个。",
            ),
            wrong(
                linear(7),
                "positions",
                f"仍按 224×224 的图像（7×7）算，没有换成 {size}×{size}",
                f"{size} 经过五次减半不是 7。",
            ),
            wrong(
                linear(7, bias=False),
                "positions",
                "仍按 224×224 的图像（7×7）算，而且没有算偏置",
                f"{size} 经过五次减半不是 7。",
            ),
            wrong(linear(size // 2**4), "layers", "漏了第五次池化", "五个模块之后各有一次池化。"),
            wrong(
                linear(size // 2**6),
                "layers",
                "多算了一次池化（只有五次减半）",
                "五个模块之后各有一次池化。",
            ),
            wrong(
                geometry.linear_parameters(512, 4096),
                "positions",
                "只算了 512 个通道，没有乘位置（没有展平）",
                flat,
            ),
            wrong(
                geometry.linear_parameters(side * 512, 4096),
                "positions",
                "把边长当成了面积（没有平方）",
                flat,
            ),
            wrong(
                geometry.linear_parameters(size * size * 512, 4096),
                "layers",
                "没有做五次池化减半",
                f"{size} 经过五次减半才到全连接层。",
            ),
            wrong(
                side * side * 512,
                "channels",
                "只数了展平以后的个数，没有乘 4096 个单元",
                "每个单元都看展平以后的全部数。",
            ),
            wrong(
                geometry.linear_parameters(side * side * 512, 1000),
                "channels",
                "按 1000 个输出算（应为 4096 个单元）",
                "第一个全连接层有 4096 个单元。",
            ),
            wrong(linear(side) + later, "layers", "把三个全连接层都算进去了", "题目只问第一个。"),
            wrong(later, "layers", "算成了后两个全连接层", "题目只问第一个。"),
            wrong(
                geometry.linear_parameters(side * side, 4096), "channels", "漏了 512 个通道", flat
            ),
            wrong(
                geometry.linear_parameters(side * side * 256, 4096),
                "channels",
                "按 256 个通道算",
                flat,
            ),
            wrong(
                side * side * 512 + 4096,
                "channels",
                "把输入和输出的个数相加了（应当相乘）",
                "每个单元都看展平以后的全部数。",
            ),
            wrong(side * side * 4096, "channels", "漏了 512 个通道，也没有算偏置", flat),
            wrong(
                512 * 4096,
                "positions",
                "只算了 512 个通道，没有乘位置（没有展平），也没有算偏置",
                flat,
            ),
        ),
    )


def _second_convolution(maps, side):
    layer = conv(maps, maps, 3, map=(side, side))
    recipe = count_multiply_adds([layer])
    return Question(
        recipe.value,
        own=(
            Mistake(
                geometry.multiply_adds(side**2 * maps, 3 * 3 * 3),
                "channels",
                "把输入当成了 3 个通道（那是第一层）",
                f"第二个卷积层的输入有 {maps} 个通道。",
            ),
            Mistake(
                geometry.multiply_adds(side**2, 3 * 3 * maps),
                "channels",
                f"只算了一张特征图（或者漏了 {maps} 个输入通道）",
                f"输入、输出都有 {maps} 个通道，都要乘。",
            ),
        ),
        recipe=recipe,
    )


def _vgg_field():
    return int(field(_vgg(5, 3)).size)


def _kept_convolutions(examined):
    found, wanted = len(examined.kernels(side=3)), sum(MODULES)
    last = int(field(_vgg(5, 3)[:-1]).size)
    if found != wanted:
        return (
            f"应保留 {wanted} 个卷积层，都是 3×3（最后一个的感受野是 {last}），"
            f"输出里用到的 3×3 卷积现在有 {found} 个。"
        )
    pools = [
        row
        for row in examined.table.rows
        if "pool" in row.type.casefold() and row.output_shape[-1] > 1
    ]
    if len(pools) != len(MODULES):
        return f"应保留 {len(MODULES)} 次池化，现在是 {len(pools)} 次。"
    fields = [row.receptive_field for row in examined.table.rows]
    if _vgg_field() not in fields:
        return f"最后一个卷积层的感受野应仍是 {last}，现在不是：步长、填充或池化的位置变了。"
    return None


EXERCISES = {
    "6.3-1": NumberExercise(
        "一个模块有 {layers} 个 3×3 卷积层，每层输出 {maps} 个通道，模块的输入有 {inputs} 个通道"
        "（都有偏置）。它共有多少个参数？",
        {"inputs": 96, "maps": 192, "layers": 3},
        {"inputs": (48, 112, 160), "maps": (208, 224, 320), "layers": (3, 4)},
        _third_module,
        f"每一层{PARAMETERS}各层相加。",
        lambda inputs, maps, layers: (
            f"{inputs} → {maps} 的 {layers} 层：第一层 (9×{inputs} + 1)×{maps}，"
            f"后 {layers - 1} 层各 (9×{maps} + 1)×{maps}，相加得 "
            f"{(9 * inputs + 1) * maps + (layers - 1) * (9 * maps + 1) * maps:,}。"
        ),
        "channels",
    ),
    "6.3-2": NumberExercise(
        "{layers} 层 {kernel}×{kernel}（步长 1）叠起来，感受野的边长是多少？",
        {"layers": 4, "kernel": 3},
        {"layers": (3, 5, 6, 7), "kernel": (5, 7)},
        _stacked,
        FIELD,
        lambda layers, kernel: (
            f"{layers} 层 {kernel}×{kernel}：1 + {layers} × {kernel - 1} = "
            f"{1 + layers * (kernel - 1)}。"
        ),
        "field",
    ),
    "6.3-3": NumberExercise(
        "把 VGG-16 的卷积核都换成 {kernel}×{kernel}（填充使边长不变），"
        "第 {module} 个模块最后一个卷积层的输出，在输入图像上能看见边长为多少的一块？",
        {"module": 2, "kernel": 5},
        {"module": (2, 3), "kernel": (7, 9)},
        _second_module,
        FIELD,
        lambda module, kernel: (
            f"核 {kernel}×{kernel} 时，模块 1 看 1 + 2×{kernel - 1} = {2 * kernel - 1}，"
            f"池化看 {2 * kernel}、间距变成 2，模块 2 的每个卷积再加 {kernel - 1}×2。"
        ),
        "field",
    ),
    "6.3-4": NumberExercise(
        "如果把输入换成 {size}×{size} 的图像，VGG-16 的第一个全连接层要有多少个参数才接得上？",
        {"size": 256},
        {"size": (160, 192, 288, 320, 384)},
        _larger_image,
        "参数量 =（边长² × 512 + 1）× 4096，边长是图像的边长五次减半。",
        lambda size: (
            f"{size} ÷ 2⁵ = {size // 32}：({size // 32}² × 512 + 1) × 4096 = "
            f"{((size // 32) ** 2 * 512 + 1) * 4096:,}。"
        ),
        "positions",
    ),
    "6.3-5": NumberExercise(
        "VGG-16 的第二个卷积层（{maps} → {maps} 通道，3×3，输出 {side}×{side}）要做多少次乘加？",
        {"maps": 64, "side": 224},
        {"maps": (48, 80, 96), "side": (160, 192, 256)},
        _second_convolution,
        "乘加次数 = 输出的位置数 × 输出通道 ×（核的面积 × 输入通道）。",
        lambda maps, side: (
            f"{maps} 个通道、{side}×{side}：{side}² × {maps} × (9 × {maps}) = "
            f"{side**2 * maps * 9 * maps:,}。"
        ),
        "cost",
    ),
    "6.3-6": NetworkExercise(
        (3, 224, 224),
        (1000,),
        (_kept_convolutions, at_most(16_000_000, "看看表中哪一层最多，全局平均池化能省去它。")),
        statement="改造网络：保留 VGG-16 的 13 个 3×3 卷积层和五次池化，输出仍是 1,000 个 logits，"
        '但参数不超过 16,000,000 个。提示：`conv_modules(CONFIGS["D"], 3)` 给出卷积部分。',
        sketch="骨架：conv_modules 给出的卷积部分 → 全局平均池化 → 展平 → 一个 512 到 1000 "
        "的全连接层。轮到你：写出每一层的形状和参数量，再写代码。",
    ),
}
