"""Kinds of exercises beyond numbers, letters and networks, with one exercise of each.

``EXERCISES`` holds those that no notebook asks yet: ``check`` knows them, a release does not.
"""

import re
import unicodedata
from dataclasses import dataclass, field

import paddle

from ..counting.modes import evaluating
from . import draws
from .answers import AnswerError, number, shown
from .kinds import OWN_FORMULA, Exercise, Verdict
from .lenet import at_most
from .networks import Complaint, NetworkExercise


@dataclass(frozen=True)
class BugExercise(Exercise):
    """A class that runs and is wrong: which line?

    Attributes:
        statement: what the class is meant to do.
        source: its lines.
        wrong: the number of the wrong line, from 1.
        cure: what the line should be, and why.
        fine: {line number: why it is right}, for lines that are suspected.
        kind: what it is about, a key of ``mistakes.KINDS``.
    """

    statement: str
    source: tuple
    wrong: int
    cure: str
    fine: dict
    kind: str

    def text(self, variant=None):
        """The task and the numbered lines."""
        lines = [f"{place:2}  {line}" for place, line in enumerate(self.source, start=1)]
        return "\n".join([self.statement, "", "```text", *lines, "```", "", "哪一行错了？写行号。"])

    def judge(self, answer, variant=None):
        """The verdict on a line number."""
        try:
            line, _ = number(answer)
        except AnswerError:
            return Verdict(False, (f"答案应当是一个行号，现在是 {shown(answer)}。",))
        if line == self.wrong:
            return Verdict(True, (f"正确：第 {line} 行。{self.cure}",))
        if line not in range(1, len(self.source) + 1):
            return Verdict(
                False, (f"行号是 1 到 {len(self.source)} 之间的整数，现在是 {shown(answer)}。",)
            )
        return Verdict(
            False,
            (
                f"第 {line} 行没有错。{self.fine.get(line, '它照着题目说的做了。')}",
                "从输入起一行一行写出形状，和每一行用到的是哪一个变量。",
                "取一个最小的输入（全 0 的卷积核、两张图像），说出这个类应当输出什么，"
                "再看实际输出什么。",
            ),
            self.kind,
        )


@dataclass(frozen=True)
class OrderExercise(Exercise):
    """Steps to put in order, by their letters.

    Attributes:
        statement: what is ordered.
        steps: pairs (step, why it must come before the next one), in the right order.
        kind: what it is about, a key of ``mistakes.KINDS``.
    """

    statement: str
    steps: tuple
    kind: str

    def lettered(self, variant=None):
        """{letter: place of the step in the right order}"""
        places = draws.shuffled(range(len(self.steps)), str(variant).strip(), self.statement)
        return dict(zip("ABCDEFGH", places, strict=False))

    def right(self, variant=None):
        """The letters in the right order."""
        lettered = self.lettered(variant)
        return "".join(sorted(lettered, key=lettered.get))

    def text(self, variant=None):
        """The task and its steps."""
        lettered = self.lettered(variant)
        steps = [f"- {name}. {self.steps[place][0]}" for name, place in lettered.items()]
        return "\n".join([f"{self.statement}把字母按次序写成一个词，例如 "
                          f"`{''.join(lettered)}`。", "", *steps])  # fmt: skip

    def judge(self, answer, variant=None):
        """The verdict on letters in whatever form."""
        lettered = self.lettered(variant)
        if isinstance(answer, (list, tuple)) and all(isinstance(one, str) for one in answer):
            answer = "".join(answer)
        text = unicodedata.normalize("NFKC", answer) if isinstance(answer, str) else ""
        letters = re.sub(r"[^A-Z]", "", text.upper())
        if sorted(letters) != sorted(lettered):
            names = "、".join(lettered)
            return Verdict(False, (f"{names} 每个字母各写一次，现在是 {shown(answer)}。",))
        places = [lettered[name] for name in letters]
        early = next((i for i, place in enumerate(places) if place != i), None)
        if early is None:
            return Verdict(True, (f"正确：{letters}。",))
        missing = next(name for name, place in lettered.items() if place == early)
        return Verdict(
            False,
            (
                f"前 {early} 步是对的，第 {early + 1} 步不该是 {letters[early]}："
                f"还有一步要在它前面。",
                f"{missing} 要早些：{self.steps[early][1]}",
                "为每一步写下：它需要什么已经准备好，它又准备好了什么。",
            ),
            self.kind,
        )


@dataclass(frozen=True)
class AblationExercise(Exercise):
    """An experiment to design: what to change, and what to hold fixed.

    The answer is {"改变": [...], "固定": [...]} of the ``factors``.

    Attributes:
        statement: the claim to be tested.
        vary: the one factor that is changed.
        factors: {factor: what goes wrong if it is not held fixed}.
        kind: what it is about, a key of ``mistakes.KINDS``.
    """

    statement: str
    vary: str
    factors: dict
    kind: str

    def text(self, variant=None):
        """The claim and the factors."""
        names = "、".join([self.vary, *self.factors])
        return (
            f"{self.statement}可以选的有：{names}。"
            '答案写成 `{"改变": [...], "固定": [...]}`，每一项各归一边。'
        )

    def judge(self, answer, variant=None):
        """The verdict on a design."""
        form = '答案应当写成 {"改变": [...], "固定": [...]}，现在是 ' + f"{shown(answer)}。"
        if not isinstance(answer, dict) or set(answer) != {"改变", "固定"}:
            return Verdict(False, (form,))
        sides = {k: [v] if isinstance(v, str) else v for k, v in answer.items()}
        if not all(isinstance(side, (list, tuple, set)) for side in sides.values()):
            return Verdict(False, (form,))
        varied, fixed = (list(map(str, sides[name])) for name in ("改变", "固定"))
        known = {self.vary, *self.factors}
        if unknown := [name for name in [*varied, *fixed] if name not in known]:
            return Verdict(False, (f"没有 {'、'.join(unknown)} 这一项；{self.text()}",))
        also = [name for name in varied if name != self.vary]
        missing = [name for name in self.factors if name not in fixed]
        if self.vary in fixed or self.vary not in varied:
            first = f"要检验的就是{self.vary}：只有它要改变，否则什么也比不出来。"
        elif also:
            first = f"同时改变了{'、'.join(also)}，就不知道结果是谁引起的。{self.factors[also[0]]}"
        elif missing:
            first = f"{'、'.join(missing)}没有固定。{self.factors[missing[0]]}"
        else:
            return Verdict(True, (f"正确：只改变{self.vary}，其余都固定。",))
        return Verdict(
            False,
            (
                first,
                "一次只改变一件事；别的每一件，只要会影响结果，就要两边一样。",
                "把两次运行的设置并排写成两列，逐行看：应当只有一行不同。",
            ),
            self.kind,
        )


@dataclass(frozen=True)
class BudgetExercise(NetworkExercise):
    """A network to train under a budget; the answer is (network, test images, test labels).

    Attributes:
        error: test error in per cent that must be met.
    """

    error: float = field(default=100.0)

    def judge(self, answer, variant=None):
        """The verdict on a trained network, measured here on the images that came with it."""
        if not isinstance(answer, tuple) or len(answer) != 3:
            return Verdict(
                False, (f"答案应当是 (网络, 测试图像, 测试标签)，现在是 {shown(answer)}。",)
            )
        net, images, labels = answer
        if isinstance(net, type):
            return Verdict(False, (f"要交训练好的实例，现在是类 {net.__name__}：还没有训练。",))
        found = super().judge(net, variant)
        if not found.right:
            return found
        try:
            error = _test_error(net, images, labels)
        except Exception as problem:  # whatever a learner handed in as images
            return Verdict(False, (f"测试图像或标签不合用：{shown(problem)}",), self.kind)
        if error <= self.error:
            return Verdict(True, (f"正确：测试错误率 {error:.2f} %，至多 {self.error:g} %。",))
        return Verdict(
            False,
            (
                f"参数够少了，测试错误率是 {error:.2f} %，还要降到 {self.error:g} % 以下。",
                "先看训练错误率：它也高，就是学得不够（学习率、遍数、宽度）；它低，就是过拟合。",
                f"把参数花在后面的卷积层，少花在全连接层；记下每次改了什么、错误率变了多少。{OWN_FORMULA}",
            ),
            "training",
        )


def _test_error(net, images, labels, batch=1000):
    """Per cent of images whose largest output is not their label's."""
    images, labels = (
        one if isinstance(one, paddle.Tensor) else paddle.to_tensor(one) for one in (images, labels)
    )
    labels = labels.flatten()
    if not len(images) or len(images) != len(labels):
        raise Complaint(f"有 {len(images)} 张图像、{len(labels)} 个标签")
    wrong = 0
    with paddle.no_grad(), evaluating(net):
        for start in range(0, len(images), batch):
            found = net(images[start : start + batch]).argmax(axis=1)
            wrong += int((found != labels[start : start + batch].astype(found.dtype)).sum())
    return 100 * wrong / len(images)


EXERCISES = {
    "6.5-b1": BugExercise(
        "这个残差模块能运行，形状也对，深的网络却训练不好：把卷积核全设为 0，输出不是输入。",
        (
            "def forward(self, x):",
            "    y = F.relu(self.bn1(self.conv1(x)))",
            "    y = self.bn2(self.conv2(y))",
            "    x = F.relu(self.bn1(x))",
            "    return F.relu(x + y)",
        ),
        4,
        "捷径要把 x 原样送到最后，这一行先改了 x，再去相加；删掉它。",
        {
            2: "主分支的第一段正是卷积、BN、ReLU。",
            3: "第二段的 ReLU 在相加之后，这里没有是对的。",
            5: "先相加再 ReLU，与论文一致；x 若来自前一个 ReLU，它不改变 x。",
        },
        "layers",
    ),
    "6.1-o1": OrderExercise(
        "训练一步要做下面几件事，次序是什么？",
        (
            ("取一批图像和标签", "没有数据，什么也算不了。"),
            ("前向计算，得到 logits", "损失要用 logits 来算。"),
            ("用 logits 和标签算损失", "反向传播从损失开始。"),
            ("反向传播，得到每个参数的梯度", "更新参数要用梯度。"),
            ("按梯度更新参数", "先用梯度更新，再清掉它。"),
            ("把梯度清零", "梯度会累加：下一批之前要清掉。"),
        ),
        "training",
    ),
    "6.5-a1": AblationExercise(
        "要检验“残差捷径使深的网络容易训练”。设计两次运行，哪些改变，哪些固定？",
        "捷径",
        {
            "深度": "深度不同，就分不清是捷径还是深度的作用。",
            "宽度": "宽度不同，参数量就不同。",
            "训练数据": "数据不同，错误率不能相比。",
            "学习率": "学习率也决定学得快慢。",
            "遍数": "多学几遍，错误率本来就会低。",
            "批归一化": "批归一化自己就使深的网络容易训练。",
        },
        "training",
    ),
    "6.1-t1": BudgetExercise(
        (1, 32, 32),
        (10,),
        (at_most(10_000, "看看表中哪一层最多，全局平均池化能省去它。"),),
        statement="训练一个参数不超过 10,000 个的网络，使 MNIST 的测试错误率低于 2 %。",
        kind="training",
        error=2.0,
    ),
}
