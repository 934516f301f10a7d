import type { Identity, Variables } from '../../environments/index.ts';

/** What the functions are told besides where the stores are. */
export interface FunctionSettings {
  readonly identity: Identity;
  /** Generation of the changes that are captured (DESIGN §4), 0 to 127. */
  readonly generation: number;
  /**
   * Variables that every function gets in place of what the stores say.
   * @default - none
   */
  readonly variables?: Variables;
}
