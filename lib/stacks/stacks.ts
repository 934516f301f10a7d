import type { AlarmsStack } from './alarms-stack.ts';
import type { ApiStack } from './api-stack.ts';
import type { ArchiveStack } from './archive-stack.ts';
import type { CacheStack } from './cache-stack.ts';
import type { CaptureStack } from './capture-stack.ts';
import type { FunctionsStack } from './functions-stack.ts';
import type { LogStack } from './log-stack.ts';
import type { NetworkStack } from './network-stack.ts';
import type { RelationalStack } from './relational-stack.ts';
import type { SearchStack } from './search-stack.ts';
import type { ServiceStack } from './service-stack.ts';
import type { TableStack } from './table-stack.ts';
import type { WideColumnStack } from './wide-column-stack.ts';

/** The stacks of one model in one environment, by what they hold. */
export interface Deployment {
  readonly alarms: AlarmsStack;
  readonly network: NetworkStack;
  readonly relational: RelationalStack;
  readonly table: TableStack;
  readonly cache: CacheStack;
  readonly log: LogStack;
  /** These three exist if the model has a view in them. */
  readonly wideColumn: WideColumnStack | undefined;
  readonly search: SearchStack | undefined;
  readonly archive: ArchiveStack | undefined;
  readonly functions: FunctionsStack;
  /** Exists if the model has an entity in Aurora. */
  readonly capture: CaptureStack | undefined;
  readonly api: ApiStack;
  /** Exists if the environment has the router as a service. */
  readonly service: ServiceStack | undefined;
}
