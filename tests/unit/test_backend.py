"""What is written to standard error while Keras loads: nothing is shown, unless it was the last that was heard."""

import os
import subprocess
import sys
from pathlib import Path


def run(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import os, sys\nfrom worker.network.backend import held_back, load_backend\n{code}"
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_keras_loads_without_a_word_of_its_backend_and_without_what_is_of_no_use_here() -> None:
    ended = run(
        "load_backend()\nimport tensorflow\nprint('heard', file=sys.stderr)\n"
        "print(tensorflow.__name__, {'sklearn', 'matplotlib'} & sys.modules.keys())\nimport sklearn, matplotlib.pyplot"
    )
    assert ended.returncode == 0, ended.stderr
    assert (ended.stdout, ended.stderr) == ("tensorflow set()\n", "heard\n")


def test_what_one_thread_leaves_out_others_find() -> None:
    ended = run(
        "from threading import Thread\nfrom worker.network.backend import _left_out\nfound = []\n"
        "def look():\n"
        "    try:\n        import wave\n        found.append(wave.__name__)\n"
        "    except ImportError as error:\n        found.append(f'no {error.name}')\n"
        "with _left_out(('wave',)):\n    look()\n    other = Thread(target=look)\n    other.start()\n    other.join()\n"
        "print(found)"
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "['no wave', 'wave']\n"


NOISE = "I0000 00:00:1795689559.807987   29202 port.cc:153] oneDNN custom operations are on"
CU_INIT = "E0000 00:00:1795689562.735642   29202 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)"


def test_what_c_wrote_is_shown_when_the_import_fails() -> None:
    ended = run(f"with held_back():\n    os.write(2, b'{NOISE}\\n')\n    raise ImportError('broken')")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{NOISE}\n")
    assert ended.stderr.endswith("ImportError: broken\n")


def test_what_c_wrote_is_shown_when_it_ends_the_process() -> None:
    ended = run(f"with held_back():\n    os.write(2, b'no AVX here\\n{NOISE}\\n')\n    os.abort()")
    assert ended.returncode < 0
    assert ended.stderr.startswith(f"no AVX here\n{NOISE}\n")


def test_errors_and_what_others_log_go_on_their_way_and_cu_init_only_where_a_gpu_is(tmp_path: Path) -> None:
    kept = ["2026-11-26T10:39:34Z INFO    worker.tasks: 3 files", "E0000 00:00:1795689562.7 1 x.cc:5] out of memory"]
    lines = "\n".join([kept[0], NOISE, CU_INIT, kept[1]])
    code = f"from pathlib import Path\nwith held_back(Path({str(tmp_path)!r})):\n    print({lines!r}, file=sys.stderr)"
    assert run(code).stderr.splitlines() == kept
    (tmp_path / "nvidia0").touch()
    assert run(code).stderr.splitlines() == [kept[0], CU_INIT, kept[1]]


def test_a_log_of_a_worker_says_nothing_of_how_its_libraries_were_loaded() -> None:
    ended = run(
        "from shared.logs import configure_logging\nconfigure_logging('info')\nimport faiss, logging\n"
        "from worker.network.weights import load, resolve\nload(resolve('random'), 'float32', 1)\n"
        "logging.getLogger('worker').info('heard')"
    )
    assert ended.returncode == 0
    [line] = ended.stderr.splitlines()
    assert line.endswith("worker: heard")
