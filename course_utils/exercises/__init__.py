"""Exercises: judged at once, with three hints for each usual mistake.

One module a section lists its exercises. The expected values and the wrong ones that give a
mistake away are computed by ``counting``, as a learner would compute them; none is typed in. An
exercise is a function of its numbers: ``variant`` (a student number, say) draws others.

Each wrong answer to an exercise brings one more hint, whatever the answer was: what the mistake
is, why it is one, a worked step with other numbers. A right answer begins anew, and so does a
new kernel.
"""

from IPython.display import Markdown

from . import alexnet, densenet, googlenet, lenet, progress, quiz, resnet, understanding, vgg
from .mistakes import KINDS
from .predictions import predict, reveal

__all__ = ["EXERCISES", "check", "mastery", "predict", "reveal", "review", "statement"]

EXERCISES = {
    **lenet.EXERCISES,
    **alexnet.EXERCISES,
    **vgg.EXERCISES,
    **googlenet.EXERCISES,
    **resnet.EXERCISES,
    **densenet.EXERCISES,
    **quiz.EXERCISES,
}
# Those that no notebook asks yet are judged, too.
_KNOWN = EXERCISES | understanding.EXERCISES


def check(exercise, answer, variant=None):
    """Print whether an answer is right, and a hint if it is not.

    Args:
        exercise: its number, e.g. "6.1-1".
        answer: a number, a letter, a network or a class; None if there is no answer yet.
        variant: a seed that draws other numbers, e.g. a student number; None for those printed.

    Raises:
        KeyError: there is no such exercise.
    """
    asked = _named(exercise)
    if answer is None:
        print(f"练习 {exercise}：还没有作答，把 None 换成你的答案再运行一次。")
        return
    found = asked.judge(answer, variant)
    counts = found.right or found.kind  # what is no answer at all is no try
    wrong = progress.note(exercise, found.right, found.kind, variant) if counts else 1
    lines = found.hints[: max(wrong, 1)]
    print(f"练习 {exercise} {'✓' if found.right else '✗'} " + "\n".join(lines))
    if not found.right and len(lines) < len(found.hints):
        print("（再错一次，会多一步提示。）")


def statement(exercise, variant=None):
    """What is asked, with the numbers of a variant: shows itself in a notebook.

    Raises:
        KeyError: there is no such exercise.
    """
    name = exercise if variant is None else f"{exercise}（变式 {variant}）"
    return Markdown(f"**练习 {name}** {_named(exercise).text(variant)}")


def review(count=3):
    """Up to ``count`` exercises that once went wrong, with other numbers: for a notebook's "
    "begin."""
    names = [name for name in progress.due() if _has_variants(name)][:count]
    if not names:
        return Markdown("没有到期要复习的题。")
    seed = progress.today()
    parts = [
        f"{statement(name, seed).data}\n\n"
        f'```python\nexercises.check("{name}", None, variant="{seed}")\n```'
        for name in names
    ]
    return Markdown("\n\n".join(["复习以前错过的题（换了数）：", *parts]))


def mastery():
    """{kind: (right at the first try, tried)} in the words of the mastery map."""
    counts = {kind: [0, 0] for kind in KINDS}
    for (exercise, _), first in progress.first_tries().items():
        if exercise in _KNOWN:
            kind = _KNOWN[exercise].kind
            counts[kind][0] += first["right"]
            counts[kind][1] += 1
            if not first["right"] and first["kind"] not in ("", kind):
                counts[first["kind"]][1] += 1
    return {words: tuple(counts[kind]) for kind, words in KINDS.items()}


def _named(exercise):
    if exercise not in _KNOWN:
        raise KeyError(f"there is no exercise {exercise!r}; there are: {', '.join(_KNOWN)}.")
    return _KNOWN[exercise]


def _has_variants(name):
    return name in _KNOWN and len({_KNOWN[name].text(seed) for seed in "abcdefgh"}) > 1
