"""What is written to standard error while Keras loads: nothing is shown, unless it was the last that was heard."""

import os
import subprocess
import sys


def run(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import os, sys\nfrom worker.backend import held_back, load_backend\n{code}"
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_keras_loads_without_a_word_of_its_backend() -> None:
    ended = run("load_backend()\nimport tensorflow\nprint('heard', file=sys.stderr)\nprint(tensorflow.__name__)")
    assert ended.returncode == 0
    assert (ended.stdout, ended.stderr) == ("tensorflow\n", "heard\n")


def test_what_c_wrote_is_shown_when_the_import_fails() -> None:
    ended = run("with held_back():\n    os.write(2, b'no AVX here\\n')\n    raise ImportError('broken')")
    assert ended.returncode == 1
    assert ended.stderr.startswith("no AVX here\n")
    assert ended.stderr.endswith("ImportError: broken\n")


def test_what_c_wrote_is_shown_when_it_ends_the_process() -> None:
    ended = run("with held_back():\n    os.write(2, b'no AVX here\\n')\n    os.abort()")
    assert ended.returncode < 0
    assert "no AVX here\n" in ended.stderr
