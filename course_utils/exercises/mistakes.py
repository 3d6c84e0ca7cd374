"""A mistake is a formula: what a slip makes of the numbers of an exercise.

An exercise's numbers are drawn, so no wrong value is ever typed in. A ``Recipe`` computes a
layer's or a stack's numbers and holds the slips that are common to all such numbers; what is
special to one exercise, or by far the commonest there, is a ``Mistake`` of its own.
``Question.explained`` finds those that give a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from math import ceil, floor, isclose, isqrt

# What the mastery map shows, in its order.
KINDS = {
    "bias": "偏置",
    "channels": "通道与核",
    "positions": "位置与面积",
    "padding": "填充与取整",
    "field": "步长与感受野",
    "norm": "批归一化",
    "layers": "层与路",
    "cost": "单位与代价",
    "training": "训练与梯度",
    "code": "写网络",
}


@dataclass(frozen=True)
class Mistake:
    """What a slip gives.

    Attributes:
        value: the number that comes out.
        kind: one of ``KINDS``.
        what: the slip in words that fit after 像是：
        why: a sentence that explains it.
    """

    value: object
    kind: str
    what: str
    why: str


@dataclass(frozen=True)
class Slip:
    """A way to go wrong with any stack of layers; ``change`` returns the changed stack, or None
    where the slip cannot happen."""

    kind: str
    what: str
    why: str
    change: Callable


@dataclass(frozen=True)
class Recipe:
    """How a number is computed from something, and how that goes wrong.

    Attributes:
        measure: a function of ``subject``.
        subject: usually a tuple of layers.
        slips: the usual ones, the commonest first.
        pairs: whether two slips at once are looked for. Of small numbers, such as the side of a
            map, every one is some pair's result, and nothing would be named by it.
    """

    measure: Callable
    subject: object
    slips: tuple
    pairs: bool = False

    @property
    def value(self):
        """The number without a slip."""
        return self.measure(self.subject)

    def singles(self):
        """The mistakes of one slip."""
        for slip in self.slips:
            changed = slip.change(self.subject)
            if changed is not None:
                yield Mistake(self.measure(changed), slip.kind, slip.what, slip.why)

    def doubles(self):
        """The mistakes of two slips, of different kinds or not."""
        for first, second in combinations(self.slips, 2) if self.pairs else ():
            changed = first.change(self.subject)
            changed = None if changed is None else second.change(changed)
            if changed is not None:
                yield Mistake(
                    self.measure(changed),
                    first.kind,
                    f"{first.what}，而且{second.what}",
                    f"{first.why}{second.why}",
                )


@dataclass(frozen=True)
class Question:
    """An exercise with its numbers put in.

    Attributes:
        expected: the right number.
        own: mistakes that only this exercise knows.
        recipe: the one for its kind of number, or None.
    """

    expected: object
    own: tuple = ()
    recipe: Recipe | None = field(default=None)

    def explained(self, value):
        """The mistakes that give a value, at most two, the commonest first; none if unknown."""
        singles = list(self.recipe.singles()) if self.recipe else []
        for mistakes in (
            [*self.own, *singles],
            _universal(self.expected),
            _unrounded(value, self.expected, [*self.own, *singles]),
            self.recipe.doubles() if self.recipe else (),
            _compounded([*self.own, *singles]),
            _off_by_one(self.expected),
        ):
            found = [mistake for mistake in mistakes if _same(mistake.value, value)]
            if found:
                # Of a second one, the rules may only say the same in other words.
                others = [m for m in found[1:] if m in self.own or m.kind != found[0].kind]
                return [found[0], *others[:1]]
        return []


def _same(value, other):
    exact = isinstance(value, int) and isinstance(other, int)
    return value == other if exact else isclose(value, other, rel_tol=1e-6)


_UNITS = {10**3: "千", 1024: "1,024（KB）", 10**6: "百万", 1024**2: "1,024²（MB）", 10**9: "十亿"}
_BATCHES = (4, 8, 10, 16, 32, 64, 100, 128, 256)


def _universal(expected):
    """Slips with a number, whatever it counts."""
    yield Mistake(
        2 * expected,
        "cost",
        "多乘了 2（2 倍）",
        "每一个只数一次：一次乘加算一次，一个方向、一份参数也只算一次。",
    )
    half = Fraction(expected) / 2
    yield Mistake(
        int(half) if half == int(half) else float(half),
        "cost",
        "少了一半（除以了 2）",
        "没有东西要平分：把式子里除以 2 的那一步找出来。",
    )
    yield Mistake(-expected, "cost", "符号反了（得到负数）", "问的是多出多少，用大的减小的。")
    if isinstance(expected, int) and expected > 1:
        yield Mistake(
            expected**2,
            "positions",
            "把边长又平方成面积（或把个数平方）",
            "题目只要一个方向上的一个数。",
        )
    root = isqrt(max(int(expected), 0))
    if isinstance(expected, int) and root**2 == expected and root > 1:
        yield Mistake(root, "positions", "只算了一个方向（没有平方）", "高和宽两个方向要相乘。")
    for size, name in _UNITS.items():
        yield Mistake(
            expected / size, "cost", f"换了单位，除以了{name}", "题目要的单位写在问句里，不必再换。"
        )
        yield Mistake(
            expected * size, "cost", f"单位不对：多乘了{name}", "题目要的单位写在问句里。"
        )
    for batch in _BATCHES:
        yield Mistake(
            batch * expected,
            "positions",
            f"乘了 {batch}，像是批量大小",
            "批量大小不算在内：这些数属于网络，与一次送入多少张图像无关。",
        )


def _unrounded(value, expected, singles):
    """A number with a fraction where a whole one is asked for."""
    if value == int(value) or not isinstance(expected, int):
        return
    for rounded in dict.fromkeys((round(value), floor(value), ceil(value))):
        for mistake in (Mistake(expected, "padding", "", ""), *singles):
            if _same(mistake.value, rounded):
                also = f"，而且{mistake.what}" if mistake.what else ""
                yield Mistake(
                    value,
                    "padding",
                    f"没有取整{also}",
                    "这里要一个整数：边长和通道数向下取整（除非题目另说），"
                    f"“百万”按题目四舍五入。{mistake.why}",
                )


def _compounded(singles):
    """A slip, and twice or half of it."""
    for mistake in singles:
        yield Mistake(
            2 * mistake.value,
            mistake.kind,
            f"{mistake.what}，又多乘了 2（2 倍）",
            f"{mistake.why}每一个也只数一次。",
        )


def _off_by_one(expected):
    if isinstance(expected, int):
        yield Mistake(expected - 1, "layers", "少数了 1", "从头到尾再数一遍：起点、终点都数了吗？")
        yield Mistake(
            expected + 1, "layers", "多数了 1", "从头到尾再数一遍：有没有哪一个数了两次？"
        )
