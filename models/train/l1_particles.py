"""Makes the event lists the trigger simulation starts from: PYTHIA 8 p+p at 13 TeV, soft, hard and signal processes.

Run once a process, or for all of them; it refuses to do anything but that: no detector, no trigger, no mixture (`src/sim/objects` does
those). Output: models/particles/l1_<process>.bin and a .json of provenance beside each. The first half of a list's
events is for training, the second for tests.

Binary format, little-endian, version 1 (read by src/sim/objects/events.ts):
  bytes 0..3  "l1e1";  u32 eventCount;  u32 particleCount
  eventCount x { u16 particles; f32 weight: how often the event should be drawn, up to a factor }
  then, column by column, particleCount entries each:
    u16 momentum: logPt << 4 | kind.  pT = 0.3 GeV * exp(logPt * ln(20000) / 4095): 0.3 ... 6000 GeV, relative step
        0.24 %.  kind: 0 photon, 1 e-, 2 e+, 3 mu-, 4 mu+, 5 positive hadron, 6 negative hadron, 7 neutral hadron
    3 bytes direction: eta (12 bits, -5 + 10 * (n + 1/2) / 4096) << 12 | phi (12 bits, 2 pi * n / 4096), lowest first
Neutrinos are left out: they are what the trigger does not see.
"""

import argparse
import math
import pathlib
import random
import struct
import sys
import time

import numpy as np
import pythia8mc as pythia8

from particle_list import write_list

PT_MIN_GEV, PT_SPAN = 0.3, math.log(20000) / 4095
ETA_MAX = 5.0
PHOTON, ELECTRON, POSITRON, MUON, ANTIMUON, POSITIVE, NEGATIVE, NEUTRAL = range(8)
KINDS = {22: PHOTON, 11: ELECTRON, -11: POSITRON, 13: MUON, -13: ANTIMUON}
INVISIBLE = {12, 14, 16}
# Below it a hard event's particles are as those of one more soft event, which the simulation adds.
HARD_PT_MIN_GEV = 1.5

COMMON = [
    "Beams:eCM = 13000.",
    "Beams:idA = 2212",
    "Beams:idB = 2212",
    "Print:quiet = on",
]
LEPTONIC = ["onMode = off", "onIfAny = 11 13"]


def decays(code, *lines):
    return [f"{code}:{line}" for line in lines]


PROCESSES = {
    "soft": ("inelastic p+p, minimum bias", ["SoftQCD:inelastic = on"]),
    # Harder scatterings are drawn more often (pT-hat to the fourth) and weigh less.
    "qcd": (
        "QCD 2 -> 2, pT-hat > 25 GeV, drawn in favour of high pT-hat; the weight restores the falling spectrum",
        ["HardQCD:all = on", "PhaseSpace:pTHatMin = 25.", "PhaseSpace:bias2Selection = on",
         "PhaseSpace:bias2SelectionPow = 3.5", "PhaseSpace:bias2SelectionRef = 25."],
    ),
    "w": ("W -> e nu, mu nu; hard ones kept in full, of the others a share", [
        "WeakSingleBoson:ffbar2W = on", *decays(24, *LEPTONIC)]),
    "z": ("Z/gamma* -> ee, mumu above 50 GeV; hard ones kept in full, of the others a share", [
        "WeakSingleBoson:ffbar2gmZ = on", "PhaseSpace:mHatMin = 50.", *decays(23, *LEPTONIC)]),
    "tt": ("top pairs, all decays", ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on"]),
    # A neutral scalar of 50 GeV made as a Higgs boson, decaying by PYTHIA's H -> ZZ with both Z far off their mass.
    "a4l": ("A (50 GeV) -> Z*Z* -> 4 l (e, mu)", [
        "HiggsSM:gg2H = on", "25:m0 = 50.", "25:mWidth = 0.01", "25:mMin = 49.", "25:mMax = 51.",
        "25:doForceWidth = on", *decays(25, "onMode = off", "onIfMatch = 23 23"),
        "23:mMin = 4.", *decays(23, *LEPTONIC)]),
    "lq": ("pairs of leptoquarks (80 GeV) -> b tau", [
        "LeptoQuark:gg2LQLQbar = on", "LeptoQuark:qqbar2LQLQbar = on", "42:m0 = 80.", "42:mMin = 75.",
        "42:mMax = 85.", "42:0:products = 5 15"]),
    "h0": ("h0 (60 GeV) -> tau tau", [
        "HiggsSM:gg2H = on", "25:m0 = 60.", "25:mWidth = 0.01", "25:mMin = 59.", "25:mMax = 61.",
        "25:doForceWidth = on", *decays(25, "onMode = off", "onIfMatch = 15 -15")]),
    "hc": ("h+- (60 GeV) -> tau nu", [
        "Higgs:useBSM = on", "HiggsBSM:ffbar2H+- = on", "37:m0 = 60.", "37:mWidth = 0.01", "37:mMin = 59.", "37:mMax = 61.",
        "37:doForceWidth = on", *decays(37, "onMode = off", "onIfMatch = 15 16")]),
}
# Of W and Z: transverse momenta (GeV) of the boson and of a lepton beyond which every event is kept, and the share of
# the others that is.
HARD_BOSON_GEV, HARD_LEPTON_GEV, ORDINARY_SHARE = 60.0, 75.0, 0.15


def kind_of(particle):
    kind = KINDS.get(particle.id())
    if kind is not None:
        return kind
    charge = particle.charge()
    return POSITIVE if charge > 0 else NEGATIVE if charge < 0 else NEUTRAL


def collect(event, pt_min, momenta, directions):
    """Appends one event's visible final particles inside the acceptance; returns how many."""
    count = 0
    for p in event:
        if not p.isFinal():
            continue
        pt = p.pT()
        if pt < pt_min or p.idAbs() in INVISIBLE:
            continue
        eta = p.eta()
        if abs(eta) >= ETA_MAX:
            continue
        momenta.append(min(4095, round(math.log(pt / PT_MIN_GEV) / PT_SPAN)) << 4 | kind_of(p))
        level = int((eta + ETA_MAX) * 4096 / (2 * ETA_MAX))
        directions.append(level << 12 | round(4096 * (p.phi() % (2 * math.pi)) / (2 * math.pi)) & 0xFFF)
        count += 1
    return count


def is_hard(event):
    """Whether a W or Z event at parton level is one of those that are all kept. Entry 5 is the boson as it was made."""
    boson = event[event[5].iBotCopyId()]
    if boson.pT() > HARD_BOSON_GEV:
        return True
    decay = (event[event[at].iBotCopyId()] for at in (boson.daughter1(), boson.daughter2()))
    return any(p.idAbs() in (11, 13) and p.pT() > HARD_LEPTON_GEV for p in decay)


def start(lines, seed):
    pythia = pythia8.Pythia("", False)
    for line in [*COMMON, *lines, "Random:setSeed = on", f"Random:seed = {seed}"]:
        if not pythia.readString(line):
            sys.exit(f"PYTHIA does not know: {line}")
    if not pythia.init():
        sys.exit("PYTHIA did not start")
    return pythia


def generate(name, seed, events):
    sparse = name in ("w", "z")
    pythia = start(PROCESSES[name][1] + (["HadronLevel:all = off"] if sparse else []), seed)
    chance = random.Random(seed)
    pt_min = PT_MIN_GEV if name == "soft" else HARD_PT_MIN_GEV
    momenta, directions, counts, weights = [], [], [], []
    began, tried = time.process_time(), 0
    while len(counts) < events:
        if not pythia.next():
            continue
        tried += 1
        weight = pythia.infoPython().weight()
        if sparse:
            if not is_hard(pythia.event):
                if chance.random() > ORDINARY_SHARE:
                    continue
                weight /= ORDINARY_SHARE
            if not pythia.forceHadronLevel():
                continue
        counts.append(collect(pythia.event, pt_min, momenta, directions))
        weights.append(weight)
        if len(counts) % 1000 == 0:
            print(f"{name}: {len(counts)} of {events} events, {len(momenta)} particles, "
                  f"{time.process_time() - began:.0f} s", flush=True)
    sigma_mb = pythia.infoPython().sigmaGen()
    return momenta, directions, counts, weights, tried, sigma_mb


# Events of each shipped list.
EVENTS = {"soft": 6000, "qcd": 10000, "w": 5000, "z": 2000, "tt": 1600, "a4l": 4000, "lq": 4000, "h0": 4000, "hc": 4000}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=[*PROCESSES, "all"])
    parser.add_argument("--events", type=int, help="as many as the shipped list has where it is not said")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--out", default=str(pathlib.Path(__file__).resolve().parent.parent / "particles"))
    args = parser.parse_args()
    for name in PROCESSES if args.name == "all" else [args.name]:
        write(name, args.events or EVENTS[name], args.seed, pathlib.Path(args.out))


def write(name, event_count, seed, out):
    momenta, directions, counts, weights, tried, sigma_mb = generate(name, seed, event_count)
    body = b"l1e1" + struct.pack("<II", len(counts), len(momenta))
    mean = sum(weights) / len(weights)
    body += b"".join(struct.pack("<Hf", count, weight / mean) for count, weight in zip(counts, weights))
    body += np.array(momenta, "<u2").tobytes()
    body += np.array(directions, "<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    title, settings = PROCESSES[name]
    write_list(out, f"l1_{name}", f"p+p, sqrt(s) = 13 TeV: {title}", body, {
        "settings": COMMON + settings,
        "seed": seed,
        "selection": f"final, visible, |eta| < {ETA_MAX}, pT > {PT_MIN_GEV if name == 'soft' else HARD_PT_MIN_GEV} GeV",
        "keptOf": {"bosonPtGev": HARD_BOSON_GEV, "leptonPtGev": HARD_LEPTON_GEV, "shareOfOthers": ORDINARY_SHARE}
        if name in ("w", "z") else None,
        "events": len(counts),
        "generated": tried,
        "crossSectionMb": float(f"{sigma_mb:.4g}"),
        "particles": len(momenta),
        "format": "l1e1, described in models/train/l1_particles.py",
    })
    print(f"{name}: {len(counts)} events of {tried}, {len(momenta)} particles, {len(body)} bytes")


if __name__ == "__main__":
    main()
