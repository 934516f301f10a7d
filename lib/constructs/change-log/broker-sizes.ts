/** Who runs the brokers: `standard` with volumes of ours, `express` and `serverless` with storage of MSK's own. */
export type BrokerKind = 'standard' | 'express' | 'serverless';

/** What one broker carries. Copies count as partitions, leaders or not. */
export interface BrokerSize {
  readonly recommendedPartitions: number;
  /** Above it MSK refuses to change the cluster; on Express also to make topics. */
  readonly maximumPartitions: number;
  /** Megabytes a second that callers may write for any length of time; undefined: the volume decides. */
  readonly ingressMegabytes?: number;
}

/**
 * Standard brokers, by class without the prefix `kafka.`
 * (docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html, "number of partitions per Standard broker").
 */
const standard: Readonly<Record<string, BrokerSize>> = {
  't3.small': { recommendedPartitions: 300, maximumPartitions: 300 },
  ...ofSizes(['m5', 'm7g'], ['large', 'xlarge'], { recommendedPartitions: 1000, maximumPartitions: 1500 }),
  ...ofSizes(['m5', 'm7g'], ['2xlarge'], { recommendedPartitions: 2000, maximumPartitions: 3000 }),
  ...ofSizes(['m5', 'm7g'], ['4xlarge', '8xlarge', '12xlarge', '16xlarge'], {
    recommendedPartitions: 4000,
    maximumPartitions: 6000,
  }),
  ...ofSizes(['m5'], ['24xlarge'], { recommendedPartitions: 4000, maximumPartitions: 6000 }),
};

/**
 * Express brokers, by class without the prefix `express.`
 * (docs.aws.amazon.com/msk/latest/developerguide/limits.html, "Express broker quota": partitions and sustained
 * ingress).
 */
const express: Readonly<Record<string, BrokerSize>> = {
  'm7g.large': { recommendedPartitions: 1000, maximumPartitions: 1500, ingressMegabytes: 15.6 },
  'm7g.xlarge': { recommendedPartitions: 1000, maximumPartitions: 2000, ingressMegabytes: 31.2 },
  'm7g.2xlarge': { recommendedPartitions: 2500, maximumPartitions: 4000, ingressMegabytes: 62.5 },
  'm7g.4xlarge': { recommendedPartitions: 6000, maximumPartitions: 8000, ingressMegabytes: 124.9 },
  'm7g.8xlarge': { recommendedPartitions: 12_000, maximumPartitions: 16_000, ingressMegabytes: 250 },
  'm7g.12xlarge': { recommendedPartitions: 16_000, maximumPartitions: 24_000, ingressMegabytes: 375 },
  'm7g.16xlarge': { recommendedPartitions: 20_000, maximumPartitions: 32_000, ingressMegabytes: 500 },
};

/** The classes of brokers of a kind; a serverless cluster has none. */
export const brokerSizes = { standard, express } as const;

/** A whole serverless cluster (the same page, "MSK Serverless quota"); copies are not counted. */
export const serverlessLimits = { partitions: 2400, ingressMegabytes: 200 } as const;

/** A broker's volume in GiB. */
export const volumeGib = { least: 1, most: 16_384 } as const;

/**
 * A class that MSK offers with ZooKeeper only
 * (docs.aws.amazon.com/AWSCloudFormation, AWS::MSK::Cluster BrokerNodeGroupInfo), and that cannot tier.
 */
export const smallestClass = 't3.small';

function ofSizes(
  families: readonly string[],
  sizes: readonly string[],
  size: BrokerSize,
): Readonly<Record<string, BrokerSize>> {
  return Object.fromEntries(
    families.flatMap((family) => sizes.map((each) => [`${family}.${each}`, size] as const)),
  );
}
