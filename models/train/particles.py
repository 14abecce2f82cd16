"""Makes the particle lists the detector simulation starts from: PYTHIA 8 p+p and Angantyr Au+Au at 200 GeV.

Run once; it refuses to do anything but that: no detector, no split (the split goes by event index, in the
simulation). Output: models/particles/{pp200,auau200}.bin and a .json of provenance beside each. A long list may be made
in several sittings, each of a seed of its own: `--append` puts what it makes behind what is there.

Binary format, little-endian, version 1 (read by src/sim/particles.ts):
  bytes 0..3  "tpl1";  u32 eventCount;  u32 particleCount
  eventCount x { u32 end: index of one past the event's last particle; u16 impact: impact parameter in
    1/1000 fm, 65535 = not defined; u16 participants: wounded nucleons, 0 = not defined }
  then, column by column, particleCount entries each:
    i8  species: sign = charge, magnitude 1 pi, 2 K, 3 p, 4 e, 5 mu, 6 Sigma-, 7 Xi-, 8 Omega-, 9 Sigma+
        (for 6..9 the magnitude names the particle and its antiparticle has the opposite sign)
    u16 logPt: pT = 0.05 GeV * exp(logPt / 8192); covers 0.05 ... 149 GeV, relative step 1.2e-4
    i16 eta: eta = eta / 16000
    u16 phi: phi = 2 pi * phi / 65536
    i16 vx, vy: production vertex in 1/400 cm (range +-81.9 cm)
    i16 vz: production vertex in 1/200 cm (range +-163 cm)
Particles whose vertex lies outside that range are left out: they start behind the sensitive volume.
"""

import argparse
import json
import math
import pathlib
import struct
import sys
import time

import numpy as np
import pythia8mc as pythia8

from particle_list import write_list

SPECIES = {211: 1, 321: 2, 2212: 3, 11: 4, 13: 5, 3112: 6, 3312: 7, 3334: 8, 3222: 9}
ETA_MAX = 2.0
PT_MIN_GEV = 0.05
VXY_STEP_CM, VZ_STEP_CM = 1 / 400, 1 / 200

COMMON = [
    "Beams:eCM = 200.",
    "Print:quiet = on",
    # What lives longer than the path to the field cage is left to fly: decays inside are PYTHIA's.
    "ParticleDecays:limitCylinder = on",
    "ParticleDecays:xyMax = 800.",
    "ParticleDecays:zMax = 1600.",
]
SETTINGS = {
    "pp200": ["Beams:idA = 2212", "Beams:idB = 2212", "SoftQCD:nonDiffractive = on"],
    # Angantyr, the heavy-ion machinery of PYTHIA, with unit weights: impact parameters uniform in b squared.
    "auau200": ["Beams:idA = 1000791970", "Beams:idB = 1000791970", "HeavyIon:forceUnitWeight = on"],
}
# PYTHIA's own file of fitted nucleon cross sections, so that none are fitted here.
ANGANTYR_DEFAULTS = "share/Pythia8/setups/InitDefaultAngantyr.cmnd"
CENTRAL_B_MAX_FM, MINIMUM_BIAS_B_MAX_FM = 4.0, 15.0
TITLES = {
    "pp200": "p+p, sqrt(s) = 200 GeV, SoftQCD:nonDiffractive",
    "auau200": "Au+Au, sqrt(s_NN) = 200 GeV, Angantyr, minimum bias and central mixed, impact parameter stored",
}


def collect(event, columns):
    """Appends one event's final charged particles inside the acceptance; returns how many."""
    count = 0
    for p in event:
        if not p.isFinal() or not p.isCharged():
            continue
        code = SPECIES.get(abs(p.id()))
        if code is None or p.pT() < PT_MIN_GEV or abs(p.eta()) > ETA_MAX:
            continue
        vx, vy, vz = p.xProd() / 10, p.yProd() / 10, p.zProd() / 10  # mm -> cm
        qx, qy, qz = round(vx / VXY_STEP_CM), round(vy / VXY_STEP_CM), round(vz / VZ_STEP_CM)
        if max(abs(qx), abs(qy), abs(qz)) > 32767:
            continue
        columns.append((
            code if p.charge() > 0 else -code,
            min(65535, round(8192 * math.log(p.pT() / PT_MIN_GEV))),
            round(16000 * p.eta()),
            round(65536 * (p.phi() % (2 * math.pi)) / (2 * math.pi)) & 0xFFFF,
            qx, qy, qz,
        ))
        count += 1
    return count


def start(name, seed, impact_max_fm=None):
    pythia = pythia8.Pythia("", False)
    lines = COMMON + SETTINGS[name] + ["Random:setSeed = on", f"Random:seed = {seed}"]
    if impact_max_fm is not None:
        pythia.readFile(str(pathlib.Path(sys.prefix) / ANGANTYR_DEFAULTS))
        lines += ["HeavyIon:bWidth = 1.", f"HeavyIon:bWidthCut = {impact_max_fm}"]
    for line in lines:
        if not pythia.readString(line):
            sys.exit(f"PYTHIA does not know: {line}")
    if not pythia.init():
        sys.exit("PYTHIA did not start")
    return pythia


def generate(name, seed, events, central):
    """`central` of the `events` have b < 4 fm (Au+Au), spread evenly so that any stretch of the file is a fair mix."""
    columns, ends, impacts, participants = [], [], [], []
    nuclei = name == "auau200"
    ordinary = start(name, seed, MINIMUM_BIAS_B_MAX_FM if nuclei else None)
    head_on = start(name, seed + 1, CENTRAL_B_MAX_FM) if central else None
    began = time.time()
    while len(ends) < events:
        position = len(ends)
        pythia = head_on if (position + 1) * central // events > position * central // events else ordinary
        if not pythia.next():
            continue
        impact, wounded = 65535, 0
        if nuclei:
            info = pythia.heavyIonsPtr.hiInfo
            impact, wounded = min(65534, round(1000 * info.b())), info.nPartProj() + info.nPartTarg()
        if collect(pythia.event, columns) == 0:
            continue  # nothing to see: no collision as far as this detector knows
        ends.append(len(columns))
        impacts.append(impact)
        participants.append(wounded)
        if len(ends) % (20 if nuclei else 2000) == 0:
            print(f"{name}: {len(ends)} of {events} events, {len(columns)} particles, "
                  f"{time.time() - began:.0f} s", flush=True)
    return columns, ends, impacts, participants


KINDS = ["<i1", "<u2", "<i2", "<u2", "<i2", "<i2", "<i2"]


def packed(columns, ends, impacts, participants):
    table = np.array(columns, dtype=np.int64)
    events = np.array(list(zip(ends, impacts, participants)), dtype="<u4,<u2,<u2")
    return events, [np.ascontiguousarray(table[:, i]).astype(kind) for i, kind in enumerate(KINDS)]


def read_list(body):
    """Events and columns of a list that was written before."""
    event_count, count = struct.unpack_from("<II", body, 4)
    events = np.frombuffer(body, "<u4,<u2,<u2", event_count, 12)
    columns, at = [], 12 + events.nbytes
    for kind in KINDS:
        columns.append(np.frombuffer(body, kind, count, at))
        at += columns[-1].nbytes
    assert body[:4] == b"tpl1" and at == len(body), "not a whole particle list"
    return events, columns


def joined(first, then):
    """One list behind another: the ends of the second go on from the first's."""
    events = np.concatenate([first[0], then[0]])
    events["f0"][len(first[0]):] += len(first[1][0])
    return events, [np.concatenate(pair) for pair in zip(first[1], then[1])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(SETTINGS))
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--central", type=int, default=0, help="of these, events with b < 4 fm (Au+Au only)")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--append", action="store_true", help="behind the list that is there")
    parser.add_argument("--out", default=str(pathlib.Path(__file__).resolve().parent.parent / "particles"))
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    seeds, central = [args.seed], args.central
    made = packed(*generate(args.name, args.seed, args.events, args.central))
    if args.append:
        said = json.loads((out / f"{args.name}.json").read_text())
        seeds = said.get("seeds", [said["seed"]]) + seeds
        central += said["centralEvents"]
        made = joined(read_list((out / f"{args.name}.bin").read_bytes()), made)
    events, columns = made
    body = b"tpl1" + struct.pack("<II", len(events), len(columns[0]))
    body += events.tobytes() + b"".join(column.tobytes() for column in columns)
    write_list(out, args.name, TITLES[args.name], body, {
        "settings": COMMON + SETTINGS[args.name] + (["include " + ANGANTYR_DEFAULTS] if central else []),
        "impactParameterMaxFm": {"central": CENTRAL_B_MAX_FM, "minimumBias": MINIMUM_BIAS_B_MAX_FM} if central else None,
        **({"seed": seeds[0]} if len(seeds) == 1 else {"seeds": seeds}),
        "selection": f"final, charged, |eta| < {ETA_MAX}, pT > {PT_MIN_GEV} GeV",
        "events": len(events),
        "centralEvents": central,
        "particles": len(columns[0]),
        "format": "tpl1, described in models/train/particles.py",
    })
    print(f"{args.name}: {len(events)} events, {len(columns[0])} particles, {len(body)} bytes")


if __name__ == "__main__":
    main()
