"""Wrong and right-but-unusual networks, as text: what a second-year student would write.

``(exercise, source, words)``: the source ends in ``answer = ...``; the words, a regular
expression, must be met by what the judge says first. A class body is written as two strings, the
lines of ``__init__`` and of ``forward``.
"""

from textwrap import indent

HEAD = """class MyNet({base}):
    def __init__({arguments}):
{init}

    def forward(self, x):
{forward}
"""


def net(
    init, forward, base="nn.Layer", first="super().__init__()", arguments="self", answer="MyNet"
):
    """Source of a class."""
    init = "\n".join([first, *init.split("; ")]).strip()
    forward = "\n".join(forward.split("; "))
    return (
        HEAD.format(
            base=base,
            arguments=arguments,
            init=indent(init, " " * 8),
            forward=indent(forward, " " * 8),
        )
        + f"\nanswer = {answer}\n"
    )


# 6.1-6: a small network with 10 outputs
SMALL = (
    "self.c1 = nn.Conv2D(1, 8, 5); self.c2 = nn.Conv2D(8, 16, 5); self.pool = "
    "nn.MaxPool2D(2); "
    "self.fc = nn.Linear(16, 10)"
)
SMALL_BODY = "x = self.pool(F.relu(self.c1(x))); x = F.relu(self.c2(x)); x = x.mean([2, 3])"
END = SMALL_BODY + "; return self.fc(x)"
SOFT = "softmax|Softmax|logits|概率"

SMALL_WRONG = [
    (net(SMALL, SMALL_BODY + "; self.fc(x)"), "return"),
    (net(SMALL, SMALL_BODY + "; x = self.fc(x)"), "return"),
    (net(SMALL, SMALL_BODY + "; print(x.shape)"), "return"),
    (net(SMALL, SMALL_BODY + "; return self.fc(x)[:, :5]"), "10"),
    (net(SMALL, SMALL_BODY + "; return self.fc(x)[0]"), "批量|第一|每一张|图像"),
    (
        net(
            SMALL,
            SMALL_BODY.replace("x.mean([2, 3])", "x.mean([2, 3]).reshape([1, 16])")
            + "; return self.fc(x)",
        ),
        "批量",
    ),
    (net(SMALL, END.replace("self.fc(x)", "self.fc(x).reshape([1, 10])")), "批量"),
    (net(SMALL, END.replace("self.fc(x)", "F.softmax(self.fc(x))")), SOFT),
    (net(SMALL, END.replace("self.fc(x)", "F.sigmoid(self.fc(x))")), "sigmoid|Sigmoid"),
    (
        net(SMALL + "; self.out = nn.Sigmoid()", END.replace("self.fc(x)", "self.out(self.fc(x))")),
        "sigmoid|Sigmoid",
    ),
    (
        net(SMALL + "; self.out = nn.Softmax()", END.replace("self.fc(x)", "self.out(self.fc(x))")),
        SOFT,
    ),
    (net(SMALL, END.replace("self.fc(x)", "F.log_softmax(self.fc(x))")), "softmax"),
    (net(SMALL, END.replace("self.fc(x)", "F.relu(self.fc(x))")), "ReLU|relu"),
    (net(SMALL, END.replace("self.fc(x)", "paddle.tanh(self.fc(x))")), "tanh|Tanh"),
    (
        net(
            SMALL,
            END.replace(
                "return self.fc(x)", "e = self.fc(x).exp(); return e / e.sum(axis=1, keepdim=True)"
            ),
        ),
        SOFT,
    ),
    (net(SMALL, END.replace("self.fc(x)", "self.fc(x).argmax(axis=1)")), "类别|argmax"),
    (net(SMALL, SMALL_BODY + "; x = self.fc(x); return x, x"), "元组|2 个"),
    (net(SMALL, SMALL_BODY + "; return [self.fc(x)]"), "列表"),
    (net(SMALL, SMALL_BODY + "; return self.fc"), "层|括号|调用"),
    (net(SMALL, SMALL_BODY + "; return self.fc(x).numpy()"), "numpy"),
    (net(SMALL, SMALL_BODY + "; return self.fc(x).mean()"), "10"),
    (net(SMALL, SMALL_BODY + "; return self.fc(x).mean(axis=0, keepdim=True)"), "批量|图像"),
    (net(SMALL, END, first=""), "super"),
    (net(SMALL, END, first="super().__init__"), "super"),
    (net(SMALL, END, arguments="self, channels"), "channels"),
    (net(SMALL, END, arguments="self, channels, classes"), "channels"),
    (
        net(
            "self.layers = [nn.Conv2D(1, 8, 5), nn.Conv2D(8, 16, 5)]; self.fc = nn.Linear(16, 10)",
            "for layer in self.layers: x = F.relu(layer(x)); return self.fc(x.mean([2, 3]))",
        ),
        "列表",
    ),
    (
        net(
            "self.parts = {'c': nn.Conv2D(1, 16, 5)}; self.fc = nn.Linear(16, 10)",
            "return self.fc(self.parts['c'](x).mean([2, 3]))",
        ),
        "字典",
    ),
    (net(SMALL + "; self.c3 = nn.Conv2D(16, 16, 3)", END), "c3"),
    (net(SMALL + "; self.bn = nn.BatchNorm2D(8)", END), "bn"),
    (net(SMALL + "; self.fc1 = nn.Linear(16, 30); self.fc2 = nn.Linear(30, 10)", END), "fc1"),
    (net("self.c = nn.Conv2D(1, 2, 3); self.fc = nn.Linear(1024, 9)", "return x"), "c|没有用"),
    (net("self.fc = nn.Linear(64, 10)", "return self.fc(F.avg_pool2d(x, 4).flatten(1))"), "卷积"),
    (
        net(
            "self.c = nn.Conv2D(1, 8, 3); self.fc = nn.Linear(64, 10)",
            "return self.fc(F.avg_pool2d(x, 4).flatten(1))",
        ),
        "c.*没有用|没有用.*c",
    ),
    (
        net(
            "self.c1 = nn.Conv2D(1, 6, 5); self.c3 = nn.Conv2D(6, 16, 5); "
            "self.f5 = nn.Linear(400, 120); self.f6 = nn.Linear(120, 10)",
            "x = F.max_pool2d(F.relu(self.c1(x)), 2); x = F.max_pool2d(F.relu(self.c3(x)), 2); "
            "x = F.relu(self.f5(x.flatten(1))); return self.f6(x)",
        ),
        "10,000",
    ),
    (net(SMALL, END.replace("x.mean([2, 3])", "x.flatten(1)")), "self.fc|特征|形状|1600|1,600"),
    (net(SMALL, END.replace("x.mean([2, 3])", "x")), "10|形状|展平|self.fc"),
    (net(SMALL.replace("Linear(16, 10)", "Linear(16, 9)"), END), "10"),
    (net(SMALL.replace("Linear(16, 10)", "Linear(10, 10)"), END), "16"),
    (net(SMALL.replace("nn.Conv2D(8, 16, 5)", "nn.Conv2D(6, 16, 5)"), END), "6|通道"),
    (net(SMALL.replace("nn.Conv2D(1, 8, 5)", "nn.Conv2D(3, 8, 5)"), END), "3|通道"),
    (net(SMALL, END.replace("self.c2(x)", "self.conv2(x)")), "conv2"),
    (net(SMALL, END.replace("F.relu(self.c2(x))", "relu(self.c2(x))")), "relu"),
    (net(SMALL, END.replace("x.mean([2, 3])", "x.view(-1, 16)")), "."),
    (net(SMALL.replace("nn.Conv2D", "nn.Conv_2D"), END), "Conv_2D"),
    (
        net(SMALL, END.replace("F.relu(self.c2(x))", "F.dropout(F.relu(self.c2(x)), 0.5)")),
        "dropout",
    ),
    (net("self.c = nn.Conv2D(1, 16, 5)", "return self.c(x).mean([2, 3])"), "10"),
    (net("self.c = nn.Conv2D(1, 10, 5)", "return self.c(x)"), "展平|池化|\\[2, 10"),
    (
        net("self.c = nn.Conv2D(1, 10, 5)", "return F.adaptive_avg_pool2d(self.c(x), 1)"),
        "展平|flatten",
    ),
    (
        net(
            SMALL,
            END.replace("F.relu(self.c2(x))", "F.softmax(self.c2(x) * 0)").replace(
                "self.fc(x)", "paddle.zeros([x.shape[0], 10])"
            ),
        ),
        "输入|没有用",
    ),
    ("answer = paddle.randn([2, 10])\n", "张量|输出|网络"),
    ("answer = nn.Layer\n", "."),
    ("answer = 8000\n", "网络"),
    ("answer = 'MyNet'\n", "网络|引号"),
    ("answer = [nn.Conv2D(1, 6, 5), nn.ReLU()]\n", "Sequential|列表"),
    ("answer = nn.Sequential()\n", "层"),
    ("answer = nn.Conv2D(1, 10, 32)\n", "展平|flatten"),
    ("def build():\n    nn.Sequential(nn.Conv2D(1, 6, 5))\n\nanswer = build\n", "return|None"),
    ("answer = lambda: 5\n", "网络"),
    ("answer = LeNet5\n", "10,000|logits"),
]

# 6.2-6: five convolutions, 1000 outputs
LIGHT = (
    "self.net = nn.Sequential(nn.Conv2D(3, 32, 11, 4), nn.ReLU(), nn.MaxPool2D(3, 2), "
    "nn.Conv2D(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2D(3, 2), "
    "nn.Conv2D(64, 96, 3, padding=1), nn.ReLU(), nn.Conv2D(96, 96, 3, padding=1), nn.ReLU(), "
    "nn.Conv2D(96, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2D(1), nn.Flatten()); "
    "self.out = nn.Linear(64, 1000)"
)
LIGHT_WRONG = [
    (net(LIGHT, "self.out(self.net(x))"), "return"),
    (net(LIGHT, "return F.softmax(self.out(self.net(x)))"), SOFT),
    (net(LIGHT, "return self.out(self.net(x))[:, :100]"), "1,?000"),
    (net(LIGHT.replace("64, 1000", "64, 10"), "return self.out(self.net(x))"), "1,?000"),
    (net(LIGHT, "return self.out(self.net(x).reshape([1, 64]))"), "批量"),
    (
        net(
            LIGHT.replace("nn.Conv2D(96, 96, 3, padding=1), nn.ReLU(), ", ""),
            "return self.out(self.net(x))",
        ),
        "5 个|4 个",
    ),
    (net(LIGHT + "; self.f6 = nn.Linear(64, 4096)", "return self.out(self.net(x))"), "f6"),
    (net("pass", "return super().forward(x)", base="AlexNet"), "10,000,000"),
    (net("self.f6 = nn.Linear(9216, 1000)", "return super().forward(x)", base="AlexNet"), "."),
    (net(LIGHT, "return self.out(self.net(x))", first=""), "super"),
    (net(LIGHT, "return self.out(self.net(x))", arguments="self, groups"), "groups"),
    (net(LIGHT, "return F.sigmoid(self.out(self.net(x)))"), "sigmoid|Sigmoid"),
    (net(LIGHT, "return F.relu(self.out(self.net(x)))"), "ReLU|relu"),
    (net(LIGHT, "return F.dropout(self.out(self.net(x)))"), "dropout"),
    (net(LIGHT.replace("64, 1000", "96, 1000"), "return self.out(self.net(x))"), "96|64"),
]

# 6.3-6: thirteen convolutions and five poolings
VGG_END = "self.fc = nn.Linear(512, 1000)"
VGG_BASE = f"self.features = nn.Sequential(*conv_modules(CONFIGS['D'], 3)); {VGG_END}"
VGG_BODY = "x = self.features(x).mean([2, 3])"
VGG_WRONG = [
    (net(VGG_BASE, VGG_BODY + "; self.fc(x)"), "return"),
    (net(VGG_BASE, VGG_BODY + "; return F.softmax(self.fc(x))"), SOFT),
    (net(VGG_BASE, VGG_BODY + "; return self.fc(x)[:1]"), "批量|图像"),
    (net(VGG_BASE.replace("'D'", "'A'"), VGG_BODY + "; return self.fc(x)"), "13 个"),
    (
        net(
            f"self.features = list(conv_modules(CONFIGS['D'], 3)); {VGG_END}",
            "for _, f in self.features: x = f(x); return self.fc(x.mean([2, 3]))",
        ),
        "列表",
    ),
    (net(VGG_BASE, VGG_BODY + "; return self.fc(x)", first=""), "super"),
    (net(VGG_BASE, VGG_BODY + "; return x"), "fc|1,?000"),
]

# 6.4-6: a module in place of 3a
OWN = (
    "self.a = nn.Conv2D(192, 64, 1); self.b = nn.Sequential(nn.Conv2D(192, 64, 1), "
    "nn.Conv2D(64, 128, 3, padding=1)); self.c = nn.Sequential(nn.Conv2D(192, 16, 1), "
    "nn.Conv2D(16, 32, 5, padding=2)); self.d = nn.Conv2D(192, 32, 1)"
)
JOIN = "return paddle.concat([self.a(x), self.b(x), self.c(x), self.d(x)], axis=1)"
OWN_WRONG = [
    (net(OWN, JOIN.replace("return ", "")), "return"),
    (net(OWN, JOIN.replace("axis=1", "axis=0")), "axis|批量|256|通道"),
    (net(OWN, JOIN.replace(", self.d(x)", "")), "d|256"),
    (net(OWN, JOIN.replace("self.c(x), ", "")), "c|256"),
    (net(OWN.replace("16, 32, 5, padding=2", "16, 32, 5"), JOIN), "填充|形状|concat"),
    (net(OWN.replace("16, 32, 5, padding=2", "16, 32, 3, padding=1"), JOIN), "5"),
    (
        net(OWN.replace("192, 64, 1), nn.Conv2D(64, 128", "192, 96, 1), nn.Conv2D(96, 128"), JOIN),
        "一成",
    ),
    (net(OWN, JOIN, first=""), "super"),
    (net(OWN, JOIN, arguments="self, in_channels"), "in_channels"),
    (net(OWN, "return self.a(x) + self.b(x)"), "形状|128|64|没有用|通道|相加"),
    (net(OWN, JOIN.replace("self.d(x)", "x")), "通道|256|d"),
    (net(OWN.replace("192, 64, 1)", "256, 64, 1)", 1), JOIN), "256|通道"),
    (net(OWN + "; self.e = nn.Conv2D(192, 8, 1)", JOIN), "e.*没有用|没有用.*e"),
    (net(OWN, "return [self.a(x), self.b(x), self.c(x), self.d(x)]"), "列表|拼接"),
    (net(OWN, JOIN.replace("return ", "y = ") + "; return y.mean([2, 3])"), "256, 28, 28|28"),
    ("answer = lambda: Inception(192, 64, 96, 128, 16, 32, 32)\n", "一成"),
]

# 6.5-6: a pre-activation block
PRE = (
    "self.b1 = nn.BatchNorm2D(64); self.c1 = nn.Conv2D(64, 64, 3, padding=1, bias_attr=False); "
    "self.b2 = nn.BatchNorm2D(64); self.c2 = nn.Conv2D(64, 64, 3, padding=1, bias_attr=False)"
)
PRE_BODY = "y = self.c1(F.relu(self.b1(x))); y = self.c2(F.relu(self.b2(y)))"
PRE_WRONG = [
    (net(PRE, PRE_BODY + "; x + y"), "return"),
    (net(PRE, PRE_BODY + "; return y"), "捷径|x"),
    (net(PRE, PRE_BODY + "; return F.relu(x + y)"), "ReLU"),
    (net(PRE, PRE_BODY + "; return paddle.concat([x, y], 1)"), "64|拼接|通道"),
    (net(PRE, PRE_BODY + "; return x * y"), "相加|捷径|相乘"),
    (net(PRE, PRE_BODY + "; return 2 * x + y"), "捷径|x"),
    (
        net(PRE, "y = F.relu(self.b1(self.c1(x))); y = self.b2(self.c2(y)); return F.relu(x + y)"),
        "次序|ReLU",
    ),
    (
        net(PRE, "y = F.relu(self.b1(self.c1(x))); y = F.relu(self.b2(self.c2(y))); return x + y"),
        "次序",
    ),
    (
        net(PRE, "y = self.c1(self.b1(F.relu(x))); y = self.c2(self.b2(F.relu(y))); return x + y"),
        "次序",
    ),
    (net(PRE, "y = self.c1(self.b1(x)); y = self.c2(self.b2(y)); return x + y"), "次序|ReLU"),
    (net(PRE, "y = self.c1(F.relu(x)); y = self.c2(F.relu(y)); return x + y"), "b1|没有用"),
    (
        net(
            PRE,
            "x = F.relu(self.b1(x)); y = self.c1(x); y = self.c2(F.relu(self.b2(y))); return x + y",
        ),
        "捷径|x",
    ),
    (net(PRE, PRE_BODY.replace("self.b2(y)", "self.b1(y)") + "; return x + y"), "b2|共用|没有用"),
    (net(PRE, PRE_BODY.replace("self.c2(F", "self.c1(F") + "; return x + y"), "c2|共用|没有用"),
    (net(PRE.replace(", bias_attr=False", ""), PRE_BODY + "; return x + y"), "偏置"),
    (net(PRE.replace("padding=1, ", ""), PRE_BODY + "; return x + y"), "填充|形状|28"),
    (net(PRE.replace("64, 3, padding=1", "64, 1"), PRE_BODY + "; return x + y"), "3×3|参数"),
    (
        net(PRE.replace("BatchNorm2D(64)", "BatchNorm2D(32)"), PRE_BODY + "; return x + y"),
        "32|64|通道",
    ),
    (net(PRE.replace("64, 64, 3", "32, 32, 3"), PRE_BODY + "; return x + y"), "32|通道"),
    (net(PRE, PRE_BODY + "; return x + y", first=""), "super"),
    (net(PRE, PRE_BODY + "; return x + y", arguments="self, channels"), "channels"),
    (
        net(
            PRE + "; self.p = nn.Conv2D(64, 64, 1, bias_attr=False)",
            PRE_BODY + "; return self.p(x) + y",
        ),
        "捷径|参数",
    ),
    (
        net(PRE + "; self.b3 = nn.BatchNorm2D(64)", PRE_BODY + "; return self.b3(x + y)"),
        "次序|参数|相加",
    ),
    ("answer = lambda: BasicBlock(64, (64, 64))\n", "次序|ReLU"),
]

# 6.5-7: a wide block
WIDE = (
    "self.a = nn.Conv2D(256, 128, 1, bias_attr=False); self.na = nn.BatchNorm2D(128); "
    "self.b = nn.Conv2D(128, 128, 3, padding=1, groups=32, bias_attr=False); "
    "self.nb = nn.BatchNorm2D(128); self.c = nn.Conv2D(128, 256, 1, bias_attr=False); "
    "self.nc = nn.BatchNorm2D(256)"
)
WIDE_BODY = "y = F.relu(self.na(self.a(x))); y = F.relu(self.nb(self.b(y))); y = self.nc(self.c(y))"
WIDE_WRONG = [
    (net(WIDE, WIDE_BODY + "; F.relu(x + y)"), "return"),
    (net(WIDE, WIDE_BODY + "; return F.relu(y)"), "捷径|x"),
    (net(WIDE.replace(", groups=32", ""), WIDE_BODY + "; return F.relu(x + y)"), "72,000|groups"),
    (
        net(WIDE.replace("groups=32", "groups=2"), WIDE_BODY + "; return F.relu(x + y)"),
        "72,000|groups",
    ),
    (
        net(
            WIDE.replace("256, 128, 1", "256, 64, 1")
            .replace("(128, 128, 3", "(64, 64, 3")
            .replace("128, 256, 1", "64, 256, 1")
            .replace("BatchNorm2D(128)", "BatchNorm2D(64)"),
            WIDE_BODY + "; return F.relu(x + y)",
        ),
        "128",
    ),
    (
        net(WIDE.replace("groups=32", "groups=30"), WIDE_BODY + "; return F.relu(x + y)"),
        "groups|整除|30",
    ),
    (
        net(WIDE.replace("128, 256, 1", "128, 128, 1"), WIDE_BODY + "; return F.relu(x + y)"),
        "256|128",
    ),
    (net(WIDE.replace("padding=1, ", ""), WIDE_BODY + "; return F.relu(x + y)"), "填充|形状|54"),
    (net(WIDE, WIDE_BODY + "; return F.relu(x + y)", first=""), "super"),
    (net(WIDE, WIDE_BODY + "; return paddle.concat([x, y], axis=1)"), "256|拼接|通道"),
    (net(WIDE + "; self.nd = nn.BatchNorm2D(256)", WIDE_BODY + "; return F.relu(x + y)"), "nd"),
    (
        net(
            WIDE.replace("3, padding=1, groups=32", "1, groups=32"),
            WIDE_BODY + "; return F.relu(x + y)",
        ),
        "3×3",
    ),
]

# 6.6-7: forty layers, few parameters
DEEP = "CifarDenseNet, 40, growth_rate=4, in_channels=1, **SWITCHES['DenseNet-BC']"
DEEP_WRONG = [
    (
        f"class Soft(nn.Layer):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.net = partial({DEEP})()\n\n    def forward(self, x):\n"
        f"        return F.softmax(self.net(x))\n\nanswer = Soft\n",
        SOFT,
    ),
    (
        f"class Soft(nn.Layer):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.net = partial({DEEP})()\n\n    def forward(self, x):\n"
        f"        self.net(x)\n\nanswer = Soft\n",
        "return",
    ),
    (
        f"class Soft(nn.Layer):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.net = partial({DEEP})()\n\n    def forward(self, x):\n"
        f"        return self.net(x)[:1]\n\nanswer = Soft\n",
        "批量|图像",
    ),
    ("answer = CifarDenseNet\n", "通道"),
    (f"answer = partial({DEEP})\n".replace("growth_rate=4", "growth_rate=12"), "30,000"),
    (f"answer = partial({DEEP})\n".replace("40,", "22,"), "40"),
    (f"answer = partial({DEEP})\n".replace("40,", "41,"), "."),
    (f"answer = partial({DEEP})\n".replace("in_channels=1", "in_channels=3"), "3|通道"),
    (f"answer = partial({DEEP}, num_classes=100)\n", "10"),
    (
        "answer = nn.Sequential(*[nn.Conv2D(1, 1, 3, padding=1) for _ in range(40)], nn.Flatten(), "
        "nn.Linear(784, 10))\n",
        "拼接",
    ),
    (f"answer = partial({DEEP})()(paddle.randn([2, 1, 28, 28]))\n", "张量|输出"),
    ("answer = partial(CifarDenseNet, 40, 4)\n", "通道|3"),
    (f"answer = [partial({DEEP})()]\n", "列表"),
]

WRONG_NETWORKS = [
    (exercise, source, words)
    for exercise, sources in {
        "6.1-6": SMALL_WRONG,
        "6.2-6": LIGHT_WRONG,
        "6.3-6": VGG_WRONG,
        "6.4-6": OWN_WRONG,
        "6.5-6": PRE_WRONG,
        "6.5-7": WIDE_WRONG,
        "6.6-7": DEEP_WRONG,
    }.items()
    for source, words in sources
]

RIGHT_NETWORKS = [
    ("6.1-6", net(SMALL, END)),
    ("6.1-6", net(SMALL, END, answer="MyNet()")),
    ("6.1-6", net(SMALL, END, answer="lambda: MyNet()")),
    ("6.1-6", net(SMALL, END, answer="partial(MyNet)")),
    ("6.1-6", net(SMALL, END, arguments="self, channels=8")),
    ("6.1-6", net(SMALL, END, first="super(MyNet, self).__init__()")),
    ("6.1-6", net(SMALL, END, first="nn.Layer.__init__(self)")),
    (
        "6.1-6",
        net(SMALL, END.replace("x.mean([2, 3])", "F.adaptive_avg_pool2d(x, 1).squeeze([2, 3])")),
    ),
    (
        "6.1-6",
        net(
            SMALL,
            END.replace("x.mean([2, 3])", "F.adaptive_avg_pool2d(x, 1).reshape([x.shape[0], -1])"),
        ),
    ),
    ("6.1-6", net(SMALL, END.replace("x.mean([2, 3])", "x.mean(axis=3).mean(axis=2)"))),
    (
        "6.1-6",
        net(
            SMALL,
            END.replace("self.pool(", "F.max_pool2d(").replace("self.c1(x))", "self.c1(x)), 2"),
        ).replace("self.pool = nn.MaxPool2D(2)", "pass"),
    ),
    (
        "6.1-6",
        net(SMALL + "; self.b = nn.BatchNorm(8)", END.replace("self.c1(x)", "self.b(self.c1(x))")),
    ),
    ("6.1-6", net(SMALL.replace("nn.Conv2D(1, 8, 5)", 'nn.Conv2D(1, 8, 5, padding="SAME")'), END)),
    (
        "6.1-6",
        net(
            "self.c = nn.Conv2D(1, 16, 5); self.k = nn.Conv2D(16, 10, 1)",
            "return self.k(F.relu(self.c(x))).mean([2, 3])",
        ),
    ),
    (
        "6.1-6",
        net(
            "self.c = nn.Conv2D(1, 16, 5); self.k = nn.Conv2D(16, 10, 1)",
            "x = F.adaptive_avg_pool2d(F.relu(self.c(x)), 1); return self.k(x).squeeze([2, 3])",
        ),
    ),
    (
        "6.1-6",
        net(
            "self.c = nn.Conv2D(1, 4, 32); self.fc = nn.Linear(4, 10)",
            "return self.fc(self.c(x).flatten(1))",
        ),
    ),
    (
        "6.1-6",
        net(
            "self.w = self.create_parameter([16, 1, 5, 5]); self.fc = nn.Linear(16, 10)",
            "return self.fc(F.relu(F.conv2d(x, self.w)).mean([2, 3]))",
        ),
    ),
    (
        "6.1-6",
        net(
            "self.cs = nn.LayerList([nn.Conv2D(1, 8, 3), nn.Conv2D(8, 8, 3)]); self.fc = "
            "nn.Linear(8, 10)",
            "for c in self.cs: x = F.relu(c(x)); return self.fc(x.mean([2, 3]))",
        ),
    ),
    (
        "6.1-6",
        net(SMALL + "; self.d = nn.Dropout(0.5)", END.replace("self.fc(x)", "self.fc(self.d(x))")),
    ),
    (
        "6.1-6",
        net(SMALL, END.replace("self.fc(x)", "self.fc(F.dropout(x, 0.5, training=self.training))")),
    ),
    ("6.1-6", net(SMALL, END.replace("self.fc(x)", "paddle.scale(self.fc(x), 2.0)"))),
    (
        "6.1-6",
        "answer = nn.Sequential(nn.Conv2D(1, 6, 5), nn.Tanh(), nn.MaxPool2D(4), "
        "nn.Flatten(), nn.Linear(294, 10))\n",
    ),
    (
        "6.1-6",
        "class MyNet(nn.Sequential):\n    def __init__(self):\n        super().__init__(\n"
        "            nn.Conv2D(1, 8, 5), nn.GELU(), nn.AdaptiveAvgPool2D((1, 1)), "
        "nn.Flatten(), nn.Linear(8, 10)\n"
        "        )\n\nanswer = MyNet\n",
    ),
    (
        "6.1-6",
        "def build():\n    return nn.Sequential(nn.Conv2D(1, 8, 5), nn.ReLU(), "
        "nn.AdaptiveMaxPool2D(1),"
        " nn.Flatten(), nn.Linear(8, 10))\n\nanswer = build\n",
    ),
    ("6.2-6", net(LIGHT, "return self.out(self.net(x))")),
    (
        "6.2-6",
        net(
            LIGHT.replace("nn.Linear(64, 1000)", "nn.Linear(64, 1000, bias_attr=False)"),
            "return self.out(self.net(x))",
        ),
    ),
    (
        "6.2-6",
        net(
            LIGHT.replace("nn.AdaptiveAvgPool2D(1), nn.Flatten()", "nn.Identity()").replace(
                "nn.Linear(64, 1000)", "nn.Conv2D(64, 1000, 1)"
            ),
            "return F.adaptive_avg_pool2d(self.out(self.net(x)), 1).flatten(1)",
        ),
    ),
    ("6.3-6", net(VGG_BASE, VGG_BODY + "; return self.fc(x)")),
    (
        "6.3-6",
        net(
            VGG_BASE.replace("nn.Linear(512, 1000)", "nn.Conv2D(512, 1000, 1)"),
            "x = self.fc(F.adaptive_avg_pool2d(self.features(x), 1)); return x.squeeze([2, 3])",
        ),
    ),
    (
        "6.3-6",
        "layers, n = [], 3\nfor widths in ((64, 64), (128, 128), (256,) * 3, (512,) * 3, "
        "(512,) * 3):\n"
        "    for m in widths:\n        layers += [nn.Conv2D(n, m, 3, padding='SAME'), "
        "nn.ReLU()]\n        n = m\n"
        "    layers.append(nn.MaxPool2D(2))\n"
        "answer = nn.Sequential(*layers, nn.AdaptiveAvgPool2D(1), nn.Flatten(), "
        "nn.Linear(512, 1000))\n",
    ),
    (
        "6.3-6",
        "class MyNet(nn.Layer):\n    def __init__(self):\n        super().__init__()\n    "
        "    n = 3\n"
        "        self.cs = nn.LayerList()\n"
        "        for m in (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512):\n"
        "            self.cs.append(nn.Conv2D(n, m, 3, padding=1))\n            n = m\n"
        "        self.fc = nn.Linear(512, 1000)\n\n    def forward(self, x):\n"
        "        for i, c in enumerate(self.cs):\n            x = F.relu(c(x))\n"
        "            if i in (1, 3, 6, 9, 12):\n                x = F.max_pool2d(x, 2)\n"
        "        return self.fc(x.mean([2, 3]))\n\nanswer = MyNet\n",
    ),
    ("6.4-6", net(OWN, JOIN)),
    (
        "6.4-6",
        net(
            "self.a = nn.Conv2D(192, 32, 1); self.b = nn.Conv2D(32, 256, 5, padding=2, groups=4)",
            "return self.b(F.relu(self.a(x)))",
        ),
    ),
    (
        "6.4-6",
        net(
            "self.a = nn.Conv2D(192, 48, 1); self.b = nn.Conv2D(48, 48, 3, padding=1); "
            "self.c = nn.Conv2D(48, 256, 3, padding=1, groups=2)",
            "return self.c(F.relu(self.b(F.relu(self.a(x)))))",
        ),
    ),
    ("6.4-6", net(OWN, JOIN.replace("self.d(x)", "self.d(F.max_pool2d(x, 3, 1, 1))"))),
    ("6.5-6", net(PRE, PRE_BODY + "; return x + y")),
    ("6.5-6", net(PRE, PRE_BODY + "; return paddle.add(y, x)")),
    ("6.5-6", net(PRE.replace("BatchNorm2D", "BatchNorm"), PRE_BODY + "; return y + x")),
    ("6.5-6", net(PRE.replace("padding=1", 'padding="SAME"'), PRE_BODY + "; return x + y")),
    (
        "6.5-6",
        net(
            PRE + "; self.r = nn.ReLU()",
            PRE_BODY.replace("F.relu", "self.r") + "; y += x; return y",
        ),
    ),
    (
        "6.5-6",
        net(
            "self.f = nn.Sequential(nn.BatchNorm2D(64), nn.ReLU(), nn.Conv2D(64, 64, 3, "
            "1, 1, bias_attr=False), "
            "nn.BatchNorm2D(64), nn.ReLU(), nn.Conv2D(64, 64, 3, 1, 1, "
            "bias_attr=False))",
            "return x + self.f(x)",
        ),
    ),
    ("6.5-7", net(WIDE, WIDE_BODY + "; return F.relu(x + y)")),
    ("6.5-7", net(WIDE.replace("groups=32", "groups=128"), WIDE_BODY + "; return F.relu(y + x)")),
    ("6.5-7", net(WIDE, WIDE_BODY + "; return x + y")),
    ("6.6-7", f"answer = partial({DEEP})\n"),
    ("6.6-7", f"answer = partial({DEEP})()\n"),
    ("6.6-7", "answer = lambda: CifarDenseNet(40, 4, in_channels=1, **SWITCHES['DenseNet-BC'])\n"),
    (
        "6.6-7",
        "class Dense(nn.Layer):\n    def __init__(self):\n        super().__init__()\n"
        "        self.cs = nn.LayerList([nn.Conv2D(1 + 2 * i, 2, 3, padding=1) for i in "
        "range(39)])\n"
        "        self.fc = nn.Linear(79, 10)\n\n    def forward(self, x):\n        for c "
        "in self.cs:\n"
        "            x = paddle.concat([x, F.relu(c(x))], axis=1)\n        return "
        "self.fc(x.mean([2, 3]))\n\n"
        "answer = Dense\n",
    ),
]
