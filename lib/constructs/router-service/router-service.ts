import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import * as ecrAssets from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  type Catalog,
  environmentNames,
  type FunctionName,
  functionsOf,
  routerService,
} from '../../../lambda/model/index.ts';
import { acceptFinding } from '../accept-finding.ts';
import {
  acceptedWildcards,
  type FunctionSettings,
  renderStatements,
  renderVariables,
  type SecretReference,
  type Stores,
} from '../functions/index.ts';
import { createLogGroup, type LogProps } from '../log-group.ts';
import type { Network } from '../network/index.ts';
import { refuseProblems } from '../props-problems.ts';
import { createWebAcl, defaultRequestsPerAddress } from '../web-acl/index.ts';
import { Balancer } from './balancer.ts';
import { checkRouterService, defaultMaximumTasks, type RouterServiceSize } from './checks.ts';

export interface RouterServiceProps extends FunctionSettings, LogProps, RouterServiceSize {
  readonly catalog: Catalog;
  /** Part of names: `flights-prod`. */
  readonly serviceName: string;
  /** `<codeFolder>/router` has the bundle and a Dockerfile, as `bin/build-router.ts` makes them. */
  readonly codeFolder: string;
  /** Its edges are those of `routerEdges`. */
  readonly network: Network;
  readonly stores: Stores;
  /** Signs tokens: that of the functions, or neither reads the other's. */
  readonly tokenSecret: SecretReference;
  /** Of that secret, and of its own logs: the functions'. */
  readonly encryptionKey: kms.IKey;
  /** Of its tasks, as `createRouterRole` makes it: one of the functions' `searchReaders`, which are made before. */
  readonly role: iam.IRole;
  /** What the router invokes: the functions that read the archive and that combine. */
  readonly functionOf: (name: FunctionName) => lambda.IFunction;
  /** Requests a minute at which a task has company. @default 6000 */
  readonly requestsPerMinuteAndTask?: number;
  /** Steady rate of all callers: a tenth of it is let through from one address. @default 100 */
  readonly requestsPerSecond?: number;
}

/**
 * The router as a service on Fargate, for load that does not sleep: the app of the query function in tasks that each
 * answer many requests at once, behind a load balancer inside of the VPC with a web ACL. It has the query function's
 * rights, variables and edges; JWTs are checked by the app, and IAM is not spoken here. A deployment that does not get
 * ready is rolled back. To deploy it takes Docker, which builds the image; to synthesise does not.
 */
export class RouterService extends Construct {
  readonly balancer: Balancer;
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, props: RouterServiceProps) {
    super(scope, id);
    const { network, minimumTasks = 2, maximumTasks = defaultMaximumTasks } = props;
    refuseProblems(this, (problems) => checkRouterService(props, problems));

    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: network.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    const { task, rights } = this.#createTask(props);
    this.service = new ecs.FargateService(this, 'Service', {
      // A Cluster is an ICluster; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
      cluster: cluster as ecs.ICluster,
      taskDefinition: task,
      desiredCount: minimumTasks,
      // A task comes before one goes: at most twice as many at once.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      vpcSubnets: network.subnetsOf(routerService.name),
      securityGroups: [network.clientGroup(routerService.name), network.serverGroup('router')],
      assignPublicIp: false,
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
    // A task needs its rights from its first moment on.
    this.service.node.addDependency(rights);
    this.balancer = new Balancer(this, 'Balancer', {
      vpc: network.vpc,
      vpcSubnets: network.isolated,
      securityGroup: network.clientGroup('balancer'),
      certificateArn: props.certificateArn,
      targets: this.service,
      accessLogDays: 90,
    });
    this.#scale(props, { minimumTasks, maximumTasks });
    createWebAcl(this, {
      name: `${props.serviceName}-router`,
      resourceArn: this.balancer.loadBalancer.loadBalancerArn,
      requestsPerAddress: defaultRequestsPerAddress(props.requestsPerSecond ?? 100),
      encryptionKey: props.encryptionKey,
      logRetention: props.logRetention,
    });
  }

  #createTask(props: RouterServiceProps): {
    readonly task: ecs.FargateTaskDefinition;
    readonly rights: iam.Policy;
  } {
    const { catalog, stores, tokenSecret, encryptionKey, role, vcpus = 1, memoryGib = 2 * vcpus } = props;
    const query = functionsOf(catalog).find(({ name }) => name === 'query');
    if (query === undefined) throw new TypeError('every model has a query function');
    const told = {
      stores,
      tokenSecret,
      tokenKey: encryptionKey,
      functionArnOf: (name: FunctionName) => props.functionOf(name).functionArn,
    };
    const logGroup = createLogGroup(this, 'Logs', { encryptionKey, logRetention: props.logRetention });
    const rights = new iam.Policy(this, 'Rights', {
      statements: [...renderStatements(query, { catalog, ...told })],
      roles: [role],
    });
    acceptFinding(rights, ...acceptedWildcards);

    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: 1024 * vcpus,
      memoryLimitMiB: 1024 * memoryGib,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: role,
    });
    acceptFinding(
      task,
      {
        rule: 'AwsSolutions-ECS2',
        reason: 'As with functions: names and addresses, and ARNs in place of secrets.',
      },
      {
        rule: 'AwsSolutions-IAM5',
        finding: /^Resource::\*$/,
        reason: 'To log in to the registry is of no repository.',
      },
    );
    const variables = renderVariables(query, { settings: { ...props, front: 'http' }, ...told });
    // The image has its own copy of RDS's authorities, where its Dockerfile says.
    const { NODE_EXTRA_CA_CERTS: _, ...environment } = variables;
    task.addContainer('Router', {
      image: ecs.ContainerImage.fromDockerImageAsset(
        new ecrAssets.DockerImageAsset(this, 'Image', {
          directory: join(props.codeFolder, routerService.name),
          platform: ecrAssets.Platform.LINUX_ARM64,
        }),
      ),
      portMappings: [{ containerPort: routerService.port }],
      environment: {
        ...environment,
        [environmentNames.port]: String(routerService.port),
        [environmentNames.lingerMs]: String(1000 * routerService.lingerSeconds),
      },
      logging: ecs.LogDrivers.awsLogs({
        logGroup,
        streamPrefix: routerService.name,
        // A log that is slow must not make answers slow.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
      }),
      readonlyRootFilesystem: true,
      // `node`, of Node's own image.
      user: '1000',
      stopTimeout: Duration.seconds(routerService.lingerSeconds + routerService.graceSeconds + 5),
    });
    return { task, rights };
  }

  #scale(
    { requestsPerMinuteAndTask = 6_000 }: RouterServiceProps,
    { minimumTasks, maximumTasks }: { readonly minimumTasks: number; readonly maximumTasks: number },
  ): void {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: minimumTasks, maxCapacity: maximumTasks });
    const cooldowns = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(5) };
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, ...cooldowns });
    scaling.scaleOnRequestCount('Requests', {
      requestsPerTarget: requestsPerMinuteAndTask,
      targetGroup: this.balancer.targetGroup,
      ...cooldowns,
    });
  }
}

/** The role of the service's tasks, without rights so far: `RouterService` gives them. */
export const createRouterRole = (scope: Construct, id: string, { name }: Catalog): iam.Role =>
  new iam.Role(scope, id, {
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    description: `${name}: ${routerService.name}`,
  });
