/**
 * Figures as people read them: few digits, a unit, a fixed width where they stand under each other.
 * It refuses to hide that nothing was measured: that is shown as a dash.
 */

const none = '–';

/** Three significant digits, no exponent below a million: 0.15, 9.81, 48.0, 1,234. */
export const number3 = (value: number | null): string => {
  if (value === null || !Number.isFinite(value)) return none;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 999.5) return Math.round(value).toLocaleString('en-US');
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
};

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** `3.10 ms`, `1.20 s`; the unit is part of it because it changes. */
export const duration = (ms: number | null): string => {
  if (ms === null) return none;
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 999.5) return `${number3(ms)} ms`;
  if (ms < 120_000) return `${number3(ms / 1000)} s`;
  return age(ms);
};

/** `12 s`, `2 min 14 s`, `3 h 05 min`, `4 d 2 h`. */
export const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** Decimal units, as networks and disks are sold. */
export const bytes = (value: number): string => {
  if (value < 999.5) return `${Math.round(value)} B`;
  if (value < 999.5e3) return `${number3(value / 1e3)} kB`;
  if (value < 999.5e6) return `${number3(value / 1e6)} MB`;
  return `${number3(value / 1e9)} GB`;
};

export const times = (value: number | null): string => (value === null ? none : `${number3(value)}×`);
export const percent = (share: number): string => `${number3(share * 100)} %`;

/** Of a budget: `62 %`, and `34.2×` once percent would be hard to read. */
export const ofBudget = (share: number): string =>
  share < 9.995 ? `${Math.round(share * 100)} %` : `${number3(share)}×`;

export const probability = (p: number): string => {
  if (p >= 0.01) return p.toFixed(2);
  if (p === 0) return '0';
  return p.toExponential(1);
};
