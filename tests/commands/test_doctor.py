"""The doctor finds planted faults, says how to mend them, and is content without any."""

import re
import shutil
import subprocess
import sys

import pytest

from course_utils import runtime
from course_utils.commands import doctor
from course_utils.commands.doctor import Finding
from course_utils.images import datasets


def plant_version(monkeypatch, package, version):
    real = doctor.version_of
    monkeypatch.setattr(doctor, "version_of", lambda p: version if p == package else real(p))


def plant_settings(monkeypatch, **changes):
    sound = dict(cores=4, threads=4, amd=True, fast_amd_path=True, in_time=True)
    monkeypatch.setattr(runtime, "settings", lambda: runtime.Settings(**{**sound, **changes}))


def test_nothing_is_wrong_here(capsys):
    assert doctor.main() == 0
    report = capsys.readouterr().out
    assert "× 有问题" not in report
    for finding in doctor.diagnose():
        assert finding.name in report and finding.says in report


@pytest.mark.parametrize(
    ("version", "ok"), [("3.9.19", False), ("3.10.0", True), ("3.13.1", True), ("3.14.0", False)]
)
def test_python(monkeypatch, version, ok):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: version)
    finding = doctor.check_python()
    assert finding.ok is ok and bool(finding.mend) is not ok


@pytest.mark.parametrize(
    ("version", "ok"),
    [("1.25.2", False), ("1.26.4", True), ("2.3.5", True), ("2.4.0rc1", False), (None, False)],
)
def test_numpy(monkeypatch, version, ok):
    plant_version(monkeypatch, "numpy", version)
    finding = doctor.check_numpy()
    assert finding.ok is ok and bool(finding.mend) is not ok


def test_a_python_without_any_package():
    command = [sys.executable, "-S", "-m", "course_utils.commands.doctor"]
    done = subprocess.run(
        command, cwd=runtime.REPO, env={"PYTHONIOENCODING": "utf-8"}, capture_output=True
    )
    report = done.stdout.decode("utf-8")
    assert done.returncode == 1 and done.stderr == b""
    assert re.search("× 有问题 +飞桨 Paddle +未安装", report)
    assert "没有 numpy，无法检查" in report and "没有 matplotlib，无法检查" in report


def test_paddle_absent(monkeypatch):
    monkeypatch.setattr(
        doctor, "import_paddle", lambda: (None, "ModuleNotFoundError: No module named 'paddle'")
    )
    finding = doctor.check_paddle()
    assert finding.ok is False and finding.says == "未安装"
    assert f"paddlepaddle=={doctor.pinned_paddle()}" in finding.mend
    assert doctor.check_gpu().ok is True


def test_paddle_broken(monkeypatch):
    monkeypatch.setitem(sys.modules, "paddle", None)
    assert doctor.import_paddle()[0] is None
    monkeypatch.setattr(doctor, "import_paddle", lambda: (None, "OSError: libpaddle.so"))
    finding = doctor.check_paddle()
    assert finding.ok is False and "OSError: libpaddle.so" in finding.says


def plant_machine(monkeypatch, system, machine):
    monkeypatch.setattr(doctor.platform, "system", lambda: system)
    monkeypatch.setattr(doctor.platform, "machine", lambda: machine)


def test_another_paddle(monkeypatch):
    monkeypatch.setattr(doctor, "pinned_paddle", lambda: "9.9.9")
    assert doctor.check_paddle().ok is None


def test_paddle_version_is_the_pinned_one(monkeypatch):
    text = (runtime.REPO / "pyproject.toml").read_text()
    pinned = re.findall(r"paddlepaddle==([\d.]+); sys_platform (..) 'linux'", text)
    plant_machine(monkeypatch, "Linux", "aarch64")
    assert dict(pinned[::-1]) == {doctor.pinned_paddle(): "==", doctor.PADDLE_VERSION: "!="}
    plant_machine(monkeypatch, "Darwin", "arm64")
    assert doctor.pinned_paddle() == doctor.PADDLE_VERSION


@pytest.mark.parametrize(("machine", "said"), [("x86_64", "Intel 处理器"), ("arm64", "未安装")])
def test_a_mac_without_paddle(monkeypatch, machine, said):
    monkeypatch.setattr(
        doctor, "import_paddle", lambda: (None, "ModuleNotFoundError: No module named 'paddle'")
    )
    plant_machine(monkeypatch, "Darwin", machine)
    finding = doctor.check_paddle()
    assert finding.ok is False and said in finding.says
    assert ("AI Studio" in finding.mend) == (machine == "x86_64")


def test_nvidia_card_without_gpu_paddle(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(doctor, "import_paddle", lambda: (None, "absent"))
    finding = doctor.check_gpu()
    assert finding.ok is None and "environment.yml" in finding.mend


def test_missing_package(monkeypatch):
    plant_version(monkeypatch, "pandas", None)
    finding = doctor.check_packages()
    assert finding.ok is False and "pip install pandas" in finding.mend


@pytest.mark.parametrize(
    ("changes", "ok"),
    [
        ({}, True),
        ({"amd": False, "fast_amd_path": False}, True),
        ({"threads": 1}, None),
        ({"fast_amd_path": False}, None),
        ({"in_time": False}, None),
    ],
)
def test_threads(monkeypatch, changes, ok):
    plant_settings(monkeypatch, **changes)
    finding = doctor.check_threads()
    assert finding.ok is ok and bool(finding.mend) is (ok is None)


def test_font_lost(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "FONT_FILE", tmp_path / "lost.otf")
    finding = doctor.check_font()
    assert finding.ok is False and "lost.otf 不存在" in finding.says


def test_font_damaged(monkeypatch, tmp_path):
    (tmp_path / "bad.otf").write_bytes(runtime.FONT_FILE.read_bytes()[:1000])
    monkeypatch.setattr(runtime, "FONT_FILE", tmp_path / "bad.otf")
    finding = doctor.check_font()
    assert finding.ok is False and "已损坏" in finding.says


def test_font_without_a_character(monkeypatch):
    monkeypatch.setattr(doctor, "FONT_PROBE", "卷\N{CJK UNIFIED IDEOGRAPH-9F98}")
    finding = doctor.check_font()
    assert finding.ok is False and finding.says == "缺少字形：龘"


def test_widgets_missing(monkeypatch):
    plant_version(monkeypatch, "ipywidgets", None)
    finding = doctor.check_front_end()
    assert finding.ok is False and "pip install ipywidgets" in finding.mend


def test_labextension_lost(monkeypatch):
    assert doctor.has_labextension("@jupyter-widgets/jupyterlab-manager")
    monkeypatch.setattr(doctor, "has_labextension", lambda name: name == "anywidget")
    finding = doctor.check_front_end()
    assert finding.ok is False and finding.says.endswith("缺少前端扩展：ipywidgets")


def test_data_altered(monkeypatch, tmp_path, capsys):
    for folder in ("mnist", "fashion_mnist"):
        shutil.copytree(runtime.REPO / "data" / folder, tmp_path / folder)
    labels = tmp_path / datasets.FILES["mnist"]["test"][1].path
    labels.write_bytes(labels.read_bytes()[:-100])
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    (finding,) = doctor.check_data()
    assert finding.ok is False
    assert finding.says == "data/mnist/t10k-labels-idx1-ubyte.gz：文件不完整"
    assert doctor.main() == 1
    assert "data/mnist/t10k-labels-idx1-ubyte.gz：文件不完整" in capsys.readouterr().out


def test_every_problem_has_its_words():
    assert doctor.PROBLEMS.keys() == datasets.DatasetError.SAYS.keys()


def test_read_only_folder(monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert doctor.check_folder().ok is None


def test_ai_studio(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "AI_STUDIO_HOME", tmp_path)
    assert "AI Studio" in doctor.check_ai_studio().says


FINDINGS = [
    Finding("飞桨 Paddle", True, "甲"),
    Finding("GPU", None, "乙 <b>", "丙"),
    Finding("数据", False, "丁", "戊"),
]


def test_columns_are_aligned():
    def column(line, mark):
        before = line[: line.index(mark)]
        return sum(2 if "\u2e80" <= c <= "\uffef" else 1 for c in before)

    lines = doctor.report_text(FINDINGS).splitlines()
    pairs = zip(lines, ["甲", "乙", "→", "丁", "→"], strict=False)
    assert len({column(line, mark) for line, mark in pairs}) == 1


def test_a_chinese_windows_console_can_print_the_report():
    text = doctor.report_text(FINDINGS) + "".join(doctor.PROBLEMS.values())
    assert text.encode("gbk").decode("gbk") == text


def test_html_says_the_same_and_escapes():
    page = doctor.report_html(FINDINGS)
    assert page.count("<tr>") == 4 and "乙 &lt;b&gt;<br>→ 丙" in page
    for verdict in doctor.VERDICTS.values():
        assert verdict in page


def test_summary():
    assert doctor.summary(FINDINGS[:1]) == "一切正常，可以开始学习。"
    assert "1 处值得留意" in doctor.summary(FINDINGS[:2])
    assert "1 处问题" in doctor.summary(FINDINGS)
