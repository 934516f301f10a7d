import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { CloudFormationTemplate } from '../../../lib/guard/index.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Writes what `cdk synth` would, as far as it is read, into a folder that goes when the file's tests have run. */
export function writeAssembly(
  templates: Readonly<Record<string, CloudFormationTemplate>>,
  options: { readonly environment?: string; readonly stage?: string } = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-assembly-'));
  folders.push(folder);
  const { environment = 'dev', stage } = options;
  const inner = stage === undefined ? folder : join(folder, `assembly-${stage}`);
  mkdirSync(inner, { recursive: true });
  const artifacts = Object.keys(templates).map((name) => [
    name,
    {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/unknown-region',
      properties: {
        templateFile: `${name}.template.json`,
        tags: { 'polystore:environment': environment },
      },
    },
  ]);
  for (const [name, template] of Object.entries(templates))
    writeFileSync(join(inner, `${name}.template.json`), JSON.stringify(template));
  writeManifest(inner, Object.fromEntries(artifacts));
  if (stage !== undefined)
    writeManifest(folder, {
      stage: { type: 'cdk:cloud-assembly', properties: { directoryName: `assembly-${stage}` } },
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
    });
  return folder;
}

function writeManifest(folder: string, artifacts: unknown): void {
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ version: '36.0.0', artifacts }));
}
