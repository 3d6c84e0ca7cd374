import numpy as np
import pytest
from paddle import nn

from course_utils import exercises
from course_utils.exercises.networks import NetworkExercise


def said(capsys, exercise, answer):
    exercises.check(exercise, answer)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "exercise, answer",
    [
        ("6.1-1", 80),
        ("6.1-2", 24),
        ("6.1-3", 29_160),
        ("6.1-4", 1460),
        ("6.1-5", 20),
        ("6.1-1", np.prod([2, 5, 8])),
        ("6.2-4", np.float32(0.04)),
        ("6.1-1", 80.0),
    ],
)
def test_right_answers_worked_out_by_hand(capsys, exercise, answer):
    assert "✓ 正确" in said(capsys, exercise, answer)


@pytest.mark.parametrize(
    "exercise, answer, hint",
    [
        ("6.1-1", 72, "偏置"),
        ("6.1-2", 26, "不填充"),
        ("6.1-2", 28, "填充了两次"),
        ("6.1-3", 32_400, "偏置"),
        ("6.1-3", 64 * 29_160, "批量大小"),
        ("6.1-4", 1516, "稀疏"),
        ("6.1-5", 14, "不能直接相加"),
        ("6.1-5", 111, "再看一遍公式"),
        ("6.1-5", 20.001, "没有取整"),
        ("6.1-1", "八十", "应当是一个数"),
        ("6.1-1", True, "应当是一个数"),
    ],
)
def test_usual_mistakes_get_their_hint(capsys, exercise, answer, hint):
    output = said(capsys, exercise, answer)
    assert "✗" in output and hint in output


def network(*end, channels=16):
    return nn.Sequential(
        nn.Conv2D(1, channels, 5), nn.ReLU(), nn.AdaptiveAvgPool2D(1), nn.Flatten(), *end
    )


@pytest.mark.parametrize(
    "net, words",
    [
        (network(nn.Linear(16, 10)), "正确"),
        (network(nn.Linear(16, 10), nn.Softmax()), "logits"),
        (network(nn.Linear(16, 9)), "[n, 10]"),
        (network(nn.Linear(15, 10)), "还不能运行"),
        (network(nn.Linear(900, 10), channels=900), "超过 10,000"),
        (nn.Sequential(nn.Flatten(), nn.Linear(1024, 9), nn.Linear(9, 10)), "还没有卷积层"),
        (3, "应当是一个网络"),
    ],
)
def test_the_network_exercise(capsys, net, words):
    assert words in said(capsys, "6.1-6", net)


@pytest.mark.parametrize(
    "exercise",
    [name for name, e in exercises.EXERCISES.items() if isinstance(e, NetworkExercise)],
)
def test_an_untouched_stub_is_told_so(capsys, exercise):
    assert "还没有任何一层" in said(capsys, exercise, nn.Identity())


def test_no_answer_and_no_exercise(capsys):
    assert "还没有作答" in said(capsys, "6.1-1", None)
    with pytest.raises(KeyError, match="there are: 6.1-1"):
        exercises.check("6.9-9", 1)
