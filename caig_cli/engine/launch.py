"""``--num-processes``: the command starts itself once per GPU, with the variables that torch expects."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from caig_cli.engine.process import PASSIVE, processors
from caig_cli.errors import UsageError

LAUNCHERS = ("WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
"""Variables in which torch's launchers, srun and mpirun say how many processes they have started."""

FINE = (0, 3)
"""Exit codes of a process that reached its end."""


def is_launched() -> bool:
    """True in a process of a distributed run, whoever launched it."""
    return "RANK" in os.environ


def relaunch(processes: int, command: Sequence[str] | None = None) -> int:
    """Run a command (None: this command line) in ``processes`` processes; returns the main one's exit code.

    When one fails the others are stopped, because they would wait for it for ever.
    """
    command = command or [sys.executable, "-m", "caig_cli", *sys.argv[1:]]
    port = os.environ.get("MASTER_PORT") or str(_free_port())
    children = [
        subprocess.Popen(command, env=os.environ | _variables(rank, processes, port))
        for rank in range(processes)
    ]
    try:
        while any(child.poll() is None for child in children):
            if any(child.poll() not in (None, *FINE) for child in children):
                break
            time.sleep(0.2)
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
    codes = [child.wait() for child in children]
    failed = [code for code in codes if code not in FINE]
    return codes[0] if not failed else max(1, *failed)


def check_seen(processes: int) -> None:
    """See that as many processes train together as were launched.

    Raises UsageError where each of several would train alone, and all of them would do the same work.
    """
    for name in LAUNCHERS:
        count = os.environ.get(name, "")
        if processes == 1 and count.isdigit() and int(count) > 1:
            raise UsageError(
                f"{name}={count}, but this process sees none of the others: each would train alone; start "
                "them with accelerate launch or torchrun, or with --num-processes"
            )


def check_kind(kind: str) -> None:
    """Raises UsageError for a configuration of accelerate that would be taken for plain data parallelism."""
    asked = {"FSDP": "ACCELERATE_USE_FSDP", "DEEPSPEED": "ACCELERATE_USE_DEEPSPEED"}
    for name, variable in asked.items():
        if kind == name or os.environ.get(variable, "false").lower() == "true":
            raise UsageError(
                f"{variable}: {name} is not used: each process holds the whole model, whose frozen weights "
                "quantise=nf4 makes four times smaller; see docs/scale.md"
            )


def leave() -> None:
    """Close the process group, if this process is in one; torch complains at exit otherwise."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _variables(rank: int, processes: int, port: str) -> dict[str, str]:
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, processors() // processes))
    return (
        PASSIVE
        | {name: os.environ[name] for name in PASSIVE if name in os.environ}
        | {
            "OMP_NUM_THREADS": threads,
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(processes),
            "LOCAL_WORLD_SIZE": str(processes),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
        }
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
