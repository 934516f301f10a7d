import type { Downloads } from '../setup/index.ts';
import type { RunAs } from './run-as.ts';
import type { ProcessPlan } from './supervisor.ts';
import type { EngineName, EnginePorts } from './types.ts';

/** What every engine is made from. */
export interface EngineContext {
  readonly downloads: Downloads;
  readonly stateDir: string;
  readonly ports: EnginePorts;
  readonly durable: boolean;
  /** The user that PostgreSQL runs as. */
  readonly runAs: RunAs;
}

/** One engine: how it gets its data folder and settings, how it runs, and what is done once it serves. */
export interface Engine {
  readonly name: EngineName;
  /** Makes the data folder if it is not there, and writes the settings anew. */
  prepare(): Promise<void>;
  plan(): ProcessPlan;
  /** What must exist inside before others may use it; leaves alone what is there. */
  afterReady?(): Promise<void>;
}
