import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A CloudFormation template as the CDK writes it. */
interface Template {
  readonly Resources?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Outputs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [section: string]: unknown;
}

/** A stack of an assembly. */
interface StackOfAssembly {
  readonly name: string;
  readonly template: Template;
  /** Where each file asset of the stack came from, by the key under which its template names it. */
  readonly assets: Readonly<Record<string, string>>;
}

/** Sections that the app makes, or that the CDK adds by itself. */
const known = ['Description', 'Resources', 'Outputs', 'Parameters', 'Rules'];

/** Reads the stacks of one environment from what `bin/polystore.ts` synthesised. */
export function readStacks(assembly: string, functions: string): readonly StackOfAssembly[] {
  // The CDK's own assets it copies; functions are taken from where they were bundled to.
  const bundles = new Map(
    readdirSync(functions, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => [
        readFileSync(join(functions, name, 'dist', 'index.js'), 'utf8'),
        join(functions, name),
      ]),
  );
  const sourceOf = (path: string): string => {
    const index = join(assembly, path, 'dist', 'index.js');
    return (existsSync(index) ? bundles.get(readFileSync(index, 'utf8')) : undefined) ?? join(assembly, path);
  };
  return readdirSync(assembly)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => {
      const name = file.replace('.template.json', '');
      const template = readJson<Template>(join(assembly, file));
      const unknown = Object.keys(template).filter((section) => !known.includes(section));
      const parameters = Object.keys((template.Parameters ?? {}) as object);
      if (unknown.length > 0 || parameters.some((each) => each !== 'BootstrapVersion'))
        throw new TypeError(
          `${name} has ${[...unknown, ...parameters].join(', ')}: the plain app does not make them`,
        );
      const { files } = readJson<{
        readonly files: Readonly<
          Record<
            string,
            {
              readonly source: { readonly path: string };
              readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
            }
          >
        >;
      }>(join(assembly, `${name}.assets.json`));
      const assets = Object.values(files)
        .filter(({ source }) => source.path !== file)
        .flatMap(({ source, destinations }) =>
          Object.values(destinations).map(({ objectKey }) => [objectKey, sourceOf(source.path)] as const),
        );
      return { name, template, assets: Object.fromEntries(assets) };
    });
}

/**
 * An app that makes the same resources with nothing of ours: a `CfnResource` for each, with its properties as they are
 * in the template, an asset for each file, and the same functions bundled by the same call.
 */
export function renderPlainApp(root: string, functions: string, stacks: readonly StackOfAssembly[]): string {
  const names = stacks
    .flatMap(({ assets }) => Object.values(assets))
    .filter((path) => dirname(path) === functions)
    .map((path) => basename(path));
  return [
    "import { App, CfnOutput, CfnResource, Stack } from 'aws-cdk-lib';",
    "import { Asset } from 'aws-cdk-lib/aws-s3-assets';",
    `import { buildFunctions } from '${join(root, 'bin', 'build.ts')}';`,
    `import { prepareCapture } from '${join(root, 'bin', 'capture.ts')}';`,
    '',
    `const root = ${JSON.stringify(root)};`,
    `await buildFunctions({ root, outDir: ${JSON.stringify(functions)}, names: ${JSON.stringify(names)} });`,
    // Both pack Debezium's plugin.
    'await prepareCapture({ root, catalog: undefined as never, generation: 0 });',
    'const app = new App();',
    ...stacks.flatMap(({ name, template, assets }, at) => {
      const keys = Object.keys(assets);
      const literal = (value: unknown): string =>
        keys.reduce(
          (text, key, index) => text.replaceAll(JSON.stringify(key), `asset${at}_${index}.s3ObjectKey`),
          JSON.stringify(value),
        );
      return [
        `const stack${at} = new Stack(app, ${JSON.stringify(name)}, { description: ${JSON.stringify(template.Description)} });`,
        ...keys.map(
          (key, index) =>
            `const asset${at}_${index} = new Asset(stack${at}, 'Asset${index}', { path: ${JSON.stringify(assets[key])} });`,
        ),
        ...Object.entries(template.Resources ?? {}).flatMap(([id, resource], index) => {
          const { Type, Properties, Metadata: _, ...options } = resource;
          const variable = `resource${at}_${index}`;
          return [
            `const ${variable} = new CfnResource(stack${at}, ${JSON.stringify(id)}, { type: ${JSON.stringify(Type)}, properties: ${literal(Properties ?? {})} });`,
            ...Object.entries(options).map(
              ([key, value]) => `${variable}.addOverride(${JSON.stringify(key)}, ${literal(value)});`,
            ),
          ];
        }),
        ...Object.entries(template.Outputs ?? {}).map(([id, output]) => {
          const { Value, Description, Export } = output as {
            Value: unknown;
            Description?: string;
            Export?: { Name: string };
          };
          return `new CfnOutput(stack${at}, ${JSON.stringify(id)}, { value: ${literal(Value)} as never, description: ${JSON.stringify(Description)}, exportName: ${JSON.stringify(Export?.Name)} });`;
        }),
      ];
    }),
    'app.synth();',
    '',
  ].join('\n');
}

// Files of the CDK's own making.
const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
