"""Segmentation networks in ONNX: where in a photo its product is, at the network's own resolution.

Run by onnxruntime on one thread, so that a photo gives the same bytes whatever runs beside it. A network is
data: no library of custom operators is ever loaded, and no file beside the named one is read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caig_cli.cutouts import weights
from caig_cli.cutouts.network_kinds import KINDS, NetworkKind
from caig_cli.cutouts.source import FORMS, split_kind
from caig_cli.data.images import shown
from caig_cli.engine import onnx_files, sources
from caig_cli.engine.hub_name import HubName
from caig_cli.errors import UsageError, in_words

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = NDArray[np.float32]

SIDES = range(32, 4097)
"""Heights and widths in pixels that an input may have."""

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class Segmenter:
    """A network that is ready. ``name``: u2netp, a file's name or a hub name with its commit; no path."""

    def __init__(
        self, name: str, kind: NetworkKind, session: InferenceSession, size: tuple[int, int]
    ) -> None:
        self.name = name
        self.size = size
        """(height, width) of the input in pixels."""
        self._kind, self._session = kind, session
        entry = session.get_inputs()[0]
        self._input, self._type = entry.name, _TYPES[entry.type]
        self._output = session.get_outputs()[kind.output].name

    def predict(self, rgb: NDArray[np.uint8]) -> Floats:
        """How much each place is product: of rgb [H, W, 3] float32 [h, w] in 0..1.

        Raises UsageError where the network fails or gives no mask.
        """
        batch = prepared(rgb, self._kind, self.size).astype(self._type)
        try:
            (given,) = self._session.run([self._output], {self._input: batch})
        except Exception as error:  # onnxruntime has a class for each status, and no common one
            raise UsageError(f"{self.name}: fails on a photo ({_reason(error)}); {_ADVICE}") from None
        values = np.squeeze(np.asarray(given))
        if values.ndim != 2 or min(values.shape) < 8 or values.dtype.kind != "f":
            what = f"{values.dtype} of shape {list(np.shape(given))}"
            raise UsageError(f"{self.name}: gives {what} instead of one mask; {_ADVICE}")
        if not np.isfinite(values).all():
            raise UsageError(f"{self.name}: gives values that are no numbers; {_ADVICE}")
        return self._kind.to_mask(values.astype(np.float32)).astype(np.float32)


_ADVICE = "give another network, or cut out by auto or plain"


def prepared(rgb: NDArray[np.uint8], kind: NetworkKind, size: tuple[int, int]) -> Floats:
    """A network's input [1, 3, h, w] of a photo [H, W, 3], stretched to ``size`` (h, w)."""
    image = Image.fromarray(rgb).resize((size[1], size[0]), Image.Resampling.LANCZOS)
    levels: Floats = np.asarray(image, dtype=np.float32)
    levels = levels / (255 if kind.divide_by == "255" else max(1.0, float(levels.max())))
    mean, std = np.array(kind.mean, np.float32), np.array(kind.std, np.float32)
    return np.ascontiguousarray(((levels - mean) / std).transpose(2, 0, 1)[None])


# --- opening ---------------------------------------------------------------------------------------


def load_segmenter(source: str, notify: Callable[[str], None]) -> Segmenter:
    """The network that a ``CutoutSource`` other than plain names, opened once in a process.

    ``notify`` is told before a download. Raises UsageError for a network that can't be used, and RunError
    where auto, or a file of the hub, can't be had.
    """
    try:
        kind, name = split_kind(source)
    except ValueError as error:
        raise UsageError(f"{source}: {error}") from None
    if source == "auto":
        return _open(weights.fetch(weights.DEFAULT, notify), weights.DEFAULT.name, weights.KIND)
    hub = HubName.parse(name)
    if hub is not None and hub.file is not None:
        if sources.is_remote(name):
            notify(f"fetching the cut-out network {name}")
        path = sources.locate(name)
        return _open(path, hub.at(sources.commit_of(path)), kind)
    path = Path(name).expanduser()
    if not path.is_file():
        raise UsageError(f"{shown(name)}: no such file; cut out by {FORMS}")
    return _open(path, shown(path.name), kind, folder=path.absolute().parent.name)


def _open(path: Path, name: str, kind: str | None, folder: str = "") -> Segmenter:
    facts = path.stat()
    return _opened(path.resolve(), name, kind, folder, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=2)
def _opened(path: Path, name: str, said: str | None, folder: str, _time: int, _size: int) -> Segmenter:
    if not onnx_files.is_whole(path):
        raise UsageError(f"{name}: is no ONNX network, or is cut short; download or export it again")
    if onnx_files.has_outside_weights(path):
        raise UsageError(
            f"{name}: keeps its weights in another file; export it again with all of them inside"
        )
    session = _session(path, name)
    size = _input_size(session, name)
    kind = said or kind_of(f"{folder}/{name}", size)
    if kind is None:
        example = f"{next(iter(KINDS))}:{name}"
        raise UsageError(
            f"{name}: its kind can't be told from its name or input; say it before the name, as in {example} "
            f"(known kinds: {', '.join(KINDS)})"
        )
    row = KINDS[kind]
    height, width = (side or row.size for side in size)
    return Segmenter(name, row, session, (height, width))


def kind_of(name: str, size: tuple[int | None, int | None] = (None, None)) -> str | None:
    """The kind of a network: by its file's name, else its folder's or repository's, else its input's size.

    Of several words in a name the longest counts; a size counts if one kind alone has it. Else None.
    """
    for part in reversed(name.lower().partition("@")[0].split("/")):
        said = [(len(word), kind) for kind, row in KINDS.items() for word in row.words if word in part]
        if said:
            return max(said)[1]
    sized = [kind for kind, row in KINDS.items() if row.fixed and size == (row.size, row.size)]
    return sized[0] if len(sized) == 1 else None


def _session(path: Path, name: str) -> InferenceSession:
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)  # fatal only: its complaints become our one line
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # 200 MB less for the smallest network, and no slower on one thread
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # see predict
        reason = _reason(error)
        foreign = any(words in str(error) for words in _FOREIGN)
        why = "needs operators that onnxruntime does not have" if foreign else "onnxruntime can't open it"
        raise UsageError(f"{name}: {why} ({reason}); {_ADVICE}") from None


_FOREIGN = ("is not a registered function/op", "No Op registered", "No opset import")


def _input_size(session: InferenceSession, name: str) -> tuple[int | None, int | None]:
    """(height, width) that the one input asks for, None where any will do. Raises UsageError for no photo."""
    inputs = session.get_inputs()
    shape: list[Any] = list(inputs[0].shape or ()) if inputs else []
    batch, channels, *sides = shape if len(shape) == 4 else (0, 0)
    fits = _any_or(batch, 1) and _any_or(channels, 3)
    if len(inputs) != 1 or not fits or inputs[0].type not in _TYPES or not session.get_outputs():
        what = ", ".join(f"{entry.type} {entry.shape}" for entry in inputs) or "nothing"
        raise UsageError(f"{name}: takes {what} instead of one photo [1, 3, height, width]; {_ADVICE}")
    if any(isinstance(side, int) and side not in SIDES for side in sides):
        raise UsageError(f"{name}: takes {sides}, no size for a photo; {_ADVICE}")
    height, width = (side if isinstance(side, int) else None for side in sides)
    return height, width


def _any_or(side: object, wanted: int) -> bool:
    """Whether a side of a shape has one length, or none in particular (a name, or None)."""
    return side == wanted if isinstance(side, int) else True


def _reason(error: Exception) -> str:
    """What onnxruntime says, without its prefix and the path of the file."""
    text = " ".join(str(error).split())
    text = text.rpartition("failed:")[2] if "Load model from" in text else text.rpartition(" : ")[2]
    return text[:160].strip(" .") or in_words(error)
