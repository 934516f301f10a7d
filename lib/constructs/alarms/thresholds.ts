/** When something is wrong: the number, and for how many minutes in a row it has to be so. */
export interface Threshold {
  readonly value: number;
  readonly forMinutes: number;
}

const threshold = (value: number, forMinutes: number): Threshold => ({ value, forMinutes });

/**
 * What the alarms of every store ring at. Percentages are of what there is, times in the unit of their name; more
 * than the value rings, unless the name says `least`. Where AWS recommends another number for a service it is here
 * too, and named.
 */
export const thresholds = {
  cpuPercent: threshold(80, 5),
  memoryPercent: threshold(90, 5),
  ioWaitPercent: threshold(30, 5),
  /** Of the connections that an instance allows. */
  connectionsPercent: threshold(80, 5),
  /** DESIGN §6; a workload has those above its own target. A reader that is 2,000 ms behind gets no reads. */
  replicaLagMs: [threshold(200, 5), threshold(500, 3), threshold(1_000, 1)],
  /** Of write-ahead log that the slowest slot keeps: 10 GiB. Debezium reads it within seconds, or is down. */
  slotBytes: threshold(10 * 2 ** 30, 5),
  /** Transactions since the oldest row was frozen; PostgreSQL stops writes at 2^31. */
  oldestTransaction: threshold(1_000_000_000, 5),
  /** Of the most that the cluster may scale to. */
  capacityPercent: threshold(90, 15),
  /** Of a DynamoDB stream: its records live for 24 hours. */
  iteratorAgeMs: threshold(60_000, 5),
  /** Records of a topic that a consumer has not taken, for each minute of its batching window and one. */
  consumerLagRecords: threshold(10_000, 5),
  /** Age of the oldest change in a batch that a view took, beside the batching window. */
  viewLagSeconds: threshold(60, 5),
  /** Requests that were told to come again, or failed in the service: none is expected. */
  throttles: threshold(0, 5),
  serverErrors: threshold(0, 5),
  /** Of an API's requests. */
  serverErrorPercent: threshold(1, 5),
  functionErrors: threshold(0, 5),
  /** Of the time that a function may take. */
  durationPercent: threshold(90, 1),
  /** Of the executions that the account may run at once. */
  accountConcurrencyPercent: threshold(80, 5),
  /** How many times its baseline a latency may be, where the baseline is known. */
  latencyFactor: threshold(2, 15),
  /** Width of the band that CloudWatch learns of a latency, where it is not. */
  latencyDeviations: threshold(4, 15),
  /** Of a broker's volume (docs.aws.amazon.com/msk, Best practices). */
  brokerDiskPercent: threshold(85, 5),
  /** Of a broker's heap, after garbage was collected (ibid.). */
  brokerHeapPercent: threshold(60, 15),
  /** A node that lags so many seconds behind its primary. */
  cacheLagSeconds: threshold(1, 5),
  /** Of 65,000 clients, which is what ElastiCache allows a node. */
  cacheClients: threshold(52_000, 5),
  /** Free at least, of a search node's volume. */
  leastSearchStoragePercent: threshold(25, 5),
  /** Of OpenSearch's heap, which collects garbage from 75 % on (docs.aws.amazon.com/opensearch-service, Recommended alarms). */
  searchHeapPercent: threshold(90, 15),
} as const;

/** How old an answer for a workload may be, in milliseconds (DESIGN §6): below that a lag is as meant. */
export const lagTargetMs = { dashboard: 50, analytics: 100, reporting: 300 } as const;
