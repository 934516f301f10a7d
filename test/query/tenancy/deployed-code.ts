import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Analyse from '../../../lambda/query/analyse.ts';
import type * as App from '../../../lambda/query/app.ts';
import type * as Combine from '../../../lambda/query/combine/duckdb.ts';
import type * as ExecuteRead from '../../../lambda/query/execute-read.ts';
import type * as Query from '../../../lambda/query/index.ts';
import type * as PlanRead from '../../../lambda/query/plan-read.ts';
import type * as Archive from '../../../lambda/stores/archive/index.ts';
import type * as Aurora from '../../../lambda/stores/aurora/index.ts';
import type * as Dynamodb from '../../../lambda/stores/dynamodb/index.ts';
import type * as Keyspaces from '../../../lambda/stores/keyspaces/index.ts';
import type * as Opensearch from '../../../lambda/stores/opensearch/index.ts';
import type * as Redis from '../../../lambda/stores/redis/index.ts';
import type * as RemoteArchive from '../../../lambda/stores/remote-archive/index.ts';
import type * as BackPressure from '../../../lambda/sync/back-pressure.ts';
import type * as Ingest from '../../../lambda/sync/ingest.ts';

/** What stands between a caller and rows, from one folder: the project's own, or a copy with a bug in it. */
export type DeployedCode = Awaited<ReturnType<typeof loadDeployedCode>>;

/** @param lambda path of the folder. */
export async function loadDeployedCode(lambda: string) {
  // The copy has the files of the project, so each module is of the original's type.
  const load = <M>(file: string): Promise<M> => import(pathToFileURL(join(lambda, file)).href) as Promise<M>;
  return {
    analyse: await load<typeof Analyse>('query/analyse.ts'),
    app: await load<typeof App>('query/app.ts'),
    combine: await load<typeof Combine>('query/combine/duckdb.ts'),
    executeRead: await load<typeof ExecuteRead>('query/execute-read.ts'),
    planRead: await load<typeof PlanRead>('query/plan-read.ts'),
    query: await load<typeof Query>('query/index.ts'),
    archive: await load<typeof Archive>('stores/archive/index.ts'),
    aurora: await load<typeof Aurora>('stores/aurora/index.ts'),
    dynamodb: await load<typeof Dynamodb>('stores/dynamodb/index.ts'),
    keyspaces: await load<typeof Keyspaces>('stores/keyspaces/index.ts'),
    opensearch: await load<typeof Opensearch>('stores/opensearch/index.ts'),
    redis: await load<typeof Redis>('stores/redis/index.ts'),
    remoteArchive: await load<typeof RemoteArchive>('stores/remote-archive/index.ts'),
    backPressure: await load<typeof BackPressure>('sync/back-pressure.ts'),
    ingest: await load<typeof Ingest>('sync/ingest.ts'),
  };
}
