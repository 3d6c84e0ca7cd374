"""The house stands: no wing reaches up, and its picture is drawn from today's imports."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from extras import skip_without

REPO = Path(__file__).resolve().parent.parent


def lint_imports(folder):
    """Import-linter's verdict on the package in ``folder``: (exit status, what it printed)."""
    skip_without("importlinter")
    program = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    program += ["--config", str(folder / "pyproject.toml")]
    result = subprocess.run(program, cwd=folder, capture_output=True, text=True)
    return result.returncode, result.stdout


def test_no_wing_reaches_up():
    status, said = lint_imports(REPO)
    assert status == 0, said


def test_a_wing_that_reaches_up_is_named(tmp_path):
    rooms = ["__main__", "files", "notebooks", "runtime"]
    wings = [
        "book",
        "commands",
        "counting",
        "exercises",
        "figures",
        "images",
        "training",
        "widgets",
    ]
    package = tmp_path / "course_utils"
    for name in [*(f"{room}.py" for room in rooms), *(f"{wing}/__init__.py" for wing in wings)]:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    (package / "__init__.py").write_text("")
    (package / "counting" / "table.py").write_text("from ..figures import curves\n")
    (package / "figures" / "curves.py").write_text("")
    (package / "commands" / "train.py").write_text("")
    config = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(config, encoding="utf-8")
    status, said = lint_imports(tmp_path)
    assert status == 1
    assert "course_utils.counting.table -> course_utils.figures.curves" in said


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CONTRIBUTING.zh-CN.md"])
def test_the_picture_of_the_house_is_drawn_from_the_imports(name):
    skip_without("grimp")
    from house import diagram

    page = (REPO / name).read_text(encoding="utf-8")
    assert re.findall(r"```mermaid\n(.*?)\n```", page, re.DOTALL) == [diagram()], (
        f"the picture in {name} is out of date; replace it by what tests/house.py prints."
    )
