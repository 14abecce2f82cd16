"""The outside reader and writer: the public streaming_data_types package against files of messages.

`read FOLDER` prints what it finds in x5f2, f144, al00 and da00 files as JSON; `write FOLDER` writes its own.
"""

import datetime
import json
import pathlib
import sys

import numpy
from streaming_data_types.action_response_answ import deserialise_answ, serialise_answ
from streaming_data_types.alarm_al00 import Severity, deserialise_al00, serialise_al00
from streaming_data_types.fbschemas.action_response_answ.ActionOutcome import ActionOutcome
from streaming_data_types.fbschemas.action_response_answ.ActionType import ActionType
from streaming_data_types.finished_writing_wrdn import deserialise_wrdn, serialise_wrdn
from streaming_data_types.dataarray_da00 import Variable, deserialise_da00, serialise_da00
from streaming_data_types.logdata_f144 import deserialise_f144, serialise_f144
from streaming_data_types.run_start_pl72 import (
    DetectorSpectrumMap,
    deserialise_pl72,
    serialise_pl72,
)
from streaming_data_types.run_stop_6s4t import deserialise_6s4t, serialise_6s4t
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
        elif path.stem.startswith("da00"):
            array = deserialise_da00(message)
            found[path.stem] = {
                "source_name": array.source_name,
                "timestamp_ns": str(array.timestamp_ns),
                "data": [
                    {
                        "name": one.name,
                        "unit": one.unit,
                        "label": one.label,
                        "axes": one.axes,
                        "data": one.data.tolist() if isinstance(one.data, numpy.ndarray) else one.data,
                    }
                    for one in array.data
                ],
            }
        elif path.stem.startswith("al00"):
            alarm = deserialise_al00(message)
            found[path.stem] = {
                "source": alarm.source,
                "timestamp_ns": str(alarm.timestamp_ns),
                "severity": alarm.severity.name,
                "message": alarm.message,
            }
        elif path.stem.startswith("pl72"):
            found[path.stem] = deserialise_pl72(message)._asdict()
        elif path.stem.startswith("6s4t"):
            found[path.stem] = deserialise_6s4t(message)._asdict()
        elif path.stem.startswith("wrdn"):
            found[path.stem] = deserialise_wrdn(message)._asdict()
        elif path.stem.startswith("answ"):
            answer = deserialise_answ(message)._asdict()
            found[path.stem] = {**answer, "stop_time": answer["stop_time"].timestamp()}
    json.dump(found, sys.stdout)


def write(folder):
    status = serialise_x5f2("écrivain", "2.0", "id", "host", 2**32 - 1, 1000, '{"status": 200}')
    (folder / "x5f2.bin").write_bytes(status)
    for severity in Severity:
        alarm = serialise_al00("source", TIME_NS, severity, "a message")
        (folder / f"al00_{severity.name}.bin").write_bytes(alarm)
    spectra = DetectorSpectrumMap([4, 5], [1, 2], 2)
    pl72 = serialise_pl72("job", "file.nxs", 1000, 2000, "run_42", "{}", "us", "tpc", "", "{}", spectra)
    (folder / "pl72.bin").write_bytes(pl72)
    (folder / "6s4t.bin").write_bytes(serialise_6s4t("job", "run_42", "us", "command", 3000))
    (folder / "wrdn.bin").write_bytes(serialise_wrdn("us", "job", True, "file", "{}", "disk"))
    stop = datetime.datetime.fromtimestamp(3, tz=datetime.timezone.utc)
    answ = serialise_answ(
        "us", "job", "command", ActionType.SetStopTime, ActionOutcome.Failure, "no", 409, stop
    )
    (folder / "answ.bin").write_bytes(answ)
    counts = Variable("signal", numpy.arange(6, dtype="int32").reshape(2, 3), ["y", "x"], unit="counts", label="hits")
    edges = Variable("x", numpy.array([0.5, 1.5, 2.5]), ["x"], unit="mm", source="geometry")
    array = serialise_da00("source", TIME_NS, [counts, edges, Variable("note", "größer"), Variable("one", 7)])
    (folder / "da00.bin").write_bytes(array)
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
