import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import type { Example } from '../../../docs/examples/example.ts';
import { compile } from '../../../lambda/model/index.ts';
import * as lib from '../../../lib/index.ts';
import flights from '../../../model/flights.ts';
import { writeCapture } from '../capture-options.ts';
import { newApp, root, temporaryFolder, writeCode } from '../deploy.ts';

type ConstructClass = abstract new (...props: never[]) => Construct;
const isConstructClass = (value: unknown): value is ConstructClass =>
  typeof value === 'function' && value.prototype instanceof Construct;
const constructs = Object.entries<unknown>(lib).flatMap(([name, value]) =>
  isConstructClass(value) ? [[name, value] as const] : [],
);

const folder = join(root, 'docs', 'examples');
const files = globSync('*.ts', { cwd: folder })
  .filter((file) => file !== 'example.ts')
  .sort();

/** `relational-store.ts` is about `RelationalStore`. */
const classOf = (file: string): string =>
  file
    .replace('.ts', '')
    .split('-')
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
    .join('');

test('every construct that lib exports has an example in docs/examples, and every example a construct', () => {
  expect(constructs.length).toBeGreaterThan(10);
  expect(files.map(classOf).sort()).toEqual(constructs.map(([name]) => name).sort());
});

describe.each(files)('%s', (file) => {
  test('builds its construct in an app of its own', async () => {
    // The shape that example.ts asks for, which the compiler holds.
    const { example } = (await import(join(folder, file))) as { readonly example: Example };
    const catalog = compile(flights);

    const stack = example(newApp(), {
      codeFolder: writeCode(catalog),
      pluginFile: writeCapture(catalog, temporaryFolder()).pluginFile,
    });

    const made = new Map(constructs).get(classOf(file));
    expect(
      stack.node.findAll().filter((child: object) => made !== undefined && child instanceof made),
    ).not.toEqual([]);
    expect(Object.keys(Template.fromStack(stack).toJSON().Resources).length).toBeGreaterThan(1);
  });
});
