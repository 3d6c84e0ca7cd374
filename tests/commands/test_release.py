"""What is handed out: no solution in a learner's copy, and every solution passes its check."""

import json
import zipfile

import pytest
from nbformat import read, v4

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


@pytest.fixture
def only_the_map(monkeypatch):
    path = notebooks.section_path("6.0")
    monkeypatch.setattr(notebooks, "sections", lambda: {"6.0": path})
    return path


def test_release_writes_both_copies_the_timings_and_a_zip(only_the_map, tmp_path):
    learner, instructor, timings, archive = release.write_release(tmp_path / "out")
    copies = [
        json.loads((folder / "notebooks" / only_the_map.name).read_text(encoding="utf-8"))
        for folder in (learner, instructor)
    ]
    outputs = [sum(len(c.get("outputs", [])) for c in copy["cells"]) for copy in copies]
    assert outputs[0] == 0 < outputs[1]
    assert "| 6.0 |" in timings.read_text(encoding="utf-8")
    names = zipfile.ZipFile(archive).namelist()
    inside = {f"notebooks/{only_the_map.name}", "course_utils/__init__.py"}
    assert {f"{release.NAME}/{name}" for name in inside} <= set(names)
    assert not [name for name in names if "/tests/" in name or "__pycache__" in name]


def test_a_wrong_solution_is_named(only_the_map):
    cells = [
        v4.new_code_cell(
            "import sys\nsys.path.insert(0, '..')\nfrom course_utils import exercises"
        ),
        v4.new_code_cell('answer = 79\nexercises.check("6.1-1", answer)'),
    ]
    folder = only_the_map.parent
    with pytest.raises(release.ReleaseError, match="solution of exercise 6.1-1 does not pass"):
        release._run(v4.new_notebook(cells=cells), folder, "mine.ipynb")
    broken = v4.new_notebook(cells=[v4.new_code_cell("1 / 0")])
    with pytest.raises(release.ReleaseError, match="mine.ipynb does not run: ZeroDivisionError"):
        release._run(broken, folder, "mine.ipynb")
