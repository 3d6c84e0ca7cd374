"""The pins fit every machine that the course is for; ``resolve.py`` looks for the wheels."""

import pytest
from extras import skip_without

skip_without("grimp")  # the metadata of the extra dev is followed, so it must be installed

from platforms import TARGETS, closure, pinned  # noqa: E402

from course_utils.runtime import REPO  # noqa: E402

LINES = (REPO / "constraints.txt").read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.fixture(params=TARGETS, ids=lambda target: f"{target[0]} {target[1].name}")
def target(request):
    return request.param


def test_everything_is_pinned_to_a_version_that_is_asked_for(target):
    pins = pinned(LINES, *target)
    for name, specifiers in closure(*target).items():
        assert name in pins, f"{name} is missing in constraints.txt"
        for specifier in specifiers:
            assert specifier.contains(pins[name]), f"{name}=={pins[name]}, but {specifier}"


def test_one_paddle_for_each_machine(target):
    python, system = target
    expected = "3.2.2" if system.platform_machine == "aarch64" else "3.3.1"
    (specifier,) = closure(*target)["paddlepaddle"]
    assert str(specifier) == f"=={expected}" and pinned(LINES, *target)["paddlepaddle"] == expected


def test_no_pin_is_left_over():
    needed = {name for target in TARGETS for name in closure(*target)}
    assert {name for target in TARGETS for name in pinned(LINES, *target)} == needed
