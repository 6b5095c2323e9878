import type { Environment } from '../config.ts';

/**
 * What the local stack and the tests need of serverless.yml, resolved: routes, functions, tables. The shape is that of
 * `serverless print --format json`.
 */
export interface Service {
  service: string;
  provider: { stage: string; region: string; timeout: number; httpApi: { cors: Cors } };
  functions: Record<string, ServiceFunction>;
  resources: { Resources: Record<string, { Type: string; Condition?: string; Properties: Record<string, unknown> }> };
}

export interface ServiceFunction {
  handler: string;
  timeout?: number;
  environment: Record<string, string | number | { Ref: string }>;
  events: { httpApi: string | { method: string; path: string; authorizer?: unknown } }[];
}

export interface Cors {
  allowedOrigins: string[];
  allowedHeaders: string[];
  allowedMethods: string[];
  exposedResponseHeaders: string[];
  maxAge: number;
}

export interface Table {
  TableName: string;
  [property: string]: unknown;
}

/** The routes that lead to a function, such as `GET /streams`; serverless.yml writes one as text or as an object. */
export function routesOf({ events }: ServiceFunction): string[] {
  return events.map(({ httpApi }) =>
    typeof httpApi === 'string' ? httpApi : `${httpApi.method.toUpperCase()} ${httpApi.path}`,
  );
}

/** What CreateTable does not take: other calls set it, or no local engine has it. */
const NOT_FOR_CREATE = [
  'TimeToLiveSpecification',
  'PointInTimeRecoverySpecification',
  'DeletionProtectionEnabled',
  'SSESpecification',
  'Tags',
];

/** The tables as CreateTable takes them, by logical id; named, since serverless.yml leaves the names to AWS. */
export function tablesOf({ service, provider, resources }: Service): Record<string, Table> {
  const tables = Object.entries(resources.Resources).filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table');
  return Object.fromEntries(
    tables.map(([id, { Properties }]) => {
      const properties = Object.entries(Properties).filter(([name]) => !NOT_FOR_CREATE.includes(name));
      return [id, { ...Object.fromEntries(properties), TableName: `${service}-${provider.stage}-${id}` }];
    }),
  );
}

/**
 * A function's environment: its own variables and no others, `!Ref` of a table resolved to the table's name.
 * @param settings what stands before the values that serverless.yml found in the environment
 */
export function environmentOf(
  { environment }: ServiceFunction,
  tables: Record<string, Table>,
  settings: Environment,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      if (typeof value !== 'object') return [name, settings[name] ?? String(value)];
      const table = tables[value.Ref];
      if (table === undefined) throw new Error(`serverless.yml: ${name} refers to ${value.Ref}, which is no table.`);
      return [name, table.TableName];
    }),
  );
}
