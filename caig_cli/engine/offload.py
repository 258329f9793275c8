"""Who is on the device: models that a phase does not need wait in the computer's memory.

On a CPU nothing moves: there is only one memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

HOME = "cpu"


class Movable(Protocol):
    """A model, or anything that holds some."""

    def to(self, device: Any) -> object: ...


@contextmanager
def offloaded(hosts: Sequence[Movable], device: torch.device) -> Iterator[None]:
    """These leave the device for the block, and are back after it."""
    moving = [] if device.type == HOME else hosts
    for host in moving:
        host.to(HOME)
    try:
        yield
    finally:
        for host in moving:
            host.to(device)


@contextmanager
def onloaded(guest: Movable, device: torch.device, hosts: Sequence[Movable] = ()) -> Iterator[None]:
    """A guest is on the device within the block only; meanwhile the ``hosts`` are away."""
    with offloaded(hosts, device):
        if device.type != HOME:
            guest.to(device)
        try:
            yield
        finally:
            offload(guest, device)


def offload(guest: Movable, device: torch.device) -> None:
    """Send a model home until it visits."""
    if device.type != HOME:
        guest.to(HOME)


class DeviceSharing:
    """Models that share a device on which only one of them has room; without ``taken`` all of them stay."""

    def __init__(self, device: torch.device | None = None, *, taken: bool = False) -> None:
        self._device = device
        self._taken = taken and device is not None and device.type != HOME
        self._there: Movable | None = None

    def clear(self) -> None:
        """Make room for a model that is about to be loaded."""
        if self._taken and self._there is not None:
            self._there.to(HOME)
            self._there = None

    def take(self, model: Movable) -> None:
        """It is this model's turn, and it is on the device."""
        if self._taken and model is not self._there:
            self.clear()
            model.to(self._device)
            self._there = model
