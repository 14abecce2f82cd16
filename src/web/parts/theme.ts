/**
 * Dark or light: as the system says until a person says otherwise, and then as that person said, on this browser. Refuses
 * to flash: it is set before the first paint.
 */

const kept = 'tessera.theme';
const choices = ['system', 'light', 'dark'] as const;
export type Theme = (typeof choices)[number];

const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');

const read = (): Theme => {
  try {
    return choices.find((name) => name === localStorage.getItem(kept)) ?? 'system';
  } catch {
    // Storage can be forbidden; the system's wish stands then.
    return 'system';
  }
};

let theme = read();

const apply = (): void => {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  for (const listener of listeners) listener();
};

export const isDark = (): boolean => (theme === 'system' ? system.matches : theme === 'dark');
export const themeNow = (): Theme => theme;
/** Drawings that carry colours of their own are drawn anew; returns what ends it. */
export const onTheme = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const nextTheme = (): Theme => {
  theme = choices[(choices.indexOf(theme) + 1) % choices.length]!;
  try {
    if (theme === 'system') localStorage.removeItem(kept);
    else localStorage.setItem(kept, theme);
  } catch {
    // As above: it holds until the page is closed.
  }
  apply();
  return theme;
};

/** Names of the steps of the style sheet's scales of colours: `heat-0` … `heat-8`, `pull-0` … `pull-8`. */
export const heatSteps = ['0', '1', '2', '3', '4', '5', '6', '7', '8'] as const;

/** A colour of the style sheet, for what is drawn on a canvas. */
export const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

system.addEventListener('change', apply);
apply();
