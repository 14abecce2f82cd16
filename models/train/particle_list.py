"""
Writes an event list of PYTHIA particles with where it comes from: the same for every list that is shipped.
"""

import hashlib
import json
import pathlib

GENERATOR = {"generator": "PYTHIA 8 (package pythia8mc 8.317.2 from PyPI)", "version": "8.317"}
LICENCE = (
    "PYTHIA is GPL-2.0-or-later and is not part of this repository; these are numbers it produced. "
    "Its authors ask to cite C. Bierlich et al., SciPost Phys. Codebases 8 (2022)."
)


def write_list(out: pathlib.Path, stem: str, title: str, body: bytes, provenance: dict) -> None:
    """stem.bin with the list, and stem.json that says what it is, hashed. The folder is made."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{stem}.bin").write_bytes(body)
    said = {
        "title": title,
        **GENERATOR,
        **provenance,
        "sha256": hashlib.sha256(body).hexdigest(),
        "licence": LICENCE,
    }
    (out / f"{stem}.json").write_text(json.dumps(said, indent=2) + "\n")
