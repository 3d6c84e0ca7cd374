"""Random networks: what `analyze` says of them against running them and against the gradient."""

from math import prod

import paddle
import pytest
from extras import skip_without
from oracle import gradient_extent
from paddle import nn

from course_utils import AnalysisError, analyze

skip_without("hypothesis")
from hypothesis import HealthCheck, assume, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

SIDE = 40
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

convolutions = st.fixed_dictionaries({
    "kernel_size": st.integers(1, 5) | st.tuples(st.integers(1, 4), st.integers(1, 4)),
    "stride": st.integers(1, 3),
    "padding": st.integers(0, 3),
    "dilation": st.integers(1, 2),
    "bias_attr": st.sampled_from([None, False]),
})  # fmt: skip
poolings = st.fixed_dictionaries({
    "kernel_size": st.integers(2, 4),
    "stride": st.integers(1, 3),
    "padding": st.integers(0, 1),
    "ceil_mode": st.booleans(),
    "exclusive": st.just(False),
})  # fmt: skip
channels = st.integers(1, 4)
groups = st.booleans()  # one group, or one for each channel
steps = st.one_of(
    st.tuples(st.just("conv"), channels, groups, convolutions),
    st.tuples(st.just("pool"), poolings),
    st.tuples(st.just("concat"), channels, st.sampled_from([1, 3, 5])),
    st.tuples(st.just("add"), st.sampled_from([1, 3, 5])),
)
recipes = st.lists(steps, min_size=1, max_size=5)


class Branches(nn.Layer):
    """The input beside a convolution of it that keeps its size: joined or added."""

    def __init__(self, inputs, outputs, kernel, join):
        super().__init__()
        self.conv, self.join = nn.Conv2D(inputs, outputs, kernel, padding=kernel // 2), join

    def forward(self, x):
        return paddle.concat([x, self.conv(x)], axis=1) if self.join else x + self.conv(x)


def build(recipe):
    """A network from a recipe, for images of two channels."""
    layers, width = [], 2
    for kind, *rest in recipe:
        if kind == "conv":
            each, depthwise, options = rest
            filters = each * width if depthwise else each
            layers.append(nn.Conv2D(width, filters, groups=width if depthwise else 1, **options))
            width = filters
        elif kind == "pool":
            layers.append(nn.AvgPool2D(**rest[0]))
        elif kind == "concat":
            layers.append(Branches(width, rest[0], rest[1], join=True))
            width += rest[0]
        else:
            layers.append(Branches(width, width, rest[0], join=False))
    return nn.Sequential(*layers)


def fitting(net):
    """Its table, or a discarded example if the image is too small for it."""
    try:
        return analyze(net, (1, 2, SIDE, SIDE))
    except AnalysisError:
        assume(False)


@FEW
@given(recipes)
def test_shapes_and_counts_are_those_of_the_real_forward_pass(recipe):
    net = build(recipe)
    table = fitting(net)
    seen = []
    for layer in net.sublayers():
        if isinstance(layer, nn.Conv2D):
            layer.register_forward_post_hook(lambda conv, x, y: seen.append((conv, y.shape)))
    output = net(paddle.zeros([1, 2, SIDE, SIDE]))
    assert table.rows[-1].output_shape == output.shape
    assert table.totals["params"] == sum(prod(p.shape) for p in net.parameters())
    macs = sum(prod(layer.weight.shape) * prod(shape[2:]) for layer, shape in seen)
    assert table.totals["macs"] == macs


@FEW
@given(recipes)
def test_the_fast_way_says_the_same(recipe):
    net = build(recipe)
    exact = fitting(net)
    fast = analyze(net, (1, 2, SIDE, SIDE), receptive_field=False)
    assert fast.totals == exact.totals
    shapes = {row.name: row.output_shape for row in exact.rows}
    assert [row.output_shape for row in fast.rows] == [shapes[row.name] for row in fast.rows]


@FEW
@given(recipes)
def test_receptive_fields_are_where_the_gradient_arrives(recipe):
    net = build(recipe)
    row = fitting(net).rows[-1]
    height, width = (
        row.receptive_field
        if isinstance(row.receptive_field, tuple)
        else (row.receptive_field,) * 2
    )
    # Inside the image and without holes, the two must agree; at the border the field is cut.
    assume(max(height, width) <= SIDE // 2 and min(row.output_shape[2:]) >= 5)
    assert gradient_extent(net, [1, 2, SIDE, SIDE]) == (height, width)


@FEW
@given(st.lists(steps, min_size=3, max_size=6), st.integers(1, 6))
def test_an_image_too_small_is_refused_just_when_paddle_refuses_it(recipe, side):
    net = build(recipe)
    try:
        net(paddle.zeros([1, 2, side, side]))
    except Exception:
        with pytest.raises(AnalysisError) as caught:
            analyze(net, (1, 2, side, side))
        assert str(caught.value).count("\n") == 0 and len(str(caught.value)) < 400
