"""What an instructor hands out: ``make release``.

The learners' copy has neither solutions nor outputs; in the instructors' copy every exercise is
solved and every notebook has been run. A solution is the Python block of the folded text that
follows an exercise: it must end by giving ``answer`` its value. A question with options needs none.
"""

import re
import shutil
import time
from copy import deepcopy
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import read, write

from .. import notebooks
from ..counting.table import markdown
from ..exercises import EXERCISES
from ..exercises.kinds import ChoiceExercise
from ..runtime import REPO
from ..training.history import this_run

NAME = "classic-cnn-course"
COURSE = (
    "LICENSE",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "constraints.txt",
    "course_utils",
    "data",
    "environment.yml",
    "notebooks",
    "pyproject.toml",
)
_EXERCISE = re.compile(r'^exercises\.check\("([\d.]+-\d+)", answer\)$', flags=re.MULTILINE)
_SOLUTION = re.compile(r"<details>.*?</details>\n*", flags=re.DOTALL)
_CODE = re.compile(r"```python\n(.*?)```", flags=re.DOTALL)


class ReleaseError(Exception):
    """The course cannot be handed out as it is; the message is one sentence for people."""


def write_release(folder, progress=lambda words: None):
    """Write the two copies of the course, the timings and a zip of the learners' copy.

    Args:
        folder: made if it is missing; an earlier release in it is replaced.
        progress: is told which notebook is being run.

    Returns:
        list of the written paths.

    Raises:
        ReleaseError: an exercise has no solution, a solution does not pass, or a cell fails.
    """
    folder = Path(folder)
    learner, instructor = folder / NAME, folder / f"{NAME}-instructor"
    for copy in (learner, instructor):
        _copy_course(copy)
    seconds = {}
    for section, path in notebooks.sections().items():
        progress(path.name)
        notebook = read(path, as_version=4)
        solved = instructor_copy(notebook)
        seconds[section] = _run(solved, instructor / "notebooks", path.name)
        write(solved, instructor / "notebooks" / path.name)
        write(learner_copy(notebook), learner / "notebooks" / path.name)
    timings = folder / "timings.md"
    timings.write_text(_timings(seconds), encoding="utf-8")
    shutil.make_archive(str(learner), "zip", folder, NAME)
    return [learner, instructor, timings, learner.with_suffix(".zip")]


def solutions(notebook):
    """{exercise: Python code that ends in ``answer = ...``} of a notebook.

    Raises:
        ReleaseError: an exercise is followed by no such code.
    """
    found, asked = {}, None
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (exercise := _EXERCISE.search(cell["source"])):
            asked = exercise[1]
            if isinstance(EXERCISES[asked], ChoiceExercise):
                found[asked], asked = f'answer = "{EXERCISES[asked].right}"\n', None
        elif asked:
            text = _SOLUTION.search(cell["source"])
            code = _CODE.search(text[0]) if text else None
            if code is None or not re.search(r"^answer = ", code[1], flags=re.MULTILINE):
                raise ReleaseError(
                    f"exercise {asked} has no solution that can be run; let a folded 参考答案 with "
                    f"a Python block that sets 'answer' follow it."
                )
            found[asked], asked = code[1], None
    return found


def learner_copy(notebook):
    """The notebook without solutions and outputs."""
    copy = deepcopy(notebook)
    for cell in copy["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        else:
            cell["source"] = _SOLUTION.sub("", cell["source"])
    copy["cells"] = [cell for cell in copy["cells"] if cell["source"].strip()]
    return copy


def instructor_copy(notebook):
    """The notebook with its solutions written into the cells of the exercises; not yet run."""
    copy, answers = deepcopy(notebook), solutions(notebook)
    for cell in copy["cells"]:
        exercise = _EXERCISE.search(cell["source"])
        if cell["cell_type"] == "code" and exercise:
            cell["source"] = f"{answers[exercise[1]]}{exercise[0]}"
    return copy


def _copy_course(folder):
    if folder.exists():
        shutil.rmtree(folder)
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.egg-info")
    for name in COURSE:
        source, target = REPO / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy2(source, target)


def _run(notebook, folder, name):
    """Run a notebook in place; returns the seconds that it took."""
    client = NotebookClient(
        notebook,
        timeout=600,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],  # no word about the encryption of local sockets
    )
    client.log.setLevel("WARNING")
    start = time.perf_counter()
    try:
        client.execute()
    except CellExecutionError as error:
        raise ReleaseError(f"{name} does not run: {error.ename}: {error.evalue}.") from error
    notebooks.without_widget_views({"type": "notebook", "content": notebook})
    for cell in notebook["cells"]:
        exercise = cell["cell_type"] == "code" and _EXERCISE.search(cell["source"])
        if exercise and "✓" not in "".join(o.get("text", "") for o in cell["outputs"]):
            raise ReleaseError(f"the solution of exercise {exercise[1]} does not pass its check.")
    return time.perf_counter() - start


def _timings(seconds):
    context = this_run()
    lines = [[section, f"{count:.0f}"] for section, count in seconds.items()]
    lines.append(["合计", f"{sum(seconds.values()):.0f}"])
    head = f"# 各节的运行时间\n\n{context['date'][:10]}，{context['machine']['processor']}\n\n"
    return head + markdown(["节", "秒（全部代码，含练习的参考答案）"], lines)
