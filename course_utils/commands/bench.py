"""Speed and memory as ratios, each pair measured side by side in one run (``make bench``).

Absolute times say more about the machine than about the code; a ratio of two things measured in
turn on the same machine holds elsewhere.
"""

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INPUT = (1, 3, 224, 224)
ROUNDS = 5
MODELS = ("vgg16", "resnet152", "densenet264")

# Each runs in a process of its own, so that memory and the machine's settings are its own. One
# convolution goes first: it loads the parts of Paddle that the first network of all brings in.
_FACTORY = {
    "analyze": (
        "from course_utils import analyze; import paddle; build = paddle.vision.models.{model}; "
        "look = lambda factory: analyze(factory, {input}); "
        "look(lambda: paddle.nn.Conv2D(3, 8, 3)); work = lambda: look(build)"
    ),
    "paddle.summary": (
        "from course_utils import runtime; import paddle; build = paddle.vision.models.{model}; "
        "look = lambda factory: paddle.summary(factory(), {input}); "
        "look(lambda: paddle.nn.Conv2D(3, 8, 3)); work = lambda: look(build)"
    ),
}
_MEASURE = """
import contextlib, io, resource, time
{setup}
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    work()
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory)
"""
_PRODUCT = (
    "from course_utils import runtime; import paddle; a = paddle.rand([1536, 1536]); a @ a; "
    "work = lambda: [(a @ a).numpy() for _ in range(4)]"
)
_TRAINING = (
    "from course_utils import load_section, runtime, training; import numpy as np; "
    "net = load_section('6.1').LeNet5Modern(); "
    "data = np.zeros([2048, 1, 32, 32], 'float32'), np.zeros(2048, 'int64'); "
    "few = data[0][:64], data[1][:64]; training.train(net, few, few, 1, progress=False); "
    "work = lambda: training.train(net, data, few, 1, progress=False)"
)


def main():
    """Print every comparison, one line each."""
    print(f"Paddle on this machine, median of {ROUNDS} rounds in turn\n")
    for model in MODELS:
        _compare_factory(model)
    for model in MODELS:
        _compare_in_hand(model)
    plain = {"MKL_NUM_THREADS": "1", "MKL_DEBUG_CPU_TYPE": "0"}
    _compare_settings("matrix product, prepared against plain Paddle", _PRODUCT, plain)
    _compare_settings("LeNet-5 training, prepared against plain Paddle", _TRAINING, plain)
    with tempfile.TemporaryDirectory() as folder:
        _compare_loading(Path(folder))


def _compare_factory(model):
    """From a class to its table, without weights, against building and ``paddle.summary``."""
    measured = {name: [] for name in _FACTORY}
    for _ in range(ROUNDS):
        for name, setup in _FACTORY.items():
            measured[name].append(_in_process(setup.format(model=model, input=INPUT)))
    ours, theirs = measured.values()
    ratio = statistics.median(b[0] / a[0] for a, b in zip(ours, theirs, strict=True))
    share = statistics.median(a[1] / b[1] for a, b in zip(ours, theirs, strict=True))
    print(f"{model}, from a factory: {ratio:.1f} times as fast as paddle.summary, "
          f"with {share:.3f} of its memory")  # fmt: skip


def _compare_in_hand(model):
    """A network in hand: its totals alone and its whole table, against ``paddle.summary``."""
    import paddle

    from ..counting.analysis import analyze

    net = getattr(paddle.vision.models, model)()
    ratios = {"its totals": [], "with all fields": []}
    for _ in range(ROUNDS + 1):
        theirs = _seconds(lambda: paddle.summary(net, INPUT))
        ratios["its totals"].append(theirs / _seconds(lambda: analyze(net, INPUT).totals))
        ratios["with all fields"].append(theirs / _seconds(lambda: analyze(net, INPUT).df))
    for what, found in ratios.items():
        # The first round warms both up.
        ratio = statistics.median(found[1:])
        print(f"{model}, in hand, {what}: {ratio:.1f} times as fast as paddle.summary")


def _compare_settings(title, setup, plain):
    ratios = []
    for _ in range(ROUNDS):
        prepared, _ = _in_process(setup)
        unprepared, _ = _in_process(setup, plain)
        ratios.append(unprepared / prepared)
    print(f"{title}: {statistics.median(ratios):.1f} times as fast")


def _compare_loading(folder):
    """AlexNet's training on photos from a folder and in memory; the reading alone.

    A pass over few photos and one over more: the difference is the training without the start of
    the reading processes, which comes once a pass.
    """
    from .. import load_section

    net = load_section("6.2").AlexNet(num_classes=2)
    few, more = (_time_passes(net, folder / str(count), count) for count in (16, 64))
    memory, loaded, reading = (m - f for f, m in zip(few, more, strict=True))
    start = 2 * (64 - 16) * (few[1] - few[0]) / memory
    print(f"AlexNet's training on a folder of photos: {memory / loaded:.2f} of the images/s in "
          f"memory (reading alone: {memory / reading:.0f} times), after a start as long as "
          f"the training on {start:.0f} images")  # fmt: skip


def _time_passes(net, folder, count, rounds=3):
    """Median seconds of a pass over ``2 * count`` photos: in memory, from the folder, only read."""
    import numpy as np

    from .. import runtime
    from ..images import folders
    from ..training import loop
    from ..training.batches import LoaderBatches

    _write_photos(folder, count)
    train_set, test_set = folders.image_folders(folder, (3, 227, 227))
    options = {"epochs": 1, "batch_size": 16, "workers": runtime.usable_cores(), "progress": False}
    reader = LoaderBatches(train_set, options["batch_size"], options["workers"])

    def read():
        return list(reader.shuffled(np.random.default_rng(0)))

    images, labels = map(np.concatenate, zip(*read(), strict=True))
    sources = (((images, labels), (images[:2], labels[:2])), (train_set, test_set))
    seconds = [
        [loop.train(net, *source, **options).epochs[0]["seconds"] for source in sources]
        + [_seconds(read)]
        for _ in range(rounds + 1)
    ]
    # The first round warms all up.
    return np.median(seconds[1:], axis=0)


def _write_photos(folder, count):
    """Two classes of the course's photo and its mirror image, as large as ImageNet's photos."""
    from PIL import Image, ImageOps

    from ..images.datasets import load_photo

    photo = Image.fromarray(load_photo()).resize((500, 375))
    for split, number in (("train", count), ("val", 1)):
        for name, picture in (("left", photo), ("right", ImageOps.mirror(photo))):
            (folder / split / name).mkdir(parents=True)
            for i in range(number):
                picture.save(folder / split / name / f"{i}.jpg")


def _seconds(work):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    return time.perf_counter() - start


def _in_process(setup, environment=None):
    """(seconds, KiB of additional memory) of ``work`` in a process of its own."""
    output = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(setup=setup)],
        env={**os.environ, **(environment or {})},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    seconds, memory = output.split()[-2:]
    return float(seconds), max(int(memory), 1)
