"""Whether the networks in a learner's copy of a notebook are still those of the course."""

from .. import notebooks
from ..counting.analysis import AnalysisError
from ..counting.table import HEADERS
from . import textbook


def section_of(path):
    """The section that a notebook is a copy of: the one with the most networks in common.

    Raises:
        NotebookError: the file is no notebook, or defines no network of any section.
    """
    module = notebooks.load_notebook(path)
    common = {
        section: sum(hasattr(module, name) for name in textbook.networks(section))
        for section in notebooks.sections()
    }
    best = max(common, key=common.get)
    if not common[best]:
        raise notebooks.NotebookError(
            f"{path} defines no network of the chapter; give a copy of one of: "
            f"{', '.join(p.name for p in notebooks.sections().values())}."
        )
    return best


def compare(path):
    """Hold each network of a copy against the course's own.

    Args:
        path: a notebook, usually a learner's copy.

    Returns:
        {network name: None where all layers agree, else one Chinese sentence that names the
        first layer where they do not}.
    """
    section = section_of(path)
    module = notebooks.load_notebook(path)
    return {name: _difference(section, name, module) for name in textbook.networks(section)}


def _difference(section, name, module):
    try:
        copy = textbook.network_table(section, name, module)
    except (AnalysisError, textbook.TextbookError) as error:
        return f"无法分析：{error}"
    except Exception as error:  # whatever a learner's constructor raises
        return f"{name} 不能建立，{type(error).__name__}：{error}"
    return first_difference(textbook.network_table(section, name), copy)


def first_difference(original, copy):
    """The first layer where two tables differ, in one Chinese sentence; None where all agree."""
    different = original.diff(copy).differences
    if different.empty:
        return _other_order_or_field(original, copy)
    layer, column, *values = different.iloc[0].tolist()[:4]
    return _sentence(layer, HEADERS[column][1], *values)


def _other_order_or_field(original, copy):
    """What a comparison layer by layer, by their names, does not see; None where all agree."""
    for ours, theirs in zip(original.rows, copy.rows, strict=True):
        if ours.name != theirs.name:
            return f"第一处不同在 {ours.name} 层：这里应是它，现在是 {theirs.name}"
        if ours.receptive_field != theirs.receptive_field:
            fields = ours.receptive_field, theirs.receptive_field
            return _sentence(ours.name, "感受野", *fields)
    return None


def _sentence(layer, what, original, changed):
    return f"第一处不同在 {layer} 层：{what}应为 {_words(original)}，现在是 {_words(changed)}"


def _words(value):
    return "（没有这一层）" if value is None else str(value)
