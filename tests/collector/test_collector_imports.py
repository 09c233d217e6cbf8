"""The collector's image holds the standard library and the collector, and nothing else."""

import subprocess
import sys

from tests.collector.collector_process import SOURCE_ROOT

_PROGRAM = """
import sys
sys.path.insert(0, {root!r})
import kubetune.collector.main
print("\\n".join(sorted(sys.modules)))
"""


def test_only_the_standard_library_and_the_collector_itself_are_imported() -> None:
    program = _PROGRAM.format(root=str(SOURCE_ROOT))
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    modules = run.stdout.split()
    own = {name for name in modules if name.startswith("kubetune")}
    foreign = {name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign - own <= {"__main__"}
    assert {name for name in own if not name.startswith("kubetune.collector")} == {"kubetune"}


def test_modules_that_cost_start_time_and_memory_are_left_out() -> None:
    program = _PROGRAM.format(root=str(SOURCE_ROOT))
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    costly = {"asyncio", "dataclasses", "inspect", "logging", "pathlib", "subprocess"}
    assert costly.isdisjoint(run.stdout.split())
