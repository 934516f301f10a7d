import type { Catalog } from '../../../lambda/model/index.ts';
import type { createOpensearchStore } from '../../../lambda/stores/opensearch/index.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import { itemOf, itemRow, upsert } from '../contract-model.ts';

/** All that whoever keeps views true does with them: looks through them, repairs them and builds them anew. */
export async function keepTrue(
  store: ReturnType<typeof createOpensearchStore>,
  catalog: Catalog,
  placements: readonly Placement[],
  label?: string,
): Promise<void> {
  const change = (version: number) =>
    upsert(itemOf(catalog), itemRow(label === undefined ? {} : { label }), version);
  const high = change(5);
  for (const placement of placements) {
    await store.apply(placement, [high]);
    const page = { placement, after: undefined, limit: 10 };
    await store.scan(page);
    await store.digest({ ...page, buckets: 4, only: undefined, versions: true });
    await store.repair(placement, [{ change: change(3), held: high.version }]);
    await store.sweep(placement);
    const build = await store.beginBuild(placement);
    await store.apply(build, [high]);
    await store.activateBuild(build);
    await store.dropBuild({ ...placement, build: 1 });
  }
}
