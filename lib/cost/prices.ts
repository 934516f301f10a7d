/** A list price, written down by hand. */
export interface Price {
  /** US dollars, on demand, before tax. */
  readonly usd: number;
  readonly per: 'hour' | 'month' | 'GiB a month';
  /** AWS's page that lists it. */
  readonly source: string;
}

/**
 * Of which region and which day the prices are. They are list prices that people wrote down by hand, from memory
 * and from public texts that quote AWS's pages, not read from AWS by a program: they must be renewed by hand, and
 * only the order of magnitude should be relied on.
 */
export const priceList = { region: 'us-east-1', asOf: '2026-11-26', hoursPerMonth: 730 } as const;

const page = (path: string): string => `https://aws.amazon.com/${path}/pricing/`;
const hourly = (source: string, prices: Readonly<Record<string, number>>): Readonly<Record<string, Price>> =>
  Object.fromEntries(Object.entries(prices).map(([name, usd]) => [name, { usd, per: 'hour', source }]));
const monthly = (source: string, prices: Readonly<Record<string, number>>): Readonly<Record<string, Price>> =>
  Object.fromEntries(Object.entries(prices).map(([name, usd]) => [name, { usd, per: 'month', source }]));
const stored = (source: string, prices: Readonly<Record<string, number>>): Readonly<Record<string, Price>> =>
  Object.fromEntries(
    Object.entries(prices).map(([name, usd]) => [name, { usd, per: 'GiB a month', source }]),
  );

/** By what is paid for. A class that is not here is not priced, whatever its neighbours cost. */
export const prices: Readonly<Record<string, Price>> = {
  ...hourly(page('rds/aurora'), {
    'Aurora capacity unit': 0.12,
    'Aurora db.r8g.large': 0.276,
    'Aurora db.r8g.xlarge': 0.552,
  }),
  // Valkey costs a fifth less than Redis OSS.
  ...hourly(page('elasticache'), {
    'Valkey cache.t4g.micro': 0.0128,
    'Valkey cache.t4g.small': 0.0256,
    'Valkey cache.t4g.medium': 0.052,
    'Valkey cache.r7g.large': 0.1752,
  }),
  ...hourly(page('msk'), {
    'MSK kafka.t3.small': 0.0456,
    'MSK kafka.m7g.large': 0.204,
    'MSK Connect unit': 0.11,
  }),
  ...stored(page('msk'), { 'MSK storage': 0.1 }),
  ...hourly(page('opensearch-service'), {
    'OpenSearch t3.small.search': 0.036,
    'OpenSearch t3.medium.search': 0.073,
    'OpenSearch m7g.large.search': 0.135,
    'OpenSearch r7g.large.search': 0.178,
  }),
  ...stored(page('opensearch-service'), { 'OpenSearch gp3': 0.122 }),
  ...hourly(page('vpc'), { 'NAT gateway': 0.045, 'Public IPv4 address': 0.005 }),
  ...hourly(page('privatelink'), { 'Interface endpoint in a zone': 0.01 }),
  ...monthly(page('kms'), { 'KMS key': 1 }),
  ...monthly(page('secrets-manager'), { Secret: 0.4 }),
  ...monthly(page('cloudwatch'), {
    'CloudWatch alarm': 0.1,
    'CloudWatch composite alarm': 0.5,
    'CloudWatch dashboard': 3,
  }),
  ...monthly(page('waf'), { 'WAF web ACL': 5, 'WAF rule': 1 }),
};
