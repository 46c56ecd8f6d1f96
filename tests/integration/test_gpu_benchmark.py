"""benchmarks.gpu runs, and asks for no library that a bare machine with a backend of Keras lacks."""

import re
import subprocess
import sys

FOREIGN = (
    "PIL", "celery", "faiss", "imagecodecs", "kombu", "matplotlib", "redis", "rich", "scipy", "sklearn", "tabulate",
    "threadpoolctl", "typer", "watchdog",
)  # fmt: skip


def test_it_imports_nothing_beside_keras_numpy_h5py_and_opencv() -> None:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({FOREIGN}))\n"
        "from benchmarks.gpu import make_jpeg, read\n"
        "print(read([make_jpeg((2048, 1536), 0)], 2048).shape)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, timeout=120, stdout=subprocess.PIPE, text=True)
    assert said.stdout == "(1, 224, 224, 3)\n"


def test_it_says_what_binds() -> None:
    command = [sys.executable, "-m", "benchmarks.gpu", "--quick", "--backends", "tensorflow"]
    said = subprocess.run(command, check=True, timeout=600, stdout=subprocess.PIPE, text=True).stdout
    assert re.search(r"^keras \S+ on tensorflow, .+, \d+ processors$", said, re.MULTILINE)
    rates = [float(one) for one in re.findall(r"^\| \w+ \| 4 \| ([\d.]+) \|$", said, re.MULTILINE)]
    rows = re.findall(r"^\| \d+ x \d+ \| (.+) \|$", said, re.MULTILINE)
    assert len(rows) == 2
    assert rates
    for row in rows:
        alone, _, both, _, binds = row.split(" | ")
        assert float(both) > 0
        assert binds == ("reading" if float(alone) < max(rates) else "the forward pass")
