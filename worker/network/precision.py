"""In which precision a forward pass is computed: what the settings ask for, or what the hardware is fast at."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from worker.network.port import Precision


def precision_here(wanted: str) -> Precision:
    """What IMAGESIEVE_PRECISION comes to here. `auto` loads Keras, and may try two of them for a second or two."""
    return choose_precision(wanted, _cpu_flags(), _gpu_capability, faster_precision)


def choose_precision(
    wanted: str,
    cpu_flags: frozenset[str],
    gpu_capability: Callable[[], tuple[int, int] | None],
    faster: Callable[[], Precision],
) -> Precision:
    """The precision of the forward pass; for `auto` that of the hardware, and float32 where lower ones are emulated.

    A processor with bfloat16 instructions but without AMX is put to the test: `faster` tells what it found.
    """
    if wanted in ("float32", "bfloat16", "float16"):
        return wanted  # type: ignore[return-value]
    capability = gpu_capability()
    if capability:
        return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"
    if "amx_bf16" in cpu_flags:
        return "bfloat16"
    return faster() if cpu_flags & {"avx512_bf16", "bf16"} else "float32"


def faster_precision() -> Literal["float32", "bfloat16"]:
    """Which of the two computes a convolution like VGG16's faster on this machine, by trial; a second or two.

    A processor's flags do not tell: where it has bfloat16 instructions but no matrix unit, they may be the slower ones.
    """
    import keras

    values = np.ones((4, 28, 28, 256), dtype=np.float32)
    trials = {}
    for precision in ("float32", "bfloat16"):
        layer = keras.layers.Conv2D(512, 3, padding="same", kernel_initializer="ones", dtype=precision)
        trials[precision] = keras.Sequential([keras.Input(values.shape[1:]), layer])
        trials[precision].predict_on_batch(values)
    seconds = dict.fromkeys(trials, float("inf"))
    for precision in list(trials) * 4:  # taken in turn, so that other work on the machine hits both
        started = time.perf_counter()
        trials[precision].predict_on_batch(values)
        seconds[precision] = min(seconds[precision], time.perf_counter() - started)
    return "bfloat16" if seconds["bfloat16"] < seconds["float32"] else "float32"


def _cpu_flags() -> frozenset[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    # "flags" on x86-64, "Features" on 64-bit Arm.
    return frozenset(next((line for line in lines if line.startswith(("flags", "Features"))), "").split())


def _gpu_capability() -> tuple[int, int] | None:
    """Compute capability of the first GPU that Keras's backend sees; None without one."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        devices = tensorflow.config.list_physical_devices("GPU")
        details = tensorflow.config.experimental.get_device_details(devices[0]) if devices else {}
        capability = details.get("compute_capability")
        return (int(capability[0]), int(capability[1])) if capability else None
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_capability() if torch.cuda.is_available() else None
    import jax

    devices = [device for device in jax.devices() if device.platform == "gpu"]
    return tuple(map(int, str(devices[0].compute_capability).split("."))) if devices else None  # type: ignore[return-value]
