"""What is handed out: no solution in a learner's copy, and every solution passes its check."""

import gc
import json
import os
import shutil
import zipfile

import pytest
from nbformat import read, v4, write

from course_utils import exercises, load_section, notebooks
from course_utils.commands import release


def notebook(path):
    return read(path, as_version=4)


def with_exercise(solution):
    """A notebook of one exercise, followed by a text."""
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title"),
            v4.new_code_cell('answer = None\nexercises.check("6.1-1", answer)'),
            v4.new_markdown_cell(solution),
        ]
    )


SECTIONS = [
    pytest.param(section, marks=pytest.mark.section(section)) for section in notebooks.sections()
]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_solution_passes_its_check(section):
    answers = release.solutions(notebook(notebooks.section_path(section)))
    asked = {name for name in exercises.EXERCISES if name.startswith(f"{section}-")}
    assert set(answers) == asked
    for name, code in answers.items():
        names = dict(vars(load_section(section)))
        exec(code, names)
        right, words = exercises.EXERCISES[name].verdict(names["answer"])
        assert right, f"{name}: {words}"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_learners_copy_has_no_solution_and_no_output(section):
    original = notebook(notebooks.section_path(section))
    copy = release.learner_copy(original)
    text = "\n".join(cell["source"] for cell in copy["cells"])
    assert "参考答案</summary>" not in text and "<details>" not in text
    assert not [code for code in release.solutions(original).values() if code in text]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy["cells"])
    asked = [cell for cell in copy["cells"] if "exercises.check(" in cell["source"]]
    assert len(asked) == len(release.solutions(original))


@pytest.mark.parametrize(
    "solution",
    [
        "no solution at all",
        "<details><summary>参考答案</summary>\n\n$1+1$\n</details>",
        "<details><summary>参考答案</summary>\n\n```python\nx = 1\n```\n</details>",
    ],
)
def test_an_exercise_without_a_solution_is_named(solution):
    with pytest.raises(release.ReleaseError, match="exercise 6.1-1 has no solution"):
        release.solutions(with_exercise(solution))


def test_the_instructors_copy_answers_in_the_exercises_cell():
    text = (
        "<details><summary>参考答案</summary>\n\n```python\nanswer = 80\n```\n</details>\n\nNext."
    )
    copy = release.instructor_copy(with_exercise(text))
    assert copy.cells[1].source == 'answer = 80\nexercises.check("6.1-1", answer)'
    assert release.learner_copy(with_exercise(text)).cells[2].source == "Next."


@pytest.mark.parametrize(
    "filled, empty",
    [
        ("answer = 80", "answer = None"),
        ("side = 5\nanswer = (\n    side * 16\n)", "answer = None"),
        ("answer = 8 0", "answer = None"),
        ("answer = f(1)  # a function", "answer = None  # a function"),
        (
            "class Mine:\n    ...\n\nanswer = None  # Mine",
            "class Mine:\n    ...\n\nanswer = None  # Mine",
        ),
    ],
)
def test_an_answer_is_taken_out_of_its_cell(filled, empty):
    check = '\nexercises.check("6.1-1", answer)'
    cells = [v4.new_code_cell(filled + check), v4.new_code_cell("answer = 80\nprint(answer)")]
    first, second = release.learner_copy(v4.new_notebook(cells=cells)).cells
    assert first.source == empty + check
    assert second.source == "answer = 80\nprint(answer)"  # not an exercise's


def test_a_class_that_was_filled_in_is_named():
    source = 'class Mine:\n    right = 1\n\nanswer = Mine\nexercises.check("6.1-6", answer)'
    with pytest.raises(release.ReleaseError, match="cell of exercise 6.1-6 has an answer filled"):
        release.learner_copy(v4.new_notebook(cells=[v4.new_code_cell(source)]))


# --- The folders; a notebook of two cells stands for the course ---

EXERCISE = [
    v4.new_code_cell("import sys\nsys.path.insert(0, '..')\nfrom course_utils import exercises"),
    v4.new_code_cell('answer = 4\nexercises.check("6.1-1", answer)'),
    v4.new_markdown_cell(
        "<details><summary>参考答案</summary>\n\n```python\nanswer = 80\n```\n</details>"
    ),
    v4.new_code_cell("print(answer)"),
]


@pytest.fixture
def short_course(monkeypatch, tmp_path):
    """Makes one short notebook stand for the course's: ``short_course(cells)``."""
    path = tmp_path / "original" / "6.1_short.ipynb"
    path.parent.mkdir()
    monkeypatch.setattr(notebooks, "sections", lambda: {"6.1": path})
    monkeypatch.setattr(release, "COURSE", ("LICENSE", "notebooks", "pyproject.toml"))

    def course(*cells):
        write(v4.new_notebook(cells=[*cells]), path)

    course(v4.new_code_cell("print('run')"))
    return course


def everything(folder):
    """{path: content} of all that is in a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_release_writes_both_copies_the_timings_and_a_zip(short_course, tmp_path, monkeypatch):
    short_course(*EXERCISE)
    monkeypatch.setattr(
        release, "COURSE", ("LICENSE", "notebooks", "pyproject.toml", "course_utils")
    )
    out = tmp_path / "new" / "out"
    instructor, learner, timings, archive = release.write_release(out)
    solved, unsolved = (
        json.loads((folder / "notebooks" / "6.1_short.ipynb").read_text(encoding="utf-8"))["cells"]
        for folder in (instructor, learner)
    )
    assert "".join(solved[1]["source"]).startswith("answer = 80\n")
    assert "".join(unsolved[1]["source"]).startswith("answer = None\n")
    assert solved[-1]["outputs"][0]["text"] == ["80\n"] and solved[-1]["execution_count"] == 3
    assert not any(cell.get("outputs") for cell in unsolved)
    assert "| 6.1 |" in timings.read_text(encoding="utf-8")
    names = zipfile.ZipFile(archive).namelist()
    inside = {"notebooks/6.1_short.ipynb", "course_utils/__init__.py"}
    assert {f"{release.NAME}/{name}" for name in inside} <= set(names)
    assert f"{release.NAME}/{release.MARKER}" not in names  # what learners unpack is their own
    assert not [name for name in names if "/tests/" in name or "__pycache__" in name]
    assert not list(learner.glob("notebooks/6.2*"))
    assert set(os.listdir(out)) == set(release.PARTS)


def test_an_earlier_release_is_replaced(short_course, tmp_path):
    out = tmp_path / "out"
    _, learner, *_ = release.write_release(out)
    (learner / "of_the_earlier_release").touch()
    release.write_release(out)
    assert not (learner / "of_the_earlier_release").exists()
    assert set(os.listdir(out)) == set(release.PARTS)


def stopping_once(after, move=release._move):
    """A ``_move`` that is interrupted once."""
    count = iter(range(100))

    def stopping(source, target):
        if next(count) == after:
            raise KeyboardInterrupt
        move(source, target)

    return stopping


FAILING = {
    "1 / 0": release.ReleaseError,
    "import os, signal; os.kill(os.getppid(), signal.SIGINT)\nwhile True: pass": KeyboardInterrupt,
}


@pytest.mark.parametrize("source", FAILING)
def test_a_release_that_ends_early_leaves_nothing(short_course, tmp_path, source, caplog):
    short_course(v4.new_code_cell(source))
    with pytest.raises(FAILING[source]):
        release.write_release(tmp_path / "new" / "out")
    gc.collect()  # asyncio complains of a task that was left when it is collected
    assert os.listdir(tmp_path) == ["original"] and caplog.records == []


def test_a_release_that_cannot_be_published_leaves_the_earlier_one(
    short_course, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    release.write_release(out)
    before = everything(tmp_path)
    for moves_before in range(2 * len(release.PARTS)):
        monkeypatch.setattr(release, "_move", stopping_once(after=moves_before))
        draft = tmp_path / "draft"
        for name in release.COPIES:
            (draft / name).mkdir(parents=True)
        (draft / "timings.md").touch()
        with pytest.raises(KeyboardInterrupt):
            release._publish(draft, out)
        shutil.rmtree(draft)
        assert everything(tmp_path) == before


def test_the_course_itself_is_never_a_place_for_a_release(short_course, tmp_path, monkeypatch):
    clone = tmp_path / "home" / release.NAME
    (clone / "notebooks").mkdir(parents=True)
    (tmp_path / "link").symlink_to(clone)
    (tmp_path / "home" / "up").symlink_to(tmp_path)
    monkeypatch.setattr(release, "REPO", clone)
    before = everything(tmp_path)
    for folder in (
        clone,
        clone / "notebooks" / "out",
        clone / "releases",
        clone.parent,
        tmp_path / "link",
        tmp_path / "link" / "out",
        tmp_path / "home" / "up",
        clone / ".." / release.NAME / "release" / "..",
    ):
        with pytest.raises(release.ReleaseError, match="is, contains or lies in the course itself"):
            release.write_release(folder)
    monkeypatch.chdir(clone)
    with pytest.raises(release.ReleaseError, match="the course itself"):
        release.write_release("..")
    assert everything(tmp_path) == before
    release._verify_place(clone / "release")  # git does not see it; `make release` writes there
    release._verify_place(tmp_path / "out")


@pytest.mark.parametrize("name", release.PARTS)
def test_what_no_release_made_stays(short_course, tmp_path, name):
    mine = tmp_path / "out" / name
    if name in release.COPIES:
        (mine / ".git").mkdir(parents=True)
    else:
        mine.parent.mkdir()
        mine.write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(release.ReleaseError, match="stays as it is; move it away or name"):
        release.write_release(tmp_path / "out")
    assert everything(tmp_path) == before


def test_a_link_to_an_earlier_release_stays(short_course, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / release.MARKER).touch()
    (out := tmp_path / "out").mkdir()
    (out / release.NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(release.ReleaseError, match="stays as it is"):
        release.write_release(out)
    assert (out / release.NAME).is_symlink()


def test_a_wrong_solution_is_named():
    cells = [EXERCISE[0], v4.new_code_cell('answer = 79\nexercises.check("6.1-1", answer)')]
    folder = notebooks.section_path("6.1").parent
    with pytest.raises(release.ReleaseError, match="solution of exercise 6.1-1 does not pass"):
        release._run(v4.new_notebook(cells=cells), folder, "mine.ipynb")
    broken = v4.new_notebook(cells=[v4.new_code_cell("1 / 0")])
    with pytest.raises(release.ReleaseError, match="mine.ipynb does not run: ZeroDivisionError"):
        release._run(broken, folder, "mine.ipynb")
