"""
General lossless compressors behind one shape: a name, the byte forms each is tried on, encode and decode of bytes. One
thread each, strongest usual setting. zpaq is a program of its own and may be absent.
"""

import lzma
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import imagecodecs

ALL_FORMS = ("packed list", "32-bit words", "delta bytes", "planes", "image")


@dataclass(frozen=True)
class Compressor:
    name: str
    forms: tuple[str, ...]
    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]


def _blosc2(level: int, typesize: int, shuffle: str) -> Compressor:
    def encode(data: bytes) -> bytes:
        return imagecodecs.blosc2_encode(
            data, level=level, compressor="zstd", shuffle=shuffle, typesize=typesize, numthreads=1
        )

    forms = ("32-bit words",) if typesize == 4 else ("delta bytes", "planes", "image")
    name = f"blosc2 zstd-{level} {shuffle} {typesize}"
    return Compressor(name, forms, encode, lambda data: imagecodecs.blosc2_decode(data, numthreads=1))


def _lzma_encode(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_NONE, preset=9 | lzma.PRESET_EXTREME)


COMPRESSORS = (
    Compressor(
        "zstd-19", ALL_FORMS, lambda d: imagecodecs.zstd_encode(d, level=19), lambda d: imagecodecs.zstd_decode(d)
    ),
    Compressor("xz -9e", ALL_FORMS, _lzma_encode, lzma.decompress),
    _blosc2(9, 4, "bitshuffle"),
    _blosc2(9, 4, "shuffle"),
    _blosc2(9, 1, "noshuffle"),
)

def zpaq_or_none() -> tuple[Compressor, ...] | None:
    """zpaq -m5, and zpaq with contexts set by hand for the two-dimensional forms; None where it is not installed."""
    program = shutil.which("zpaq")
    if program is None:
        return None
    rows = {"planes": (32, 192 * 32), "image": (256, 192 * 256)}
    made = [_zpaq(program, "zpaq -m5", "5", ("packed list", "delta bytes", "planes", "image"))]
    for form, (row, layer) in rows.items():
        made.append(_zpaq(program, f"zpaq with contexts for rows of {row} bytes", _contexts(row, layer), (form,)))
    return tuple(made)


def _contexts(row: int, layer: int) -> str:
    """
    A method in zpaq's own language (its manual): blocks of 64 MiB, nothing preprocessed, orders 0–6, then bit
    histories in contexts of neighbouring bytes, a match model, mixers and a final correction as in its level 5.
    """

    def at(*masks: tuple[int, int]) -> str:
        """One context: (distance back, bits kept) ascending; 1000 + n skips n bytes."""
        parts, here = [], 1
        for back, mask in masks:
            if back > here:
                parts.append(str(1000 + back - here))
            parts.append(str(mask))
            here = back + 1
        return "c0.0." + ".".join(parts)

    neighbours = (
        at((row, 255)),
        at((1, 255), (row, 255)),
        at((1, 255), (row - 1, 255), (row, 255)),
        at((1, 240), (2, 240), (row - 1, 240), (row, 240)),
        at((row - 1, 240), (row, 255), (row + 1, 240)),
        at((row, 255), (2 * row, 255)),
        at((1, 255), (2, 240), (row, 255), (2 * row, 240)),
        at((1, 255), (layer, 255)),
        at((1, 192), (row, 255), (layer, 255)),
        at((row, 240), (layer - 1, 240), (layer, 255), (layer + 1, 240)),
    )
    return "x6.0ci1.1.1.1.2" + "".join(neighbours) + "amm16ts19t0"


def _zpaq(program: str, name: str, method: str, forms: tuple[str, ...]) -> Compressor:
    def encode(data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "w").write_bytes(data)
            command = [program, "a", "o.zpaq", "w", "-method", method, "-threads", "1"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            return (Path(folder) / "o.zpaq").read_bytes()

    def decode(data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "o.zpaq").write_bytes(data)
            subprocess.run([program, "x", "o.zpaq", "-threads", "1"], cwd=folder, check=True, capture_output=True)
            return (Path(folder) / "w").read_bytes()

    return Compressor(name, forms, encode, decode)
