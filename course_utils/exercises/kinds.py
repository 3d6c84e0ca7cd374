"""The kinds of exercises: each judges an answer and has three hints for a mistake."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isclose
from typing import NamedTuple

import numpy as np

from . import draws
from .answers import AnswerError, letter, number

OWN_FORMULA = "轮到你：用本题的数写出自己的式子，代一次，再检查。"


class Verdict(NamedTuple):
    """What is said of an answer.

    Attributes:
        right: whether it is right.
        hints: what to say, one sentence at each further try; one if it is right.
        kind: the kind of mistake, a key of ``mistakes.KINDS``; "" if it is right or no answer.
    """

    right: bool
    hints: tuple
    kind: str = ""


class Exercise(ABC):
    """Something to answer. ``variant`` is a seed, None for the printed exercise."""

    @abstractmethod
    def judge(self, answer, variant=None):
        """The ``Verdict`` on an answer."""

    def text(self, variant=None):
        """What is asked, in Markdown."""
        return self.statement

    def verdict(self, answer, variant=None):
        """(right, what is said at the first try)."""
        found = self.judge(answer, variant)
        return found.right, found.hints[0]


@dataclass(frozen=True)
class NumberExercise(Exercise):
    """A number to find.

    A count must be met exactly, a decimal to six digits: float32 has no more.

    Attributes:
        statement: what is asked, with {names} where the numbers stand.
        printed: {name: number} of the printed exercise.
        others: {name: numbers to draw from}; a variant draws one for each.
        ask: a function of the numbers that returns the ``Question``.
        rule: the formula in words.
        work: a function of numbers that works the exercise out in one line.
        kind: what it is about, a key of ``mistakes.KINDS``.
        note: what is added to the printed exercise: where these very numbers come from.
    """

    statement: str
    printed: dict
    others: dict
    ask: Callable
    rule: str
    work: Callable
    kind: str
    note: str = ""

    def numbers(self, variant=None):
        """{name: number} of the printed exercise or of a variant."""
        if variant is None:
            return self.printed
        seed = (str(variant).strip(), self.statement)
        return self.printed | {
            name: draws.one(options, name, *seed) for name, options in self.others.items()
        }

    def question(self, variant=None):
        """The ``Question`` with its numbers put in."""
        return self.ask(**self.numbers(variant))

    def text(self, variant=None):
        """What is asked, with the numbers of the variant."""
        asked = self.statement.format(**self.numbers(variant))
        return asked if variant is not None else asked + self.note

    def judge(self, answer, variant=None):
        """The verdict on a number in whatever form."""
        try:
            value, remark = number(answer)
        except AnswerError as error:
            return Verdict(False, (str(error),))
        question = self.question(variant)
        if self._equal(value, question.expected, answer):
            return Verdict(True, (f"正确：{_written(question.expected)}。{remark}",))
        return self._named(value, question, variant)

    @staticmethod
    def _equal(value, expected, answer):
        if isinstance(expected, float):
            return isclose(value, expected, rel_tol=1e-6)
        # float32 keeps eight digits of a count, no more.
        rounded = getattr(answer, "dtype", None) is not None and "float32" in str(answer.dtype)
        return value == (float(np.float32(expected)) if rounded else expected)

    def _named(self, value, question, variant):
        """The hints for a wrong number: what it is, why, and a worked step of other numbers."""
        found = question.explained(value)
        worked = f"示范（换几个数）：{self.work(**self._other_numbers(variant))}{OWN_FORMULA}"
        if not found:
            first = f"{_written(value)} 不对。再看一遍公式，把每个量写出来代一次。"
            return Verdict(False, (first, f"公式：{self.rule}", worked), self.kind)
        names = "；也可能是：".join(mistake.what for mistake in found)
        return Verdict(
            False,
            (
                f"{_written(value)} 不对。像是：{names}。",
                f"为什么不对：{found[0].why}公式：{self.rule}",
                worked,
            ),
            found[0].kind,
        )

    def _other_numbers(self, variant):
        """Numbers that differ from those asked, for a worked step that gives nothing away."""
        mine = self.numbers(variant)
        seeds = (f"示范 {place}" for place in range(100))
        expected = self.ask(**mine).expected
        return next(n for n in map(self.numbers, seeds) if self.ask(**n).expected != expected)


def _written(value):
    """A number as a sentence shows it."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.10g}"


@dataclass(frozen=True)
class ChoiceExercise(Exercise):
    """A question with options to choose from by letter.

    Attributes:
        question: what is asked.
        options: pairs (words, hint) as they were written; the hint says what is wrong with a
            wrong option, and is None for the one right option.
        reason: why the right option is right.
        section: where to read it again, e.g. "6.3".
        kind: what it is about, a key of ``mistakes.KINDS``.
        order: the letters' options by place, as printed; a variant has an order of its own.
    """

    question: str
    options: tuple
    reason: str
    section: str
    kind: str = "layers"
    order: tuple = field(default=())

    def lettered(self, variant=None):
        """{letter: (words, hint)} as printed, or in the order of a variant."""
        if variant is None:
            options = [self.options[place] for place in self.order or range(len(self.options))]
        else:
            options = draws.shuffled(self.options, str(variant).strip(), self.question)
        return dict(zip("ABCDEFGH", options, strict=False))

    @property
    def letters(self):
        """{letter: (words, hint)} as printed."""
        return self.lettered()

    @property
    def right(self):
        """The letter of the right option, as printed."""
        return self.right_letter()

    def right_letter(self, variant=None):
        """The letter of the right option."""
        lettered = self.lettered(variant)
        return next(letter for letter, (_, hint) in lettered.items() if hint is None)

    def text(self, variant=None):
        """The question and its options."""
        options = [f"- {name}. {words}" for name, (words, _) in self.lettered(variant).items()]
        return "\n".join([self.question, "", *options])

    def judge(self, answer, variant=None):
        """The verdict on a letter in whatever form, or on an option's own words."""
        lettered = self.lettered(variant)
        by_words = {words: name for name, (words, _) in lettered.items()}
        given = by_words.get(answer.strip(), answer) if isinstance(answer, str) else answer
        try:
            name, _ = letter(given, "".join(lettered))
        except AnswerError as error:
            return Verdict(False, (str(error),))
        hint = lettered[name][1]
        if hint is None:
            return Verdict(True, (f"正确：{self.reason}（{self.section} 节）",))
        return Verdict(
            False,
            (
                f"{name} 不对。{hint}（可以回到 {self.section} 节）",
                "先把选项遮住，用自己的话（或一个最小的例子）回答，再找最接近的一项。",
                f"道理：{self.reason}哪一项说的是这个？",
            ),
            self.kind,
        )
