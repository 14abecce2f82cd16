/** The identity that tests of the live views give their status book: the sPHENIX TPC on the memory bus. */

import type { StatusIdentity } from '../../src/domain/status.ts';

export const statusIdentity: StatusIdentity = {
  service: 'processor',
  version: '0.1.0',
  instrument: {
    id: 'sphenix-tpc-auau',
    title: 'sPHENIX TPC, central Au+Au with pile-up',
    regions: 24,
    patchGrid: [16, 24, 32],
    axes: ['layer', 'azimuth', 'time'],
  },
  simulated: 'The detector is simulated: the frames come from PYTHIA 8 collisions, not from sPHENIX.',
  bus: 'memory',
  delivery: 'exactly-once',
  provider: 'cpu',
  workers: 2,
};
