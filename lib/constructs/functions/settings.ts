import type { Front, TopicPartitions } from '../../../lambda/model/index.ts';
import type { Identity, Principal, Variables } from '../../environments/index.ts';

/** What the functions are told besides where the stores are. */
export interface FunctionSettings {
  readonly identity: Identity;
  /**
   * What stands before those that answer requests.
   * @default 'http'
   */
  readonly front?: Front;
  /**
   * IAM principals that a front which verifies their signatures lets in, by ARN, and as whom they ask.
   * @default - none
   */
  readonly principals?: Readonly<Record<string, Principal>>;
  /** Generation of the changes that are captured (DESIGN §4), 0 to 127. */
  readonly generation: number;
  /**
   * Partitions of topics where they are not the model's own; the catalog has them already.
   * @default - the model's, everywhere
   */
  readonly topicPartitions?: TopicPartitions;
  /**
   * Names of DynamoDB's global indexes that queries may not use: they are not made yet, or not filled.
   * @default - none
   */
  readonly unreadyIndexes?: readonly string[];
  /**
   * Variables that every function gets in place of what the stores say.
   * @default - none
   */
  readonly variables?: Variables;
}
