"""What Paddle says of an error, in one sentence."""

import re

_KINDS = "InvalidArgument|Unimplemented|OutOfRange|PreconditionNotMet|NotFound"


def first_sentence(error):
    """The first sentence of an error's text, without Paddle's hints and places in its source."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, TypeError) and "paddle.static.nn.cond" in text:
        return "its control flow depends on tensor values, which are not known before it runs."
    if "is not supported in static graph mode" in text or "in dynamic graph mode" in text:
        return "it depends on tensor values, which are not known before it runs."
    found = re.search(rf"\((?:{_KINDS})\)\s*(.+)", text)
    text = found.group(1) if found else text.splitlines()[0]
    if isinstance(error, KeyError):
        text = f"there is no {text}"
    return text if text.endswith((".", "。")) else text + "."
