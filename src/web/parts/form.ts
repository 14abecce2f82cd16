/**
 * Small parts of forms: a labelled field, a select that is filled once, a button that stays down, a dialog. Refuses
 * placeholders in place of labels.
 */

import { type Child, h } from './dom.ts';

export const field = (label: string, control: HTMLElement): HTMLLabelElement =>
  h('label', { class: 'field' }, h('span', {}, label), control);

/** Fills a select; nothing is touched when it has these rows already, so that an open list stays open. */
export const options = (
  select: HTMLSelectElement,
  rows: readonly (readonly [value: string, text: string])[],
): void => {
  const as = JSON.stringify(rows);
  if (select.dataset.rows === as) return;
  select.dataset.rows = as;
  const { value } = select;
  select.replaceChildren(...rows.map(([of, text]) => h('option', { value: of }, text)));
  if (rows.some(([of]) => of === value)) select.value = value;
};

export const toggle = (text: string, onclick: () => void): HTMLButtonElement =>
  h('button', { type: 'button', class: 'toggle', 'aria-pressed': 'false', onclick }, text);

/** A form over the page, with one button that sends it. Who sends it closes it, and then it is gone. */
export const openDialog = (
  title: string,
  submit: string,
  parts: readonly Child[],
  send: (dialog: HTMLDialogElement, button: HTMLButtonElement) => void,
): void => {
  const button = h('button', { type: 'submit', class: 'primary' }, submit);
  const onsubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    send(dialog, button);
  };
  const cancel = h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
  const buttons = h('div', { class: 'buttons' }, cancel, button);
  const form = h('form', { onsubmit }, h('h2', {}, title), ...parts, buttons);
  const dialog = h('dialog', { class: 'ask', 'aria-label': title }, form);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
};

/** Who sits here, so that nobody types a name with every act. */
const whoKept = 'tessera.who';
const readWho = (): string => {
  try {
    return localStorage.getItem(whoKept) ?? '';
  } catch {
    return '';
  }
};
const keepWho = (who: string): void => {
  try {
    localStorage.setItem(whoKept, who);
  } catch {
    // Storage can be forbidden: the name is typed again then.
  }
};

interface Asked {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly text: string;
  readonly submit: string;
  readonly why: string;
  readonly whyNeeded: boolean;
  readonly extra?: HTMLElement | undefined;
  /** Does it; a fault is shown and the dialog stays. */
  readonly act: (answer: { readonly who: string; readonly why: string }) => Promise<void>;
}

/** Asks for a name and a reason, then acts; closes when it is done and kept. */
export const askAndAct = ({ title, text, submit, why, whyNeeded, extra, act }: Asked): void => {
  const whoInput = h('input', {
    name: 'who',
    required: true,
    value: readWho(),
    autocomplete: 'name',
    maxlength: 64,
  });
  const whyInput = h('textarea', { name: 'why', rows: 2, required: whyNeeded, maxlength: 500 });
  const fault = h('p', { class: 'fault', role: 'alert', hidden: true });
  const send = async (dialog: HTMLDialogElement, button: HTMLButtonElement): Promise<void> => {
    button.disabled = true;
    fault.hidden = true;
    try {
      keepWho(whoInput.value);
      await act({ who: whoInput.value.trim(), why: whyInput.value.trim() });
      dialog.close();
    } catch (error) {
      fault.textContent = error instanceof Error ? error.message : String(error);
      fault.hidden = false;
    }
    button.disabled = false;
  };
  const parts = [h('p', {}, text), extra, field('your name', whoInput), field(why, whyInput), fault];
  openDialog(title, submit, parts, (dialog, button) => void send(dialog, button));
  (whoInput.value === '' ? whoInput : whyInput).focus();
};
