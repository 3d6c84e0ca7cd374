"""The machines that the pins are for, and what each has to install, by the installed metadata."""

import itertools
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

COURSE = "classic-cnn-course"
EXTRAS = ("cpu", "dev")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
LINUX_TAGS = ("manylinux1", "manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28")
MAC_TAGS = (
    *(f"macosx_{version}_arm64" for version in ("14_0", "13_0", "12_0", "11_0")),
    *(f"macosx_{version}_universal2" for version in ("11_0", "10_13", "10_12", "10_9")),
)


@dataclass(frozen=True)
class System:
    """One kind of machine: what its markers say, and the tags of the wheels that it takes."""

    name: str
    sys_platform: str
    platform_system: str
    platform_machine: str
    os_name: str
    tags: tuple


def linux(machine):
    tags = tuple(f"{tag}_{machine}" for tag in LINUX_TAGS)
    return System(f"Linux {machine}", "linux", "Linux", machine, "posix", tags)


SYSTEMS = (
    linux("x86_64"),
    linux("aarch64"),
    System("macOS arm64", "darwin", "Darwin", "arm64", "posix", MAC_TAGS),
    System("Windows", "win32", "Windows", "AMD64", "nt", ("win_amd64",)),
)
TARGETS = list(itertools.product(PYTHONS, SYSTEMS))


def marker_environment(python, system):
    """Values of the markers of PEP 508 on a target, such as ``sys_platform``."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        **{key: value for key, value in vars(system).items() if key not in ("name", "tags")},
    }


def applies(requirement, environment, extras=("",)):
    """Whether a requirement holds in an environment, with any of these extras."""
    return requirement.marker is None or any(
        requirement.marker.evaluate({**environment, "extra": extra}) for extra in extras
    )


def closure(python, system):
    """{name: [specifier, ...]} of all that the course needs on a target, with its extras.

    What is not installed here (``pywinpty`` outside Windows) is named, but not followed further.
    """
    environment, found = marker_environment(python, system), {}
    waiting = [(COURSE, extra) for extra in ("", *EXTRAS)]
    seen = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            if applies(requirement, environment, (extra,)):
                needed = canonicalize_name(requirement.name)
                found.setdefault(needed, []).append(requirement.specifier)
                waiting += [(needed, more) for more in ("", *requirement.extras)]
    return found


def pinned(lines, python, system):
    """{name: version} of the lines ``name==version; marker`` that hold on a target."""
    environment = marker_environment(python, system)
    requirements = [Requirement(line.strip()) for line in lines if line[0] not in "#\n"]
    kept = [requirement for requirement in requirements if applies(requirement, environment)]
    names = [canonicalize_name(requirement.name) for requirement in kept]
    assert len(names) == len(set(names)), f"pinned twice for Python {python}, {system.name}"
    versions = [str(requirement.specifier).removeprefix("==") for requirement in kept]
    return dict(zip(names, versions, strict=True))
