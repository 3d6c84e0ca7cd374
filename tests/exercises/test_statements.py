"""What the notebooks ask is what is judged."""

import json

import pytest

from course_utils import notebooks
from course_utils.exercises import EXERCISES, quiz, statement


def prose(section):
    path = notebooks.section_path(section)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@pytest.mark.parametrize("name", EXERCISES)
def test_the_notebook_asks_what_is_judged(name):
    assert statement(name).data in prose(name.rpartition("-")[0])


@pytest.mark.parametrize("width", [len, lambda words: len(words.encode("gbk", "replace"))])
def test_the_longest_option_is_right_as_often_as_by_chance(width):
    hits = 0
    for exercise in quiz.EXERCISES.values():
        widths = [width(words) for words, _ in exercise.options]
        longest = [place for place, one in enumerate(widths) if one == max(widths)]
        right = [place for place, (_, hint) in enumerate(exercise.options) if hint is None]
        hits += (right[0] in longest) / len(longest)
    assert 2 <= hits <= 7  # of 20; chance is 5


def test_no_right_option_is_the_longest_by_far():
    for name, exercise in quiz.EXERCISES.items():
        widths = sorted(len(words) for words, _ in exercise.options)
        assert widths[-1] <= 2 * widths[0] + 1, name


def test_the_right_letter_has_no_pattern():
    letters = "".join(exercise.right for exercise in quiz.EXERCISES.values())
    assert all(3 <= letters.count(letter) <= 7 for letter in "ABCD")
    # No letter is likelier after another than chance makes it.
    pairs = [letters[n : n + 2] for n in range(len(letters) - 1)]
    assert max(pairs.count(pair) for pair in set(pairs)) <= 4
