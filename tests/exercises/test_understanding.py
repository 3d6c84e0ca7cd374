"""Find the bug, order the steps, design an ablation, train under a budget."""

import numpy as np
import paddle
import pytest
from paddle import nn

from course_utils.exercises import statement
from course_utils.exercises.understanding import EXERCISES

BUG, ORDER = EXERCISES["6.5-b1"], EXERCISES["6.1-o1"]
ABLATION, BUDGET = EXERCISES["6.5-a1"], EXERCISES["6.1-t1"]


def first(exercise, answer, variant=None):
    return exercise.verdict(answer, variant)


@pytest.mark.parametrize(
    "answer, right, words",
    [
        (4, True, "捷径"), ("４", True, "捷径"), (3, False, "没有错"), (1, False, "没有错"),
        (0, False, "1 到 5"), (9, False, "1 到 5"), (2.5, False, "1 到 5"),
        ("x + y", False, "行号"), ([4, 5], False, "行号"),
    ],
)  # fmt: skip
def test_find_the_bug(answer, right, words):
    assert first(BUG, answer)[0] is right and words in first(BUG, answer)[1]


def test_the_bug_shows_its_numbered_lines():
    assert " 4      x = F.relu(self.bn1(x))" in statement("6.5-b1").data


@pytest.mark.parametrize("variant", [None, 1, "2023"])
def test_order(variant):
    right = ORDER.right(variant)
    for form in (right, right.lower(), " → ".join(right), list(right), tuple(right)):
        assert first(ORDER, form, variant)[0]
    swapped = right[:3] + right[4] + right[3] + right[5:]
    said = ORDER.judge(swapped, variant).hints
    assert "前 3 步是对的" in said[0] and f"{right[3]} 要早些：更新参数要用梯度" in said[1]
    for wrong in (right[:-1], right + right[0], 3, "", None, [1, 2]):
        assert "各写一次" in first(ORDER, wrong, variant)[1]
    assert not ORDER.judge(right[::-1], variant).right


def test_steps_are_not_printed_in_their_order():
    assert ORDER.right() != "ABCDEF" and len({ORDER.right(seed) for seed in range(9)}) > 3


FACTORS = list(ABLATION.factors)


@pytest.mark.parametrize(
    "answer, right, words",
    [
        ({"改变": ["捷径"], "固定": FACTORS}, True, "正确"),
        ({"改变": "捷径", "固定": set(FACTORS)}, True, "正确"),
        ({"改变": ["捷径", "深度"], "固定": FACTORS[1:]}, False, "同时改变了深度"),
        ({"改变": ["捷径"], "固定": FACTORS[:-1]}, False, "批归一化没有固定"),
        ({"改变": ["深度"], "固定": ["捷径"]}, False, "要检验的就是捷径"),
        ({"改变": [], "固定": FACTORS}, False, "要检验的就是捷径"),
        ({"改变": ["颜色"], "固定": FACTORS}, False, "没有 颜色"),
        ({"改变": 3, "固定": 4}, False, "写成"),
        ({"改变": ["捷径"]}, False, "写成"),
        ("捷径", False, "写成"),
    ],
)
def test_design_an_ablation(answer, right, words):
    assert first(ABLATION, answer)[0] is right and words in first(ABLATION, answer)[1]


class Reader(nn.Layer):
    """Tells whether an image is bright; pixels are its only weights."""

    def __init__(self, sign=1.0):
        super().__init__()
        self.conv = nn.Conv2D(1, 10, 32, bias_attr=False)
        weight = np.zeros([10, 1, 32, 32], "float32")
        weight[1] = sign
        self.conv.weight.set_value(weight)

    def forward(self, x):
        return self.conv(x).flatten(1)


IMAGES = paddle.concat([paddle.ones([5, 1, 32, 32]), -paddle.ones([5, 1, 32, 32])])
LABELS = paddle.to_tensor([1] * 5 + [0] * 5)


@pytest.mark.parametrize(
    "answer, right, words",
    [
        ((Reader(), IMAGES, LABELS), False, "10,240，超过 10,000"),
        (Reader(), False, "(网络, 测试图像, 测试标签)"),
        ((Reader, IMAGES, LABELS), False, "还没有训练"),
        ((3, IMAGES, LABELS), False, "应当是一个网络"),
    ],
)
def test_train_under_a_budget(answer, right, words):
    assert first(BUDGET, answer)[0] is right and words in first(BUDGET, answer)[1]


def pooled(sign=1.0):
    """The same on the mean of the image, with few parameters."""
    net = nn.Sequential(nn.AvgPool2D(32), nn.Flatten(), nn.Linear(1, 10, bias_attr=False))
    weight = np.zeros([1, 10], "float32")
    weight[0, 1] = sign
    net[2].weight.set_value(weight)
    return net


def test_the_error_is_measured_and_the_network_left_as_it_was():
    net = pooled()
    net.train()
    assert first(BUDGET, (net, IMAGES, LABELS))[0] and net.training and net[2].training
    right, said = first(BUDGET, (pooled(-1.0), IMAGES, LABELS))
    assert not right and "100.00 %" in said
    assert "10 张图像、9 个标签" in first(BUDGET, (net, IMAGES, LABELS[:9]))[1]
    assert "不合用" in first(BUDGET, (net, "images", LABELS))[1]
