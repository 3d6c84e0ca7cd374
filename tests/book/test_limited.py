"""Hostile copies of a notebook: each ends in one sentence, on time, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sentences import one_sentence

from course_utils import notebooks
from course_utils.__main__ import main
from course_utils.book import limited

posix = pytest.mark.skipif(os.name != "posix", reason="only Linux and macOS have these limits")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
TESTS = Path(__file__).resolve().parents[1]
EVERY_PIPE = "for fd in range(3, 64):\n    with suppress(OSError): os.write(fd, WORDS)"

ENDLESS = "在 3 秒内没有结束"
# What stands in the copy, and a part of the sentence about it.
FAILURES = {
    "the end of Python": ("sys.exit(0)", "SystemExit: 0"),
    "the end with a word": ("sys.exit('✓')", "SystemExit: ✓"),
    "a key pressed": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "an exception of its own kind": (
        "class Stop(BaseException): pass\nraise Stop('line 1\\nline 2')",
        "Stop: line 1",
    ),
    "an exit": ("os._exit(0)", "退出码 0"),
    "an exit in a decorator": ("@lambda f: os._exit(0)\ndef f(): pass", "退出码 0"),
    "an exit in a default": ("def f(x=os._exit(0)): pass", "退出码 0"),
    "an exit in a thread": (
        "threading.Thread(target=os._exit, args=[0]).start()\ntime.sleep(60)",
        "退出码 0",
    ),
    "an exit with pipes closed": ("os.closerange(0, 256)\nos._exit(0)", "没有交出结果就结束了"),
    "pipes closed": ("os.closerange(3, 256)", "没有交出结果就结束了"),
    "killed": ("os.kill(os.getpid(), 9)", "信号 9"),
    "aborted": ("os.abort()", "信号 6"),
    "a wild pointer": ("import ctypes\nctypes.string_at(8)", "信号 11"),
    "its group killed": ("os.killpg(0, 15)", "信号 15"),
    "an endless loop": ("while True: pass", ENDLESS),
    "a long sleep": ("time.sleep(10_000)", ENDLESS),
    "an endless loop in C": ("sum(range(10**18))", ENDLESS),
    "signals that are ignored": (
        "for n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
        ENDLESS,
    ),
    "a fork in its place": (
        "if os.fork(): os._exit(0)\ntime.sleep(10_000)",
        ENDLESS,
    ),
    "endless output": ("while True: print('✓' * 10_000)", ENDLESS),
    "endless output as an answer": (
        "WORDS = b'x' * 2**16\nwhile True:\n    " + EVERY_PIPE.replace("\n", "\n    "),
        "超过 16 MB",
    ),
    "no JSON as an answer": (f"WORDS = b'ok\\n'\n{EVERY_PIPE}\nos._exit(0)", "没有交出结果"),
    "JSON of another shape": (f"WORDS = b'[1, 2]\\n'\n{EVERY_PIPE}\nos._exit(0)", "没有交出结果"),
    "JSON nested without end": (
        f"WORDS = b'[' * 60_000 + b'\\n'\n{EVERY_PIPE}\nos._exit(0)",
        "没有交出结果",
    ),
    "an answer that is no JSON": ("global SAID\nSAID = {1, 2}", "TypeError"),
    "an answer that holds itself": (
        "global SAID\nSAID = []\nSAID.append(SAID)",
        "ValueError",
    ),
    "a question to nobody": ("input('?')", "EOFError"),
    "a file": ("open('notes.txt', 'w').write('x' * 10_000)", "OSError"),
}
if sys.platform == "linux":
    FAILURES["a memory hog"] = ("hog = bytearray(2**31)", "MemoryError")
    FAILURES["a slow memory hog"] = (
        "hog = []\nwhile True: hog.append(bytes(2**20))",
        "MemoryError",
    )
# Nothing of these keeps the process from its answer, nor stays.
HARMLESS = {
    "words": "print('✓ LeNet5')\nprint('✓', file=sys.stderr)\nos.system('echo ✓')",
    "a fork that sleeps": "child = os.fork()\nif not child:\n    time.sleep(10_000)\nnote(child)",
    "a program that sleeps": (
        "note(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(10000)']).pid)"
    ),
    "a thread that sleeps": "threading.Thread(target=time.sleep, args=[10_000]).start()\nnote()",
    "something for the exit": "atexit.register(time.sleep, 10_000)\nnote()",
}


def write_copy(path, body):
    """A notebook whose class body does something; ``note`` leaves a process's number."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    setup = (
        "import atexit, os, signal, subprocess, sys, threading, time\n"
        "from contextlib import suppress\n"
        "def note(pid=None):\n"
        f"    os.close(os.open(os.path.join({str(path.parent)!r}, f'pid-{{pid or os.getpid()}}'),"
        " os.O_CREAT))\n"
    )
    cells = [{"cell_type": "code", "source": s} for s in (setup, f"class A:\n{lines}")]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def runs(pid):
    """Whether a process of that number is alive."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except OSError:
        return False
    return state[0] not in "ZX"


def noted(folder):
    return [int(path.name[4:]) for path in folder.glob("pid-*")]


def gone(pid, seconds=20):
    end = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.1)
    return not runs(pid)


def load(folder, body, seconds):
    """(what ``call`` gave, what it raised) for a copy in a folder of its own."""
    folder.mkdir()
    path = write_copy(folder / "copy.ipynb", body)
    try:
        memory = 256 * 2**20
        return limited.call("loading:load", str(path), seconds=seconds, memory=memory), None
    except limited.LimitError as error:
        return None, error


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """{name: (value, error, folder)} of all copies, four at a time: most of them only wait."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(4) as pool:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]))
        bodies = {name: body for name, (body, _) in FAILURES.items()} | HARMLESS
        seconds = {name: 3 for name, (_, said) in FAILURES.items() if said == ENDLESS}
        folders = {name: tmp_path_factory.mktemp("copy") / "it" for name in bodies}
        results = {
            name: pool.submit(load, folders[name], body, seconds.get(name, 60))
            for name, body in bodies.items()
        }
        return {name: (*result.result(), folders[name]) for name, result in results.items()}


@posix
@pytest.mark.parametrize("name", FAILURES)
def test_a_hostile_copy_gives_no_answer_but_one_sentence(name, ended):
    value, error, _ = ended[name]
    assert error is not None and value is None
    assert FAILURES[name][1] in str(error) and one_sentence(error)


@linux
@pytest.mark.parametrize("name", HARMLESS)
def test_what_a_copy_starts_ends_with_it(name, ended):
    _, error, folder = ended[name]
    assert error is None
    assert name == "words" or noted(folder)
    assert all(gone(pid) for pid in noted(folder))


def test_nothing_that_a_copy_prints_is_shown(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    assert load(tmp_path / "it", HARMLESS["words"], 60) == (None, None)
    assert capfd.readouterr() == ("", "")


def test_it_works_in_a_folder_that_is_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    body = "global SAID\nSAID = os.getcwd()\nos.close(os.open('mine', os.O_CREAT))"
    folder, _ = load(tmp_path / "it", body, 60)
    assert "course_" in folder and not Path(folder).exists()


@linux
def test_the_process_ends_where_the_audit_is_killed(tmp_path):
    copy = write_copy(tmp_path / "copy.ipynb", "note()\ntime.sleep(10_000)")
    program = f"from course_utils.book import limited; limited.call('loading:load', {str(copy)!r})"
    paths = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    audit = subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": paths}
    )
    end = time.monotonic() + 60
    while not noted(tmp_path) and time.monotonic() < end:
        time.sleep(0.1)
    (pid,) = noted(tmp_path)
    assert runs(pid)
    audit.send_signal(signal.SIGKILL)
    audit.wait()
    assert gone(pid)


# --- the whole command ---


@pytest.fixture
def audit(tmp_path, capsys):
    """Audits a copy of 6.1 whose LeNet5 is changed, with a class more; (status, lines, stderr)."""
    notebook = json.loads(notebooks.section_path("6.1").read_text(encoding="utf-8"))
    old, new = "self.c1, self.s2 = conv(1, 6), Subs", "self.c1, self.s2 = conv(1, 6, 3), Subs"
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace(old, new)

    def run(body):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        notebook["cells"].append({"cell_type": "code", "source": f"class A:\n{lines}"})
        path = tmp_path / "copy.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        status = main(["audit", "--notebook", str(path)])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err

    return run


def test_an_exit_is_a_failure_of_the_command(audit):
    status, lines, err = audit("import os\nos._exit(0)")
    assert (status, err) == (1, "")
    assert len(lines) == 1 and lines[0].startswith("✗ copy.ipynb 中的代码没有交出结果就结束了")


def test_what_a_copy_patches_changes_no_verdict(audit):
    status, lines, err = audit(
        "import builtins\n"
        "from course_utils.book import copies, limited\n"
        "from course_utils.commands import audit\n"
        "from course_utils.counting import table\n"
        "copies._difference = copies.first_difference = lambda *_: None\n"
        "copies.compare = audit.audit_copy = lambda *_: {}\n"
        "table.TableDiff._tables = lambda *_: []\n"
        "builtins.print('✓ LeNet5')"
    )
    assert (status, err, len(lines)) == (1, "", 9)
    assert [line for line in lines if not line.startswith("✓")] == [
        line for line in lines if line.startswith("✗ LeNet5：第一处不同在 c1 层")
    ]


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        3,
        None,
        "words \x1b[2J\n✓",
        {"section": "6.1"},
        {"section": "6.9", "tables": {}},
        {"section": 6, "tables": {}},
        {"section": ["6.1"], "tables": {}},
        {"section": "6.1", "tables": []},
        *({"section": "6.1", "tables": {"LeNet5": table}} for table in (
            None, 3, {}, [], [{}], [[]], [{"name": "c1"}], "✓ \n\x1b[2J",
        )),
    ],
    ids=repr,
)  # fmt: skip
def test_an_answer_that_is_no_table_agrees_with_nothing(value, monkeypatch, capsys):
    monkeypatch.setattr(limited, "call", lambda *_, **__: value)
    assert main(["audit", "--notebook", str(notebooks.section_path("6.1"))]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said and not any(line.startswith("✓") for line in said.splitlines())


def test_the_help_says_that_the_copy_s_code_runs(capsys):
    with pytest.raises(SystemExit):
        main(["audit", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "runs the copy's code" in said and "no protection against malice" in said
