"""A run's folder as others open it: argv is the folder of a run and that of an exported view. Prints one JSON line."""

import glob
import json
import logging
import os
import sys
import tempfile

run, view, cache = sys.argv[1], sys.argv[2], tempfile.mkdtemp()
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_CACHE=cache, HF_HOME=cache, CROISSANT_CACHE=cache)

import awkward as ak
import datasets
import duckdb
import mlcroissant
import pyarrow.dataset
import pyarrow.parquet

datasets.disable_progress_bars()
found = {}

tables = [pyarrow.parquet.read_table(name) for name in sorted(glob.glob(f"{run}/view/*.parquet"))]
found["pyarrow"] = {
    "rows": sum(table.num_rows for table in tables),
    "tokens": str(tables[0].schema.field("tokens").type),
    "sum": sum(sum(sum(one) for one in table["tokens"].to_pylist()) for table in tables),
    "packets": pyarrow.dataset.dataset(sorted(glob.glob(f"{run}/data/*.packets.*.parquet"))).count_rows(),
}

count, total = duckdb.sql(
    f"select count(*), sum(list_sum(tokens)) from read_parquet('{run}/view/*.parquet', hive_partitioning = false)"
).fetchall()[0]
joined = duckdb.sql(
    f"""select count(*) from read_parquet('{run}/data/*.packets.*.parquet') p
    join read_parquet('{run}/data/*.events.*.parquet') e using (time_frame)"""
).fetchall()[0][0]
found["duckdb"] = {"rows": count, "sum": int(total), "joined": joined}

arrays = ak.concatenate([ak.from_parquet(name) for name in sorted(glob.glob(f"{run}/view/*.parquet"))])
found["awkward"] = {
    "rows": len(arrays),
    "sum": int(ak.sum(arrays.tokens)),
    "patches": bool(ak.all(ak.num(arrays.tokens) == 5 * ak.num(arrays.patch_time))),
}

loaded = datasets.load_dataset(run)
found["datasets"] = {
    "rows": {name: len(part) for name, part in loaded.items()},
    "sum": sum(sum(sum(one) for one in part["tokens"]) for part in loaded.values()),
    "packets": len(datasets.load_dataset(run, "packets")["run"]),
    "exported": {name: len(part) for name, part in datasets.load_dataset(view).items()},
}

messages = []


class Kept(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())


logging.getLogger().addHandler(Kept(logging.WARNING))
croissant = {}
for name, folder in (("run", run), ("view", view)):
    described = mlcroissant.Dataset(f"{folder}/croissant.json")
    issues = described.metadata.issues
    rows = list(described.records("view"))
    croissant[name] = {
        "errors": sorted(map(str, issues.errors)),
        "warnings": sorted(map(str, issues.warnings)),
        "rows": len(rows),
        "splits": sorted({bytes(row["view/split"]).decode() for row in rows}),
        "sum": int(sum(sum(map(int, row["view/tokens"])) for row in rows)),
    }
found["mlcroissant"] = croissant
found["messages"] = sorted(set(messages))
print(json.dumps(found))
