import type { App, Stack } from 'aws-cdk-lib';

/** What `bin/build.ts` and `bin/capture.ts` make before a synth, for the examples that need it. */
export interface Built {
  /** A folder for each function. */
  readonly codeFolder: string;
  /** Debezium's plugin, a ZIP archive. */
  readonly pluginFile: string;
}

/** Makes one construct in a stack of its own, in an app of yours. */
export type Example = (app: App, built: Built) => Stack;
