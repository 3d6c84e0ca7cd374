"""Exercises of section 6.3."""

from ..counting import geometry
from .kinds import NetworkExercise, NumberExercise


def _third_module():
    def parameters(*channels, bias=True):
        pairs = zip(channels, channels[1:], strict=False)
        return sum(geometry.conv_parameters(i, o, (3, 3), bias=bias) for i, o in pairs)

    return NumberExercise(
        parameters(128, 256, 256, 256),
        {
            parameters(128, 256, 256, 256, bias=False): "每个卷积核还有一个偏置，别忘了。",
            parameters(256, 256, 256, 256): "第一层的输入来自上一个模块，只有 128 个通道。",
            3 * parameters(128, 256): "只有第一层的输入是 128 个通道，后两层是 256 个。",
            parameters(128, 256, 256): "这只有两层，模块里有三层。",
        },
    )


def _field(*kernels):
    field = geometry.Field()
    for kernel in kernels:
        field = field.window(kernel)
    return int(field.size)


def _four_layers():
    return NumberExercise(
        _field(3, 3, 3, 3),
        {
            4 * 3: "感受野不是边长的和：相邻的窗口互相重叠，每多一层只增加 2。",
            _field(3, 3, 3): "这是三层的感受野，还差一层。",
            3**4: "感受野不是边长的积：每多一层只增加 2。",
            _field(*[3] * 5): "这是五层的感受野，多算了一层。",
        },
    )


def _second_module():
    pooled = geometry.Field().window(3).window(3).window(2, 2)
    one, both = pooled.window(3), pooled.window(3).window(3)
    return NumberExercise(
        int(both.size),
        {
            _field(3, 3, 3, 3): "漏掉了池化层：它使感受野加 1，并使相邻两格相距 2 像素。",
            int(one.size): "要么只算了一个卷积层，要么忘了池化以后相邻两格相距 2 像素。",
            int(pooled.size): "这是第一个池化层的感受野，后面还有两个卷积层。",
            int(both.window(2, 2).size): "这是第二个池化层的感受野，多算了一层。",
        },
    )


def _larger_image():
    def parameters(side, bias=True):
        return geometry.linear_parameters(side * side * 512, 4096, bias)

    return NumberExercise(
        parameters(8),
        {
            parameters(8, bias=False): "每个单元还有一个偏置，别忘了。",
            parameters(7): "这是 224×224 的图像；256 经过五次减半不是 7。",
            parameters(16): "还有第五次池化。",
            geometry.linear_parameters(512, 4096): "展平以后是 8×8×512 个数，不只是 512 个。",
        },
    )


def _second_convolution():
    positions = 224 * 224 * 64
    return NumberExercise(
        geometry.multiply_adds(positions, 3 * 3 * 64),
        {
            geometry.connections(positions, 3 * 3 * 64, bias=True): "乘加次数不计偏置。",
            geometry.multiply_adds(positions, 3 * 3 * 3): "第二个卷积层的输入有 64 个通道。",
            geometry.multiply_adds(positions, 3 * 3): "每个输出要看全部 64 个输入通道。",
            geometry.multiply_adds(224 * 224, 3 * 3 * 64): "这只是一张特征图，共有 64 张。",
            geometry.multiply_adds(
                112 * 112 * 64, 3 * 3 * 64
            ): "池化在第二个卷积层之后，这时还是 224×224。",
        },
    )


def _light_network():
    def judge(table):
        convolutions = [row for row in table.rows if row.type == "Conv2D"]
        pools = sum(row.type == "MaxPool2D" for row in table.rows)
        if table.rows[-1].output_shape != [1, 1000]:
            return f"输出应为 [1, 1000] 的 logits，现在是 {table.rows[-1].output_shape}。"
        if any(row.type in ("Softmax", "softmax") for row in table.rows):
            return "前向计算应返回 logits：Softmax 属于损失函数，请去掉。"
        if len(convolutions) != 13 or pools != 5:
            return f"应保留 13 个卷积层和 5 次池化，现在是 {len(convolutions)} 个和 {pools} 次。"
        if convolutions[-1].receptive_field != 196:
            return (
                f"最后一个卷积层的感受野应仍是 196，现在是 "
                f"{convolutions[-1].receptive_field}：卷积核或步长变了。"
            )
        if table.totals["params"] > 16_000_000:
            return (
                f"参数量是 {table.totals['params']:,}，超过 16,000,000；"
                f"看看表中哪一层最多，全局平均池化能省去它。"
            )
        return None

    return NetworkExercise((1, 3, 224, 224), judge)


EXERCISES = {
    "6.3-1": _third_module(),
    "6.3-2": _four_layers(),
    "6.3-3": _second_module(),
    "6.3-4": _larger_image(),
    "6.3-5": _second_convolution(),
    "6.3-6": _light_network(),
}
