"""What a learner gives as an answer, brought to a plain number or a letter.

``number`` and ``letter`` return (value, a remark on its form or ""); what is no answer raises
``AnswerError`` with one Chinese sentence.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from inspect import isroutine
from math import isfinite
from numbers import Complex, Rational, Real

import numpy as np
import paddle

# What may stand around a number in a string.
_AROUND = " =≈约个条层次路格块的。.,、"
_UNITS = "个条层次路格字节像素像素点参数通道bytes"
DIGITS = 30  # no answer of the course has more
_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")


class AnswerError(ValueError):
    """An answer of the wrong form; the message is one sentence for people."""


def shown(answer):
    """An answer as it may stand in a sentence: short, whatever it is."""
    try:
        text = " ".join(repr(answer).split())
    except Exception:  # a learner's own __repr__
        text = f"一个 {type(answer).__name__}"
    return text if len(text) <= 60 else text[:57] + "…"


def number(answer):
    """(int, float or Fraction, remark) of a number in whatever form.

    One-element tensors and arrays, NumPy scalars, Fraction, Decimal, strings in full-width
    characters or with commas, and what 1,475,328 is in Python, a tuple, are numbers.

    Raises:
        AnswerError: it is no number.
    """
    answer = _unwrapped(answer)
    if isinstance(answer, str):
        return _from_text(answer), ""
    if isinstance(answer, tuple) and _thousands(answer):
        value = int("".join([str(answer[0]), *(f"{group:03}" for group in answer[1:])]))
        return value, f"（Python 里带逗号的 {value:,} 是一个元组；请写成 {value:_} 或 {value}。）"
    if isinstance(answer, (list, tuple)):
        if answer and all(isinstance(item, Real) for item in answer):
            raise AnswerError(
                f"答案应当是一个数，现在是 {len(answer)} 个：{shown(answer)}；取出你要的那一个。"
            )
        raise AnswerError(_no_number(answer))
    if isinstance(answer, Complex) and not isinstance(answer, Real) and not answer.imag:
        answer = answer.real
    if isinstance(answer, Decimal) and answer.is_finite():
        answer = _fraction(answer)
    if isinstance(answer, bool) or not isinstance(answer, Real):
        raise AnswerError(_no_number(answer))
    if abs(answer) > 10**DIGITS or not isfinite(answer):
        raise AnswerError(f"答案应当是一个数，{shown(answer)} 大得不合理，或者不是数。")
    return _plain(answer), ""


def letter(answer, letters):
    """(one of ``letters``, "") of a choice in whatever form.

    Raises:
        AnswerError: it is none of the letters.
    """
    given = _unwrapped(answer)
    text = _half_width(given) if isinstance(given, str) else ""
    found = re.findall(r"(?<![A-Z])[A-Z](?![A-Z])", text.upper())
    if len(set(found)) == 1 and found[0] in letters:
        return found[0], ""
    if len(set(found)) > 1 or (text and set(text.upper()) <= set(letters)):
        raise AnswerError(f"只能选一个字母，现在是 {shown(answer)}。")
    names = "、".join(letters)
    raise AnswerError(f"答案应当是 {names} 中的一个字母（加引号），现在是 {shown(answer)}。")


def _unwrapped(answer):
    """The one thing in a tensor, an array or a sequence of one; else the answer itself."""
    while True:
        if isinstance(answer, paddle.Tensor):
            answer = answer.numpy()
        if isinstance(answer, np.ndarray):
            if answer.size != 1:
                raise AnswerError(
                    f"答案应当是一个数，现在是形状为 {list(answer.shape)} 的数组；"
                    f"取出你要的那一个。"
                )
            answer = answer.reshape(-1)[0]
        if isinstance(answer, np.bool_):
            answer = bool(answer)
        one = type(answer) in (list, tuple) and len(answer) == 1
        if not one or isinstance(answer[0], str):
            return answer
        answer = answer[0]


def _thousands(groups):
    """Whether a tuple is what Python makes of a number with commas."""
    whole = all(isinstance(group, int) and not isinstance(group, bool) for group in groups)
    return (
        whole
        and 1 <= abs(groups[0]) <= 999
        and all(group == 0 or 100 <= group <= 999 for group in groups[1:])
    )


def _plain(value):
    """A Real of any library as int, float or Fraction."""
    if isinstance(value, Rational):
        return int(value) if value.denominator == 1 else Fraction(value)
    return float(value)


def _fraction(value):
    """A Decimal as a Fraction, unless its exponent alone would fill the memory."""
    if value.is_finite() and abs(value.adjusted()) > DIGITS:
        raise AnswerError(f"答案应当是一个数，{shown(value)} 大得（或小得）不合理。")
    return Fraction(value)


def _half_width(text):
    return unicodedata.normalize("NFKC", text).strip()


def _from_text(text):
    plain = _half_width(text).replace("×", "x").strip(_AROUND).rstrip(_UNITS).strip(_AROUND)
    plain = plain.replace("_", "")
    if _COMMAS.fullmatch(plain):
        plain = plain.replace(",", "")
    percent = plain.endswith("%")
    try:
        top, *bottom = plain.removesuffix("%").split("/")
        value = _fraction(Decimal(top.strip()))
        for part in bottom:
            value /= _fraction(Decimal(part.strip()))
    except (InvalidOperation, ValueError, OverflowError, ZeroDivisionError):
        if re.search(r"\d\s*(\*|x|\+|-|//)", plain):
            raise AnswerError(
                f"{shown(text)} 是一个字符串：去掉引号，让 Python 算出这个式子（乘号写 *）。"
            ) from None
        raise AnswerError(_no_number(text)) from None
    return _plain(value / 100 if percent else value)


def _no_number(answer):
    if isinstance(answer, paddle.nn.Layer):
        return "答案应当是一个数，现在是一个网络；题目问的是它的哪一个数？"
    if isroutine(answer) or isinstance(answer, type):
        name = getattr(answer, "__name__", "它")
        return f"答案应当是一个数，现在是函数或类 {name}：还没有调用它，加上括号和参数。"
    return f"答案应当是一个数，现在是 {shown(answer)}。"
