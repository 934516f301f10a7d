import type { Client } from '@opensearch-project/opensearch';
import type { Placement } from '../store.ts';
import { activated, begun, dropped, removed } from '../view-builds.ts';
import { buildDelayMs, type HeldBuilds, readBuilds, writeBuilds } from './builds.ts';
import { daysOf } from './day-keeper.ts';
import { isMissing } from './errors.ts';
import { makeIndex, putTemplate } from './make.ts';
import { aliasOf, buildIndex, buildName, homeOf, type SearchView, searchView } from './names.ts';
import { renderSchema, type SchemaBuild } from './schema.ts';
import type { State } from './state.ts';

export interface RebuildContext {
  readonly client: Client;
  readonly state: State;
  readonly model: string;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** A view with what is known of its builds. */
interface Known extends HeldBuilds {
  readonly view: SearchView;
  readonly alias: string;
}

async function lookAt({ state, model }: RebuildContext, placement: Placement): Promise<Known> {
  const view = searchView(placement);
  const alias = aliasOf(model, placement, view);
  return { view, alias, ...(await readBuilds(state, alias)) };
}

/** Makes the next build, and then says that it is there: from then on it is written to. */
export async function beginBuild(context: RebuildContext, placement: Placement): Promise<Placement> {
  const { client, state } = context;
  const { view, alias, builds, held } = await lookAt(context, placement);
  const next = begun(placement, builds);
  // What was alone so far gets a name of its own.
  if (held === undefined && view.kind === 'opensearch.index')
    await client.indices.putAlias({ index: buildIndex(alias, 1), name: buildName(alias, 1) });
  await makeBuild(context, placement, { number: next.last, active: false });
  await writeBuilds(state, placement, { alias, builds: next, held });
  return { ...placement, build: next.last };
}

async function makeBuild(
  { client, model }: RebuildContext,
  placement: Placement,
  build: SchemaBuild,
): Promise<void> {
  const schema = renderSchema(model, placement, build);
  if (schema.kind === 'index') await makeIndex(client, schema);
  else await putTemplate(client, schema);
}

/**
 * Moves the view's alias, in one request, and then says which build is the active one, which is what our readers go
 * by. Done again, it does what a process that was killed has left.
 */
export async function activateBuild(context: RebuildContext, placement: Placement): Promise<void> {
  const { client, state } = context;
  const { view, alias, builds, held } = await lookAt(context, placement);
  const next = activated(placement, builds);
  if (next === undefined) return;
  if (view.kind === 'opensearch.log')
    // Days that are made from now on.
    for (const build of next.list)
      await makeBuild(context, placement, { number: build.number, active: build.state === 'active' });
  const moves = await Promise.all(
    next.list.map(async ({ number, state: becomes }) => {
      const indices =
        view.kind === 'opensearch.index'
          ? [buildIndex(alias, number)]
          : await daysOf(client, homeOf(alias, view, number).stem);
      return indices.map((index) =>
        becomes === 'active'
          ? { add: { index, alias } }
          : // Most of them do not have it.
            { remove: { index, alias, must_exist: false } },
      );
    }),
  );
  const actions = moves.flat();
  if (actions.length > 0) await client.indices.updateAliases({ body: { actions } });
  await writeBuilds(state, placement, { alias, builds: next, held });
}

/**
 * Says first that a build is going, so that nobody writes to it any more, and removes it when every process has heard
 * of that. Done again, it goes on where a process that was killed has left it.
 */
export async function dropBuild(context: RebuildContext, placement: Placement): Promise<void> {
  const { client, state, sleep } = context;
  const { view, alias, builds, held } = await lookAt(context, placement);
  const next = dropped(placement, builds);
  const { build: number } = placement;
  if (next === undefined || number === undefined) return;
  if (next !== builds) await writeBuilds(state, placement, { alias, builds: next, held });
  await sleep(buildDelayMs);
  if (view.kind === 'opensearch.index') await deleteIndices(client, [buildIndex(alias, number)]);
  else await deleteIndices(client, await daysOf(client, homeOf(alias, view, number).stem));
  const now = await readBuilds(state, alias);
  await writeBuilds(state, placement, { alias, builds: removed(now.builds, number), held: now.held });
}

/**
 * A log's template stays: a process that has not heard of the drop would else make a day of any form. One by one,
 * for names of many days are longer than a request may be.
 */
async function deleteIndices(client: Client, indices: readonly string[]): Promise<void> {
  for (const index of indices) {
    try {
      await client.indices.delete({ index });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}
