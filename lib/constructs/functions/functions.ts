import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import {
  type Catalog,
  checkTrigger,
  type FunctionName,
  type FunctionSpec,
  functionsOf,
} from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import { acceptFinding } from '../accept-finding.ts';
import type { Eviction } from '../cache-store/index.ts';
import { refuseProblems } from '../props-problems.ts';
import { checkNeeds, needsOfFunctions } from '../relational-store/index.ts';
import { acceptedWildcards } from './accepted-wildcards.ts';
import { lambdaStatements } from './lambda-statements.ts';
import type { FunctionSettings } from './settings.ts';
import { renderStatements } from './statements.ts';
import type { Stores } from './stores.ts';
import { connectTrigger } from './triggers.ts';
import { renderVariables } from './variables.ts';

/** Where functions run and what they may open a connection to. */
export interface FunctionNetwork {
  readonly vpc: ec2.IVpc;
  subnetsOf(functionName: FunctionName): ec2.SubnetSelection;
  clientGroup(functionName: FunctionName): ec2.ISecurityGroup;
}

export interface FunctionsProps extends FunctionSettings {
  readonly catalog: Catalog;
  /** A folder for each function, `<codeFolder>/<name>/dist/index.js`, as `bin/build.ts` makes them. */
  readonly codeFolder: string;
  readonly network: FunctionNetwork;
  readonly stores: Stores;
  /**
   * How long the functions' logs are kept.
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
  /**
   * What becomes of the secret that signs tokens; without it every token a caller holds is void.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The type says so too, but what holds views is too dear to trust a cast, or JavaScript, with. */
function checkViewsStay({ views }: Stores, problems: Problems): void {
  const eviction: Eviction = views.eviction;
  if (eviction !== 'noeviction')
    problems.add(
      'stores.views',
      `evicts (${eviction}), and an evicted guard would let an old change in again`,
      "give it a CacheStore with eviction: 'noeviction'",
    );
}

/**
 * The functions that a model needs, each with its own role, environment, security groups and log group,
 * connected to its trigger. The schema function runs in the deployment, before any other is made or
 * changed, whenever it changed itself: the model is in its bundle.
 */
export class Functions extends Construct {
  readonly #functions = new Map<FunctionName, lambda.Function>();
  /** Signs the tokens that writes return: 64 random letters and digits. */
  readonly tokenSecret: secretsmanager.Secret;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const specs = functionsOf(props.catalog);
    refuseProblems(this, (problems) => {
      if (!Number.isInteger(props.generation) || props.generation < 0 || props.generation > 127)
        problems.add('generation', `is ${props.generation}`, 'use 0 to 127');
      if (!props.identity.issuer.startsWith('https://'))
        problems.add('identity.issuer', `is '${props.identity.issuer}'`, 'use an address with https');
      if (props.identity.keys.kind === 'url' && !props.identity.keys.url.startsWith('https://'))
        problems.add('identity.keys.url', `is '${props.identity.keys.url}'`, 'use an address with https');
      checkViewsStay(props.stores, problems);
      checkNeeds(props.stores.relational, needsOfFunctions, problems);
      for (const { name, trigger } of specs)
        if (trigger.kind === 'dynamodb-stream' || trigger.kind === 'change-log')
          checkTrigger(name, trigger, problems);
    });
    this.tokenSecret = new secretsmanager.Secret(this, 'TokenSecret', {
      description: 'Signs the tokens that writes return',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    acceptFinding(this.tokenSecret, {
      rule: 'AwsSolutions-SMG4',
      reason: 'Another secret voids every token that callers hold: it is changed by hand, when it has to be.',
    });
    acceptFinding(this, ...acceptedWildcards);
    // What others invoke comes first: it is named in their rights and environments.
    const isInvoked = ({ trigger }: FunctionSpec): boolean => trigger.kind === 'invoke';
    for (const spec of [...specs.filter(isInvoked), ...specs.filter((spec) => !isInvoked(spec))])
      this.#functions.set(spec.name, this.#create(spec, props));
    this.#runSchemaFirst(specs);
  }

  /** @throws TypeError when the model needs no such function. */
  get(name: FunctionName): lambda.Function {
    const found = this.#functions.get(name);
    if (found === undefined) throw new TypeError(`the model needs no function '${name}'`);
    return found;
  }

  #create(spec: FunctionSpec, props: FunctionsProps): lambda.Function {
    const scope = new Construct(this, spec.name);
    const { catalog, stores, network } = props;
    const logGroup = new logs.LogGroup(scope, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(scope, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `${catalog.name}: ${spec.name}`,
    });
    const functionArnOf = (name: FunctionName): string => this.get(name).functionArn;
    const told = { stores, tokenSecret: this.tokenSecret, functionArnOf };
    const statements = [...lambdaStatements(logGroup, spec), ...renderStatements(spec, { catalog, ...told })];
    for (const statement of statements) role.addToPolicy(statement);

    const fn = new lambda.Function(scope, 'Function', {
      description: spec.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: spec.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      code: lambda.Code.fromAsset(join(props.codeFolder, spec.name)),
      handler: 'dist/index.handler',
      memorySize: spec.memoryMb,
      timeout: Duration.seconds(spec.timeoutSeconds),
      environment: {
        ...renderVariables(spec, { settings: props, ...told }),
      },
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      tracing: lambda.Tracing.ACTIVE,
      vpc: network.vpc,
      vpcSubnets: network.subnetsOf(spec.name),
      securityGroups: [network.clientGroup(spec.name)],
    });
    connectTrigger(fn, spec, { catalog, stores });
    return fn;
  }

  #runSchemaFirst(specs: readonly FunctionSpec[]): void {
    for (const spec of specs) {
      if (spec.trigger.kind !== 'deployment') continue;
      const others = specs.filter((other) => other !== spec).map((other) => this.get(other.name));
      new Trigger(this, `run-${spec.name}`, {
        handler: this.get(spec.name),
        timeout: Duration.seconds(spec.timeoutSeconds),
        executeBefore: others,
      });
    }
  }
}
