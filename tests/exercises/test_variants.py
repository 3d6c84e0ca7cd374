"""The same exercise with other numbers."""

import pytest

from course_utils import exercises
from course_utils.exercises import EXERCISES, draws
from course_utils.exercises.kinds import ChoiceExercise, NumberExercise
from course_utils.exercises.mistakes import KINDS

NUMBERS = [name for name, e in EXERCISES.items() if isinstance(e, NumberExercise)]
CHOICES = [name for name, e in EXERCISES.items() if isinstance(e, ChoiceExercise)]
SEEDS = [f"20230{n}" for n in range(40)]


def test_a_seed_always_draws_the_same():
    assert draws.one("abcdefgh", "6.1-1", 7) == draws.one("abcdefgh", "6.1-1", 7)
    order = draws.shuffled(range(20), "seed")
    assert sorted(order) == list(range(20)) != order
    asked = EXERCISES["6.1-1"]
    assert asked.numbers(2023) == asked.numbers("2023") == asked.numbers(" 2023 ")


@pytest.mark.parametrize("name", NUMBERS)
def test_variants_differ_and_their_statement_shows_the_numbers(name):
    asked = EXERCISES[name]
    texts = {asked.text(seed) for seed in SEEDS}
    assert len(texts) >= 4
    for seed in SEEDS[:5]:
        assert all(str(number) in asked.text(seed) for number in asked.numbers(seed).values())


@pytest.mark.parametrize("name", NUMBERS)
def test_no_own_mistake_gives_the_right_number(name):
    for seed in [None, *SEEDS]:
        question = EXERCISES[name].question(seed)
        same = [m.what for m in question.own if m.value == question.expected]
        assert seed is not None or not same
        assert all(mistake.kind in KINDS for mistake in question.own)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_third_hint_is_worked_with_other_numbers(name):
    asked = EXERCISES[name]
    for seed in [None, *SEEDS[:3]]:
        expected = asked.question(seed).expected
        verdict = asked.judge(expected + 10_007, seed)
        assert len(verdict.hints) == 3 and verdict.hints[2].endswith("再检查。")
        worked = asked.work(**asked._other_numbers(seed))
        assert asked.question(seed).expected != asked.ask(**asked._other_numbers(seed)).expected
        assert worked in verdict.hints[2]


STOPS_BEFORE_THE_NUMBER = {"6.3-3", "6.4-5", "6.6-6"}


@pytest.mark.parametrize("name", [n for n in NUMBERS if n not in STOPS_BEFORE_THE_NUMBER])
def test_the_worked_step_is_right(name):
    asked = EXERCISES[name]
    for seed in SEEDS[:8]:
        expected = asked.question(seed).expected
        text = asked.work(**asked.numbers(seed)).replace(",", "")
        if name == "6.2-4":
            top, bottom = text.rstrip("。").rsplit("= ", 1)[1].split("/")
            assert int(top) / int(bottom) == pytest.approx(expected)
        else:
            assert str(expected) in text


def test_an_answer_is_judged_by_its_variant(capsys):
    right = EXERCISES["6.1-1"].question("2023").expected
    exercises.check("6.1-1", right, variant="2023")
    assert "✓" in capsys.readouterr().out
    exercises.check("6.1-1", right)
    assert "✗" in capsys.readouterr().out
    assert (
        str(EXERCISES["6.1-1"].numbers("2023")["maps"])
        in exercises.statement("6.1-1", variant="2023").data
    )


@pytest.mark.parametrize("name", CHOICES)
def test_options_are_shuffled_by_the_seed(name):
    asked = EXERCISES[name]
    orders = {tuple(words for words, _ in asked.lettered(seed).values()) for seed in SEEDS}
    assert len(orders) > 5
    for seed in SEEDS[:4]:
        assert asked.judge(asked.right_letter(seed), seed).right
        assert set(asked.lettered(seed).values()) == set(asked.options)
