"""Section 6.6's explorers: costs and connections against the networks, pictures, controls."""

from math import prod
from xml.etree import ElementTree

import pytest
from browser.samples import DENSE_BLOCKS, DENSENETS

from course_utils import analyze, load_section
from course_utils.counting.depth import depth
from course_utils.widgets import DenseBlockExplorer, DenseNetExplorer
from course_utils.widgets.densenet import SIZES

SECTION = load_section("6.6")
IMAGE = (1, 3, 224, 224)


def words(svg):
    return "|".join(ElementTree.fromstring(svg).itertext())


# --- The designer ---


def networks():
    """{name: layers of the four blocks}, from the notebook's table."""
    rows = [row[1:] for row in SECTION.TABLE_6_4.values() if row[0] == "dense block"]
    return {
        f"DenseNet-{number}": tuple(row[column] for row in rows)
        for column, number in enumerate(SECTION.DEPTHS)
    }


@pytest.fixture(scope="module")
def designer():
    return DenseNetExplorer(networks())


def expected_parts(table):
    """{part: (parameters, multiply-adds)} from the rows of an analysed network."""
    names = {"conv1": "开头", "norm1": "开头", "norm": "BN、分类层", "linear": "BN、分类层"}
    names |= {f"block{i}": f"第 {i} 块" for i in range(1, 5)}
    names |= {f"transition{i}": f"转换层 {i}" for i in range(1, 4)}
    parts = {}
    for row in table.group().rows:
        if row.name in names:
            params, macs = parts.get(names[row.name], (0, 0))
            parts[names[row.name]] = params + row.params, macs + row.macs
    return parts


@pytest.mark.parametrize(
    "number, switches",
    [
        *((number, {}) for number in (121, 169, 201, 264)),
        (121, {"bottleneck": False}),
        (121, {"compression": 1.0}),
        (121, {"growth_rate": 12, "bottleneck": False, "compression": 0.7}),
    ],
)
def test_numbers_are_those_of_the_notebooks_network(designer, number, switches):
    settings = designer.preset_settings[f"DenseNet-{number}"] | switches
    design = designer.compute(**settings | {"inputs": 2 * settings["growth_rate"]})

    def build():
        return SECTION.DenseNet(number, **switches)

    table = analyze(build, IMAGE)
    assert design.total("parameters") == table.totals["params"]
    assert design.total("multiply_adds") == table.totals["macs"]
    assert design.depth == depth(build, IMAGE)
    assert {p.name: (p.parameters, p.multiply_adds) for p in design.parts} == expected_parts(table)
    joined = [row for row in table.rows if row.type.startswith("concat")]
    assert design.total("stored") == sum(prod(row.output_shape) for row in joined)


def test_each_layer_receives_the_channels_of_the_convolution_that_reads_them(designer):
    design = designer.compute(**designer.preset_settings["DenseNet-121"])
    table = analyze(SECTION.DenseNet, IMAGE)
    norms = [row for row in table.rows if row.type == "BatchNorm2D" and row.name.endswith(".0")]
    received = [row.input_shape[1] for row in norms if row.name.startswith("block")]
    assert [count for block in design.blocks for count in block.received] == received


def test_shared_maps_are_what_leaves_the_blocks(designer):
    design = designer.compute(**designer.preset_settings["DenseNet-121"])
    rows = analyze(SECTION.DenseNet, IMAGE).group().rows
    blocks = [row for row in rows if row.name.startswith("block")]
    assert design.total("shared") == sum(prod(row.output_shape) for row in blocks)


def test_picture_tells_depth_variant_and_channels():
    explorer = DenseNetExplorer(DENSENETS)
    drawn = words(explorer.picture.value)
    assert "DenseNet-BC：1 + 2×(6+12+24+16) + 3 + 1 = 121 层" in drawn
    assert "⌊0.5×256⌋ = 128" in drawn and "7,978,856" in drawn
    explorer.presets.value = "264"
    assert "= 265 层" in words(explorer.picture.value)
    for switches, name in [
        ({"bottleneck": False}, "DenseNet-C："),
        ({"compression": 1.0}, "DenseNet："),
        ({"bottleneck": True}, "DenseNet-B："),
    ]:
        explorer.set(**switches)
        assert words(explorer.picture.value).startswith(name)


def test_a_transition_without_channels_is_told():
    explorer = DenseNetExplorer(DENSENETS)
    explorer.set(growth_rate=4, inputs=8, compression=0.1, block1=1, block2=1)
    drawn = words(explorer.picture.value)
    assert "不可能的设置" in drawn and "转换层 2收到 5 个通道，⌊0.1×5⌋ = 0" in drawn


def test_presets_set_the_controls_and_give_way_to_the_own_setting():
    explorer = DenseNetExplorer(DENSENETS)
    assert explorer.presets.value == "121"
    explorer.presets.value = "169"
    assert [explorer.settings()[name] for name in SIZES] == [6, 12, 32, 32]
    explorer.controls["growth_rate"].value = 48
    assert explorer.presets.value == ""


def test_a_network_needs_four_blocks():
    with pytest.raises(ValueError, match="^x has 3 blocks; give the layers of four"):
        DenseNetExplorer({"x": (1, 2, 3)})


# --- The connections ---


@pytest.mark.parametrize("layers", [1, 4, 5, 24])
@pytest.mark.parametrize("transition", [False, True])
def test_connections_are_counted_one_by_one(layers, transition):
    result = DenseBlockExplorer(DENSE_BLOCKS).compute(layers, 1, 6, 4, transition)
    nodes = layers + 1 + transition
    assert len(set(result.connections)) == len(result.connections) == nodes * (nodes - 1) // 2
    for node in range(layers + 1):
        chosen = DenseBlockExplorer(DENSE_BLOCKS).compute(layers, node, 6, 4, transition)
        assert chosen.hears == tuple(range(node))
        assert chosen.heard_by == tuple(range(node + 1, nodes))


def test_channels_are_those_of_the_notebooks_block():
    result = DenseBlockExplorer(DENSE_BLOCKS).compute(5, 3, 6, 4, False)
    table = analyze(lambda: SECTION.DenseBlock(6, 5, 4, False), (1, 6, 8, 8))
    read = [row.input_shape[1] for row in table.rows if row.type == "Conv2D"]
    assert [result.received(node) for node in range(1, 6)] == read


def test_both_readings_of_the_number_of_layers():
    explorer = DenseBlockExplorer(DENSE_BLOCKS)
    drawn = words(explorer.picture.value)
    assert "L = 5（不数输入）：L(L+1)/2 = 5×6÷2 = 15　✓" in drawn
    assert "L = 6（把输入也数作一层）：L(L+1)/2 = 6×7÷2 = 21　✗ 弧有 15 条" in drawn
    explorer.set(layers=4, transition=True)
    drawn = words(explorer.picture.value)
    assert "L = 4（不数输入）：L(L+1)/2 = 4×5÷2 = 10　✗ 弧有 15 条" in drawn
    assert "L = 5（把输入也数作一层）：L(L+1)/2 = 5×6÷2 = 15　✓" in drawn


def test_chosen_layer_tells_its_neighbours():
    explorer = DenseBlockExplorer(DENSE_BLOCKS)
    drawn = words(explorer.picture.value)
    assert "H₃ 听得到 3 个来源：x₀、H₁、H₂；听得到 H₃ 的有 2 个：H₄、H₅" in drawn
    assert "k₀ + (3−1)k = 6 + 2×4 = 14 个通道" in drawn
    explorer.set(chosen=0)
    assert "|听得到 x₀ 的有 5 个" in words(explorer.picture.value)
    explorer.set(chosen=5)
    assert "没有谁听得到 H₅" in words(explorer.picture.value)
    explorer.set(chosen=6)
    assert "✗ 这个模块只有 5 层，没有第 6 层" in words(explorer.picture.value)


def test_a_block_has_one_to_24_layers():
    with pytest.raises(ValueError, match="^x has 25 layers; give a block with 1 to 24"):
        DenseBlockExplorer({"x": (6, 4, 25)})
