"""The two ways to install (make and conda) agree, and nothing is left unpinned."""

import ast
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from extras import skip_without
from packaging.markers import Marker

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

REPO = Path(__file__).resolve().parent.parent
PADDLE_INDEX = "https://www.paddlepaddle.org.cn/packages/stable/"
PROJECT_FILES = [
    path
    for pattern in ("*", ".ci/*", "course_utils/**/*", "notebooks/**/*", "tests/**/*")
    for path in REPO.glob(pattern)
    if path.suffix in {"", ".cfg", ".ipynb", ".js", ".md", ".py", ".toml", ".txt", ".yml"}
    and path.is_file()
    and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
]


def canonical(name):
    """Name of a distribution in the one spelling of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(requirements):
    """{name: version} of `name==version` requirements; any other form is an error.

    Of a name that is pinned for two kinds of machines, the version for this one.
    """
    found = {}
    for requirement in requirements:
        requirement, _, marker = requirement.partition(";")
        if marker and not Marker(marker).evaluate():
            continue
        match = re.fullmatch(r"([\w.-]+)==(\d[\w.]*)", requirement)
        assert match, f"{requirement!r} is not pinned as name==version"
        assert canonical(match[1]) not in found, f"{match[1]} is pinned twice"
        found[canonical(match[1])] = match[2]
    return found


def minor(version):
    return tuple(map(int, version.split(".")[:2]))


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def extras(pyproject):
    return pyproject["project"]["optional-dependencies"]


@pytest.fixture(scope="module")
def dependencies(pyproject):
    return pins(pyproject["project"]["dependencies"])


@pytest.fixture(scope="module")
def constraints():
    lines = (REPO / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return pins(line for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def conda():
    """(requirements, pip lines) of environment.yml."""
    environment = yaml.safe_load((REPO / "environment.yml").read_text(encoding="utf-8"))
    *requirements, pip = environment["dependencies"]
    return requirements, pip["pip"]


def test_every_pin_is_the_one_in_the_constraints(pyproject, dependencies, extras, constraints):
    wanted = dependencies | pins(pyproject["build-system"]["requires"])
    for extra in extras.values():
        wanted |= pins(extra)
    assert wanted == {name: constraints.get(name) for name in wanted}


def test_paddle_is_an_extra_and_never_a_dependency(dependencies, extras):
    assert not [name for name in dependencies if "paddle" in name]
    assert list(pins(extras["cpu"])) == ["paddlepaddle"]


def test_conda_takes_the_same_paddle_and_the_same_pins(conda, extras):
    _, pip_lines = conda
    options = [line for line in pip_lines if line.startswith("-")]
    assert options[:2] == ["-c constraints.txt", f"--extra-index-url {PADDLE_INDEX}cu126/"]
    # `-e .` without the extra cpu: the CPU build would overwrite the GPU build.
    assert options[2:] == ["-e ."]
    own_pins = pins(line for line in pip_lines if not line.startswith("-"))
    usual = extras["cpu"][0].partition(";")[0]
    assert own_pins == {"paddlepaddle-gpu": pins([usual])["paddlepaddle"]}


def test_python_ranges_agree(pyproject, conda):
    match = re.fullmatch(r">=(3\.\d+),<(3\.\d+)", pyproject["project"]["requires-python"])
    oldest, (major, beyond) = minor(match[1]), minor(match[2])
    newest = (major, beyond - 1)

    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    assert f"{oldest} <= sys.version_info[:2] <= {newest}" in makefile

    requirements, _ = conda
    (python,) = [item.split("=")[1] for item in requirements if item.startswith("python=")]
    assert oldest <= minor(python) <= newest

    target = pyproject["tool"]["ruff"]["target-version"]
    assert target == "py{}{}".format(*oldest)

    spelt = "{}.{}–{}.{}".format(*oldest, *newest)
    for text in ("Makefile", "README.md", "README.zh-CN.md"):
        assert f"Python {spelt}" in (REPO / text).read_text(encoding="utf-8"), text


def test_no_package_registry_but_paddles_own_is_named():
    address = re.compile(
        r"(?:index-url|find-links)[=\s]+(\S+)"
        r"|(https?://[^\s\"'<>)]*(?:pypi|/simple\b|\bmirrors?\.|/packages/stable)[^\s\"'<>)]*)"
    )
    found = [
        (str(path.relative_to(REPO)), match[1] or match[2])
        for path in PROJECT_FILES
        if path.name != Path(__file__).name
        for match in address.finditer(path.read_text(encoding="utf-8"))
    ]
    assert ("environment.yml", f"{PADDLE_INDEX}cu126/") in found
    assert [hit for hit in found if not hit[1].startswith(PADDLE_INDEX)] == []


def test_installed_versions_are_the_pinned_ones(constraints):
    installed = {canonical(dist.name): dist.version for dist in metadata.distributions()}
    # Before Python 3.12 `venv` puts in a setuptools of its own, which the course never uses.
    if sys.version_info < (3, 12):
        installed.pop("setuptools", None)
    off = {
        name: f"{installed[name]} instead of {version}"
        for name, version in constraints.items()
        if installed.get(name, version) != version
    }
    assert off == {}, "run `make env` again"


def imported_modules(source):
    """Top-level names that a piece of Python imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def sources_for_learners():
    """(path, Python source) of the package and of every notebook's code cell."""
    for path in PROJECT_FILES:
        if path.suffix == ".ipynb":
            notebook = json.loads(path.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    yield path, "".join(cell["source"])
        elif path.suffix == ".py" and (path.parent / "__init__.py").exists():
            yield path, path.read_text(encoding="utf-8")


def test_what_learners_import_is_declared(dependencies):
    provided = {
        path.parts[0].removesuffix(".py")
        for dist in metadata.distributions()
        if canonical(dist.name) in dependencies
        for path in dist.files or ()
    }
    # Paddle is an extra: which build brings it depends on the machine.
    known = provided | {"course_utils", "paddle"} | set(sys.stdlib_module_names)
    undeclared = {
        (module, str(path.relative_to(REPO)))
        for path, source in sources_for_learners()
        for module in imported_modules(source)
        if module not in known
    }
    assert undeclared == set(), "add these to `dependencies` in pyproject.toml"


def test_ruff_finds_nothing():
    skip_without("ruff")
    folders = ("course_utils", "tests", "notebooks")
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--no-cache",
            "--output-format=concise",
            "--",
            *folders,
        ],
        cwd=REPO,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def readmes():
    return [(REPO / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]


def test_both_readmes_give_the_same_commands_and_chapters():
    english, chinese = readmes()
    blocks = re.compile(r"^ *```\w+\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
    assert len(blocks.findall(english)) == 11
    assert blocks.findall(english) == blocks.findall(chinese)
    headings = re.compile(r"^#+ ", re.MULTILINE)
    assert headings.findall(english) == headings.findall(chinese)


def test_readmes_link_to_files_that_exist():
    links = {
        link
        for text in readmes()
        for link in re.findall(r"\]\(([^)]+)\)", text)
        if not link.startswith("https://")
    }
    assert {"LICENSE", "README.md", "README.zh-CN.md"} <= links
    assert [link for link in links if not (REPO / link).exists()] == []
