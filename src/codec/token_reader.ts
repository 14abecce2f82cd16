/**
 * From a packet's token layer to digits, through the model's decoder, which also sees the patches around each. The
 * decoder is floating point: what it gives serves people and figures, never coding. Refuses (packet-model) tokens of
 * another model and (packet-layer) damaged ones; a packet without tokens is null, not a fault.
 */

import type { Digits } from '../domain/frame.ts';
import { type InstrumentCard, patchesPerAxis } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import type { Packet } from '../domain/packet.ts';
import { type PatchGrid, patchGrid } from '../kernels/patches/patch.ts';
import {
  gatherNeighbours,
  type PatchNeighbours,
  patchNeighbours,
} from '../kernels/patches/patch_neighbours.ts';
import type { RunRows } from './dequantise.ts';
import { decodeCells, packetSymbols } from './packet.ts';
import { prepareTokenTables, type TokenTables } from './tokens.ts';

/** A model made ready for one instrument: one per thread, one packet at a time. */
export interface TokenReader {
  readonly model: ModelCard;
  readonly tables: TokenTables;
  readonly neighbours: PatchNeighbours;
  readonly grid: PatchGrid;
  readonly codeAdc: Uint16Array;
}

export const prepareTokenReader = (model: ModelCard, card: InstrumentCard): TokenReader => ({
  model,
  tables: prepareTokenTables(model, card),
  neighbours: patchNeighbours(patchesPerAxis(card), model.neighbours),
  grid: patchGrid(card),
  codeAdc: Uint16Array.from(model.codeAdc),
});

/** What the packet's tokens say of its frame; `run` runs the model's decoder. Throws what `run` throws, too. */
export const readTokens = async (
  reader: TokenReader,
  packet: Packet,
  run: RunRows,
): Promise<Digits | null> => {
  const { model, tables, neighbours, grid, codeAdc } = reader;
  const tokens = packetSymbols(packet, model, tables);
  if (tokens === null) return null;
  const { patches, patchCount, symbols } = tokens;
  const rows = new Uint8Array(patchCount * model.decoder.inputWidth);
  const cells = new Uint8Array(patchCount * grid.cellsPerPatch);
  gatherNeighbours(patches, patchCount, symbols, model.symbolsPerPatch, neighbours, rows);
  if (patchCount > 0) await run(rows, patchCount, cells);
  return decodeCells(patches, patchCount, cells, grid, codeAdc);
};
