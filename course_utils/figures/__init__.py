"""Static drawings for the notebooks, one module for each kind.

Every function takes plain data and returns a matplotlib Figure: it defines no network, reads no
file and shows nothing. Let the call be the last line of a cell, and the notebook shows it once.
``course_utils.runtime.use_plot_style()`` must have chosen the Chinese font before.
"""

from .codes import digit_codes
from .connections import connection_table
from .curves import seed_scatter, training_curves
from .images import feature_map_strip, image_grid
from .kernels import kernel_grid
from .padding import padded_digit
from .sharing import local_connections
from .subsampling import pooling_windows, subsampling_step
from .volumes import network_volumes

__all__ = [
    "connection_table",
    "digit_codes",
    "feature_map_strip",
    "image_grid",
    "kernel_grid",
    "local_connections",
    "network_volumes",
    "padded_digit",
    "pooling_windows",
    "seed_scatter",
    "subsampling_step",
    "training_curves",
]
