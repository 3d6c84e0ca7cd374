import json

import pytest

from course_utils.__main__ import main


def run(capsys, *arguments):
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_table_of_one_network(capsys):
    status, out, _ = run(capsys, "table", "6.1:LeNet5", "--output", "linear")
    assert status == 0 and "60,850" in out
    status, out, _ = run(
        capsys, "table", "6.1:LeNet5Modern", "--format", "csv", "--input", "1x33x33"
    )
    assert status == 0 and "[1, 6, 29, 29]" in out


@pytest.mark.parametrize(
    "format, mark",
    [("markdown", "| C1 |"), ("latex", r"\toprule"), ("csv", "C1,"), ("html", "<td>C1</td>")],
)
def test_printed_table_in_each_format(capsys, format, mark):
    status, out, _ = run(capsys, "tables", "6.1", "--format", format)
    assert status == 0 and mark in out and "340,908" in out


def test_audit_of_one_section(capsys):
    status, out, _ = run(capsys, "audit", "6.1")
    assert status == 0 and "成立" in out and "勘误 5" in out
    assert "  LeNet5() …" in out.splitlines()  # says which network it is at


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("table", "LeNet5"), "write it like 6.1:LeNet5"),
        (("table", "6.9:LeNet5"), "no section '6.9'"),
        (("table", "6.1:LeNet"), "its networks are: Net1"),
        (("table", "6.1:LeNet5", "--depth", "3"), "does not take these arguments"),
        (("table", "6.1:LeNet5", "--depth"), "come in pairs"),
        (("table", "6.1:LeNet5", "--input", "1x8x8"), "放不进"),
        (("tables", "6.9"), "no section '6.9'"),
        (("audit", "--notebook", "mine.ipynb"), "没有文件"),
        (("train", "6.1:None", "--epochs", "1"), "defines no network 'None'"),
    ],
)
def test_a_wrong_request_gets_one_sentence(capsys, arguments, said):
    status, _, err = run(capsys, *arguments)
    assert status == 2 and said in err
    assert err.startswith("error: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("doctor", "now"), ("table", "6.1:LeNet5", "--input", "x"), ()]
)
def test_unknown_arguments_are_refused(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert stopped.value.code == 2


def test_train_records_what_it_did(capsys, tmp_path, monkeypatch):
    from course_utils.images import datasets

    full = datasets.load_mnist
    monkeypatch.setattr(datasets, "load_mnist", lambda split: tuple(a[:64] for a in full(split)))
    record = tmp_path / "run.json"
    status, out, _ = run(
        capsys, "train", "6.1:LeNet5", "--epochs", "1", "--augment", "--c3", "full",
        "--record", str(record),
    )  # fmt: skip
    saved = json.loads(record.read_text())
    assert status == 0 and "test error" in out
    assert saved["settings"]["arguments"] == {"c3": "full"}
    assert saved["settings"]["augment"] == "random_affine" and len(saved["epochs"]) == 1
