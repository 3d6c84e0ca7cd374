"""The kinds of exercises: each judges an answer and has a hint for the common mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isclose
from numbers import Real

from ..counting.analysis import AnalysisError, analyze


@dataclass(frozen=True)
class NumberExercise:
    """A number to find; ``mistakes`` maps what a usual slip gives to a hint.

    A count must be met exactly, a decimal to six digits: float32 has no more.
    """

    expected: int | float
    mistakes: dict = field(default_factory=dict)

    def verdict(self, answer):
        """(right, what to say)."""
        if isinstance(answer, bool) or not isinstance(answer, Real):
            return False, f"答案应当是一个数，现在是 {answer!r}。"
        tolerance = 1e-6 if isinstance(self.expected, float) else 0
        if isclose(answer, self.expected, rel_tol=tolerance):
            return True, f"正确：{self.expected:,}。"
        hint = self.mistakes.get(answer, "再看一遍公式，把每个量写出来代一次。")
        return False, f"{answer:,} 不对。{hint}"


@dataclass(frozen=True)
class NetworkExercise:
    """A network to write; ``judge`` takes its table and returns a complaint or None."""

    input_shape: tuple
    judge: Callable

    def verdict(self, answer):
        """(right, what to say)."""
        try:
            table = analyze(answer, self.input_shape)
        except AnalysisError as error:
            return False, f"网络还不能运行：{error}"
        if not table.rows:
            return False, "里面还没有任何一层：把你的层写进去，并在 forward 里用到它们。"
        complaint = self.judge(table)
        return (False, complaint) if complaint else (True, f"正确：{table!r}")


@dataclass(frozen=True)
class ChoiceExercise:
    """A question with options to choose from by letter.

    Attributes:
        question: what is asked.
        options: pairs (words, hint) in the order A, B, …; the hint says what is wrong with a
            wrong option, and is None for the one right option.
        reason: why the right option is right.
        section: where to read it again, e.g. "6.3".
    """

    question: str
    options: tuple
    reason: str
    section: str

    @property
    def letters(self):
        """{letter: (words, hint)}"""
        return dict(zip("ABCDEFGH", self.options, strict=False))

    @property
    def right(self):
        """The letter of the right option."""
        return next(letter for letter, (_, hint) in self.letters.items() if hint is None)

    def verdict(self, answer):
        """(right, what to say)."""
        letter = answer.strip().upper() if isinstance(answer, str) else None
        if letter not in self.letters:
            letters = "、".join(self.letters)
            return False, f"答案应当是 {letters} 中的一个字母（加引号），现在是 {answer!r}。"
        hint = self.letters[letter][1]
        if hint is None:
            return True, f"正确：{self.reason}（{self.section} 节）"
        return False, f"{letter} 不对。{hint}（可以回到 {self.section} 节）"
