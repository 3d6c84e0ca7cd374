"""What makes a machine look like another one does so."""

import os
import subprocess
import sys

import elsewhere
import pytest

from course_utils.runtime import REPO

DRAW = """
import {first}course_utils
import numpy as np, paddle
paddle.seed(3)
print(paddle.rand([1]).item(), np.random.default_rng(3).random())
np.random.seed(3)
print(np.random.rand(), np.random.default_rng(np.random.default_rng(3)).random())
"""


def drawn(first):
    environment = os.environ | {"PYTHONPATH": f"{REPO}{os.pathsep}{REPO / 'tests'}"}
    command = [sys.executable, "-c", DRAW.format(first=first)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_another_seed_gives_other_numbers_that_are_always_the_same():
    usual, shifted = drawn(""), drawn("other_seed, ")
    assert shifted == drawn("other_seed, ") and len(usual) == 4
    assert all(a != b for a, b in zip(usual, shifted, strict=True))


def test_a_copy_holds_what_git_knows(tmp_path):
    copy = elsewhere.copy_course(tmp_path / "我的 课程")
    assert (copy / "course_utils" / "runtime.py").read_bytes() == (
        REPO / "course_utils" / "runtime.py"
    ).read_bytes()
    assert not (copy / ".venv").exists() and not (copy / ".git").exists()


def test_a_read_only_course_cannot_be_written(tmp_path):
    course = tmp_path / "course"
    (course / "data").mkdir(parents=True)
    try:
        before = elsewhere.read_only(course)
    except elsewhere.CannotBeTried as reason:
        pytest.skip(str(reason))
    for folder in (course, course / "data"):
        assert subprocess.run([*before, "touch", folder / "new"], capture_output=True).returncode
    course.chmod(0o755)


def test_the_quick_run_sets_every_variable_and_fails_with_its_tests(tmp_path):
    (machine,) = elsewhere.all_at_once().values()
    alone = elsewhere.PROCESSORS | elsewhere.HABITS
    assert machine.environment.keys() == {key for e in alone.values() for key in e.environment}
    wrong = tmp_path / "test_wrong.py"
    wrong.write_text("import os\ndef test_zone():\n    assert os.environ['TZ'] == 'UTC'\n")
    far = elsewhere.Elsewhere({"TZ": "Pacific/Kiritimati"})
    assert elsewhere.run(far, [str(wrong)]) == 1
    assert elsewhere.run(elsewhere.Elsewhere({"TZ": "UTC"}), [str(wrong)]) == 0
