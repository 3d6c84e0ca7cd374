"""Predict first, then look: a layer's numbers by the formula beside those of the network."""

from .analysis import analyze
from .table import Row, format_shape

LABELS = {
    "output_shape": "输出尺寸",
    "params": "参数量",
    "connections": "连接数",
    "macs": "乘加次数",
    "receptive_field": "感受野",
}


def probe(layer, input_shape, **predicted):
    """Print what was predicted for a layer beside what ``analyze`` finds.

    Args:
        layer: a ``paddle.nn.Layer``.
        input_shape: shape of its input, batch included.
        predicted: values by column (keys of ``LABELS``); ``output_shape`` without the batch, as
            (channels, height, width).

    Raises:
        AssertionError: a prediction is wrong, so that no reader passes it by.
    """
    (row,) = analyze(layer, input_shape).group(0).rows
    wrong = []
    for column, value in predicted.items():
        expected, found = _text(column, value), _text(column, _found(row, column))
        mark = "✓" if expected == found else "✗"
        print(f"{LABELS[column]}：按公式 {expected}，网络给出 {found} {mark}")
        if expected != found:
            wrong.append(LABELS[column])
    assert not wrong, f"{'、'.join(wrong)}与公式不符，请检查这一层或公式。"


def _found(row: Row, column):
    return row.output_shape[1:] if column == "output_shape" else getattr(row, column)


def _text(column, value):
    if column == "output_shape":
        return format_shape([1, *value])
    return f"{value:,}" if isinstance(value, int) else str(value)
