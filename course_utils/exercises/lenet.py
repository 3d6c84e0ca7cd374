"""Exercises of section 6.1."""

from ..counting import geometry
from .kinds import NetworkExercise, NumberExercise


def _first_layer():
    inputs, maps, kernel = 1, 8, (3, 3)
    expected = geometry.conv_parameters(inputs, maps, kernel)
    return NumberExercise(
        expected,
        {
            geometry.conv_parameters(
                inputs, maps, kernel, bias=False
            ): "每个卷积核还有一个偏置，别忘了。",
            geometry.conv_parameters(
                inputs, 1, kernel
            ): "这只是一个卷积核的参数量，共有 8 个卷积核。",
            expected * 30 * 30: "这是连接数：权值在各个位置上共享，参数量与输出的大小无关。",
            geometry.conv_parameters(inputs, maps, (5, 5)): "卷积核已改成 3×3，不再是 5×5。",
        },
    )


def _lenet_side(size, padding):
    """Side of C3 for an image of a side and a padding of C1."""
    c1 = geometry.output_size(size, 5, padding=padding)
    return geometry.output_size(geometry.output_size(c1, 2, 2), 5)


def _unpadded():
    padded_twice = _lenet_side(32, 2)  # also the side of S2
    return NumberExercise(_lenet_side(28, 0), {
        _lenet_side(32, 0): "这是先填充到 32×32 的结果；本题不填充，输入是 28×28。",
        padded_twice: "要么填充了两次（本题一次也不填充），要么停在了 S2：后面还有 C3。",
        geometry.output_size(28, 5): "这是 C1 的边长，后面还有 S2 和 C3。",
    })  # fmt: skip


def _plain_pooling():
    positions = 14 * 14 * 6
    expected = geometry.connections(positions, 4)
    return NumberExercise(
        expected,
        {
            geometry.connections(positions, 4, bias=True): "没有可训练的偏置，就没有那一条连接。",
            geometry.connections(14 * 14, 4): "这只是一张特征图的连接数，共有 6 张。",
            geometry.connections(28 * 28 * 6, 4): "连接数按输出的位置数：S2 的输出是 14×14。",
            64 * expected: "批量大小不算在内：连接数属于网络，与一次送入多少张图像无关。",
        },
    )


def _full_c3():
    expected = geometry.conv_parameters(6, 16, (5, 5))
    sparse = sum(geometry.conv_parameters(n, maps, (5, 5)) for n, maps in ((3, 6), (4, 9), (6, 1)))
    return NumberExercise(
        expected,
        {
            geometry.conv_parameters(
                6, 16, (5, 5), bias=False
            ): "16 张特征图各有一个偏置，别忘了。",
            sparse: "这是按论文连接表的稀疏 C3；本题要的是全部连接。",
            geometry.conv_parameters(1, 16, (5, 5)): "每个滤波器的深度是 6，不是 1。",
            100 * expected: "这是连接数；参数量不乘输出的位置数。",
        },
    )


def _field_of_c3():
    pooled = geometry.Field().window(5).window(2, 2)
    return NumberExercise(int(pooled.window(5).size), {
        5: "5 是卷积核的边长；C3 的每个输入本身已经看到原图的一片区域。",
        int(pooled.size): "这是 S2 的感受野，还差 C3 一层。",
        int(pooled.size) + 4: "不能直接相加：S2 之后相邻两格在原图上相距 2 像素，4 要乘以 2。",
        int(pooled.window(5).window(2, 2).size): "这是 S4 的感受野，多算了一层。",
    })  # fmt: skip


def _small_network():
    def judge(table):
        last = table.rows[-1]
        if last.output_shape != [1, 10]:
            return f"输出应为 [1, 10] 的 logits，现在是 {last.output_shape}。"
        if any(row.type in ("Softmax", "softmax") for row in table.rows):
            return "前向计算应返回 logits：Softmax 属于损失函数，请去掉。"
        if not any(row.type == "Conv2D" for row in table.rows):
            return "网络里还没有卷积层。"
        if table.totals["params"] > 10_000:
            return (
                f"参数量是 {table.totals['params']:,}，超过 10,000；"
                f"看看表中哪一层最多，全局平均池化能省去它。"
            )
        return None

    return NetworkExercise((1, 1, 32, 32), judge)


EXERCISES = {
    "6.1-1": _first_layer(),
    "6.1-2": _unpadded(),
    "6.1-3": _plain_pooling(),
    "6.1-4": _full_c3(),
    "6.1-5": _field_of_c3(),
    "6.1-6": _small_network(),
}
