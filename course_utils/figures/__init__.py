"""Static drawings for the notebooks, one module for each kind.

Every function takes plain data and returns a matplotlib Figure: it defines no network, reads no
file and shows nothing. Let the call be the last line of a cell, and the notebook shows it once.
``course_utils.runtime.use_plot_style()`` must have chosen the Chinese font before.
"""

from .activations import activation_curves
from .bars import grouped_bars
from .branches import branch_module
from .channel_staircase import channel_staircase
from .codes import digit_codes
from .connections import connection_table
from .curves import seed_scatter, training_curves
from .dense_block import dense_block
from .equivariance import moving_answers
from .error_tradeoff import error_tradeoff
from .errors_against_costs import errors_against_costs
from .gaps import error_gaps
from .ilsvrc import challenge_errors
from .images import feature_map_strip, image_grid
from .kernels import kernel_grid
from .layer_shares import layer_shares
from .layer_walk import layer_walk
from .mastery import mastery_map
from .padding import padded_digit
from .panels import curve_panels
from .profiles import layer_profile
from .residual_blocks import residual_blocks
from .sharing import local_connections
from .shift_errors import errors_against_shift
from .sliding import sliding_kernel
from .stack_parameters import stack_parameters
from .stacked_fields import stacked_fields
from .stages import network_stages
from .subsampling import pooling_windows, subsampling_step
from .thinned_networks import thinned_networks
from .timeline import network_timeline
from .twin_networks import twin_networks
from .two_gpus import two_gpus
from .volumes import network_volumes
from .weight_heat_map import weight_heat_map

__all__ = [
    "activation_curves",
    "branch_module",
    "challenge_errors",
    "channel_staircase",
    "connection_table",
    "curve_panels",
    "dense_block",
    "digit_codes",
    "error_gaps",
    "error_tradeoff",
    "errors_against_costs",
    "errors_against_shift",
    "feature_map_strip",
    "grouped_bars",
    "image_grid",
    "kernel_grid",
    "layer_profile",
    "layer_shares",
    "layer_walk",
    "local_connections",
    "mastery_map",
    "moving_answers",
    "network_stages",
    "network_timeline",
    "network_volumes",
    "padded_digit",
    "pooling_windows",
    "residual_blocks",
    "seed_scatter",
    "sliding_kernel",
    "stack_parameters",
    "stacked_fields",
    "subsampling_step",
    "thinned_networks",
    "training_curves",
    "twin_networks",
    "two_gpus",
    "weight_heat_map",
]
