/**
 * The page's one place that puts things together: the store, the stream that feeds it, the views and the frame around them.
 * Refuses to know what a view shows.
 */

import { createFeed } from './anomalies/feed.ts';
import { go } from './go.ts';
import { createKeys } from './keys.ts';
import { createOverview } from './overview/overview.ts';
import { hrefOf, parseRoute, type ViewName, viewNames } from './route.ts';
import { createShell } from './shell.ts';
import { createStore } from './store.ts';
import { follow } from './stream/follow.ts';
import type { MakeView, View } from './view.ts';
import { createAlarms } from './views/alarms.ts';
import { createLayouts } from './views/layouts.ts';
import { createPipeline } from './views/pipeline.ts';
import { createPlots } from './views/plots.ts';
import { createReferences } from './views/references.ts';
import { createRuns } from './views/runs.ts';
import { createTrends } from './views/trends.ts';
import { createWall } from './views/wall.ts';

const makers: Readonly<Record<ViewName, MakeView>> = {
  overview: createOverview,
  feed: createFeed,
  plots: createPlots,
  trends: createTrends,
  pipeline: createPipeline,
  alarms: createAlarms,
  runs: createRuns,
  references: createReferences,
  layouts: createLayouts,
  wall: createWall,
};

const store = createStore();
const shell = createShell(store);
const views = new Map<ViewName, View>();
let shown: { name: ViewName; view: View } | undefined;

const show = (): void => {
  const route = parseRoute(location.hash);
  if (shown?.name !== route.view) {
    shown?.view.leave();
    const view = views.get(route.view) ?? makers[route.view](store);
    views.set(route.view, view);
    shown = { name: route.view, view };
    shell.show(route.view, view);
  }
  shown.view.enter(route);
  shown.view.draw();
  shell.draw();
};

store.onDraw(() => {
  shell.draw();
  shown?.view.draw();
});
createKeys({
  view: () => shown?.view,
  goTo: (number) => {
    const name = viewNames[number - 1];
    if (name !== undefined) go(hrefOf(name));
  },
});
addEventListener('hashchange', show);
document.body.append(shell.root);
show();
follow((told) => store.hear(told));
