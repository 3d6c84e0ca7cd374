"""Several processes that train one network together: Paddle's launcher, Paddle's collectives.

``python -m paddle.distributed.launch`` starts the processes, on one machine or on many; gloo
carries the tensors between CPUs, NCCL between GPUs. Alone, a process has rank 0 of 1 and nothing
here communicates.
"""

import paddle
import paddle.distributed as dist


def join():
    """Meet the other processes, where the launcher started any."""
    if dist.get_world_size() > 1 and not dist.is_initialized():
        dist.init_parallel_env()


def rank():
    """Number of this process, from 0; the first one prints and saves."""
    return dist.get_rank() if dist.is_initialized() else 0


def size():
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def total(*numbers):
    """The sum of each number over all processes."""
    if size() == 1:
        return numbers
    sums = paddle.to_tensor(numbers, dtype="float64")
    dist.all_reduce(sums)
    return sums.tolist()


def average_statistics(net):
    """Give every process the mean of what they hold and do not learn: the running statistics.

    Each process normalises its own share of a batch, as in Goyal et al. 2017 (arXiv:1706.02677,
    section 2.3); only the running mean and variance must agree before the network is measured or
    saved. Frozen weights are the same everywhere, and stay so.
    """
    if size() == 1:
        return
    for held in (*net.parameters(), *net.buffers()):
        if held.stop_gradient and held.is_floating_point():
            dist.all_reduce(held)
            held.set_value(held / size())
