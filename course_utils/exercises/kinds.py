"""The kinds of exercises: each judges an answer and has a hint for the common mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..analysis import AnalysisError, analyze


@dataclass(frozen=True)
class NumberExercise:
    """A number to find; ``mistakes`` maps what a usual slip gives to a hint."""

    expected: int
    mistakes: dict = field(default_factory=dict)

    def verdict(self, answer):
        """(right, what to say)."""
        if isinstance(answer, bool) or not isinstance(answer, (int, float)):
            return False, f"答案应当是一个数，现在是 {answer!r}。"
        if answer == self.expected:
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
        complaint = self.judge(table)
        return (False, complaint) if complaint else (True, f"正确：{table!r}")
