/**
 * Figures as people read them, in the same words and digits as the terminal. It refuses to hide that nothing
 * was measured: that is a dash.
 */

const none = '–';

/** Three significant digits, no exponent: 0.15, 9.81, 48.0, 1,234. */
export const number3 = (value) => {
  if (value === null || !Number.isFinite(value)) return none;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 999.5) return Math.round(value).toLocaleString('en-US');
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
};

export const whole = (value) => Math.round(value).toLocaleString('en-US');

export const age = (ms) => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

export const duration = (ms) => {
  if (ms === null) return none;
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 999.5) return `${number3(ms)} ms`;
  if (ms < 120_000) return `${number3(ms / 1000)} s`;
  return age(ms);
};

export const bytes = (value) => {
  if (value < 999.5) return `${Math.round(value)} B`;
  if (value < 999.5e3) return `${number3(value / 1e3)} kB`;
  if (value < 999.5e6) return `${number3(value / 1e6)} MB`;
  return `${number3(value / 1e9)} GB`;
};

export const times = (value) => (value === null ? none : `${number3(value)}×`);
export const percent = (share) => `${number3(share * 100)} %`;

/** Of a budget: `62 %`, and `34.2×` once percent would be hard to read. */
export const ofBudget = (share) => (share < 9.995 ? `${Math.round(share * 100)} %` : `${number3(share)}×`);

export const probability = (p) => {
  if (p >= 0.01) return p.toFixed(2);
  if (p === 0) return '0';
  const [digits, power] = p.toExponential(1).split('e');
  const raised = [...String(Math.abs(Number(power)))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${digits} × 10⁻${raised}`;
};
