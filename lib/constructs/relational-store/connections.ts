import { type Capacity, memoryGibWithin, serverless } from './capacity.ts';

/**
 * What AWS's table of Aurora Serverless says of `max_connections`: 189 at 2 GiB, 823 at 8, 1,669 at 16, 3,360 at 32
 * and never more than 5,000; where the least capacity is half a unit or none, never more than 2,000
 * (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html, Maximum
 * connections). It lies on a line, below a connection for every 9,531,392 bytes of the class's own memory, of which
 * the host takes a part; instances of a class are counted by the same line. On 2026-11-26 compared with a copy of that
 * page of June 2023 (189, 5,000 and the 2,000) and with an article of re:Post's that asked instances (189, 2,000, 3,360).
 */
const table = { ofGib: 105.72, taken: 22.4, most: 5_000, mostWithLeastCapacity: 2_000 } as const;

/**
 * How many connections an instance takes where its parameters do not say: of `serverless`, or of a class such as
 * `r8g.large`. Undefined for a class whose memory is not known.
 */
export function connectionsOf(instanceClass: string, capacity: Capacity): number | undefined {
  const memoryGib = memoryGibWithin(instanceClass, capacity);
  if (memoryGib === undefined) return undefined;
  const most =
    instanceClass === serverless && capacity.minimumAcu <= 0.5 ? table.mostWithLeastCapacity : table.most;
  return Math.min(most, Math.max(0, Math.floor(table.ofGib * memoryGib - table.taken)));
}
