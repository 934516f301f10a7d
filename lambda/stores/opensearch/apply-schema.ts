import type { Client } from '@opensearch-project/opensearch';
import { PolystoreError } from '../../errors.ts';
import { type Catalog, storeOf } from '../../model/index.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { readBuilds, schemaBuilds } from './builds.ts';
import { createClient, type OpensearchConnection } from './connection.ts';
import { isMissing, opensearchError } from './errors.ts';
import { makeIndex, putTemplate, typed } from './make.ts';
import { aliasOf, searchView, stateAlias } from './names.ts';
import {
  compareMappings,
  dynamicSettings,
  type Mapping,
  renderSchema,
  renderStateIndex,
  renderTemplate,
  type SearchSchema,
} from './schema.ts';
import { createState } from './state.ts';

/**
 * Makes the indices, aliases and templates of a model's views, and adds what new columns need to those that are there.
 * Harmless to repeat. Returns what it did, one sentence each.
 *
 * @throws PolystoreError `migration_refused` that lists every change that OpenSearch cannot make to an index in place
 *   (another type, another analyzer, another number of shards); nothing is changed then.
 */
export async function ensureSearch(
  catalog: Catalog,
  connection: OpensearchConnection,
): Promise<readonly string[]> {
  const client = createClient(connection);
  try {
    const placements = placementsOf(catalog);
    if (placements.length === 0) return [];
    const plans = [
      await planState(client, catalog.name),
      ...(await Promise.all(placements.map((each) => planView(client, catalog.name, each)))),
    ];
    const refused = plans.flatMap(({ conflicts }) => conflicts);
    if (refused.length > 0)
      throw new PolystoreError(
        'migration_refused',
        `OpenSearch cannot change an index in place: ${refused.join('; ')}. Give the view another name, which makes a new index, and delete the old one when nothing reads it`,
        { details: { refused } },
      );
    const done: string[] = [];
    for (const { steps } of plans) {
      for (const { title, run } of steps) {
        await run();
        done.push(title);
      }
    }
    return done;
  } catch (error) {
    throw opensearchError(error);
  } finally {
    await client.close();
  }
}

const placementsOf = (catalog: Catalog): readonly Placement[] =>
  catalog.entities.flatMap((entity) =>
    entity.views.filter((target) => storeOf(target) === 'opensearch').map((target) => ({ entity, target })),
  );

interface Plan {
  readonly conflicts: readonly string[];
  readonly steps: readonly { readonly title: string; run(): Promise<unknown> }[];
}

async function planState(client: Client, model: string): Promise<Plan> {
  const alias = stateAlias(model);
  if ((await indicesOf(client, alias)).length > 0) return { conflicts: [], steps: [] };
  const schema = renderStateIndex(model);
  return {
    conflicts: [],
    steps: [{ title: `made the index ${schema.index}`, run: () => makeIndex(client, schema) }],
  };
}

/** Each build of a view. */
async function planView(client: Client, model: string, placement: Placement): Promise<Plan> {
  const state = createState({ client, gate: { run: (work) => work() }, refresh: false }, model);
  const builds = await readBuilds(state, aliasOf(model, placement, searchView(placement)));
  const plans = await Promise.all(
    schemaBuilds(builds).map((build) => planBuild(client, placement, renderSchema(model, placement, build))),
  );
  return {
    conflicts: plans.flatMap(({ conflicts }) => conflicts),
    steps: plans.flatMap(({ steps }) => steps),
  };
}

async function planBuild(client: Client, placement: Placement, schema: SearchSchema): Promise<Plan> {
  const held = await indicesOf(client, schema.all);
  const changes = held.map((index) => planIndex(client, schema, index));
  const make =
    schema.kind === 'log'
      ? await planTemplate(client, placement, schema)
      : held.length === 0
        ? [
            {
              title: `${placementName(placement)}: made the index ${schema.index}`,
              run: () => makeIndex(client, schema),
            },
          ]
        : [];
  return {
    conflicts: changes.flatMap(({ conflicts }) => conflicts),
    // The template first, so that a day that is made meanwhile has the new columns.
    steps: [...make, ...changes.flatMap(({ steps }) => steps)],
  };
}

async function planTemplate(
  client: Client,
  placement: Placement,
  schema: Extract<SearchSchema, { readonly kind: 'log' }>,
): Promise<Plan['steps']> {
  const template = renderTemplate(schema);
  const held = await templateOf(client, schema.template);
  if (held?._meta?.fingerprint === template._meta.fingerprint) return [];
  return [
    {
      title: `${placementName(placement)}: put the template ${schema.template}`,
      run: () => putTemplate(client, schema),
    },
  ];
}

async function templateOf(
  client: Client,
  name: string,
): Promise<{ readonly _meta?: Readonly<Record<string, unknown>> } | undefined> {
  try {
    const { body } = await client.indices.getIndexTemplate({ name });
    return body.index_templates[0]?.index_template;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

interface HeldIndex {
  readonly name: string;
  readonly mapping: Partial<Mapping>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The indices behind an alias. */
async function indicesOf(client: Client, alias: string): Promise<readonly HeldIndex[]> {
  try {
    const { body } = await client.indices.get({ index: alias });
    return Object.entries(body).map(([name, state]) => ({
      name,
      // Ours, or what somebody made of it: what differs is told by planIndex.
      mapping: (state.mappings ?? {}) as Partial<Mapping>,
      settings: (state.settings?.index ?? {}) as Readonly<Record<string, unknown>>,
    }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function planIndex(client: Client, schema: SearchSchema, { name, mapping, settings }: HeldIndex): Plan {
  if (name === schema.all)
    return { conflicts: [`${name} is an index, and an alias of that name is wanted; delete it`], steps: [] };
  const { missing, conflicts } = compareMappings(mapping, schema.mapping);
  const wanted = schema.settings.index;
  const shards = Number(settings.number_of_shards);
  if (shards !== wanted.number_of_shards)
    conflicts.push(`has ${shards} shards, and ${wanted.number_of_shards} are wanted`);
  const columns = Object.keys(missing);
  const changed = Object.entries(dynamicSettings).filter(([setting, value]) => settings[setting] !== value);
  const steps = [
    {
      needed: columns.length > 0,
      title: `${name}: added ${columns.join(', ')}`,
      run: () => client.indices.putMapping({ index: name, body: typed({ properties: missing }) }),
    },
    {
      needed: changed.length > 0,
      title: `${name}: set ${changed.map(([setting]) => setting).join(', ')}`,
      run: () => client.indices.putSettings({ index: name, body: { index: dynamicSettings } }),
    },
  ];
  return {
    conflicts: conflicts.map((conflict) => `${name}: ${conflict}`),
    steps: steps.filter(({ needed }) => needed),
  };
}
