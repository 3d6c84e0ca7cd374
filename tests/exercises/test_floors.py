"""How well the exercises understand a learner, measured on lists of wrong and of right answers.

The lists (``wrong_numbers``, ``wrong_networks``, ``forms``) were written before the rules. The
floors: no wrong answer accepted, no traceback, every right one accepted, and nine hints in ten
name the mistake.
"""

import contextlib
import io
import linecache
import math
import re
from functools import cache, partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from forms import (
    BIG_NUMBERS,
    NO_LETTER,
    NO_NUMBER,
    RIGHT_DECIMALS,
    RIGHT_LETTERS,
    RIGHT_NUMBERS,
)
from paddle import nn
from wrong_networks import RIGHT_NETWORKS, WRONG_NETWORKS
from wrong_numbers import WRONG_NUMBERS

from course_utils import geometry, load_section
from course_utils.exercises import EXERCISES, check, understanding
from course_utils.exercises.kinds import ChoiceExercise, NumberExercise

NUMBERS = [name for name, e in EXERCISES.items() if isinstance(e, NumberExercise)]
CHOICES = [name for name, e in EXERCISES.items() if isinstance(e, ChoiceExercise)]
VARIANTS = ("2023011234", "2023011235", "李雷")
UNNAMED = "再看一遍公式"


def numbers_of(exercise, variant):
    """What the expressions of the list are computed from."""
    known = dict(EXERCISES[exercise].numbers(variant), math=math)
    known["right"] = EXERCISES[exercise].question(variant).expected
    if exercise == "6.2-5":
        known["windows"] = geometry.output_size(known["side"], known["kernel"], known["stride"])
        overlap = known["kernel"] - known["stride"]
        known["single"] = known["side"] - (known["windows"] - 1) * overlap
    if exercise == "6.4-3":
        side = geometry.output_size(known["size"], 7, 2, padding=3)
        for _ in range(4):
            side = geometry.output_size(side, 3, 2)
        known["floored"] = side
    if exercise == "6.4-4":
        known["before"], known["jump"] = 107 + 64 * (known["module"] - 1), 16
    if exercise == "6.4-5":
        small = 9 * known["reduce3"] * known["three"] + 25 * known["reduce5"] * known["five"]
        ones = known["one"] + known["reduce3"] + known["reduce5"] + known["project"]
        known["weights"] = known["in_channels"] * ones + small
        known["macs"] = 49 * known["weights"]
    if exercise == "6.6-6":
        received = (known["k0"] + layer * known["k"] for layer in range(99))
        known["wider"] = 1 + next(layer for layer, m in enumerate(received) if m > 4 * known["k"])
    return known


@cache
def wrong_numbers(variant):
    """(exercise, expression, verdict, whether the hint names the slip) of the list."""
    found = []
    for exercise, answers in WRONG_NUMBERS.items():
        known = numbers_of(exercise, variant)
        for expression, words in answers:
            literal = not re.search("[a-z]", expression) or exercise == "6.3-3"
            value = eval(expression, {}, known)
            if variant is not None and (literal or value == known["right"]):
                continue  # numbers of the printed exercise, or right by chance
            verdict = EXERCISES[exercise].judge(value, variant)
            first = verdict.hints[0]
            named = bool(words and re.search(words, first)) and UNNAMED not in first
            found.append((exercise, expression, verdict, named))
    return found


def answered(exercise, source, number):
    """What a learner's cell sets ``answer`` to; Paddle and tracebacks find its source."""
    names = dict(vars(load_section(exercise[:3])), paddle=paddle, nn=nn, F=F, partial=partial)
    file = f"<cell {exercise} {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)
    return names["answer"]


@cache
def wrong_networks():
    """(exercise, source, verdict, whether the hint names what is wrong) of the list."""
    found = []
    for number, (exercise, source, words) in enumerate(WRONG_NETWORKS):
        with contextlib.redirect_stdout(io.StringIO()):  # a learner's own print
            verdict = EXERCISES[exercise].judge(answered(exercise, source, number))
        found.append((exercise, source, verdict, bool(re.search(words, verdict.hints[0]))))
    return found


def unnamed(found):
    """For the message of a failure."""
    return [(one[0], one[1], one[2].hints[0]) for one in found if not one[3]]


def test_the_list_is_long_enough():
    numbers = sum(map(len, WRONG_NUMBERS.values()))
    letters = sum(len(EXERCISES[name].options) - 1 for name in CHOICES)
    assert numbers + letters + len(WRONG_NETWORKS) >= 400
    assert set(NUMBERS) == set(WRONG_NUMBERS)


@pytest.mark.parametrize("variant", [None, *VARIANTS])
def test_no_wrong_number_is_accepted_and_nine_hints_in_ten_name_the_slip(variant):
    found = wrong_numbers(variant)
    assert [one[:2] for one in found if one[2].right] == []
    assert len(unnamed(found)) <= 0.1 * len(found), unnamed(found)


def test_a_wrong_number_of_the_printed_exercise_is_wrong():
    for exercise, answers in WRONG_NUMBERS.items():
        known = numbers_of(exercise, None)
        for expression, _ in answers:
            assert eval(expression, {}, known) != known["right"], (exercise, expression)


def test_no_wrong_network_is_accepted_and_nine_hints_in_ten_name_what_is_wrong():
    found = wrong_networks()
    assert [one[:2] for one in found if one[2].right] == []
    assert len(unnamed(found)) <= 0.1 * len(found), unnamed(found)


def test_nine_hints_in_ten_of_all():
    found = [*wrong_numbers(None), *wrong_networks()]
    assert len(unnamed(found)) <= 0.1 * len(found)


@pytest.mark.parametrize("number", range(len(RIGHT_NETWORKS)))
def test_a_right_network_in_unusual_form_is_accepted(number):
    exercise, source = RIGHT_NETWORKS[number]
    verdict = EXERCISES[exercise].judge(answered(exercise, source, f"right {number}"))
    assert verdict.right, verdict.hints[0]


@pytest.mark.parametrize("form", [*RIGHT_NUMBERS, *BIG_NUMBERS])
@pytest.mark.parametrize("exercise", ["6.1-1", "6.1-2", "6.2-3", "6.3-4"])
def test_a_right_number_in_unusual_form_is_accepted(exercise, form):
    right = EXERCISES[exercise].question().expected
    given = (RIGHT_NUMBERS | BIG_NUMBERS)[form](right)
    verdict = EXERCISES[exercise].judge(given)
    assert verdict.right, (given, verdict.hints[0])
    assert form not in BIG_NUMBERS or right < 1000 or "元组" in verdict.hints[0]


@pytest.mark.parametrize("form", RIGHT_DECIMALS)
def test_a_right_decimal_in_unusual_form_is_accepted(form):
    right = EXERCISES["6.2-4"].question().expected
    assert EXERCISES["6.2-4"].judge(RIGHT_DECIMALS[form](right)).right


@pytest.mark.parametrize("form", RIGHT_LETTERS)
@pytest.mark.parametrize("exercise", CHOICES[:4])
def test_a_right_letter_in_unusual_form_is_accepted(exercise, form):
    asked = EXERCISES[exercise]
    assert asked.judge(RIGHT_LETTERS[form](asked.right)).right
    assert asked.judge(asked.letters[asked.right][0]).right  # its own words


@pytest.mark.parametrize("given, words", NO_NUMBER, ids=lambda one: type(one).__name__)
def test_what_is_no_number_is_told_in_one_sentence(given, words):
    verdict = EXERCISES["6.1-1"].judge(given)
    assert not verdict.right and words in verdict.hints[0] and not verdict.kind


@pytest.mark.parametrize("given, words", NO_LETTER, ids=lambda one: type(one).__name__)
def test_what_is_no_letter_is_told_in_one_sentence(given, words):
    verdict = EXERCISES[CHOICES[0]].judge(given)
    assert not verdict.right and words in verdict.hints[0] and not verdict.kind


@pytest.mark.parametrize("exercise", [*EXERCISES, *understanding.EXERCISES])
def test_nothing_that_is_given_ends_in_a_traceback(capsys, exercise):
    for given in [
        *(given for given, _ in NO_NUMBER + NO_LETTER),
        -1,
        0.5,
        "x" * 9999,
        np.str_("?"),
    ]:
        check(exercise, given)
        said = capsys.readouterr().out
        assert said.startswith(f"练习 {exercise} ") and len(said) < 2000
