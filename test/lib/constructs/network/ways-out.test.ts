import { describe, expect, test } from '@jest/globals';
import { compareWaysOut } from '../../../../lib/index.ts';
import { deploy, environmentOf, everything } from '../../deploy.ts';

describe('compareWaysOut', () => {
  test('counts endpoints by service and zone, gateways by zone, and the gigabytes of both', () => {
    const found = compareWaysOut({ services: 3, zones: 3, gbPerMonth: 100 });

    expect(found.endpoints).toBeCloseTo(3 * 3 * 7.3 + 1);
    expect(found.nat).toBeCloseTo(3 * 32.85 + 4.5);
    expect(found.cheaper).toBe('endpoints');
  });

  test.each([1, 2, 3, 4])(
    'has %p services cheaper by endpoints in any number of zones, even at rest',
    (services) => {
      for (const zones of [1, 2, 3])
        expect(compareWaysOut({ services, zones, gbPerMonth: 0 })).toMatchObject({
          cheaper: 'endpoints',
          endpointsFromGb: 0,
        });
    },
  );

  test('says from how much traffic on endpoints are cheaper where they are not at rest', () => {
    const at = (gbPerMonth: number) => compareWaysOut({ services: 6, zones: 3, gbPerMonth });
    const { endpointsFromGb } = at(0);

    expect(at(0).cheaper).toBe('nat');
    expect(at(endpointsFromGb - 1).cheaper).toBe('nat');
    expect(at(endpointsFromGb + 1).cheaper).toBe('endpoints');
  });

  test.each(['dev', 'staging', 'prod'])('has the endpoints of %s cheaper, whatever the model', (name) => {
    const environment = environmentOf(name);
    const { network } = deploy({ catalog: everything, environment }).templates;
    const services = Object.values(network.findResources('AWS::EC2::VPCEndpoint')).filter(
      ({ Properties }) => Properties.VpcEndpointType === 'Interface',
    ).length;

    expect(services).toBe(4);
    expect(
      compareWaysOut({ services, zones: environment.network.availabilityZones, gbPerMonth: 0 }).cheaper,
    ).toBe('endpoints');
  });
});
