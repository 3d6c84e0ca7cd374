"""A program for test_ends: two processes, one of which waits for ever for the other's tensor."""

import sys
import time
from pathlib import Path

import paddle
import paddle.distributed as dist

from course_utils.training import processes


def main(folder, signs):
    """Say in the folder ``signs`` that the wait begins."""
    processes.end_with_starter(folder)
    dist.init_parallel_env()
    Path(signs, str(dist.get_rank())).touch()
    if dist.get_rank() == 1:
        time.sleep(1000)
    dist.all_reduce(paddle.ones([1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
