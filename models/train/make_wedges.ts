/**
 * Writes the wedges a model is trained and measured on: what `tessera simulate --to npz --plan models/train/wedges.json
 * --out FOLDER` does, for whoever starts from here. Refuses to overwrite a file.
 *
 *     node models/train/make_wedges.ts FOLDER
 */

import { join } from 'node:path';
import { writePlanned } from '../../src/simulate.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder to write the npz files into');
writePlanned(join(import.meta.dirname, 'wedges.json'), folder);
