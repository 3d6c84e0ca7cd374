from itertools import product

import pytest

from course_utils.counting import geometry


def count_windows(size, kernel, stride, padding, dilation, ceil_mode):
    """Slide the window by hand over the padded line of cells."""
    cells = size + 2 * padding
    reach = dilation * (kernel - 1) + 1
    starts = [s for s in range(0, cells, stride) if s + reach <= cells]
    if ceil_mode and starts[-1] + reach < cells:
        starts.append(starts[-1] + stride)
    return len(starts)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_output_size_equals_windows_slid_by_hand(ceil_mode):
    for size, kernel, stride, padding, dilation in product(
        range(1, 13), range(1, 5), range(1, 4), range(0, 3), range(1, 3)
    ):
        if geometry.kernel_extent(kernel, dilation) > size + 2 * padding:
            with pytest.raises(geometry.GeometryError, match="放不进"):
                geometry.output_size(size, kernel, stride, padding, dilation)
        else:
            assert geometry.output_size(
                size, kernel, stride, padding, dilation, ceil_mode
            ) == count_windows(size, kernel, stride, padding, dilation, ceil_mode)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((0, 1), "size 是 0"),
        ((5, 0), "kernel 是 0"),
        ((5, 1, 0), "stride 是 0"),
        ((5, 1, 1, -1), "padding 是 -1"),
        ((5, 1, 1, 0, 0), "dilation 是 0"),
        ((3, 5), "范围为 5 格的核放不进 3 格"),
    ],
)
def test_impossible_settings_are_named(arguments, said):
    with pytest.raises(geometry.GeometryError, match=said):
        geometry.output_size(*arguments)


def test_same_padding_keeps_ceil_of_size_over_stride():
    for size, kernel, stride in product(range(1, 20), range(1, 6), range(1, 4)):
        padding = geometry.same_padding(size, kernel, stride)
        assert geometry.output_size(size, kernel, stride, padding) == -(-size // stride)


def test_adaptive_windows_cover_the_line_without_gaps():
    for size, output in product(range(1, 15), range(1, 15)):
        windows = geometry.adaptive_windows(size, output)
        assert windows[0][0] == 0 and windows[-1][1] == size - 1
        assert all(b[0] <= a[1] + 1 for a, b in zip(windows, windows[1:], strict=False))


def test_lenet5_c1_counts():
    assert geometry.conv_parameters(1, 6, (5, 5)) == 156
    assert geometry.connections(28 * 28 * 6, 25, bias=True) == 122_304
    assert geometry.multiply_adds(28 * 28 * 6, 25) == 117_600
    assert geometry.linear_parameters(120, 84) == 10_164


def test_fields_of_branches_are_united():
    start = geometry.Field()
    wide, shifted = start.window(5, padding=2), start.window(2, padding=0)
    assert (wide.size, shifted.size) == (5, 2)
    assert wide.union(shifted).size == 5
    assert start.window(3, padding=0).union(start.window(3, padding=2)).size == 5
    with pytest.raises(geometry.GeometryError, match="jumps 2 and 1"):
        start.window(2, stride=2).union(start)
