"""The outside reader and writer: the public streaming_data_types package against files of messages.

`read FOLDER` prints what it finds in x5f2.bin, f144_*.bin and al00.bin as JSON; `write FOLDER` writes its own.
"""

import json
import pathlib
import sys

import numpy
from streaming_data_types.alarm_al00 import Severity, deserialise_al00, serialise_al00
from streaming_data_types.logdata_f144 import deserialise_f144, serialise_f144
from streaming_data_types.status_x5f2 import deserialise_x5f2, serialise_x5f2

TIME_NS = 1_750_000_000_123_456_789


def read(folder):
    found = {}
    for path in sorted(folder.glob("*.bin")):
        message = path.read_bytes()
        if path.stem.startswith("x5f2"):
            found[path.stem] = deserialise_x5f2(message)._asdict()
        elif path.stem.startswith("f144"):
            log = deserialise_f144(message)
            found[path.stem] = {
                "source_name": log.source_name,
                "value": numpy.asarray(log.value).tolist(),
                "timestamp_unix_ns": str(log.timestamp_unix_ns),
            }
        elif path.stem.startswith("al00"):
            alarm = deserialise_al00(message)
            found[path.stem] = {
                "source": alarm.source,
                "timestamp_ns": str(alarm.timestamp_ns),
                "severity": alarm.severity.name,
                "message": alarm.message,
            }
    json.dump(found, sys.stdout)


def write(folder):
    status = serialise_x5f2("écrivain", "2.0", "id", "host", 2**32 - 1, 1000, '{"status": 200}')
    (folder / "x5f2.bin").write_bytes(status)
    for severity in Severity:
        alarm = serialise_al00("source", TIME_NS, severity, "a message")
        (folder / f"al00_{severity.name}.bin").write_bytes(alarm)
    kinds = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
    for kind in kinds:
        edges = numpy.iinfo(kind) if "int" in kind else None
        values = [edges.min, 0, edges.max] if edges else [-1.5, 0, 2.25]
        scalar = numpy.array(values[2], dtype=kind)
        many = numpy.array(values, dtype=kind)
        (folder / f"f144_{kind}.bin").write_bytes(serialise_f144("source", scalar, TIME_NS))
        (folder / f"f144_{kind}_array.bin").write_bytes(serialise_f144("source", many, TIME_NS))


if __name__ == "__main__":
    {"read": read, "write": write}[sys.argv[1]](pathlib.Path(sys.argv[2]))
