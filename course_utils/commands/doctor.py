"""The doctor: what this machine has for the course, what is wrong, and how to mend it.

It must run where the course does not: without any package, and on a Python that is too old.
"""

from __future__ import annotations

import html
import os
import platform
import shutil
import sys
import unicodedata
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .. import runtime

PYTHON_RANGE = (3, 10), (3, 13)
PADDLE_VERSION = "3.3.1"  # the one that pyproject.toml pins
ARM_LINUX_PADDLE_VERSION = "3.2.2"  # there, the last with a wheel
NUMPY_RANGE = (1, 26), (2, 4)  # paddle.flops of 3.3.1 fails from NumPy 2.4 on
OTHER_PACKAGES = ["pandas", "matplotlib", "pillow", "Jinja2", "PyYAML"]
FRONT_END = {  # package: its extension of JupyterLab
    "ipywidgets": "@jupyter-widgets/jupyterlab-manager",
    "anywidget": "anywidget",
}
FONT_PROBE = "卷积核阈值熵恺×÷≤≥→√∑"
AI_STUDIO_HOME = Path("/home/aistudio")

# The signs are in GBK too, so that a Chinese Windows console can print them.
VERDICTS = {True: "√ 正常", None: "! 注意", False: "× 有问题"}
PROBLEMS = {
    "missing": "文件不存在",
    "truncated": "文件不完整",
    "damaged": "文件已损坏",
    "altered": "内容与公开发布的数据不一致",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        ok: True where all is well, None where it works but could be better, else False.
        says: what was found.
        mend: what to do, empty where there is nothing to do.
    """

    name: str
    ok: bool | None
    says: str
    mend: str = ""


def diagnose():
    """Look at everything the course relies on: a list of ``Finding``."""
    return [
        check_python(),
        check_paddle(),
        check_gpu(),
        check_numpy(),
        check_packages(),
        check_threads(),
        check_font(),
        check_front_end(),
        *check_data(),
        check_folder(),
        check_ai_studio(),
    ]


def version_of(package):
    """Installed version of a package, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def import_paddle():
    """(paddle, None), or (None, why it cannot be imported)."""
    try:
        import paddle
    except Exception as error:  # a broken installation raises nearly anything
        return None, f"{type(error).__name__}: {error}".splitlines()[0]
    return paddle, None


def release(version):
    """(major, minor) of a version such as "2.2.6" or "2.4.0rc1"."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def check_python():
    version = platform.python_version()
    lowest, highest = (".".join(map(str, end)) for end in PYTHON_RANGE)
    if PYTHON_RANGE[0] <= release(version) <= PYTHON_RANGE[1]:
        return Finding("Python", True, version)
    mend = f"课程需要 Python {lowest}–{highest}，请换一个版本后重新运行 make env。"
    return Finding("Python", False, version, mend)


def pinned_paddle():
    """The version of Paddle that pyproject.toml pins on this machine."""
    arm_linux = (platform.system(), platform.machine()) == ("Linux", "aarch64")
    return ARM_LINUX_PADDLE_VERSION if arm_linux else PADDLE_VERSION


def check_paddle():
    paddle, failure = import_paddle()
    pinned = pinned_paddle()
    if paddle is None and (platform.system(), platform.machine()) == ("Darwin", "x86_64"):
        mend = "请改用 AI Studio 或别的电脑；Apple 芯片的 Mac 请换用 arm64 版的 Python。"
        says = f"没有适合 Intel 处理器 Mac 的飞桨 {pinned} 安装包"
        return Finding("飞桨 Paddle", False, says, mend)
    if paddle is None:
        if failure.startswith("ModuleNotFoundError: No module named 'paddle'"):
            says, mend = "未安装", "运行 make env"
        else:
            says, mend = f"无法导入（{failure}）", "删除 .venv 后重新运行 make env"
        mend += f"，或 pip install paddlepaddle=={pinned}；有 NVIDIA 显卡时见环境文件"
        return Finding("飞桨 Paddle", False, says, f"{mend} environment.yml。")
    says = f"{paddle.__version__}（{'GPU' if paddle.is_compiled_with_cuda() else 'CPU'} 版）"
    if paddle.__version__ == pinned:
        return Finding("飞桨 Paddle", True, says)
    mend = f"课程用 {pinned} 写成并核对；若结果与书中不符，请换成这一版本。"
    return Finding("飞桨 Paddle", None, says, mend)


def check_gpu():
    paddle, _ = import_paddle()
    compiled = paddle is not None and paddle.is_compiled_with_cuda()
    count = paddle.device.cuda.device_count() if compiled else 0
    if count:
        return Finding("GPU", True, f"{count} 块：{paddle.device.cuda.get_device_name(0)}")
    if compiled:
        mend = "用 nvidia-smi 检查显卡驱动；没有显卡时请改装 CPU 版 paddlepaddle。"
        return Finding("GPU", None, "装了 GPU 版飞桨，但没有可用的 GPU", mend)
    if shutil.which("nvidia-smi"):
        mend = "想用 GPU 训练，请按 environment.yml 安装 GPU 版飞桨。"
        return Finding("GPU", None, "有 NVIDIA 显卡，但飞桨是 CPU 版", mend)
    return Finding("GPU", True, "无，用 CPU 计算（课程的全部内容都可在 CPU 上完成）")


def check_numpy():
    version = version_of("numpy")
    lowest, above = (".".join(map(str, end)) for end in NUMPY_RANGE)
    if version and NUMPY_RANGE[0] <= release(version) < NUMPY_RANGE[1]:
        return Finding("NumPy", True, version)
    mend = f'运行 make env，或 pip install "numpy>={lowest},<{above}"。'
    return Finding("NumPy", False, version or "未安装", mend)


def check_packages():
    versions = {package: version_of(package) for package in OTHER_PACKAGES}
    missing = [package for package, version in versions.items() if version is None]
    if missing:
        mend = f"运行 make env，或 pip install {' '.join(missing)}。"
        return Finding("其他软件包", False, f"缺少 {'、'.join(missing)}", mend)
    says = "，".join(f"{package} {version}" for package, version in versions.items())
    return Finding("其他软件包", True, says)


def check_threads():
    now = runtime.settings()
    says = f"{now.threads} 个线程，{now.cores} 个可用的核"
    if now.amd:
        says += "，AMD 快速路径已打开" if now.fast_amd_path else "，AMD 快速路径未打开"
    if not now.in_time:
        mend = "请重启内核，并先导入 course_utils，再导入 paddle。"
        return Finding("计算线程", None, f"{says}（飞桨先于课程导入，未能设置）", mend)
    if now.threads != now.cores or (now.amd and not now.fast_amd_path):
        mend = "删除环境变量 MKL_NUM_THREADS、OMP_NUM_THREADS 和 MKL_DEBUG_CPU_TYPE，由课程来设置。"
        return Finding("计算线程", None, f"{says}（按已有的环境变量）", mend)
    return Finding("计算线程", True, says)


def check_font():
    mend = "运行 git checkout -- course_utils/fonts，或重新下载课程。"
    name = f"course_utils/fonts/{runtime.FONT_FILE.name}"
    if not runtime.FONT_FILE.exists():
        return Finding("中文字体", False, f"{name} 不存在", mend)
    try:
        from matplotlib.ft2font import FT2Font

        characters = FT2Font(str(runtime.FONT_FILE)).get_charmap()
    except ImportError:
        return Finding("中文字体", None, "没有 matplotlib，无法检查", "见“其他软件包”一行。")
    except RuntimeError:
        return Finding("中文字体", False, f"{name} 已损坏", mend)
    missing = [c for c in FONT_PROBE if ord(c) not in characters]
    if missing:
        return Finding("中文字体", False, f"缺少字形：{''.join(missing)}", mend)
    return Finding("中文字体", True, f"{runtime.FONT_FAMILY}，{len(characters)} 个字符")


def check_front_end():
    versions = {p: version_of(p) for p in ["jupyterlab", *FRONT_END]}
    says = "，".join(f"{package} {version or '未安装'}" for package, version in versions.items())
    missing = [package for package in FRONT_END if versions[package] is None]
    if missing:
        mend = f"运行 make env，或 pip install {' '.join(missing)}；缺少时交互图只显示静态画面。"
        return Finding("交互控件", False, says, mend)
    if versions["jupyterlab"] is None:
        mend = "若在别的前端（如 VS Code、AI Studio）中打开课程，可忽略；否则运行 make env。"
        return Finding("交互控件", None, says, mend)
    lost = [package for package, name in FRONT_END.items() if not has_labextension(name)]
    if lost:
        mend = f"运行 pip install --force-reinstall {' '.join(lost)}，再刷新浏览器页面。"
        return Finding("交互控件", False, f"{says}；缺少前端扩展：{'、'.join(lost)}", mend)
    return Finding("交互控件", True, says)


def has_labextension(name):
    """Whether JupyterLab finds this extension."""
    from jupyter_core.paths import jupyter_path

    return any((Path(p) / name / "package.json").exists() for p in jupyter_path("labextensions"))


def check_data():
    try:
        from ..images import datasets
    except ImportError as error:
        return [Finding("数据", None, f"没有 {error.name}，无法检查", "先处理上面的软件包。")]
    mend = "运行 git checkout -- data，或重新下载课程。"
    bad = [
        Finding("数据", False, f"{file}：{PROBLEMS[problem]}", mend)
        for file, problem in datasets.verify()
        if problem
    ]
    return bad or [Finding("数据", True, f"{'、'.join(datasets.FILES)} 校验通过")]


def check_folder():
    if os.access(runtime.REPO, os.W_OK):
        return Finding("课程文件夹", True, f"{runtime.REPO}（可写）")
    mend = "把课程复制到自己的文件夹里再打开，否则无法保存。"
    return Finding("课程文件夹", None, f"{runtime.REPO}（只读）", mend)


def check_ai_studio():
    if AI_STUDIO_HOME.exists():
        says = "在 AI Studio 上运行：不必安装飞桨；重要文件请放在 /home/aistudio 下"
        return Finding("运行平台", True, says)
    return Finding("运行平台", True, f"本机（{platform.system()} {platform.machine()}）")


def pad(text, columns):
    """Fill a text with spaces, where a Chinese character takes two columns of a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return text + " " * (columns - len(text) - wide)


def report_text(findings):
    """The report as aligned lines, each remedy under what it mends."""
    lines = []
    for f in findings:
        lines.append(f"{pad(VERDICTS[f.ok], 10)}{pad(f.name, 13)}{f.says}")
        if f.mend:
            lines.append(f"{' ' * 23}→ {f.mend}")
    return "\n".join([*lines, "", summary(findings)])


def report_html(findings):
    """The report as a table for a notebook."""
    rows = []
    for f in findings:
        mend = f"<br>→ {html.escape(f.mend)}" if f.mend else ""
        verdict = VERDICTS[f.ok] if f.ok else f"<b>{VERDICTS[f.ok]}</b>"
        cells = [verdict, f.name, html.escape(f.says) + mend]
        rows.append("".join(f'<td style="text-align:left">{cell}</td>' for cell in cells))
    head = "<th>结果</th><th>项目</th><th>说明</th>"
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"{table}<p>{summary(findings)}</p>"


def summary(findings):
    """One sentence: whether the course can be worked through on this machine."""
    wrong = sum(f.ok is False for f in findings)
    notes = sum(f.ok is None for f in findings)
    if wrong:
        return f"有 {wrong} 处问题，请先按“→”后的办法处理。"
    if notes:
        return f"可以开始学习；有 {notes} 处值得留意。"
    return "一切正常，可以开始学习。"


def show():
    """Show the report in a notebook."""
    from IPython.display import HTML, display

    display(HTML(report_html(diagnose())))


def main():
    """Print the report; the exit status is 1 if something is wrong, else 0."""
    findings = diagnose()
    print(report_text(findings))
    return int(any(f.ok is False for f in findings))


if __name__ == "__main__":
    sys.exit(main())
