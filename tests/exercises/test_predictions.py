import pytest

from course_utils.exercises import predictions
from course_utils.exercises.predictions import predict, reveal


@pytest.fixture(autouse=True)
def no_guesses(monkeypatch):
    monkeypatch.setattr(predictions, "_guesses", {})


def told(capsys, guess, truth, **options):
    predict("6.1-p1", guess)
    capsys.readouterr()
    reveal("6.1-p1", truth, **options)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "guess, truth, options, hit",
    [
        (80, 80, {}, True),
        (81, 80, {}, False),
        (11.0, 10, {"within": 0.1}, True),
        (11.1, 10, {"within": 0.1}, False),
        (" b", "B", {}, True),
        ("A", "B", {}, False),
        ([1, 2], [1, 2], {}, True),
        ("三", 3, {}, False),
    ],
)
def test_a_guess_is_held_against_the_truth(capsys, guess, truth, options, hit):
    assert ("猜中了 ✓" in told(capsys, guess, truth, **options)) is hit


def test_no_guess_stops_nothing(capsys):
    assert told(capsys, None, 60_000) == "预测 6.1-p1：实际是 60,000。\n"


def test_a_guess_can_be_taken_back(capsys):
    predict("6.1-p1", 5)
    assert told(capsys, None, 5) == "预测 6.1-p1：实际是 5。\n"
