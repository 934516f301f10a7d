/**
 * List prices in US dollars, us-east-1: of an interface endpoint (aws.amazon.com/privatelink/pricing) and of a NAT
 * gateway (aws.amazon.com/vpc/pricing), all four compared with what infracost's tests expect of AWS's price list. Other regions ask more for both, in much the same proportion; gateway endpoints (DynamoDB, S3) cost
 * nothing.
 */
export const waysOutPrices = {
  asOf: '2026-08-21',
  endpointPerHourAndZone: 0.01,
  endpointPerGb: 0.01,
  natPerHour: 0.045,
  natPerGb: 0.045,
} as const;

/** Hours of a month, as AWS's calculator has them. */
const hoursPerMonth = 730;

export interface WaysOut {
  /** US dollars a month. */
  readonly endpoints: number;
  readonly nat: number;
  readonly cheaper: 'endpoints' | 'nat';
  /** Gigabytes a month from which endpoints are cheaper; 0: always. */
  readonly endpointsFromGb: number;
}

/**
 * Whether interface endpoints or NAT gateways are the cheaper way to the AWS services that are spoken to: an
 * endpoint costs by service and zone, a gateway by zone, and a gigabyte costs more through a gateway. Up to four
 * services endpoints are always cheaper. A gateway that is there for something else (the issuer's keys) is not
 * counted on: subnets of stores have no route to the internet, whatever it costs.
 *
 * @param options.services interface endpoints that would be needed; gateway endpoints are free and don't count
 * @param options.zones zones that have one of each; a gateway for all zones alike falls with its own
 * @param options.gbPerMonth what goes through them in a month
 */
export function compareWaysOut(options: {
  readonly services: number;
  readonly zones: number;
  readonly gbPerMonth: number;
}): WaysOut {
  const { services, zones, gbPerMonth } = options;
  const { endpointPerHourAndZone, endpointPerGb, natPerHour, natPerGb } = waysOutPrices;
  const endpointsAtRest = services * zones * endpointPerHourAndZone * hoursPerMonth;
  const natAtRest = zones * natPerHour * hoursPerMonth;
  const endpoints = endpointsAtRest + gbPerMonth * endpointPerGb;
  const nat = natAtRest + gbPerMonth * natPerGb;
  return {
    endpoints,
    nat,
    cheaper: endpoints <= nat ? 'endpoints' : 'nat',
    endpointsFromGb: Math.max(0, (endpointsAtRest - natAtRest) / (natPerGb - endpointPerGb)),
  };
}
