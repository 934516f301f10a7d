import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { choosePorts, type EnginePorts, freePorts } from '../../../local/engines/index.ts';
import { requireFreePorts } from '../../../local/engines/ports.ts';

let listener: Server;
let takenPort: number;
beforeEach(async () => {
  takenPort = (await freePorts()).kafka;
  listener = createServer();
  await new Promise<void>((resolve) => listener.listen(takenPort, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => listener.close(resolve)));

describe('requireFreePorts', () => {
  test('names every engine whose port is taken, and how to choose another', async () => {
    const ports: EnginePorts = { ...(await freePorts()), kafka: takenPort, valkey: takenPort };

    await expect(requireFreePorts(ports)).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringMatching(
        new RegExp(
          `Kafka needs port ${takenPort} .*POLYSTORE_PORT_KAFKA=[^]*Valkey needs port ${takenPort} .*POLYSTORE_PORT_VALKEY=`,
        ),
      ),
    });
  });

  test('finds a port that two engines were given', async () => {
    const free = await freePorts();

    await expect(requireFreePorts({ ...free, dynamodb: free.connect })).rejects.toThrow(
      /DynamoDB Local needs port/,
    );
  });

  test('passes when all are free', async () => {
    await expect(requireFreePorts(await freePorts())).resolves.toBeUndefined();
  });
});

describe('freePorts', () => {
  test('gives a different port to each need', async () => {
    const ports = Object.values(await freePorts());

    expect(new Set(ports).size).toBe(ports.length);
    expect(ports).not.toContain(takenPort);
  });
});

describe('choosePorts', () => {
  test('takes a port from the environment', () => {
    expect(choosePorts({ POLYSTORE_PORT_KAFKA: '29092' })).toEqual({ ...choosePorts({}), kafka: 29_092 });
  });

  test.each(['abc', '0', '70000', '12.5'])('refuses %s', (text) => {
    expect(() => choosePorts({ POLYSTORE_PORT_VALKEY: text })).toThrow(/POLYSTORE_PORT_VALKEY.*1 to 65535/);
  });
});
