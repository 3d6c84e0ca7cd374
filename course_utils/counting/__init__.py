"""From any ``paddle.nn.Layer`` to a table of its layers, without computing its output."""
