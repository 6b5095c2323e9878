import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Environment } from '../../config.ts';
import type { Table } from '../serverless-config.ts';
import { type Listening, listen } from './listen.ts';

/**
 * What the SDK needs to reach an engine: an engine that is not AWS's takes any credentials, but none at all will not
 * do. What the environment sets counts.
 */
export function awsEnvironment(endpoint: string, environment: Environment): Record<string, string> {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  return {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: AWS_REGION || 'us-east-1',
    AWS_ACCESS_KEY_ID: AWS_ACCESS_KEY_ID || 'local',
    AWS_SECRET_ACCESS_KEY: AWS_SECRET_ACCESS_KEY || 'local',
    ...(AWS_SESSION_TOKEN ? { AWS_SESSION_TOKEN } : {}),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/** A DynamoDB in this process and in memory. */
export async function startEngine(port: number): Promise<Listening> {
  return listen(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }), port, 'DYNAMODB_PORT');
}

/**
 * Creates the tables that are not there yet.
 * @throws Error with one sentence, when nothing like DynamoDB answers
 */
export async function createTables(tables: readonly Table[], aws: Record<string, string>): Promise<void> {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = '', AWS_REGION: region = '' } = aws;
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_SESSION_TOKEN: sessionToken,
  } = aws;
  const client = new DynamoDBClient({
    endpoint,
    region,
    // Whatever the environment wants of AWS.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  try {
    for (const table of tables) {
      try {
        await client.send(new CreateTableCommand(table as unknown as CreateTableCommandInput));
      } catch (error) {
        if ((error as Error).name !== 'ResourceInUseException') throw error;
      }
      await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: table.TableName });
    }
  } catch (error) {
    const { code, name, $metadata } = error as { code?: string; name: string; $metadata?: { httpStatusCode?: number } };
    const advice = $metadata?.httpStatusCode === undefined ? 'is it running?' : 'is it compatible with DynamoDB?';
    const { origin } = new URL(endpoint);
    throw new Error(`The DynamoDB engine at ${origin} did not create the tables (${code ?? name}): ${advice}`);
  } finally {
    client.destroy();
  }
}
