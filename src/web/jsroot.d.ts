/** The parts of JSROOT that the page draws with; its own types know only the package's whole entry. */

declare module 'jsroot/modules/core.mjs' {
  export const settings: Record<string, unknown>;
  export const gStyle: Record<string, unknown>;
  export function createHistogram(type: string, binsX: number, binsY?: number): RootHistogram;
  export function toJSON(object: unknown, spacing?: number): string;
  export interface RootAxis {
    fNbins: number;
    fXmin: number;
    fXmax: number;
    fTitle: string;
    fAxisColor: number;
    fLabelColor: number;
    fTitleColor: number;
    fBits: number;
    fLabelFont: number;
    fTitleFont: number;
    fLabelSize: number;
    fTitleSize: number;
    fTitleOffset: number;
    fTickLength: number;
    fNdivisions: number;
  }
  export interface RootHistogram {
    _typename: string;
    fName: string;
    fTitle: string;
    fBits: number;
    fNcells: number;
    fArray: Float64Array;
    fEntries: number;
    fMinimum: number;
    fMaximum: number;
    fLineColor: number;
    fLineWidth: number;
    fLineStyle: number;
    fFillColor: number;
    fFillStyle: number;
    readonly fXaxis: RootAxis;
    readonly fYaxis: RootAxis;
    readonly fZaxis: RootAxis;
  }
}

declare module 'jsroot/modules/hist2d/TH1Painter.mjs' {
  import type { RootHistogram } from 'jsroot/modules/core.mjs';
  export interface Painter {
    updateObject(histogram: RootHistogram, option?: string): boolean;
    redrawPad(): Promise<unknown>;
    getPadPainter(): { produceImage(full: boolean, kind: 'png' | 'svg'): Promise<string> } | null;
  }
  export const TH1Painter: {
    draw(where: HTMLElement, histogram: RootHistogram, option: string): Promise<Painter>;
  };
}

declare module 'jsroot/modules/hist2d/TH2Painter.mjs' {
  import type { RootHistogram } from 'jsroot/modules/core.mjs';
  import type { Painter } from 'jsroot/modules/hist2d/TH1Painter.mjs';
  export const TH2Painter: {
    draw(where: HTMLElement, histogram: RootHistogram, option: string): Promise<Painter>;
  };
}

declare module 'jsroot/modules/base/ObjectPainter.mjs' {
  export function cleanup(where: HTMLElement): void;
  export function resize(where: HTMLElement, force?: boolean): boolean;
}

declare module 'jsroot/modules/base/colors.mjs' {
  export function addColor(colour: string): number;
  export function setColorPalette(id: number, colours: readonly string[]): boolean;
}
