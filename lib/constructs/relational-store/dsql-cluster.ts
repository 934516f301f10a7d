import { RemovalPolicy } from 'aws-cdk-lib';
import * as dsql from 'aws-cdk-lib/aws-dsql';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { PolystoreError } from '../../../lambda/errors.ts';
import { checkStateful, refuseProblems, type StatefulProps } from '../props-problems.ts';
import type { RelationalLacks } from './needs.ts';
import { OneEndpoint } from './one-endpoint.ts';
import type { RelationalDatabase } from './relational-database.ts';
import type { PlacementProps } from './relational-store-props.ts';

export interface DsqlClusterProps extends PlacementProps, StatefulProps {}

/**
 * Aurora DSQL: no instances, one database `postgres`, any connection reads and writes. It is here to be used by
 * itself: Polystore's functions and its capture refuse it, for what `lacks` says. Clients of the VPC reach
 * it by an interface endpoint and log in with a token that IAM signs: see `grantConnect`.
 */
export class DsqlCluster extends OneEndpoint implements RelationalDatabase {
  /** docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-postgresql-compatibility-unsupported-features.html */
  readonly lacks: RelationalLacks = {
    logicalReplication: 'Aurora DSQL has no replication slots',
    rowSecurity: 'Aurora DSQL has no policies',
    plpgsql: 'functions of Aurora DSQL are in SQL only',
    partitions: 'Aurora DSQL takes no partition by',
    passwords: 'Aurora DSQL takes tokens of IAM only',
  };
  readonly cluster: dsql.CfnCluster;
  readonly databaseName = 'postgres';
  readonly userName = 'admin';
  readonly encryptionKey: kms.Key;
  readonly #endpoint: ec2.InterfaceVpcEndpoint;

  constructor(scope: Construct, id: string, props: DsqlClusterProps) {
    super(scope, id);
    refuseProblems(this, (problems) => checkStateful(props, problems));

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Aurora DSQL',
      enableKeyRotation: true,
      // Whatever is kept of the data is lost without its key.
      removalPolicy: removalPolicy === RemovalPolicy.DESTROY ? removalPolicy : RemovalPolicy.RETAIN,
    });
    this.cluster = new dsql.CfnCluster(this, 'Resource', {
      deletionProtectionEnabled: props.deletionProtection ?? true,
      kmsEncryptionKey: this.encryptionKey.keyArn,
    });
    this.cluster.applyRemovalPolicy(removalPolicy);
    this.#endpoint = new ec2.InterfaceVpcEndpoint(this, 'Endpoint', {
      vpc: props.vpc,
      service: new ec2.InterfaceVpcEndpointService(this.cluster.attrVpcEndpointServiceName, 5432),
      subnets: props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ...(props.securityGroups === undefined ? {} : { securityGroups: props.securityGroups }),
      // Who may connect is said by `connections`, not by being in the VPC.
      open: false,
      privateDnsEnabled: true,
    });
  }

  /** Lets a role sign tokens for database roles other than `admin` that are opened to it. */
  grantConnect(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['dsql:DbConnect'],
      resourceArns: [this.cluster.attrResourceArn],
    });
  }

  /** @throws PolystoreError `invalid_configuration`: there is no password. */
  get secret(): never {
    throw new PolystoreError(
      'invalid_configuration',
      `${this.node.path} has no secret: ${this.lacks.passwords}. Sign a token in the client, after grantConnect()`,
    );
  }

  /** Of the interface endpoint. */
  get connections(): ec2.Connections {
    return this.#endpoint.connections;
  }

  /** Host of the cluster within the VPC, whose port is PostgreSQL's own, 5432. */
  get writerHost(): string {
    return this.cluster.attrVpcEndpoint;
  }
}
