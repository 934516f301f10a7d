import { join } from 'node:path';
import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
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
import { createLogGroup, type LogProps } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { checkNeeds, needsOfFunctions } from '../relational-store/index.ts';
import { tendProviders } from '../tend-providers.ts';
import { acceptedOfFunctions, acceptedWildcards } from './accepted-findings.ts';
import { lambdaStatements } from './lambda-statements.ts';
import { checkPrincipals } from './principals.ts';
import { defaultAccountConcurrency, reservationsWithin } from './reservations.ts';
import { searchManagerVariables } from './search-access.ts';
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

export interface FunctionsProps extends FunctionSettings, LogProps {
  readonly catalog: Catalog;
  /** A folder for each function, `<codeFolder>/<name>/dist/index.js`, as `bin/build.ts` makes them. */
  readonly codeFolder: string;
  readonly network: FunctionNetwork;
  readonly stores: Stores;
  /**
   * Executions at once that the account has in the region. Of these are reserved for each function that applies the
   * log, and for what looks after the views, as many as can run; nothing where that would leave fewer than the 100
   * that Lambda asks for.
   * @default 1000
   */
  readonly accountConcurrency?: number;
  /**
   * Roles besides those of the functions that read views: the router service's. With fine-grained access to the search
   * domain the schema function lets them in.
   * @default - none
   */
  readonly searchReaders?: readonly iam.IRole[];
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

/** Only a REST API takes an answer as it is made. */
const exportOf = ({ trigger }: FunctionSpec, { front }: FunctionSettings): 'stream' | 'handler' =>
  trigger.kind === 'http' && trigger.streams === true && front === 'rest' ? 'stream' : 'handler';

/**
 * The functions that a model needs, each with its own role, environment, security groups and log group,
 * connected to its trigger. The schema function runs in the deployment, before any other is made or
 * changed, whenever it changed itself: the model is in its bundle.
 */
export class Functions extends Construct {
  readonly #functions = new Map<FunctionName, lambda.Function>();
  readonly #roles = new Map<FunctionName, iam.Role>();
  /** Signs the tokens that writes return: 64 random letters and digits. */
  readonly tokenSecret: secretsmanager.Secret;
  /** Of the functions' logs, of what they gave up on and of the secret that signs tokens. */
  readonly encryptionKey: kms.Key;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { front } = props;
    const specs = functionsOf(props.catalog, { front });
    refuseProblems(this, (problems) => {
      if (!Number.isInteger(props.generation) || props.generation < 0 || props.generation > 127)
        problems.add('generation', `is ${props.generation}`, 'use 0 to 127');
      if (!props.identity.issuer.startsWith('https://'))
        problems.add('identity.issuer', `is '${props.identity.issuer}'`, 'use an address with https');
      if (props.identity.keys.kind === 'url' && !props.identity.keys.url.startsWith('https://'))
        problems.add('identity.keys.url', `is '${props.identity.keys.url}'`, 'use an address with https');
      checkPrincipals(props, problems);
      checkViewsStay(props.stores, problems);
      checkNeeds(props.stores.relational, needsOfFunctions, problems);
      for (const { name, trigger } of specs)
        if (trigger.kind === 'dynamodb-stream' || trigger.kind === 'change-log')
          checkTrigger(name, trigger, problems);
    });
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Lambda: logs, what was given up on, the secret of tokens',
      enableKeyRotation: true,
      removalPolicy,
    });
    this.tokenSecret = new secretsmanager.Secret(this, 'TokenSecret', {
      description: 'Signs the tokens that writes return',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      encryptionKey: this.encryptionKey,
      removalPolicy,
    });
    acceptFinding(this.tokenSecret, {
      rule: 'AwsSolutions-SMG4',
      reason: 'Another secret voids every token that callers hold: it is changed by hand, when it has to be.',
    });
    acceptFinding(this, ...acceptedWildcards, ...acceptedOfFunctions);
    tendProviders(this, props);
    // The schema function lets the others' roles into the search domain.
    for (const { name } of specs) this.#roles.set(name, this.#createRole(name, props));
    // What others invoke comes first: it is named in their rights and environments.
    const reservations = this.#reserve(props);
    const isInvoked = ({ trigger }: FunctionSpec): boolean => trigger.kind === 'invoke';
    for (const spec of [...specs.filter(isInvoked), ...specs.filter((spec) => !isInvoked(spec))])
      this.#functions.set(spec.name, this.#create(spec, props, reservations.get(spec.name)));
    this.#runSchemaFirst(specs);
  }

  /** @throws TypeError when the model needs no such function. */
  get(name: FunctionName): lambda.Function {
    const found = this.#functions.get(name);
    if (found === undefined) throw new TypeError(`the model needs no function '${name}'`);
    return found;
  }

  /** @throws TypeError when the model needs no such function. */
  #roleOf(name: FunctionName): iam.Role {
    const found = this.#roles.get(name);
    if (found === undefined) throw new TypeError(`the model needs no function '${name}'`);
    return found;
  }

  #createRole(name: FunctionName, { catalog }: FunctionsProps): iam.Role {
    return new iam.Role(new Construct(this, name), 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `${catalog.name}: ${name}`,
    });
  }

  #reserve({ catalog, accountConcurrency = defaultAccountConcurrency }: FunctionsProps) {
    const reservations = reservationsWithin(catalog, accountConcurrency);
    if (reservations === undefined)
      Annotations.of(this).addWarningV2(
        'polystore:nothing-reserved',
        `No executions are reserved for any function: an account with ${accountConcurrency} at once would keep fewer than the 100 that Lambda asks for. Have its quota raised and say it in functions.accountConcurrency`,
      );
    return reservations ?? new Map<FunctionName, number>();
  }

  #create(spec: FunctionSpec, props: FunctionsProps, reserved: number | undefined): lambda.Function {
    const role = this.#roleOf(spec.name);
    // Beside its role.
    const scope = role.node.scope as Construct;
    const { catalog, stores, network } = props;
    // It fetches keys at most, and Lambda's own way out leads there: in the VPC that would be the NAT gateway's.
    const isPlaced = spec.trigger.kind !== 'authorizer';
    const { encryptionKey, tokenSecret } = this;
    const logGroup = createLogGroup(scope, 'Logs', { encryptionKey, logRetention: props.logRetention });
    const functionArnOf = (name: FunctionName): string => this.get(name).functionArn;
    const told = { stores, tokenSecret, tokenKey: encryptionKey, functionArnOf };
    const statements = [
      ...lambdaStatements(logGroup, spec, { isPlaced }),
      ...renderStatements(spec, { catalog, ...told }),
    ];
    for (const statement of statements) role.addToPolicy(statement);

    const fn = new lambda.Function(scope, 'Function', {
      description: spec.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: spec.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      code: lambda.Code.fromAsset(join(props.codeFolder, spec.name)),
      handler: `dist/index.${exportOf(spec, props)}`,
      memorySize: spec.memoryMb,
      timeout: Duration.seconds(spec.timeoutSeconds),
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
      environment: {
        ...renderVariables(spec, { settings: props, ...told }),
        ...searchManagerVariables(spec, {
          catalog,
          store: stores.search,
          roleArnOf: (name) => this.#roleOf(name).roleArn,
          readers: props.searchReaders ?? [],
        }),
      },
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      tracing: lambda.Tracing.ACTIVE,
      ...(isPlaced && {
        vpc: network.vpc,
        vpcSubnets: network.subnetsOf(spec.name),
        securityGroups: [network.clientGroup(spec.name)],
      }),
    });
    connectTrigger(fn, spec, { catalog, stores, encryptionKey });
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
