"""Section 6.7: all networks side by side, the small ones' runs, the summary's claims, the quiz."""

import json
import math

import pytest
import yaml
from paddle import nn

from course_utils import analyze, exercises, load_section, notebooks
from course_utils.book import textbook
from course_utils.exercises import quiz
from course_utils.exercises.kinds import ChoiceExercise
from course_utils.runtime import REPO
from course_utils.training.history import History

SECTION = load_section("6.7")
# Weights and biases as torchvision's documentation and the papers' later implementations count
# them; LeNet and AlexNet by the arithmetic of tests/sections/test_6_1.py and test_6_2.py.
PARAMETERS = {
    "LeNet-5": 60_000, "AlexNet": 60_965_224,
    "VGG-A": 132_863_336, "VGG-B": 133_047_848, "VGG-D": 138_357_544, "VGG-E": 143_667_240,
    "ResNet-18": 11_689_512, "ResNet-34": 21_797_672, "ResNet-50": 25_557_032,
    "ResNet-101": 44_549_160, "ResNet-152": 60_192_808,
    "DenseNet-121": 7_978_856, "DenseNet-169": 14_149_480, "DenseNet-201": 20_013_928,
}  # fmt: skip
# Araujo et al., Distill 2019; for VGG-E by 268 = 212 + 2 * (4 + 8 + 16).
FIELDS = {"AlexNet": 195, "VGG-A": 150, "VGG-D": 212, "VGG-E": 268, "ResNet-50": 483,
          "ResNet-101": 1027, "ResNet-152": 1507}  # fmt: skip


@pytest.fixture(scope="module")
def networks():
    return {network["name"]: network for network in SECTION.chapter_networks()}


# --- All networks ---


def test_every_family_has_one_that_stands_for_it(networks):
    main = [network["family"] for network in networks.values() if network["main"]]
    assert main == ["LeNet", "AlexNet", "VGG", "GoogLeNet", "ResNet", "DenseNet"]
    assert len(networks) == 8 + 1 + 6 + 1 + 6 + 4


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(networks, name):
    assert networks[name]["params"] == PARAMETERS[name]


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields(networks, name):
    assert networks[name]["field"] == FIELDS[name]


def test_depths_are_those_of_the_names(networks):
    for name, network in networks.items():
        family, _, number = name.partition("-")
        if family in ("Plain", "ResNet", "DenseNet"):
            assert network["depth"] == int(number) + (name == "DenseNet-264")
    vgg = [network["depth"] for network in networks.values() if network["family"] == "VGG"]
    assert vgg == [11, 11, 13, 16, 16, 19]


def test_the_five_quantities_by_hand():
    def build():
        return nn.Sequential(
            nn.Conv2D(1, 4, 3), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Linear(36, 10)
        )

    assert SECTION.measured(build, (1, 8, 8)) == {
        "depth": 2,
        "params": 4 * 10 + 370,
        "macs": 36 * 4 * 9 + 360,
        "memory": 4 * (144 + 144 + 36 + 36 + 10),
        "field": 4,
    }
    assert SECTION.measured(lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 1)), (1, 8, 8))[
        "field"
    ] == 8  # fmt: skip


def test_activation_memory_of_alexnet_by_hand(networks):
    maps = 55 * 55 * 96, 27 * 27 * 256, 13 * 13 * 384, 13 * 13 * 384, 13 * 13 * 256
    pooled = 27 * 27 * 96 + 13 * 13 * 256 + 6 * 6 * 256
    dense = 2 * 3 * 4096 + 1000  # product, ReLU, dropout
    least = 2 * sum(maps) + pooled + 6 * 6 * 256 + dense  # convolution and ReLU of each
    normalised = maps[0] + maps[1]
    assert 4 * least < networks["AlexNet"]["memory"] <= 4 * (least + 6 * normalised)


def test_what_the_prose_says_of_the_table(networks):
    def most(key):
        return max(networks.values(), key=lambda network: network[key])["name"]

    assert [most(key) for key in ("params", "macs", "memory")] == ["VGG-E", "VGG-E", "DenseNet-264"]
    assert networks["DenseNet-264"]["params"] < networks["VGG-E"]["params"] / 4
    later = [network["field"] for network in networks.values() if network["year"] > 2014]
    assert min(*later, networks["GoogLeNet"]["field"]) > 400
    assert networks["ResNet-50"]["field"] < networks["ResNet-34"]["field"]
    assert networks["Plain-34"]["top5"] - networks["ResNet-34"]["top5"] == pytest.approx(2.56)
    assert networks["DenseNet-121"]["params"] < networks["ResNet-50"]["params"] / 3


def test_budgets(networks):
    colour = [network for network in networks.values() if network["input"][0] == 3]
    assert SECTION.fitting(colour, params=1e7) == ["GoogLeNet", "DenseNet-121"]
    assert SECTION.fitting(colour, params=1e7, macs=2e9) == ["GoogLeNet"]
    assert SECTION.fitting(colour, params=1e7, macs=6e8) == []


def test_largest_batch_by_hand():
    network = {"params": 1_000_000, "memory": 1_000_000}
    assert SECTION.largest_batch(network, capacity=100e6) == (100 - 12) // 2


def test_errors_have_a_source_and_a_network(networks):
    for name, result in SECTION.RESULTS["single"].items():
        assert networks[name]["top5"] == result["top5"] and 2 < result["top5"] < 20
        assert result["how"] and "table" in result["source"]
    families = {network["family"] for network in networks.values()}
    assert set(SECTION.RESULTS["entry"]) <= families - {"LeNet"}
    assert all("table" in entry["source"] for entry in SECTION.RESULTS["entry"].values())


def test_the_competition_results_are_those_of_the_claims():
    claims = {claim.id: claim.claimed for claim in textbook.claims("6.7")}
    entry = {name: result["top5"] for name, result in SECTION.RESULTS["entry"].items()}
    assert entry["AlexNet"] == claims["6.7-alexnet-error"]
    assert entry["VGG"] == round(claims["6.7-vgg-runner-up"], 1)
    assert entry["GoogLeNet"] == claims["6.7-googlenet-error"]
    assert entry["ResNet"] == claims["6.7-resnet-error"]


# --- The six small networks ---


def test_small_networks_have_the_same_budget_of_parameters():
    costs = [SECTION.measured(build, (1, 28, 28)) for build in SECTION.SMALL.values()]
    sizes, macs, memory = ([cost[k] for cost in costs] for k in ("params", "macs", "memory"))
    assert max(sizes) / min(sizes) < 1.2
    assert 55 < max(macs) / min(macs) < 60 and 60 < max(memory) / min(memory) < 70
    assert [analyze(build, (1, 1, 28, 28)).rows[-1].output_shape for build in
            SECTION.SMALL.values()] == [[1, 10]] * 6  # fmt: skip


@pytest.fixture(scope="module")
def records():
    return {
        name: [
            History.load(REPO / f"data/runs/6.7_{name.lower()}_seed{seed}.json")
            for seed in range(3)
        ]
        for name in SECTION.SMALL
    }


def test_all_six_were_trained_alike(records):
    fair = ("train_images", "test_images", "epochs", "batch_size", "learning_rate", "weight_decay",
            "optimizer", "augment")  # fmt: skip
    for runs in records.values():
        assert [run.settings["seed"] for run in runs] == [0, 1, 2]
    settings = {tuple(r.settings[key] for key in fair) for runs in records.values() for r in runs}
    assert settings == {(6_000, 5_000, 8, 64, 1e-3, 0.01, "AdamW", None)}


def test_what_the_prose_says_of_the_runs(records):
    final = {n: [run.epochs[-1]["test_error"] for run in runs] for n, runs in records.items()}
    ahead = final["DenseNet"] + final["LeNet"] + final["ResNet"]
    behind = final["VGG"] + final["AlexNet"] + final["GoogLeNet"]
    assert max(ahead) < min(behind)
    means = {name: round(sum(values) / 3, 1) for name, values in final.items()}
    assert means == {"DenseNet": 14.4, "LeNet": 15.5, "ResNet": 16.4, "VGG": 20.9,
                     "AlexNet": 21.5, "GoogLeNet": 23.7}  # fmt: skip
    assert [max(final["DenseNet"]), min(final["LeNet"])] == pytest.approx([15.12, 15.04])
    for name in ("AlexNet", "GoogLeNet"):  # not overfitted
        for run in records[name]:
            last = run.epochs[-1]
            assert abs(last["train_error"] - last["test_error"]) < 2
    assert 8 * math.ceil(6_000 / 64) == 752


def test_what_the_prose_says_of_the_small_networks():
    macs = {name: SECTION.measured(build, (1, 28, 28))["macs"] for name, build in
            SECTION.SMALL.items()}  # fmt: skip
    assert 47 <= macs["DenseNet"] / macs["LeNet"] < 48
    assert 15 <= macs["ResNet"] / macs["LeNet"] < 16
    rows = analyze(SECTION.SMALL["VGG"], (1, 1, 28, 28)).rows
    assert next(row for row in rows if row.type == "Conv2D").output_shape[1] == 2
    dense = sum(row.params for row in rows if row.type == "Linear")
    assert 0.65 < dense / sum(row.params for row in rows) < 0.75


# --- The chapter's summary ---


def test_quotes_are_unique_and_the_erratum_is_the_one_under_the_wrong_network():
    claims = textbook.claims("6.7")
    assert [claim.id for claim in claims if claim.verdict == "erratum"] == ["6.7-wrong-network"]
    assert len({claim.quote for claim in claims}) == len(claims)


def test_what_another_section_has_judged_is_judged_in_the_same_way():
    verdicts = {
        claim.id: claim.verdict for path in textbook.CLAIMS.glob("*.yaml")
        for claim in textbook.claims(path.stem)
    }  # fmt: skip
    pairs = {
        "6.7-alexnet-error": "6.2-ilsvrc-2012", "6.7-alexnet-margin": "6.2-ten-points",
        "6.7-vgg-runner-up": "6.3-top5", "6.7-vgg-modular": "6.3-first-modular",
        "6.7-vgg-deeper-better": "6.3-depth-helps", "6.7-googlenet-error": "6.4-top5",
        "6.7-resnet-error": "6.5-top5", "6.7-resnet-original": "6.5-most-original",
        "6.7-resnet-first-beyond-human": "6.5-first-beyond-human",
        "6.7-resnet-vanishing": "6.5-solves-vanishing",
        "6.7-bottleneck-saves": "6.5-bottleneck-saves",
    }  # fmt: skip
    assert {ours: verdicts[ours] for ours in pairs} == {
        ours: verdicts[theirs] for ours, theirs in pairs.items()
    }


def test_branches_and_blocks_by_hand():
    assert SECTION.branch_channels() == ([64, 128, 32, 32], 256)
    slim, wide = SECTION.block_costs(256)
    assert slim["params"] == 256 * 64 + 9 * 64 * 64 + 64 * 256 + 2 * (64 + 64 + 256)
    assert wide["params"] == 2 * (9 * 256 * 256 + 2 * 256)


# --- The quiz ---


def test_there_are_twenty_questions_from_every_section():
    assert list(quiz.EXERCISES) == [f"6.7-{n}" for n in range(1, 21)]
    sections = {exercise.section for exercise in quiz.EXERCISES.values()}
    assert sections == {f"6.{n}" for n in range(1, 8)} <= set(notebooks.sections())


@pytest.mark.parametrize("name", quiz.EXERCISES)
def test_a_question_has_one_right_option_and_a_hint_for_each_other(capsys, name):
    exercise = quiz.EXERCISES[name]
    hints = [hint for _, hint in exercise.options]
    assert len(hints) == 4 and hints.count(None) == 1
    assert len({words for words, _ in exercise.options}) == 4
    for letter, (_, hint) in exercise.letters.items():
        exercises.check(name, letter.lower())
        said = capsys.readouterr().out
        assert f"{exercise.section} 节" in said
        assert (
            f"✓ 正确：{exercise.reason}" in said
            if hint is None
            else f"✗ {letter} 不对。{hint}" in said
        )


def test_the_right_letter_is_no_habit():
    letters = [exercise.right for exercise in quiz.EXERCISES.values()]
    assert all(3 <= letters.count(letter) <= 7 for letter in "ABCD")
    assert all(len(set(letters[n : n + 3])) > 1 for n in range(18))


@pytest.mark.parametrize("answer", ["E", "", 3, True, ["A"]])
def test_an_answer_that_is_no_option_is_told(answer):
    right, said = ChoiceExercise("?", (("x", None), ("y", "no")), "so", "6.1").verdict(answer)
    assert not right and said.startswith("答案应当是 A、B 中的一个字母")


def prose():
    path = notebooks.section_path("6.7")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_the_notebook_asks_just_these_questions():
    text = prose()
    for number, (name, exercise) in enumerate(quiz.EXERCISES.items(), start=1):
        assert f"**练习 {name}** {exercise.question}\n" in text
        options = [f"- {letter}. {words}" for letter, (words, _) in exercise.letters.items()]
        assert "\n".join(options) in text
        answer = f"{number}. **{exercise.right}**　{exercise.reason}（{exercise.section} 节）"
        assert answer in text


def test_what_the_questions_take_for_granted(networks):
    def totals(build, shape):
        return analyze(build, shape).totals

    dense, vgg = networks["DenseNet-121"], networks["VGG-D"]
    assert dense["params"] < vgg["params"] / 10 and dense["memory"] > vgg["memory"]  # 20
    rows = analyze(load_section("6.3").VGG, (1, 3, 224, 224)).rows
    kinds = [row.type for row in rows]
    assert [kinds.count(kind) for kind in ("Conv2D", "Linear", "MaxPool2D")] == [13, 3, 5]  # 9
    rows = analyze(lambda: load_section("6.4").GoogLeNet(aux=False), (1, 3, 224, 224)).rows
    assert sum(row.type in ("Conv2D", "Linear") for row in rows) == 58  # 12
    block = load_section("6.6").DenseBlock(64, 6, 32)
    sixth = [row for row in analyze(block, (1, 64, 8, 8)).rows if row.name.startswith("h6")]
    assert sixth[0].input_shape[1] == 224  # 19
    alexnet = analyze(load_section("6.2").AlexNet, (1, 3, 227, 227))
    names = [f"c{n}" for n in range(1, 6)]
    share = sum(alexnet[name].macs for name in names) / alexnet.totals["macs"]
    few = 1 - sum(alexnet[name].params for name in names) / alexnet.totals["params"]
    assert f"参数的 {few:.0%}，卷积层占乘加的 {share:.0%}" in quiz.EXERCISES["6.7-4"].reason
    assert math.isclose(totals(lambda: nn.Linear(1024, 1000), (1, 1024))["params"], 1_025_000)


def test_the_results_file_is_read_in_one_way():
    path = REPO / "data/textbook/results.yaml"
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == SECTION.RESULTS
