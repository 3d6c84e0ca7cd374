"""What people may be told when something goes wrong."""


def one_sentence(error):
    """Whether an error, or a text, is one line that can be shown anywhere and is not too long."""
    words = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    return bool(words.strip()) and words.isprintable() and len(words) < 500
