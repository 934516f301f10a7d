import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { buildConnectPlugin, locateDownloads, setUp } from '../../../local/setup/index.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const arn = (name: string): string => `arn:aws:secretsmanager:eu-west-1:111111111111:secret:${name}`;

/** Stands for Secrets Manager: the secrets that there are, and the requests that came. */
const secrets: Readonly<Record<string, string>> = {
  [arn('rds!cluster-1')]: JSON.stringify({ username: 'polystore', password: 'a}b:"c' }),
  [arn('words')]: 'not json: hush',
};
const requests: { readonly target: unknown; readonly authorization: unknown }[] = [];
let server: Server;
let folder: string;
/** Where the plugin's archive was unpacked. */
const jars = (): string => join(folder, 'debezium-connector-postgres');
beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { 'x-amz-target': target, authorization } = request.headers;
      requests.push({ target, authorization });
      const { SecretId } = JSON.parse(body);
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ ARN: SecretId, SecretString: secrets[SecretId] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const downloads = await setUp({ root, silent: true, parts: ['kafka', 'debezium', 'connect-aws'] });
  folder = mkdtempSync(join(tmpdir(), 'polystore-provider-'));
  const { file } = await buildConnectPlugin({ downloads, outFile: join(folder, 'plugin.zip') });
  mkdirSync(jars());
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(file))))
    writeFileSync(join(folder, name), bytes);
}, 600_000);
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the provider, as it is packed, says to each of these references, a path and a key. */
async function ask(...references: readonly (readonly [string, string])[]): Promise<readonly string[]> {
  const { connectAws, java, kafkaJars } = locateDownloads(root);
  // A worker brings these two.
  const logging = readdirSync(kafkaJars).filter((name) => name.startsWith('slf4j-api-'));
  const { port } = server.address() as AddressInfo;
  const classPath = [
    join(jars(), '*'),
    join(connectAws, 'kafka-clients-3.7.2.jar'),
    ...logging.map((name) => join(kafkaJars, name)),
  ].join(delimiter);
  const child = spawn(
    java,
    ['-cp', classPath, join(import.meta.dirname, 'AskProvider.java'), ...references.flat()],
    {
      env: {
        PATH: process.env.PATH,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}`,
        AWS_ACCESS_KEY_ID: 'AKIDTEST',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    },
  );
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = output.trim().split('\n');
  if (lines.length !== references.length) throw new Error(`The provider did not answer: ${output}${errors}`);
  return lines;
}

test('the config provider reads a field of a secret, signed, and says what it cannot without telling secrets', async () => {
  const answers = await ask(
    ['secret', `${arn('rds!cluster-1')}:password`],
    ['secret', `${arn('rds!cluster-1')}:nothing`],
    ['secret', `${arn('words')}:password`],
    ['secret', 'rds:password'],
    ['other', 'x'],
    ['file', 'certificates'],
  );

  const [password, absent, noObject, noArn, unknown, file = ''] = answers;
  expect(password).toBe('a}b:"c');
  expect(absent).toMatch(/^refused: The secret .*cluster-1 has no text 'nothing'\.$/);
  expect(noObject).toMatch(/^refused: The secret .*words is no JSON object\.$/);
  expect(noArn).toMatch(/^refused: 'rds' is not the ARN of a secret\.$/);
  expect(unknown).toMatch(/^refused: .*'other:x'; it knows secret:<ARN>:<field> and file:certificates\.$/);
  expect(file).toMatch(/rds-certificates.*\.pem$/);
  expect(requests[0]).toEqual({
    target: 'secretsmanager.GetSecretValue',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=AKIDTEST\/\d{8}\/eu-west-1\/secretsmanager\//,
    ),
  });
});

test('the archive holds the roots of RDS of every region', () => {
  const provider = unzipSync(readFileSync(join(jars(), 'polystore-config-provider.jar')));

  const pem = Buffer.from(provider['polystore/rds-certificates.pem'] ?? []).toString();

  expect(pem.match(/-----BEGIN CERTIFICATE-----/g)?.length).toBeGreaterThan(20);
});
