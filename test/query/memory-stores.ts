import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { AggregateStore } from '../../lambda/stores/store.ts';
import { fakeAurora, nowMs } from './harness.ts';
import { withWords } from './word-search.ts';

const clock = () => nowMs;

/** A store of memory for each engine. */
export const createMemoryStores = () => ({
  aurora: fakeAurora(),
  dynamodb: createMemoryStore({ clock }),
  redis: createMemoryStore({ clock }),
  keyspaces: withRollups(createMemoryStore({ clock })),
  opensearch: withWords(createMemoryStore({ clock })),
  archive: createMemoryStore({ clock }),
});

/** A rollup's totals are those of the rows of the view that it is worked out from. */
const withRollups = (store: AggregateStore): AggregateStore => ({
  ...store,
  aggregate: (fragment) => {
    const { entity, target } = fragment.placement;
    if (target.kind !== 'keyspaces.rollup') return store.aggregate(fragment);
    const from = entity.views.find(({ name }) => name === target.from);
    if (from === undefined) throw new TypeError(`${entity.name} has no view ${target.from}`);
    return store.aggregate({ ...fragment, placement: { entity, target: from } });
  },
});
