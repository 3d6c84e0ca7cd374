"""A reader's guess, typed in before a value is shown and held against it in the next cell.

    guess = None  # the reader's
    predict("6.1-p2", guess)
    # the next cell
    reveal("6.1-p2", side)

A guess left at None stops nothing. Of a prediction the first guess is remembered
(``progress``); one that is changed after the truth was shown is not.
"""

from numbers import Real

from . import progress
from .answers import AnswerError, number, shown

_guesses = {}
_revealed = set()


def predict(name, guess):
    """Note down what a reader expects, before the value is shown.

    Args:
        name: of the prediction, e.g. "6.1-p1".
        guess: a number, a letter or a list; None as long as there is none, which stops nothing.
    """
    if guess is None:
        _guesses.pop(name, None)
        print(f"预测 {name}：还没有填写。把 None 换成你的猜测再运行一次，也可以先往下看。")
        return
    _guesses[name] = guess
    late = "（实际的值已经看过，这一次不计）" if name in _revealed else ""
    print(f"预测 {name}：记下了你的猜测 {_words(guess)}{late}。")


def reveal(name, truth, within=0.0):
    """Show the truth, and whether the reader's guess hit it.

    Args:
        name: of the prediction.
        truth: what was computed, of the kind that the guess is of.
        within: how far a number may be off and still hit, relative to the truth.
    """
    said = f"预测 {name}：实际是 {_words(truth)}"
    first = name not in _revealed
    _revealed.add(name)
    if name not in _guesses:
        print(f"{said}。")
        return
    guess = _guesses[name]
    hit = _hits(guess, truth, within)
    if first:
        progress.note(name, hit, "prediction")
    verdict = "猜中了 ✓" if hit else "没有猜中，想一想为什么"
    print(f"{said}，你猜的是 {_words(guess)}：{verdict}。")


def _hits(guess, truth, within):
    if isinstance(truth, Real) and not isinstance(truth, bool):
        try:
            given = number(guess)[0]
        except AnswerError:
            return False
        # float32 has six digits.
        rounding = 0 if isinstance(truth, int) and not within else 1e-6
        return abs(given - truth) <= max(within, rounding) * abs(truth)
    if isinstance(truth, list | tuple):
        alike = isinstance(guess, list | tuple) and len(guess) == len(truth)
        return alike and all(map(_hits, guess, truth, [within] * len(truth)))
    return _plain(guess) == _plain(truth)


def _plain(value):
    return "".join(str(value).split()).upper()


def _words(value):
    if isinstance(value, list | tuple):
        return "、".join(map(_words, value))
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if isinstance(value, float) else shown(value)
