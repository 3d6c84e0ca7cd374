"""What an instructor hands out: ``make release``.

The learners' copy has neither solutions nor outputs; in the instructors' copy every exercise is
solved and every notebook has been run. A solution is the Python block of the folded text that
follows an exercise: it must end by giving ``answer`` its value. A question with options needs none.

Everything is made in a folder of its own and put in its place at the end. Folders that a release
made carry a marker; only those are ever replaced. The zip has none: what is unpacked from it is
somebody's work.
"""

import asyncio
import os
import re
import shutil
import time
from contextlib import ExitStack, suppress
from copy import deepcopy
from pathlib import Path

from jupyter_core.utils import ensure_event_loop
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import read, write

from .. import notebooks
from ..counting.table import markdown
from ..exercises import EXERCISES
from ..exercises.kinds import ChoiceExercise
from ..files import working_folder
from ..runtime import REPO
from ..training.history import this_run

NAME = "classic-cnn-course"
MARKER = ".made-by-course-release"
# What a release consists of; the first two are folders, and at least one of them is there
# whenever one of the others is.
COPIES = (f"{NAME}-instructor", NAME)
PARTS = (*COPIES, "timings.md", f"{NAME}.zip")
COURSE = (
    "CONTRIBUTING.md",
    "CONTRIBUTING.zh-CN.md",
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
_ANSWER = re.compile(r"^answer = None\b", flags=re.MULTILINE)
_HINT = re.compile(r"^answer = .*?(  # .*)$", flags=re.MULTILINE)
_STUB = re.compile(r"^(class|def) ", flags=re.MULTILINE)
_SOLUTION = re.compile(r"<details>.*?</details>\n*", flags=re.DOTALL)
_CODE = re.compile(r"```python\n(.*?)```", flags=re.DOTALL)


class ReleaseError(Exception):
    """The course cannot be handed out as it is; the message is one sentence for people."""


def write_release(folder, progress=lambda words: None):
    """Write the two copies of the course, the timings and a zip of the learners' copy.

    Whatever ends it early, the folder is as it was before.

    Args:
        folder: made if it is missing; an earlier release in it is replaced.
        progress: is told which notebook is being run.

    Returns:
        list of the written paths.

    Raises:
        ReleaseError: the folder holds something else of these names or lies about the repository,
            an exercise has no solution or its answer filled in, a solution does not pass, or a
            cell fails.
    """
    folder = Path(folder).resolve()
    _verify_place(folder)
    with ExitStack() as undo:
        for missing in [path for path in (folder, *folder.parents) if not path.exists()][::-1]:
            missing.mkdir()
            undo.callback(_remove_if_empty, missing)
        with working_folder(folder) as draft:
            _build(draft, progress)
            _publish(draft, folder)
        undo.pop_all()
    return [folder / name for name in PARTS]


def _verify_place(folder):
    """Raise ReleaseError where a release could touch the course itself or other people's files."""
    repository, own = REPO.resolve(), REPO.resolve() / "release"
    inside = folder.is_relative_to(repository) and not folder.is_relative_to(own)
    if inside or repository.is_relative_to(folder):
        raise ReleaseError(
            f"{folder} is, contains or lies in the course itself; name a folder elsewhere, or "
            f"{own}."
        )
    for name in COPIES:
        path = folder / name
        if os.path.lexists(path) and (path.is_symlink() or not (path / MARKER).is_file()):
            raise ReleaseError(
                f"{path} was not made by a release (no {MARKER} in it) and stays as it is; move it "
                f"away or name another folder."
            )
    if not any((folder / name).exists() for name in COPIES):
        for path in (folder / name for name in PARTS):
            if os.path.lexists(path):
                raise ReleaseError(
                    f"{path} belongs to no release and stays as it is; move it away or name "
                    f"another folder."
                )


def _build(draft, progress):
    """Make all parts of a release in an empty folder, first what learners get."""
    originals = {
        section: (path.name, read(path, as_version=4))
        for section, path in notebooks.sections().items()
    }
    for change, copy in (
        (learner_copy, draft / NAME),
        (instructor_copy, draft / f"{NAME}-instructor"),
    ):
        _copy_course(copy)
        for name, notebook in originals.values():
            write(change(notebook), copy / "notebooks" / name)
    shutil.make_archive(str(draft / NAME), "zip", draft, NAME)
    seconds = {}
    for section, (name, _) in originals.items():
        progress(name)
        path = draft / f"{NAME}-instructor" / "notebooks" / name
        solved = read(path, as_version=4)
        seconds[section] = _run(solved, path.parent, name)
        write(solved, path)
    (draft / "timings.md").write_text(_timings(seconds), encoding="utf-8")
    for name in COPIES:
        (draft / name / MARKER).touch()


def _publish(draft, folder):
    """Put a new release in the place of the earlier one, or leave that one there."""
    _verify_place(folder)  # minutes have passed
    (earlier := draft / "earlier").mkdir()
    with ExitStack() as undo:
        for name in reversed(PARTS):
            undo.callback(_move, earlier / name, folder / name)
            _move(folder / name, earlier / name)
        for name in PARTS:
            undo.callback(_move, folder / name, draft / name)
            _move(draft / name, folder / name)
        undo.pop_all()


def _remove_if_empty(folder):
    with suppress(OSError):
        folder.rmdir()


def _move(source, target):
    """Rename what is there."""
    with suppress(FileNotFoundError):
        os.replace(source, target)


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
    """The notebook without solutions, answers and outputs.

    Raises:
        ReleaseError: an answer is filled in where a class or a function is asked for: what stood
            there before cannot be told.
    """
    copy = deepcopy(notebook)
    for cell in copy["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            cell["source"] = _unanswered(cell["source"])
        else:
            cell["source"] = _SOLUTION.sub("", cell["source"])
    copy["cells"] = [cell for cell in copy["cells"] if cell["source"].strip()]
    return copy


def _unanswered(source):
    """The source of an exercise's cell as it was before it was solved; any other's as it is."""
    exercise = _EXERCISE.search(source)
    if exercise is None:
        return source
    if not _STUB.search(source):
        hint = _HINT.search(source)
        return f"answer = None{hint[1] if hint else ''}\n{exercise[0]}"
    if not _ANSWER.search(source):
        raise ReleaseError(
            f"the cell of exercise {exercise[1]} has an answer filled in; put back the unsolved "
            f"class or function and 'answer = None'."
        )
    return source


def instructor_copy(notebook):
    """The notebook with its solutions written into the cells of the exercises; not yet run."""
    copy, answers = deepcopy(notebook), solutions(notebook)
    for cell in copy["cells"]:
        exercise = _EXERCISE.search(cell["source"])
        if cell["cell_type"] == "code" and exercise:
            cell["source"] = f"{answers[exercise[1]]}{exercise[0]}"
    return copy


def _copy_course(folder):
    """Copy everything but the notebooks themselves, and nothing that work has left behind."""
    ignore = shutil.ignore_patterns(
        "__pycache__", ".ipynb_checkpoints", "*.egg-info", ".course-*", "*.ipynb"
    )
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
        # Not client.execute(): it would take Ctrl-C for itself. Solutions are no learner's tries.
        with client.setup_kernel(env={**os.environ, "COURSE_PROGRESS": ""}):
            try:
                for index, cell in enumerate(notebook["cells"]):
                    client.execute_cell(cell, index)
            except KeyboardInterrupt:
                _cancel_tasks(ensure_event_loop())
                raise
    except CellExecutionError as error:
        raise ReleaseError(f"{name} does not run: {error.ename}: {error.evalue}.") from error
    notebooks.without_widget_views({"type": "notebook", "content": notebook})
    for cell in notebook["cells"]:
        exercise = cell["cell_type"] == "code" and _EXERCISE.search(cell["source"])
        if exercise and "✓" not in "".join(o.get("text", "") for o in cell["outputs"]):
            raise ReleaseError(f"the solution of exercise {exercise[1]} does not pass its check.")
    return time.perf_counter() - start


def _cancel_tasks(loop):
    """End what nbclient was waiting for: it would complain that the kernel is gone."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    with suppress(RuntimeError):  # the interrupt came from inside of the loop
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _timings(seconds):
    context = this_run()
    lines = [[section, f"{count:.0f}"] for section, count in seconds.items()]
    lines.append(["合计", f"{sum(seconds.values()):.0f}"])
    head = f"# 各节的运行时间\n\n{context['date'][:10]}，{context['machine']['processor']}\n\n"
    return head + markdown(["节", "秒（全部代码，含练习的参考答案）"], lines)
