import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { PolystoreError } from '../../lambda/errors.ts';
import type { CloudFormationTemplate } from '../../lib/guard/index.ts';

/** A stack as it was synthesised. */
export interface SynthesisedStack {
  /** In CloudFormation. */
  readonly name: string;
  /** Undefined where whoever deploys decides. */
  readonly region: string | undefined;
  /** The value of its tag `polystore:environment`. */
  readonly environment: string | undefined;
  readonly template: CloudFormationTemplate;
}

/** The parts of the CDK's manifest.json that are read (aws-cdk-lib/cloud-assembly-schema). */
const manifestShape = z.object({
  artifacts: z
    .record(
      z.string(),
      z.looseObject({
        type: z.string(),
        environment: z.string().optional(),
        properties: z
          .looseObject({
            templateFile: z.string().optional(),
            stackName: z.string().optional(),
            directoryName: z.string().optional(),
            tags: z.record(z.string(), z.string()).optional(),
          })
          .optional(),
      }),
    )
    .default({}),
});

/** A template is whatever CloudFormation takes: only that its resources have types is asked. */
const templateShape = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string() })).optional(),
});

/**
 * The stacks of a folder that `cdk synth` wrote, those of its stages too.
 * @throws PolystoreError `invalid_request` when it is no such folder.
 */
export function readAssembly(folder: string): readonly SynthesisedStack[] {
  const { artifacts } = manifestShape.parse(readJson(join(folder, 'manifest.json'), folder));
  return Object.entries(artifacts).flatMap(([id, { type, environment, properties }]) => {
    if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined)
      return readAssembly(join(folder, properties.directoryName));
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) return [];
    const region = environment?.split('/').at(-1);
    return [
      {
        name: properties.stackName ?? id,
        region: region === undefined || region === 'unknown-region' ? undefined : region,
        environment: properties.tags?.['polystore:environment'],
        template: parseTemplate(readJson(join(folder, properties.templateFile), folder), id),
      },
    ];
  });
}

/** @throws PolystoreError `invalid_request` when it is no template. */
export function parseTemplate(value: unknown, name: string): CloudFormationTemplate {
  const parsed = templateShape.safeParse(value);
  if (parsed.success)
    // What the guard reads of a resource beside its type, CloudFormation has checked or will.
    return parsed.data as CloudFormationTemplate;
  throw new PolystoreError(
    'invalid_request',
    `The template of ${name} is not of CloudFormation's form: ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

function readJson(file: string, folder: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PolystoreError(
      'invalid_request',
      `${file} cannot be read (${cause instanceof Error ? cause.message : String(cause)}). ${dirname(file) === folder ? 'Give a folder that "npx cdk synth -c env=<environment> --output <folder>" wrote.' : ''}`,
      { cause },
    );
  }
}
