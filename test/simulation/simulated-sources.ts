import type { Change } from '../../lambda/change/change.ts';
import type { Decoded } from '../../lambda/change/decode.ts';
import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import type { CatalogEntity } from '../../lambda/model/index.ts';
import type { SourceStore, Truth } from '../../lambda/stores/view-store.ts';
import type { SyncStores } from '../../lambda/sync/sync-stores.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Running, Scheduler } from './scheduler.ts';
import type { SimulatedDynamodb } from './simulated-dynamodb.ts';
import type { SimulatedLog } from './simulated-log.ts';
import { idOf, type SimulatedRow } from './simulated-model.ts';
import { openPgClient } from './simulated-pg-client.ts';
import type { SimulatedPostgres } from './simulated-postgres.ts';

export interface SourceOptions {
  readonly scheduler: Scheduler;
  readonly code: DeployedCode;
  readonly postgres: SimulatedPostgres;
  readonly dynamodb: SimulatedDynamodb;
  readonly log: SimulatedLog;
  /** Of the functions' configuration, by store. */
  readonly generationOf: (store: 'aurora' | 'dynamodb' | 'kafka') => number;
}

const tableName = 'simulated';
const waitMs = 20_000;

/** The sources as the stores ask them: their own code, over what is simulated below it. The log is simulated whole. */
export function openSources(running: Running, options: SourceOptions): SyncStores['sources'] {
  return {
    aurora: openAurora(running, options),
    dynamodb: openDynamodb(running, options),
    kafka: openKafka(running, options),
  };
}

function openAurora(running: Running, options: SourceOptions): SourceStore {
  const { scheduler, code, postgres, generationOf } = options;
  const client = openPgClient(running, options);
  const sleep = (ms: number) => scheduler.sleep(running.process, ms);
  return {
    readTruth: (request) =>
      code.auroraTruth.readTruth(client, request, {
        generation: generationOf('aurora'),
        waitMs,
        waiting: { clock: scheduler.now, sleep },
      }),
    digestTruth: (request) =>
      scheduler.step(running.process, {
        label: 'PostgreSQL: digests',
        effect: () => {
          const rows = [...postgres.rows().values()].map((row) => ({ row: { ...row }, version: undefined }));
          const shown = rows.filter(({ row }) =>
            code.placement.isShown(request.placement, row, scheduler.now()),
          );
          return { digests: code.digest.digestRows(request, shown), next: undefined, bytes: 0 };
        },
      }),
  };
}

/** As `createDynamodbStore` puts them together. */
function openDynamodb(
  running: Running,
  { scheduler, code, dynamodb, generationOf }: SourceOptions,
): SourceStore {
  const client = dynamodb.open(running);
  const { beginScan, parsePosition, scanItems } = code.scan;
  const positionOf = (after: string | undefined) =>
    after === undefined ? beginScan(2) : parsePosition(after);
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw code.dynamodbErrors.dynamodbError(error);
    }
  };
  return {
    readTruth: ({ placement: { entity }, of }) =>
      guarded(async () => {
        const generation = generationOf('dynamodb');
        if (of.kind === 'keys') {
          const images = await code.items.getImages(client, { tableName, entity, keys: of.keys });
          return code.dynamodbTruth.truthOfKeys(entity, of.keys, { images, generation });
        }
        const { after, limit, buckets } = of;
        const page = await scanItems(client, { tableName, entities: [entity], limit }, positionOf(after));
        return code.dynamodbTruth.truthOfPage(entity, page, { buckets, generation });
      }),
    digestTruth: (request) =>
      guarded(async () => {
        const scan = { tableName, entities: [request.placement.entity], limit: request.limit };
        const page = await scanItems(client, scan, positionOf(request.after));
        const generation = generationOf('dynamodb');
        return code.dynamodbTruth.digestOfPage(request, page, { generation, nowMs: scheduler.now() });
      }),
  };
}

/** A record says the same whenever it is read. */
const decoding = { known: new WeakMap<LoggedRecord, Decoded>() };

function openKafka(running: Running, { scheduler, code, log }: SourceOptions): SourceStore {
  const { known } = decoding;
  const latest = (entity: CatalogEntity): ReadonlyMap<string, Change> => {
    const found = new Map<string, Change>();
    for (const record of log.everything(entity.topic)) {
      const decoded = known.get(record) ?? code.decode.decodeRecord(entity, record);
      known.set(record, decoded);
      if (decoded.kind !== 'change') continue;
      const id = code.change.keyText(decoded.change.key);
      const held = found.get(id);
      if (held === undefined || held.version < decoded.change.version) found.set(id, decoded.change);
    }
    return found;
  };
  const step = <T>(label: string, effect: () => T): Promise<T> =>
    scheduler.step(running.process, { label, effect });
  return {
    readTruth: ({ placement: { entity }, of }) =>
      step('reads the log and the archive', (): Truth => {
        const found = latest(entity);
        const common = { floor: undefined, next: undefined, bytes: 0 };
        if (of.kind === 'page') {
          const { buckets } = of;
          const changes = [...found.values()].filter(
            ({ key }) =>
              buckets === undefined ||
              buckets.only.has(code.rowHash.bucketOf(idOf(key as unknown as SimulatedRow), buckets.of)),
          );
          return { changes, absent: [], ...common };
        }
        const texts = of.keys.map((key) => ({ key, change: found.get(code.change.keyText(key)) }));
        return {
          changes: texts.flatMap(({ change }) => change ?? []),
          absent: texts.flatMap(({ key, change }) => (change === undefined ? [key] : [])),
          ...common,
        };
      }),
    digestTruth: (request) =>
      step('digests the log and the archive', () => {
        const rows = [...latest(request.placement.entity).values()].flatMap((change) =>
          change.kind === 'upsert' && code.placement.isShown(request.placement, change.row, scheduler.now())
            ? [{ row: change.row, version: change.version }]
            : [],
        );
        return { digests: code.digest.digestRows(request, rows), next: undefined, bytes: 0 };
      }),
  };
}
