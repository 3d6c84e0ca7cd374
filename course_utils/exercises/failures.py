"""What went wrong in a learner's network, in Chinese, at the learner's own line."""

import inspect
import linecache
import re
import sysconfig
import traceback
from difflib import get_close_matches
from pathlib import Path

import paddle
from paddle import nn

from ..counting.reasons import first_sentence

PACKAGE = Path(__file__).resolve().parents[1]
LIBRARIES = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "stdlib")]

# What Paddle says, and what it means: the groups of the expression fill the sentence.
CAUSES = (
    (
        r"K_lhs:(\d+) != K_rhs:(\d+)",
        "全连接层（矩阵乘）收到 {} 个数，它却是按 {} 个输入建的：两边要相等；"
        "还有高和宽两维时先展平。",
    ),
    (
        r"input's channels is (\d+).*?filter's channels is (\d+).*?groups is (\d+)",
        "卷积收到 {} 个通道，它却是按 {} × {} 个通道（每组的通道数 × groups）建的。",
    ),
    (
        r"must be divisible by groups|divided by groups",
        "通道数不能被 groups 整除：groups 要能整除输入和输出的通道数。",
    ),
    (
        r"shape of scale must equal to \[(\d+)\].*?shape of scale is \[(\d+)\]",
        "BN 收到 {} 个通道，它却是按 {} 个通道建的。",
    ),
    (
        r"(?:ReshapeOp|reshape).*?X's shape = (\[[\d, ]+\])",
        "reshape 前后的个数不等（输入的形状是 {}）：批量大小不要写死，用 x.shape[0] 或 −1。",
    ),
    (
        r"input\[0\]'s shape = (\[[\d, ]+\]), input\[\d+\]'s shape = (\[[\d, ]+\])",
        "要拼接的形状是 {} 和 {}：除了拼接的那一维，其余都要相等（少了填充？）。",
    ),
    (
        r"shape of X = (\[[\d, ]+\]) and the shape of Y = (\[[\d, ]+\])",
        "相加（或相乘）的两个形状是 {} 和 {}：要一样才行（少了填充？通道数不同？）。",
    ),
)


def explained(error):
    """One sentence on an error that a learner's network or class raised."""
    return f"{_own_line(error)}{_cause(error)}"


def ending(net):
    """The end of a sentence: the last line of ``forward`` as the learner wrote it."""
    forward = type(net).forward
    try:
        if _is_ours(inspect.getsourcefile(forward)):
            return "。"
        lines, first = inspect.getsourcelines(forward)
    except (OSError, TypeError):  # no source to show
        return "。"
    lines = [(number, line.strip()) for number, line in enumerate(lines, start=first)]
    number, line = [(n, text) for n, text in lines if text and not text.startswith("#")][-1]
    return f"；forward 的最后一行是 `{line}`（第 {number} 行）。"


def no_super(cls):
    """A class whose layers are not registered."""
    return (
        f"{cls.__name__} 的 __init__ 没有调用 super().__init__()："
        f"请把它（连同括号）写在 __init__ 的第一行，层才登记得上。"
    )


def _own_line(error):
    """The deepest line of the traceback that is neither a library's nor the course's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        line = frame.line or linecache.getline(frame.filename, frame.lineno).strip()
        if line and not _is_ours(frame.filename):
            return f"在 `{line.splitlines()[0]}`（第 {frame.lineno} 行），"
    return ""


def _is_ours(file):
    """Whether a file is a library's or the course's, and not the learner's."""
    path = Path(file or "")
    return path.is_absolute() and any(
        folder in path.resolve().parents for folder in [PACKAGE, *LIBRARIES]
    )


def _cause(error):
    text = str(error)
    if isinstance(error, AttributeError) and (name := getattr(error, "name", None)):
        return _no_attribute(error, name)
    if isinstance(error, NameError) and (name := getattr(error, "name", None)):
        return f"名字 {name} 没有定义{_suggestion(name)}；先运行前面的单元格。"
    for pattern, sentence in CAUSES:
        if found := re.search(pattern, text, re.DOTALL):
            return sentence.format(*found.groups())
    return f"{type(error).__name__}：{first_sentence(error)}"


def _no_attribute(error, name):
    owner = type(error.obj).__name__
    if not isinstance(error.obj, nn.Layer):
        return f"{owner} 没有 {name} 这个名字{_suggestion(name)}。"
    if "_sub_layers" not in vars(error.obj):
        return no_super(type(error.obj))
    names = "、".join(child for child, _ in error.obj.named_children())
    return f"{owner} 没有 {name} 这个属性" + (f"；__init__ 里建好的是 {names}。" if names else "。")


def _suggestion(name):
    """A name of Paddle's that was probably meant."""
    for prefix, room in (("F", nn.functional), ("nn", nn), ("paddle", paddle)):
        by_fold = {known.casefold(): known for known in dir(room) if not known.startswith("_")}
        if close := get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.85):
            return f"，是不是 {prefix}.{by_fold[close[0]]}（注意大小写）"
    return ""
