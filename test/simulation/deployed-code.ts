import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Change from '../../lambda/change/change.ts';
import type * as Decode from '../../lambda/change/decode.ts';
import type * as Version from '../../lambda/change/version.ts';
import type * as Errors from '../../lambda/errors.ts';
import type * as Model from '../../lambda/model/index.ts';
import type * as AuroraTruth from '../../lambda/stores/aurora/truth.ts';
import type * as Digest from '../../lambda/stores/digest.ts';
import type * as DynamodbErrors from '../../lambda/stores/dynamodb/errors.ts';
import type * as Item from '../../lambda/stores/dynamodb/item.ts';
import type * as Items from '../../lambda/stores/dynamodb/items.ts';
import type * as Scan from '../../lambda/stores/dynamodb/scan.ts';
import type * as ServiceClock from '../../lambda/stores/dynamodb/service-clock.ts';
import type * as DynamodbTruth from '../../lambda/stores/dynamodb/truth.ts';
import type * as Write from '../../lambda/stores/dynamodb/write.ts';
import type * as Writer from '../../lambda/stores/dynamodb/writer.ts';
import type * as Memory from '../../lambda/stores/memory/index.ts';
import type * as PlacementModule from '../../lambda/stores/placement.ts';
import type * as RowHash from '../../lambda/stores/row-hash.ts';
import type * as Apply from '../../lambda/sync/apply.ts';
import type * as BackPressure from '../../lambda/sync/back-pressure.ts';
import type * as Capture from '../../lambda/sync/capture.ts';
import type * as DeadLetters from '../../lambda/sync/dead-letters.ts';
import type * as Ingest from '../../lambda/sync/ingest.ts';
import type * as OpenMaintain from '../../lambda/sync/open-maintain.ts';

/** The modules of `lambda/` that a simulation drives, from one folder: the project's own, or a copy with a bug in it. */
export type DeployedCode = Awaited<ReturnType<typeof loadDeployedCode>>;

/** @param lambda path of the folder. */
export async function loadDeployedCode(lambda: string) {
  // The copy has the files of the project, so each module is of the original's type.
  const load = <M>(file: string): Promise<M> => import(pathToFileURL(join(lambda, file)).href) as Promise<M>;
  return {
    auroraTruth: await load<typeof AuroraTruth>('stores/aurora/truth.ts'),
    decode: await load<typeof Decode>('change/decode.ts'),
    dynamodbErrors: await load<typeof DynamodbErrors>('stores/dynamodb/errors.ts'),
    dynamodbTruth: await load<typeof DynamodbTruth>('stores/dynamodb/truth.ts'),
    items: await load<typeof Items>('stores/dynamodb/items.ts'),
    openMaintain: await load<typeof OpenMaintain>('sync/open-maintain.ts'),
    placement: await load<typeof PlacementModule>('stores/placement.ts'),
    rowHash: await load<typeof RowHash>('stores/row-hash.ts'),
    scan: await load<typeof Scan>('stores/dynamodb/scan.ts'),
    apply: await load<typeof Apply>('sync/apply.ts'),
    backPressure: await load<typeof BackPressure>('sync/back-pressure.ts'),
    capture: await load<typeof Capture>('sync/capture.ts'),
    change: await load<typeof Change>('change/change.ts'),
    deadLetters: await load<typeof DeadLetters>('sync/dead-letters.ts'),
    digest: await load<typeof Digest>('stores/digest.ts'),
    dynamodb: await load<typeof Writer>('stores/dynamodb/writer.ts'),
    errors: await load<typeof Errors>('errors.ts'),
    ingest: await load<typeof Ingest>('sync/ingest.ts'),
    item: await load<typeof Item>('stores/dynamodb/item.ts'),
    memory: await load<typeof Memory>('stores/memory/index.ts'),
    model: await load<typeof Model>('model/index.ts'),
    serviceClock: await load<typeof ServiceClock>('stores/dynamodb/service-clock.ts'),
    version: await load<typeof Version>('change/version.ts'),
    write: await load<typeof Write>('stores/dynamodb/write.ts'),
  };
}
