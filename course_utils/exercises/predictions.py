"""A reader's guess, typed in before a value is shown and held against it in the next cell."""

from numbers import Real

_guesses = {}


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
    print(f"预测 {name}：记下了你的猜测 {_words(guess)}。")


def reveal(name, truth, within=0.0):
    """Show the truth, and whether the reader's guess hit it.

    Args:
        name: of the prediction.
        truth: what was computed, of the kind that the guess is of.
        within: how far a number may be off and still hit, relative to the truth.
    """
    said = f"预测 {name}：实际是 {_words(truth)}"
    if name not in _guesses:
        print(f"{said}。")
        return
    guess = _guesses[name]
    verdict = "猜中了 ✓" if _hits(guess, truth, within) else "没有猜中，想一想为什么"
    print(f"{said}，你猜的是 {_words(guess)}：{verdict}。")


def _hits(guess, truth, within):
    if isinstance(truth, Real) and isinstance(guess, Real):
        return abs(guess - truth) <= within * abs(truth)
    if isinstance(truth, str):
        return str(guess).strip().upper() == truth.upper()
    return guess == truth


def _words(value):
    if isinstance(value, list | tuple):
        return "、".join(map(_words, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
