"""Checks of a learner's answers: at once, with a hint for each common mistake.

One module a section lists its exercises. The expected values and the wrong ones that give a
mistake away are computed by ``geometry`` or by ``analyze``, as a learner would compute them;
none is typed in.
"""

from . import alexnet, densenet, googlenet, lenet, quiz, resnet, vgg

EXERCISES = {
    **lenet.EXERCISES,
    **alexnet.EXERCISES,
    **vgg.EXERCISES,
    **googlenet.EXERCISES,
    **resnet.EXERCISES,
    **densenet.EXERCISES,
    **quiz.EXERCISES,
}


def check(exercise, answer):
    """Print whether an answer is right, and a hint if it is not.

    Args:
        exercise: its number, e.g. "6.1-1".
        answer: a number, a letter, a network or a class; None if there is no answer yet.

    Raises:
        KeyError: there is no such exercise.
    """
    if exercise not in EXERCISES:
        raise KeyError(f"there is no exercise {exercise!r}; there are: {', '.join(EXERCISES)}.")
    if answer is None:
        print(f"练习 {exercise}：还没有作答，把 None 换成你的答案再运行一次。")
        return
    right, words = EXERCISES[exercise].verdict(answer)
    print(f"练习 {exercise} {'✓' if right else '✗'} {words}")
