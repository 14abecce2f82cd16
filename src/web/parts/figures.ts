/**
 * Figures as people read them, in the same words and digits as the terminal. It refuses to hide that nothing was measured:
 * that is a dash.
 */

export const none = '–';
type Maybe = number | null | undefined;

/** Three significant digits, no exponent: 0.15, 9.81, 48.0, 1,234. */
export const number3 = (value: Maybe): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return none;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 999.5) return Math.round(value).toLocaleString('en-US');
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size < 0.0995) return String(Number(value.toPrecision(3)));
  return value.toFixed(2);
};

export const whole = (value: Maybe): string =>
  value === null || value === undefined ? none : Math.round(value).toLocaleString('en-US');

export const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** Coarser as it grows, for lists that are read at a glance: `12 s`, `4 min`, `3 h`, `2 d`. */
export const ago = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
};

export const duration = (ms: Maybe): string => {
  if (ms === null || ms === undefined) return none;
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 999.5) return `${number3(ms)} ms`;
  if (ms < 120_000) return `${number3(ms / 1000)} s`;
  return age(ms);
};

export const bytes = (value: Maybe): string => {
  if (value === null || value === undefined) return none;
  if (value < 999.5) return `${Math.round(value)} B`;
  if (value < 999.5e3) return `${number3(value / 1e3)} kB`;
  if (value < 999.5e6) return `${number3(value / 1e6)} MB`;
  return `${number3(value / 1e9)} GB`;
};

export const times = (value: Maybe): string =>
  value === null || value === undefined ? none : `${number3(value)}×`;
/** As exact as it is read: 0.35 %, 4.2 %, 62 %. */
export const percent = (share: number): string => {
  const value = share * 100;
  const size = Math.abs(value);
  return `${size >= 9.95 ? whole(value) : size >= 0.995 ? String(Number(value.toFixed(1))) : number3(value)} %`;
};

/** Of a budget: `62 %`, and `34.2×` once percent would be hard to read. */
export const ofBudget = (share: number): string =>
  share < 9.995 ? `${Math.round(share * 100)} %` : `${number3(share)}×`;

export const probability = (p: number): string => {
  if (p >= 0.01) return p.toFixed(2);
  if (p === 0) return '0';
  const [digits, power] = p.toExponential(1).split('e');
  const raised = [...String(Math.abs(Number(power)))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${digits} × 10⁻${raised}`;
};

/** Beyond it a p-value is extrapolated from tails nobody has seen: its digits would say more than is known. */
const rarestTold = 1e-6;

/** How rare, said with whole numbers: `1 in 4,200`, to be followed by what it is one of. */
export const oneIn = (p: number): string => {
  if (p < rarestTold) return '< 1 in a million';
  const count = 1 / p;
  const digits = Math.max(0, Math.floor(Math.log10(count)) - 1);
  return `1 in ${(Math.round(count / 10 ** digits) * 10 ** digits).toLocaleString('en-US')}`;
};

/** Of the day, where the reader is: `03:14:09`; with the day in front where it is not today. */
export const timeOfDay = (ms: number, nowMs: number): string => {
  const time = new Date(ms).toLocaleTimeString('en-GB');
  if (Math.abs(nowMs - ms) < 12 * 3_600_000) return time;
  return `${new Date(ms).toLocaleDateString('en-GB', { day: '2-digit', month: 'short' })} ${time}`;
};

/** Words of a name made for machines: `card_time` → `card time`. */
export const words = (name: string): string => name.replaceAll(/[_-]/g, ' ');
/** An alarm's message and, at its end, which process told it, for who wants to know. */
export const messageOf = (message: string): { readonly text: string; readonly toldBy: string } => {
  const found = /^(.*) \(([^\s()]+:[^\s()]+)\)$/s.exec(message);
  return found === null ? { text: message, toldBy: '' } : { text: found[1]!, toldBy: found[2]! };
};
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
