"""Wrong command lines: each gets the status 2 and one sentence, and leaves nothing behind."""

import os
import subprocess
import sys

import pytest

from course_utils import runtime
from course_utils.__main__ import main
from course_utils.images import datasets
from course_utils.training import loop

REPO = str(runtime.REPO)
TESTS = REPO + "/tests"
NOTEBOOK = REPO + "/notebooks/6.1_lenet.ipynb"
NINES = "9" * 400
WORD = "x" * 5000
NO_TEXT = "\udcff\udcfe"  # how Python reads an argument of bytes that are no UTF-8


def table(*rest):
    return ["table", "6.1:LeNet5", *rest]


def train(*rest, network="6.1:LeNet5"):
    return ["train", network, "--epochs", "1", *rest]


NOT_NETWORKS = [
    "", ":", "6.1", "6.1:", ":LeNet5", "6.1:LeNet", "6.1:lenet5", "6.1:LeNet5:x", "6.1:None",
    "6.1:np", "6.1:C3_TABLE", "6.1:analyze", "6.1:__class__", "6.1:6.1", "6.9:Net", "61:LeNet5",
    "../6.1:LeNet5", "6.1:LeNet5\n", "6.1 :LeNet5", "6.1：LeNet5", "６.１:LeNet5", NINES,
    f"6.1:{WORD}", f"{WORD}:LeNet5", f"6.1:{NO_TEXT}", "6.1:''", "6.1:$(id)", "6.1:;ls", "6.1:\0",
]  # fmt: skip
NOT_SHAPES = [
    "", "x", "1x", "x1", "1xx2", "1x2x", "1×32×32", "1,32,32", "(1, 32, 32)", "1 x 32 x 32", "0",
    "0x0x0", "1x0x32", "1x-32x32", "1x3.5x32", "1x1e3x32", "nanxnanxnan", "infx1x1", "True",
    "一x二x三", "١x٣٢x٣٢", "1_0x32x32", "+1x32x32", "0x10", f"1x{NINES}x32", f"{NINES}",
    "1x100000x100000", "2147483648", "1x65536x65536", "3x" * 3000 + "3", WORD, NO_TEXT,
    "1x32x32\n1",
]  # fmt: skip
NOT_COUNTS = [
    "", " ", "x", "0", "-5", "1.5", "1e3", "nan", "inf", "0x10", "1_000", "١", "True", "None",
    NINES, "99999999999", WORD, NO_TEXT, "1\n2",
]  # fmt: skip
NOT_RATES = ["", "x", "nan", "-nan", "inf", "-inf", "-1", "1e999", "1,5", "0.1.2", WORD, NO_TEXT]
NOT_SECTIONS = [
    "", " ", "6", "6.9", "6.01", "6.1:LeNet5", "../6.1", "6.1/../6.2", "*", "6.*", WORD, NO_TEXT,
    "\0", "../networks", "６.１",
]  # fmt: skip
NOT_VALUES = [
    "x", "", "((((", "'", "[]", "{}", "None", "True", "1", "-1", "1e999", "FULL", WORD, NO_TEXT,
]  # fmt: skip

COMMANDS = [
    [],
    [""],
    ["tabel"],
    ["Table"],
    ["--help-me"],
    ["-x"],
    [WORD],
    [NO_TEXT],
    ["--", "x"],
    ["doctor", "now"],
    ["doctor", "--format", "csv"],
    ["bench", "6.1"],
    ["table"],
    *([["table", name] for name in NOT_NETWORKS]),
    *([table("--input", shape) for shape in NOT_SHAPES]),
    table("--input"),
    table("--input", "1x2x2"),
    table("--input", "1x8x8"),
    table("--input", "32"),
    table("--input", "1x32x32x32"),
    table("--input", "1x30000x30000"),
    table("--input=1x8x8"),
    table("--format"),
    table("--format", ""),
    table("--format", "pdf"),
    table("--format", "MARKDOWN"),
    table("--format", WORD),
    *([table("--output", value) for value in NOT_VALUES]),
    table("--c3", "((("),
    table("--c3", "table", "--c3", "full"),
    table("--c3"),
    table("--c3="),
    table("--c3=full"),
    table("-c3", "full"),
    table("c3", "full"),
    table("full"),
    table("--c4", "full"),
    table("--", "full"),
    table("--", "--c3", "full", "x"),
    table("--input-shape", "1"),
    table("--input_shape", "1"),
    table("--name", "x"),
    table("--module", "x"),
    table("--section", "6.2"),
    table("--self", "1"),
    table("--num-classes", "10"),
    table("--" + WORD, "1"),
    table("--" + NO_TEXT, "1"),
    ["table", "6.1:Net1", "--depth", "1"],
    ["table", "6.1:Net1", "--args", "1"],
    *(
        [
            ["table", "6.2:AlexNet", "--groups", n]
            for n in ("0", "-2", "3", "1.0", "True", "x", NINES)
        ]
    ),
    ["table", "6.2:AlexNetHalf", "--gather", "x"],
    ["table", "6.2:AlexNetHalf", "--gather", "print"],
    *(
        [
            ["table", "6.3:VGG", "--config", c]
            for c in ("F", "d", "", "[1]", "{}", "None", "1", WORD)
        ]
    ),
    *(
        [
            ["table", "6.3:VGG", "--num-classes", n]
            for n in (
                "-3",
                "0",
                "99999999999",
                "999999",
                "1.5",
                "1e3",
                "nan",
                "None",
                "[10]",
                NINES,
            )
        ]
    ),
    ["table", "6.4:GoogLeNet", "--aux", "1"],
    ["table", "6.4:GoogLeNet", "--aux", "no"],
    *(
        [
            ["table", "6.5:ResNet", "--depth", n]
            for n in ("0", "-50", "51", "50.0", "x", "5O", NINES)
        ]
    ),
    *([["table", "6.5:ResNet", "--shortcut", s] for s in ("C", "a", "", "0", "True")]),
    *([["table", "6.5:ResNet", "--stride-in", s] for s in ("1×1", "2x2", "1", "", "3X3")]),
    ["table", "6.5:PlainNet", "--shortcut", "A"],
    *([["table", "6.5:CifarResNet", "--depth", n] for n in ("2", "21", "600002", "600000002")]),
    ["table", "6.5:CifarResNet", "--width", "1000000"],
    ["table", "6.5:CifarResNet", "--in-channels", "0"],
    *([["table", "6.6:DenseNet", "--depth", n] for n in ("0", "120", "x")]),
    *([["table", "6.6:DenseNet", "--growth-rate", n] for n in ("0", "-1", "1000000", "0.5")]),
    *(
        [
            ["table", "6.6:DenseNet", "--compression", n]
            for n in ("0", "-0.5", "1.5", "nan", "1e999")
        ]
    ),
    ["table", "6.6:DenseNet", "--compression", "0.0000001"],
    ["table", "6.6:DenseNet", "--bottleneck", "2"],
    *([["table", "6.6:CifarDenseNet", "--depth", n] for n in ("4", "41", "400000003")]),
    ["tables"],
    ["tables", "6.1", "6.2"],
    ["tables", "6.7"],
    ["tables", "6.1", "--format", "x"],
    ["tables", "6.1", "--input", "1x32x32"],
    *([["tables", section] for section in NOT_SECTIONS]),
    *([["audit", section] for section in NOT_SECTIONS]),
    ["audit", "6.1", "6.9"],
    ["audit", "6.1", "--sections"],
    ["audit", "--notebook"],
    ["audit", "--notebook", ""],
    ["audit", "--notebook", "none.ipynb"],
    ["audit", "--notebook", TESTS],
    ["audit", "--notebook", TESTS + "/conftest.py"],
    ["audit", "--notebook", WORD],
    ["audit", "--notebook", NO_TEXT],
    ["audit", "--notebook", "none.ipynb", "6.2"],
    *([[command, TESTS + "/conftest.py"] for command in ("site", "release")]),
    *([[command, TESTS + "/conftest.py/deeper"] for command in ("site", "release")]),
    *(
        [
            [command, *words]
            for command in ("site", "release")
            for words in ([], [""], [WORD], ["a", "b"])
        ]
    ),
    ["train"],
    ["train", "6.1:LeNet5"],
    *([["train", name, "--epochs", "1"] for name in NOT_NETWORKS]),
    *([["train", "6.1:LeNet5", "--epochs", n] for n in NOT_COUNTS]),
    *([train("--images", n) for n in NOT_COUNTS]),
    *([train("--batch-size", n) for n in NOT_COUNTS]),
    *([train("--seed", n) for n in NOT_COUNTS if n != "0"]),
    *([train("--workers", n) for n in NOT_COUNTS if n != "0"]),
    *([train("--learning-rate", n) for n in [*NOT_RATES, "0"]]),
    *([train("--weight-decay", n) for n in NOT_RATES]),
    *([train("--input", shape) for shape in [*NOT_SHAPES, "32x32", "1x32x32x32"]]),
    train("--input", "3x32x32"),
    train("--input", "1x8x8"),
    train("--input", "1x40000x40000"),
    train("--images", "65"),
    train("--batch-size", "1000000", "--input", "1x2000x2000"),
    train("--optimizer", "sgd"),
    train("--optimizer", ""),
    train("--augment", "yes"),
    train("--amp"),
    train("--data", "nowhere"),
    train("--data", ""),
    train("--data", " "),
    train("--data", "MNIST"),
    train("--data", WORD),
    train("--data", NO_TEXT),
    train("--data", TESTS),
    train("--data", TESTS + "/conftest.py"),
    train("--data", TESTS, "--images", "9"),
    train("--data", TESTS, network="6.1:RBF"),
    train("--data", "fashion-mnist", "--input", "3x32x32"),
    train("--data", "cifar-10", "--archive", "none.tar.gz"),
    train("--data", "cifar-10", "--archive", __file__),
    train("--data", "cifar-10", "--archive", TESTS),
    train("--data", "cifar-10", "--archive", WORD),
    train("--archive", "none.tar.gz"),
    train("--archive", ""),
    train("--record", ""),
    train("--record", TESTS),
    train("--record", TESTS + "/conftest.py/run.json"),
    train("--record", WORD),
    train("--checkpoint", ""),
    train("--checkpoint", TESTS),
    train("--checkpoint", TESTS + "/conftest.py"),
    train("--checkpoint", TESTS + "/conftest.py/run.ckpt"),
    train("--checkpoint", NOTEBOOK),
    train("--checkpoint", WORD),
    train("--checkpoint", "/dev/null"),
    train("--record", "same", "--checkpoint", "same"),
    train("--record", "./same", "--checkpoint", "same"),
    *([train("--c3", value) for value in NOT_VALUES]),
    train("--depth", "3"),
    train("--num-classes", "10"),
    train("--c3", "full", "extra"),
    train("--groups", "0", network="6.2:AlexNet"),
    train("--num-classes", "5", "--input", "3x227x227", network="6.2:AlexNet"),
    train("--num-classes", "500000", network="6.3:VGG"),
    train("--config", "F", network="6.3:SmallVGG"),
    train("--shrink", "5000", network="6.3:SmallVGG"),
    train("--dropout", "2", network="6.2:SmallAlexNet"),
    train("--dropout", "-1", network="6.2:SmallAlexNet"),
    train("--dropout", "None", network="6.2:SmallAlexNet"),
    train("--module", "x", network="6.4:SmallGoogLeNet"),
    train("--initializer", "x", network="6.4:SmallGoogLeNet"),
    train("--widths", "1", network="6.6:OneWidthNet"),
    train("--widths", "[0]", "--size", "1", "--add", "1", network="6.6:OneWidthNet"),
    train(network="6.6:OneWidthNet"),
    train(network="6.1:MyNet"),
]


def readable(arguments):
    words = (word if len(word) < 30 else word[:20] + "…" for word in arguments)
    return ascii(" ".join(words))


@pytest.fixture(autouse=True)
def few_images(monkeypatch):
    """Every line that reaches the images finds 64 of them."""
    for name in ("load_mnist", "load_fashion_mnist"):
        full = getattr(datasets, name)
        monkeypatch.setattr(
            datasets, name, lambda split, full=full: tuple(a[:64] for a in full(split))
        )


@pytest.mark.parametrize("arguments", COMMANDS, ids=readable)
def test_a_wrong_command_gets_one_sentence(arguments, capfd, recwarn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = stopped.code
    assert_refused(status, capfd.readouterr())
    assert [str(warning.message) for warning in recwarn] == []
    assert list(tmp_path.iterdir()) == []


def assert_refused(status, said):
    assert status == 2, said
    assert said.out == "" and said.err.startswith("error: ") and said.err.endswith("\n")
    assert said.err.count("\n") == 1 and len(said.err) < 500 and "Error" not in said.err


# --- in a process of their own: what could take this one along ---


def run(*arguments, **options):
    command = [sys.executable, "-m", "course_utils", *arguments]
    options = {"stdout": subprocess.PIPE, **options}
    done = subprocess.run(command, cwd=REPO, stderr=subprocess.PIPE, timeout=300, **options)
    return done.returncode, done.stdout, done.stderr.decode()


def test_a_number_beyond_all_sizes_does_not_end_python():
    status, out, err = run("table", "6.1:LeNet5", "--input", f"1x{NINES}x32")
    assert (status, out) == (2, b"")
    assert err.startswith("error: argument --input: '1x999") and err.count("\n") == 1


def test_bytes_that_are_no_text_get_one_sentence(tmp_path):
    status, out, err = run(b"table", b"6.1:LeNet5", b"--output", b"\xff\xfe")
    assert (status, out) == (2, b"") and err.count("\n") == 1 and "\\udcff" in err


def test_a_reader_that_has_seen_enough_is_no_error():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        status, _, err = run("tables", "6.1", stdout=closed)
    assert (status, err) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_under_the_output_gets_one_sentence():
    with open("/dev/full", "wb") as full:
        status, _, err = run("table", "6.1:Net1", stdout=full)
    assert status == 2 and err.startswith("error: ") and err.count("\n") == 1


def test_an_unwritable_checkpoint_is_told_before_the_first_pass(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(loop, "_Learner", None)  # nothing may be learnt
    assert main(train("--checkpoint", str(tmp_path / "file" / "run.ckpt"))) == 2
    assert "cannot be written" in capsys.readouterr().err
