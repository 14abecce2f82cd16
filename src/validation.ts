/**
 * The composition of `tessera validate`: two lanes, two decoders and a stream of frames from a topic, a file or the
 * simulated detector. It refuses to judge: `commands/validate.ts` does.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openModel } from './adapters/onnx/model.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { quietLog } from './adapters/telemetry/quiet_log.ts';
import { type Cards, home, loadCards, openBus, openLane } from './assemble.ts';
import { messagesOf } from './commands/inspection/source.ts';
import { identifierOf } from './commands/inspection/told.ts';
import type { Output } from './commands/output.ts';
import { type ValidationFrame, validate } from './commands/validate.ts';
import { drawnTwice, noiseOf } from './commands/validation/noise.ts';
import { openShadow, type ShadowModel } from './commands/validation/shadow.ts';
import { judgedNames } from './commands/validation/verdict.ts';
import { type Config, readConfig } from './config.ts';
import { Fault } from './domain/fault.ts';
import type { InstrumentCard } from './domain/instrument.ts';
import type { Bus } from './ports/bus.ts';
import { topicsOf } from './services/topics.ts';
import { parseParticles } from './sim/particles.ts';
import { createWorld } from './sim/world.ts';
import { parseModelCard } from './wire/card.ts';
import { encodeFrame } from './wire/frame.ts';

export interface ValidateFlags {
  readonly frames?: string;
  readonly count?: string;
  readonly tolerance?: string;
  readonly judge?: string;
  readonly json?: boolean;
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** A folder with a card.json, or the highest version in it; a bare name is looked for among the models here. */
const modelFolderOf = (name: string): string => {
  for (const folder of [resolve(name), join(home, 'models', name)]) {
    if (existsSync(join(folder, 'card.json'))) return folder;
    if (!isFolder(folder)) continue;
    const versions = readdirSync(folder).filter((one) => /^\d+$/.test(one));
    const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
    if (newest !== undefined && existsSync(join(folder, newest, 'card.json'))) return join(folder, newest);
  }
  throw new Fault('file-invalid', `${name} is no model: name a folder with a card.json, or one of models/`);
};

/** The instrument's cards with another model in the place of its own. */
const withModel = (cards: Cards, folder: string): Cards => {
  const model = parseModelCard(readFileSync(join(folder, 'card.json'), 'utf8'));
  return { ...cards, model, modelFolder: folder };
};

const openShadowOf = async (
  cards: Cards,
  config: Config,
): Promise<{ shadow: ShadowModel; close(): Promise<void> }> => {
  const { card, model, modelFolder } = cards;
  const { provider } = config;
  const lane = await openLane(config, cards, quietLog);
  const path = join(modelFolder, model.decoder.file);
  const decoder = await openModel({ path, file: model.decoder, provider }).catch(async (error: unknown) => {
    await lane.close();
    throw error;
  });
  return {
    shadow: openShadow(card, model, lane, decoder),
    async close() {
      await decoder.close();
      await lane.close();
    },
  };
};

/** An instant of its own, so that the same seed gives the same frames on any day. */
const simulatedStartNanos = 1_767_225_600_000_000_000n;

/** Frames of the simulated detector, of collisions no model was trained on, each with another draw of its noise. */
async function* simulatedFrames(
  card: InstrumentCard,
  seed: number,
  count: number,
): AsyncGenerator<ValidationFrame> {
  const particles = parseParticles(
    readFileSync(join(home, 'models/particles', `${String(card.conditions.particles)}.bin`)),
  );
  const options = { seed, run: 1, startNanos: simulatedStartNanos, split: 'test' } as const;
  const world = createWorld(card, particles, options);
  const again = createWorld(card, particles, { ...options, noiseDraw: 1 });
  let given = 0;
  for (let number = 0; given < count; number++) {
    const other = again.timeFrame(number);
    for (const [region, { identity, digits }] of world.timeFrame(number).entries()) {
      if (given++ >= count) return;
      const frame = encodeFrame(identity, digits, card);
      yield { frame, draws: [frame, encodeFrame(identity, other[region]!.digits, card)] };
    }
  }
}

/** Frames of a topic or a dump file, with noise drawn twice upon each; what does not open is left to the lanes. */
async function* recordedFrames(
  card: InstrumentCard,
  source: string,
  bus: () => Bus,
  count: number,
): AsyncGenerator<ValidationFrame> {
  const sigma = card.kind === 'digits' ? noiseOf(card) : null;
  let index = 0;
  for await (const { value } of messagesOf(source, bus, { count })) {
    if (identifierOf(value) !== 'tf00') continue;
    yield { frame: value, draws: sigma === null ? null : drawsOf(value, card, sigma, index) };
    index += 1;
  }
}

const drawsOf = (frame: Uint8Array, card: InstrumentCard, sigma: number, index: number) => {
  try {
    return drawnTwice(frame, card, sigma, index);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
};

const toleranceOf = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 100) return value;
  throw new Fault(
    'config-invalid',
    `--tolerance = '${text}': a share of the present model's faults, as 0.05`,
  );
};

const judgeOf = (text: string): string[] => {
  if (text === 'all') return [...judgedNames];
  const names = text.split(',').map((name) => name.trim());
  const strange = names.find((name) => !judgedNames.includes(name));
  if (strange === undefined) return names;
  throw new Fault('config-invalid', `--judge '${strange}': of ${judgedNames.join(', ')}, or all`);
};

const countOf = (text: string): number => {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Fault('config-invalid', `--count = '${text}': a whole number above 0`);
};

/** Exit code 0; 1 when the candidate is worse than the instrument's model beyond the tolerance. */
export const runValidation = async (
  name: string,
  keys: Readonly<Record<string, string | boolean | undefined>>,
  flags: ValidateFlags,
  output: Output,
): Promise<number> => {
  const config = readConfig(keys);
  const cards = loadCards(config.instrument);
  const { card } = cards;
  const options = {
    tolerance: toleranceOf(flags.tolerance ?? '0.05'),
    judge: judgeOf(flags.judge ?? 'all'),
    json: flags.json === true,
  };
  const count = countOf(flags.count ?? '96');
  const candidate = withModel(cards, modelFolderOf(name));
  const opened: { close(): Promise<void> }[] = [];
  const openBusOnce = (): Bus => {
    const bus = openBus(config, createSystemClock(), quietLog);
    opened.push(bus);
    return bus;
  };
  const source = flags.frames ?? (config.brokers === '' ? null : topicsOf(card.id).frames);
  const frames =
    source === null
      ? simulatedFrames(card, config.seed, count)
      : recordedFrames(card, source, openBusOnce, count);
  if (source === null) output.note(`simulated frames of ${card.id}, seed ${config.seed}`);
  try {
    const present = await openShadowOf(cards, config);
    opened.push(present);
    const beside = await openShadowOf(candidate, config);
    opened.push(beside);
    return await validate(
      { card, present: present.shadow, candidate: beside.shadow, frames, output },
      options,
    );
  } finally {
    for (const one of opened.reverse()) await one.close();
  }
};
