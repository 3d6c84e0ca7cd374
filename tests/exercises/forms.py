"""Right answers in unusual form, and answers that are no answer at all.

Each form is a function of the right number or letter.
"""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import paddle


def full_width(text):
    """ASCII as a Chinese input method writes it."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def with_commas(number):
    """1,475,328 typed in Python: a tuple."""
    return tuple(int(group) for group in f"{number:,}".split(","))


RIGHT_NUMBERS = {
    "float": float,
    "tensor of no dimension": lambda n: paddle.to_tensor(n),
    "tensor of one element": lambda n: paddle.to_tensor([n]),
    "sum of tensors": lambda n: sum([paddle.to_tensor(n - 1), paddle.to_tensor(1)]),
    "int64 scalar": np.int64,
    "int32 scalar": np.int32,
    "float64 scalar": np.float64,
    "array of no dimension": np.array,
    "array of one element": lambda n: np.array([n]),
    "array of 1x1": lambda n: np.array([[n]]),
    "Fraction": Fraction,
    "Decimal": Decimal,
    "complex without imaginary part": complex,
    "list of one": lambda n: [n],
    "tuple of one: a comma at the end": lambda n: (n,),
    "string": str,
    "string with spaces": lambda n: f" {n} ",
    "string with commas": lambda n: f"{n:,}",
    "string with Chinese commas": lambda n: f"{n:,}".replace(",", "，"),
    "string with underscores": lambda n: f"{n:_}",
    "string in full-width digits": lambda n: full_width(str(n)),
    "string with a full stop": lambda n: f"{n}。",
    "string with a counter": lambda n: f"{n} 个",
    "string as a decimal": lambda n: f"{n}.0",
    "string in scientific notation": lambda n: f"{n:e}" if n < 10**6 else f"{Decimal(n):E}",
    "string after an equals sign": lambda n: f"= {n}",
}
BIG_NUMBERS = {"tuple by thousands": with_commas}
RIGHT_DECIMALS = {
    "float32 scalar": np.float32,
    "float32 tensor": lambda x: paddle.to_tensor(x, dtype="float32"),
    "Fraction": lambda x: Fraction(x).limit_denominator(10**6),
    "Decimal": lambda x: Decimal(str(x)),
    "string": str,
    "string as a fraction": lambda x: str(Fraction(x).limit_denominator(10**6)),
    "string in per cent": lambda x: f"{x * 100:g}%",
    "string in full-width": lambda x: full_width(str(x)),
}
RIGHT_LETTERS = {
    "lower case": str.lower,
    "full-width": full_width,
    "full-width lower case": lambda letter: full_width(letter.lower()),
    "spaces": lambda letter: f"  {letter} ",
    "full stop": lambda letter: f"{letter}.",
    "Chinese stop": lambda letter: f"{letter}。",
    "Chinese comma": lambda letter: f"{letter}、",
    "brackets": lambda letter: f"({letter})",
    "full-width brackets": lambda letter: f"（{letter}）",
    "with a verb": lambda letter: f"选 {letter}",
    "NumPy string": np.str_,
}
# (what is given, words of the answer)
NO_NUMBER = [
    ("八十", "应当是一个数"),
    ("", "应当是一个数"),
    ("不知道", "应当是一个数"),
    ("3*3*8+8", "引号"),
    (True, "应当是一个数"),
    (np.bool_(True), "应当是一个数"),
    ([], "应当是一个数"),
    ([1, 16, 8, 8], "一个数"),
    (paddle.zeros([2, 3]).shape, "一个数"),
    (paddle.zeros([2, 3]), "一个数"),
    (np.zeros(3), "一个数"),
    (float("nan"), "应当是一个数"),
    (float("inf"), "应当是一个数"),
    (1j, "应当是一个数"),
    ({}, "应当是一个数"),
    ({8, 3}, "应当是一个数"),
    (len, "调用"),
    (lambda: 80, "调用"),
    (int, "调用"),
    (paddle.nn.Linear(2, 2), "网络"),
    (object(), "应当是一个数"),
    (..., "应当是一个数"),
    (b"80", "应当是一个数"),
    (10**5000, "应当是一个数"),
    (-1e300, "应当是一个数"),
    ("1e999999999", "应当是一个数"),
    (Decimal("1e999999999"), "应当是一个数"),
    (Decimal("nan"), "应当是一个数"),
    ("nan", "应当是一个数"),
    ("C", "应当是一个数"),
]
NO_LETTER = [
    ("E", "字母"),
    ("", "字母"),
    ("AB", "一个"),
    ("A和B", "一个"),
    ("不知道", "字母"),
    (3, "字母"),
    (True, "字母"),
    (["A"], "字母"),
    ({"A"}, "字母"),
    (paddle.zeros([1]), "字母"),
    (len, "字母"),
    (float("nan"), "字母"),
]
