"""The machine room. What it does before Paddle is imported is tried in fresh processes."""

import os
import random
import subprocess
import sys

import matplotlib
import numpy as np
import paddle
import pytest
from matplotlib import font_manager

from course_utils import runtime

OWN_VARIABLES = {"MKL_NUM_THREADS", "OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "GLOG_minloglevel"}


def fresh_process(code, **environment):
    """Standard output of a new Python; it must print nothing on standard error."""
    inherited = {k: v for k, v in os.environ.items() if k not in OWN_VARIABLES}
    done = subprocess.run(
        [sys.executable, "-W", "default::UserWarning", "-c", code],
        cwd=runtime.REPO,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_paddle_is_imported_silently_with_all_cores():
    code = """
from course_utils import runtime
import os, paddle
print(runtime.settings().in_time, os.environ["MKL_NUM_THREADS"], paddle.to_tensor(1).item())
"""
    assert fresh_process(code) == f"True {runtime.usable_cores()} 1"


def test_tracing_batch_normalisation_is_silent():
    code = """
from course_utils import runtime
import paddle
layer = paddle.nn.BatchNorm2D(3)
spec = [paddle.static.InputSpec([1, 3, 8, 8])]
print(paddle.jit.to_static(layer.forward, input_spec=spec, full_graph=True).main_program.num_blocks)
"""
    assert fresh_process(code) == "1"


def test_other_warnings_are_heard():
    code = """
from course_utils import runtime
import warnings
with warnings.catch_warnings(record=True) as heard:
    warnings.warn("something else")
print(len(heard))
"""
    assert fresh_process(code) == "1"


@pytest.mark.parametrize("name", ["MKL_NUM_THREADS", "OMP_NUM_THREADS"])
@pytest.mark.parametrize("threads", ["1", "7"])
def test_a_users_number_of_threads_is_kept_and_paddle_does_not_complain(name, threads):
    code = """
from course_utils import runtime
import paddle
print(runtime.settings().threads)
"""
    assert fresh_process(code, **{name: threads}) == threads


PLOT = """
from course_utils import runtime
runtime.setup_notebook()
import matplotlib.pyplot, os
print(os.path.expanduser("~"))
"""


def test_the_first_plot_of_a_new_user_is_silent(tmp_path):
    fresh_process(PLOT, MPLCONFIGDIR=str(tmp_path / "never used"))


def test_without_a_home_that_can_be_written_paddle_and_matplotlib_are_silent(tmp_path):
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / "home"  # nobody can make it, root no more than others
    places = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(home))
    used = fresh_process(PLOT, **places)
    assert used != str(home) and not os.path.exists(used), "the temporary home stays behind"


def test_other_log_messages_are_heard():
    code = """
from course_utils import runtime
import logging
for text in ("generated new fontManager", "findfont: Font family 'None' not found."):
    record = logging.LogRecord("matplotlib.font_manager", logging.WARNING, "", 0, text, (), None)
    print(bool(logging.getLogger("matplotlib.font_manager").filter(record)))
"""
    assert fresh_process(code).split() == ["False", "True"]


def test_too_late_after_paddle():
    code = """
import sys
sys.modules["paddle"] = sys
from course_utils import runtime
import os
print(runtime.settings().in_time, "MKL_NUM_THREADS" in os.environ)
"""
    assert fresh_process(code) == "False False"


def test_without_paddle():
    code = """
import sys
sys.modules["paddle"] = None
from course_utils import runtime
print(runtime.setup_notebook())
"""
    assert fresh_process(code) == "None"


@pytest.mark.parametrize(
    ("start", "end"), [(".", "notebooks"), ("notebooks", "notebooks"), ("data", "data")]
)
def test_a_notebook_finds_its_files(start, end):
    code = f"""
import os
os.chdir({start!r})
from course_utils import runtime
runtime.setup_notebook()
print(os.path.relpath(os.getcwd(), {str(runtime.REPO)!r}))
"""
    assert fresh_process(code, PYTHONPATH=str(runtime.REPO)) == end


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_container_quota(tmp_path, files, cores):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert runtime.quota_cores(tmp_path) == cores


def draw_numbers():
    return random.random(), np.random.rand(), paddle.rand([1]).item()


def test_the_same_seed_gives_the_same_numbers():
    runtime.seed_everything(5)
    first = draw_numbers()
    assert all(a != b for a, b in zip(first, draw_numbers(), strict=True))
    runtime.seed_everything(5)
    assert draw_numbers() == first


def test_repo_holds_the_course():
    assert (runtime.REPO / "course_utils" / "runtime.py").exists()


def test_device_name():
    assert runtime.device_name().startswith(("cpu", "gpu:"))


def test_plot_style_uses_the_bundled_font():
    with matplotlib.rc_context():
        runtime.use_plot_style()
        assert font_manager.findfont(font_manager.FontProperties()) == str(runtime.FONT_FILE)


def test_the_font_has_the_whole_of_gb2312():
    characters = font_manager.get_font(str(runtime.FONT_FILE)).get_charmap()
    rows, cells = range(0xB0, 0xF8), range(0xA1, 0xFF)
    chinese = "".join(bytes([r, c]).decode("gb2312", "ignore") for r in rows for c in cells)
    assert len(chinese) == 6763
    wanted = chinese + "恺熵阈" + "×÷±≤≥≠≈→←↑↓√Σ∑∞✓●○■□▲△…−²³αβγδ" + "，。；：？！（）《》“”、"
    assert [c for c in wanted if ord(c) not in characters] == []
