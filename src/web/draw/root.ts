/**
 * Drawing with JSROOT, so that a physicist's habits work: zoom by dragging, log by key, statistics box, context menu. It is
 * loaded with the first plot and not before. Refuses three dimensions: the parts of JSROOT for them are left out.
 */

import { addColor, setColorPalette } from 'jsroot/modules/base/colors.mjs';
import { cleanup, resize } from 'jsroot/modules/base/ObjectPainter.mjs';
import { createHistogram, gStyle, type RootHistogram, settings, toJSON } from 'jsroot/modules/core.mjs';
import { type Painter, TH1Painter } from 'jsroot/modules/hist2d/TH1Painter.mjs';
import { TH2Painter } from 'jsroot/modules/hist2d/TH2Painter.mjs';
import type { ObjectShown } from '../../dqm/board.ts';
import { colourOf, heatSteps, isDark } from '../parts/theme.ts';
import { type Compare, type DrawnAxis, evenScale, ratioOf, type Shape, shapeOf } from './shape.ts';

export interface Look {
  readonly compare: Compare;
  readonly log: boolean;
  readonly stats: boolean;
  /** In a tile or a panel: less around it. */
  readonly compact: boolean;
}

export interface Drawing {
  /** Draws, or brings what is drawn up to date with its zoom kept. */
  draw(object: ObjectShown, look: Look): Promise<void>;
  clear(): void;
  /** Ends it; what is drawn is gone. */
  close(): void;
  png(): Promise<Blob | null>;
  json(): string | null;
}

const noStats = 1 << 9;
const noTitle = 1 << 17;
const centredTitle = 1 << 12;
const countedMax = 12;
/** Labels of so many digits and more push the title beside them away. */
const longDigits = 4;
const palettes = { sequential: 201, diverging: 202 } as const;

interface Ink {
  readonly ink: number;
  readonly soft: number;
  readonly line: number;
  readonly fill: number;
  readonly reference: number;
  readonly bad: number;
}

/** JSROOT names colours by number; these are the style sheet's, of the theme that is on. */
const inkNow = (): Ink => {
  // JSROOT's own dark mode inverts what is painted; here every colour is chosen.
  settings.DarkMode = false;
  settings.SmallPad = { width: 40, height: 24 };
  const ink = addColor(colourOf('ink'));
  const paper = addColor(colourOf('card'));
  Object.assign(gStyle, {
    fCanvasColor: paper,
    fPadColor: paper,
    fFrameFillColor: paper,
    fFrameLineColor: addColor(colourOf('soft')),
    fStatColor: paper,
    fStatTextColor: ink,
    fTitleTextColor: ink,
    fTitleColor: paper,
    fOptTitle: 0,
    fGridColor: addColor(colourOf('line')),
    // As many steps as there are colours: each colour is one range, and the ranges lie evenly about nothing.
    fNumberContours: heatSteps.length,
    fPadTickX: 1,
    fPadTickY: 1,
    fStatBorderSize: 1,
    fOptStat: 1110,
  });
  settings.Zooming = true;
  settings.ZoomWheel = false;
  settings.MoveResize = false;
  settings.DragAndDrop = false;
  settings.ToolBar = 'popup';
  setColorPalette(
    palettes.sequential,
    heatSteps.map((step) => colourOf(`heat-${step}`)),
  );
  setColorPalette(
    palettes.diverging,
    heatSteps.map((step) => colourOf(`pull-${step}`)),
  );
  return {
    ink,
    soft: addColor(colourOf('soft')),
    line: addColor(colourOf('late')),
    fill: addColor(colourOf('late-paper')),
    reference: addColor(colourOf('ratio')),
    bad: addColor(colourOf('bad')),
  };
};

const isLong = ({ origin, step, size }: DrawnAxis): boolean =>
  String(Math.round(origin + step * size)).length >= longDigits;

const setAxis = (axis: RootHistogram['fXaxis'], of: DrawnAxis | string, ink: Ink, offset: number): void => {
  if (typeof of === 'string') axis.fTitle = of;
  else {
    axis.fTitle = of.title;
    axis.fXmin = of.origin;
    axis.fXmax = of.origin + of.step * of.size;
    // Few things that are counted have no halves.
    if (of.origin === 0 && of.step === 1 && of.size <= countedMax) axis.fNdivisions = of.size;
  }
  axis.fAxisColor = ink.soft;
  axis.fLabelColor = ink.ink;
  axis.fTitleColor = ink.ink;
  // Precision 3: sizes are in pixels, the same in a tile and on a wall.
  axis.fLabelFont = 43;
  axis.fTitleFont = 43;
  axis.fLabelSize = 12;
  axis.fTitleSize = 12.5;
  axis.fTitleOffset = offset;
  axis.fTickLength = 0.015;
  axis.fBits |= centredTitle;
};

/** Fills a histogram of the shape: values row-major, `up` outermost. */
const histogramOf = (
  name: string,
  shape: Shape,
  values: readonly number[],
  valueTitle: string,
  ink: Ink,
  look: Look,
): RootHistogram => {
  const { across, up } = shape;
  const made =
    up === null ? createHistogram('TH1D', across.size) : createHistogram('TH2D', across.size, up.size);
  made.fName = name;
  made.fTitle = name;
  made.fBits |= noTitle | (look.stats && name === 'now' ? 0 : noStats);
  setAxis(made.fXaxis, across, ink, 1.2);
  setAxis(made.fYaxis, up ?? valueTitle, ink, up === null || isLong(up) ? 2.2 : 1.6);
  setAxis(made.fZaxis, valueTitle, ink, 2.2);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const at =
      up === null ? i + 1 : (Math.floor(i / across.size) + 1) * (across.size + 2) + (i % across.size) + 1;
    made.fArray[at] = Number.isFinite(value) ? value : 0;
    total += Number.isFinite(value) ? value : 0;
  }
  made.fEntries = Math.round(total);
  return made;
};

interface Pad {
  readonly element: HTMLElement;
  readonly layers: readonly { readonly histogram: RootHistogram; readonly option: string }[];
  readonly flat: boolean;
}

const palettesFor = (id: number): string => `colz_pal${id}`;

const pullTitle = (spread: number | null): string =>
  spread === null ? 'pull [σ of counting]' : 'pull [usual σ]';

/** What is drawn where: one pad, or the comparison under it (one axis) or beside it (two). */
const padsOf = (
  object: ObjectShown,
  look: Look,
  ink: Ink,
  elements: readonly [HTMLElement, HTMLElement],
): Pad[] => {
  const shape = shapeOf(object);
  const flat = shape.up === null;
  const counts = object.unit === '' ? 'entries' : object.unit;
  const { reference, pulls, spread } = object;
  const log = look.log ? (flat ? ' logy' : ' logz') : '';
  const now = histogramOf('now', shape, object.values, counts, ink, look);
  now.fZaxis.fNdivisions = 507;
  now.fLineColor = ink.line;
  now.fLineWidth = 2;
  now.fFillColor = flat ? ink.fill : 0;
  now.fFillStyle = flat ? 1001 : 0;
  const layers = [
    { histogram: now, option: flat ? `hist${log}` : `${palettesFor(palettes.sequential)}${log}` },
  ];
  if (flat && reference !== null && look.compare !== 'none') {
    const line = histogramOf('reference', shape, reference, counts, ink, look);
    line.fLineColor = ink.reference;
    line.fLineWidth = 2;
    line.fLineStyle = 2;
    const most = Math.max(evenScale(object.values, 1), evenScale(reference, 1));
    now.fMaximum = look.log ? most * 3 : most * 1.08;
    layers.push({ histogram: line, option: 'hist same' });
  }
  const pads: Pad[] = [{ element: elements[0], layers, flat }];
  const compared =
    reference === null || look.compare === 'none' || (flat && look.compare === 'reference')
      ? null
      : look.compare === 'pulls'
        ? { name: 'pulls', title: pullTitle(spread), values: pulls ?? [], around: 0 }
        : look.compare === 'ratio'
          ? { name: 'ratio', title: 'now / reference', values: ratioOf(object.values, reference), around: 1 }
          : { name: 'reference', title: `reference, ${counts}`, values: reference, around: null };
  if (compared === null) return pads;
  const below = histogramOf(compared.name, shape, compared.values, compared.title, ink, look);
  below.fLineColor = ink.line;
  below.fLineWidth = 1;
  if (compared.around !== null) {
    const { around } = compared;
    const far = evenScale(
      compared.values.map((value) => value - around),
      around === 0 ? 3 : 0.2,
    );
    const reach = around === 0 ? far : Math.min(far, 1);
    below.fMinimum = around - reach * 1.05;
    below.fMaximum = around + reach * 1.05;
  }
  below.fZaxis.fNdivisions = 505;
  if (flat) {
    below.fFillColor = compared.around === 0 ? ink.fill : 0;
    below.fFillStyle = compared.around === 0 ? 1001 : 0;
    below.fYaxis.fNdivisions = 505;
  }
  const palette = compared.around === null ? palettes.sequential : palettes.diverging;
  const option = flat ? (compared.around === 0 ? 'hist base0' : 'hist') : palettesFor(palette);
  const comparison = [{ histogram: below, option }];
  // Where there is room for one map, how it differs is what a reader came for; the reference alone would pass for the data.
  if (look.compact && !flat && compared.around === null) return pads;
  if (look.compact && !flat) return [{ element: elements[0], layers: comparison, flat }];
  pads.push({ element: elements[1], layers: comparison, flat });
  return pads;
};

/** Fewer ticks where there is little room, so that their labels stay as large. */
const fewerTicks = (pads: readonly Pad[]): void => {
  for (const { element, layers } of pads)
    for (const { histogram } of layers) {
      if (element.clientHeight < 240) histogram.fYaxis.fNdivisions = 505;
      if (element.clientWidth < 420) histogram.fXaxis.fNdivisions = 505;
    }
};

export const createDrawing = (root: HTMLElement): Drawing => {
  const upper = document.createElement('div');
  const lower = document.createElement('div');
  upper.className = 'pad';
  lower.className = 'pad lower';
  root.append(upper, lower);
  let painters: (readonly Painter[])[] = [];
  let drawnAs = '';
  let latest: Pad[] = [];
  let busy: Promise<void> = Promise.resolve();

  const clear = (): void => {
    for (const element of [upper, lower]) cleanup(element);
    painters = [];
    drawnAs = '';
  };
  const drawAnew = async (pads: readonly Pad[]): Promise<void> => {
    clear();
    for (const { element, layers, flat } of pads) {
      const made: Painter[] = [];
      const isLower = element === lower && flat;
      const width = Math.max(1, element.clientWidth);
      const height = Math.max(1, element.clientHeight);
      Object.assign(gStyle, {
        // Lines across help the eye along a curve; over a map they hide it.
        fPadGridY: flat,
        fPadLeftMargin: Math.min(
          0.3,
          (flat ? 72 : layers[0]!.histogram.fYaxis.fTitleOffset > 2 ? 64 : 52) / width,
        ),
        fPadRightMargin: Math.min(0.3, (flat ? 18 : 104) / width),
        fPadTopMargin: Math.min(0.15, (isLower ? 8 : 20) / height),
        fPadBottomMargin: Math.min(0.45, 44 / height),
      });
      for (const { histogram, option } of layers)
        made.push(await (flat ? TH1Painter : TH2Painter).draw(element, histogram, option));
      painters.push(made);
    }
  };
  const update = async (pads: readonly Pad[]): Promise<void> => {
    for (const [i, { layers }] of pads.entries()) {
      for (const [layer, { histogram }] of layers.entries()) painters[i]?.[layer]?.updateObject(histogram);
      await painters[i]?.[0]?.redrawPad();
    }
  };
  const resized = new ResizeObserver(() => {
    if (root.clientWidth === 0) return;
    for (const element of [upper, lower]) if (!element.hidden && painters.length > 0) resize(element);
  });
  resized.observe(root);

  return {
    draw(object, look) {
      const as = JSON.stringify([
        object.region,
        object.name,
        object.axes,
        look,
        isDark(),
        object.reference === null,
      ]);
      // One drawing at a time: JSROOT paints in steps.
      busy = busy.then(async () => {
        if (!root.isConnected || root.clientWidth === 0) return;
        const pads = padsOf(object, look, inkNow(), [upper, lower]);
        lower.hidden = pads.length < 2;
        root.dataset.flat = String(pads[0]!.flat);
        fewerTicks(pads);
        latest = pads;
        if (as === drawnAs) await update(pads);
        else {
          await drawAnew(pads);
          drawnAs = as;
        }
      });
      return busy;
    },
    clear,
    close() {
      resized.disconnect();
      clear();
    },
    async png() {
      const text = await painters[0]?.[0]?.getPadPainter()?.produceImage(true, 'png');
      // A data address is no connection the page's server allows: it is taken apart here.
      const base64 = text?.split(',')[1];
      if (base64 === undefined) return null;
      return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], {
        type: 'image/png',
      });
    },
    json() {
      const histogram = latest[0]?.layers[0]?.histogram;
      return histogram === undefined ? null : toJSON(histogram);
    },
  };
};
