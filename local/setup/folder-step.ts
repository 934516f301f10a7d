import { isPrepared, prepareOnce } from './prepare-once.ts';
import type { Watch } from './run-tool.ts';
import type { Tool } from './tools.ts';

/** What the set-up can bring, each by itself. */
export type SetUpPart =
  | 'kafka'
  | 'debezium'
  | 'connect-aws'
  | 'dynamodb'
  | 'cassandra'
  | 'opensearch'
  | 'postgres'
  | 'valkey'
  | 'flights';

/** One thing the set-up brings. */
export interface Step {
  readonly part: SetUpPart;
  readonly title: string;
  readonly tools: readonly Tool[];
  /** Nothing on this machine runs with it. */
  readonly onlyToDeploy?: true;
  isDone(): Promise<boolean>;
  run(watch: Watch): Promise<void>;
}

export interface FolderStepOptions {
  readonly part: SetUpPart;
  readonly title: string;
  readonly directory: string;
  /** What the content depends on. */
  readonly version: string;
  readonly tools: readonly Tool[];
  readonly build: (target: string, watch: Watch) => Promise<void>;
}

/** A step that fills a folder once, and again when its version changes. */
export function folderStep({ part, title, directory, version, tools, build }: FolderStepOptions): Step {
  return {
    part,
    title,
    tools,
    isDone: () => isPrepared(directory, version),
    run: async (watch) => {
      await prepareOnce({
        directory,
        version,
        onMismatch: 'rebuild',
        build: (target) => build(target, watch),
      });
    },
  };
}
