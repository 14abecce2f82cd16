/**
 * An unusual frame, opened: how rare in words, what made it so and where, its hits as they were and as its tokens tell
 * them, the blame drawn on its channels, and what people said it is. Refuses to ask twice for the same frame.
 */

import type { AnomalyShown, FrameShown, ProjectionShown } from '../../dqm/board.ts';
import { api } from '../api.ts';
import { projection } from '../draw/projection.ts';
import { h, only } from '../parts/dom.ts';
import { bytes, capital, number3, percent, probability, timeOfDay, whole, words } from '../parts/figures.ts';
import { askAndAct, field } from '../parts/form.ts';
import { icon } from '../parts/icons.ts';
import { emptyState, faultState, loadingState } from '../parts/states.ts';
import { onTheme } from '../parts/theme.ts';
import { hrefOf } from '../route.ts';
import type { Store } from '../store.ts';

export interface FramePanel {
  readonly root: HTMLElement;
  choose(id: string | null): void;
}

/** Words a training set is made of; a person may write another. */
const usualLabels = ['detector fault', 'noise', 'physics', 'pile-up', 'beam background', 'false alarm'];

const scoreTable = ({ scores, cause }: AnomalyShown): HTMLElement =>
  h(
    'table',
    { class: 'figures' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'score'),
        h('th', { scope: 'col' }, 'value'),
        h('th', { scope: 'col' }, 'p-value'),
      ),
    ),
    h(
      'tbody',
      {},
      ...scores.map((one) =>
        h(
          'tr',
          { class: one.name === cause ? 'chosen' : null },
          h('th', { scope: 'row' }, words(one.name)),
          h('td', {}, number3(one.value)),
          h('td', {}, probability(one.pValue)),
        ),
      ),
    ),
  );

const findingList = ({ findings }: AnomalyShown): HTMLElement =>
  h(
    'ul',
    { class: 'findings' },
    ...findings.map((finding) =>
      h(
        'li',
        {},
        h('b', {}, words(finding.scoreName)),
        finding.where === '' ? '' : `: ${finding.where}`,
        h(
          'ul',
          { class: 'places' },
          ...finding.channels.slice(0, 6).map((one) => h('li', {}, `${one.where}, ${percent(one.share)}`)),
        ),
      ),
    ),
  );

const pictures = (shown: readonly ProjectionShown[], title: string): readonly HTMLElement[] =>
  shown.map((one) => projection(one, `${title}, ${one.up.name} on ${one.across.name}`, 'ADC'));

const framePart = (frame: FrameShown): HTMLElement => {
  const { raw, decoded, blame, packet } = frame;
  const pairs: HTMLElement[] = [];
  const rawPictures = raw === null ? [] : pictures(raw, 'Hits');
  const decodedPictures = decoded === null ? [] : pictures(decoded, 'Tokens');
  for (let i = 0; i < Math.max(rawPictures.length, decodedPictures.length); i++)
    pairs.push(...[rawPictures[i], decodedPictures[i]].filter((one) => one !== undefined));
  return h(
    'div',
    {},
    blame !== null && h('div', { class: 'projections wide' }, projection(blame, 'Blame by channel', 'share')),
    h('div', { class: 'projections', 'data-paired': String(raw !== null && decoded !== null) }, ...pairs),
    ...frame.missing.map((text) => h('p', { class: 'key missing' }, text)),
    h(
      'p',
      { class: 'key' },
      `${whole(frame.hits)} hits. `,
      packet === null
        ? ''
        : `Its packet has ${bytes(packet.bytes)} (${packet.layers.join(', ')}): ${packet.reason}.`,
    ),
  );
};

export const createFramePanel = (store: Store): FramePanel => {
  const content = h('div');
  const root = h(
    'section',
    { class: 'card frame-panel', 'aria-live': 'polite', 'aria-label': 'The frame' },
    content,
  );
  let chosen: string | null = null;
  let drawn: { id: string; anomaly: AnomalyShown; frame: FrameShown | null } | null = null;

  const label = (anomaly: AnomalyShown): void => {
    const input = h('input', {
      name: 'label',
      required: true,
      list: 'usual-labels',
      maxlength: 64,
      autocomplete: 'off',
    });
    const extra = h(
      'div',
      {},
      field('it is', input),
      h('datalist', { id: 'usual-labels' }, ...usualLabels.map((text) => h('option', { value: text }))),
    );
    askAndAct({
      title: 'Label this frame',
      text: 'Labels are kept with the frame and become a training set.',
      submit: 'Label',
      why: 'comment',
      whyNeeded: false,
      extra,
      act: async ({ who, why }) => {
        await api.act({ act: 'label', id: anomaly.id, label: input.value.trim(), comment: why, who });
        void load(anomaly.id);
      },
    });
  };

  const labels = (anomaly: AnomalyShown): HTMLElement =>
    h(
      'div',
      { class: 'labels' },
      h('h3', {}, 'Labels'),
      anomaly.labels.length === 0
        ? h('p', { class: 'key' }, 'Nobody said what this is.')
        : h(
            'ul',
            {},
            ...anomaly.labels.map((one) =>
              h(
                'li',
                {},
                h('b', {}, one.label),
                one.comment === '' ? '' : `: ${one.comment}`,
                h('small', {}, ` ${one.who}, ${timeOfDay(one.atMs, store.nowMs)}`),
              ),
            ),
          ),
      h(
        'p',
        { class: 'links' },
        h('button', { type: 'button', onclick: () => label(anomaly) }, 'Label it …'),
        h('a', { href: 'api/v1/labels.csv', download: 'labels.csv' }, 'All labels as CSV'),
      ),
    );

  const paint = (): void => {
    if (drawn === null) return;
    const { anomaly, frame } = drawn;
    const close = h(
      'a',
      { class: 'quiet', href: hrefOf('feed'), 'aria-label': 'Close', title: 'Close (Esc)' },
      icon('close'),
    );
    only(
      content,
      h(
        'div',
        {},
        h('div', { class: 'panel-head' }, h('h2', {}, `${anomaly.region}: ${words(anomaly.cause)}`), close),
        h(
          'p',
          { class: 'key' },
          `run ${anomaly.run}, time frame ${anomaly.timeFrame}, at ${timeOfDay(anomaly.atMs, store.nowMs)}`,
        ),
        h('p', { class: 'reason' }, `${capital(anomaly.words)}.`.replace('..', '.')),
        anomaly.where === '' ? false : h('p', {}, h('b', {}, 'Where: '), anomaly.where),
        frame === null
          ? emptyState('The frame itself is not kept', 'What was said of it remains below.')
          : framePart(frame),
        h('h3', {}, 'Scores'),
        scoreTable(anomaly),
        anomaly.findings.length > 0 && h('h3', {}, 'What drives it'),
        anomaly.findings.length > 0 && findingList(anomaly),
        labels(anomaly),
      ),
    );
  };
  const load = async (id: string): Promise<void> => {
    try {
      const [anomaly, frame] = await Promise.all([api.anomaly(id), api.frame(id)]);
      if (chosen !== id) return;
      if (anomaly === null)
        only(
          content,
          emptyState('Not kept any more', `Nothing is known of ${id}; only so many unusual frames are kept.`),
        );
      else {
        drawn = { id, anomaly, frame };
        paint();
      }
    } catch (error) {
      if (chosen === id)
        only(
          content,
          faultState(error, () => void load(id)),
        );
    }
  };
  // Pictures carry colours of their own.
  onTheme(paint);

  return {
    root,
    choose(id) {
      if (chosen === id && content.firstChild !== null) return;
      chosen = id;
      drawn = null;
      if (id === null) {
        only(
          content,
          emptyState(
            'No frame is open',
            'Choose one of the list to see its hits, what its tokens say of them, and which channels made it unusual.',
          ),
        );
        return;
      }
      only(content, loadingState('the frame'));
      void load(id);
    },
  };
};
