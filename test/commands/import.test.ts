/** Imports: people's hits become the same frames from CSV and .npz, and every mistake is said with its place. */

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { importFile } from '../../src/commands/import.ts';
import { encodeNpz, type NpyArray } from '../../src/sim/export.ts';
import { readDump } from '../../src/wire/files/dump.ts';
import { openFrame, readDigits } from '../../src/wire/frame.ts';
import { recordLayout, recordsOf } from '../../src/wire/frames/records.ts';
import { triggerCard } from '../objects.ts';
import { card, openBus, partitions, topics } from '../services/gateway_world.ts';
import { captureOutput } from './captured_output.ts';

const folder = mkdtempSync(join(tmpdir(), 'tessera-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const header = 'run,time_frame,source,layer,azimuth,time,adc';
const [north, south] = [card.regions[0]!, card.regions[12]!];
const rows = [
  `1,0,${south},0,1,2,300`,
  `1,0,${north},15,191,248,1023`,
  `1,0,${north},0,0,0,64`,
  `1,1,${north},3,4,5,100`,
];
const voxelOf = (layer: number, azimuth: number, time: number): number =>
  (layer * 192 + azimuth) * 249 + time;

const open = (bytes: Uint8Array) => {
  const frame = openFrame(bytes, card);
  const into = { voxel: new Uint32Array(frame.hitCount), adc: new Uint16Array(frame.hitCount) };
  readDigits(frame, card, into);
  const { sourceName, run, timeFrame, messageId, timestampNanos } = frame.identity;
  return {
    sourceName,
    run,
    timeFrame,
    messageId,
    timestampNanos,
    voxel: [...into.voxel],
    adc: [...into.adc],
  };
};
const importToFile = async (path: string) => {
  const output = captureOutput();
  const target = join(folder, 'frames.dump');
  const clock = createVirtualClock();
  const exit = await importFile(
    { card, clock, output, to: { file: target } },
    { file: path, startNanos: 1000n },
  );
  const frames = [];
  for await (const message of readDump(createReadStream(target))) frames.push(open(message));
  return { exit, frames, output };
};
const faultOf = (path: string): Promise<string> =>
  importToFile(path).then(
    () => 'no fault',
    (error: { detail: string }) => error.detail.replaceAll(`${folder}/`, ''),
  );

const expected = [
  {
    sourceName: north,
    timeFrame: 0,
    messageId: 0,
    timestampNanos: 1000n,
    voxel: [0, voxelOf(15, 191, 248)],
    adc: [64, 1023],
  },
  {
    sourceName: south,
    timeFrame: 0,
    messageId: 0,
    timestampNanos: 1000n,
    voxel: [voxelOf(0, 1, 2)],
    adc: [300],
  },
  {
    sourceName: north,
    timeFrame: 1,
    messageId: 1,
    timestampNanos: 1000n + card.timeFrameNanos,
    voxel: [voxelOf(3, 4, 5)],
    adc: [100],
  },
].map((frame) => ({ run: 1, ...frame }));

describe('tessera import', () => {
  it('turns CSV rows in any order into frames with their identity', async () => {
    const { exit, frames, output } = await importToFile(file('hits.csv', `${header}\n${rows.join('\n')}\n`));
    expect([exit, frames]).toEqual([0, expected]);
    expect(output.lines[0]).toMatch(/^3 frames of 2 time frames, 4 hits, /);
  });

  it('takes columns in any order, Windows line ends, quotes and its own timestamps', async () => {
    const text = [
      'adc,time,azimuth,layer,source,time_frame,run,timestamp_ns',
      `100,5,4,3,"${north}",1,1,77`,
      '',
    ].join('\r\n');
    const { frames } = await importToFile(file('other.csv', text));
    expect(frames).toEqual([{ ...expected[2], messageId: 0, timestampNanos: 77n }]);
  });

  it('gives the same frames from columns in an npz', async () => {
    const column = (at: number) => Uint16Array.from(rows, (row) => Number(row.split(',')[at]));
    const source = Uint8Array.from(rows, (row) => card.regions.indexOf(row.split(',')[2]!));
    const arrays: Record<string, NpyArray> = {};
    header.split(',').forEach((name, at) => {
      arrays[name] = { data: name === 'source' ? source : column(at), shape: [rows.length] };
    });
    const { frames } = await importToFile(file('columns.npz', encodeNpz(arrays)));
    expect(frames).toEqual(expected);
  });

  it('reads what the simulator exports', async () => {
    const hits = Uint32Array.of((7 << 10) | 100, (5 << 10) | 200, (9 << 10) | 300);
    const path = file(
      'sim.npz',
      encodeNpz({
        hits: { data: hits, shape: [3] },
        offsets: { data: Uint32Array.of(0, 2, 2, 3), shape: [4] },
        region: { data: Uint8Array.of(0, 1, 0), shape: [3] },
      }),
    );
    const { frames } = await importToFile(path);
    expect(
      frames.map(({ sourceName, timeFrame, voxel, adc }) => [sourceName, timeFrame, voxel, adc]),
    ).toEqual([
      [card.regions[0], 0, [5, 7], [200, 100]],
      [card.regions[1], 0, [], []],
      [card.regions[0], 1, [9], [300]],
    ]);
  });

  it('sends to the topic, all regions of a time frame to one partition', async () => {
    const { bus, clock } = await openBus();
    const output = captureOutput();
    const path = file('bus.csv', `${header}\n${rows.join('\n')}\n`);
    await importFile({ card, clock, output, to: { bus, topic: topics.frames } }, { file: path, json: true });
    const found = [];
    const from = { at: 'beginning' } as const;
    for await (const record of bus.read({
      topic: topics.frames,
      from,
      untilEnd: true,
      bufferBytesMax: 1 << 20,
    }))
      found.push([
        record.partition,
        Buffer.from(record.key!).toString(),
        open(record.value).sourceName,
        open(record.value).messageId,
      ]);
    expect(found).toEqual([
      [0, '0', north, 0],
      [0, '0', south, 0],
      [1 % partitions, '1', north, 0],
    ]);
    expect(JSON.parse(output.lines[0]!)).toMatchObject({
      frames: 3,
      timeFrames: 2,
      hits: 4,
      to: topics.frames,
    });
    await bus.close();
  });

  it('names line, column and the mend', async () => {
    const csv = (...lines: string[]) => faultOf(file('wrong.csv', `${header}\n${lines.join('\n')}\n`));
    expect(await csv(`1,0,${north},16,0,0,64`)).toBe(
      "wrong.csv, line 2, column layer: '16' is not a whole number from 0 to 15",
    );
    expect(await csv(rows[0]!, `1,0,${north},0,0,0,`)).toContain("line 3, column adc: '' is not");
    expect(await csv(`1,0,${north},0,0,0,1024`)).toContain('from 1 to 1023');
    expect(await csv(`1.5,0,${north},0,0,0,64`)).toContain("column run: '1.5'");
    expect(await csv('1,0,attic,0,0,0,64')).toContain(`'attic' is no region of ${card.id}; use ${north}`);
    expect(await csv(`1,0,${north},0,0,64`)).toBe('wrong.csv, line 2: 6 columns, the header has 7');
    expect(await csv(rows[3]!, rows[0]!)).toContain(
      "line 3, column time_frame: '0' comes after time frame 1; sort",
    );
    expect(await csv(rows[2]!, rows[2]!)).toContain('layer 0, azimuth 0, time 0 is hit twice; sum');
    expect(await faultOf(file('head.csv', 'run,layer,colour\n'))).toBe(
      'head.csv, line 1: the header lacks time_frame, source, azimuth, time, adc; ' +
        `has 'colour', unknown to ${card.id}. Write the columns ${header} (timestamp_ns may be added)`,
    );
    expect(await faultOf(file('empty.csv', ''))).toContain('line 1: the header lacks run');
    expect(await faultOf(file('long.csv', 'x'.repeat(2 << 20)))).toContain('no CSV of rows');
    expect(await faultOf(file('hits.root', ''))).toContain('neither .csv nor .npz');
    expect(await faultOf(join(folder, 'absent.csv'))).toContain('cannot be read');
    expect(await faultOf(join(folder, 'absent.npz'))).toContain('cannot be read');
  });

  it('names the array and entry of an npz', async () => {
    const npz = (arrays: Record<string, NpyArray['data']>) =>
      faultOf(
        file(
          'wrong.npz',
          encodeNpz(
            Object.fromEntries(
              Object.entries(arrays).map(([name, data]) => [name, { data, shape: [data.length] }]),
            ),
          ),
        ),
      );
    const good = { hits: Uint32Array.of((5 << 10) | 1), offsets: Uint32Array.of(0, 1) };
    expect(await npz({ ...good, hits: Uint32Array.of(5 << 10) })).toContain(
      'hits[0]: ADC 0 at layer 0, azimuth 0, time 5',
    );
    expect(await npz({ ...good, hits: Uint32Array.of(0xffffffff) })).toContain('hits[0]: 4294967295 is not');
    expect(await npz({ ...good, offsets: Uint32Array.of(0, 0) })).toContain('end with 1, the hits');
    expect(await npz({ ...good, region: Uint8Array.of(24) })).toContain('region[0]: 24 is not');
    expect(await npz({ adc: Uint16Array.of(1) })).toContain(
      'lacks the arrays run, time_frame, source, layer, azimuth, time',
    );
    const columns = Object.fromEntries(header.split(',').map((name) => [name, Uint16Array.of(1)]));
    expect(await npz({ ...columns, adc: Uint16Array.of(1, 2) })).toContain('adc has 2 entries, run has 1');
    expect(await npz({ ...columns, adc: Float32Array.of(1.5) })).toContain('adc[0]: 1.5 is not');
  });
});

describe('tessera import of objects', () => {
  const read = async (path: string) => {
    const output = captureOutput();
    const target = join(folder, 'objects.dump');
    const clock = createVirtualClock();
    const to = { file: target };
    await importFile({ card: triggerCard, clock, output, to }, { file: path, startNanos: 1000n });
    const frames = [];
    for await (const message of readDump(createReadStream(target))) {
      const opened = openFrame(message, triggerCard);
      const into = { voxel: new Uint32Array(opened.hitCount), adc: new Uint16Array(opened.hitCount) };
      const digits = { count: readDigits(opened, triggerCard, into), ...into };
      const { run, timeFrame, timestampNanos } = opened.identity;
      frames.push({ run, timeFrame, timestampNanos, records: recordsOf(digits, recordLayout(triggerCard)) });
    }
    return { frames, output };
  };
  const wanted = [
    {
      run: 1,
      timeFrame: 0,
      timestampNanos: 1000n,
      records: [
        { group: 0, values: [70, 0, 143] },
        { group: 3, values: [400, 128, 0] },
        { group: 3, values: [91, 100, 12] },
      ],
    },
    { run: 1, timeFrame: 2, timestampNanos: 1050n, records: [{ group: 2, values: [10, 128, 7] }] },
  ];

  it('takes numbers in their units or as integers, groups by name or place, in any order', async () => {
    const physical = [
      'run,time_frame,group,pt,eta,phi',
      '1,0,jet,45.6,-1.2,0.52',
      '1,0,met,35,,6.24',
      '1,0,3,200,0.0,0',
      '1,2,muon,5,0.01,0.305',
    ];
    const { frames, output } = await read(file('physical.csv', physical.join('\n')));
    expect(frames).toEqual(wanted);
    expect(output.lines[0]).toMatch(/^2 frames of 2 time frames, 11 numbers, /);
    const integers = [
      'run,time_frame,source,group,pt_integer,eta_integer,phi',
      '1,0,l1_global,met,70,0,6.24',
      '1,0,l1_global,jet,91,100,0.52',
      '1,0,l1_global,jet,400,128,0.01',
      '1,2,l1_global,muon,10,128,0.3',
    ];
    expect((await read(file('integers.csv', integers.join('\n')))).frames).toEqual(wanted);
  });

  it('gives the same frames from arrays in an npz', async () => {
    const arrays = {
      run: Uint8Array.of(1, 1, 1, 1),
      time_frame: Uint8Array.of(0, 0, 0, 2),
      group: Uint8Array.of(3, 0, 3, 2),
      pt: Float32Array.of(45.6, 35, 200, 5),
      eta: Float32Array.of(-1.2, Number.NaN, 0, 0.01),
      phi_integer: Uint16Array.of(12, 143, 0, 7),
    };
    const npz = encodeNpz(
      Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, { data, shape: [4] }])),
    );
    expect((await read(file('objects.npz', npz))).frames).toEqual(wanted);
  });

  it('names what it cannot take', async () => {
    const header = 'run,time_frame,group,pt,eta,phi';
    const fault = (...lines: string[]): Promise<string> =>
      read(file('wrong.csv', lines.join('\n'))).then(
        () => 'no fault',
        (error: { detail: string }) => error.detail.replaceAll(`${folder}/`, ''),
      );
    expect(await fault(header, '1,0,tau,1,1,1')).toBe(
      "wrong.csv, line 2, column group: 'tau' is no group of l1-objects; use met, egamma, muon, jet",
    );
    expect(await fault(header, '1,0,jet,9999,1,1')).toContain(
      "column pt: '9999' is not a number from 0 to 2047.5 GeV",
    );
    expect(await fault(header, '1,0,jet,1,,1')).toContain("column eta: '' is not a number from -5.568 to");
    expect(await fault(header, '1,0,met,1,2,1')).toContain("'2' is not empty, but 'met' has no eta");
    expect(await fault(header, '1,0,met,1,,1', '1,0,met,2,,1')).toBe(
      "wrong.csv, lines 2 to 3, l1_global: record 1 is 'met' number 2; l1-objects has room for 1, send the first of them",
    );
    expect(await fault('run,time_frame,group,pt,pt_integer,eta,phi')).toContain('has both pt and pt_integer');
    expect(await fault('run,group,pt,eta')).toContain(`lacks time_frame, phi. Write the columns ${header} (`);
    expect(await fault(`${header},pt_bin`)).toContain("has 'pt_bin', unknown to l1-objects");
  });
});
