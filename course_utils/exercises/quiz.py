"""The quiz of section 6.7: twenty questions over the chapter, each after a misunderstanding."""

from dataclasses import replace

from ..counting import geometry
from .kinds import ChoiceExercise

POSITIONS = 28 * 28  # of C1 of LeNet-5


def _larger_image():
    maps = POSITIONS * 6
    ratio = geometry.output_size(64, 5) ** 2 / POSITIONS
    return ChoiceExercise(
        "LeNet-5 的 C1 有 6 个 5×5 的卷积核，输入 32×32。把输入换成 64×64，C1 的参数量怎样变？",
        (
            (
                "变成 4 倍，因为像素是原来的 4 倍",
                "参数属于卷积核，不属于像素；同一个核处处使用。",
            ),
            (f"变成约 {ratio:.1f} 倍，因为输出的位置变多了", "变成这个倍数的是连接数和乘加次数。"),
            ("不变，因为同一组卷积核处处共用", None),
            ("变成 2 倍，因为边长是原来的 2 倍", "卷积核的边长没有变，仍是 5×5。"),
        ),
        f"权值在各个位置上共享，参数量只有 {geometry.conv_parameters(1, 6, (5, 5))} 个；"
        f"变的是输出的位置数（原来是 {maps:,} 个）和连接数。",
        "6.1",
    )


def _pooling():
    outputs = 14 * 14 * 6
    return ChoiceExercise(
        "一个没有可训练参数的 2×2 平均池化层，步长 2，输入 28×28×6。哪一种说法对？",
        (
            (f"参数量 0，连接数 {geometry.connections(outputs, 4):,}", None),
            ("参数量 0，连接数也是 0", "没有参数不等于没有连接：每个输出仍由 4 个输入算出。"),
            (
                "参数量 12，每张图各有两个",
                "那是 LeNet-5 的下采样层，不是本题。",
            ),
            ("参数量 24，每张图各有四个", "平均的四个权值是固定的 1/4，不用学。"),
        ),
        f"输出 14×14×6，每个位置看 4 个输入：{outputs:,} × 4。",
        "6.1",
    )


def _field():
    one = geometry.Field().window(3)
    pooled = one.window(2, 2)
    last = int(pooled.window(3).size)
    return ChoiceExercise(
        "3×3 卷积（步长 1），2×2 池化（步长 2），再一个 3×3 卷积（步长 1）。"
        "最后一层的一个位置，在输入上看见多大的边长？",
        (
            (f"{int(one.window(3).size)}", "这是没有池化的两个 3×3；池化也占地方。"),
            (f"{int(pooled.size) + 2}", "池化以后，相邻两格在输入上相距 2 像素，2 要乘以 2。"),
            (f"{3 * 2 * 3}", "感受野不是边长的积：相邻的窗口互相重叠。"),
            (f"{last}", None),
        ),
        f"3 → 池化后 {int(pooled.size)}，间距 2 → {int(pooled.size)} + 2×2 = {last}。",
        "6.3",
    )


# Krizhevsky et al. 2012, section 3.5: inputs that one filter sees, filters, side of the output.
_ALEXNET_CONVOLUTIONS = ((363, 96, 55), (1200, 256, 27), (2304, 384, 13), (1728, 384, 13),
                         (1728, 256, 13))  # fmt: skip
_ALEXNET_DENSE = ((9216, 4096), (4096, 4096), (4096, 1000))


def _shares():
    dense = sum(geometry.linear_parameters(*sizes) for sizes in _ALEXNET_DENSE)
    all_of_them = dense + sum((inputs + 1) * n for inputs, n, _ in _ALEXNET_CONVOLUTIONS)
    products = [geometry.multiply_adds(side**2 * n, i) for i, n, side in _ALEXNET_CONVOLUTIONS]
    convolving = sum(products) / (sum(products) + sum(i * n for i, n in _ALEXNET_DENSE))
    return ChoiceExercise(
        "AlexNet 的参数和乘法各集中在哪里？",
        (
            ("参数和乘法都集中在卷积层", "卷积层的参数在各个位置上共享，数目不多。"),
            ("参数在全连接层，乘法在卷积层", None),
            ("参数在卷积层，乘法在全连接层", "正好说反了：全连接层的每个权值只用一次。"),
            ("参数和乘法都集中在全连接层", "全连接层的每个权值只做一次乘法；卷积层的要做几百次。"),
        ),
        f"全连接层占参数的 {dense / all_of_them:.0%}，卷积层占乘加的 {convolving:.0%}："
        f"卷积的权值在每个位置上重复使用。",
        "6.2",
    )


def _groups():
    whole = geometry.conv_parameters(96, 256, (5, 5))
    halved = geometry.conv_parameters(48, 256, (5, 5))
    return ChoiceExercise(
        "AlexNet 的 C2 把 96 张输入分成两组（groups = 2），256 个 5×5 的卷积核各看一组。"
        "与不分组相比：",
        (
            ("输出的通道数减半，权值不变", "卷积核仍是 256 个，每个输出一张图。"),
            ("参数量不变，只是分在两块卡上", "每个核只看 48 张图，另一半权值根本不存在。"),
            ("参数量减为四分之一，乘加减半", "减半的只有每个核的深度，核的个数没有变。"),
            ("权值和乘加都减半，通道数不变", None),
        ),
        f"每个核的深度从 96 变成 48：参数从 {whole:,} 个变成 {halved:,} 个（偏置不减）。",
        "6.2",
    )


def _higher_training_error():
    return ChoiceExercise(
        "训练一个带 dropout 的网络，曲线显示训练错误率比测试错误率还高。最可能的原因是：",
        (
            (
                "画图的时候，把两条曲线的标签写反了",
                "先别急着怀疑程序：想一想训练时网络与测试时有什么不同。",
            ),
            (
                "网络过拟合了，把训练集的每个细节都记住了",
                "过拟合时正好相反：训练错误率低，测试错误率高。",
            ),
            ("训练时 dropout 开着，边学边变", None),
            (
                "测试集的图像混进了训练集，两边不再独立",
                "那样两条曲线会靠近，却不会使训练错误率更高。",
            ),
        ),
        "训练时一部分单元被关掉，而且一遍的平均里包括这一遍开头还没学好的时候；"
        "测试时全部单元都在，用的是一遍学完以后的权值。",
        "6.2",
    )


def _not_comparable():
    return ChoiceExercise(
        "一篇论文报告单个网络、10 个裁剪的 top-5 错误率 9.15 %（GoogLeNet），"
        "另一篇报告六个网络平均的 3.57 %（ResNet）。能不能说，残差结构使错误率低了 5.58 个百分点？",
        (
            ("能，两个数都是 ImageNet 的 top-5 错误率", "还要看是几个网络、几个裁剪、哪个图像集。"),
            ("不能：一边是单个网络、验证集，另一边是多个网络、测试集", None),
            (
                "能，因为裁剪的个数只影响测试的速度，不影响错误率",
                "多看几个裁剪再平均，错误率会低。",
            ),
            (
                "不能：top-5 错误率是百分数，百分数不可以拿来相减",
                "可以相减，得到百分点；但两边的条件要相同。",
            ),
        ),
        "平均多个网络、多看几个裁剪，都会使错误率降低；要比结构，就要在同样的条件下比。"
        "两篇论文里条件相近的一对是 9.15 % 和 5.71 %（单个网络、10 个裁剪）。",
        "6.4",
    )


def _three_by_three():
    three = 3 * geometry.conv_parameters(64, 64, (3, 3), bias=False)
    seven = geometry.conv_parameters(64, 64, (7, 7), bias=False)
    return ChoiceExercise(
        "把一层 7×7 卷积换成三层 3×3 卷积，每一层的输入、输出都是 C 个通道，不计偏置。"
        "权值是原来的百分之几？",
        (
            (f"{3 / 7:.1%}，即 3/7", "权值的个数与边长的平方成正比。"),
            (f"{9 / 49:.1%}，即 9/49", "这只是一层 3×3；要三层，感受野才有 7×7。"),
            (f"{three / seven:.1%}，即 27/49", None),
            ("与 C 有关，C 越大越省", "分子、分母都有 C²，约掉了。"),
        ),
        "3 × (3×3×C×C) 与 7×7×C×C 之比，与 C 无关。",
        "6.3",
    )


def _sixteen():
    return ChoiceExercise(
        "VGG-16 的“16”数的是哪些层？",
        (
            ("13 个卷积层和 3 个全连接层", None),
            ("16 个卷积层，全连接层不算在内", "卷积层是 13 个；全连接层也有权值，也要数。"),
            ("13 个卷积层和 3 个池化层", "池化层有 5 个，而且没有权值，不数。"),
            ("所有的层，ReLU、池化都在内", "只数带权值的层；全部都数，远不止 16 个。"),
        ),
        "惯例是只数带权值的层；ReLU、池化、dropout 都不数。",
        "6.3",
    )


def _other_size():
    small, large = (geometry.linear_parameters(n * n * 512, 4096) for n in (7, 8))
    return ChoiceExercise(
        "把 VGG-16 的输入从 224×224 改成 256×256，要让它能运行，哪些参数的个数必须改变？",
        (
            ("全部卷积层的权值和偏置", "卷积核滑到哪里都一样，不在乎图像多大。"),
            ("只有第一个全连接层的", None),
            ("三个全连接层的全部参数", "第二、第三个的输入是前一层的 4,096 个数，与图像无关。"),
            (
                "一个也不用改，直接能运行",
                "展平以后的长度变了；用全局平均池化的网络才一个也不用改。",
            ),
        ),
        f"展平的特征图从 7×7×512 变成 8×8×512，"
        f"第一个全连接层从 {small:,} 个参数变成 {large:,} 个。",
        "6.3",
    )


def _one_by_one():
    return ChoiceExercise(
        "1×1 卷积做了什么？",
        (
            ("什么也没做，只是把每个数乘上一个系数", "一个位置有许多通道，它把所有通道加权相加。"),
            ("把特征图的高和宽都缩小一半", "步长为 1 时，高和宽都不变。"),
            ("汇总一个位置与它周围的邻居", "1×1 的窗口看不到邻居。"),
            ("在每个位置上把所有通道重新组合", None),
        ),
        "它是每个位置上的同一个全连接层；通道可以变少，也可以变多。",
        "6.4",
    )


def _twenty_two():
    path, all_of_them = 3 + 9 * 2 + 1, 3 + 9 * 6 + 1
    return ChoiceExercise(
        f"GoogLeNet 带权值的层一共有 {all_of_them} 个，论文却说它深 {path} 层。为什么？",
        (
            ("并排的分支只数最长的一条", None),
            ("1×1 卷积太小，不算一层", "1×1 卷积也有权值；在 3×3 之前的那个就算一层。"),
            ("每个模块不论多深只算一层", "九个模块各算 2 层，不是 1 层。"),
            ("论文的作者把层数数错了", "先试一试别的数法：沿着一条路走，能碰到几层？"),
        ),
        f"深度是从输入到输出的一条路上最多经过几层：3 + 9×2 + 1 = {path}；"
        f"全部相加才是 3 + 9×6 + 1 = {all_of_them}。",
        "6.4",
    )


def _concatenated():
    inputs, convolved = 192, (64, 128, 32)
    return ChoiceExercise(
        "Inception 初级模块的输入有 192 个通道，三条卷积分支输出 64、128、32 个通道，"
        "还有一条 3×3 最大池化分支。模块输出多少个通道？",
        (
            (f"{sum(convolved)}", "池化分支也要拼接进来。"),
            (f"{max(convolved)}", "这是相加或取最大的做法；拼接是把通道排在一起。"),
            (f"{sum(convolved) + inputs}", None),
            (f"{sum(convolved) + 32}", "32 是 V1 的投影层给出的；初级模块没有投影层。"),
        ),
        f"池化不改变通道数：64 + 128 + 32 + {inputs}。所以初级模块只会越堆越宽。",
        "6.4",
    )


def _average():
    flat, mean = (geometry.linear_parameters(n, 1000) for n in (7 * 7 * 1024, 1024))
    return ChoiceExercise(
        "最后的特征图是 7×7×1024，要分 1000 类。用全局平均池化代替展平，得到什么，失去什么？",
        (
            ("参数减少，而且准确率一定会跟着提高", "不一定：图像居中的小数据集上，展平学得更快。"),
            ("参数减少，能输入任意大小；失去位置", None),
            ("前面各个卷积层的参数也跟着一起减少", "池化在卷积层之后，不影响它们。"),
            ("参数一个也不变，减少的只是计算次数", "全连接层的输入短了，参数也就少了。"),
        ),
        f"全连接层从 {flat:,} 个参数变成 {mean:,} 个；每个通道只剩一个平均数，“在哪里”就没有了。",
        "6.4",
    )


def _degradation():
    return ChoiceExercise(
        "56 层的普通网络比 20 层的差。怎样知道这**不是**过拟合？",
        (
            ("因为 56 层的参数更多，学得更细", "参数更多，恰恰更容易过拟合，不能据此排除。"),
            ("因为 56 层的测试错误率也更高", "过拟合也会使测试错误率更高。"),
            ("因为两个网络都用了批归一化", "批归一化与过拟合没有这样的因果关系。"),
            ("因为 56 层的训练错误率也更高", None),
        ),
        "过拟合是训练得好而测试得差。连训练集都学得更差，是优化的困难，论文称为退化。",
        "6.5",
    )


def _zero_branch():
    return ChoiceExercise(
        "一个捷径为恒等映射的残差模块，残差分支的权值和偏置（包括批归一化的 β）全是 0"
        "（输入 x 来自前一个 ReLU）。输出是什么？",
        (
            ("0", "残差分支给出 0，可是捷径把 x 加了回来。"),
            ("2x", "x 只经过捷径一次：F(x) + x = 0 + x。"),
            ("x", None),
            ("常数", "捷径把 x 原样送到了输出。"),
        ),
        "F(x) = 0，于是 ReLU(0 + x) = x。要学恒等映射，把权值推向 0 就行，比用几层卷积去凑容易。",
        "6.5",
    )


def _normalised():
    return ChoiceExercise(
        "批归一化刚初始化时（γ = 1、β = 0），训练中它的输出有什么性质？",
        (
            ("全部落在 [0, 1] 之内", "那是最小最大缩放，不是批归一化。"),
            ("每个通道均值约 0、方差约 1", None),
            ("全部的数落在 [−1, 1] 之内", "方差为 1 的数，总有一部分绝对值超过 1。"),
            ("每张图像的各个通道之和为 1", "那是 softmax 的性质。"),
        ),
        "它减去这一批的均值、除以标准差；没有上下限。书中说“映射到 [0, 1] 或 [−1, 1]”是不对的。",
        "6.5",
    )


def _bottleneck():
    slim = 256 * 64 + 9 * 64 * 64 + 64 * 256
    basic, wide = (2 * 9 * n * n for n in (64, 256))
    return ChoiceExercise(
        "论文的图 5 并排画了两种残差模块：基本模块是 64 个通道的两层 3×3，"
        "瓶颈模块是 256 → 64 → 64 → 256。两者的权值相比：",
        (
            ("瓶颈模块约为十七分之一", "那是与 256 个通道的基本模块比，图中不是。"),
            (
                "瓶颈模块是四倍，因为通道是四倍",
                "四倍宽的只是两端，中间仍是 64 个通道。",
            ),
            ("瓶颈模块多一半，层数 3 比 2", "1×1 的层很便宜，层数不能直接相比。"),
            ("差不多，瓶颈模块还略少一点", None),
        ),
        f"{slim:,} 对 {basic:,}：花同样的代价，输送四倍的通道。"
        f"与 256 个通道的基本模块（{wide:,}）比才是约十七分之一。",
        "6.5",
    )


def _channels():
    first, growth, layer = 64, 32, 6
    return ChoiceExercise(
        f"一个稠密连接模块的输入有 {first} 个通道，增长率 {growth}。"
        f"它的第 {layer} 层**接收**多少个通道？",
        (
            (f"{first + (layer - 1) * growth}", None),
            (
                f"{first + layer * growth}",
                f"这是第 {layer} 层之后的总数，连它自己的输出也算了。",
            ),
            (f"{layer * growth}", "模块的输入也会送到每一层。"),
            (f"{growth}", "这是每一层输出的通道数。"),
        ),
        f"前面 {layer - 1} 层各给 {growth} 个，再加上模块的输入：{first} + {layer - 1}×{growth}。",
        "6.6",
    )


def _cheap_in_one_way():
    return ChoiceExercise(
        "DenseNet-121 的参数量不到 VGG-16 的十分之一。"
        "训练时要留着的各层输出（激活内存），哪一个多？",
        (
            ("VGG-16，因为它的参数多十倍", "参数量与特征图的大小是两回事。"),
            ("一样多，因为输入的图像一样大", "要看每一层输出什么，不只看输入。"),
            ("DenseNet-121，因为反复拼接", None),
            ("无法知道，要训练了才知道", "各层输出的形状由结构决定，不训练也能算。"),
        ),
        "拼接把前面的特征图一再送进后面的层，而且层数多，每层又有归一化和 ReLU 的输出。"
        "省参数不等于省内存：看本节的总表。",
        "6.7",
    )


# What each question is about, a key of ``mistakes.KINDS``.
QUESTIONS = (
    (_larger_image, "positions"), (_pooling, "positions"), (_field, "field"), (_shares, "cost"),
    (_groups, "channels"), (_higher_training_error, "training"), (_not_comparable, "training"),
    (_three_by_three, "channels"), (_sixteen, "layers"), (_other_size, "positions"),
    (_one_by_one, "channels"), (_twenty_two, "layers"), (_concatenated, "channels"),
    (_average, "positions"), (_degradation, "training"), (_zero_branch, "layers"),
    (_normalised, "norm"), (_bottleneck, "channels"), (_channels, "channels"),
    (_cheap_in_one_way, "cost"),
)  # fmt: skip
EXERCISES = {
    f"6.7-{number}": replace(question(), kind=kind)
    for number, (question, kind) in enumerate(QUESTIONS, start=1)
}
