"""What is remembered, and what is guessed before it is shown."""

import json
from collections import Counter

import numpy as np
import paddle
import pytest

from course_utils import exercises, figures, predict, reveal
from course_utils.exercises import EXERCISES, predictions, progress

DAY = progress.DAY


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """A learner who has done nothing yet."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setattr(progress, "_mine", [])
    monkeypatch.setattr(progress, "_wrong", Counter())
    monkeypatch.setattr(predictions, "_guesses", {})
    monkeypatch.setattr(predictions, "_revealed", set())
    return tmp_path / "progress"


def said(capsys, *answers, exercise="6.1-1", **more):
    for answer in answers:
        capsys.readouterr()
        exercises.check(exercise, answer, **more)
    return capsys.readouterr().out


def test_each_wrong_answer_brings_one_more_hint(capsys):
    first, second, third = (said(capsys, 72) for _ in range(3))
    assert "没有算偏置" in first and "为什么" not in first and "再错一次" in first
    assert "为什么不对" in second and "示范" not in second
    assert "示范" in third and "自己的式子" in third and "再错一次" not in third
    assert "为什么" in said(capsys, 80, 9, 10)  # a right answer begins anew: 9, then 10
    assert "示范" not in said(capsys, 80, 9)


def test_a_network_has_three_hints_too(capsys):
    net = paddle.nn.Sequential(paddle.nn.Conv2D(1, 10, 5))
    third = [said(capsys, net, exercise="6.1-6") for _ in range(3)][-1]
    assert "高和宽" in third and "analyze(" in third and "骨架" in third


def test_no_answer_and_no_number_are_no_tries(capsys):
    said(capsys, None, "八十", None)
    assert progress.tries() == []
    assert "为什么" not in said(capsys, 72)


def test_the_first_try_is_kept_with_its_kind(capsys):
    said(capsys, 72, 80)
    said(capsys, EXERCISES["6.1-1"].question("a").expected, variant="a")
    first = progress.first_tries()
    assert (first["6.1-1", None]["right"], first["6.1-1", None]["kind"]) == (False, "bias")
    assert first["6.1-1", "a"]["right"]


def another_process(folder, name, told):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")


def a_try(time, right=False, exercise="6.1-2", kind="padding"):
    return {"time": time, "exercise": exercise, "variant": None, "right": right, "kind": kind}


def test_two_notebooks_lose_nothing(capsys, fresh):
    another_process(fresh, "other", [a_try(1.0)])
    said(capsys, 72)
    another_process(fresh, "other", [a_try(1.0), a_try(2.0, True)])
    said(capsys, 80)
    assert [one["exercise"] for one in progress.tries()] == ["6.1-2"] * 2 + ["6.1-1"] * 2
    assert len(list(fresh.glob("*.json"))) == 2 and not list(fresh.glob("*.part"))


@pytest.mark.parametrize("content", ["", "[{]", "{}", "[1]", '[{"time": "x"}]', "null"])
def test_a_damaged_file_is_as_good_as_none(capsys, fresh, content):
    fresh.mkdir()
    (fresh / "broken.json").write_text(content)
    assert "✓" in said(capsys, 80)
    assert len(progress.tries()) == 1


def test_a_folder_that_cannot_be_written_stops_nothing(capsys, fresh):
    fresh.write_text("a file, and no folder")
    assert "✗" in said(capsys, 72)
    assert len(progress.tries()) == 1


def test_deleted_or_unwanted_it_all_still_works(capsys, monkeypatch, fresh):
    said(capsys, 72)
    for path in fresh.glob("*"):
        path.unlink()
    assert "✓" in said(capsys, 80)
    monkeypatch.setenv("COURSE_PROGRESS", "")
    assert progress.folder() is None and "✓" in said(capsys, 80)


def test_what_is_due_again():
    def due(*told, now):
        progress._mine[:] = told
        return progress.due(now)

    wrong, right = a_try(0.0), a_try(0.0, True)
    assert due(right, now=99 * DAY) == []
    assert due(wrong, now=0) == ["6.1-2"]
    assert due(wrong, right, now=0.5 * DAY) == []
    assert due(wrong, right, now=1.5 * DAY) == ["6.1-2"]
    assert due(wrong, right, right, now=1.5 * DAY) == []
    assert due(wrong, right, right, now=2.5 * DAY) == ["6.1-2"]
    other = a_try(0.0, exercise="6.1-3")
    assert due(wrong, right, other, now=5 * DAY) == ["6.1-3", "6.1-2"]


def test_the_review_asks_for_at_most_three_with_other_numbers(capsys):
    assert "没有到期" in exercises.review().data
    for name in ("6.1-1", "6.1-2", "6.1-3", "6.1-4"):
        said(capsys, 1, exercise=name)
    text = exercises.review().data
    assert text.count("exercises.check(") == 3 and 'variant="' in text
    assert EXERCISES["6.1-1"].text() not in text


def test_the_mastery_map(capsys):
    said(capsys, 72, 80)
    said(capsys, 24, exercise="6.1-2")
    counts = exercises.mastery()
    assert counts["偏置"] == (0, 1) and counts["填充与取整"] == (1, 1)
    figure = figures.mastery_map(counts)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert {"0/1", "1/1", "还没有做"} <= set(words)


def guessed(capsys, guess, truth):
    predict("6.1-p1", guess)
    reveal("6.1-p1", truth)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "guess, truth",
    [
        ("28", 28), ("２８", 28), (paddle.to_tensor(28), 28), (0.5, np.float32(0.5)),
        (True, True), ([28, "14"], [28, 14]), ("更 高", "更高"),
    ],
)  # fmt: skip
def test_a_guess_in_unusual_form_hits(capsys, guess, truth):
    assert "猜中了 ✓" in guessed(capsys, guess, truth)


@pytest.mark.parametrize(
    "guess, truth",
    [
        (False, True), ("不知道", 28), ([1, 2], 28), (28, [1, 2]), ([1], [1, 2]), (object(), 3),
        (1, True), (27, 28),
    ],
)  # fmt: skip
def test_what_is_no_such_guess_misses(capsys, guess, truth):
    assert "没有猜中" in guessed(capsys, guess, truth)


def test_only_a_guess_before_the_truth_counts(capsys):
    guessed(capsys, 27, 28)
    output = guessed(capsys, 28, 28)
    assert "这一次不计" in output and "✓" in output
    assert [(one["exercise"], one["right"]) for one in progress.tries()] == [("6.1-p1", False)]


def test_without_a_guess_nothing_is_remembered(capsys):
    assert "None" in guessed(capsys, None, 28)
    assert progress.tries() == []
