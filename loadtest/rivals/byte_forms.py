"""
A wedge's hits as bytes, in the forms that general compressors are given a fair chance with, and back. Each form is a
pair (pack, unpack): pack takes ascending voxels and their 10-bit ADC values. It compresses nothing itself.
"""

import numpy as np

LAYERS, AZIMUTHS, TIMES = 16, 192, 249
ROWS, ROW_BYTES, ROW_TIMES = LAYERS * AZIMUTHS, 32, 256
VOXEL_BITS, ADC_BITS = 20, 10


def pack_list(voxel: np.ndarray, adc: np.ndarray) -> bytes:
    """30 bits a hit, most significant bit first: voxel, then ADC."""
    word = (voxel.astype(np.uint32) << ADC_BITS | adc).astype(">u4")
    bits = np.unpackbits(word.view(np.uint8).reshape(-1, 4), axis=1)[:, 2:]
    return np.packbits(bits).tobytes()


def unpack_list(data: bytes):
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    count = len(bits) // (VOXEL_BITS + ADC_BITS)
    bits = bits[: count * 30].reshape(count, 30)
    padded = np.concatenate([np.zeros((count, 2), np.uint8), bits], axis=1)
    word = np.packbits(padded, axis=1).view(">u4").ravel().astype(np.uint32)
    return word >> ADC_BITS, (word & 1023).astype(np.uint16)


def pack_words(voxel: np.ndarray, adc: np.ndarray) -> bytes:
    """One little-endian 32-bit word a hit: voxel << 10 | ADC."""
    return (voxel.astype(np.uint32) << ADC_BITS | adc).astype("<u4").tobytes()


def unpack_words(data: bytes):
    word = np.frombuffer(data, "<u4")
    return word >> ADC_BITS, (word & 1023).astype(np.uint16)


def pack_deltas(voxel: np.ndarray, adc: np.ndarray) -> bytes:
    """Count (4 bytes); gaps to the hit before as bytes, 255 for each 255 skipped; ADC high bytes; ADC low bytes."""
    gaps = np.diff(voxel.astype(np.int64), prepend=-1) - 1
    whole, rest = gaps // 255, gaps % 255
    ends = np.cumsum(whole + 1)
    stream = np.full(ends[-1] if len(ends) else 0, 255, np.uint8)
    stream[ends - 1] = rest
    head = np.array([len(voxel)], "<u4").tobytes()
    return head + stream.tobytes() + (adc >> 8).astype(np.uint8).tobytes() + (adc & 255).astype(np.uint8).tobytes()


def unpack_deltas(data: bytes):
    count = int(np.frombuffer(data[:4], "<u4")[0])
    low = np.frombuffer(data[len(data) - count :], np.uint8)
    high = np.frombuffer(data[len(data) - 2 * count : len(data) - count], np.uint8)
    stream = np.frombuffer(data[4 : len(data) - 2 * count], np.uint8)
    # a gap is its run of 255s plus the byte that is not 255
    is_end = stream != 255
    sums = np.cumsum(stream.astype(np.int64))[is_end]
    gaps = np.diff(sums, prepend=0)
    voxel = (np.cumsum(gaps + 1) - 1).astype(np.uint32)
    return voxel, high.astype(np.uint16) << 8 | low


def pack_planes(voxel: np.ndarray, adc: np.ndarray) -> bytes:
    """Occupancy, eight times a byte, 32 bytes a row of 256; then the hits' ADC − 64: bytes of high bits, low bits."""
    mask = np.zeros((ROWS, ROW_TIMES), np.uint8)
    mask[voxel // TIMES, voxel % TIMES] = 1
    value = adc - 64
    return (
        np.packbits(mask, axis=1).tobytes() + (value >> 2).astype(np.uint8).tobytes() + _pack_low_bits(value)
    )


def unpack_planes(data: bytes):
    head = ROWS * ROW_BYTES
    mask = np.unpackbits(np.frombuffer(data[:head], np.uint8)).reshape(ROWS, ROW_TIMES)[:, :TIMES]
    voxel = np.flatnonzero(mask).astype(np.uint32)
    high = np.frombuffer(data[head : head + len(voxel)], np.uint8).astype(np.uint16)
    value = high << 2 | _unpack_low_bits(data[head + len(voxel) :], len(voxel))
    return voxel, value + 64


def pack_image(voxel: np.ndarray, adc: np.ndarray) -> bytes:
    """ADC >> 2 as an image of one byte a voxel, rows of 256 times, 0 where there is no hit; then the hits' low bits."""
    image = np.zeros((ROWS, ROW_TIMES), np.uint8)
    image[voxel // TIMES, voxel % TIMES] = adc >> 2
    return image.tobytes() + _pack_low_bits(adc)


def unpack_image(data: bytes):
    image = np.frombuffer(data[: ROWS * ROW_TIMES], np.uint8).reshape(ROWS, ROW_TIMES)[:, :TIMES].ravel()
    voxel = np.flatnonzero(image).astype(np.uint32)
    low = _unpack_low_bits(data[ROWS * ROW_TIMES :], len(voxel))
    return voxel, image[voxel].astype(np.uint16) << 2 | low


def _pack_low_bits(value: np.ndarray) -> bytes:
    """The two lowest bits of each value, four values a byte."""
    low = (value & 3).astype(np.uint8)
    low = np.concatenate([low, np.zeros(-len(low) % 4, np.uint8)]).reshape(-1, 4)
    return (low << np.array([6, 4, 2, 0], np.uint8)).sum(axis=1).astype(np.uint8).tobytes()


def _unpack_low_bits(data: bytes, count: int) -> np.ndarray:
    packed = np.frombuffer(data, np.uint8)[:, None]
    return (packed >> np.array([6, 4, 2, 0], np.uint8) & 3).ravel()[:count].astype(np.uint16)


FORMS = {
    "packed list": (pack_list, unpack_list),
    "32-bit words": (pack_words, unpack_words),
    "delta bytes": (pack_deltas, unpack_deltas),
    "planes": (pack_planes, unpack_planes),
    "image": (pack_image, unpack_image),
}
